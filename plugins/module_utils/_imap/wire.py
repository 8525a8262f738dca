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

LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
TOKEN = re.compile(rb'[()]|"(?:[^"\\]|\\.)*"|[^\s()"]+')
ESCAPED = re.compile(rb"\\(.)")


class Answer:
    """A tagged answer: `status` is OK, NO or BAD, `text` what follows."""

    def __init__(self, status: str, text: str) -> None:
        self.status, self.text = status, text

    @property
    def ok(self) -> bool:
        return self.status == "OK"


class Wire:
    """`connection` has `send`, `readline` and `read`, like imaplib.IMAP4."""

    def __init__(self, connection) -> None:
        self._connection = connection
        self._number = 0

    def tag(self) -> bytes:
        self._number += 1
        return b"W%d" % self._number

    def send(self, *pieces: bytes) -> None:
        """Small pieces travel together, large ones are not copied to join them."""
        small: list[bytes] = []
        for piece in pieces:
            if len(piece) > 65536:
                if small:
                    self._connection.send(b"".join(small))
                    small = []
                self._connection.send(piece)
            else:
                small.append(piece)
        if small:
            self._connection.send(b"".join(small))

    def start(self, command: bytes) -> bytes:
        """Send a command and return its tag; the answer is read later."""
        tag = self.tag()
        self.send(tag + b" " + command + b"\r\n")
        return tag

    def read(self) -> list[bytes]:
        """One response: text, literal, text, literal, ..., text. Line ends and literal announcements stay in the text."""
        parts = []
        while True:
            line = self._connection.readline()
            if not line.endswith(b"\n"):
                raise imaplib.IMAP4.abort("the server closed the connection")
            parts.append(line)
            literal = LITERAL.search(line)
            if literal is None:
                return parts
            size = int(literal[1])
            body = self._connection.read(size)
            if len(body) != size:
                raise imaplib.IMAP4.abort("the server closed the connection inside a message")
            parts.append(body)

    def answer(self, parts: list[bytes], tag: bytes) -> Answer | None:
        """The answer to `tag` if this response is it. A farewell ends the connection."""
        head = parts[0]
        if head.startswith(tag + b" "):
            status, _space, text = head[len(tag) + 1:].strip().partition(b" ")
            return Answer(status.decode("ascii", "replace").upper(), text.decode("utf-8", "replace"))
        if head[:6].upper() == b"* BYE ":
            raise imaplib.IMAP4.abort(head[6:].strip().decode("utf-8", "replace"))
        return None

    def run(self, command: bytes):
        """Send a command; yield its untagged responses and, at last, its Answer."""
        tag = self.start(command)
        while True:
            parts = self.read()
            answer = self.answer(parts, tag)
            if answer is not None:
                yield answer
                return
            yield parts


def fetch_attributes(parts: list[bytes]) -> dict[bytes, object] | None:
    """Attributes of a FETCH response, names in upper case; None for any other response.

    Values: bytes (atom, string, literal), None (NIL), or a list. RFC 9051, 7.5.2.
    """
    head = parts[0].split(b" ", 3)
    if len(head) < 4 or head[0] != b"*" or head[2].upper() != b"FETCH":
        return None
    tokens = _tokens(parts, len(parts[0]) - len(head[3]))
    if next(tokens, None) != b"(":
        return None
    values = _collect(tokens)
    return {bytes(name).upper(): value for name, value in zip(values[::2], values[1::2], strict=False) if isinstance(name, bytes)}


class _Literal(bytes):
    """A literal may look like a parenthesis or NIL; it is neither."""


def _tokens(parts: list[bytes], offset: int):
    for index in range(0, len(parts), 2):
        text, literal = parts[index], parts[index + 1] if index + 1 < len(parts) else None
        end = text.rfind(b"{") if literal is not None else len(text)
        for found in TOKEN.finditer(text, offset, end):
            token = found[0]
            if token[:1] == b'"':
                yield _Literal(ESCAPED.sub(rb"\1", token[1:-1]))
            else:
                yield token
        if literal is not None:
            yield _Literal(literal)
        offset = 0


def _collect(tokens) -> list:
    values: list = []
    for token in tokens:
        if isinstance(token, _Literal):
            values.append(token)
        elif token == b"(":
            values.append(_collect(tokens))
        elif token == b")":
            return values
        else:
            values.append(None if token.upper() == b"NIL" else token)
    return values
