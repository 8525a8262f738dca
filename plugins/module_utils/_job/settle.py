# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Putting the ledger right about a folder: intents that a crash left open, and folders that got a new UIDVALIDITY.

Messages are recognised by hash. That needs no header in the message and no trust in Message-ID.
"""

from __future__ import annotations

from .._ledger import items
from .._model.change_set import match_by_content


def intents(ledger, folder, target, state) -> int:
    """Close every open intent of `folder`: adopt what arrived at the target, forget what did not (it is sent again).

    `target` has the folder open in `state`. Returns how many messages were adopted.
    """
    open_ = items.open_intents(ledger, folder.id)
    if not open_:
        return 0
    rows = items.items(ledger, folder.id)
    owned = {row.target_uid for row in rows if row.target_uid is not None}
    if all(intent.target_uidvalidity == state.uidvalidity for intent in open_):
        since = min(intent.target_uidnext for intent in open_)
    else:
        since = 1
    fresh = {uid: stored.sha256 for uid, stored in target.contents(from_uid=since).items() if uid not in owned}
    adopted = 0
    for intent in open_:
        wanted = {row.source_uid: row.sha256 for row in rows if row.intent_id == intent.id}
        pairs = match_by_content(wanted, fresh)
        for uid in pairs.values():
            del fresh[uid]
        try:
            with ledger.write() as connection:
                items.settle_intent(ledger, connection, folder.id, intent.id, pairs)
        except items.TakenOver:
            # The worker that wrote it is slow, not dead, and has just closed it itself.
            continue
        adopted += len(pairs)
    return adopted


def new_target_folder(ledger, folder, target, state) -> None:
    """The target's folder has another UIDVALIDITY: find the items again by content; what is not there is sent again."""
    rows = items.items(ledger, folder.id)
    stored = {uid: s.sha256 for uid, s in target.contents().items()} if state.messages else {}
    pairs = match_by_content({row.source_uid: row.sha256 for row in rows}, stored)
    kept = [dict(row._mapping, target_uid=pairs[row.source_uid], intent_id=None) for row in rows if row.source_uid in pairs]
    items.replace_items(ledger, folder.id, kept, target_uidvalidity=state.uidvalidity)


def new_source_folder(ledger, folder, source, state, pulse) -> bool:
    """The source's folder has another UIDVALIDITY: all UIDs are new names for what may be the same messages.

    Items whose message is no longer there keep a negative UID: they are gone at the source, and the pass then treats
    them as it treats any vanished message. False when `pulse` said stop before all was read.
    """
    _flags, sizes = source.listing(state)
    found = {}
    for batch in source.messages(sizes):
        found |= {message.uid: message.sha256 for message in batch.messages}
        if pulse():
            return False
    rows = items.items(ledger, folder.id)
    pairs = match_by_content({row.source_uid: row.sha256 for row in rows}, found)
    changed = []
    for number, row in enumerate(rows, start=1):
        uid = pairs.get(row.source_uid)
        changed.append(dict(row._mapping, source_uid=-number if uid is None else uid))
    items.replace_items(ledger, folder.id, changed, source_uidvalidity=state.uidvalidity, source_modseq=None)
    return True
