# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What changed in a folder of the source since the ledger last saw it, at a price that follows the change.

QRESYNC tells everything as the folder is opened, CONDSTORE tells what is new and what changed its flags (RFC 7162); without
them all UIDs are listed, and all flags compared, in parts of a bounded size.
"""

from __future__ import annotations

import itertools

from .._ledger import items
from .._model import flags as flag_rules
from .._model.change_set import ChangeSet

# UIDs whose flags are compared at once.
PART = 2000
# More gaps than this: all UIDs are compared, instead of asking the ledger gap by gap.
MANY_RUNS = 200


def changes(ledger, row, source, state, since, unmoved: set[int]) -> ChangeSet:
    """`row` is the ledger's folder, which the source has open in `state`; `since` what it told of its changes at once, or None.
    `unmoved`: UIDs that have an exception instead of an item, so far."""
    if row.source_modseq is not None and state.modseq is not None and source.tells_changes:
        found = _since(ledger, row, source, since)
        known = items.count_in(ledger, row.id)
        found.gone = [uid for uid in unmoved if any(low <= uid <= high for low, high in since.vanished)] if since is not None else []
        arrived = len([uid for uid in found.new if uid not in unmoved])
        if since is None:
            if known + len(unmoved) + arrived == state.messages:
                return found
        elif known + len(unmoved) - len(found.gone) + arrived - len(found.vanished) == state.messages:
            return found
        # Something does not add up, or messages vanished and the server can't say which: the whole list tells.
        return _by_list(ledger, row, source, found.flags, unmoved)
    return _by_list(ledger, row, source, None, unmoved)


def _since(ledger, row, source, since) -> ChangeSet:
    flags = source.flags_since(row.source_modseq) if since is None else since.flags
    known = items.some(ledger, row.id, flags)
    found = ChangeSet(new=sorted(flags.keys() - known.keys()))
    found.flags = _differing({uid: flag_rules.parted(item.flags) for uid, item in known.items()}, flags)
    if since is not None and since.vanished:
        if len(since.vanished) > MANY_RUNS:
            gone = set(itertools.chain.from_iterable(
                uids for low, high in since.vanished for uids in [items.uids(ledger, row.id, (low, high))]
            ))
        else:
            gone = {uid for run in since.vanished for uid in items.uids(ledger, row.id, run)}
        found.vanished = sorted(gone)
    return found


def _by_list(ledger, row, source, flags: dict | None, unmoved: set[int]) -> ChangeSet:
    """All UIDs on both sides; `flags` are the changes of flags where they are known already."""
    now, known = set(source.uids()), set(items.uids(ledger, row.id))
    found = ChangeSet(new=sorted(now - known), vanished=sorted(known - now), gone=sorted(unmoved - now))
    if flags is not None:
        found.flags = {uid: change for uid, change in flags.items() if uid in now}
        return found
    both = sorted(now & known)
    for low in range(0, len(both), PART):
        part = both[low:low + PART]
        before = items.flags(ledger, row.id, part[0], part[-1])
        found.flags |= _differing({uid: before[uid] for uid in part if uid in before}, source.flags(part))
    return found


def _differing(known: dict[int, tuple[str, ...]], listed: dict[int, tuple[str, ...]]) -> dict:
    return {
        uid: flag_rules.difference(before, listed[uid])
        for uid, before in known.items() if uid in listed and not flag_rules.same(before, listed[uid])
    }
