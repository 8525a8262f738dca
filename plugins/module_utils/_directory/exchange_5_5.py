# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The directory of Exchange 5.5, by LDAP. Its names for things are its own: those of Active Directory came later.

Nobody tried this against an Exchange 5.5: attributes are those that its vendor and others have described.
"""

from __future__ import annotations

from .._model import proxy_addresses
from .._model.directory import Addresses, Contact, Directory, Forward, Group, Person, PublicFolder, Quota, key
from .ldap import Entry, Session
from .server import DirectoryServer

MAILBOXES = "(objectClass=organizationalPerson)"
CUSTOM_RECIPIENTS = "(objectClass=Remote-Address)"
LISTS = "(objectClass=groupOfNames)"
# By either of its names.
PUBLIC_FOLDERS = "(&(|(objectClass=Public-Folder)(objectClass=publicFolder))(|(mail=*)(rfc822Mailbox=*)(otherMailbox=*)))"

COMMON = ("cn", "uid", "mail", "rfc822Mailbox", "otherMailbox", "Hide-From-Address-Book")
RESTRICTIONS = ("Auth-Orig", "Unauth-Orig", "DL-Mem-Submit-Perms", "DL-Mem-Reject-Perms", "Deliv-Cont-Length", "Submission-Cont-Length")
# The limit at which a mailbox takes no more mail has the name of something else there.
LIMITS = ("DXA-Task", "MDB-Over-Quota-Limit")
MAILBOX = (
    *COMMON, *RESTRICTIONS, *LIMITS, "givenName", "sn", "Assoc-NT-Account", "Home-MDB", "Home-MTA", "MDB-Use-Defaults", "Alt-Recipient",
    "Deliver-And-Redirect", "Public-Delegates",
)


def read(server: DirectoryServer) -> Directory:
    session = Session(server)
    try:
        return _Reader(session).read()
    finally:
        session.close()


class _Reader:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.directory = Directory(session.server.name)

    def read(self) -> Directory:
        more = self.session.server.attributes
        self.directory.people += map(self._person, self._search(MAILBOXES, (*MAILBOX, *more)))
        self.directory.contacts += map(self._contact, self._search(CUSTOM_RECIPIENTS, (*COMMON, "Target-Address")))
        self.directory.groups += map(self._group, self._search(LISTS, (*COMMON, *RESTRICTIONS, "member")))
        for entry in self._search(PUBLIC_FOLDERS, COMMON):
            self.directory.public_folders.append(PublicFolder(key(entry.dn), entry.one("cn") or entry.dn, self._addresses(entry)))
        return self.directory

    def _search(self, filter_: str, attributes) -> list[Entry]:
        own = self.session.server.filter
        return list(self.session.search(self.session.server.base, f"(&{filter_}{own})" if own else filter_, attributes))

    def _person(self, entry: Entry) -> Person:
        forward = entry.one("Alt-Recipient")
        use_defaults = not entry.has("MDB-Use-Defaults") or entry.yes("MDB-Use-Defaults")
        limit = next((number for name in LIMITS if (number := entry.number(name)) is not None), None)
        return Person(
            key=key(entry.dn), name=entry.one("cn") or entry.dn, addresses=self._addresses(entry), alias=entry.one("uid"),
            account=entry.one("Assoc-NT-Account").rpartition("\\")[2], first=entry.one("givenName"), last=entry.one("sn"), place=_place(entry.dn),
            server=home_server(entry.one("Home-MDB")) or home_server(entry.one("Home-MTA")),
            # The store's own limits are not read.
            quota=Quota(known=False) if use_defaults else Quota(limit), hidden=entry.yes("Hide-From-Address-Book"),
            forward=Forward(key=key(forward), keeps_copy=entry.yes("Deliver-And-Redirect")) if forward else None,
            delegates=tuple(map(key, entry.all("Public-Delegates"))), restrictions=tuple(name for name in RESTRICTIONS if entry.has(name)),
            attributes={name: entry.one(name) for name in self.session.server.attributes},
        )

    def _contact(self, entry: Entry) -> Contact:
        addresses = self._addresses(entry)
        target = proxy_addresses.target(entry.one("Target-Address"))
        return Contact(key(entry.dn), entry.one("cn") or entry.dn, addresses, target or addresses.primary, entry.yes("Hide-From-Address-Book"))

    def _group(self, entry: Entry) -> Group:
        return Group(
            key=key(entry.dn), name=entry.one("cn") or entry.dn, addresses=self._addresses(entry), alias=entry.one("uid"),
            members=tuple(map(key, entry.all("member"))), hidden=entry.yes("Hide-From-Address-Book"),
            restrictions=tuple(name for name in RESTRICTIONS if entry.has(name)),
        )

    def _addresses(self, entry: Entry) -> Addresses:
        # The primary address is in `mail` and `rfc822Mailbox`, and need not be in `otherMailbox`, where each has its type and a dollar sign before it.
        mail = entry.one("mail") or entry.one("rfc822Mailbox")
        others = [f"smtp:{mail}"] if mail else []
        addresses, faults = proxy_addresses.read([*others, *entry.all("otherMailbox")], mail, [old_name(entry.dn)])
        for what, detail in faults:
            # That `mail` decides is as it should be here.
            if what != "no_primary":
                self.directory.remark(what, entry.dn, detail)
        return addresses


def old_name(dn: str) -> str:
    """The name by which mail calls an entry: cn=anna,cn=Recipients,ou=Berlin,o=Example is /o=Example/ou=Berlin/cn=Recipients/cn=anna."""
    return "".join(f"/{part.strip()}" for part in reversed(dn.split(",")))


def home_server(name: str) -> str:
    """cn=Microsoft Private MDB,cn=EXCHANGE1,cn=Servers,... -> EXCHANGE1."""
    parts = [part.strip() for part in name.split(",")]
    named = [parts[number - 1] for number, part in enumerate(parts) if number and part.casefold() == "cn=servers"]
    return named[0].partition("=")[2] if named else ""


def _place(dn: str) -> str:
    """Its site and containers, the outermost first."""
    return "/".join(part.strip().partition("=")[2] for part in reversed(dn.split(",")[1:]))
