# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Recurrence patterns of exchangelib (EWS: RecurrenceType and TaskRecurrenceType) as those of iCalendar."""

from __future__ import annotations

import datetime

from .._libraries import exchangelib
from .._model.item_kinds import Recurrence
from .common import UTC, day

WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# What exchangelib counts on with after the days of the week: any day, a day of work, a day of the weekend.
GROUPS = {8: WEEK, 9: WEEK[:5], 10: WEEK[5:]}
# "The fifth" of Exchange is the last one.
LAST = 5
# How many days a month has in any year.
SHORTEST = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
FREQUENCIES = {"Daily": "daily", "Weekly": "weekly", "Monthly": "monthly", "Yearly": "yearly"}


def recurrence(pattern, boundary, start: datetime.datetime | datetime.date | None) -> Recurrence | None:
    """`start` of the series, whose time of day its last day has too. None for a task that begins anew when it was completed: iCalendar has
    no such thing."""
    if isinstance(pattern, exchangelib.recurrence.Regeneration):
        return None
    # Hand-made patterns have names where those from a server have numbers.
    value = {field.name: field.clean(getattr(pattern, field.name)) for field in pattern.FIELDS}
    frequency = next(name for word, name in FREQUENCIES.items() if word in pattern.ELEMENT_NAME)
    fields: dict = {"by_month": (value["month"],) if value.get("month") else ()}
    if "week_number" in value:
        fields |= _days(value["weekday"], -1 if value["week_number"] == LAST else value["week_number"])
    elif "day_of_month" in value:
        fields |= _day_of_month(value["day_of_month"], value.get("month"))
    elif "weekdays" in value:
        fields["by_day"] = tuple(WEEK[number - 1] for number in sorted(value["weekdays"]))
        fields["week_start"] = WEEK[(value["first_day_of_week"] or 1) - 1]
    return Recurrence(frequency, value.get("interval") or 1, **fields, **_end(boundary, start))


def _days(weekday: int, position: int) -> dict:
    if weekday in GROUPS:
        return {"by_day": GROUPS[weekday], "by_set_position": (position,)}
    return {"by_day": (f"{position}{WEEK[weekday - 1]}",)}


def _day_of_month(number: int, month: int | None) -> dict:
    """Where a month is too short Exchange takes its last day, while iCalendar would leave the month out."""
    shortest = 28 if month is None else SHORTEST.get(month, 31)
    if number <= shortest:
        return {"by_month_day": (number,)}
    return {"by_month_day": tuple(range(shortest, number + 1)), "by_set_position": (-1,)}


def _end(boundary, start) -> dict:
    if isinstance(boundary, exchangelib.recurrence.NumberedPattern):
        return {"count": boundary.number}
    if not isinstance(boundary, exchangelib.recurrence.EndDatePattern):
        return {}
    last = day(boundary.end)
    if not isinstance(start, datetime.datetime):
        return {"until": last}
    return {"until": datetime.datetime.combine(last, start.timetz()).astimezone(UTC)}
