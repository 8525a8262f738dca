# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Flags and keywords of a message (RFC 9051, 2.3.2) as they travel from one server to another."""

from __future__ import annotations

import functools

SYSTEM = {name.lower(): name for name in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")}
# \Recent belongs to a session, not to a message.
NOT_KEPT = {"\\recent"}


def from_wire(names) -> tuple[str, ...]:
    """Names of flags as a server sent them, as text. A keyword's octets may be no UTF-8; as latin-1 they all are kept, and come back as they were."""
    return tuple(name.decode("latin-1") for name in names)


def to_wire(names) -> bytes:
    """Undo `from_wire`, with blanks between."""
    # A ledger of an earlier version may have letters beyond: no server has a keyword of that name.
    return " ".join(names).encode("latin-1", "replace")


def parted(text: str) -> tuple[str, ...]:
    """Flags out of a text in which they have blanks between, as the ledger keeps them. To str.split some octets of a keyword are blanks as well."""
    return tuple(text.split(" ")) if text else ()


def shown(names) -> str:
    """For people: with the letters that were meant, where the octets are UTF-8."""
    text = " ".join(names)
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def normal(flags) -> tuple[str, ...]:
    """Flags in one order and spelling, so that two servers' answers can be compared: `\\Seen`, `$Forwarded`."""
    names = {flag.lower(): SYSTEM.get(flag.lower(), flag) for flag in flags if flag.lower() not in NOT_KEPT}
    return tuple(names[name] for name in sorted(names))


def same(left, right) -> bool:
    """Keywords are case-insensitive: a server may spell them as it saw them first in that mailbox."""
    return {flag.lower() for flag in normal(left)} == {flag.lower() for flag in normal(right)}


@functools.lru_cache(maxsize=4096)
def allowed(flags, permanent) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split `flags`, both tuples, into those that a mailbox with PERMANENTFLAGS `permanent` stores, and those that it would drop."""
    known = {flag.lower() for flag in permanent}
    # No PERMANENTFLAGS means that all can be changed (RFC 3501, 7.1).
    kept = [flag for flag in flags if not permanent or flag.lower() in known or (not flag.startswith("\\") and "\\*" in known)]
    return tuple(kept), tuple(flag for flag in flags if flag not in kept)


def difference(before, after) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to add and what to remove so that `before` becomes `after`."""
    old, new = {f.lower(): f for f in normal(before)}, {f.lower(): f for f in normal(after)}
    return tuple(new[f] for f in new if f not in old), tuple(old[f] for f in old if f not in new)


def applied(before, add, remove) -> tuple[str, ...]:
    """`before` after a difference was made to it."""
    gone = {flag.lower() for flag in remove}
    return normal([*(flag for flag in before if flag.lower() not in gone), *add])
