# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Active Directory with Exchange 2000 or later in it."""

from __future__ import annotations

import re

from .._errors import MigrationError
from .._model import proxy_addresses
from .._model.directory import Contact, Directory, Forward, Group, Person, PublicFolder, Quota, key
from .ldap import UNHARMED, BadFilter, Entry, Refused, Session
from .server import DirectoryServer

# Has a mail address of any kind; mailNickname and proxyAddresses are indexed.
MAIL = "(|(mailNickname=*)(proxyAddresses=*)(mail=*))"
PEOPLE = f"(&(objectClass=user){MAIL})"
CONTACTS = f"(&(objectClass=contact){MAIL})"
# Also those without an address: they may be members of those with one.
GROUPS = "(objectClass=group)"
DYNAMIC = "(objectClass=msExchDynamicDistributionList)"
PUBLIC_FOLDERS = f"(&(objectClass=publicFolder){MAIL})"

COMMON = ("displayName", "cn", "mailNickname", "mail", "proxyAddresses", "legacyExchangeDN", "msExchHideFromAddressLists")
# Who may send to an entry, and how much.
RESTRICTIONS = (
    "authOrig", "unauthOrig", "dLMemSubmitPerms", "dLMemRejectPerms", "msExchRequireAuthToSendTo", "delivContLength", "submissionContLength",
    "msExchRecipLimit",
)
# The limit at which nothing is taken any more, and that at which nothing may be sent, in kB.
LIMITS = ("mDBOverHardQuotaLimit", "mDBOverQuotaLimit")
PERSON = (
    *COMMON, *RESTRICTIONS, *LIMITS, "objectClass", "givenName", "sn", "sAMAccountName", "userAccountControl", "homeMDB", "msExchHomeServerName",
    "msExchMailboxGuid", "mDBUseDefaults", "targetAddress", "altRecipient", "deliverAndRedirect", "publicDelegates",
)
DISABLED = 0x2
_SERVER_OF_NAME = re.compile(r"(?i).*/cn=([^/]+)")
_SERVER_OF_STORE = re.compile(r"(?i)(?:^|.*?,)cn=((?:[^,\\]|\\.)+),cn=Servers,")


def read(server: DirectoryServer) -> Directory:
    session = Session(server)
    try:
        return _Reader(session).read()
    finally:
        session.close()


