# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What `Directory Export` of Exchange 5.5's Administrator program, or `admin /e`, writes: CSV whose header says what is in it.

Values are joined by a percent sign, in no order. Columns are known by the names that the program shows and by those of the schema.
"""

from __future__ import annotations

import collections
import csv
import io
import pathlib
import re

from .._errors import MigrationError
from .._model import proxy_addresses
from .._model.directory import Addresses, Contact, Directory, Forward, Group, Person, Quota, key
from .server import NOTHING_TOUCHED, DirectoryServer

# Column, in small letters and without blanks and hyphens -> what it is.
COLUMNS = {
    "objclass": "class", "objectclass": "class", "directoryname": "name", "commonname": "name", "aliasname": "alias", "mailnickname": "alias",
    "displayname": "display", "firstname": "first", "givenname": "first", "lastname": "last", "surname": "last",
    "primarywindowsntaccount": "account", "assocntaccount": "account", "homeserver": "server", "emailaddress": "target", "targetaddress": "target",
    "emailaddresses": "addresses", "proxyaddresses": "addresses", "members": "members", "member": "members", "objcontainer": "container",
    "hidefromab": "hidden", "hidefromaddressbook": "hidden", "mdbusedefaults": "use_defaults", "mdboverquotalimit": "no_send", "dxatask": "no_receive",
    "altrecipient": "forward", "deliverandredirect": "keep_copy", "objdistname": "dn", "mode": "mode",
}
NEEDED = {"class": "Obj-Class", "name": "Directory Name", "addresses": "E-mail Addresses"}
CLASSES = ("mailbox", "dl", "remote")
# A value begins with its type; what lies between two percent signs and does not is the rest of the value before.
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]*[:$]")
# A name within the organisation: /o=Example/ou=Berlin/cn=Recipients/cn=anna, of which the first two are the site.
_SITE = re.compile(r"(/o=[^/]*)?(/ou=[^/]*)/cn=")


def read(server: DirectoryServer) -> Directory:
    return _Reader(server, _text(server)).read()


def _text(server: DirectoryServer) -> str:
    """The program writes Unicode with a mark at its begin, or in the code page of its system."""
    try:
        raw = pathlib.Path(server.path).read_bytes()
    except OSError as error:
        raise MigrationError(f"The export {server.path} can't be read: {error}", NOTHING_TOUCHED, "Correct path.") from error
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig" if raw[:3] == b"\xef\xbb\xbf" else server.encoding
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise MigrationError(
            f"The export {server.path} is not in {encoding}: {error}", NOTHING_TOUCHED, "Set encoding, such as cp1252 for Western European Windows.",
        ) from error


class _Reader:
    def __init__(self, server: DirectoryServer, text: str) -> None:
        self.server, self.directory = server, Directory(server.name, relative=True)
        try:
            self.header, *self.lines = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
        except csv.Error as error:
            raise MigrationError(f"The export {server.path} is no CSV: {error}", NOTHING_TOUCHED, "Export it again.") from error

    def read(self) -> Directory:
        columns = [COLUMNS.get(re.sub(r"[\s_-]", "", name).casefold(), name.strip()) for name in self.header]
        missing = [NEEDED[name] for name in NEEDED if name not in columns]
        if missing:
            raise MigrationError(
                f"The export {self.server.path} has no column {', '.join(missing)}.", NOTHING_TOUCHED,
                "Export it again with a header file that names these columns; the role of each is in the documentation.",
            )
        rows = [{**dict.fromkeys(columns, ""), **dict(zip(columns, map(str.strip, line)))} for line in self.lines if any(line)]
        known = _Names(rows)
        if known.twice:
            raise MigrationError(
                f"The export {self.server.path} has {len(known.twice)} names twice, the first is {known.twice[0]}.", NOTHING_TOUCHED,
                "Export each site to a file of its own.",
            )
        for number, row in enumerate(rows, 2):
            kind = row["class"].casefold()
            if kind not in CLASSES or not row["name"]:
                self.directory.remark("not_understood", f"line {number}", f"Obj-Class {row['class']!r}, Directory Name {row['name']!r}")
            elif kind == "mailbox":
                self.directory.people.append(self._person(row, known))
            elif kind == "remote":
                self.directory.contacts.append(self._contact(row, known))
            else:
                self.directory.groups.append(self._group(row, known))
        return self.directory

    def _person(self, row: dict, known: _Names) -> Person:
        limits = [int(row[name]) for name in ("no_receive", "no_send") if row.get(name, "").isdigit()]
        return Person(
            key=known.key(row), name=row.get("display") or row["name"], addresses=self._addresses(row), alias=row.get("alias", ""),
            account=row.get("account", "").rpartition("\\")[2], first=row.get("first", ""), last=row.get("last", ""), place=row.get("container", ""),
            server=row.get("server", "").rpartition("cn=")[2] or row.get("server", ""),
            quota=Quota(limits[0] if limits else None) if row.get("use_defaults") == "0" else Quota(known=False),
            hidden=_yes(row, "hidden"),
            forward=Forward(key=known.find(row["forward"]), keeps_copy=_yes(row, "keep_copy")) if row.get("forward") else None,
            attributes={name: row.get(name, "") for name in self.server.attributes},
        )

    def _contact(self, row: dict, known: _Names) -> Contact:
        addresses = self._addresses(row)
        target = proxy_addresses.target(row.get("target", ""))
        return Contact(known.key(row), row.get("display") or row["name"], addresses, target or addresses.primary, _yes(row, "hidden"))

    def _group(self, row: dict, known: _Names) -> Group:
        members = [value.strip() for value in row.get("members", "").split("%") if value.strip()]
        return Group(
            key=known.key(row), name=row.get("display") or row["name"], addresses=self._addresses(row), alias=row.get("alias", ""),
            members=tuple(map(known.find, members)), hidden=_yes(row, "hidden"),
        )

    def _addresses(self, row: dict) -> Addresses:
        addresses, faults = proxy_addresses.read(values(row["addresses"]), "", [row["dn"]] if row.get("dn") else [])
        for what, detail in faults:
            self.directory.remark(what, row.get("display") or row["name"], detail)
        return addresses


class _Names:
    """Members are told by their container and directory name, or by the latter alone where there is one container: Recipients/cn=anna, anna.

    Those of another site are told with it, and are not in the file; somebody here may have the same name. What site the file is of, names say that
    are of nobody else: Obj-Dist-Name, Obj-Container, and Home-Server."""

    def __init__(self, rows: list[dict]) -> None:
        told = (_SITE.match(row.get(column, "").casefold() + "/cn=") for row in rows for column in ("dn", "container", "server"))
        self.sites = {found.groups() for found in told if found}
        counts = collections.Counter(map(self.key, rows))
        self.twice = sorted(name for name, count in counts.items() if count > 1)
        self.keys = set(counts)
        short = collections.Counter(row["name"].casefold() for row in rows)
        self.short = {row["name"].casefold(): self.key(row) for row in rows if short[row["name"].casefold()] == 1}

    def find(self, name: str) -> str:
        """The key of the entry; the name itself where there is none, so that it is told."""
        spelled = self._spelled(name)
        return spelled if spelled in self.keys else self.short.get(spelled) or key(name)

    def key(self, row: dict) -> str:
        return self._spelled(f"{row.get('container') or 'Recipients'}/cn={row['name']}")

    def _spelled(self, name: str) -> str:
        """Within the file's own site, what counts begins with the first container."""
        spelled = name.strip().casefold()
        found = _SITE.match(spelled)
        own = found and any(found[2] == unit and found[1] in (None, organisation) for organisation, unit in self.sites)
        return spelled[found.end():] if own else spelled


def values(text: str) -> list[str]:
    """The values of a cell. A percent sign in a value (user%host@gateway) is told from one between two by what follows."""
    found: list[str] = []
    for piece in text.split("%"):
        if found and not _TYPE.match(piece):
            found[-1] += f"%{piece}"
        elif piece:
            found.append(piece)
    return found


def _yes(row: dict, name: str) -> bool:
    return row.get(name, "").casefold() in ("1", "true", "yes")
