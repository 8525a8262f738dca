# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Writing messages to a folder by the fastest way that the server offers.

MULTIAPPEND (RFC 3502) where there is one, else pipelined APPENDs with LITERAL+ (RFC 7888), else plain ones. Sending and
waiting are two steps, so that the next batch can be read meanwhile.
"""

from __future__ import annotations

import dataclasses
import re

from .._model.message import Message
from .._model.uids import from_set
from .wire import Answer, Wire

APPENDUID = re.compile(r"\[APPENDUID (\d+) ([\d:,]+)\]", re.IGNORECASE)
# LITERAL- allows sending ahead up to this size.
SMALL = 4096


@dataclasses.dataclass
class Outcome:
    """What became of a batch. `uids`: source UID -> target UID as far as the server told; `refused`: source UID -> its words;
    `untold`: accepted without telling the UID (no UIDPLUS)."""

    uids: dict[int, int] = dataclasses.field(default_factory=dict)
    refused: dict[int, str] = dataclasses.field(default_factory=dict)
    untold: list[int] = dataclasses.field(default_factory=list)
    uidvalidity: int | None = None


class Appender:
    """One batch at a time: `begin`, then `finish`."""

    def __init__(self, wire: Wire, capabilities) -> None:
        self.wire = wire
        self.multiappend = "MULTIAPPEND" in capabilities
        self.ahead = float("inf") if "LITERAL+" in capabilities else SMALL if "LITERAL-" in capabilities else -1
        self._sent: list[tuple[bytes, list[Message]]] = []
        self._answers: dict[bytes, Answer | None] = {}
        self._folder, self._flags = b"", {}

    def begin(self, folder: bytes, messages: list[Message], flags: dict[int, tuple[str, ...]]) -> None:
        """Send `messages` to `folder` (as spelled on the wire); `flags`: source UID -> flags that the folder stores."""
        self._folder, self._flags = folder, flags
        # A literal of length zero would cancel the whole MULTIAPPEND.
        groups = [[m for m in messages if m.body]] if self.multiappend else [[m] for m in messages if m.body]
        groups += [[m] for m in messages if not m.body]
        self._sent = [(self._send(group), group) for group in groups if group]

    def finish(self) -> Outcome:
        outcome, again = Outcome(), []
        for tag, group in self._sent:
            answer = self._wait(tag)
            if answer.ok:
                self._accepted(outcome, group, answer)
            elif len(group) > 1:
                # MULTIAPPEND is all or nothing: one by one tells which message it was.
                again += group
            else:
                outcome.refused[group[0].uid] = answer.text
        for message in again:
            answer = self._wait(self._send([message]))
            if answer.ok:
                self._accepted(outcome, [message], answer)
            else:
                outcome.refused[message.uid] = answer.text
        self._sent = []
        return outcome

    def _send(self, group: list[Message]) -> bytes:
        """Returns the tag. A server that refuses before it has seen the message has then already answered."""
        tag = self.wire.tag()
        self._answers[tag] = None
        pieces = [tag + b" APPEND " + self._folder]
        for message in group:
            size = len(message.body)
            flags = " ".join(self._flags[message.uid]).encode("utf-8", "surrogateescape")
            head = b' (%s) "%s" {%d' % (flags, message.internal_date.encode(), size)
            if size <= self.ahead:
                pieces += [head + b"+}\r\n", message.body]
                continue
            self.wire.send(*pieces, head + b"}\r\n")
            if not self._invited(tag):
                return tag
            pieces = [message.body]
        self.wire.send(*pieces, b"\r\n")
        return tag

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
        parts = self.wire.read()
        tag = parts[0].split(b" ", 1)[0]
        answer = self.wire.answer(parts, tag if tag in self._answers else b"-")
        if answer is not None:
            self._answers[tag] = answer
        return parts

    @staticmethod
    def _accepted(outcome: Outcome, group: list[Message], answer: Answer) -> None:
        told = APPENDUID.search(answer.text)
        uids = from_set(told[2]) if told else []
        if told and len(uids) == len(group):
            outcome.uidvalidity = int(told[1])
            outcome.uids.update(zip((message.uid for message in group), uids, strict=True))
        else:
            outcome.untold += [message.uid for message in group]
