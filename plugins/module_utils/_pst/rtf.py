# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Bodies in RTF: decompressed (MS-OXRTFCP), and turned back into the HTML or the text that they were made from (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct
import typing as t

from .properties import codec

COMPRESSED, STORED = b"LZFu", b"MELA"
# What the dictionary holds before the first byte (MS-OXRTFCP, 2.1.3.1.2).
BEFORE = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New Roman"
    rb"Courier{\colortbl\red0\green0\blue0" b"\r\n" rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
WINDOW = 4096
TOKEN = re.compile(rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL)
# Groups that hold no text of the body.
APART = frozenset((
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"headerl", b"headerr", b"headerf", b"footer", b"footerl",
    b"footerr", b"footerf", b"footnote", b"listtable", b"listoverridetable",
))
WORDS = {
    b"par": "\r\n", b"line": "\r\n", b"sect": "\r\n", b"page": "\r\n", b"row": "\r\n", b"tab": "\t", b"cell": "\t", b"lquote": "\u2018", b"rquote": "\u2019",
    b"ldblquote": "\u201c", b"rdblquote": "\u201d", b"bullet": "\u2022", b"endash": "\u2013", b"emdash": "\u2014", b"emspace": "\u2003",
    b"enspace": "\u2002", b"qmspace": "\u2005",
}
SYMBOLS = {b"~": "\xa0", b"_": "\xad", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\r\n", b"\r": "\r\n"}
# \fcharset (RTF 1.9.1) -> code page.
CHARSETS = {
    0: 1252, 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874,
    238: 1250,
}


def decompressed(data: bytes) -> bytes:
    """The value of PidTagRtfCompressed as RTF. ValueError for what is none."""
    if len(data) < 16:
        raise ValueError("an RTF body is shorter than its header")
    size, kind = struct.unpack_from("<I4s", data, 4)
    if kind == STORED:
        return data[16:16 + size]
    if kind != COMPRESSED:
        raise ValueError("an RTF body is compressed in an unknown way")
    window = bytearray(BEFORE.ljust(WINDOW, b" "))
    write, at, found = len(BEFORE), 16, bytearray()
    while at < len(data):
        control, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                break
            if control >> bit & 1:
                place, at = int.from_bytes(data[at:at + 2], "big"), at + 2
                read, length = place >> 4, (place & 0xF) + 2
                if read == write:
                    return bytes(found)
            else:
                read, length = None, 1
            for step in range(length):
                value = data[at] if read is None else window[(read + step) % WINDOW]
                window[write], write = value, (write + 1) % WINDOW
                found.append(value)
            at += read is None
    return bytes(found)


class _Group(t.NamedTuple):
    """What holds until a brace closes: whether text is left out, as RTF only, whether it is a tag of HTML; font; fallbacks of \\u."""

    apart: bool = False
    rtf_only: bool = False
    tag: bool = False
    fonts: bool = False
    font: int | None = None
    fallbacks: int = 1


def read(rtf: bytes) -> tuple[str, str]:
    """("html" or "text", the body). Text that was not made from HTML comes without its formatting."""
    html = b"\\fromhtml" in rtf[:1024]
    return "html" if html else "text", _Reader(html).read(rtf)


class _Reader:
    def __init__(self, html: bool) -> None:
        self._html = html
        self._page = "cp1252"
        self._fonts: dict[int, str] = {}
        self._pieces: list[tuple[str, bytearray]] = []
        self._skip = 0

    def read(self, rtf: bytes) -> str:
        stack, now, starred = [], _Group(), False
        for word, number, byte, symbol, brace, text in TOKEN.findall(rtf):
            if brace == b"{":
                stack.append(now)
                self._skip = 0
            elif brace == b"}":
                now, self._skip = stack.pop() if stack else now, 0
            elif symbol == b"*":
                starred = True
                continue
            elif word:
                now = self._word(word, int(number) if number else None, starred, now)
            elif byte:
                self._put(bytes.fromhex(byte.decode()), now)
            elif symbol:
                self._say(SYMBOLS.get(symbol, ""), now, alternate=True)
            elif text:
                self._put(text, now)
            starred = False
        return "".join(data.decode(page, "replace") for page, data in self._pieces)

    def _word(self, word: bytes, number: int | None, starred: bool, now: _Group) -> _Group:
        if word == b"htmltag" and starred and self._html:
            return now._replace(tag=True)
        if starred or word in APART:
            return now._replace(apart=True, fonts=word == b"fonttbl")
        if word == b"htmlrtf":
            return now._replace(rtf_only=number != 0)
        if word == b"f":
            return now._replace(font=number)
        if word == b"uc":
            return now._replace(fallbacks=number if number is not None else 1)
        if word == b"ansicpg":
            self._page = codec(number) or self._page
        elif word == b"fcharset" and now.fonts and now.font is not None:
            page = codec(CHARSETS.get(number))
            if page:
                self._fonts[now.font] = page
        elif word == b"u" and number is not None:
            unit = number & 0xFFFF
            # Characters beyond U+FFFF come as two surrogates, which meet in one piece.
            self._add("utf-16-le", unit.to_bytes(2, "little"), now)
            self._skip = now.fallbacks
        elif word in WORDS:
            self._say(WORDS[word], now)
        return now

    def _say(self, text: str, now: _Group, alternate: bool = False) -> None:
        if alternate and self._skip:
            self._skip -= 1
        elif text:
            self._add("utf-16-le", text.encode("utf-16-le"), now)

    def _put(self, data: bytes, now: _Group) -> None:
        skipped, self._skip = data[self._skip:], max(0, self._skip - len(data))
        if skipped:
            self._add(self._fonts.get(now.font, self._page), skipped, now)

    def _add(self, page: str, data: bytes, now: _Group) -> None:
        if now.apart or now.rtf_only and not now.tag:
            return
        if self._pieces and self._pieces[-1][0] == page:
            self._pieces[-1][1].extend(data)
        else:
            self._pieces.append((page, bytearray(data)))
