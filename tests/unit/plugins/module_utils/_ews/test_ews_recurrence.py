# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import zoneinfo

import exchangelib
import pytest
from exchangelib import recurrence as ews

from ansible_collections.messaging.migration.plugins.module_utils._ews.recurrence import recurrence
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import Recurrence

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
FIRST = exchangelib.EWSDate(2026, 1, 5)
WORK = ("MO", "TU", "WE", "TH", "FR")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ews.DailyPattern(interval=3), Recurrence("daily", 3)),
        (ews.WeeklyPattern(interval=2, weekdays=["Friday", 1]), Recurrence("weekly", 2, by_day=("MO", "FR"), week_start="MO")),
        (ews.WeeklyPattern(interval=1, weekdays=[7], first_day_of_week=7), Recurrence("weekly", by_day=("SU",), week_start="SU")),
        (ews.AbsoluteMonthlyPattern(interval=1, day_of_month=28), Recurrence("monthly", by_month_day=(28,))),
        (ews.AbsoluteMonthlyPattern(interval=6, day_of_month=30), Recurrence("monthly", 6, by_month_day=(28, 29, 30), by_set_position=(-1,))),
        (ews.RelativeMonthlyPattern(interval=1, weekday="Tuesday", week_number="Second"), Recurrence("monthly", by_day=("2TU",))),
        (ews.RelativeMonthlyPattern(interval=1, weekday=5, week_number=5), Recurrence("monthly", by_day=("-1FR",))),
        (ews.RelativeMonthlyPattern(interval=1, weekday="Weekday", week_number="Last"), Recurrence("monthly", by_day=WORK, by_set_position=(-1,))),
        (ews.RelativeMonthlyPattern(interval=1, weekday="WeekendDay", week_number=1), Recurrence("monthly", by_day=("SA", "SU"), by_set_position=(1,))),
        (ews.RelativeMonthlyPattern(interval=1, weekday="Day", week_number=3), Recurrence("monthly", by_day=(*WORK, "SA", "SU"), by_set_position=(3,))),
        (ews.AbsoluteYearlyPattern(day_of_month=31, month="December"), Recurrence("yearly", by_month=(12,), by_month_day=(31,))),
        (ews.AbsoluteYearlyPattern(day_of_month=29, month=2), Recurrence("yearly", by_month=(2,), by_month_day=(28, 29), by_set_position=(-1,))),
        (ews.RelativeYearlyPattern(weekday="Monday", week_number="First", month="May"), Recurrence("yearly", by_month=(5,), by_day=("1MO",))),
    ],
)
def test_patterns(pattern, expected):
    assert recurrence(pattern, ews.NoEndPattern(start=FIRST), None) == expected


def test_the_end():
    daily, last = ews.DailyPattern(interval=1), ews.EndDatePattern(start=FIRST, end=exchangelib.EWSDate(2026, 7, 31))
    assert recurrence(daily, ews.NumberedPattern(start=FIRST, number=5), None).count == 5
    # The last occurrence begins at nine o'clock of its own day, which is summer by then.
    summer = recurrence(daily, last, datetime.datetime(2026, 1, 5, 9, tzinfo=BERLIN))
    assert summer.until == datetime.datetime(2026, 7, 31, 7, tzinfo=datetime.timezone.utc) and summer.count is None
    whole = recurrence(daily, last, datetime.date(2026, 1, 5)).until
    assert whole == datetime.date(2026, 7, 31) and not isinstance(whole, datetime.datetime)


@pytest.mark.parametrize("kind", [ews.DailyRegeneration, ews.WeeklyRegeneration, ews.MonthlyRegeneration, ews.YearlyRegeneration])
def test_what_begins_anew_after_completion_has_no_pattern(kind):
    assert recurrence(kind(interval=2), ews.NoEndPattern(start=FIRST), None) is None
