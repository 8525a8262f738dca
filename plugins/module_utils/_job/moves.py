# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Messages that moved at the source: from another folder of the mailbox, or to a new UID in the same one (Exchange gives
one when another protocol touches a message). They are recognised by hash and date, and moved at the target, not sent again.
"""

from __future__ import annotations

import collections
import dataclasses

from .._imap.session import LOST, REFUSED
from .._ledger import exceptions, items
from .._model import flags as flag_rules
from .._model.message import Message
from .settle import dated, given, recognised


class Moves:
    """Filled with what vanished (`gone`), then asked for each message that is new. `targets`: the target's folders."""

    def __init__(self, ledger, mailbox_id: int, targets) -> None:
        self.ledger, self.mailbox_id, self.targets = ledger, mailbox_id, targets
        self._places: dict[tuple, list] = collections.defaultdict(list)
        self._found: list[tuple] = []
        # Changes of flags that came with the move: source UID -> (add, remove), for the folder last followed.
        self.flags: dict[int, tuple] = {}
        # Old UIDs by folder number: of items that have been copied to their new place, and of those that only got a new UID.
        self.followed: dict[int, set[int]] = collections.defaultdict(set)
        self.renumbered: dict[int, set[int]] = collections.defaultdict(set)

    def __bool__(self) -> bool:
        return bool(self._places)

    def gone(self, folder, rows) -> None:
        """`rows`: items of `folder` that the source no longer lists there."""
        for row in rows:
            if row.target_uid is not None:
                self._places[dated(given(row))].append((folder, row))

    def unknown(self, folder, messages: list) -> list:
        """Of `messages`, which are new in `folder`, those that were nowhere before. The others are remembered for `follow`."""
        rest = []
        for message in messages:
            places = self._places.get(dated(message))
            if not places:
                rest.append(message)
                continue
            # In the same folder first: that is no move at all.
            place = next((place for place in places if place[0].id == folder.id), places[0])
            places.remove(place)
            self._found.append((_as_moved(message.uid, message.flags, message.internal_date, place[1]), *place))
        return rest

    def told(self, folder, told: dict, source, uids: list[int]) -> list[int]:
        """Of `uids`, which are new in `folder`, those that have to be read. Of the others the source says whence they came: `told` is
        UID -> (the other folder's source name, the UID there)."""
        if not told:
            return uids
        at = {(place[0].source_name, place[1].source_uid): place for places in self._places.values() for place in places}
        moved = {uid: at[before] for uid, before in told.items() if before in at}
        for uid, (flags, date) in source.flags_and_dates(moved).items():
            place = moved[uid]
            self._places[dated(given(place[1]))].remove(place)
            self._found.append((_as_moved(uid, flags, date, place[1]), *place))
        return [uid for uid in uids if uid not in moved]

    def follow(self, transfer) -> None:
        """Do at the target what `unknown` found, for the folder of `transfer`, which has nothing else on its way."""
        self.flags = {}
        found, self._found = self._found, []
        renumbered = {row.source_uid: message for message, folder, row in found if folder.id == transfer.folder.id}
        if renumbered:
            pairs = {uid: message.uid for uid, message in renumbered.items()}
            items.rekey(self.ledger, transfer.folder.id, pairs)
            exceptions.rekey(self.ledger, self.mailbox_id, transfer.folder.source_name, pairs)
            self.renumbered[transfer.folder.id] |= renumbered.keys()
        for message, _folder, row in found:
            before = flag_rules.parted(row.flags)
            if not flag_rules.same(before, message.flags):
                self.flags[message.uid] = flag_rules.difference(before, message.flags)
        elsewhere: dict[int, list[tuple]] = collections.defaultdict(list)
        for message, folder, row in found:
            if folder.id == transfer.folder.id:
                continue
            if row.route:
                self._rehouse(transfer, message, folder, row)
            else:
                elsewhere[folder.id].append((message, folder, row))
        again: dict[int, int] = {}
        for group in elsewhere.values():
            again |= self._copy(transfer, group)
        if again:
            transfer.send_afresh(again)

    def _rehouse(self, transfer, message, folder, row) -> None:
        """What the site's filter sent to a place of its own stays there."""
        place = self.targets.same_route(transfer.folder, self.targets.place(folder, row))
        items.rehouse(self.ledger, row, place, message.uid, message.internal_date)
        self.followed[folder.id].add(row.source_uid)

    def _copy(self, transfer, group: list[tuple]) -> dict[int, int]:
        """From one folder of the target to another. Returns UID -> size of what has to be sent after all."""
        folder = group[0][1]
        by_target = {row.target_uid: message for message, _folder, row in group}
        # The copy has the flags that the ledger knows of the original; what changed since is stored afterwards.
        messages = [dataclasses.replace(message, flags=flag_rules.parted(row.flags)) for message, _folder, row in group]
        intent = transfer.journal.intend(messages)
        try:
            transfer.target.opened(folder.target_name)
            copied, told = transfer.target.copy(sorted(by_target), transfer.folder.target_name)
        except REFUSED as error:
            if isinstance(error, LOST):
                raise
            transfer.journal.settled(intent, {})
            transfer.journal.flush()
            return {message.uid: len(message.body) for message in messages}
        if told:
            pairs = {by_target[uid].uid: at for uid, at in copied.items()}
        else:
            transfer.target.open(transfer.folder.target_name)
            stored = transfer.target.contents(from_uid=transfer.journal.target_uidnext)
            pairs, _altered = recognised({m.uid: m for m in messages}, stored, transfer.target)
        transfer.journal.settled(intent, pairs)
        transfer.journal.flush()
        # Its user removed it at the target: that stays so.
        missing = [message for message in messages if message.uid not in pairs]
        if missing:
            items.add_missing(self.ledger, transfer.folder.id, missing)
        transfer.counts.moved += len(pairs)
        self.followed[folder.id] |= {row.source_uid for message, _folder, row in group if message.uid in pairs}
        return {}


def _as_moved(uid: int, flags, date: str, row) -> Message:
    """A message that is at the target already: as it was, but for its flags."""
    return Message(uid, _Length(row.size), flags, date, bytes(row.sha256), row.source_sha256)


class _Length:
    """The size of a body that need not be kept."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size
