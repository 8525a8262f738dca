# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The lower layer of a PST file (MS-PST, 2.2): nodes, their blocks of data, and the nodes within nodes.

libpff does this for folders and their items, but pypff has no way into a message that is attached to another; so these are read here.
"""

from __future__ import annotations

import struct
import typing as t

from .scrambled import decoded

PAGE = 512
NODE_TREE, BLOCK_TREE = "nodes", "blocks"
ANSI_VERSIONS, UNICODE_VERSION = (14, 15), 23
# A block of data is internal, that is a list of others, when this bit of its number is set.
INTERNAL = 2
# Blocks lie in blocks no deeper than that; what goes on is a circle in a broken file.
DEEPEST = 4


class Node(t.NamedTuple):
    """Numbers of the blocks that hold a node's data, and the nodes within it; 0 for none."""

    data: int
    nodes: int


class Shape(t.NamedTuple):
    """Where things are, in a file of either age: in the header its length, both trees' roots and the encoding; in a page the numbers of it."""

    word: str
    length: int
    node_root: int
    block_root: int
    encoding: int
    entries: int


ANSI = Shape("I", 168, 188, 196, 461, 496)
UNICODE = Shape("Q", 184, 224, 240, 513, 488)


class Blocks:
    """`file` is open for reading bytes. Errors: ValueError for what is no such file or is broken, struct.error where it ends too early."""

    def __init__(self, file: t.BinaryIO) -> None:
        self._file = file
        header = self._at(0, 564)
        magic, version = header[:4], struct.unpack_from("<H", header, 10)[0]
        if magic != b"!BDN" or version not in (*ANSI_VERSIONS, UNICODE_VERSION):
            raise ValueError(f"no PST file of a known version ({version})")
        self._shape = UNICODE if version == UNICODE_VERSION else ANSI
        self._encoding = header[self._shape.encoding]
        # How long the file was when it was written last.
        self.length, = self._words(header, self._shape.length, 1)
        self._roots = {tree: self._words(header, at, 1)[0] for tree, at in ((NODE_TREE, self._shape.node_root), (BLOCK_TREE, self._shape.block_root))}

    def _at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        data = self._file.read(size)
        if len(data) < size:
            raise ValueError("the file ends too early")
        return data

    def _words(self, data: bytes, at: int, count: int) -> tuple[int, ...]:
        return struct.unpack_from(f"<{count}{self._shape.word}", data, at)

    def _page(self, place: int) -> tuple[list[bytes], int]:
        """Entries of a page of a tree, and its level; 0 is that of the leaves."""
        page = self._at(place, PAGE)
        count, _most, size, level = page[self._shape.entries:self._shape.entries + 4]
        return [page[number * size:(number + 1) * size] for number in range(count)], level

    def _entry(self, tree: str, key: int) -> bytes:
        """The leaf of a tree (MS-PST, 2.2.2.7.7)."""
        place, mask = self._roots[tree], ~1 if tree == BLOCK_TREE else ~0
        for _depth in range(16):
            rows, level = self._page(place)
            keys = [self._words(row, 0, 1)[0] & (mask if tree == BLOCK_TREE else 0xFFFFFFFF) for row in rows]
            if not level:
                if key & mask in keys:
                    return rows[keys.index(key & mask)]
                break
            below = [row for row, least in zip(rows, keys, strict=True) if least <= key & mask]
            if not below:
                break
            place = self._words(below[-1], 0, 3)[2]
        raise ValueError(f"the file has no entry {key:#x} among its {tree}")

    def used(self) -> int:
        """Where the last block of data ends, in bytes; all blocks are looked up."""
        places, last = [self._roots[BLOCK_TREE]], 0
        while places:
            rows, level = self._page(places.pop())
            for row in rows:
                place = self._words(row, 0, 3 if level else 2)[-1]
                if level:
                    places.append(place)
                else:
                    last = max(last, place + self._size(row))
        return last

    def node(self, number: int) -> Node:
        return Node(*self._words(self._entry(NODE_TREE, number), 0, 3)[1:])

    def _size(self, entry: bytes) -> int:
        return struct.unpack_from("<H", entry, 2 * struct.calcsize(self._shape.word))[0]

    def _block(self, number: int) -> bytes:
        entry = self._entry(BLOCK_TREE, number)
        _number, place = self._words(entry, 0, 2)
        data = self._at(place, self._size(entry))
        return data if number & INTERNAL else decoded(data, self._encoding, number)

    def data(self, number: int, depth: int = 0) -> list[bytes]:
        """The data of a node, block by block (MS-PST, 2.2.2.8.3)."""
        if not number:
            return []
        block = self._block(number)
        if not number & INTERNAL:
            return [block]
        if depth > DEEPEST:
            raise ValueError("blocks of the file lie in each other")
        count, = struct.unpack_from("<H", block, 2)
        return [part for child in self._words(block, 8, count) for part in self.data(child, depth + 1)]

    def nodes(self, number: int, depth: int = 0) -> dict[int, Node]:
        """Nodes within a node, by their numbers (MS-PST, 2.2.2.8.3.3)."""
        if not number:
            return {}
        block = self._block(number)
        _kind, level, count = struct.unpack_from("<BBH", block)
        # The padding that makes 64-bit entries begin at a multiple of 8 is only in files that have them.
        at = 8 if self._shape is UNICODE else 4
        width = struct.calcsize(self._shape.word)
        if level and depth > DEEPEST:
            raise ValueError("nodes of the file lie in each other")
        found: dict[int, Node] = {}
        for index in range(count):
            if level:
                _key, below = self._words(block, at + index * 2 * width, 2)
                found |= self.nodes(below, depth + 1)
            else:
                key, *node = self._words(block, at + index * 3 * width, 3)
                found[key & 0xFFFFFFFF] = Node(*node)
        return found
