# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Contacts and distribution lists as LDIF (RFC 2849), with the attributes that Mirapoint's address book exports.

Only the export is known in public, from a program of James Madison University that reads it (JmuPostConversionActionMirapointAddressBookImporter);
that an import takes the same is NOT confirmed: try one file first.
"""

from __future__ import annotations

import base64
import re

from .._model.item_kinds import Contact, DistributionList, PostalAddress
from .text import one_line, plain
from .vcard import shown_name

# RFC 2849, SAFE-STRING; a space at the end would get lost.
SAFE = re.compile(r"(?:[\x01-\x09\x0b\x0c\x0e-\x1f\x21-\x39\x3b\x3d-\x7f][\x01-\x09\x0b\x0c\x0e-\x7f]*)?(?<! )")
# RFC 4514, 2.4.
SPECIAL = re.compile(r'(["+,;<>\\=]|^[ #]| $)')
# The attribute of each kind of number; the last is spelled as there.
PHONES = {"work": "telephonenumber", "home": "homephone", "mobile": "mobile", "pager": "pager", "work_fax": "facimiletelephonenumber"}


def ldif(item: Contact | DistributionList) -> bytes:
    """One record, with a line end and no empty line after it; without `version: 1`, which the export lacks as well."""
    pairs = _contact(item) if isinstance(item, Contact) else _group(item)
    return b"".join(_line(name, value) for name, value in pairs if value)


def _contact(contact: Contact) -> list[tuple[str, str]]:
    name, address = shown_name(contact), contact.emails[0][0] if contact.emails else ""
    phones = dict(reversed(contact.phones))
    # There is room for one: that at work, if there is one.
    place = min(contact.addresses, key=lambda place: ("work", "home", "other").index(place.kind), default=PostalAddress("work"))
    return [
        ("dn", _dn(name, address)), ("objectclass", "top"), ("objectclass", "person"), ("mail", one_line(address)), ("cn", name),
        ("sn", plain(contact.family)), ("givenname", plain(contact.given)), ("displayname", name),
        ("category", ",".join(one_line(category) for category in contact.categories)), ("o", plain(contact.organization)),
        ("ou", plain(contact.department)), ("title", plain(contact.title)), ("description", plain(contact.body)),
        ("postaladdress", plain(place.street)), ("l", plain(place.city)), ("st", plain(place.region)), ("postalcode", plain(place.code)),
        ("c", plain(place.country)), *((attribute, plain(phones.get(kind, ""))) for kind, attribute in PHONES.items()),
        ("xmozillanickname", plain(contact.nickname)), ("homeurl", plain(contact.url)),
        *_date(contact.birthday, "birthyear", "birthmonth", "birthday"),
        *_date(contact.anniversary, "anniversaryyear", "anniversarymonth", "anniversaryday"),
    ]


def _group(group: DistributionList) -> list[tuple[str, str]]:
    name = one_line(group.name) or "-"
    members = [("member", _dn(one_line(member or address), address)) for member, address in group.members]
    return [("dn", _dn(name, "")), ("objectclass", "top"), ("objectclass", "groupofnames"), ("cn", name), ("description", plain(group.body)), *members]


def _date(day, *names: str) -> list[tuple[str, str]]:
    return list(zip(names, map(str, (day.year, day.month, day.day)), strict=True)) if day else []


def _dn(name: str, address: str) -> str:
    mail = one_line(address)
    return f"cn={SPECIAL.sub(_escaped, name)}" + (f",mail={SPECIAL.sub(_escaped, mail)}" if mail else "")


def _escaped(found: re.Match) -> str:
    return "\\" + found[0]


def _line(name: str, value: str) -> bytes:
    if SAFE.fullmatch(value):
        return f"{name}: {value}\n".encode()
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n".encode()
