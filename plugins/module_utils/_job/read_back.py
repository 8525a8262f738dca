# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Reading content back from the target, and holding it against the ledger.

What was right is written down and need not be read again: what a server has under a UID never changes (RFC 9051, 2.3.1.1). So most of it is
read before the cut-over, with the source left in peace, and the night itself has little to read.
"""

from __future__ import annotations

from .._errors import Stopped
from .._ledger import exceptions, items
from .._ledger.routes import routes
from .._model import reasons
from .._model.folder_names import decoded
from .._model.uids import batches
from .._target.imap import ImapTarget

# Between two looks at the clock, of which the first one also keeps the lease.
MESSAGES, BYTES = 500, 30_000_000
# Items that are asked of the ledger at once.
PART = 5000
EXAMPLES = 20


def read_back(ledger, plan, row, pulse) -> dict:
    """How many messages of a mailbox were read, of how many the bytes are others than the ledger says, and for how many of these that was approved;
    examples in words. Only what nobody has read so far; what its user has removed at the target is nobody's fault."""
    found, examples = {"checked": 0, "altered": 0, "approved": 0}, []
    unread = items.unproved_places(ledger, row.id)
    places = [place for place in [*items.folders(ledger, row.id).values(), *routes(ledger, [row.id])] if (place.id, place.route) in unread]
    if not places:
        # The target is left in peace, too.
        return dict(found, examples=examples)
    proof = Proof(ledger, row.id, exceptions.unresolved(ledger, row.id), not plan.settings["check_mode"])
    target = ImapTarget(plan.target, plan.mailbox(row.server, row.name))
    try:
        there = {folder.name for folder in target.folders()}
        for place in places:
            # A folder that was replaced is the next pass's.
            if place.target_name not in there or target.open(place.target_name, readonly=True).uidvalidity != place.target_uidvalidity:
                continue
            for rows in _unproved(ledger, place):
                for part, content in in_parts(target, rows, pulse):
                    found["checked"] += len(content)
                    for uid in proof.wrong(place, part, content):
                        found["approved" if proof.approved(place, uid) else "altered"] += 1
                        examples.append(f"{row.server}/{row.name} folder {decoded(place.source_name)} UID {uid} has other bytes at the target")
    finally:
        target.close()
    return dict(found, examples=examples[:EXAMPLES])


def _unproved(ledger, place):
    # A message that is gone at the source may have a number below zero.
    after = -(2 ** 62)
    while rows := items.unproved(ledger, place, after, PART):
        yield rows
        after = rows[-1].source_uid


def in_parts(target, rows, pulse):
    """(some of `rows`, their content by target UID) until all are read; the folder is open. Stopped when that is not to go on."""
    by_target = {row.target_uid: row for row in rows}
    for part in batches({uid: row.size for uid, row in by_target.items()}, MESSAGES, BYTES):
        yield [by_target[uid] for uid in part], target.contents(uids=part)
        # A verification that is cut short begins anew: the end of a step does not stop it, a closed window does.
        if pulse.at_once():
            raise Stopped


class Proof:
    """Of a mailbox, whose `unresolved` exceptions are given; `note`: what is found is written down."""

    def __init__(self, ledger, mailbox_id: int, unresolved, note: bool) -> None:
        self._ledger, self._mailbox_id, self._note = ledger, mailbox_id, note
        self._altered = {(e.folder, e.source_uid): e.state for e in unresolved if e.reason == reasons.ALTERED}

    def approved(self, place, uid: int) -> bool:
        return self._altered.get((place.source_name, uid)) == "approved"

    def wrong(self, place, rows, content: dict) -> set[int]:
        """Source UIDs of those `rows` (items at a place) whose `content` (by target UID) has other bytes than the ledger says."""
        read = [row for row in rows if row.target_uid in content]
        wrong = {row.source_uid for row in read if content[row.target_uid].sha256 != row.sha256}
        if self._note:
            items.prove(self._ledger, place.id, {
                row.source_uid: row.target_uid for row in read if row.source_uid not in wrong and row.proved_uid != row.target_uid
            })
            for row in read:
                self._tell(place, row, row.source_uid in wrong)
        return wrong

    def _tell(self, place, row, is_wrong: bool) -> None:
        known = (place.source_name, row.source_uid) in self._altered
        if is_wrong and not known:
            exceptions.raise_exception(
                self._ledger, self._mailbox_id, place.source_name, row.source_uid, reasons.ALTERED, f"target UID {row.target_uid}", row.sha256,
            )
        elif known and not is_wrong:
            exceptions.resolve(self._ledger, self._mailbox_id, place.source_name, [row.source_uid], [reasons.ALTERED], ("open", "approved"))
