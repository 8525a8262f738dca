# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Words of the administration protocol: how arguments are written, and how the fields of an answer are read."""

from __future__ import annotations

import re

# What needs no quotes. A brace could be taken for the announcement of a literal.
PLAIN = re.compile(rb'[^\s()"\\{]+')
# A backslash stands for itself but before a quote or another backslash. It is never looked at twice, so that no answer takes long to read.
_BACKSLASH = rb'\\(?:["\\]|(?!["\\]))'
FIELD = re.compile(rb'\s*(?:"((?:[^"\\]|' + _BACKSLASH + rb')*)"|((?:[^\s"\\]|' + _BACKSLASH + rb")+))", re.DOTALL)
ESCAPED = re.compile(rb'\\(["\\])')
LITERAL = re.compile(rb"\{(\d+)\}")
# Digits of a length: more would be more than anybody has.
DIGITS = 12


class Secret(str):
    """A word that neither an error nor a result may show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"


def argument(text: str) -> bytes:
    """As the server reads it: plain, quoted, or with a line end in it as a literal, whose octets are counted. ValueError: it can't be sent."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        # Not chained, since that error shows the text.
        raise ValueError("it is no Unicode text") from None
    if b"\0" in data:
        raise ValueError("it has a character NUL")
    if b"\n" in data or b"\r" in data:
        return b"{%d+}\r\n%s" % (len(data), data)
    if PLAIN.fullmatch(data):
        return data
    return quoted(data)


def quoted(data: bytes) -> bytes:
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def fields(line: bytes) -> tuple[list[str], int | None]:
    """Fields of a line without its end, and the length of the literal that follows it. ValueError: a quote is not closed."""
    words: list[str] = []
    line, at = line.rstrip(), 0
    literal = None
    while at < len(line):
        found = FIELD.match(line, at)
        if not found:
            raise ValueError("a quote is not closed")
        at = found.end()
        announced = LITERAL.fullmatch(found[2]) if found[2] and at == len(line) else None
        if announced:
            literal = int(announced[1][:DIGITS + 1])
        else:
            words.append(text(ESCAPED.sub(rb"\1", found[1] if found[1] is not None else found[2])))
    return words, literal


def text(data: bytes) -> str:
    """Old entries may be in any character set; an answer is not lost for that."""
    return data.decode("utf-8", "replace")
