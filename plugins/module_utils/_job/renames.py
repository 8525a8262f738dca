# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders that were renamed at the source: gone under one name, there under another, with the same UIDVALIDITY and mail."""

from __future__ import annotations

import collections

from .._ledger import items
from .settle import given


def renamed(ledger, known: dict, listed: list, source) -> list[tuple]:
    """(ledger's row, folder as the source lists it now), parents before their children. What is not sure is left out: its mail is
    then recognised message by message."""
    names = {folder.name for folder in listed}
    gone, fresh = collections.defaultdict(list), collections.defaultdict(list)
    for row in known.values():
        if row.source_name not in names and row.source_uidnext is not None:
            gone[row.source_uidvalidity].append(row)
    for folder in listed:
        if folder.name not in known:
            fresh[folder.state.uidvalidity].append(folder)
    pairs = []
    for uidvalidity, rows in gone.items():
        # Some servers give two folders that were made in one second the same number.
        if len(rows) == 1 and len(fresh[uidvalidity]) == 1:
            row, folder = rows[0], fresh[uidvalidity][0]
            if source.keeps_ids or folder.state.uidnext >= row.source_uidnext and _same_mail(ledger, row, folder, source):
                pairs.append((row, folder))
    return sorted(pairs, key=lambda pair: len(pair[1].name))


def _same_mail(ledger, row, folder, source) -> bool:
    """Read some messages back: the first that is still there, the last, and one between."""
    uids = items.uids(ledger, row.id)
    if not uids or not folder.state.messages:
        # An empty folder has nothing that could be mistaken; it goes along with the one above it.
        return not uids and not folder.state.messages
    source.open(folder.name)
    there = sorted(set(source.uids()) & set(uids))
    if not there:
        return False
    sample = sorted({there[0], there[len(there) // 2], there[-1]})
    wanted = items.some(ledger, row.id, sample)
    read = [message for batch in source.messages(source.sizes(sample)) for message in batch.messages]
    return len(read) == len(sample) and all(given(wanted[message.uid]).sha256 == message.sha256 for message in read)
