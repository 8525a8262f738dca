# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""One pass over one mailbox: bring the target's mailbox to the state of the source's.

A first pass (copy) and a later one (sync) are the same work: what the ledger does not know is moved, what it knows and
the source no longer has is taken back, what changed its flags changes them. One round trip tells which folders rest; of the
others, first all changes are found, then new mail is sent, and deletions come last, so that a message that was moved
between folders is never at no place.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses

from .._errors import MigrationError, Stopped
from .._filter.registry import open_filter
from .._imap.session import LOST, REFUSED
from .._ledger import exceptions, items, objects
from .._ledger.known import load
from .._ledger.store import open_ledger_again
from .._model import flags as flag_rules
from .._model import reasons, throttle
from .._model.change_set import ChangeSet
from .._model.emptied import EMPTIED_MESSAGES, EMPTIED_SHARE
from .._model.grade import MAY_CUT_OVER
from .._model.site_filter import MESSAGE
from .._pace.pace import Pace
from .._source.registry import open_items_source, open_source
from .._target.registry import open_items_target
from . import settle
from .filtering import Filtering
from .folder_changes import changes
from .helpers import Helpers
from .item_pass import ItemPass
from .moves import Moves
from .target_folders import TargetFolders
from .transfer import Transfer
from .underway import Underway

# Messages of a large folder whose sizes are asked for at once.
PART = 5000


@dataclasses.dataclass
class _Folder:
    """A folder that does not rest: `listed` as the source lists it, `state` as it was opened, `row` as the ledger knows it."""

    listed: object
    row: object
    state: object = None
    found: ChangeSet | None = None
    # The source refuses to open it.
    shut: bool = False


