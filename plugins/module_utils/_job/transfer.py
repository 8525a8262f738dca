# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Sending messages of one folder so that none is lost and none doubled, whatever breaks.

For each batch: commit the intent, send, commit where the target put it. What a crash leaves open is settled by the next
pass (settle.py). While the target stores one batch, the source already gives the next.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

from .._errors import MigrationError, Stopped
from .._ledger import exceptions
from .._ledger.items import Journal
from .._model import flags as flag_rules
from .._model import reasons
from . import settle
from .underway import Batch, LeaseLost

# So many refusals in a row with the same words are the target's trouble, not the messages'.
SYSTEMIC = 20
# When what was read is sent: no later than this many messages, bytes or seconds.
ENOUGH_MESSAGES, ENOUGH_BYTES, ENOUGH_SECONDS = 100, 1_000_000, 1.0
# Answers of the target that concern the whole mailbox: how they begin (RFC 9051, 7.1; RFC 9208, 4.4.1), and what Cyrus and Courier say of a
# quota. GNU Mailutils has TRYCREATE behind other words, of a single message that it can't read.
MAILBOX_TROUBLE = ("[overquota]", "[trycreate]", "[unavailable]", "[inuse]", "[noperm]", "[serverbug]")
NO_SPACE = ("over quota", "exceeded your mail quota")


