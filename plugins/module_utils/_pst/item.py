# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""One object of a mailbox with what belongs to it, and how a message that is attached to another is read (blocks.py tells why)."""

from __future__ import annotations

import dataclasses
import struct

from .blocks import Blocks, Node
from .heap import Heap
from .properties import BINARY, OBJECT, Properties

# What libpff and our own reading raise for what is broken in a file.
BROKEN = (OSError, ValueError, KeyError, IndexError, MemoryError, ArithmeticError, struct.error)
# Nodes within a message (MS-PST, 2.4.5.1 and 2.4.6); the low 5 bits of an attachment's number are its type.
RECIPIENTS, ATTACHMENT = 0x692, 0x05
ATTACHED_DATA, ATTACH_METHOD = 0x3701, 0x3705
# PidTagAttachMethod (MS-OXCMSG, 2.2.2.9): links to a file, a message, an OLE object.
LINKS, EMBEDDED, OLE = (2, 3, 4, 7), 5, 6
# Messages in messages in messages: more is a circle in a broken file.
DEEPEST = 20


@dataclasses.dataclass(frozen=True)
class Attached:
    """An attachment; `item` is there when it is a message. `broken`: why nothing of its content can be read."""

    properties: Properties
    content: bytes = b""
    item: Item | None = None
    broken: str = ""


@dataclasses.dataclass(frozen=True)
class Item:
    """`number` is the object's own in its file, unique there for all but what is attached to another."""

    number: int
    properties: Properties
    recipients: tuple[Properties, ...] = ()
    attachments: tuple[Attached, ...] = ()


def attached_item(blocks: Blocks, holder: Node, number: int, make, depth: int = 0) -> Item:
    """The message in the attachment `number` of the message on `holder`. `make` makes Properties of values.

    Errors: ValueError, struct.error for a broken file.
    """
    attachment = Heap(blocks, blocks.nodes(holder.nodes)[number])
    return _item(blocks, _object(attachment), make, depth)


def _object(heap: Heap) -> Node:
    """The node that a property of the type object speaks of (MS-PST, 2.3.3.5)."""
    _kind, held = heap.properties()[ATTACHED_DATA]
    number, _size = struct.unpack("<II", held[:8])
    if number not in heap.within:
        raise ValueError(f"an attachment lacks the node {number:#x}")
    return heap.within[number]


def _item(blocks: Blocks, node: Node, make, depth: int) -> Item:
    if depth > DEEPEST:
        raise ValueError("messages lie in each other")
    heap = Heap(blocks, node)
    recipients = Heap(blocks, heap.within[RECIPIENTS]).rows() if RECIPIENTS in heap.within else []
    numbers = sorted(number for number in heap.within if number & 0x1F == ATTACHMENT)
    attachments = tuple(_attached(blocks, node, heap, number, make, depth) for number in numbers)
    return Item(0, make(heap.properties()), tuple(make(row) for row in recipients), attachments)


def _attached(blocks: Blocks, node: Node, heap: Heap, number: int, make, depth: int) -> Attached:
    values = make({})
    try:
        inner = Heap(blocks, heap.within[number])
        values = make(inner.properties())
        kind, data = values.raw(ATTACHED_DATA) or (BINARY, b"")
        if values.number(ATTACH_METHOD) == EMBEDDED:
            return Attached(values, item=attached_item(blocks, node, number, make, depth + 1))
        return Attached(values, b"".join(blocks.data(_object(inner).data)) if kind == OBJECT else data)
    except BROKEN as error:
        return Attached(values, broken=first(error))


def first(error: Exception) -> str:
    """libpff tells the whole way down; the first sentence is what a person can use."""
    return str(error).split(". ", 1)[0][:200] or type(error).__name__
