# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import message

UTC = datetime.timezone.utc
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2100, 12, 30), timezones=ZONES).map(lambda at: at.replace(microsecond=0))


def internal(at: datetime.datetime) -> str:
    return f"{at.day:02d}-{message.MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S %z}"


@given(MOMENTS)
def test_a_moment_is_the_same_in_every_zone(at):
    assert message.instant(internal(at)) == at
    assert message.instant(internal(at.astimezone(UTC))) == message.instant(internal(at))
    assert message.instant(internal(at)).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("15-Feb-2019 03:04:05 +0200", (2019, 2, 15, 1, 4, 5)),
        ("01-Mar-2020 00:30:00 +0100", (2020, 2, 29, 23, 30)),
        ("01-Mar-2019 00:30:00 +0100", (2019, 2, 28, 23, 30)),
        ("31-Dec-2019 23:30:00 -0100", (2020, 1, 1, 0, 30)),
        ("28-Feb-2019 23:59:59 -0030", (2019, 3, 1, 0, 29, 59)),
        (" 5-jan-2019 00:00:00 +0530", (2019, 1, 4, 18, 30)),
        ("31-DEC-2016 23:59:60 +0000", (2016, 12, 31, 23, 59, 59)),
    ],
)
def test_ends_of_months_zones_and_spellings(text, at):
    assert message.instant(text) == datetime.datetime(*at, tzinfo=UTC)


def test_the_hash_is_that_of_the_bytes():
    body = b"Subject: a\r\n\r\n\x00\xff"
    assert message.content_hash(body) == hashlib.sha256(body).digest()
    assert message.Message.of(1, body, (), "").sha256 == message.content_hash(body)


def test_no_content_in_a_log():
    assert "secret" not in repr(message.Message.of(1, b"secret", (), ""))


@pytest.mark.parametrize(("one", "other", "same"), [
    ("01-Jan-2020 01:00:00 +0100", "01-Jan-2020 00:00:00 +0000", True), ("01-Jan-2020 01:00:00 +0100", "01-Jan-2020 01:00:00 +0000", False),
    ("", "01-Jan-2020 00:00:00 +0000", False), ("someday", "someday", True), ("someday", "another day", False),
])
def test_the_same_date(one, other, same):
    assert message.same_date(one, other) == same