@dataclasses.dataclass
class Counts:
    """What a pass did to a mailbox."""

    messages: int = 0
    bytes: int = 0
    flags: int = 0
    deleted: int = 0
    folders: int = 0
    moved: int = 0
    # What is not mail: moved, changed, deleted.
    items: int = 0
    # Left out by the site's filter.
    skipped: int = 0

    def clear(self) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, 0)

    def any(self) -> bool:
        return any(dataclasses.astuple(self))

    def add(self, other: Counts) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class Transfer:
    """One folder's way from source to target. `state` is the target's folder as it was before; `moved` knows messages that
    left another place of this mailbox (moves.py), or is None when there are none; `filtering` is the site's filter (filtering.py), or None.
    After `send`, `complete` or `leave`."""

    def __init__(
        self, ledger, mailbox_id: int, folder, source, underway, state, counts: Counts, pulse, open_before, moved=None, filtering=None,
    ) -> None:
        self.ledger, self.mailbox_id, self.folder = ledger, mailbox_id, folder
        self.source, self.target, self.underway, self.state = source, underway.target, underway, state
        self.counts, self.pulse, self.moved, self.filtering = counts, pulse, moved, filtering
        self.journal = Journal(ledger, folder, state.uidvalidity, state.uidnext, pulse.owner)
        self.limit = self.target.largest_message
        # Messages that an earlier pass could not move.
        self.open_before = open_before
        # What is to be done once all has arrived and is written down.
        self.left: t.Callable[[], None] | None = None
        self._gathered: list = []
        self._weight, self._began_at = 0, time.monotonic()
        self._refusals: list[str] = []
        self._dropped: dict[int, tuple[str, ...]] = {}
        self._rebuilt: dict[int, str] = {}

    def send(self, sizes: dict[int, int], when_all_asked=None) -> None:
        """`sizes`: UID -> bytes (estimates do) of the messages to move. Stopped when `pulse` says so, with all that arrived
        written down."""
        with self.underway.kept():
            try:
                self._send(sizes, when_all_asked)
            except (Stopped, LeaseLost):
                self._gathered = []
                if self.filtering:
                    self.filtering.forget()
                # What is on its way arrives all the same: its outcome belongs into the ledger, or must be taken back.
                self.drain()
                raise

    def complete(self) -> None:
        """Wait until all has arrived."""
        with self.underway.kept():
            self.drain()

    def leave(self, then: t.Callable[[], None]) -> None:
        """Nothing more comes of this folder: `then` is called once all has arrived, while the next folder is already sent."""
        self.left = then
        with self.underway.kept():
            self.underway.through(self)

    def send_afresh(self, sizes: dict[int, int]) -> None:
        """What could not be moved at the target after all."""
        self.moved = None
        self._send(sizes, None)

    def _send(self, sizes: dict[int, int], when_all_asked) -> None:
        held_back: dict[int, int] = {}
        for batch in self.source.messages(sizes, when_all_asked):
            if batch.refusal and self.pulse.throttled(batch.refusal):
                # Nothing is wrong with these messages: they are asked for again when the server has had its rest.
                raise Stopped
            held_back |= {uid: sizes[uid] for uid in batch.absent}
            self._without_content(batch)
            self._rebuilt |= batch.rebuilt
            new = self.moved.unknown(self.folder, batch.messages) if self.moved else batch.messages
            self._gather(self._passed(new))
            if self.pulse():
                raise Stopped
        self._begin_gathered()
        if held_back:
            self._one_by_one(held_back)
        if self.filtering:
            self.filtering.send_routed(self)
        if self.moved:
            self.drain()
            self.moved.follow(self)

    def _gather(self, messages: list) -> None:
        """A source that is read gently gives few messages at a time; they are written down and sent together all the same."""
        if not messages:
            return
        self._gathered += messages
        self._weight += sum(len(message.body) for message in messages)
        if len(self._gathered) >= ENOUGH_MESSAGES or self._weight >= ENOUGH_BYTES or time.monotonic() - self._began_at > ENOUGH_SECONDS:
            self._begin_gathered()

    def _begin_gathered(self) -> None:
        messages, self._gathered, self._weight = self._gathered, [], 0
        self._began_at = time.monotonic()
        if messages:
            self.underway.make_room()
            self._begin(messages)

    def drain(self) -> None:
        self.underway.drain()
        self.journal.flush()

    def _one_by_one(self, sizes: dict[int, int]) -> None:
        """Messages that a batch did not give, each alone, so that one bad message holds back no other.

        What the source still lists and does not give even so is an exception; only what it no longer lists is gone.
        """
        self.drain()
        listed = self.source.still_listed(sorted(sizes))
        for uid in sorted(listed):
            for batch in self.source.messages({uid: sizes[uid]}):
                self._rebuilt |= batch.rebuilt
                good = self._passed(batch.messages)
                if good:
                    self._begin(good)
                    self.drain()
                elif uid in batch.absent and self.source.still_listed([uid]):
                    self.exception(uid, reasons.NO_CONTENT, batch.refusal or "the server answered OK without the message")
                self._without_content(batch)
            if self.pulse():
                raise Stopped

    def _without_content(self, batch) -> None:
        for uid in batch.empty:
            self.exception(uid, reasons.NO_CONTENT, batch.why.get(uid, "the server answered NIL for its content"))

    def beside(self, place, state) -> Transfer:
        """For messages of this folder that go to another place."""
        other = Transfer(self.ledger, self.mailbox_id, place, self.source, self.underway, state, self.counts, self.pulse, self.open_before)
        other._rebuilt = self._rebuilt
        return other

    def send_now(self, messages: list) -> None:
        """Messages that are there already; returns when they have arrived."""
        good = self._screened(messages)
        if good:
            self._begin(good)
            self.drain()

    def _passed(self, messages) -> list:
        return self._screened(self.filtering.passed(self, messages) if self.filtering and messages else messages)

    def _screened(self, messages) -> list:
        """Messages that the target can take by its own word."""
        limit = self.limit
        if limit is None:
            return messages
        good = []
        for message in messages:
            if len(message.body) > limit:
                self.exception(
                    message.uid, reasons.TOO_LARGE, f"{len(message.body)} bytes, the target accepts {limit}", message.sha256
                )
            else:
                good.append(message)
        return good

    def _begin(self, messages) -> None:
        intent = self.journal.intend(messages)
        flags, permanent = {}, self.state.permanent_flags
        for message in messages:
            flags[message.uid], dropped = flag_rules.allowed(message.flags, permanent)
            if dropped:
                self._dropped[message.uid] = dropped
        self.underway.add(Batch(self, intent, messages, flags))
        self.target.begin(self.folder.target_name, messages, flags)

    def _without_keywords(self, outcome, by_uid: dict, flags: dict) -> None:
        """A folder may have no room for another keyword (Cyrus: 100). The message matters more: try it without any."""
        for uid, words in list(outcome.refused.items()):
            keywords = tuple(flag for flag in flags[uid] if not flag.startswith("\\"))
            if not keywords or _mailbox_trouble(words):
                continue
            kept = tuple(flag for flag in flags[uid] if flag not in keywords)
            again = self.target.send_alone(self.folder.target_name, by_uid[uid], kept)
            if again.refused:
                continue
            # The counter is from before.
            outcome.uidnext = None
            del outcome.refused[uid]
            outcome.uids |= again.uids
            outcome.untold += again.untold
            self._dropped[uid] = self._dropped.get(uid, ()) + keywords

    def heard(self, batch: Batch, outcome) -> None:
        """What became of a batch."""
        if outcome.uidvalidity not in (None, self.state.uidvalidity):
            raise MigrationError(
                f"The target's folder {self.folder.target_name} was replaced while mail was written to it.",
                "What was sent is settled by the next pass.", "Find out who changes the target mailbox, then run again.",
            )
        by_uid = {message.uid: message for message in batch.messages}
        if outcome.refused:
            self._without_keywords(outcome, by_uid, batch.flags)
        others = self._tell(batch.intent, outcome, by_uid) if outcome.untold else []
        self._record(batch.intent, outcome.uids, by_uid)
        # Last, since it may end the pass.
        for message in batch.messages:
            if message.uid in outcome.refused:
                self._refused(message, outcome.refused[message.uid])
            elif self._refusals:
                self._refusals.clear()
        for other, its_outcome in others:
            self.underway.heard(other, its_outcome)

    def _record(self, intent: int, uids: dict[int, int], by_uid: dict) -> None:
        self.journal.settled(intent, uids)
        self.counts.messages += len(uids)
        self.counts.bytes += sum(len(by_uid[uid].body) for uid in uids)
        for uid in self._dropped.keys() & uids.keys():
            self.exception(uid, reasons.FLAG_DROPPED, flag_rules.shown(self._dropped.pop(uid)), by_uid[uid].sha256)
        for uid in self._rebuilt.keys() & uids.keys():
            self.exception(uid, reasons.REBUILT, self._rebuilt.pop(uid), by_uid[uid].sha256)
        healed = self.open_before & uids.keys() if self.open_before else ()
        if healed:
            exceptions.resolve(self.ledger, self.mailbox_id, self.folder.source_name, healed, reasons.NOT_MOVED)

    def _tell(self, intent: int, outcome, by_uid: dict) -> list[tuple]:
        """UIDs of messages that the target took without telling them (no UIDPLUS). Returns batches that were heard of meanwhile."""
        first, last = self.journal.target_uidnext, outcome.uidnext
        # UIDs only grow, and each message takes one: when exactly as many were given out as we sent, they are ours, in order.
        if last is not None and last - first == len(outcome.untold) and not outcome.uids:
            outcome.uids = dict(zip(outcome.untold, range(first, last), strict=True))
            return []
        # Somebody else wrote there as well: only the content tells which are ours, once all of ours has arrived.
        others = self.underway.collect()
        mine = [by_uid[uid] for uid in outcome.untold]
        theirs = [m for batch, other in others if batch.transfer is self for m in batch.messages if m.uid in other.untold]
        pairs = self._found(intent, mine + theirs)
        outcome.uids |= {message.uid: pairs[message.uid] for message in mine}
        for batch, other in others:
            if batch.transfer is self:
                other.uids |= {uid: pairs[uid] for uid in other.untold}
                other.untold = []
        return others

    def _found(self, intent: int, messages) -> dict[int, int]:
        """Where accepted messages are when the target does not tell: read back what is new, and match by hash."""
        self.target.open(self.folder.target_name)
        stored = self.target.contents(from_uid=self.journal.target_uidnext)
        pairs = settle.matched({m.uid: m for m in messages}, stored)
        unmatched = [m for m in messages if m.uid not in pairs]
        rest = sorted(stored.keys() - set(pairs.values()))
        if not unmatched:
            return pairs
        if len(rest) != len(unmatched):
            raise MigrationError(
                f"The target accepted {len(messages)} messages for {self.folder.target_name} and shows {len(stored)} new ones.",
                "Nothing is lost at the source.", f"The batch stays open as intent {intent}; run again, it is settled by content.",
            )
        # As many new messages as were accepted, in the order of sending: they are ours, with other bytes.
        for message, uid in zip(unmatched, rest, strict=True):
            pairs[message.uid] = uid
            self.exception(message.uid, reasons.ALTERED, f"target UID {uid}", message.sha256)
        return pairs

    def _refused(self, message, words: str) -> None:
        if _mailbox_trouble(words):
            self.give_up()
            raise MigrationError(
                f"The target takes no mail for {self.folder.target_name}: {words.rstrip('.')}.",
                "What was moved stays; nothing is lost at the source.", "Correct it at the target (quota, rights, space), then run again.",
            )
        # What an earlier pass could not move either is the message's own trouble.
        if message.uid not in self.open_before:
            self._refusals.append(words)
        last = self._refusals[-SYSTEMIC:]
        if len(last) == SYSTEMIC and len(set(last)) == 1:
            self.give_up()
            raise MigrationError(
                f"The target refused {SYSTEMIC} messages in a row for {self.folder.target_name}: {words.rstrip('.')}.",
                "What was moved stays; nothing is lost at the source.", "Look at the target's log; when it is well again, run again.",
            )
        self.exception(message.uid, reasons.REFUSED, words, message.sha256)

    def give_up(self) -> None:
        """What is on its way is written down, and the folder is not done."""
        self.left = None
        self.drain()

    def exception(self, uid: int, reason: str, detail: str, sha256: bytes | None = None) -> None:
        exceptions.raise_exception(self.ledger, self.mailbox_id, self.folder.source_name, uid, reason, detail, sha256)


def _mailbox_trouble(words: str) -> bool:
    said = words.lower()
    return said.startswith(MAILBOX_TROUBLE) or any(word in said for word in NO_SPACE)
