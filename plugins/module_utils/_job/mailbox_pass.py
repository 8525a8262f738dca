# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""One pass over one mailbox: bring the target's mailbox to the state of the source's, folder by folder.

A first pass (copy) and a later one (sync) are the same work: what the ledger does not know is moved, what it knows and
the source no longer has is taken back, what changed its flags changes them. Deletions come last, so that a message that
was moved between folders is never at no place.
"""

from __future__ import annotations

from .._errors import MigrationError
from .._imap import folders as imap_folders
from .._imap.session import LOST, REFUSED
from .._ledger import exceptions, items, mailboxes
from .._model import change_set, folder_map, reasons
from .._model import flags as flag_rules
from .._source.registry import open_source
from .._target.imap import ImapTarget
from . import settle
from .transfer import Transfer


# A mailbox that lost this many messages and more than half of all since the last pass is looked at by a person first.
EMPTIED_MESSAGES, EMPTIED_SHARE = 100, 0.5


class Stopped(Exception):
    """The time for this step is over; everything done so far is committed."""


class MailboxPass:
    """`row` is the mailbox's row in the ledger, `pulse` keeps the lease and tells when to stop (True)."""

    def __init__(self, ledger, row, server, target_server, mailbox, deletions: str, on_foreign: str, pulse, on_emptied: str = "refuse") -> None:
        self.ledger, self.row, self.mailbox = ledger, row, mailbox
        self.server, self.target_server = server, target_server
        self.deletions, self.on_foreign, self.on_emptied = deletions, on_foreign, on_emptied
        self.pulse, self.counts = pulse, pulse.counts
        self.source = None
        self._target = None
        self._source_messages = 0
        self._vanished: dict[int, tuple] = {}

    @property
    def target(self) -> ImapTarget:
        """Opened when there is something to write: a mailbox without change costs the target nothing."""
        if self._target is None:
            self._target = ImapTarget(self.target_server, self.mailbox)
            # A name that only holds other folders is no folder yet.
            self._existing = {folder.name for folder in self._target.folders() if folder.selectable}
        return self._target

    def run(self) -> None:
        try:
            self.source = open_source(self.server, self.mailbox)
            known = items.folders(self.ledger, self.row.id)
            known_before = items.count(self.ledger, self.row.id)
            if not known:
                self._refuse_foreign()
            listed = [folder for folder in self.source.folders() if folder.selectable]
            for folder in listed:
                self._folder(folder, known)
            names = {folder.name for folder in listed}
            self._refuse_emptied(known_before)
            self._gone_folders(known, names)
            for name in {e.folder for e in exceptions.unresolved(self.ledger, self.row.id)} - names - known.keys():
                # Never made at the target, and deleted at the source since.
                exceptions.resolve(self.ledger, self.row.id, name, states=("open", "approved"))
            self._delete_vanished()
            mailboxes.set_values(self.ledger, self.row.id, source_messages=self._source_messages)
        finally:
            for side in (self.source, self._target):
                if side is not None:
                    side.close()

    def _refuse_foreign(self) -> None:
        """Before the first message: a target mailbox with mail that we did not put there is somebody's."""
        held = sum(self.target.status(folder.name).messages for folder in self.target.folders() if folder.selectable)
        if held and self.on_foreign == "refuse":
            raise MigrationError(
                f"The target mailbox {self.mailbox.target} holds {held} messages that this migration did not put there.",
                "They were kept and nothing was written.",
                "Choose another target, empty it yourself, or say on_foreign: keep to copy beside them.",
            )

    def _refuse_emptied(self, known_before: int) -> None:
        """Before the first deletion: a source that suddenly shows little is more likely broken than tidied up."""
        lost = known_before - self._source_messages
        if self.deletions != "mirror" or self.on_emptied != "refuse" or lost <= EMPTIED_MESSAGES or lost <= known_before * EMPTIED_SHARE:
            return
        raise MigrationError(
            f"The source mailbox {self.server.name}/{self.mailbox.name} shows {self._source_messages} messages; {known_before} were moved before.",
            "What is new was moved; nothing was deleted at the target.",
            "Find out what happened at the source. If its user really removed them, run again with on_emptied: mirror.",
        )

    def _folder(self, folder, known: dict) -> None:
        state = self.source.open(folder.name)
        self._source_messages += state.messages
        row = known.get(folder.name)
        open_intents = bool(row and items.open_intents(self.ledger, row.id))
        # When the last verification found faults, the target is looked at even where the source rests.
        doubtful = open_intents or self.row.grade == "investigate"
        if row is not None and not doubtful and _unchanged(row, state) and not self._retry(row):
            self._subscribe(row, folder)
            return
        if row is None:
            row = self._new_folder(folder, state, known)
            if row is None:
                return
        target_state = None
        if doubtful or row.target_uidvalidity is None:
            target_state = self._open_target(row)
            self._settle(row, target_state)
        if row.source_uidvalidity != state.uidvalidity:
            # What was noted by UID, approvals too, was about other messages.
            exceptions.resolve(self.ledger, self.row.id, folder.name, reasons=reasons.NOT_MOVED, states=("open", "approved"))
            if not settle.new_source_folder(self.ledger, row, self.source, state, self.pulse):
                raise Stopped
        flags, sizes = self.source.listing(state)
        rows = items.items(self.ledger, row.id)
        changes = change_set.between({item.source_uid: tuple(item.flags.split()) for item in rows}, flags)
        self._resolve_deleted(row, flags)
        skip = self._approved(row)
        new = {uid: sizes[uid] for uid in changes.new if uid not in skip}
        if new or changes.flags:
            if target_state is None:
                target_state = self._open_target(row)
                self._settle(row, target_state)
                # Settling may have found that the target lost some: they are new again.
                rows = items.items(self.ledger, row.id)
                changes = change_set.between({item.source_uid: tuple(item.flags.split()) for item in rows}, flags)
                new = {uid: sizes[uid] for uid in changes.new if uid not in skip}
            if new:
                Transfer(self.ledger, self.row.id, row, self.source, self.target, target_state, self.counts, self.pulse).send(new)
            self._flags(row, rows, changes, flags, target_state)
        self._subscribe(row, folder)
        if self.pulse():
            raise Stopped
        if not changes.vanished:
            self._in_step(row, state)
        elif self.deletions == "mirror":
            self._vanished[row.id] = (row, state, changes.vanished)

    def _in_step(self, row, state) -> None:
        """The ledger reflects the source's folder as it was in `state`; not before everything is done, or it would stay undone."""
        items.update_folder(
            self.ledger, row.id, source_uidnext=state.uidnext, source_messages=state.messages, source_modseq=state.modseq,
        )

    def _new_folder(self, folder, state, known: dict):
        """Give the folder a name that the target takes, make it there, and write both names down."""
        words = ""
        for strict in (False, True):
            path = folder_map.target_name(
                folder.path, folder.separator, imap_folders.decoded(self.target.prefix), self.target.separator,
                taken=[imap_folders.decoded(row.target_name) for row in known.values()], source_prefix=self.source.prefix, strict=strict,
            )
            name = imap_folders.encoded(path)
            if name in self._existing or path.upper() == folder_map.INBOX:
                break
            try:
                self.target.create(name)
                self._existing.add(name)
                self.counts.folders += 1
                break
            except REFUSED as error:
                words = str(error)
        else:
            exceptions.raise_exception(self.ledger, self.row.id, folder.name, 0, reasons.FOLDER_REFUSED, words)
            return None
        exceptions.resolve(self.ledger, self.row.id, folder.name, [0], [reasons.FOLDER_REFUSED])
        row = items.add_folder(self.ledger, self.row.id, folder.name, name, state.uidvalidity)
        known[folder.name] = row
        return row

    def _open_target(self, row):
        if row.target_name not in (self.target and self._existing) and row.target_name.upper() != folder_map.INBOX:
            # Somebody removed it before the cut-over; the source is still the truth.
            self.target.create(row.target_name)
            self._existing.add(row.target_name)
        return self.target.open(row.target_name)

    def _settle(self, row, target_state) -> None:
        settle.intents(self.ledger, row, self.target, target_state)
        if row.target_uidvalidity != target_state.uidvalidity:
            settle.new_target_folder(self.ledger, row, self.target, target_state)

    def _flags(self, row, rows, changes, now: dict, target_state) -> None:
        """Only what changed at the source since the ledger last saw it: what users did at the target stays."""
        if not changes.flags:
            return
        at = {item.source_uid: item.target_uid for item in rows}
        groups: dict[tuple, list[int]] = {}
        for uid, change in changes.flags.items():
            if at[uid] is not None:
                groups.setdefault(change, []).append(uid)
        for (add, remove), uids in groups.items():
            add, dropped = flag_rules.allowed(add, target_state.permanent_flags)
            remove, _never_there = flag_rules.allowed(remove, target_state.permanent_flags)
            for uid in uids if dropped else ():
                exceptions.raise_exception(self.ledger, self.row.id, row.source_name, uid, reasons.FLAG_DROPPED, " ".join(dropped))
            self._store(row, uids, [at[uid] for uid in uids], add, remove)
            items.set_flags(self.ledger, row.id, {uid: now[uid] for uid in uids})
            self.counts.flags += len(uids)

    def _store(self, row, source_uids: list[int], target_uids: list[int], add, remove) -> None:
        try:
            self.target.store(target_uids, add, remove)
        except REFUSED as error:
            # As at the first copy: a folder may have no room for another keyword.
            keywords = tuple(flag for flag in add if not flag.startswith("\\"))
            if isinstance(error, LOST) or not keywords:
                raise
            self.target.store(target_uids, [flag for flag in add if flag not in keywords], remove)
            for uid in source_uids:
                exceptions.raise_exception(self.ledger, self.row.id, row.source_name, uid, reasons.FLAG_DROPPED, " ".join(keywords))

    def _delete_vanished(self) -> None:
        for row, state, uids in self._vanished.values():
            target_state = self._open_target(row)
            self._settle(row, target_state)
            at = {item.source_uid: item.target_uid for item in items.items(self.ledger, row.id)}
            self.target.delete([at[uid] for uid in uids if at.get(uid) is not None])
            items.forget(self.ledger, row.id, uids)
            exceptions.resolve(self.ledger, self.row.id, row.source_name, uids)
            self._in_step(row, state)
            self.counts.deleted += len(uids)

    def _gone_folders(self, known: dict, listed: set[str]) -> None:
        """Folders that the source no longer has: first their items, then the folder when it is empty."""
        if self.deletions != "mirror":
            return
        for name in sorted(known.keys() - listed, reverse=True):
            row = known[name]
            state = self._open_target(row)
            self._settle(row, state)
            ours = [item.target_uid for item in items.items(self.ledger, row.id) if item.target_uid is not None]
            # Should this be cut short and the folder come back, then what is left at the target is looked up by content.
            items.update_folder(self.ledger, row.id, target_uidvalidity=None, source_modseq=None)
            self.target.delete(ours)
            self.counts.deleted += len(ours)
            exceptions.resolve(self.ledger, self.row.id, name, states=("open", "approved"))
            if self.target.status(row.target_name).messages:
                exceptions.raise_exception(
                    self.ledger, self.row.id, name, 0, reasons.FOLDER_KEPT, imap_folders.decoded(row.target_name)
                )
                items.replace_items(self.ledger, row.id, [])
                continue
            # A folder that is open can't be removed on some servers.
            self.target.open("INBOX", readonly=True)
            if row.subscribed:
                self.target.subscribe(row.target_name, False)
            self.target.remove_folder(row.target_name)
            self._existing.discard(row.target_name)
            items.drop_folder(self.ledger, row.id)
            self.counts.folders += 1

    def _subscribe(self, row, folder) -> None:
        if bool(row.subscribed) == folder.subscribed:
            return
        self.target.subscribe(row.target_name, folder.subscribed)
        items.update_folder(self.ledger, row.id, subscribed=folder.subscribed)
        self.counts.folders += 1

    def _retry(self, row) -> bool:
        """Open exceptions of a folder are tried again by every pass."""
        return any(
            e.folder == row.source_name and e.state == "open" and e.reason in reasons.NOT_MOVED
            for e in exceptions.unresolved(self.ledger, self.row.id)
        )

    def _resolve_deleted(self, row, listed: dict) -> None:
        """What could not be moved and was deleted at the source since asks nothing of anybody any more."""
        deleted = {
            e.source_uid for e in exceptions.unresolved(self.ledger, self.row.id)
            if e.folder == row.source_name and e.state == "open" and e.reason in reasons.NOT_MOVED
        } - listed.keys()
        if deleted:
            exceptions.resolve(self.ledger, self.row.id, row.source_name, deleted, reasons.NOT_MOVED)

    def _approved(self, row) -> set[int]:
        """UIDs that the customer agreed to leave behind."""
        return {
            e.source_uid for e in exceptions.unresolved(self.ledger, self.row.id)
            if e.folder == row.source_name and e.state == "approved" and e.reason in reasons.NOT_MOVED
        }


def _unchanged(row, state) -> bool:
    """HIGHESTMODSEQ moves with every flag (RFC 7162); without it only a look at all flags can tell."""
    return (
        state.modseq is not None
        and row.source_modseq == state.modseq
        and row.source_uidvalidity == state.uidvalidity
        and row.source_uidnext == state.uidnext
        and row.source_messages == state.messages
    )
