# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How far a pass is, how fast, and when it will end."""

from __future__ import annotations


def rate(amount: float, seconds: float) -> float:
    return amount / seconds if seconds > 0 else 0.0


def eta_seconds(done: float, total: float, seconds: float) -> float | None:
    """Seconds until the rest is done at the mean rate so far; None while nothing is measured."""
    if done <= 0 or seconds <= 0:
        return None if total > done else 0.0
    return max(0.0, (total - done) * seconds / done)


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


def line(row: dict) -> str:
    """One line of live progress for a source server; `row` is an element of a module's `progress`."""
    return (
        f"{row['server']}: {row['mailboxes_done']}/{row['mailboxes']} mailboxes, {row['messages']} messages, "
        f"{human_bytes(row['bytes'])}, {row['messages_per_second']:.0f} messages/s ({human_bytes(row['bytes_per_second'])}/s), "
        f"ETA {human_seconds(row['eta_seconds'])}"
    )
