# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How far a pass is, how fast, and when it will end."""

from __future__ import annotations

import datetime
import math
import zoneinfo

from .window import DAYS, closes_at, next_opening, open_window


def rate(amount: float, seconds: float) -> float:
    return amount / seconds if seconds > 0 else 0.0


def eta_seconds(left: float, speed: float) -> float | None:
    """Seconds, to a tenth, until `left` is done at `speed` a second: None while nothing is measured, 0.0 only where nothing is left."""
    if left <= 0:
        return 0.0
    return tenths(left / speed) if speed > 0 else None


def tenths(seconds: float) -> float:
    """Rounded up, since what is not done yet does not end now."""
    return math.ceil(seconds * 10) / 10


def seconds_left(left, work) -> float | None:
    """Seconds of open time until `left` is done at the rates of `work`; None while nothing is measured.

    Both have `bytes`, `messages`, `held`, `mailboxes`, and `work` the `seconds` that it took. Mail takes its time by bytes and
    by messages, so the slower of both tells; where nothing is moved, what the mailboxes hold tells.
    """
    if left.mailboxes <= 0:
        return 0.0
    if work.seconds <= 0:
        return None
    times = [
        getattr(left, name) * work.seconds / getattr(work, name) for name in ("bytes", "messages") if getattr(left, name) and getattr(work, name)
    ]
    if times:
        return max(times)
    return left.held * work.seconds / work.held if work.held else None


def window_text(windows, when: datetime.datetime) -> str | None:
    """`open until 06:00 CET`, `closed until Mon 22:00 CET`; None without windows."""
    if not windows:
        return None
    window = open_window(windows, when)
    if window is None:
        opening = next_opening(windows, when)
        return f"closed until {clock_text(opening, when, windows[0].timezone)}" if opening else "closed for good"
    closing = closes_at(windows, when)
    return f"open until {clock_text(closing, when, window.timezone)}" if closing else "always open"


def clock_text(instant: datetime.datetime, when: datetime.datetime, timezone: str) -> str:
    """The time of day in a zone, with the weekday if it is not within a day from `when`, with the date if not within a week."""
    zone = zoneinfo.ZoneInfo(timezone)
    local, distance = instant.astimezone(zone), instant - when
    text = f"{local:%H:%M %Z}"
    if distance >= datetime.timedelta(days=6):
        return f"{local:%Y-%m-%d} {text}"
    return f"{DAYS[local.weekday()].capitalize()} {text}" if distance >= datetime.timedelta(hours=18) else text


def human_bytes(amount: float) -> str:
    """`1536` becomes `1.5 kB`; decimal units, as disks and networks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def human_seconds(seconds: float | None) -> str:
    """`3725` becomes `1 h 02 min`."""
    if seconds is None:
        return "unknown"
    seconds = int(seconds + 0.5)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600:02d} h"


def calendar(server) -> str:
    """Windows and limits of a source server in words, a line each; nothing when it may be read at any time as fast as it goes."""
    lines = []
    for window in server.windows:
        days = "daily" if len(window.days) == 7 else " ".join(DAYS[day] for day in window.days)
        times = f"{window.start // 60:02d}:{window.start % 60:02d}-{window.end // 60:02d}:{window.end % 60:02d}"
        lines.append(f"{days} {times} {window.timezone}{_limits(window)}")
    return "\n".join([*lines, *([f"at any time{_limits(server)}"] if server.bytes_per_second or server.messages_per_second else [])])


def _limits(limits) -> str:
    text = f", {limits.connections} connections" if limits.connections else ""
    text += f", {human_bytes(limits.bytes_per_second)}/s" if limits.bytes_per_second else ""
    return text + (f", {limits.messages_per_second:g} messages/s" if limits.messages_per_second else "")


def line(row: dict) -> str:
    """One line of live progress for a source server; `row` is an element of a module's `progress`."""
    text = (
        f"{row['server']}: {row['mailboxes_done']}/{row['mailboxes']} mailboxes, {row['messages']} messages, "
        f"{human_bytes(row['bytes'])}, {row['messages_per_second']:.0f} messages/s ({human_bytes(row['bytes_per_second'])}/s), "
        f"ETA {human_seconds(row['eta_seconds'])}"
    )
    if row.get("eta_at") and (row["eta_seconds"] or 0) >= 3600:
        text += f" ({row['eta_at'][:16].replace('T', ' ')} UTC)"
    return f"{text}, {row['window']}" if row.get("window") else text
