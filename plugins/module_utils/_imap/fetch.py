# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Reading messages and lists of messages from an open folder."""

from __future__ import annotations

import collections
import dataclasses

from .._model.flags import normal
from .._model.message import Message
from .._model.uids import slices, to_set
from .session import REFUSED
from .wire import Answer, Wire, fetch_attributes

# Commands sent ahead: while one batch is being written, the server already reads the next.
AHEAD = 2


@dataclasses.dataclass
class Batch:
    """What came of one FETCH: messages by UID; UIDs whose content the server could not give; its words when it said NO."""

    uids: list[int]
    messages: list[Message]
    empty: list[int]
    refusal: str | None

    @property
    def absent(self) -> list[int]:
        """Asked for, and not given: deleted meanwhile, or held back."""
        got = {message.uid for message in self.messages} | set(self.empty)
        return [uid for uid in self.uids if uid not in got]


def messages(wire: Wire, batches):
    """Yield a Batch for each list of UIDs in `batches`. BODY.PEEK: the source's \\Seen flags stay as they are."""
    pending: collections.deque[tuple[bytes, list[int]]] = collections.deque()
    # A server may work on several commands at once and mix what they give (RFC 9051, 5.5), so messages are kept by UID,
    # and answers by tag, until their batch is complete.
    arrived: dict[int, Message | None] = {}
    answers: dict[bytes, Answer] = {}
    todo = iter(batches)

    def ask() -> None:
        uids = next(todo, None)
        if uids:
            pending.append((wire.start(b"UID FETCH %s (UID FLAGS INTERNALDATE BODY.PEEK[])" % to_set(uids).encode()), uids))

    for _number in range(AHEAD):
        ask()
    while pending:
        tag, uids = pending.popleft()
        while tag not in answers:
            _receive(wire, [tag, *(other for other, _uids in pending)], arrived, answers)
        ask()
        answer = answers.pop(tag)
        came = {uid: arrived.pop(uid) for uid in uids if uid in arrived}
        yield Batch(
            uids,
            [message for message in came.values() if message is not None],
            [uid for uid, message in came.items() if message is None],
            None if answer.ok else answer.text,
        )


def _receive(wire: Wire, tags: list[bytes], arrived: dict, answers: dict) -> None:
    parts = wire.read()
    tag = parts[0].split(b" ", 1)[0]
    answer = wire.answer(parts, tag if tag in tags else b"-")
    if answer is not None:
        answers[tag] = answer
        return
    attributes = fetch_attributes(parts)
    if not attributes or b"BODY[]" not in attributes or b"UID" not in attributes:
        return
    uid, body = int(attributes[b"UID"]), attributes[b"BODY[]"]
    arrived[uid] = None if body is None else Message.of(uid, bytes(body), flags_of(attributes), text_of(attributes, b"INTERNALDATE"))


def listing(wire: Wire, uids: list[int] | None = None, items: bytes = b"UID FLAGS RFC822.SIZE") -> dict[int, dict[bytes, object]]:
    """UID -> attributes for all messages of the open folder, or for `uids`."""
    found: dict[int, dict[bytes, object]] = {}
    for part in [b"1:*"] if uids is None else [to_set(run).encode() for run in slices(uids)]:
        for response in wire.run(b"UID FETCH %s (%s)" % (part, items)):
            if isinstance(response, Answer):
                if not response.ok:
                    raise REFUSED(f"listing the messages of a folder: {response.text}")
                continue
            attributes = fetch_attributes(response)
            if attributes and b"UID" in attributes:
                found.setdefault(int(attributes[b"UID"]), {}).update(attributes)
    return found


def flags_of(attributes: dict[bytes, object]) -> tuple[str, ...]:
    # Somebody may have named a keyword NIL.
    return normal((flag or b"NIL").decode("utf-8", "surrogateescape") for flag in attributes.get(b"FLAGS") or ())


def text_of(attributes, name: bytes) -> str:
    return bytes(attributes.get(name) or b"").decode("ascii", "replace")
