# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The middle layer of a PST file (MS-PST, 2.3): the heap in a node's data, and the properties and tables that are kept in it."""

from __future__ import annotations

import struct

from .blocks import Blocks, Node
from .properties import FIXED

PROPERTIES, TABLE, TREE = 0xBC, 0x7C, 0xB5
# Values of these types stand in the four bytes that would point to them. Type -> size.
INLINE = {kind: struct.calcsize(shape) for kind, shape in FIXED.items() if struct.calcsize(shape) <= 4}


class Heap:
    """A heap on `node`; `within` are the nodes within it. Errors: ValueError, struct.error for what is broken."""

    def __init__(self, blocks: Blocks, node: Node) -> None:
        self._blocks, self._parts = blocks, blocks.data(node.data)
        self.within = blocks.nodes(node.nodes)
        if not self._parts or len(self._parts[0]) < 12 or self._parts[0][2] != 0xEC:
            raise ValueError("a node of the file holds no heap")
        self.kind = self._parts[0][3]
        self._root, = struct.unpack_from("<I", self._parts[0], 4)

    def _item(self, number: int) -> bytes:
        """MS-PST, 2.3.1.1: the low 5 bits are the type, then 11 of the index from 1, then the block."""
        if not number:
            return b""
        part = self._parts[number >> 16]
        at, = struct.unpack_from("<H", part)
        begin, end = struct.unpack_from("<HH", part, at + 4 + 2 * ((number >> 5 & 0x7FF) - 1))
        return part[begin:end]

    def _held(self, number: int) -> list[bytes]:
        """What is in the heap, or in a node within ours."""
        if not number & 0x1F:
            return [self._item(number)]
        if number not in self.within:
            raise ValueError(f"a node of the file lacks the node {number:#x}")
        return self._blocks.data(self.within[number].data)

    def _tree(self, number: int) -> dict[bytes, bytes]:
        """MS-PST, 2.3.2: key -> data of a tree on the heap."""
        kind, key_size, data_size, levels, root = struct.unpack("<BBBBI", self._item(number)[:8])
        if kind != TREE:
            raise ValueError("a heap of the file holds no tree")
        rows = [root]
        for _level in range(levels):
            width = key_size + 4
            items = [self._item(row) for row in rows]
            rows = [struct.unpack_from("<I", item, at + key_size)[0] for item in items for at in range(0, len(item) - width + 1, width)]
        width, found = key_size + data_size, {}
        for item in map(self._item, rows):
            found |= {item[at:at + key_size]: item[at + key_size:at + width] for at in range(0, len(item) - width + 1, width)}
        return found

    def properties(self) -> dict[int, tuple[int, bytes]]:
        """MS-PST, 2.3.3: number -> (type, bytes). What is held as an object stays the number of its node and its size, 8 bytes."""
        if self.kind != PROPERTIES:
            raise ValueError("a node of the file holds no properties")
        found = {}
        for key, data in self._tree(self._root).items():
            kind, = struct.unpack_from("<H", data)
            found[struct.unpack("<H", key)[0]] = kind, self._value(kind, data[2:6])
        return found

    def _value(self, kind: int, data: bytes) -> bytes:
        return data[:INLINE[kind]] if kind in INLINE else b"".join(self._held(struct.unpack("<I", data)[0]))

    def rows(self) -> list[dict[int, tuple[int, bytes]]]:
        """MS-PST, 2.3.4: the rows of a table, each as properties."""
        if self.kind != TABLE:
            raise ValueError("a node of the file holds no table")
        head = self._item(self._root)
        _kind, count, _four, _two, bits, size, index, matrix = struct.unpack_from("<BBHHHHII", head)
        columns = [struct.unpack_from("<HHHBB", head, 22 + 8 * number) for number in range(count)]
        parts = self._held(matrix) if matrix else []
        order = sorted(int.from_bytes(place[:4], "little") for place in self._tree(index).values())
        found = []
        for place in order:
            # A row does not go over the end of its block.
            each = len(parts[0]) // size
            row = parts[place // each][place % each * size:][:size]
            cells = row[bits:]
            found.append({
                number: (kind, self._cell(kind, row[at:at + width]))
                for kind, number, at, width, bit in columns if cells[bit // 8] & 0x80 >> bit % 8
            })
        return found

    def _cell(self, kind: int, data: bytes) -> bytes:
        return data if kind in FIXED else self._value(kind, data)


def opened(blocks: Blocks, heap: Heap, held: bytes) -> Node:
    """The node that a property of the type object speaks of (MS-PST, 2.3.3.5)."""
    number, _size = struct.unpack("<II", held[:8])
    if number not in heap.within:
        raise ValueError(f"a node of the file lacks the node {number:#x}")
    return heap.within[number]
