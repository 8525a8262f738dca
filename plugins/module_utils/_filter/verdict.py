# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a filter is asked, and what it answers."""

from __future__ import annotations

import dataclasses

LEAVE, CHANGE, SKIP, ROUTE, FAIL = "leave", "change", "skip", "route", "fail"
# Of a filter's own words so many characters are kept: a reason, not a message.
WORDS = 200


@dataclasses.dataclass(frozen=True)
class Item:
    """One item with what a filter may want to know of it. `received` is ISO 8601, or empty where there is no such time."""

    content: bytes = dataclasses.field(repr=False)
    server: str
    mailbox: str
    folder: str
    kind: str
    received: str = ""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`content` where it is not that of the item; `words`: why it is left out, the folder that it goes to, or what went wrong."""

    action: str
    words: str = ""
    content: bytes | None = dataclasses.field(default=None, repr=False)


def judged(item: Item, action: str, words: str, content: bytes) -> Verdict:
    """What a filter answered, held against what it may answer. `content`: what it gave back, with CHANGE and ROUTE."""
    if action == LEAVE:
        return Verdict(LEAVE)
    if action == SKIP:
        return Verdict(SKIP, words) if words else Verdict(FAIL, "it left the item out without a reason")
    if action not in (CHANGE, ROUTE):
        return Verdict(FAIL, words)
    if not content and item.content:
        return Verdict(FAIL, "it gave no content back")
    if action == ROUTE and not words.strip("/ "):
        return Verdict(FAIL, "it routed the item without naming a folder")
    changed = content if content != item.content else None
    if action == ROUTE:
        return Verdict(ROUTE, words, changed)
    return Verdict(LEAVE) if changed is None else Verdict(CHANGE, "", changed)


def first_line(text: bytes) -> str:
    """The first line that says something, made harmless to show."""
    line = next((line for line in text.decode("utf-8", "replace").splitlines() if line.strip()), "").strip()
    return "".join(char if char.isprintable() else "?" for char in line)[:WORDS]
