# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recurrences from the bytes of the worked examples of MS-OXOCAL, section 4."""

from __future__ import annotations

import datetime
import struct

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import Recurrence
from ansible_collections.messaging.migration.plugins.module_utils._pst import recurrence

DAILY = (
    "043004300A2000000000A0050000E010000000000000212000000A0000000000000002000000A0C1DC0C80D2DC0C00000000207EDC0C0016DD0C0630000009300000"
    "E0010000FE01000000000000000000000000"
)
WITH_EXCEPTION = (
    "043004300B2001000000C0210000010000000000000032000000222000000C0000000000000001000000A096BC0C01000000A096BC0C8020BC0C20ADBC0C06300000"
    "09300000580200007602000001003499BC0C5299BC0CF898BC0C11002200210053696D706C6520526563757272656E6365207769746820657863657074696F6E7308"
    "00070033342F34313431000000000400000000000000000000003499BC0C5299BC0CF898BC0C2100530069006D0070006C0065002000520065006300750072007200"
    "65006E006300650020007700690074006800200065007800630065007000740069006F006E0073000700330034002F0034003100340031000000000000000000"
)


def test_every_third_day_without_two():
    pattern = recurrence.of_appointment(bytes.fromhex(DAILY), "cp1252")
    until = datetime.datetime(2011, 5, 4, 8, tzinfo=datetime.timezone.utc)
    assert pattern.rule(until) == Recurrence("daily", 3, until=until)
    assert pattern.first == datetime.datetime(2011, 4, 7) and pattern.starts_at == 8 * 60
    assert pattern.deleted == [datetime.datetime(2011, 4, 19), datetime.datetime(2011, 4, 22)]
    assert pattern.last.date() == datetime.date(2011, 5, 4)


def test_weekly_with_an_exception():
    pattern = recurrence.of_appointment(bytes.fromhex(WITH_EXCEPTION), "cp1252")
    assert pattern.rule(None) == Recurrence("weekly", by_day=("MO", "TH", "FR"), count=12, week_start="SU")
    exception, = pattern.exceptions
    assert exception.subject == "Simple Recurrence with exceptions" and exception.location == "34/4141"
    assert (exception.original, exception.start, exception.end) == (
        datetime.datetime(2007, 4, 16, 10), datetime.datetime(2007, 4, 16, 11), datetime.datetime(2007, 4, 16, 11, 30),
    )
    assert pattern.deleted == [datetime.datetime(2007, 4, 16)]


def bare(frequency: int, kind: int, period: int, specific: bytes = b"", ends: int = 0x2023, count: int = 0, calendar: int = 0) -> bytes:
    """RecurrencePattern from 6 July 2026, a Monday, to the end of that year."""
    first, last = (int((day - recurrence.ZERO).total_seconds() // 60) for day in (datetime.datetime(2026, 7, 6), datetime.datetime(2026, 12, 31)))
    return struct.pack("<5H3I", 0x3004, 0x3004, frequency, kind, calendar, 0, period, 0) + specific + struct.pack("<7I", ends, count, 1, 0, 0, first, last)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (bare(0x200A, 0, 1440), Recurrence("daily")),
        (bare(0x200A, 1, 1, struct.pack("<I", 0x3E)), Recurrence("weekly", by_day=("MO", "TU", "WE", "TH", "FR"), week_start="MO")),
        (bare(0x200B, 1, 2, struct.pack("<I", 0x01)), Recurrence("weekly", 2, by_day=("SU",), week_start="MO")),
        (bare(0x200C, 2, 1, struct.pack("<I", 6)), Recurrence("monthly", by_month_day=(6,))),
        (bare(0x200C, 2, 1, struct.pack("<I", 30)), Recurrence("monthly", by_month_day=(28, 29, 30), by_set_position=(-1,))),
        (bare(0x200C, 2, 3, struct.pack("<I", 31)), Recurrence("monthly", 3, by_month_day=(-1,))),
        (bare(0x200C, 4, 1, struct.pack("<I", 31)), Recurrence("monthly", by_month_day=(-1,))),
        (bare(0x200C, 3, 1, struct.pack("<II", 0x04, 2)), Recurrence("monthly", by_day=("2TU",))),
        (bare(0x200C, 3, 1, struct.pack("<II", 0x20, 5)), Recurrence("monthly", by_day=("-1FR",))),
        (bare(0x200C, 3, 1, struct.pack("<II", 0x3E, 5)), Recurrence("monthly", by_day=("MO", "TU", "WE", "TH", "FR"), by_set_position=(-1,))),
        (bare(0x200D, 2, 12, struct.pack("<I", 6)), Recurrence("yearly", by_month_day=(6,), by_month=(7,))),
        (bare(0x200D, 3, 24, struct.pack("<II", 0x02, 1), 0x2022, 4), Recurrence("yearly", 2, by_day=("1MO",), by_month=(7,), count=4)),
    ],
)
def test_each_pattern(data, rule):
    assert recurrence.of_task(data).rule(None) == rule


def test_until_a_day():
    pattern = recurrence.of_task(bare(0x200C, 2, 1, struct.pack("<I", 6), 0x2021, 6))
    assert pattern.last == datetime.datetime(2026, 12, 31)
    assert pattern.rule(pattern.last.date()).until == datetime.date(2026, 12, 31)


@pytest.mark.parametrize("data", [bare(0x200C, 0x0A, 1, struct.pack("<I", 6)), bare(0x200C, 2, 1, struct.pack("<I", 6), calendar=0x08)])
def test_another_calendar_has_no_rule(data):
    with pytest.raises(recurrence.NotExpressible, match="calendar"):
        recurrence.of_task(data)


@pytest.mark.parametrize("length", [3, 20, 60, 100])
def test_cut_off(length):
    with pytest.raises((ValueError, struct.error)):
        recurrence.of_appointment(bytes.fromhex(WITH_EXCEPTION)[:length], "cp1252")
