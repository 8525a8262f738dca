# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands as they come and answers as they go; written from the description of the protocol, without a look at the collection's client."""

from __future__ import annotations

import typing as t


class Malformed(Exception):
    """No command that this protocol knows."""


def command(stream: t.BinaryIO) -> list[str] | None:
    """The words of the next command, its tag first; None at the end of the connection."""
    line = stream.readline()
    if not line:
        return None
    words: list[str] = []
    while True:
        text = line.rstrip(b"\r\n")
        announced = _announced(text)
        words += _split(text[:text.rindex(b"{")] if announced is not None else text)
        if announced is None:
            return words
        words.append(stream.read(announced).decode("utf-8"))
        line = stream.readline()


def _announced(text: bytes) -> int | None:
    """The length of the literal that a line ends with."""
    start = text.rfind(b"{")
    inside = text[start + 1:-2]
    if start >= 0 and text.endswith(b"+}") and inside.isdigit() and text[:start].endswith(b" "):
        return int(inside)
    return None


def _split(text: bytes) -> list[str]:
    words: list[str] = []
    word, inside, escaped, begun = bytearray(), False, False, False
    for octet in text:
        letter = bytes([octet])
        if escaped:
            word += letter
            escaped = False
        elif inside and letter == b"\\":
            escaped = True
        elif letter == b'"':
            inside, begun = not inside, True
        elif letter in (b" ", b"\t") and not inside:
            if begun:
                words.append(word.decode("utf-8"))
            word, begun = bytearray(), False
        elif letter in (b"\\", b"(", b")") and not inside:
            raise Malformed(f"{letter.decode()} stands outside of quotes")
        else:
            word += letter
            begun = True
    if inside or escaped:
        raise Malformed("a quote is not closed")
    return words + ([word.decode("utf-8")] if begun else [])


def line(tag: str, fields: t.Iterable[str], literal: bool = False, blank: bool = True) -> bytes:
    """A line of an answer. With `literal` its last field is one; `blank`: a line end follows also where it has one of its own."""
    values = [field.encode("utf-8") for field in fields]
    head = b"* " + tag.encode()
    if not values:
        return head + b" \r\n"
    if not literal and any(b"\n" in value for value in values):
        raise ValueError("only a literal holds a line end")
    last = values.pop() if literal else None
    text = b" ".join([head, *(b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"' for value in values)])
    if last is None:
        return text + b"\r\n"
    closed = last.endswith(b"\n") or not last
    return text + b" {%d}\r\n%s" % (len(last), last) + (b"\r\n" if blank or not closed else b"")
