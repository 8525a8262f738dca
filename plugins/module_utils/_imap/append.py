# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Writing messages to a folder by the fastest way that the server offers.

MULTIAPPEND (RFC 3502) where there is one, else pipelined APPENDs with LITERAL+ (RFC 7888), else plain ones. Sending and
waiting are two steps, so that the next batch can be read meanwhile. A target without UIDPLUS is asked for its UIDNEXT behind
each batch: where that has moved by exactly the number of messages, it tells their UIDs as well.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import re

from .._model.flags import to_wire
from .._model.message import Message
from .._model.uids import from_set
from .wire import Answer, Wire

APPENDUID = re.compile(r"\[APPENDUID (\d+) ([\d:,]+)\]", re.IGNORECASE)
UIDNEXT = re.compile(rb"\bUIDNEXT (\d+)", re.IGNORECASE)
# LITERAL- allows sending ahead up to this size.
SMALL = 4096


@dataclasses.dataclass
class Outcome:
    """What became of a batch. `uids`: source UID -> target UID as far as the server told; `refused`: source UID -> its words;
    `untold`: accepted without telling the UID (no UIDPLUS), in the order of arrival; `uidnext`: of the folder right after it."""

    uids: dict[int, int] = dataclasses.field(default_factory=dict)
    refused: dict[int, str] = dataclasses.field(default_factory=dict)
    untold: list[int] = dataclasses.field(default_factory=list)
    uidvalidity: int | None = None
    uidnext: int | None = None


class Appender:
    """Batch after batch: `begin` sends one, `finish` waits for the oldest that has begun."""

    def __init__(self, wire: Wire, capabilities) -> None:
        self.wire = wire
        self.multiappend = "MULTIAPPEND" in capabilities
        self.ahead = float("inf") if "LITERAL+" in capabilities else SMALL if "LITERAL-" in capabilities else -1
        self.tells = "UIDPLUS" in capabilities
        self._underway: collections.deque[_Sent] = collections.deque()
        # The end of what was begun, which travels with what comes next.
        self._rest: list = []
        self._answers: dict[bytes, Answer | None] = {}
        # UIDNEXT as the server last told it, and as it was when each STATUS of ours was answered.
        self._uidnext: int | None = None
        self._counted: dict[bytes, int | None] = {}

    @property
    def busy(self) -> bool:
        return bool(self._underway)

    def begin(self, folder: bytes, messages: list[Message], flags: dict[int, tuple[str, ...]]) -> None:
        """Send `messages` to `folder` (as spelled on the wire); `flags`: source UID -> flags that the folder stores."""
        # A literal of length zero would cancel the whole MULTIAPPEND.
        groups = [[m for m in messages if m.body]] if self.multiappend else [[m] for m in messages if m.body]
        groups += [[m] for m in messages if not m.body]
        # Written down first: what the connection's end leaves half sent is still underway.
        sent = _Sent(folder, flags, [])
        self._underway.append(sent)
        for group in groups:
            if group:
                sent.groups.append((self._send(sent, group), group))
        self._send_rest()
        if not self.tells:
            sent.status = self.wire.start(b"STATUS %s (UIDNEXT)" % folder)
            self._answers[sent.status] = self._counted[sent.status] = None

    def finish(self) -> Outcome:
        outcome, again = Outcome(), []
        sent = self._underway.popleft()
        for tag, group in sent.groups:
            answer = self._wait(tag)
            if answer.ok:
                _accepted(outcome, group, answer)
            elif len(group) > 1:
                # MULTIAPPEND is all or nothing: one by one tells which message it was.
                again += group
            else:
                outcome.refused[group[0].uid] = answer.text
        if sent.status:
            # The counter came before this answer, and after those of the messages.
            counted = self._wait(sent.status).ok and not again
            outcome.uidnext = self._counted.pop(sent.status, None) if counted else None
        for message in again:
            self._alone(sent, message, outcome)
        return outcome

    def alone(self, folder: bytes, message: Message, flags: tuple[str, ...]) -> Outcome:
        """One message, sent and heard of at once, whatever else is on its way."""
        outcome = Outcome()
        self._alone(_Sent(folder, {message.uid: flags}, []), message, outcome)
        return outcome

    def _alone(self, sent: _Sent, message: Message, outcome: Outcome) -> None:
        answer = self._wait(self._send(sent, [message]))
        if answer.ok:
            _accepted(outcome, [message], answer)
        else:
            outcome.refused[message.uid] = answer.text

    def _send(self, sent: _Sent, group: list[Message]) -> bytes:
        """Returns the tag. A server that refuses before it has seen the message has then already answered."""
        tag = self.wire.tag()
        self._answers[tag] = None
        pieces, self._rest = [*self._rest, tag + b" APPEND " + sent.folder], []
        for message in group:
            size = len(message.body)
            # A source may tell no date; then the target takes that of its arrival (RFC 9051, 6.3.12).
            date = b' "%s"' % message.internal_date.encode("latin-1") if message.internal_date else b""
            head = b" (%s)%s {%d" % (_spelled(sent.flags[message.uid]), date, size)
            if size <= self.ahead:
                pieces += [head + b"+}\r\n", message.body]
                continue
            self.wire.send(*pieces, head + b"}\r\n")
            if not self._invited(tag):
                return tag
            pieces = [message.body]
        self._rest = [*pieces, b"\r\n"]
        if len(group[-1].body) <= self.ahead:
            self._send_rest()
        return tag

    def _send_rest(self) -> None:
        rest, self._rest = self._rest, []
        if rest:
            self.wire.send(*rest)

    def _invited(self, tag: bytes) -> bool:
        """Wait for the server's `+`; False when it refused instead."""
        while self._answers[tag] is None:
            if self._receive()[0].startswith(b"+"):
                return True
        return False

    def _wait(self, tag: bytes) -> Answer:
        while self._answers[tag] is None:
            self._receive()
        return self._answers.pop(tag)

    def _receive(self) -> list[bytes]:
        """Read one response. Answers to earlier commands may come in between: each is kept for its own."""
        self._send_rest()
        parts = self.wire.read()
        counter = UIDNEXT.search(parts[-1]) if parts[0][:9].upper() == b"* STATUS " else None
        if counter:
            self._uidnext = int(counter[1])
        tag = parts[0].split(b" ", 1)[0]
        answer = self.wire.answer(parts, tag if tag in self._answers else b"-")
        if answer is not None:
            self._answers[tag] = answer
            if tag in self._counted:
                self._counted[tag] = self._uidnext
        return parts


@dataclasses.dataclass
class _Sent:
    """A batch on its way: (tag, messages) of each command."""

    folder: bytes
    flags: dict[int, tuple[str, ...]]
    groups: list[tuple[bytes, list[Message]]]
    status: bytes | None = None


@functools.lru_cache(maxsize=1024)
def _spelled(flags: tuple[str, ...]) -> bytes:
    return to_wire(flags)


def _accepted(outcome: Outcome, group: list[Message], answer: Answer) -> None:
    told = APPENDUID.search(answer.text)
    uids = from_set(told[2]) if told else []
    if told and len(uids) == len(group):
        outcome.uidvalidity = int(told[1])
        outcome.uids.update(zip((message.uid for message in group), uids, strict=True))
    else:
        outcome.untold += [message.uid for message in group]
