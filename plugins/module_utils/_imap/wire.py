# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The hot path of IMAP: commands sent ahead of their answers, literals kept as bytes (RFC 9051, RFC 7888).

Messages are never parsed here, only carried. The library's own connection is used, so that both can talk in turns.
"""

from __future__ import annotations

import imaplib
import re

from .spool import Spooled

LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
TOKEN = re.compile(rb'[()]|"(?:[^"\\]|\\.)*"|[^\s()"]+')
ESCAPED = re.compile(rb"\\(.)")
# Above this a literal goes to a file.
LARGE = 8_000_000
# Pieces up to this size are joined to travel together.
SMALL = 65536
# Commands of a burst that travel together, and their bytes: a server that can't get rid of its answers reads no more commands, and what it
# has not read has to find room between us, or both would send for ever.
TOGETHER, TOGETHER_BYTES = 100, 16384


class Garbled(imaplib.IMAP4.abort):
    """What the server sent does not hang together: what seemed whole just before may be cut, or run on, as well."""


class Answer:
    """A tagged answer: `status` is OK, NO or BAD, `text` what follows."""

    __slots__ = ("status", "text")

    def __init__(self, status: str, text: str) -> None:
        self.status, self.text = status, text

    @property
    def ok(self) -> bool:
        return self.status == "OK"


class Wire:
    """`connection` has `send`, `readline` and `read`, like imaplib.IMAP4."""

    def __init__(self, connection) -> None:
        self._readline, self._read, self._send = connection.readline, connection.read, connection.send
        self._number = 0
        # Answers so far that were NO or BAD: Exchange closes a connection at which there are many.
        self.refusals = 0
        # Bytes of literals since somebody last set it to 0: many that are not small are as bad for memory as a large one.
        self.held = 0

    def tag(self) -> bytes:
        self._number += 1
        return b"W%d" % self._number

    def send(self, *pieces) -> None:
        """Small pieces travel together, large ones are not copied to join them, spooled ones go through in parts."""
        small: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, bytes) and len(piece) <= SMALL:
                small.append(piece)
                continue
            if small:
                self._send(b"".join(small))
                small = []
            for part in (piece,) if isinstance(piece, bytes) else piece.pieces():
                self._send(part)
        if small:
            self._send(b"".join(small))

    def start(self, command: bytes) -> bytes:
        """Send a command and return its tag; the answer is read later."""
        tag = self.tag()
        self._send(tag + b" " + command + b"\r\n")
        return tag

    def read(self) -> list:
        """One response: text, literal, text, literal, ..., text. Line ends and literal announcements stay in the text."""
        return self.rest([self.line()])

    def rest(self, parts: list) -> list:
        """The response of which `parts` have been read, up to a line."""
        line = parts[-1]
        # The end is looked at before the pattern: few lines announce a literal.
        while line.endswith(b"}\r\n") and (literal := LITERAL.search(line)):
            body = self.literal(int(literal[1]))
            line = self.line()
            parts += (body, line)
        return parts

    def line(self) -> bytes:
        line = self._readline()
        if not line.endswith(b"\n"):
            raise imaplib.IMAP4.abort("the server closed the connection")
        return line

    def literal(self, size: int):
        """Bytes, or Spooled when that is more than memory is to hold."""
        self.held += size
        if self.held > LARGE:
            return Spooled.read(size, self._read)
        body = self._read(size)
        if len(body) != size:
            raise imaplib.IMAP4.abort("the server closed the connection inside a message")
        return body

    def answer(self, parts: list, tag: bytes) -> Answer | None:
        """The answer to `tag` if this response is it. A farewell ends the connection."""
        head = parts[0]
        if head.startswith(tag + b" "):
            status, _space, text = head[len(tag) + 1:].strip().partition(b" ")
            answer = Answer(status.decode("ascii", "replace").upper(), text.decode("utf-8", "replace"))
            self.refusals += not answer.ok
            return answer
        if head[:6].upper() == b"* BYE ":
            raise imaplib.IMAP4.abort(head[6:].strip().decode("utf-8", "replace"))
        return None

    def result(self, tag: bytes):
        """Yield the untagged responses up to the answer to `tag`, and then that Answer."""
        while True:
            parts = self.read()
            answer = self.answer(parts, tag)
            if answer is not None:
                yield answer
                return
            yield parts

    def run(self, command: bytes):
        """Send a command; yield its untagged responses and, at last, its Answer."""
        return self.result(self.start(command))

    def burst(self, commands: list[bytes]) -> list[tuple[list[list], Answer]]:
        """Send commands together, for one round trip instead of many, or for few where there are very many; (untagged responses, Answer) of each.

        Only for commands that a server works on in their order (RFC 9051, 5.5).
        """
        results = []
        for part in _together(commands):
            tags = [self.tag() for _command in part]
            self.send(*(tag + b" " + command + b"\r\n" for tag, command in zip(tags, part, strict=True)))
            for tag in tags:
                *untagged, answer = self.result(tag)
                results.append((untagged, answer))
        return results


def _together(commands: list[bytes]):
    part: list[bytes] = []
    size = 0
    for command in commands:
        if part and (len(part) == TOGETHER or size + len(command) > TOGETHER_BYTES):
            yield part
            part, size = [], 0
        part.append(command)
        size += len(command)
    if part:
        yield part


def quoted(name: bytes) -> bytes:
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def values(parts: list, offset: int = 0) -> list:
    """The rest of a response from `offset` of its first line on: atoms, strings and literals as bytes, NIL as None, lists as lists."""
    return _collect(_tokens(parts, offset))


def fetch_attributes(parts: list) -> dict[bytes, object] | None:
    """Attributes of a FETCH response, names in upper case; None for any other response.

    Values: bytes (atom, string, literal), Spooled (large literal), None (NIL), or a list. RFC 9051, 7.5.2. One that does not end as
    it should is no answer to rely on, a literal in it may be cut or run on: the connection is given up.
    """
    head = parts[0].split(b" ", 3)
    if len(head) < 4 or head[0] != b"*" or head[2].upper() != b"FETCH":
        return None
    tokens = _tokens(parts, len(parts[0]) - len(head[3]))
    if next(tokens, None) != b"(":
        return None
    found = _collect(tokens, closed=True)
    if next(tokens, None) is not None or not parts[-1].endswith(b")\r\n"):
        raise Garbled("the server sent a message that does not end where it was to")
    return {bytes(name).upper(): value for name, value in zip(found[::2], found[1::2], strict=False) if isinstance(name, bytes)}


class _String:
    """A string may look like a parenthesis or NIL; it is neither."""

    __slots__ = ("value",)

    def __init__(self, value) -> None:
        self.value = value


def _tokens(parts: list, offset: int):
    for index in range(0, len(parts), 2):
        text, literal = parts[index], parts[index + 1] if index + 1 < len(parts) else None
        end = text.rfind(b"{") if literal is not None else len(text)
        for found in TOKEN.finditer(text, offset, end):
            token = found[0]
            if token[:1] == b'"':
                yield _String(ESCAPED.sub(rb"\1", token[1:-1]))
            else:
                yield token
        if literal is not None:
            yield _String(literal)
        offset = 0


def _collect(tokens, closed: bool = False) -> list:
    """Up to the closing parenthesis, which has to come when `closed`."""
    found: list = []
    for token in tokens:
        if isinstance(token, _String):
            found.append(token.value)
        elif token == b"(":
            found.append(_collect(tokens, closed))
        elif token == b")":
            return found
        else:
            found.append(None if token.upper() == b"NIL" else token)
    if closed:
        raise Garbled("the server sent a message that does not end where it was to")
    return found
