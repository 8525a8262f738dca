# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Time zones as VTIMEZONE (RFC 5545, 3.6.5), read from the system's zone data.

The library's own list every change of the clock, and are an hour off at the change itself.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import typing as t
import zoneinfo

from .._libraries import icalendar

FIRST, LAST = 1970, 2037
DAY, SECOND = datetime.timedelta(days=1), datetime.timedelta(seconds=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
UTC_KEYS = ("UTC", "Etc/UTC", "Etc/UCT", "Zulu", "Etc/Zulu")


def settled(when: datetime.datetime) -> datetime.datetime:
    """`when` in its own zone if that has a name that others know, else in UTC."""
    key = getattr(when.tzinfo, "key", None)
    return when if when.tzinfo is None or key and key not in UTC_KEYS else when.astimezone(datetime.timezone.utc)


class _Change(t.NamedTuple):
    """A change of the clock: local time before it, and what holds from then on."""

    at: datetime.datetime
    before: datetime.timedelta
    after: datetime.timedelta
    name: str
    daylight: bool

    @property
    def rule(self) -> tuple:
        last = (self.at + 7 * DAY).month != self.at.month
        return self.before, self.after, self.name, self.daylight, self.at.month, -1 if last else (self.at.day + 6) // 7, self.at.weekday(), self.at.time()


@functools.lru_cache(maxsize=64)
def vtimezone(key: str):
    """The zone `key` of the IANA database, such as Europe/Berlin, from 1970 on; what holds in 2037 is taken to hold for ever."""
    zone, component = zoneinfo.ZoneInfo(key), icalendar.Timezone()
    component.add("TZID", key)
    start = datetime.datetime(FIRST, 1, 1, tzinfo=zone)
    component.add_component(_observance(_Change(start.replace(tzinfo=None), start.utcoffset(), start.utcoffset(), start.tzname(), bool(start.dst()))))
    # Rules first: a year may hold two changes, and each goes on by itself.
    runs: dict[tuple, list[list[_Change]]] = {}
    for change in _changes(zone):
        of_rule = runs.setdefault(change.rule, [])
        if of_rule and of_rule[-1][-1].at.year == change.at.year - 1:
            of_rule[-1].append(change)
        else:
            of_rule.append([change])
    for run in sorted(itertools.chain.from_iterable(runs.values()), key=lambda run: run[0].at):
        component.add_component(_observance(*run))
    return component


def _observance(*run: _Change):
    first, last = run[0], run[-1]
    part = icalendar.TimezoneDaylight() if first.daylight else icalendar.TimezoneStandard()
    part.add("DTSTART", first.at)
    part.add("TZOFFSETFROM", first.before)
    part.add("TZOFFSETTO", first.after)
    part.add("TZNAME", first.name)
    if len(run) > 1:
        _before, _after, _name, _daylight, month, place, weekday, _time = first.rule
        until = {} if last.at.year == LAST else {"UNTIL": (last.at - last.before).replace(tzinfo=datetime.timezone.utc)}
        part.add("RRULE", {"FREQ": "YEARLY", "BYMONTH": month, "BYDAY": f"{place}{WEEKDAYS[weekday]}", **until})
    return part


def _changes(zone: zoneinfo.ZoneInfo) -> t.Iterator[_Change]:
    def told(when: datetime.datetime) -> tuple:
        local = when.astimezone(zone)
        return local.utcoffset(), local.tzname(), bool(local.dst())

    low = datetime.datetime(FIRST, 1, 1, tzinfo=datetime.timezone.utc)
    end = datetime.datetime(LAST + 1, 1, 1, tzinfo=datetime.timezone.utc)
    while low < end:
        high = low + DAY
        if told(low) != told(high):
            left, right = low, high
            while right - left > SECOND:
                middle = left + (right - left) // 2
                left, right = (middle, right) if told(middle) == told(low) else (left, middle)
            right = right.replace(microsecond=0)
            offset, name, daylight = told(right)
            before = told(low)[0]
            yield _Change((right + before).replace(tzinfo=None), before, offset, name, daylight)
        low = high
