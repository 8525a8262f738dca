# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Recurrences of appointments and tasks (MS-OXOCAL, 2.2.1.44.1 and 2.2.1.44.5) as RFC 5545 has them. Bytes in, plain values out.

Times in them are minutes since 1601 by the clock of the appointment's own time zone; here they are datetimes without a zone.
"""

from __future__ import annotations

import dataclasses
import datetime
import struct
import typing as t

from .._model.item_kinds import Recurrence

DAY, WEEK, MONTH, MONTH_NTH, MONTH_END = 0, 1, 2, 3, 4
FREQUENCIES = {0x200A: "daily", 0x200B: "weekly", 0x200C: "monthly", 0x200D: "yearly"}
UNTIL, COUNT = 0x2021, 0x2022
DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
MINUTES_A_DAY = 24 * 60
# Calendars whose months are not those of Gregory (MS-OXOCAL, 2.2.1.44.1: CalendarType): Hijri, Hebrew, lunar ones and Saka.
OTHER_MONTHS = frozenset((0x06, 0x08, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x17))
# What an exception changes (OverrideFlags).
SUBJECT, MEETING, REMINDER_DELTA, REMINDER, LOCATION, BUSY, ATTACHMENT, ALL_DAY, COLOR, BODY = (1 << bit for bit in range(10))
WITH_HIGHLIGHT = 0x3009
ZERO = datetime.datetime(1601, 1, 1)


class NotExpressible(ValueError):
    """RFC 5545 has no rule for this pattern."""


@dataclasses.dataclass
class Exceptional:
    """An occurrence that differs; None is what does not. `original` is the start that it would have had."""

    original: datetime.datetime
    start: datetime.datetime
    end: datetime.datetime
    changed: int
    subject: str | None = None
    location: str | None = None
    # Minutes before the start.
    reminder: int | None = None
    has_reminder: bool | None = None
    busy: int | None = None
    all_day: bool | None = None


@dataclasses.dataclass
class Pattern:
    """`last` is the day of the last occurrence, None without end; `deleted` are days; both and `first` at midnight. `starts_at`:
    minutes after midnight."""

    frequency: str
    interval: int
    kind: int
    days: int
    day: int
    nth: int
    count: int | None
    last: datetime.datetime | None
    week_start: str
    deleted: list[datetime.datetime]
    first: datetime.datetime
    starts_at: int = 0
    exceptions: list[Exceptional] = dataclasses.field(default_factory=list)

    def rule(self, until: datetime.datetime | datetime.date | None) -> Recurrence:
        """`until`: `last` as the event's last start, in UTC or as a date. Used where the number of occurrences is not told."""
        values: dict[str, t.Any] = {"frequency": self.frequency, "interval": self.interval}
        weekdays = tuple(name for bit, name in enumerate(DAYS) if self.days >> bit & 1)
        if self.kind == WEEK:
            # "Every workday" is told as days.
            values |= {"frequency": "weekly", "by_day": weekdays, "week_start": self.week_start}
        elif self.kind == MONTH_END or self.kind == MONTH and self.day >= 31:
            values["by_month_day"] = (-1,)
        elif self.kind == MONTH and self.day > 28:
            # In a shorter month Outlook takes the last day, RFC 5545 none.
            values |= {"by_month_day": tuple(range(28, self.day + 1)), "by_set_position": (-1,)}
        elif self.kind == MONTH:
            values["by_month_day"] = (self.day,)
        elif self.kind == MONTH_NTH:
            nth = -1 if self.nth == 5 else self.nth
            if len(weekdays) == 1:
                values["by_day"] = (f"{nth}{weekdays[0]}",)
            else:
                values |= {"by_day": weekdays, "by_set_position": (nth,)}
        if self.frequency == "yearly":
            values["by_month"] = (self.first.month,)
        if self.count is not None:
            values["count"] = self.count
        elif self.last is not None:
            values["until"] = until
        return Recurrence(**values)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, shape: str) -> tuple:
        values = struct.unpack_from("<" + shape, self._data, self._at)
        self._at += struct.calcsize("<" + shape)
        return values

    def number(self, shape: str = "I") -> int:
        return self.take(shape)[0]

    def moments(self) -> list[datetime.datetime]:
        return [_moment(minutes) for minutes in self.take(f"{self.number()}I")]

    def data(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise ValueError("a recurrence ends too early")
        self._at += size
        return self._data[self._at - size:self._at]

    def left(self) -> int:
        return len(self._data) - self._at


def _moment(minutes: int) -> datetime.datetime:
    return ZERO + datetime.timedelta(minutes=minutes)


def of_task(data: bytes) -> Pattern:
    """RecurrencePattern. Errors: struct.error or ValueError where it is broken, NotExpressible."""
    return _pattern(_Reader(data))


def of_appointment(data: bytes, code_page: str) -> Pattern:
    """AppointmentRecurrencePattern, with its exceptions; `code_page` of their 8-bit texts. Errors as `of_task`."""
    reader = _Reader(data)
    pattern = _pattern(reader)
    _version, writer, pattern.starts_at, _ends_at, count = reader.take("IIIIH")
    pattern.exceptions = [_exception(reader, code_page) for _number in range(count)]
    if reader.left():
        reader.data(reader.number())
        for exception in pattern.exceptions:
            _unicode(reader, exception, writer)
    return pattern


def _pattern(reader: _Reader) -> Pattern:
    _reader, _writer, frequency, kind, calendar = reader.take("HHHHH")
    _first, period, _sliding = reader.take("III")
    if frequency not in FREQUENCIES or kind > MONTH_END or calendar in OTHER_MONTHS:
        raise NotExpressible(f"a recurrence by another calendar or of an unknown kind (frequency {frequency:#x}, type {kind}, calendar {calendar})")
    days = day = nth = 0
    if kind == WEEK:
        days = reader.number()
    elif kind in (MONTH, MONTH_END):
        day = reader.number()
    elif kind == MONTH_NTH:
        days, nth = reader.take("II")
    ends, count, week_start = reader.take("III")
    deleted = reader.moments()
    # Where changed occurrences were moved to: their own records say so as well.
    reader.moments()
    first, last = (_moment(minutes) for minutes in reader.take("II"))
    name = FREQUENCIES[frequency]
    divisor = {"daily": MINUTES_A_DAY if kind == DAY else 1, "yearly": 12}.get(name, 1)
    return Pattern(
        name, max(1, period // divisor), kind, days, day, nth, count if ends == COUNT else None, last if ends in (UNTIL, COUNT) else None,
        DAYS[week_start % 7], deleted, first,
    )


def _exception(reader: _Reader, code_page: str) -> Exceptional:
    start, end, original, changed = reader.take("IIIH")
    found = Exceptional(_moment(original), _moment(start), _moment(end), changed)
    if changed & SUBJECT:
        found.subject = _text(reader, code_page)
    if changed & MEETING:
        reader.number()
    if changed & REMINDER_DELTA:
        found.reminder = reader.number()
    if changed & REMINDER:
        found.has_reminder = bool(reader.number())
    if changed & LOCATION:
        found.location = _text(reader, code_page)
    if changed & BUSY:
        found.busy = reader.number()
    if changed & ATTACHMENT:
        reader.number()
    if changed & ALL_DAY:
        found.all_day = bool(reader.number())
    if changed & COLOR:
        reader.number()
    return found


def _text(reader: _Reader, code_page: str) -> str:
    _with_end, size = reader.take("HH")
    return reader.data(size).decode(code_page, "replace")


def _unicode(reader: _Reader, exception: Exceptional, writer: int) -> None:
    """The same texts once more, in Unicode (ExtendedException)."""
    if writer >= WITH_HIGHLIGHT:
        reader.data(reader.number())
    reader.data(reader.number())
    if exception.changed & (SUBJECT | LOCATION):
        reader.take("III")
        if exception.changed & SUBJECT:
            exception.subject = reader.data(2 * reader.number("H")).decode("utf-16-le", "replace")
        if exception.changed & LOCATION:
            exception.location = reader.data(2 * reader.number("H")).decode("utf-16-le", "replace")
        reader.data(reader.number())
