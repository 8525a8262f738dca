# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What has changed in a folder since the ledger last saw it. No I/O."""

from __future__ import annotations

import collections
import dataclasses

from . import flags as flag_rules


@dataclasses.dataclass
class ChangeSet:
    """UIDs of the source folder, by what has to be done at the target. `gone`: what vanished and was never moved."""

    new: list[int] = dataclasses.field(default_factory=list)
    vanished: list[int] = dataclasses.field(default_factory=list)
    flags: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = dataclasses.field(default_factory=dict)
    gone: list[int] = dataclasses.field(default_factory=list)

    def __len__(self) -> int:
        return len(self.new) + len(self.vanished) + len(self.flags)


def between(known: dict[int, tuple[str, ...]], listed: dict[int, tuple[str, ...]]) -> ChangeSet:
    """`known`: UID -> flags in the ledger; `listed`: UID -> flags at the source now."""
    changes = ChangeSet(new=sorted(listed.keys() - known.keys()), vanished=sorted(known.keys() - listed.keys()))
    for uid in listed.keys() & known.keys():
        if not flag_rules.same(known[uid], listed[uid]):
            changes.flags[uid] = flag_rules.difference(known[uid], listed[uid])
    return changes


def match_by_content(wanted: dict[int, bytes], found: dict[int, bytes]) -> dict[int, int]:
    """Pair keys of `wanted` and `found` that carry the same hash, each at most once.

    Exact duplicates are a multiset: two equal messages need two partners. Lowest key first on both sides, so that the
    answer is the same each time.
    """
    stock: dict[bytes, collections.deque[int]] = collections.defaultdict(collections.deque)
    for key in sorted(found):
        stock[found[key]].append(key)
    pairs = {}
    for key in sorted(wanted):
        if stock[wanted[key]]:
            pairs[key] = stock[wanted[key]].popleft()
    return pairs
