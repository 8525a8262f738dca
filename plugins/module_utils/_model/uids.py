# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Sets of message UIDs (RFC 9051 `sequence-set`) and batches of messages."""

from __future__ import annotations

# Exchange closes the connection at a command longer than 10,240 bytes (Set-ImapSettings, MaxCommandSize).
LONGEST_SET = 8000


def to_set(uids) -> str:
    """`[1, 2, 3, 7]` becomes `1:3,7`. Empty input is an error of the caller: there is no empty set in IMAP."""
    ordered = sorted(set(uids))
    if not ordered:
        raise ValueError("a UID set needs at least one UID")
    runs, start, last = [], ordered[0], ordered[0]
    for uid in ordered[1:]:
        if uid != last + 1:
            runs.append((start, last))
            start = uid
        last = uid
    runs.append((start, last))
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def runs(text: str) -> list[tuple[int, int]]:
    """`1:3,7` becomes `[(1, 3), (7, 7)]`: a server may name more UIDs than anybody wants to count."""
    found = []
    for run in text.split(","):
        low, _colon, high = run.partition(":")
        first, last = int(low), int(high or low)
        found.append((min(first, last), max(first, last)))
    return found


def from_set(text: str, most: int = 100_000) -> list[int]:
    """`1:3,7` becomes `[1, 2, 3, 7]`, in the order that the server gave: APPENDUID lists UIDs as they were appended.

    A set of more than `most` UIDs can't be an answer to what we sent, and becomes none.
    """
    uids: list[int] = []
    for run in text.split(","):
        low, _colon, high = run.partition(":")
        first, last = int(low), int(high or low)
        if abs(last - first) + len(uids) >= most:
            return []
        uids.extend(range(first, last + 1) if first <= last else range(first, last - 1, -1))
    return uids


def slices(uids, longest: int = LONGEST_SET) -> list[list[int]]:
    """Cut `uids`, in their order, so that no slice's set is longer than `longest` bytes. Runs take little room in a set."""
    result: list[list[int]] = []
    current: list[int] = []
    room = longest
    for uid in sorted(set(uids)):
        # The first of a run takes its digits and a comma, the last of it its digits and a colon.
        cost = 0 if current and uid == current[-1] + 1 else 2 * (len(str(uid)) + 1)
        if current and cost > room:
            result.append(current)
            current, room = [], longest
            cost = 2 * (len(str(uid)) + 1)
        current.append(uid)
        room -= cost
    if current:
        result.append(current)
    return result


def batches(sizes: dict[int, int], most_messages: int = 200, most_bytes: int = 3_000_000, newest_first: bool = False) -> list[list[int]]:
    """Group UIDs in their order into batches of at most `most_bytes` and `most_messages`.

    `sizes` maps UID to size in bytes, which may be an estimate; a message above the limit stands alone.
    """
    result: list[list[int]] = []
    current: list[int] = []
    weight = 0
    for uid in sorted(sizes, reverse=newest_first):
        size = sizes[uid]
        if current and (len(current) >= most_messages or weight + size > most_bytes):
            result.append(current)
            current, weight = [], 0
        current.append(uid)
        weight += size
    if current:
        result.append(current)
    return result
