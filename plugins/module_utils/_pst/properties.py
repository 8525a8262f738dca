# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""MAPI properties (MS-OXCDATA, 2.8 and 2.11) of one object as Python values. No I/O.

A property is asked for by its number, or, when it has a name (MS-OXPROPS), by `Named`: which number a name has differs from file to file.
"""

from __future__ import annotations

import codecs
import datetime
import struct
import typing as t
import uuid

EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.timezone.utc)
STRING8, UNICODE, BINARY, OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
MULTIPLE = 0x1000
# Types of a fixed size -> struct format.
FIXED = {0x0002: "<h", 0x0003: "<i", 0x0004: "<f", 0x0005: "<d", 0x000A: "<I", 0x000B: "<?", 0x0014: "<q", 0x0040: "<Q"}
# Windows code pages whose Python codec is not "cp" and the number.
CODE_PAGES = {
    20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 28591: "iso-8859-1", 28592: "iso-8859-2", 28593: "iso-8859-3", 28594: "iso-8859-4",
    28595: "iso-8859-5", 28596: "iso-8859-6", 28597: "iso-8859-7", 28598: "iso-8859-8", 28599: "iso-8859-9", 28603: "iso-8859-13",
    28605: "iso-8859-15", 38598: "iso-8859-8", 50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 50225: "iso-2022-kr",
    51932: "euc-jp", 51936: "gb2312", 51949: "euc-kr", 52936: "hz", 54936: "gb18030", 65000: "utf-7", 65001: "utf-8", 936: "gbk", 949: "cp949",
    932: "cp932", 950: "big5", 1200: "utf-16-le", 1201: "utf-16-be", 10000: "mac-roman",
}
MESSAGE_CODE_PAGE, INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE


class Named(t.NamedTuple):
    """A named property: its set, and its number or text within it."""

    set: uuid.UUID
    key: int | str


PUBLIC_STRINGS = uuid.UUID("00020329-0000-0000-c000-000000000046")
MAPI = uuid.UUID("00020328-0000-0000-c000-000000000046")
COMMON = uuid.UUID("00062008-0000-0000-c000-000000000046")
APPOINTMENT = uuid.UUID("00062002-0000-0000-c000-000000000046")
MEETING = uuid.UUID("6ed8da90-450b-101b-98da-00aa003f1305")
ADDRESS = uuid.UUID("00062004-0000-0000-c000-000000000046")
TASK = uuid.UUID("00062003-0000-0000-c000-000000000046")


def names(guids: bytes, entries: bytes, strings: bytes) -> dict[Named, int]:
    """Name -> number, from the three streams of the name-to-id map (MS-PST, 2.4.7)."""
    found = {}
    for key, which, index in struct.iter_unpack("<IHH", entries[: len(entries) // 8 * 8]):
        number = which >> 1
        if number == 1:
            property_set = MAPI
        elif number == 2:
            property_set = PUBLIC_STRINGS
        else:
            at = (number - 3) * 16
            if number < 3 or at + 16 > len(guids):
                continue
            property_set = uuid.UUID(bytes_le=guids[at:at + 16])
        if which & 1:
            length, = struct.unpack_from("<I", strings, key)
            name: int | str = strings[key + 4:key + 4 + length].decode("utf-16-le", "replace")
        else:
            name = key
        found[Named(property_set, name)] = 0x8000 + index
    return found


def codec(code_page: int | None) -> str | None:
    """Python's and MIME's name of a Windows code page; None where there is none."""
    if not code_page:
        return None
    name = CODE_PAGES.get(code_page) or (f"windows-{code_page}" if 1250 <= code_page <= 1258 else f"cp{code_page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name


def moment(filetime: int) -> datetime.datetime | None:
    """A FILETIME, 100 nanoseconds since 1601; None for none, and for what stands for "never"."""
    if not 0 < filetime < 0x0CB34557A3DD4000:
        return None
    return EPOCH + datetime.timedelta(microseconds=filetime // 10)


class Properties:
    """`values`: number -> (type, bytes as they stand in the file). `names`: those of the file. `code_page`: of the file's 8-bit text."""

    def __init__(self, values: dict[int, tuple[int, bytes]], named: dict[Named, int], code_page: str = "cp1252") -> None:
        self._values, self.names, self._file_code_page = values, named, code_page

    def __contains__(self, key: int | Named) -> bool:
        return self._number(key) in self._values

    def _number(self, key: int | Named) -> int | None:
        return self.names.get(key) if isinstance(key, Named) else key

    def raw(self, key: int | Named) -> tuple[int, bytes] | None:
        return self._values.get(self._number(key))

    @property
    def code_page(self) -> str:
        """Of the 8-bit text of this object."""
        return codec(self.number(MESSAGE_CODE_PAGE)) or codec(self.number(INTERNET_CODE_PAGE)) or self._file_code_page

    def text(self, key: int | Named) -> str:
        """Empty where there is none. Line ends as they are."""
        kind, data = self.raw(key) or (UNICODE, b"")
        return self._decoded(kind, data) if kind in (STRING8, UNICODE) else ""

    def _decoded(self, kind: int, data: bytes) -> str:
        text = data.decode("utf-16-le", "replace") if kind & 0xFFF == UNICODE else data.decode(self.code_page, "replace")
        return text.rstrip("\0")

    def data(self, key: int | Named) -> bytes:
        """Bytes of a binary property, or of one that is held as an object; empty where there is none."""
        kind, data = self.raw(key) or (BINARY, b"")
        return data if kind in (BINARY, OBJECT) else b""

    def number(self, key: int | Named) -> t.Any:
        """A number of any fixed type, or None."""
        kind, data = self.raw(key) or (0, b"")
        shape = FIXED.get(kind)
        if shape is None or len(data) < struct.calcsize(shape):
            return None
        return struct.unpack_from(shape, data)[0]

    def flag(self, key: int | Named) -> bool:
        return bool(self.number(key))

    def time(self, key: int | Named) -> datetime.datetime | None:
        """In UTC."""
        kind, _data = self.raw(key) or (0, b"")
        value = self.number(key)
        return moment(value) if kind == 0x0040 and value is not None else None

    def texts(self, key: int | Named) -> tuple[str, ...]:
        kind, data = self.raw(key) or (0, b"")
        if kind in (STRING8, UNICODE):
            return (self._decoded(kind, data),)
        if kind not in (MULTIPLE | STRING8, MULTIPLE | UNICODE):
            return ()
        return tuple(self._decoded(kind, part) for part in _parts(data))

    def many(self, key: int | Named) -> list[bytes]:
        """Bytes of each value of a property that has several binary ones."""
        kind, data = self.raw(key) or (0, b"")
        return _parts(data) if kind == MULTIPLE | BINARY else []


def _parts(data: bytes) -> list[bytes]:
    """Values of variable size: their number, where each begins, then the values (MS-PST, 2.3.3.4.2)."""
    if len(data) < 4:
        return []
    count, = struct.unpack_from("<I", data)
    begins = [*struct.unpack_from(f"<{count}I", data, 4), len(data)]
    return [data[begin:end] for begin, end in zip(begins, begins[1:], strict=False)]