class _Reader:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.base = session.server.base or session.root.one("defaultNamingContext")
        if not self.base:
            raise MigrationError(
                f"{session.server.where} does not say what its own base is.", UNHARMED, "Give base, such as dc=example,dc=com.",
            )
        self.directory = Directory(session.server.name)
        self.stores: dict[str, Quota] = {}

    def read(self) -> Directory:
        more = self.session.server.attributes
        for entry in self._search(PEOPLE, (*PERSON, *more)):
            # A computer is a user as well.
            if "computer" not in entry.all("objectClass"):
                self.directory.people.append(self._person(entry))
        for entry in self._search(CONTACTS, (*COMMON, "targetAddress")):
            self.directory.contacts.append(self._contact(entry))
        for entry in self._search(GROUPS, (*COMMON, *RESTRICTIONS, "member"), "member"):
            self.directory.groups.append(self._group(entry, tuple(map(key, self.session.rest(entry, "member")))))
        for entry in self._search(DYNAMIC, (*COMMON, *RESTRICTIONS, "msExchDynamicDLFilter", "msExchDynamicDLBaseDN", "msExchQueryFilter")):
            self.directory.groups.append(self._dynamic(entry))
        for entry in self._search(PUBLIC_FOLDERS, COMMON, base=self._domain()):
            self.directory.public_folders.append(PublicFolder(key(entry.dn), _name(entry), self._addresses(entry)))
        return self.directory

    def _domain(self) -> str:
        """Public folders lie in a container of the domain, wherever its users are."""
        own = self.session.root.one("defaultNamingContext")
        return own if own and key(self.base).endswith(key(own)) else self.base

    def _search(self, filter_: str, attributes, by_range: str = "", base: str = "") -> list[Entry]:
        own = self.session.server.filter
        # All of it before the next is asked: a connection has one search at a time.
        return list(self.session.search(base or self.base, f"(&{filter_}{own})" if own else filter_, attributes, by_range=by_range))

    def _person(self, entry: Entry) -> Person:
        return Person(
            key=key(entry.dn), name=_name(entry), addresses=self._addresses(entry), alias=entry.one("mailNickname"), account=entry.one("sAMAccountName"),
            first=entry.one("givenName"), last=entry.one("sn"), place=place(entry.dn),
            has_mailbox=any(entry.has(name) for name in ("homeMDB", "msExchHomeServerName", "msExchMailboxGuid")),
            server=home_server(entry.one("msExchHomeServerName"), entry.one("homeMDB")), quota=self._quota(entry),
            hidden=entry.yes("msExchHideFromAddressLists"), disabled=bool((entry.number("userAccountControl") or 0) & DISABLED),
            forward=self._forward(entry), delegates=tuple(map(key, entry.all("publicDelegates"))), restrictions=_restrictions(entry),
            attributes={name: entry.one(name) for name in self.session.server.attributes},
        )

    def _contact(self, entry: Entry) -> Contact:
        target = proxy_addresses.target(entry.one("targetAddress"))
        if entry.one("targetAddress") and not target:
            self.directory.remark("bad_address", entry.dn, entry.one("targetAddress"))
        addresses = self._addresses(entry)
        return Contact(key(entry.dn), _name(entry), addresses, target or addresses.primary, entry.yes("msExchHideFromAddressLists"))

    def _group(self, entry: Entry, members: tuple[str, ...], dynamic: str = "") -> Group:
        mailed = any(entry.has(name) for name in ("mailNickname", "proxyAddresses", "mail"))
        return Group(
            key=key(entry.dn), name=_name(entry), addresses=self._addresses(entry) if mailed else proxy_addresses.Addresses(),
            alias=entry.one("mailNickname"), members=members, hidden=entry.yes("msExchHideFromAddressLists"), restrictions=_restrictions(entry),
            dynamic=dynamic,
        )

    def _dynamic(self, entry: Entry) -> Group:
        """Its members are those that its filter finds now."""
        filter_, members = entry.one("msExchDynamicDLFilter"), ()
        # Exchange 2007 keeps the filter in its own language beside, and the LDAP form of it as well, but not always.
        if not filter_:
            self.directory.remark("filter_not_evaluated", entry.dn, entry.one("msExchQueryFilter") or "no filter")
        else:
            try:
                found = self.session.search(entry.one("msExchDynamicDLBaseDN") or self.base, f"(&{_enclosed(filter_)}{MAIL})", ["cn"])
                members = tuple(key(one.dn) for one in found)
                self.directory.remark("filter_frozen", entry.dn, f"{filter_}: {len(members)} members")
            except (BadFilter, Refused) as error:
                self.directory.remark("filter_not_evaluated", entry.dn, error.what)
        return self._group(entry, members, filter_ or entry.one("msExchQueryFilter") or "no filter")

    def _addresses(self, entry: Entry) -> proxy_addresses.Addresses:
        addresses, faults = proxy_addresses.read(entry.all("proxyAddresses"), entry.one("mail"), entry.all("legacyExchangeDN"))
        for what, detail in faults:
            self.directory.remark(what, entry.dn, detail)
        return addresses

    def _forward(self, entry: Entry) -> Forward | None:
        if entry.one("altRecipient"):
            return Forward(key=key(entry.one("altRecipient")), keeps_copy=entry.yes("deliverAndRedirect"))
        address = proxy_addresses.target(entry.one("targetAddress"))
        if entry.one("targetAddress") and not address:
            self.directory.remark("bad_address", entry.dn, entry.one("targetAddress"))
        return Forward(address=address) if address else None

    def _quota(self, entry: Entry) -> Quota:
        # Absent means as the store says.
        if entry.one("mDBUseDefaults").upper() == "FALSE" or not entry.has("homeMDB"):
            return Quota(_limit(entry))
        store = entry.one("homeMDB")
        if store not in self.stores:
            self.stores[store] = self._store(store)
        return self.stores[store]

    def _store(self, name: str) -> Quota:
        """Limits that hold for all of its mailboxes. A deleted or a hidden store tells none."""
        try:
            entry = self.session.read(name, LIMITS + ("cn",))
        except Refused:
            entry = None
        if entry is None:
            self.directory.remark("store_unreadable", name)
            return Quota(known=False)
        return Quota(_limit(entry))


def home_server(name: str, store: str) -> str:
    """Of msExchHomeServerName (/o=.../cn=Servers/cn=EXCHANGE1), else of the name of the store, in which Exchange up to 2007 has it."""
    found = _SERVER_OF_NAME.fullmatch(name) or _SERVER_OF_STORE.match(store)
    return found[1] if found else ""


def place(dn: str) -> str:
    """The names of the units that an entry is in, the outermost first, as Windows shows it: Company/Berlin."""
    parts = re.split(r"(?<!\\),", dn)[1:]
    return "/".join(part.partition("=")[2] for part in reversed(parts) if part.strip().upper().startswith(("OU=", "CN=")))


def _limit(entry: Entry) -> int | None:
    return next((number for name in LIMITS if (number := entry.number(name)) is not None and number >= 0), None)


def _restrictions(entry: Entry) -> tuple[str, ...]:
    # A switch that is off restricts nobody.
    return tuple(name for name in RESTRICTIONS if entry.has(name) and entry.one(name).upper() != "FALSE")


def _name(entry: Entry) -> str:
    return entry.one("displayName") or entry.one("cn") or entry.dn


def _enclosed(filter_: str) -> str:
    return filter_ if filter_.startswith("(") else f"({filter_})"
