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

from .._errors import MigrationError
from .._ledger import exceptions
from .._ledger.items import Journal, TakenOver
from .._model import flags as flag_rules
from .._model import reasons
from .._model.change_set import match_by_content

# So many refusals in a row with the same words are the target's trouble, not the messages'.
SYSTEMIC = 20
# Answers of the target that concern the whole mailbox (RFC 9051, 7.1; RFC 9208, 4.4.1).
MAILBOX_TROUBLE = ("[OVERQUOTA]", "[TRYCREATE]", "[UNAVAILABLE]", "[INUSE]", "[NOPERM]", "[SERVERBUG]", "over quota")


@dataclasses.dataclass
class Counts:
    """What a pass did to a mailbox."""

    messages: int = 0
    bytes: int = 0
    flags: int = 0
    deleted: int = 0
    folders: int = 0

    def any(self) -> bool:
        return any(dataclasses.astuple(self))

    def add(self, other: Counts) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class LeaseLost(MigrationError):
    """Another worker has taken the mailbox over."""


class Transfer:
    """One folder's way from source to target; both have it open."""

    def __init__(self, ledger, mailbox_id: int, folder, source, target, target_state, counts: Counts, pulse) -> None:
        self.ledger, self.mailbox_id, self.folder = ledger, mailbox_id, folder
        self.source, self.target, self.state = source, target, target_state
        self.counts, self.pulse = counts, pulse
        self.journal = Journal(ledger, folder.id, target_state.uidvalidity, target_state.uidnext)
        self.open_before = {
            row.source_uid for row in exceptions.unresolved(ledger, mailbox_id) if row.folder == folder.source_name and row.state == "open"
        }
        self._refusals: list[str] = []
        self._dropped: dict[int, tuple[str, ...]] = {}
        self._sent_flags: dict[int, tuple[str, ...]] = {}
        self._last_uids: list[int] = []

    def send(self, sizes: dict[int, int]) -> None:
        """`sizes`: UID -> bytes (estimates do) of the messages to move. Ends early, but cleanly, when `pulse` says stop."""
        try:
            self._send(sizes)
        except TakenOver as error:
            # Frozen or cut off for longer than its lease, this worker sent what another one has sent as well.
            self.target.delete(self._last_uids)
            raise LeaseLost(
                f"Another worker took over while mail was written to {self.folder.target_name}.",
                "What was sent twice was taken back, where the target tells UIDs; mailbox_verify counts what was not.",
                "Raise lease_seconds if this station is only slow.",
            ) from error

    def _send(self, sizes: dict[int, int]) -> None:
        underway = None
        held_back: dict[int, int] = {}
        for batch in self.source.messages(sizes):
            held_back |= {uid: sizes[uid] for uid in batch.absent}
            for uid in batch.empty:
                self._exception(uid, reasons.NO_CONTENT, "the server answered NIL for its content")
            good = self._screened(batch.messages)
            if underway:
                self._finish(*underway)
                underway = None
            if good:
                underway = self._begin(good)
            try:
                stop = self.pulse()
            except LeaseLost:
                # What is on its way arrives all the same: its outcome belongs into the ledger, or must be taken back.
                if underway:
                    self._finish(*underway)
                self.journal.flush()
                raise
            if stop:
                break
        if underway:
            self._finish(*underway)
        self.journal.flush()
        if held_back and not self.pulse():
            self._one_by_one(held_back)

    def _one_by_one(self, sizes: dict[int, int]) -> None:
        """Messages that a batch did not give, each alone, so that one bad message holds back no other.

        What the source still lists and does not give even so is an exception; only what it no longer lists is gone.
        """
        listed = self.source.still_listed(sorted(sizes))
        for uid in sorted(listed):
            for batch in self.source.messages({uid: sizes[uid]}):
                good = self._screened(batch.messages)
                if good:
                    self._finish(*self._begin(good))
                elif uid in batch.absent and self.source.still_listed([uid]):
                    self._exception(uid, reasons.NO_CONTENT, batch.refusal or "the server answered OK without the message")
                for empty in batch.empty:
                    self._exception(empty, reasons.NO_CONTENT, "the server answered NIL for its content")
            if self.pulse():
                break
        self.journal.flush()

    def _screened(self, messages) -> list:
        """Messages that the target can take by its own word."""
        limit = self.target.largest_message
        good = []
        for message in messages:
            if limit is not None and len(message.body) > limit:
                self._exception(
                    message.uid, reasons.TOO_LARGE, f"{len(message.body)} bytes, the target accepts {limit}", message.sha256
                )
            else:
                good.append(message)
        return good

    def _begin(self, messages):
        intent = self.journal.intend(messages)
        flags = {}
        for message in messages:
            flags[message.uid], dropped = flag_rules.allowed(message.flags, self.state.permanent_flags)
            if dropped:
                self._dropped[message.uid] = dropped
        self._sent_flags = flags
        self.target.begin(self.folder.target_name, messages, flags)
        return intent, messages

    def _without_keywords(self, outcome, by_uid: dict) -> None:
        """A folder may have no room for another keyword (Cyrus: 100). The message matters more: try it without any."""
        for uid, words in list(outcome.refused.items()):
            keywords = tuple(flag for flag in self._sent_flags[uid] if not flag.startswith("\\"))
            if not keywords or _mailbox_trouble(words):
                continue
            kept = tuple(flag for flag in self._sent_flags[uid] if flag not in keywords)
            self.target.begin(self.folder.target_name, [by_uid[uid]], {uid: kept})
            again = self.target.finish()
            if again.refused:
                continue
            del outcome.refused[uid]
            outcome.uids |= again.uids
            outcome.untold += again.untold
            self._dropped[uid] = self._dropped.get(uid, ()) + keywords

    def _finish(self, intent: int, messages) -> None:
        outcome = self.target.finish()
        if outcome.uidvalidity not in (None, self.state.uidvalidity):
            raise MigrationError(
                f"The target's folder {self.folder.target_name} was replaced while mail was written to it.",
                "What was sent is settled by the next pass.", "Find out who changes the target mailbox, then run again.",
            )
        by_uid = {message.uid: message for message in messages}
        self._without_keywords(outcome, by_uid)
        self._last_uids = list(outcome.uids.values())
        if outcome.untold:
            outcome.uids |= self._found(intent, [by_uid[uid] for uid in outcome.untold])
        self.journal.settled(intent, outcome.uids)
        for uid in outcome.uids:
            self.counts.messages += 1
            self.counts.bytes += len(by_uid[uid].body)
            if uid in self._dropped:
                names = " ".join(self._dropped.pop(uid))
                self._exception(uid, reasons.FLAG_DROPPED, names, by_uid[uid].sha256)
        healed = self.open_before & outcome.uids.keys()
        if healed:
            exceptions.resolve(self.ledger, self.mailbox_id, self.folder.source_name, healed, reasons.NOT_MOVED)
        # Last, since it may end the pass.
        for message in messages:
            if message.uid in outcome.refused:
                self._refused(message, outcome.refused[message.uid])
            else:
                self._refusals.clear()

    def _found(self, intent: int, messages) -> dict[int, int]:
        """Where accepted messages are when the target does not tell: read back what is new, and match by hash."""
        self.target.open(self.folder.target_name)
        stored = self.target.contents(from_uid=self.journal.target_uidnext)
        pairs = match_by_content({m.uid: m.sha256 for m in messages}, {uid: s.sha256 for uid, s in stored.items()})
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
            self._exception(message.uid, reasons.ALTERED, f"target UID {uid}", message.sha256)
        return pairs

    def _refused(self, message, words: str) -> None:
        if _mailbox_trouble(words):
            self.journal.flush()
            raise MigrationError(
                f"The target takes no mail for {self.folder.target_name}: {words}.",
                "What was moved stays; nothing is lost at the source.", "Correct it at the target (quota, rights, space), then run again.",
            )
        # What an earlier pass could not move either is the message's own trouble.
        if message.uid not in self.open_before:
            self._refusals.append(words)
        last = self._refusals[-SYSTEMIC:]
        if len(last) == SYSTEMIC and len(set(last)) == 1:
            self.journal.flush()
            raise MigrationError(
                f"The target refused {SYSTEMIC} messages in a row for {self.folder.target_name}: {words}.",
                "What was moved stays; nothing is lost at the source.", "Look at the target's log; when it is well again, run again.",
            )
        self._exception(message.uid, reasons.REFUSED, words, message.sha256)

    def _exception(self, uid: int, reason: str, detail: str, sha256: bytes | None = None) -> None:
        exceptions.raise_exception(self.ledger, self.mailbox_id, self.folder.source_name, uid, reason, detail, sha256)


def _mailbox_trouble(words: str) -> bool:
    return any(word.lower() in words.lower() for word in MAILBOX_TROUBLE)
