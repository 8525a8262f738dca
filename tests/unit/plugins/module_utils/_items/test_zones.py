# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import zoneinfo

import dateutil.rrule
import hypothesis
import hypothesis.strategies as st
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._items.zones import settled, vtimezone

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Casablanca", "Australia/Lord_Howe", "Europe/Dublin", "America/Sao_Paulo"]


def onsets(key: str) -> list[tuple[datetime.datetime, datetime.timedelta, str]]:
    """What a reader makes of it: every change until 2038 in UTC, with what holds from then on."""
    found = []
    for part in vtimezone(key).subcomponents:
        first = part["DTSTART"].dt
        starts = [first]
        if "RRULE" in part:
            rule = part["RRULE"].to_ical().decode()
            aware = first.replace(tzinfo=datetime.timezone(part["TZOFFSETFROM"].td))
            starts = dateutil.rrule.rrulestr(rule, dtstart=aware).between(aware, datetime.datetime(2038, 1, 1, tzinfo=datetime.timezone.utc), inc=True)
            starts = [when.replace(tzinfo=None) for when in starts]
        found += [(when - part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td, str(part["TZNAME"])) for when in starts]
    return sorted(found)


@pytest.mark.parametrize("key", ZONES)
@hypothesis.given(data=st.data())
def test_it_says_what_the_zone_data_say(key, data):
    when = data.draw(st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2037, 12, 31)))
    local = when.replace(tzinfo=datetime.timezone.utc).astimezone(zoneinfo.ZoneInfo(key))
    _at, offset, name = [change for change in onsets(key) if change[0] <= when][-1]
    assert (offset, name) == (local.utcoffset(), local.tzname())


@pytest.mark.parametrize("key", ZONES)
def test_it_changes_at_the_second(key):
    zone = zoneinfo.ZoneInfo(key)
    for at, offset, _name in onsets(key)[1:]:
        after = at.replace(tzinfo=datetime.timezone.utc)
        assert after.astimezone(zone).utcoffset() == offset
        before, then = (when.astimezone(zone) for when in (after - datetime.timedelta(seconds=1), after))
        # Some only change what they call standard time.
        assert (before.utcoffset(), before.tzname(), before.dst()) != (then.utcoffset(), then.tzname(), then.dst())


def test_a_common_zone_is_short():
    assert len(vtimezone("Europe/Berlin").to_ical()) < 1000


def test_zones_without_a_name_are_utc():
    when = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    assert settled(when) == when and settled(when).tzinfo is datetime.timezone.utc
    assert settled(when.replace(tzinfo=zoneinfo.ZoneInfo("Etc/UTC"))).tzinfo is datetime.timezone.utc
    assert settled(when.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))).tzinfo.key == "Europe/Berlin"
    assert settled(when.replace(tzinfo=None)).tzinfo is None
