# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Reading messages and lists of messages from an open folder."""

from __future__ import annotations

import collections
import functools
import re

from .._model.flags import from_wire, normal
from .._model.listing import Batch
from .._model.message import Message
from .._model.uids import slices, to_set
from .session import LOST, REFUSED
from .wire import Answer, Garbled, Wire, fetch_attributes

# Commands sent ahead: while one batch is being written, the server already reads the next.
AHEAD = 3
# How servers write what we ask for, as long as they do it in our order. All else is left to the reader of all forms.
MESSAGE = re.compile(rb'\* \d+ FETCH \(UID (\d+) (?:MODSEQ \(\d+\) )?FLAGS \(([^()"{}]*)\) INTERNALDATE "([^"]*)" BODY\[\] \{(\d+)\}\r\n\Z')
END = b")\r\n"
SIZE = re.compile(rb"\* \d+ FETCH \(UID (\d+) RFC822\.SIZE (\d+)\)\r\n\Z")
FLAGS = re.compile(rb'\* \d+ FETCH \(UID (\d+) (?:MODSEQ \(\d+\) )?FLAGS \(([^()"{}]*)\)(?: MODSEQ \(\d+\))?\)\r\n\Z')


def messages(wire: Wire, batches, ahead: int = AHEAD, when_all_asked=None, before_reading=None):
    """Yield a Batch for each list of UIDs in `batches`. BODY.PEEK: the source's \\Seen flags stay as they are.

    When the connection breaks, what came whole by then is one more Batch, of these UIDs alone, before that is raised: LOST.
    `when_all_asked()` is called once the last command is on its way, to send what comes after it; `before_reading()` before each
    answer is waited for.
    """
    pending: collections.deque[tuple[bytes, list[int]]] = collections.deque()
    # A server may work on several commands at once and mix what they give (RFC 9051, 5.5), so messages are kept by UID,
    # and answers by tag, until their batch is complete.
    arrived: dict[int, Message | None] = {}
    answers: dict[bytes, Answer] = {}
    todo = iter(batches)

    def ask() -> None:
        nonlocal when_all_asked
        uids = next(todo, None)
        if uids:
            pending.append((wire.start(b"UID FETCH %s (UID FLAGS INTERNALDATE BODY.PEEK[])" % to_set(uids).encode()), uids))
        elif when_all_asked:
            when_all_asked()
            when_all_asked = None

    for _number in range(ahead):
        ask()
    while pending:
        wire.held = 0
        tag, uids = pending.popleft()
        tags = {tag, *(other for other, _uids in pending)}
        if before_reading:
            before_reading()
        broke = None
        try:
            while tag not in answers:
                _receive(wire, tags, arrived, answers)
            ask()
        except Garbled:
            raise
        except LOST as error:
            broke = error
        if broke:
            wanted = {*uids, *(uid for _tag, others in pending for uid in others)}
            whole = [message for uid, message in arrived.items() if message is not None and uid in wanted]
            if whole:
                yield Batch([message.uid for message in whole], whole, [], None)
            raise broke
        answer = answers.pop(tag)
        came = [(uid, arrived.pop(uid)) for uid in uids if uid in arrived]
        yield Batch(
            uids,
            [message for _uid, message in came if message is not None],
            [uid for uid, message in came if message is None],
            None if answer.ok else answer.text,
        )


def _receive(wire: Wire, tags: set[bytes], arrived: dict, answers: dict) -> None:
    # Nearly all that comes here is a message in the usual form: a line, a literal, the end.
    parts = [wire.line()]
    usual = MESSAGE.match(parts[0])
    if usual:
        parts += wire.literal(int(usual[4])), wire.line()
        if parts[2] == END:
            number = int(usual[1])
            arrived[number] = Message.of(number, parts[1], named(usual[2]), usual[3].decode("latin-1"))
            return
    parts = wire.rest(parts)
    tag = parts[0].split(b" ", 1)[0]
    answer = wire.answer(parts, tag if tag in tags else b"-")
    if answer is not None:
        answers[tag] = answer
        return
    if tag != b"*":
        # The rest of a message that was announced as shorter than it is.
        raise Garbled("the server sent what is no answer")
    attributes = fetch_attributes(parts)
    if not attributes or b"BODY[]" not in attributes or b"UID" not in attributes:
        return
    number, body = int(attributes[b"UID"]), attributes[b"BODY[]"]
    arrived[number] = None if body is None else Message.of(number, body, flags_of(attributes), text_of(attributes, b"INTERNALDATE"))


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
    return found if uids is None else asked_for(found, uids)


def asked_for(found: dict, uids) -> dict:
    """Of what was told by UID that of `uids`: a server may tell other sessions' changes of flags between its answers, of any message
    (RFC 9051, 7.5.2), and with their UIDs where QRESYNC is enabled (RFC 7162, 3.2.3)."""
    return {uid: found[uid] for uid in uids if uid in found}


def flags_and_dates(wire: Wire, uids: list[int]) -> dict[int, tuple[tuple[str, ...], str]]:
    """UID -> flags and INTERNALDATE, for those of `uids` that the open folder has."""
    found = listing(wire, uids, b"UID FLAGS INTERNALDATE")
    return {uid: (flags_of(a), text_of(a, b"INTERNALDATE")) for uid, a in found.items()}


def sizes_of(responses) -> dict[int, int]:
    """UID -> size from the answers to FETCH (UID RFC822.SIZE); a server may leave a size out, then it is 0."""
    found: dict[int, int] = {}
    for response in responses:
        if isinstance(response, Answer):
            if not response.ok:
                raise REFUSED(f"listing the messages of a folder: {response.text}")
            continue
        usual = SIZE.match(response[0])
        if usual:
            found[int(usual[1])] = int(usual[2])
            continue
        attributes = fetch_attributes(response) or {}
        uid, size = attributes.get(b"UID"), attributes.get(b"RFC822.SIZE")
        if uid and size:
            found[int(uid)] = int(size)
        elif uid:
            # Another session's change of flags, or a server that leaves a size out.
            found.setdefault(int(uid), 0)
    return found


def flags_in(responses) -> dict[int, tuple[str, ...]]:
    """UID -> flags from the answers to FETCH (UID FLAGS)."""
    found: dict[int, tuple[str, ...]] = {}
    for response in responses:
        if isinstance(response, Answer):
            if not response.ok:
                raise REFUSED(f"listing the flags of a folder: {response.text}")
            continue
        usual = FLAGS.match(response[0])
        if usual:
            found[int(usual[1])] = named(usual[2])
            continue
        attributes = fetch_attributes(response)
        if attributes and b"UID" in attributes and b"FLAGS" in attributes:
            found[int(attributes[b"UID"])] = flags_of(attributes)
    return found


@functools.lru_cache(maxsize=1024)
def named(flags: bytes) -> tuple[str, ...]:
    """Flags as they stand between the parentheses; a folder has few combinations of them."""
    return normal(from_wire(flags.split()))


def flags_of(attributes: dict[bytes, object]) -> tuple[str, ...]:
    # Somebody may have named a keyword NIL.
    return normal(from_wire(flag or b"NIL" for flag in attributes.get(b"FLAGS") or ()))


def text_of(attributes, name: bytes) -> str:
    return bytes(attributes.get(name) or b"").decode("latin-1")
