# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Contacts and distribution lists as vCard 3.0 (RFC 2426), the version that every CardDAV server must take (RFC 6352, 6.3.2).

What it has no word for: IMPP of RFC 4770, X-MANAGER, X-ASSISTANT, X-SPOUSE and X-ANNIVERSARY as mail clients spell them, and X-MS-CHILD and
X-MS-IMADDRESS of MS-OXVCARD. The office is the extended address at work. A distribution list is a group as Apple's clients write it
(X-ADDRESSBOOKSERVER-KIND), since KIND and MEMBER came with vCard 4.0 only; its members are mailto: addresses, as in RFC 6350, 6.6.5, because
a list of Exchange need not name contacts of the same folder.
"""

from __future__ import annotations

import datetime
import re

from .._libraries import vobject
from .._model.item_kinds import Contact, DistributionList, PostalAddress
from .text import one_line, parameter, plain

CLASSES = {"normal": "PUBLIC", "personal": "PRIVATE", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
PHONES = {
    "work": ("WORK", "VOICE"), "home": ("HOME", "VOICE"), "mobile": ("CELL",), "work_fax": ("WORK", "FAX"), "home_fax": ("HOME", "FAX"),
    "pager": ("PAGER",), "car": ("CAR",), "isdn": ("ISDN",),
}
ADDRESSES = {"home": ("HOME",), "work": ("WORK",), "other": ("POSTAL",)}
# How files of the kinds of pictures that RFC 2426 names begin.
PICTURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"))
AWKWARD = re.compile(r"[,;\\]")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def vcard(item: Contact | DistributionList) -> bytes:
    card = vobject.vCard()
    _add(card, "uid", item.uid)
    if isinstance(item, Contact):
        _contact(card, item)
    else:
        _group(card, item)
    _add(card, "note", item.body)
    if item.categories:
        card.add("categories").value = [one_line(name) for name in item.categories]
    if item.modified:
        _add(card, "rev", f"{item.modified.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}")
    return card.serialize().encode()


def shown_name(contact: Contact) -> str:
    """FN must be there (RFC 2426, 3.1.1): by which of its names a contact is shown."""
    address = contact.emails[0][0] if contact.emails else ""
    parts = (contact.prefix, contact.given, contact.middle, contact.family, contact.suffix)
    names = (contact.name, " ".join(filter(None, parts)), contact.file_as, contact.organization, address)
    return next((name for name in map(one_line, names) if name), "-")


def _contact(card, contact: Contact) -> None:
    _add(card, "fn", shown_name(contact))
    card.add("n").value = vobject.vcard.Name(
        family=plain(contact.family), given=plain(contact.given), additional=plain(contact.middle), prefix=plain(contact.prefix),
        suffix=plain(contact.suffix),
    )
    _add(card, "nickname", contact.nickname)
    _add(card, "sort-string", contact.file_as)
    for number, (address, name) in enumerate(contact.emails):
        line = _add(card, "email", address, ("INTERNET", "PREF") if number == 0 else ("INTERNET",))
        if name and name not in (address, contact.name):
            # Clients show the label of its group beside an address.
            line.group = f"item{number + 1}"
            _add(card, "x-ablabel", name).group = line.group
    for kind, phone in contact.phones:
        # What RFC 2426, 3.3.1 has no type for keeps its own name.
        _add(card, "tel", phone, PHONES.get(kind) or ("VOICE", f"X-{kind.upper().replace('_', '-')}"))
    for address in _with_office(contact):
        _address(card, address, contact.office if address.kind == "work" else "")
    if contact.organization or contact.department:
        card.add("org").value = [plain(contact.organization), *([plain(contact.department)] if contact.department else [])]
    for name, value in (
        ("title", contact.title), ("role", contact.profession), ("x-manager", contact.manager), ("x-assistant", contact.assistant),
        ("x-spouse", contact.spouse), *(("x-ms-child", name) for name in contact.children),
        *(("x-ms-imaddress", address) for address in contact.ims if not URI.fullmatch(address)),
        ("bday", contact.birthday.isoformat() if contact.birthday else ""),
        ("x-anniversary", contact.anniversary.isoformat() if contact.anniversary else ""),
        ("class", CLASSES[contact.sensitivity]),
    ):
        _add(card, name, value)
    for name, value in (("url", contact.url), *(("impp", address) for address in contact.ims if URI.fullmatch(address))):
        _uri(card, name, value)
    if contact.photo:
        _photo(card, contact.photo)


def _group(card, group: DistributionList) -> None:
    name = one_line(group.name) or "-"
    _add(card, "fn", name)
    card.add("n").value = vobject.vcard.Name(family=name)
    _add(card, "x-addressbookserver-kind", "group")
    for member, address in group.members:
        line = _uri(card, "x-addressbookserver-member", f"mailto:{address}")
        if member and member != address:
            line.params["X-CN"] = [parameter(member)]


def _with_office(contact: Contact) -> list[PostalAddress]:
    addresses = list(contact.addresses)
    if contact.office and not any(address.kind == "work" for address in addresses):
        addresses.append(PostalAddress("work"))
    return addresses


def _address(card, address: PostalAddress, office: str) -> None:
    line = card.add("adr")
    line.value = vobject.vcard.Address(
        street=plain(address.street), city=plain(address.city), region=plain(address.region), code=plain(address.code),
        country=plain(address.country), extended=plain(office),
    )
    line.params["TYPE"] = list(ADDRESSES.get(address.kind, ADDRESSES["other"]))


def _photo(card, photo: bytes) -> None:
    line = card.add("photo")
    line.value = photo
    line.params["ENCODING"] = ["b"]
    kind = next((kind for start, kind in PICTURES if photo.startswith(start)), None)
    if kind:
        line.params["TYPE"] = [kind]


def _add(card, name: str, value: str, types: tuple[str, ...] = ()):
    if not value:
        return None
    line = card.add(name)
    line.value = plain(value)
    if types:
        line.params["TYPE"] = list(types)
    return line


def _uri(card, name: str, value: str):
    """Some readers take a backslash off a URI and some leave it: so nothing of it needs one."""
    return _add(card, name, AWKWARD.sub(lambda found: f"%{ord(found[0]):02X}", one_line(value)))