class MailboxPass:
    """`row` is the mailbox's row in the ledger, `pulse` keeps the lease and tells when to stop (True); `settings` are those of
    mailbox_sync: deletions, on_foreign, on_emptied, order."""

    def __init__(self, ledger, row, server, target_server, mailbox, settings: dict, pulse, pace=None) -> None:
        self.ledger, self.row, self.mailbox = ledger, row, mailbox
        self.server, self.target_server, self.settings, self.pace = server, target_server, settings, pace
        self.pulse, self.counts = pulse, pulse.counts
        self.mirror = settings["deletions"] == "mirror"
        self.source = self.underway = None
        self.target = TargetFolders(ledger, row, target_server, mailbox, pulse)
        pool = open_filter(server, MESSAGE)
        self.filtering = Filtering(pool, ledger, row, self.target, pulse) if pool else None

    def run(self) -> int:
        """Returns how many messages the source holds."""
        try:
            self._know()
            if not self.known:
                self.target.open_ahead()
            self.source = open_source(self.server, self.mailbox, self.ledger, self.row.id)
            self._set_pace(self.pulse)
            messages = self._run()
            self._move_items()
            return messages
        finally:
            for side in (self.source, self.target):
                if side is not None:
                    side.close()

    def _move_items(self) -> None:
        """What is not mail, where the source has it and the target takes it."""
        if not (self.target_server.dav or self.target_server.files):
            return
        source = open_items_source(self.source, self.server, self.mailbox)
        try:
            if not source.item_folders():
                return
            target = open_items_target(self.target_server, self.mailbox)
            try:
                one = ItemPass(
                    self.ledger, self.row, source, target, self.settings, self.pulse, lambda kind: open_filter(self.server, kind),
                )
                done = one.run()
            finally:
                target.close()
        finally:
            if source is not self.source:
                source.close()
        self.counts.skipped += one.skipped
        self.counts.items += sum(counts[kind] for counts in done.values() for kind in ("moved", "changed", "deleted"))

    def _know(self) -> None:
        """What the ledger says: read for several mailboxes at once, or, in a further attempt, for this one."""
        known = self.pulse.known(self.row.id) or load(self.ledger, [self.row.id])[self.row.id]
        self.known, self.exceptions, self.with_intents = known.folders, known.exceptions, known.with_intents
        self.target.know(known.routes, known.folder_intents)

    def _set_pace(self, stop) -> None:
        self.source.newest_first = self.settings.get("order") == "newest"
        if self.pace is not None and self.pace.may_limit:
            self.source.paced(self.pace, stop, self.pulse.at_once)

    def _run(self) -> int:
        listed = [folder for folder in self.source.folders() if folder.selectable]
        listed = self._with_states(listed)
        self._tell_aside()
        # Neither gone nor renamed, whatever was copied of them before.
        aside = self.source.aside.names
        messages = sum(folder.state.messages for folder in listed)
        if not self.known:
            self._refuse_foreign()
        self.target.undo_renames()
        if self.mirror:
            known = {name: row for name, row in self.known.items() if name not in aside} if aside else self.known
            followed = self.target.follow_renames(known, listed, self.source)
            if followed is not known:
                self.known, self.exceptions = followed, exceptions.unresolved(self.ledger, self.row.id)
        restless = [folder for folder in listed if not self._rests(folder)]
        if restless and not self.known:
            # It is looked up while the target's folders are made.
            self.source.ask_ahead(restless[0])
        self.known = self.target.add(restless, self.known, self.source, self.exceptions)
        work = [_Folder(folder, self.known[folder.name]) for folder in restless if folder.name in self.known]
        for one in work:
            self._look(one)
        work = [one for one in work if not one.shut]
        present = {folder.name for folder in listed} | aside
        gone = [row for name, row in self.known.items() if name not in present]
        self._check_targets([one for one in work if one.found and len(one.found)])
        self._gather_moves(work, gone)
        self._bring_each(work)
        self.target.subscribe(listed, self.known)
        self._refuse_emptied(messages, work, gone)
        if self.mirror:
            for one in work:
                self._delete_vanished(one)
            for row in sorted(gone, key=lambda row: row.source_name, reverse=True):
                self.target.take_back(row, self.moves.followed.get(row.id, set()))
        self.target.remove_unfinished(self.known)
        others = objects.folders(self.ledger, self.row.id).keys() if self.exceptions else ()
        for name in {e.folder for e in self.exceptions} - present - self.known.keys() - set(others):
            # Never made at the target, and deleted at the source since.
            exceptions.resolve(self.ledger, self.row.id, name, states=("open", "approved"))
        return messages

    def _with_states(self, listed: list) -> list:
        unknown = [folder.name for folder in listed if folder.state is None]
        if not unknown:
            return listed
        told = dict(zip(unknown, self.source.states(unknown), strict=True))
        stated = [folder if folder.state else dataclasses.replace(folder, state=told[folder.name]) for folder in listed]
        return [folder for folder in stated if folder.state]

    def _tell_aside(self) -> None:
        """Folders of which no mail is copied: what is left out by rule was agreed to, what can't be read was not."""
        aside, told = self.source.aside, {(e.folder, e.reason) for e in self.exceptions}
        for one in aside.left_out:
            if (one.name, reasons.FOLDER_NOT_MAIL) not in told:
                detail = f"{one.holds}, {len(one.names)} folder{'' if len(one.names) == 1 else 's'}"
                exceptions.note_approved(self.ledger, self.row.id, one.name, reasons.FOLDER_NOT_MAIL, detail, "the settings of the source server")
        for name, reason in told:
            if reason == reasons.FOLDER_NOT_MAIL and name not in {one.name for one in aside.left_out}:
                exceptions.resolve(self.ledger, self.row.id, name, [0], [reason], ("open", "approved"))
        for name, words in aside.unreadable.items():
            exceptions.raise_exception(self.ledger, self.row.id, name, 0, reasons.FOLDER_UNREADABLE, words)

    def _opened(self, one: _Folder, opening):
        """What `opening()` tells of a folder. None when the source refuses to open it: that is told, and the others go on."""
        try:
            return opening()
        except REFUSED as error:
            if isinstance(error, LOST) or throttle.asked(error):
                raise
            exceptions.raise_exception(self.ledger, self.row.id, one.listed.name, 0, reasons.FOLDER_UNREADABLE, str(error))
            one.shut = True
            return None

    def _was_shut(self, name: str) -> bool:
        return any(e.folder == name and e.reason == reasons.FOLDER_UNREADABLE for e in self.exceptions)

    def _refuse_foreign(self) -> None:
        """Before the first message: a target mailbox with mail that we did not put there is somebody's."""
        held = self.target.messages() if self.settings["on_foreign"] == "refuse" else 0
        if held:
            raise MigrationError(
                f"The target mailbox {self.mailbox.target} holds {held} messages that this migration did not put there.",
                "They were kept and nothing was written.",
                "Choose another target, empty it yourself, or say on_foreign: keep to copy beside them.",
            )

    def _refuse_emptied(self, messages: int, work: list, gone: list) -> None:
        """Before the first deletion: a source that suddenly shows little is more likely broken than tidied up."""
        if not self.mirror or self.settings.get("on_emptied", "refuse") != "refuse":
            return
        # The ledger can't know more messages than are left and have gone.
        vanished = sum(len(one.found.vanished) for one in work if one.found)
        if not gone and vanished <= EMPTIED_MESSAGES:
            return
        before = items.count(self.ledger, self.row.id) - self.counts.messages - self.counts.moved
        left_out = sum(e.reason == reasons.LEFT_OUT for e in exceptions.unresolved(self.ledger, self.row.id))
        lost = before - (messages - left_out)
        if lost > EMPTIED_MESSAGES and lost > before * EMPTIED_SHARE:
            raise MigrationError(
                f"The source mailbox {self.server.name}/{self.mailbox.name} shows {messages} messages; {before} were moved before.",
                "What is new was moved; nothing was deleted at the target.",
                "Find out what happened at the source. If its user really removed them, run again with on_emptied: mirror.",
            )

    def _doubtful(self, row) -> bool:
        """The target is looked at even where the source rests: a batch is open, or the last verification found faults."""
        return row.id in self.with_intents or self.row.grade not in (None, *MAY_CUT_OVER)

    def _rests(self, folder) -> bool:
        row = self.known.get(folder.name)
        if row is None or self._doubtful(row) or self._unmoved(folder.name, ("open",)) or self._was_shut(folder.name):
            return False
        return _unchanged(row, folder.state)

    def _unmoved(self, name: str, states=("open", "approved")) -> set[int]:
        """UIDs of a folder that could not be moved so far."""
        return {e.source_uid for e in self.exceptions if e.folder == name and e.state in states and e.reason in reasons.NOT_MOVED}

    def _look(self, one: _Folder) -> None:
        """Find out what changed in a folder that the ledger has items of; all of any other is new."""
        row = one.row
        if self._doubtful(row) or row.target_uidvalidity is None:
            self.target.settle(row)
            one.row = row = self.known[row.source_name] = items.folders(self.ledger, self.row.id)[row.source_name]
        if row.source_uidvalidity == one.listed.state.uidvalidity and row.source_modseq is None and not items.count_in(self.ledger, row.id):
            return
        since = (row.source_uidvalidity, row.source_modseq) if row.source_modseq is not None else None
        opened = self._opened(one, lambda: self.source.open(row.source_name, since))
        if opened is None:
            return
        one.state, told = opened
        if row.source_uidvalidity != one.state.uidvalidity:
            # What could not be moved is tried again, and an approval was about another message's UID.
            exceptions.resolve(
                self.ledger, self.row.id, row.source_name, reasons=(*reasons.NOT_MOVED, reasons.REMOVED), states=("open", "approved"),
            )
            self.target.settle(row)
            self._set_pace(self.pulse.at_once)
            settle.new_source_folder(self.ledger, row, self.source, one.state, self.target.present(row), self.pulse)
            self._set_pace(self.pulse)
            self.exceptions = exceptions.unresolved(self.ledger, self.row.id)
            one.row = row = self.known[row.source_name] = items.folders(self.ledger, self.row.id)[row.source_name]
            told = None
        unmoved = self._unmoved(row.source_name)
        one.found = changes(self.ledger, row, self.source, one.state, told, unmoved)
        if one.found.gone:
            # Also an approval ends with its message.
            exceptions.resolve(self.ledger, self.row.id, row.source_name, one.found.gone, reasons.NOT_MOVED, ("open", "approved"))
        again = self._unmoved(row.source_name, ("open",))
        if again:
            one.found.new = sorted(set(one.found.new) | (self.source.still_listed(sorted(again))))
            deleted = again - set(one.found.new)
            if deleted:
                # What could not be moved and was deleted at the source since asks nothing of anybody any more.
                exceptions.resolve(self.ledger, self.row.id, row.source_name, deleted, reasons.NOT_MOVED)
        one.found.new = [uid for uid in one.found.new if uid not in unmoved - again]

    def _check_targets(self, work: list) -> None:
        """Before anything is written: are the target's folders those that the ledger speaks of?"""
        self.target.open_each([place for one in work for place in self.target.places(one.row)])
        for one in work:
            if all(self.target.state(place).uidvalidity == place.target_uidvalidity for place in self.target.places(one.row)):
                continue
            # The target lost some: they are new again.
            self.target.settle(one.row)
            one.row = self.known[one.row.source_name] = items.folders(self.ledger, self.row.id)[one.row.source_name]
            one.found = None
            self._look(one)

    def _gather_moves(self, work: list, gone: list) -> None:
        self.moves = Moves(self.ledger, self.row.id, self.target)
        # Without anything new there is nowhere to have moved to.
        if not any(one.found is None or one.found.new for one in work):
            return
        for one in work:
            if one.found and one.found.vanished:
                self.moves.gone(one.row, items.some(self.ledger, one.row.id, one.found.vanished).values())
        for row in gone:
            self.moves.gone(row, items.items(self.ledger, row.id))

    def _bring_each(self, work: list) -> None:
        """Folder after folder; workers that find no other mailbox take folders of this one."""
        helpers = Helpers(self._bring_alone, self.counts)
        queue = collections.deque(work)
        shared = not self.moves and all(one.found is None for one in work)
        try:
            while queue:
                while shared and len(queue) > 1 and self.pulse.spare() > len(helpers):
                    # The largest first; the next in line is asked for already.
                    one = max(list(queue)[1:], key=lambda one: one.listed.state.messages)
                    queue.remove(one)
                    helpers.start(one.listed.name, self.pulse.late)
                one = queue.popleft()
                self._bring(one, queue[0] if queue else None)
                helpers.poll()
            self._arrive()
        except BaseException as error:
            # They stop on their own account; what they did is kept.
            with contextlib.suppress(Exception):
                helpers.finish(self.pulse)
            if isinstance(error, Stopped):
                self._arrive()
            raise
        helpers.finish(self.pulse)

    def _bring_alone(self, name: str, pulse) -> None:
        """In a process of its own: one folder of a first pass, whose row the ledger has."""
        ledger = open_ledger_again(self.ledger)
        pulse.owner, pulse.pace = self.pulse.owner, Pace(ledger, self.server)
        alone = MailboxPass(ledger, self.row, self.server, self.target_server, self.mailbox, self.settings, pulse, pulse.pace)
        try:
            alone.one_folder(name)
        finally:
            ledger.close()

    def one_folder(self, name: str) -> None:
        try:
            self.target.open_ahead()
            self.source = open_source(self.server, self.mailbox, self.ledger, self.row.id)
            self._set_pace(self.pulse)
            self._know()
            listed = self._with_states([folder for folder in self.source.folders() if folder.name == name])
            for folder in listed:
                one = _Folder(folder, self.known[name])
                self._look(one)
                self._gather_moves([one], [])
                self._bring(one, None)
        finally:
            for side in (self.source, self.target):
                if side is not None:
                    side.close()

    def _bring(self, one: _Folder, following: _Folder | None) -> None:
        """New mail and flags of a folder."""
        row, sizes = one.row, None
        if one.found is None:
            opened = None if one.shut else self._opened(one, lambda: self.source.open_whole(one.listed))
            if opened is None:
                return
            one.state, sizes = opened
            if one.state.uidvalidity != row.source_uidvalidity:
                items.update_folder(self.ledger, row.id, source_uidvalidity=one.state.uidvalidity)
            skip = self._unmoved(row.source_name, ("approved",))
            listed = sizes if sizes is not None else self.source.uids()
            one.found = ChangeSet(new=[uid for uid in listed if uid not in skip])
            gone = self._unmoved(row.source_name) - set(listed)
            if gone:
                # Also an approval ends with its message.
                exceptions.resolve(self.ledger, self.row.id, row.source_name, gone, reasons.NOT_MOVED, ("open", "approved"))
        elif one.found.new:
            # Others may have been opened since; what came meanwhile is the next pass's.
            self.source.opened(row.source_name)
        if self._was_shut(row.source_name):
            exceptions.resolve(self.ledger, self.row.id, row.source_name, [0], [reasons.FOLDER_UNREADABLE], ("open", "approved"))
        if one.found.new and self._send(one, sizes, following):
            # The next folder goes on; this one is in step as soon as its last message has arrived.
            return
        if one.found.flags:
            self._flags(row, one.found.flags)
        if self.pulse():
            raise Stopped
        if not one.found.vanished:
            self._in_step(one)

    def _arrive(self) -> None:
        """Wait for what is on its way."""
        if self.underway:
            with self.underway.kept():
                self.underway.drain()

    def _send(self, one: _Folder, sizes: dict[int, int] | None, following: _Folder | None) -> bool:
        """Whether its end is left to be awaited while the next folder goes on."""
        if not self.target.seen(one.row):
            self._arrive()
        state = self.target.state(one.row)
        self.underway = self.underway or Underway(self.target.imap)
        transfer = Transfer(
            self.ledger, self.row.id, one.row, self.source, self.underway, state, self.counts, self.pulse,
            self._unmoved(one.row.source_name, ("open",)), self.moves or None, self.filtering,
        )
        new = one.found.new[::-1] if self.source.newest_first else one.found.new
        told = self.source.came_from(new) if self.moves else {}
        new = self.moves.told(one.row, told, self.source, new)
        # One round also where nothing is left to read: what moved is followed in it.
        for low in range(0, max(len(new), 1), PART):
            part = new[low:low + PART]
            last = low + PART >= len(new) and following is not None and following.found is None
            transfer.send(
                {uid: sizes[uid] for uid in part} if sizes is not None else self.source.sizes(part),
                (lambda: self.source.ask_ahead(following.listed)) if last else None,
            )
            one.found.flags |= self.moves.flags
        one.found.vanished = [uid for uid in one.found.vanished if uid not in self.moves.renumbered.get(one.row.id, ())]
        if following is None or following.found is not None or one.found.flags or one.found.vanished:
            transfer.complete()
            return False
        transfer.leave(lambda: self._in_step(one))
        return True

    def _flags(self, row, changed: dict[int, tuple]) -> None:
        """Only what changed at the source since the ledger last saw it: what users did at the target stays."""
        groups: dict[tuple, list[int]] = {}
        for uid, change in changed.items():
            groups.setdefault(change, []).append(uid)
        # Mail of folders before this one may still be on its way.
        self._arrive()
        places = self.target.places(row)
        for (add, remove), uids in groups.items():
            rows = items.some(self.ledger, row.id, uids)
            for place in places:
                self._flags_at(place, {uid: item for uid, item in rows.items() if item.target_uid is not None and item.route == place.route}, add, remove)

    def _flags_at(self, place, rows: dict, add, remove) -> None:
        """`rows`: items at a place by UID."""
        if not rows:
            return
        state = self.target.opened(place)
        at = {uid: item.target_uid for uid, item in rows.items()}
        stored, dropped = flag_rules.allowed(add, state.permanent_flags)
        removed, _never_there = flag_rules.allowed(remove, state.permanent_flags)
        for uid in at if dropped else ():
            exceptions.raise_exception(self.ledger, self.row.id, place.source_name, uid, reasons.FLAG_DROPPED, flag_rules.shown(dropped))
        self._store(place, at, stored, removed)
        items.set_flags(self.ledger, place.id, {uid: flag_rules.applied(flag_rules.parted(rows[uid].flags), add, remove) for uid in at})
        self.counts.flags += len(at)

    def _store(self, row, at: dict[int, int], add, remove) -> None:
        try:
            self.target.imap.store(list(at.values()), add, remove)
        except REFUSED as error:
            # As at the first copy: a folder may have no room for another keyword.
            keywords = tuple(flag for flag in add if not flag.startswith("\\"))
            if isinstance(error, LOST) or not keywords:
                raise
            self.target.imap.store(list(at.values()), [flag for flag in add if flag not in keywords], remove)
            for uid in at:
                exceptions.raise_exception(self.ledger, self.row.id, row.source_name, uid, reasons.FLAG_DROPPED, flag_rules.shown(keywords))

    def _delete_vanished(self, one: _Folder) -> None:
        if not one.found or not one.found.vanished:
            return
        row, uids = one.row, one.found.vanished
        gone = items.some(self.ledger, row.id, uids).values()
        for place in self.target.places(row):
            at = [item.target_uid for item in gone if item.target_uid is not None and item.route == place.route]
            if at:
                self.target.opened(place)
                self.target.imap.delete(at)
        if any(e.folder == row.source_name for e in self.exceptions):
            exceptions.resolve(self.ledger, self.row.id, row.source_name, uids)
        self._in_step(one, uids)
        self.counts.deleted += len(set(uids) - self.moves.followed.get(row.id, set()))

    def _in_step(self, one: _Folder, vanished=()) -> None:
        """Not before everything is done, or it would stay undone."""
        items.in_step(self.ledger, one.row.id, one.state, vanished)


def _unchanged(row, state) -> bool:
    """HIGHESTMODSEQ moves with every flag (RFC 7162); without it only a look at all flags can tell."""
    return (
        state.modseq is not None
        and row.source_modseq == state.modseq
        and row.source_uidvalidity == state.uidvalidity
        and row.source_uidnext == state.uidnext
        and row.source_messages == state.messages
    )
