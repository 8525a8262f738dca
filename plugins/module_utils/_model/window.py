# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Windows: when a source server may be read, and how hard. Plain values, no clock of their own.

A window begins on the days that it names, by the clock of its time zone, and may go on past midnight. Instants are compared
in UTC, so that a night in which clocks are changed is an hour longer or shorter and nothing else: a time that the clock
skips is the moment at which it jumps, a time that it shows twice is the first of both.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import heapq
import itertools
import re
import zoneinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|(24):(00)")
MINUTES_A_DAY = 24 * 60
# How far the calendar is looked at: work that takes longer has no date.
FAR_DAYS = 800
# What stays open for so long is taken for always open: a week has all windows in it.
NEAR_DAYS = 15
UTC = datetime.timezone.utc


@dataclasses.dataclass(frozen=True)
class Window:
    """Days as numbers (Monday is 0), times in minutes since midnight. Figures that are None are the server's own; a rate of 0 is no limit."""

    days: tuple[int, ...]
    start: int
    end: int
    timezone: str
    connections: int | None = None
    bytes_per_second: int | None = None
    messages_per_second: float | None = None

    @classmethod
    def from_options(cls, options: dict) -> Window:
        """`options` is one element of the option `windows`. Raises ValueError with a text for the operator."""
        days = tuple(_day(day) for day in options.get("days") or DAYS)
        figures = {name: options.get(name) for name in ("connections", "bytes_per_second", "messages_per_second")}
        for name, value in figures.items():
            least = 1 if name == "connections" else 0
            if value is not None and value < least:
                raise ValueError(f"{name} of a window is {value}; it can't be less than {least}.")
        zone = str(options.get("timezone") or "")
        _zone(zone)
        return cls(tuple(sorted(set(days))), _minutes("from", options.get("from")), _minutes("to", options.get("to")), zone, **figures)


def open_window(windows, when: datetime.datetime) -> Window | None:
    """The window that is open at `when` (which has a time zone); of several the first that was given.

    None without windows, although it is always open then: see is_open.
    """
    when = when.astimezone(UTC)
    return next((window for window in windows if any(begin <= when < end for begin, end in _of_window(window, when, 2))), None)


def is_open(windows, when: datetime.datetime) -> bool:
    return not windows or open_window(windows, when) is not None


def next_opening(windows, when: datetime.datetime) -> datetime.datetime | None:
    """When it is open next, in UTC: `when` itself if it is open then, None if it never is."""
    if is_open(windows, when):
        return when.astimezone(UTC)
    begin, _end = next(_spans(windows, when, NEAR_DAYS), (None, None))
    return begin


def closes_at(windows, when: datetime.datetime) -> datetime.datetime | None:
    """When it closes, in UTC; windows that touch are one. None if it is closed at `when`, or never closes."""
    if not windows or open_window(windows, when) is None:
        return None
    _begin, end = next(_spans(windows, when, NEAR_DAYS))
    return end if end - when < datetime.timedelta(days=NEAR_DAYS - 1) else None


def finish(windows, when: datetime.datetime, seconds: float) -> datetime.datetime | None:
    """When `seconds` of open time have passed, counted from `when`, in UTC. None if that takes longer than about two years."""
    if seconds > FAR_DAYS * 86400:
        return None
    left, when = datetime.timedelta(seconds=max(0.0, seconds)), when.astimezone(UTC)
    if not windows:
        return when + left
    for begin, end in _spans(windows, when, FAR_DAYS):
        begin = max(begin, when)
        if begin + left <= end:
            return begin + left
        left -= end - begin
    return None


def worked(windows, when: datetime.datetime, takes) -> tuple[float, datetime.datetime | None]:
    """Work that takes `takes(window)` seconds while that window is open (`takes(None)` without windows) and begins at `when`: the seconds of open time
    until it is done, and when that is, in UTC. None if that takes longer than about two years; the seconds are then told by their pace."""
    if not windows:
        return takes(None), finish((), when, takes(None))
    part, spent = 0.0, 0.0
    for begin, end, window in _stretches(windows, when.astimezone(UTC), FAR_DAYS):
        seconds, whole = (end - begin).total_seconds(), takes(window)
        left = (1 - part) * whole
        if left <= seconds:
            return spent + left, begin + datetime.timedelta(seconds=left)
        part, spent = part + seconds / whole, spent + seconds
    return spent / part, None


def _stretches(windows, when: datetime.datetime, days: int):
    """Open times from `when` on, in order, each with the one window that is in force: (begin, end, window)."""
    edges = {edge for window in windows for span in _of_window(window, when, days) for edge in span if edge > when}
    for begin, end in itertools.pairwise(sorted({when, *edges})):
        window = open_window(windows, begin)
        if window is not None:
            yield begin, end, window


def _spans(windows, when: datetime.datetime, days: int):
    """Open times that end after `when`, in order, joined where they touch: pairs of instants in UTC."""
    current = None
    for begin, end in heapq.merge(*(_of_window(window, when, days) for window in windows)):
        if end <= when or begin >= end:
            continue
        if current is None:
            current = (begin, end)
        elif begin <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (begin, end)
    if current is not None:
        yield current


def _of_window(window: Window, when: datetime.datetime, days: int):
    today = when.astimezone(_zone(window.timezone)).date()
    # A window of the day before yesterday is over by now, wherever that is.
    for number in range(-2, days):
        try:
            day = today + datetime.timedelta(days=number)
        except OverflowError:
            return
        if day.weekday() in window.days:
            yield _span(window, day)


def _span(window: Window, day: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    end = window.end if window.end > window.start else window.end + MINUTES_A_DAY
    return _instant(window.timezone, day, window.start), _instant(window.timezone, day, end)


@functools.lru_cache(maxsize=4096)
def _instant(timezone: str, day: datetime.date, minutes: int) -> datetime.datetime:
    zone = _zone(timezone)
    local = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(minutes=minutes)
    late = local.replace(tzinfo=zone).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == local:
        return late
    # The clock jumps over this time, somewhere between what both offsets make of it.
    early, before = local.replace(tzinfo=zone, fold=1).astimezone(UTC), local.replace(tzinfo=zone).utcoffset()
    while late - early > datetime.timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone that this host knows; give one such as Europe/Berlin or UTC.") from error


def _day(name) -> int:
    if str(name).lower() not in DAYS:
        raise ValueError(f"{name!r} is no day of a window; days are {', '.join(DAYS)}.")
    return DAYS.index(str(name).lower())


def _minutes(which: str, text) -> int:
    found = TIME.fullmatch(str(text or "").strip())
    if found is None:
        # Without quotes YAML takes 22:00 for a number of the base 60, which is 1320.
        raise ValueError(f"{text!r} is no time of day for `{which}` of a window; write hours and minutes in quotes, such as '22:00'.")
    hours, minutes = (int(part) for part in found.groups() if part is not None)
    return hours * 60 + minutes
