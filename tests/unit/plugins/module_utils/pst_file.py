# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes small PST files (MS-PST) with the content that a test wants, of either age and in each encoding:

    pst = PstFile()
    inbox = pst.folder("Inbox", container_class="IPF.Note")
    number = pst.message(inbox, {SUBJECT: "x"}, recipients=[{...}], attachments=[{...}, ({...}, inner message)])
    pst.write(path)

Properties are {number or Named: value}; the type follows from the value (str, bytes, bool, int, float, datetime, list of str or bytes), or is
said by Typed.
"""

from __future__ import annotations

import datetime
import struct
import typing as t
import zlib

from ansible_collections.messaging.migration.plugins.module_utils._pst import scrambled
from ansible_collections.messaging.migration.plugins.module_utils._pst.properties import EPOCH, PUBLIC_STRINGS, Named

STORE, NAMES, ROOT, TOP = 0x21, 0x61, 0x122, 0x8022
KEY = bytes(range(16))
# A heap holds items up to this size, in one block here.
LARGEST, BLOCK = 3000, 8000


class Typed(t.NamedTuple):
    kind: int
    data: bytes


class Message(t.NamedTuple):
    """One that is attached to another."""

    properties: dict
    recipients: list = []
    attachments: list = []


def filetime(when: datetime.datetime) -> int:
    return (when - EPOCH) // datetime.timedelta(microseconds=1) * 10


def encoded(value) -> Typed:
    if isinstance(value, Typed):
        return value
    if isinstance(value, bool):
        return Typed(0x000B, struct.pack("<?", value))
    if isinstance(value, int):
        return Typed(0x0003, struct.pack("<i", value))
    if isinstance(value, float):
        return Typed(0x0005, struct.pack("<d", value))
    if isinstance(value, datetime.datetime):
        return Typed(0x0040, struct.pack("<Q", filetime(value)))
    if isinstance(value, str):
        return Typed(0x001F, value.encode("utf-16-le"))
    if isinstance(value, bytes):
        return Typed(0x0102, value)
    parts = [encoded(one).data for one in value]
    places, at = [], 4 + 4 * len(parts)
    for part in parts:
        places.append(at)
        at += len(part)
    kind = 0x1000 | (encoded(value[0]).kind if value else 0x1F)
    return Typed(kind, struct.pack(f"<I{len(parts)}I", len(parts), *places) + b"".join(parts))


class PstFile:
    def __init__(self, ansi: bool = False, encoding: int = 0, password: int = 0, free: int = 0) -> None:
        # `free`: bytes at the end that the header counts and the file has not.
        self._free, self.ansi, self.encoding, self.word = free, ansi, encoding, "I" if ansi else "Q"
        # libpff opens no file whose map of names is empty.
        self._names = [Named(PUBLIC_STRINGS, "Keywords")]
        self._blocks: list[tuple[int, bytes]] = []
        self._nodes: dict[int, tuple[int, int, int]] = {}
        self._folders: dict[int, dict] = {}
        self._next, self._inner = 0x2000, 0x400
        self._store = {0x0FF9: KEY, 0x67FF: password, 0x3001: "Test", 0x35E0: self.entry_id(TOP)}
        self._folders[ROOT] = {"above": ROOT, "properties": {0x3001: ""}, "messages": []}
        self._folders[TOP] = {"above": ROOT, "properties": {0x3001: "Top of Personal Folders"}, "messages": []}

    @staticmethod
    def entry_id(number: int) -> bytes:
        return bytes(4) + KEY + struct.pack("<I", number)

    def folder(self, name: str, above: int = TOP, container_class: str = "", more: dict | None = None) -> int:
        number = (0x8040 + 0x20 * len(self._folders)) | 2
        properties = {0x3001: name} | ({0x3613: container_class} if container_class else {}) | (more or {})
        self._folders[number] = {"above": above, "properties": properties, "messages": []}
        return number

    def point(self, folder: int, properties: dict) -> None:
        self._folders[folder]["properties"] |= properties

    def message(self, folder: int, properties: dict, recipients: list | None = None, attachments: list | None = None) -> int:
        self._next += 1
        number = self._next << 5 | 4
        self._nodes[number] = (*self._message(Message({0x001A: "IPM.Note"} | properties, recipients or [], attachments or [])), folder)
        self._folders[folder]["messages"].append(number)
        return number

    def move(self, number: int, before: int, after: int | None) -> None:
        """To another folder, or out of the file; it is as Outlook does it, who leaves a message its number."""
        self._folders[before]["messages"].remove(number)
        if after is not None:
            self._folders[after]["messages"].append(number)
            self._nodes[number] = (*self._nodes[number][:2], after)

    def rewrite(self, number: int, properties: dict) -> None:
        self._nodes[number] = (*self._message(Message({0x001A: "IPM.Note"} | properties)), self._nodes[number][2])

    def _message(self, message: Message) -> tuple[int, int]:
        within = {}
        if message.recipients:
            within[0x692] = self._table(list(enumerate(message.recipients)))
        for index, attachment in enumerate(message.attachments):
            properties, inner = attachment if isinstance(attachment, tuple) else (attachment, None)
            nodes = {}
            if inner is not None:
                node = self._inner_number(4)
                nodes[node] = self._message(inner)
                properties = properties | {0x3701: Typed(0x000D, struct.pack("<II", node, 1000)), 0x3705: 5}
            within[0x8005 + 0x20 * index] = self._properties(properties, nodes)
        if message.attachments:
            within[0x671] = self._table([(0x8005 + 0x20 * index, {0x3705: 1}) for index in range(len(message.attachments))])
        return self._properties(message.properties, within)

    def _inner_number(self, kind: int) -> int:
        self._inner += 1
        return self._inner << 5 | kind

    def _block(self, data: bytes, internal: bool = False) -> int:
        number = 4 * (len(self._blocks) + 1) | (2 if internal else 0)
        self._blocks.append((number, data))
        return number

    def _data(self, data: bytes) -> int:
        """The number of a block, or of one that lists several."""
        parts = [data[at:at + BLOCK] for at in range(0, len(data), BLOCK)] or [b""]
        numbers = [self._block(part) for part in parts]
        if len(numbers) == 1:
            return numbers[0]
        return self._block(struct.pack(f"<BBHI{len(numbers)}{self.word}", 1, 1, len(numbers), len(data), *numbers), True)

    def _within(self, nodes: dict[int, tuple[int, int]]) -> int:
        if not nodes:
            return 0
        rows = b"".join(struct.pack(f"<3{self.word}", number, *nodes[number]) for number in sorted(nodes))
        return self._block(struct.pack("<BBH", 2, 0, len(nodes)) + (b"" if self.ansi else bytes(4)) + rows, True)

    @staticmethod
    def _heap(items: list[bytes], kind: int) -> bytes:
        places = [12]
        for item in items:
            places.append(places[-1] + len(item))
        body = b"".join(items)
        padding = len(body) % 2 * b"\0"
        return (
            struct.pack("<HBBII", 12 + len(body) + len(padding), 0xEC, kind, 0x20, 0) + body + padding
            + struct.pack(f"<HH{len(places)}H", len(items), 0, *places)
        )

    def _number(self, key) -> int:
        if not isinstance(key, Named):
            return key
        if key not in self._names:
            self._names.append(key)
        return 0x8000 + self._names.index(key)

    def _properties(self, properties: dict, within: dict | None = None) -> tuple[int, int]:
        within = dict(within or {})
        items, records = [b"", b""], []
        for key, value in sorted((self._number(key), encoded(value)) for key, value in properties.items()):
            records.append(struct.pack("<HH", key, value.kind) + self._held(value, items, within))
        items[0], items[1] = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 0x40 if records else 0), b"".join(records)
        return self._block(self._heap(items, 0xBC)), self._within(within)

    def _held(self, value: Typed, items: list[bytes], within: dict) -> bytes:
        if value.kind in (0x0002, 0x0003, 0x0004, 0x000A, 0x000B):
            return value.data.ljust(4, b"\0")
        if not value.data:
            return bytes(4)
        if len(value.data) > LARGEST:
            number = self._inner_number(0x1F)
            within[number] = self._data(value.data), 0
            return struct.pack("<I", number)
        items.append(value.data)
        return struct.pack("<I", len(items) << 5)

    def _table(self, rows: list[tuple[int, dict]]) -> tuple[int, int]:
        within: dict = {}
        items = [b"", b"", b"", b""]
        cells = [{0x67F2: encoded(number), 0x67F3: encoded(1)} | {key: encoded(value) for key, value in row.items()} for number, row in rows]
        kinds = {key: value.kind for row in cells for key, value in row.items()} or {0x67F2: 3, 0x67F3: 3}
        width = {key: 8 if kind in (0x0005, 0x0014, 0x0040) else 4 for key, kind in kinds.items() if kind != 0x000B}
        order = sorted(width, key=lambda key: (key not in (0x67F2, 0x67F3), -width[key] if key not in (0x67F2, 0x67F3) else 0, key))
        order += sorted(key for key, kind in kinds.items() if kind == 0x000B)
        places, at = {}, 0
        for key in order:
            places[key] = at
            at += width.get(key, 1)
        words = at - sum(key not in width for key in order)
        size = at + (len(order) + 7) // 8
        matrix = b""
        for row in cells:
            line, bits = bytearray(size), bytearray((len(order) + 7) // 8)
            for bit, key in enumerate(order):
                if key in row:
                    held = self._held(row[key], items, within) if width.get(key) != 8 else row[key].data
                    line[places[key]:places[key] + width.get(key, 1)] = held[:width.get(key, 1)]
                    bits[bit // 8] |= 0x80 >> bit % 8
            line[at:] = bits
            matrix += bytes(line)
        columns = b"".join(
            struct.pack("<HHHBB", kinds[key], key, places[key], width.get(key, 1), bit)
            for bit, key in sorted(enumerate(order), key=lambda pair: (pair[1] << 16) | kinds[pair[1]])
        )
        items[0] = struct.pack("<BBHHHHIII", 0x7C, len(order), words, words, at, size, 0x40, 0x80 if matrix else 0, 0) + columns
        index_size = 2 if self.ansi else 4
        items[1] = struct.pack("<BBBBI", 0xB5, 4, index_size, 0, 0x60 if rows else 0)
        items[2] = b"".join(
            struct.pack("<I", number) + index.to_bytes(index_size, "little") for index, number in sorted((i, row[0]) for i, row in enumerate(rows))
        )
        items[3] = matrix
        return self._block(self._heap(items, 0x7C)), self._within(within)

    def write(self, path) -> None:
        for number, folder in self._folders.items():
            base = number & ~0x1F
            below = [other for other, row in self._folders.items() if row["above"] == number and other != number]
            counts = {0x3602: len(folder["messages"]), 0x3603: 0, 0x360A: bool(below)}
            self._nodes[number] = (*self._properties(folder["properties"] | counts), folder["above"])
            named = [(other, {0x3001: self._folders[other]["properties"][0x3001], 0x3602: len(self._folders[other]["messages"])}) for other in below]
            self._nodes[base | 0xD] = (*self._table(named), 0)
            self._nodes[base | 0xE] = (*self._table([(message, {0x0E07: 0}) for message in folder["messages"]]), 0)
            self._nodes[base | 0xF] = (*self._table([]), 0)
        self._nodes[STORE] = (*self._properties(self._store), 0)
        self._nodes[NAMES] = (*self._name_map(), 0)
        with open(path, "wb") as file:
            file.write(self._image())

    def _name_map(self) -> tuple[int, int]:
        sets = sorted({name.set for name in self._names if name.set != PUBLIC_STRINGS})
        entries, strings = b"", b""
        for index, name in enumerate(self._names):
            which = (2 if name.set == PUBLIC_STRINGS else 3 + sets.index(name.set)) << 1
            key = name.key
            if isinstance(key, str):
                text = key.encode("utf-16-le")
                key, which = len(strings), which | 1
                strings += struct.pack("<I", len(text)) + text + b"\0" * (-len(text) % 4)
            entries += struct.pack("<IHH", key, which, index)
        return self._properties({1: 251, 2: b"".join(one.bytes_le for one in sets) or bytes(16), 3: entries, 4: strings})

    def _image(self) -> bytes:
        image = bytearray(0x4600)
        entries = []
        for number, data in self._blocks:
            place = len(image)
            internal = bool(number & 2)
            shown = data if internal else self._scrambled(data, number)
            crc, mark = _crc(shown), _mark(place, number)
            trailer = struct.pack("<HHII", len(data), mark, number, crc) if self.ansi else struct.pack("<HHIQ", len(data), mark, crc, number)
            total = -(-(len(data) + len(trailer)) // 64) * 64
            image += shown.ljust(total - len(trailer), b"\0") + trailer
            entries.append((number, struct.pack(f"<2{self.word}HH", number, place, len(data), 2) + (b"" if self.ansi else bytes(4))))
        image += bytes(-len(image) % 512)
        nodes = []
        for number, (data, within, above) in sorted(self._nodes.items()):
            nodes.append((number, struct.pack(f"<3{self.word}I", number, data, within, above) + (b"" if self.ansi else bytes(4))))
        node_root = self._tree(image, nodes, 0x81)
        block_root = self._tree(image, entries, 0x80)
        self._head(image, node_root, block_root)
        return bytes(image)

    def _scrambled(self, data: bytes, number: int) -> bytes:
        if self.encoding == scrambled.PERMUTED:
            return data.translate(scrambled.FIRST)
        return scrambled.decoded(data, self.encoding, number)

    def _tree(self, image: bytearray, rows: list[tuple[int, bytes]], kind: int) -> tuple[int, int]:
        level = 0
        while True:
            room = (496 if self.ansi else 488) // len(rows[0][1])
            pages = []
            for at in range(0, len(rows), room):
                part = rows[at:at + room]
                pages.append((part[0][0], *self._page(image, [row for _key, row in part], level, kind)))
            if len(pages) == 1:
                return pages[0][1:]
            rows = [(key, struct.pack(f"<3{self.word}", key, number, place)) for key, number, place in pages]
            level += 1

    def _page(self, image: bytearray, rows: list[bytes], level: int, kind: int) -> tuple[int, int]:
        place, number = len(image), len(image) // 512 * 4
        room = 496 if self.ansi else 488
        body = b"".join(rows).ljust(room, b"\0") + struct.pack("<BBBB", len(rows), room // len(rows[0]), len(rows[0]), level) + (b"" if self.ansi else bytes(4))
        mark, crc = _mark(place, number), _crc(body)
        image += body + (struct.pack("<BBHII", kind, kind, mark, number, crc) if self.ansi else struct.pack("<BBHIQ", kind, kind, mark, crc, number))
        return number, place

    def _head(self, image: bytearray, node_root: tuple[int, int], block_root: tuple[int, int]) -> None:
        version = 15 if self.ansi else 23
        image[0:24] = struct.pack("<4sI2sHHBBII", b"!BDN", 0, b"SM", version, 19, 1, 1, 0, 0)
        at = 164 if self.ansi else 180
        root = struct.pack(f"<I8{self.word}BBH", 0, len(image) + self._free, 0x4400, 0, 0, *node_root, *block_root, 2, 0, 0)
        image[at:at + len(root)] = root
        sentinel = 460 if self.ansi else 512
        image[sentinel:sentinel + 2] = bytes((0x80, self.encoding))
        image[4:8] = struct.pack("<I", _crc(image[8:8 + 471]))
        if not self.ansi:
            image[524:528] = struct.pack("<I", _crc(image[8:8 + 516]))


def _crc(data: bytes) -> int:
    """MS-PST, 5.3: without the inversions that zlib makes."""
    return zlib.crc32(bytes(data), 0xFFFFFFFF) ^ 0xFFFFFFFF


def _mark(place: int, number: int) -> int:
    mixed = place ^ number
    return (mixed >> 16 ^ mixed) & 0xFFFF
