# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Contacts and private distribution lists (MS-OXOCNTC)."""

from __future__ import annotations

import datetime
import itertools
import struct

from .._model.addresses import smtp
from .._model.item_kinds import SENSITIVITIES, Contact, DistributionList, PostalAddress
from .addresses import Person, one_off
from .common import PHOTO, SENSITIVITY, attachments, line, of, shared, text
from .item import Item
from .properties import ADDRESS, Named, Properties

PHONES = {
    0x3A08: "work", 0x3A1B: "work", 0x3A09: "home", 0x3A2F: "home", 0x3A1C: "mobile", 0x3A24: "work_fax", 0x3A25: "home_fax", 0x3A23: "other_fax",
    0x3A21: "pager", 0x3A1E: "car", 0x3A57: "company", 0x3A2E: "assistant", 0x3A1A: "primary", 0x3A02: "callback", 0x3A2D: "isdn", 0x3A1D: "radio",
    0x3A2C: "telex", 0x3A4B: "tty", 0x3A1F: "other",
}
NAMES = {
    "name": 0x3001, "given": 0x3A06, "middle": 0x3A44, "family": 0x3A11, "prefix": 0x3A45, "suffix": 0x3A05, "nickname": 0x3A4F,
    "organization": 0x3A16, "department": 0x3A18, "title": 0x3A17, "profession": 0x3A46, "office": 0x3A19, "manager": 0x3A4E, "assistant": 0x3A30,
    "spouse": 0x3A48,
}
FILE_AS, MESSENGER, HTML_PAGE = Named(ADDRESS, 0x8005), Named(ADDRESS, 0x8062), Named(ADDRESS, 0x802B)
CHILDREN, BUSINESS_PAGE, PERSONAL_PAGE = 0x3A58, 0x3A51, 0x3A50
# As a moment in UTC, which is midnight somewhere, and as the day itself.
BIRTHDAY, ANNIVERSARY = (0x3A42, Named(ADDRESS, 0x80DE)), (0x3A41, Named(ADDRESS, 0x80DF))
# Kind -> street, city, region, code, country, and all in one text.
ADDRESSES = {
    "work": (*(Named(ADDRESS, key) for key in (0x8045, 0x8046, 0x8047, 0x8048, 0x8049)), Named(ADDRESS, 0x801B)),
    "home": (0x3A5D, 0x3A59, 0x3A5C, 0x3A5B, 0x3A5A, Named(ADDRESS, 0x801A)),
    "other": (0x3A63, 0x3A5F, 0x3A62, 0x3A61, 0x3A60, Named(ADDRESS, 0x801C)),
}
MAILING = (0x3A29, 0x3A27, 0x3A28, 0x3A2A, 0x3A26, 0x3A15)
# Name, type and address of each of three.
EMAILS = tuple(tuple(Named(ADDRESS, first + more) for more in (0, 2, 3)) for first in (0x8080, 0x8090, 0x80A0))
LIST_NAME, MEMBERS, MEMBERS_ONE_OFF, MEMBERS_STREAM = (Named(ADDRESS, key) for key in (0x8053, 0x8055, 0x8054, 0x8064))


def contact(item: Item, key: bytes, domain: str = "") -> Contact:
    properties = item.properties
    return Contact(
        **shared(item, key),
        **{field: line(properties, number) for field, number in NAMES.items()},
        file_as=line(properties, FILE_AS),
        emails=tuple(found for keys in EMAILS for found in [_email(properties, keys, domain)] if found[0]),
        phones=tuple((kind, line(properties, number)) for number, kind in PHONES.items() if line(properties, number)),
        addresses=_addresses(properties),
        children=tuple(text(name) for name in properties.texts(CHILDREN) if name.strip()),
        birthday=_day(properties, *BIRTHDAY),
        anniversary=_day(properties, *ANNIVERSARY),
        url=line(properties, BUSINESS_PAGE) or line(properties, HTML_PAGE) or line(properties, PERSONAL_PAGE),
        ims=tuple(address for address in [line(properties, MESSENGER)] if address),
        sensitivity=of(SENSITIVITIES, properties.number(SENSITIVITY), "normal"),
        photo=next((one.content for one in item.attachments if one.properties.flag(PHOTO)), None),
        attachments=attachments([one for one in item.attachments if not one.properties.flag(PHOTO)], domain),
    )


def _email(properties: Properties, keys, domain: str) -> tuple[str, str]:
    name, kind, address = (line(properties, key) for key in keys)
    # A fax number stands among the addresses and is no such.
    found = "" if kind.upper() == "FAX" else smtp(kind, address, domain)
    # Outlook shows "Ann Other (ann@example.com)", and other programs add to that.
    while found and name.endswith(f"({found})"):
        name = name.removesuffix(f"({found})").strip()
    return found, name


def _addresses(properties: Properties) -> tuple[PostalAddress, ...]:
    found = [_address(properties, kind, keys) for kind, keys in ADDRESSES.items()]
    # What is the mailing address is one of them, unless none of them is filled in.
    return tuple(one for one in found if one) or tuple(one for one in [_address(properties, "work", MAILING)] if one)


def _address(properties: Properties, kind: str, keys) -> PostalAddress | None:
    street, city, region, code, country, whole = (text(line(properties, key)) for key in keys)
    if not any((street, city, region, code, country)):
        street = whole
    return PostalAddress(kind, street, city, region, code, country) if any((street, city, region, code, country)) else None


def _day(properties: Properties, moment: int, local: Named) -> datetime.date | None:
    found = properties.time(local)
    if found:
        return found.date()
    found = properties.time(moment)
    # Midnight somewhere: half a day later it is that day everywhere.
    return (found + datetime.timedelta(hours=12)).date() if found else None


def distribution_list(item: Item, key: bytes, domain: str = "") -> DistributionList:
    properties = item.properties
    members = [one for one in _members(properties, domain) if one and any(one)]
    return DistributionList(
        **shared(item, key), name=line(properties, LIST_NAME) or line(properties, 0x3001), members=tuple((one.name, one.address) for one in members),
    )


def lost_members(item: Item, domain: str = "") -> list[str]:
    """What a distribution list does not tell of its members."""
    members = _members(item.properties, domain)
    told = [f"the address of a member: {one.name}" for one in members if one and one.name and not one.address]
    unknown = sum(not one or not any(one) for one in members)
    return told + ([f"members who are only in an address book: {unknown}"] if unknown else [])


def _members(properties: Properties, domain: str) -> list[Person | None]:
    """None for one of whom nothing is known."""
    pairs = _stream(properties.data(MEMBERS_STREAM)) or itertools.zip_longest(properties.many(MEMBERS), properties.many(MEMBERS_ONE_OFF), fillvalue=b"")
    return [one_off(own, properties.code_page, domain) or one_off(entry, properties.code_page, domain) for entry, own in pairs]


def _stream(data: bytes) -> list[tuple[bytes, bytes]]:
    """Entry id and one-off entry id of each member of a list that is too long for the other properties (MS-OXOCNTC, 2.2.2.2.4)."""
    found, at = [], 28
    for _member in range(struct.unpack_from("<I", data, 12)[0] if data else 0):
        parts = []
        for _part in range(3):
            size, = struct.unpack_from("<I", data, at)
            parts.append(data[at + 4:at + 4 + size])
            at += 4 + size
        found.append((parts[0], parts[1]))
    return found
