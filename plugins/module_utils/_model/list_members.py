# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Groups in groups: who gets what is sent to one of them, and where they go round in a circle."""

from __future__ import annotations

import typing as t


Name = t.TypeVar("Name", bound=t.Hashable)


def flattened(start: Name, members: dict[Name, tuple[Name, ...]]) -> list[Name]:
    """Names of all members of the group `start` that are no groups, each once and sorted. `members`: of each group."""
    seen, found, ahead = {start}, set(), [start]
    while ahead:
        for member in members[ahead.pop()]:
            if member not in members:
                found.add(member)
            elif member not in seen:
                seen.add(member)
                ahead.append(member)
    return sorted(found)


def cycles(members: dict[Name, tuple[Name, ...]]) -> list[tuple[Name, ...]]:
    """Groups that are members of themselves by way of one another; where circles share a group, one of them."""
    inner = {group: [member for member in of if member in members] for group, of in members.items()}
    found: list[tuple[Name, ...]] = []
    done: set[Name] = set()
    for group in sorted(inner):
        found += _walk(group, inner, done)
    return found


def _walk(start: Name, inner: dict[Name, list[Name]], done: set[Name]) -> t.Iterator[tuple[Name, ...]]:
    """Depth first, without recursion: nobody says how deep groups hang. A way back to a group that is still open is a circle."""
    if start in done:
        return
    way, ahead = [start], [iter(inner[start])]
    open_ = {start}
    while way:
        member = next(ahead[-1], None)
        if member is None:
            done.add(way[-1])
            open_.discard(way.pop())
            ahead.pop()
        elif member in open_:
            yield tuple(way[way.index(member):])
        elif member not in done:
            way.append(member)
            open_.add(member)
            ahead.append(iter(inner[member]))
