# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Addresses as MAPI keeps them: SMTP, the Exchange directory's own, and entry ids that hold an address of any kind (MS-OXCDATA, 2.2.5)."""

from __future__ import annotations

import struct
import typing as t
import uuid

from .._model.addresses import smtp
from .properties import Properties

ADDRESS_TYPE, EMAIL, SMTP_ADDRESS, DISPLAY_NAME = 0x3002, 0x3003, 0x39FE, 0x3001
ONE_OFF = uuid.UUID("a41f2b81-a3be-1910-9d6e-00dd010f5402").bytes_le
# Entry ids in a distribution list are wrapped in one that says what they are (MS-OXOCNTC, 2.2.2.4.1).
WRAPPED = uuid.UUID("d3ad91c0-9d51-11cf-a4a9-00aa0047faa4").bytes
UNICODE = 0x8000


class Person(t.NamedTuple):
    """`address` in the form of SMTP, or empty where only a name is known."""

    name: str
    address: str


def person(properties: Properties, name: int, kind: int, address: int, smtp_address: int, domain: str = "") -> Person:
    """The properties of these numbers as one person."""
    known = properties.text(smtp_address)
    found = known if "@" in known else smtp(properties.text(kind), properties.text(address), domain)
    return Person(_bare(properties.text(name)), _bare(found))


def _bare(text: str) -> str:
    """Outlook puts what was typed into quotation marks."""
    text = text.strip()
    return text[1:-1].strip() if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"" else text


def recipient(row: Properties, domain: str = "") -> Person:
    return person(row, DISPLAY_NAME, ADDRESS_TYPE, EMAIL, SMTP_ADDRESS, domain)


def one_off(entry_id: bytes, code_page: str, domain: str = "") -> Person | None:
    """Name and address that an entry id holds by itself; None for one that only points to an entry of an address book. Another distribution list
    has a name and no address."""
    if entry_id[4:20] == WRAPPED:
        entry_id = entry_id[21:]
    if entry_id[4:20] != ONE_OFF or len(entry_id) < 24:
        return None
    flags, = struct.unpack_from("<H", entry_id, 22)
    text = entry_id[24:].decode("utf-16-le" if flags & UNICODE else code_page, "replace")
    name, kind, address = [*text.split("\0"), "", "", ""][:3]
    return Person(name, "" if kind.upper() == "MAPIPDL" else smtp(kind, address, domain))


def flat_list(data: bytes) -> list[bytes]:
    """Entry ids of a FLATENTRYLIST (MS-OXCDATA, 2.3.3), each padded to a multiple of four bytes."""
    found, at = [], 8
    while at + 4 <= len(data):
        size, = struct.unpack_from("<I", data, at)
        found.append(data[at + 4:at + 4 + size])
        at += 4 + (size + 3) // 4 * 4
    return found
