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
from ansible_collections.messaging.migration.plugins.module_utils._model.flags import normal
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

    def add(self, body: bytes, flags=(), date: str = DATE) -> int:
        uid = self.uidnext
        self.messages[uid] = Message.of(uid, body, normal(flags), date)
        self.uidnext += 1
        self.modseq += 1
        return uid

    def flag(self, uid: int, add=(), remove=()) -> None:
        if uid in self.messages:
            message, lost = self.messages[uid], {name.lower() for name in remove}
            kept = [name for name in message.flags if name.lower() not in lost]
            self.messages[uid] = dataclasses.replace(message, flags=normal([*kept, *add]))
            self.modseq += 1

    def remove(self, uid: int) -> None:
        if self.messages.pop(uid, None):
            self.modseq += 1

    def renumber(self, uidvalidity: int) -> None:
        """What a restored server does: same mail, other numbers."""
        kept = list(self.messages.values())
        self.uidvalidity, self.uidnext, self.messages = uidvalidity, 1, {}
        for message in kept:
            self.add(message.body, message.flags, message.internal_date)
        self.modseq = 1

    def state(self, condstore: bool, permanent_flags=()) -> folders.State:
        return folders.State(self.uidvalidity, self.uidnext, len(self.messages), self.modseq if condstore else None, permanent_flags)

    def mail(self) -> list[tuple]:
        """Everything in it, in an order that does not depend on numbers."""
        return sorted((message.body, message.flags, message.internal_date) for message in self.messages.values())


class Store:
    """A mailbox on one of the two servers."""

    def __init__(self, prefix: str = "", separator: str | None = "/", condstore: bool = True) -> None:
        self.prefix, self.separator, self.condstore = prefix, separator, condstore
        self._uidvalidity = itertools.count(1000)
        self.boxes: dict[str, Box] = {}
        self.create("INBOX")
        self.commands: list[tuple] = []

    def new_uidvalidity(self) -> int:
        return next(self._uidvalidity)

    def create(self, name: str) -> Box:
        self.boxes[name] = Box(self.new_uidvalidity())
        return self.boxes[name]


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
            folders.Folder(name, folders.decoded(name), self.separator, box.subscribed, True)
            for name, box in sorted(self.held.boxes.items(), key=lambda pair: (pair[0] != "INBOX", pair[0]))
        ]

    def status(self, name: str) -> folders.State:
        self.fuse.burn()
        return self._box(name).state(self.held.condstore)

    def open(self, name: str, readonly: bool = False) -> folders.State:
        self.fuse.burn()
        self.box = self._box(name)
        return self.box.state(self.held.condstore, self.permanent_flags)

    def _box(self, name: str) -> Box:
        if name not in self.held.boxes:
            raise REFUSED(f"no such folder {name}")
        return self.held.boxes[name]

    def flags_and_dates(self, state=None):
        return {uid: (message.flags, message.internal_date) for uid, message in self.box.messages.items()}

    def close(self) -> None:
        self.box = None


class FakeSource(_Side):
    """`withheld`: UIDs that a FETCH of several leaves out; `broken`: UIDs that are never given; `empty`: UIDs with NIL for content."""

    def __init__(self, store: Store, fuse: Fuse | None = None) -> None:
        super().__init__(store, fuse)
        self.withheld: set[int] = set()
        self.broken: set[int] = set()
        self.empty: set[int] = set()
        self.refusal: str | None = None
        self.batch_size = 3

    def listing(self, state):
        self.fuse.burn()
        found = self.box.messages
        return {uid: message.flags for uid, message in found.items()}, {uid: len(message.body) for uid, message in found.items()}

    def still_listed(self, uids):
        self.fuse.burn()
        return set(uids) & self.box.messages.keys()

    def messages(self, sizes):
        for uids in batches(sizes, most_messages=self.batch_size):
            self.fuse.burn()
            missing = self.broken | (self.withheld if len(uids) > 1 else set())
            given = [uid for uid in uids if uid in self.box.messages and uid not in missing]
            yield Batch(
                uids,
                [self.box.messages[uid] for uid in given if uid not in self.empty],
                [uid for uid in given if uid in self.empty],
                self.refusal if missing & set(uids) else None,
            )


class FakeTarget(_Side):
    """`tells`: UIDPLUS; `whole`: MULTIAPPEND; `refuses`: message -> words or None; `alters`: bytes -> bytes."""

    def __init__(self, store: Store, fuse: Fuse | None = None) -> None:
        super().__init__(store, fuse)
        self.permanent_flags = SYSTEM_FLAGS
        self.largest_message: int | None = None
        self.tells, self.whole = True, False
        self.refuses = lambda message: None
        self.alters = lambda body: body

    def create(self, name: str) -> None:
        self.fuse.burn()
        if name in self.held.boxes:
            raise REFUSED(f"{name} exists")
        self.held.create(name)

    def subscribe(self, name: str, wanted: bool) -> None:
        self.fuse.burn()
        self._box(name).subscribed = wanted

    def remove_folder(self, name: str) -> None:
        self.fuse.burn()
        if self._box(name) is self.box:
            raise REFUSED(f"{name} is open")
        if self._box(name).messages:
            raise AssertionError(f"{name} holds mail and was to be removed")
        del self.held.boxes[name]

    def begin(self, name: str, messages, flags) -> None:
        self.fuse.burn()
        box, self.outcome = self._box(name), Outcome()
        for message in messages:
            if not self.whole:
                self.fuse.burn()
            words = self.refuses(message)
            if words:
                self.outcome.refused[message.uid] = words
                continue
            uid = box.add(self.alters(message.body), flags[message.uid], message.internal_date)
            if self.tells:
                self.outcome.uids[message.uid] = uid
                self.outcome.uidvalidity = box.uidvalidity
            else:
                self.outcome.untold.append(message.uid)

    def finish(self) -> Outcome:
        self.fuse.burn()
        return self.outcome

    def contents(self, from_uid: int = 1, uids=None):
        self.fuse.burn()
        return {
            uid: Stored(message.sha256, message.flags, message.internal_date, len(message.body))
            for uid, message in self.box.messages.items() if uid >= from_uid and (uids is None or uid in uids)
        }

    def store(self, uids, add, remove) -> None:
        for uid in uids:
            self.fuse.burn()
            self.box.flag(uid, add, remove)

    def delete(self, uids) -> None:
        for uid in uids:
            self.fuse.burn()
            self.box.remove(uid)


class Pulse:
    """Says stop once it was asked `stop_after` times, and from then on."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.left, self.counts = stop_after, Counts()

    def __call__(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0
