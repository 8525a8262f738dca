# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes in memory that behave as those behind _source/imap.py and _target/imap.py, and break when told to.

Every step on either side burns the fuse: when it is at its end, the step does not happen and the process is as good as dead.
"""

from __future__ import annotations

import dataclasses
import itertools

from ansible_collections.messaging.migration.plugins.module_utils._imap import folders
from ansible_collections.messaging.migration.plugins.module_utils._imap.append import Outcome
from ansible_collections.messaging.migration.plugins.module_utils._imap.fetch import Batch
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._job.transfer import Counts
from ansible_collections.messaging.migration.plugins.module_utils._model.folder_names import decoded
from ansible_collections.messaging.migration.plugins.module_utils._model.flags import normal
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Aside
from ansible_collections.messaging.migration.plugins.module_utils._model.line_ends import as_sent
from ansible_collections.messaging.migration.plugins.module_utils._model.message import Message
from ansible_collections.messaging.migration.plugins.module_utils._model.uids import batches
from ansible_collections.messaging.migration.plugins.module_utils._target.imap import Stored

DATE = "02-Jan-2019 03:04:05 +0100"
SYSTEM_FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "\\*")


class Crash(BaseException):
    """The process was killed: nothing may catch this."""


class Fuse:
    """`steps` more steps are done; None never ends. What happens at the end is `last`."""

    def __init__(self) -> None:
        self.steps: int | None = None
        self.last = self.crash

    @staticmethod
    def crash() -> None:
        raise Crash

    def burn(self) -> None:
        if self.steps is not None:
            if self.steps == 0:
                self.last()
            self.steps -= 1


class Box:
    """A folder of a store."""

    def __init__(self, uidvalidity: int) -> None:
        self.uidvalidity, self.uidnext, self.modseq = uidvalidity, 1, 1
        self.subscribed = False
        self.messages: dict[int, Message] = {}
        # UID -> mod-sequence of its last change, of what is there and of what is gone.
        self.changed: dict[int, int] = {}
        self.expunged: dict[int, int] = {}

    def add(self, body: bytes, flags=(), date: str = DATE) -> int:
        uid = self.uidnext
        self.messages[uid] = Message.of(uid, body, normal(flags), date)
        self.uidnext += 1
        self._touched(uid)
        return uid

    def flag(self, uid: int, add=(), remove=()) -> None:
        if uid in self.messages:
            message, lost = self.messages[uid], {name.lower() for name in remove}
            kept = [name for name in message.flags if name.lower() not in lost]
            self.messages[uid] = dataclasses.replace(message, flags=normal([*kept, *add]))
            self._touched(uid)

    def remove(self, uid: int) -> None:
        if self.messages.pop(uid, None):
            self._touched(uid)
            self.expunged[uid] = self.changed.pop(uid)

    def _touched(self, uid: int) -> None:
        self.modseq += 1
        self.changed[uid] = self.modseq

    def renumber(self, uidvalidity: int) -> None:
        """What a restored server does: same mail, other numbers."""
        kept = list(self.messages.values())
        self.uidvalidity, self.uidnext, self.messages, self.changed, self.expunged = uidvalidity, 1, {}, {}, {}
        for message in kept:
            self.add(message.body, message.flags, message.internal_date)
        self.modseq = 1

    def state(self, condstore: bool, permanent_flags=()) -> folders.State:
        return folders.State(self.uidvalidity, self.uidnext, len(self.messages), self.modseq if condstore else None, permanent_flags)

    def mail(self) -> list[tuple]:
        """Everything in it, in an order that does not depend on numbers."""
        return sorted((message.body, message.flags, message.internal_date) for message in self.messages.values())


class Store:
    """A mailbox on one of the two servers. `told`: LIST tells states at once; `resync`: QRESYNC."""

    def __init__(self, prefix: str = "", separator: str | None = "/", condstore: bool = True, told: bool = False, resync: bool = False) -> None:
        self.prefix, self.separator, self.condstore, self.told, self.resync = prefix, separator, condstore, told, resync
        self._uidvalidity = itertools.count(1000)
        self.boxes: dict[str, Box] = {}
        self.create("INBOX")
        self.commands: list[tuple] = []

    def new_uidvalidity(self) -> int:
        return next(self._uidvalidity)

    def create(self, name: str) -> Box:
        self.boxes[name] = Box(self.new_uidvalidity())
        return self.boxes[name]

    def rename(self, name: str, to: str) -> None:
        """With all that is below it."""
        below = name + (self.separator or "\0")
        for old in [name, *(other for other in self.boxes if other.startswith(below))]:
            self.boxes[to + old[len(name):]] = self.boxes.pop(old)

    def move(self, uid: int, name: str, to: str) -> int:
        """A message goes to another folder, or to a new UID in the same one."""
        message = self.boxes[name].messages[uid]
        at = self.boxes[to].add(message.body, message.flags, message.internal_date)
        self.boxes[name].remove(uid)
        return at


class _Side:
    """One login to a store."""

    def __init__(self, store: Store, fuse: Fuse | None = None) -> None:
        self.held, self.fuse = store, fuse or Fuse()
        self.prefix, self.separator = store.prefix, store.separator
        self.box: Box | None = None
        self.permanent_flags: tuple[str, ...] = ()

    def folders(self) -> list[folders.Folder]:
        self.fuse.burn()
        return [
            folders.Folder(
                name, decoded(name), self.separator, box.subscribed, True, box.state(self.held.condstore) if self.held.told else None
            )
            for name, box in sorted(self.held.boxes.items(), key=lambda pair: (pair[0] != "INBOX", pair[0]))
        ]

    def states(self, names: list[str]) -> list[folders.State]:
        self.fuse.burn()
        return [self._box(name).state(self.held.condstore) for name in names]

    def _opened(self, name: str) -> folders.State:
        self.fuse.burn()
        self.box = self._box(name)
        return self.box.state(self.held.condstore, self.permanent_flags)

    def _box(self, name: str) -> Box:
        if name not in self.held.boxes:
            raise REFUSED(f"no such folder {name}")
        return self.held.boxes[name]

    def uids(self):
        self.fuse.burn()
        return sorted(self.box.messages)

    def flags_and_dates(self, uids=None):
        return {uid: (message.flags, message.internal_date) for uid, message in self.box.messages.items() if uids is None or uid in uids}

    def close(self) -> None:
        self.box = None


class FakeSource(_Side):
    """`withheld`: UIDs that a FETCH of several leaves out; `broken`: UIDs that are never given; `empty`: UIDs with NIL for content."""

    newest_first = False
    keeps_ids = False

    def __init__(self, store: Store, fuse: Fuse | None = None) -> None:
        super().__init__(store, fuse)
        self.withheld: set[int] = set()
        self.broken: set[int] = set()
        self.empty: set[int] = set()
        self.refusal: str | None = None
        self.batch_size = 3
        self.read: list[int] = []
        self.aside = Aside()

    @property
    def tells_changes(self) -> bool:
        return self.held.condstore

    def open(self, name: str, since=None):
        state = self._opened(name)
        if not since or not self.held.resync or since[0] != state.uidvalidity:
            return state, None
        flags = {uid: self.box.messages[uid].flags for uid, at in self.box.changed.items() if at > since[1]}
        return state, folders.Since(flags, [(uid, uid) for uid, at in self.box.expunged.items() if at > since[1]])

    def opened(self, name: str) -> None:
        if self.box is not self.held.boxes.get(name):
            self._opened(name)

    def open_whole(self, folder):
        state = self._opened(folder.name)
        return state, {uid: len(message.body) for uid, message in self.box.messages.items()}

    def ask_ahead(self, folder) -> None:
        self.fuse.burn()

    def sizes(self, uids):
        self.fuse.burn()
        return {uid: len(self.box.messages[uid].body) for uid in uids if uid in self.box.messages}

    def flags(self, uids):
        self.fuse.burn()
        return {uid: self.box.messages[uid].flags for uid in uids if uid in self.box.messages}

    def flags_since(self, modseq: int):
        self.fuse.burn()
        return {uid: self.box.messages[uid].flags for uid, at in self.box.changed.items() if at > modseq}

    def came_from(self, uids):
        return {}

    def item_folders(self):
        return []

    def still_listed(self, uids):
        self.fuse.burn()
        return set(uids) & self.box.messages.keys()

    def messages(self, sizes, when_all_asked=None):
        for uids in batches(sizes, most_messages=self.batch_size, newest_first=self.newest_first):
            self.fuse.burn()
            missing = self.broken | (self.withheld if len(uids) > 1 else set())
            given = [uid for uid in uids if uid in self.box.messages and uid not in missing]
            self.read += given
            yield Batch(
                uids,
                [self.box.messages[uid] for uid in given if uid not in self.empty],
                [uid for uid in given if uid in self.empty],
                self.refusal if missing & set(uids) else None,
            )


class FakeTarget(_Side):
    """`tells`: UIDPLUS; `whole`: MULTIAPPEND; `refuses`: message -> words or None; `alters`: bytes -> bytes; `counts`: without
    UIDPLUS, whether its UIDNEXT can be relied on."""

    depth = 2

    def __init__(self, store: Store, fuse: Fuse | None = None) -> None:
        super().__init__(store, fuse)
        self.permanent_flags = SYSTEM_FLAGS
        self.largest_message: int | None = None
        self.tells, self.whole, self.counts, self.copies = True, False, False, True
        self.refuses = lambda message: None
        self.refuses_name = lambda name: None
        self.alters = lambda body: body
        self.received: list[bytes] = []
        self._underway: list[Outcome] = []

    def open(self, name: str, readonly: bool = False) -> folders.State:
        self._between()
        return self._opened(name)

    def _between(self) -> None:
        assert not self._underway, "a command to the target while messages are on their way"

    def open_each(self, names, readonly: bool = False):
        self._between()
        return [self._opened(name) for name in names]

    def opened(self, name: str) -> folders.State | None:
        if self.box is self.held.boxes.get(name):
            return None
        self._between()
        return self._opened(name)

    def create(self, names) -> dict[str, str]:
        self._between()
        refused = {}
        for name in names:
            self.fuse.burn()
            words = self.refuses_name(name) or (f"{name} exists" if name in self.held.boxes else None)
            if words:
                refused[name] = words
            else:
                self.held.create(name)
        return refused

    def subscribe(self, names, wanted: bool) -> None:
        self._between()
        for name in names:
            self.fuse.burn()
            if wanted or name in self.held.boxes:
                self._box(name).subscribed = wanted

    def remove_folder(self, name: str) -> None:
        self._between()
        self.fuse.burn()
        if self._box(name) is self.box:
            raise REFUSED(f"{name} is open")
        if self._box(name).messages:
            raise AssertionError(f"{name} holds mail and was to be removed")
        if self._box(name).subscribed:
            raise AssertionError(f"{name} was to be removed, and its subscription to stay (RFC 3501, 6.3.6)")
        del self.held.boxes[name]

    def rename(self, name: str, to: str) -> None:
        self._between()
        self.fuse.burn()
        self._box(name)
        self._opened("INBOX")
        words = self.refuses_name(to)
        if words:
            raise REFUSED(words)
        self.held.rename(name, to)

    def begin(self, name: str, messages, flags) -> None:
        self.fuse.burn()
        self._underway.append(self._append(name, messages, flags))

    def _append(self, name: str, messages, flags) -> Outcome:
        box, outcome = self._box(name), Outcome()
        for message in messages:
            if not self.whole:
                self.fuse.burn()
            words = self.refuses(message)
            if words:
                outcome.refused[message.uid] = words
                continue
            uid = box.add(self.alters(message.body), flags[message.uid], message.internal_date)
            self.received.append(message.body)
            if self.tells:
                outcome.uids[message.uid] = uid
                outcome.uidvalidity = box.uidvalidity
            else:
                outcome.untold.append(message.uid)
                outcome.uidnext = box.uidnext if self.counts else None
        return outcome

    def finish(self) -> Outcome:
        self.fuse.burn()
        return self._underway.pop(0)

    def send_alone(self, name: str, message, flags) -> Outcome:
        return self._append(name, [message], {message.uid: flags})

    def copy(self, uids, to: str):
        self._between()
        self.fuse.burn()
        if not self.copies:
            raise REFUSED("no copies here")
        pairs = {}
        for uid in uids:
            message = self.box.messages.get(uid)
            if message:
                pairs[uid] = self._box(to).add(message.body, message.flags, message.internal_date)
        return (pairs, True) if self.tells else ({}, False)

    def contents(self, from_uid: int = 1, uids=None):
        self._between()
        self.fuse.burn()
        return {
            uid: Stored(message.sha256, message.flags, message.internal_date, len(message.body))
            for uid, message in self.box.messages.items() if uid >= from_uid and (uids is None or uid in uids)
        }

    def other_line_ends(self, uids):
        self._between()
        self.fuse.burn()
        return {uid: as_sent(self.box.messages[uid].body) for uid in uids}

    def store(self, uids, add, remove) -> None:
        self._between()
        for uid in uids:
            self.fuse.burn()
            self.box.flag(uid, add, remove)

    def delete(self, uids) -> None:
        self._between()
        for uid in uids:
            self.fuse.burn()
            self.box.remove(uid)


class Pulse:
    """Says stop once it was asked `stop_after` times, and from then on. Without a lease, so nobody can take it over."""

    owner = None

    def __init__(self, stop_after: int | None = None) -> None:
        self.left, self.counts, self.pace = stop_after, Counts(), None

    def spare(self) -> int:
        return 0

    def known(self, mailbox_id: int):
        return None

    def throttled(self, error) -> bool:
        return "throttled" in str(error)

    def at_once(self) -> bool:
        return self()

    def __call__(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0
