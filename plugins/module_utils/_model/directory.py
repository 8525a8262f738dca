# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Who gets mail, as a directory says it: people, groups, contacts. Plain values.

`key` is an entry's own name in its directory, in one spelling; members, forwards and delegates are told by it.
"""

from __future__ import annotations

import dataclasses
import re

# A blank behind a comma between parts of a name says nothing; one behind an escaped comma is part of the name.
_BETWEEN = re.compile(r"(?<!\\),\s+")


def key(name: str) -> str:
    """One spelling for all that a directory takes for the same name."""
    return _BETWEEN.sub(",", name.strip()).casefold()


@dataclasses.dataclass(frozen=True)
class Remark:
    """What is worth a look: a word (see EXPLAINED), who it is about, and more of it."""

    what: str
    who: str
    detail: str = ""


EXPLAINED = {
    "bad_address": "something that is no SMTP address; it is left out",
    "two_primaries": "more than one primary SMTP address; the one in `mail` counts, else the first",
    "mail_differs": "`mail` is not the primary SMTP address; the primary counts",
    "no_address": "no SMTP address at all",
    "no_primary": "SMTP addresses, but none of them is primary; `mail` counts, else the first",
    "filter_frozen": "a dynamic group; its filter was evaluated once, and from now on its members are a list like any other",
    "filter_not_evaluated": "a dynamic group whose filter could not be evaluated here; it has no members until somebody names them",
    "store_unreadable": "a mailbox store whose limits could not be read, so those of its mailboxes are not known",
    "not_understood": "an entry or a value that is not understood; it is left out",
}


@dataclasses.dataclass(frozen=True)
class Addresses:
    """`primary` and `others` are SMTP addresses. `old_names` are names by which old mail may call the same (legacyExchangeDN, X500),
    `foreign` the addresses of other kinds."""

    primary: str = ""
    others: tuple[str, ...] = ()
    old_names: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return (self.primary, *self.others) if self.primary else self.others


@dataclasses.dataclass(frozen=True)
class Quota:
    """`limit_kb`: the size at which a mailbox takes no more mail, or else may not send, in units of 1,024 bytes; None: no limit.
    `known` is off where the mailbox has its store's limit and that could not be read."""

    limit_kb: int | None = None
    known: bool = True


@dataclasses.dataclass(frozen=True)
class Forward:
    """To an entry of the directory (`key`) or to an address."""

    key: str = ""
    address: str = ""
    keeps_copy: bool = False


@dataclasses.dataclass(frozen=True)
class Person:
    key: str
    name: str
    addresses: Addresses
    alias: str = ""
    account: str = ""
    first: str = ""
    last: str = ""
    # Where the entry is: its organisational unit or container.
    place: str = ""
    has_mailbox: bool = True
    server: str = ""
    quota: Quota = Quota()
    hidden: bool = False
    disabled: bool = False
    forward: Forward | None = None
    # Who may send on behalf of this one, by key.
    delegates: tuple[str, ...] = ()
    # Names of the attributes that say who may send here and how much.
    restrictions: tuple[str, ...] = ()
    # What else was asked for, such as the attribute that says the wave.
    attributes: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)


@dataclasses.dataclass(frozen=True)
class Group:
    key: str
    name: str
    addresses: Addresses
    alias: str = ""
    # Keys of people, contacts and groups.
    members: tuple[str, ...] = ()
    hidden: bool = False
    restrictions: tuple[str, ...] = ()
    # The filter that its members were found by, or would have been.
    dynamic: str = ""


@dataclasses.dataclass(frozen=True)
class Contact:
    """Somebody outside: mail to `addresses` goes to `target`."""

    key: str
    name: str
    addresses: Addresses
    target: str = ""
    hidden: bool = False


@dataclasses.dataclass(frozen=True)
class PublicFolder:
    """One that takes mail."""

    key: str
    name: str
    addresses: Addresses


@dataclasses.dataclass
class Directory:
    """`relative`: its keys mean something within it alone, as in the export of one site."""

    name: str
    people: list[Person] = dataclasses.field(default_factory=list)
    groups: list[Group] = dataclasses.field(default_factory=list)
    contacts: list[Contact] = dataclasses.field(default_factory=list)
    remarks: list[Remark] = dataclasses.field(default_factory=list)
    public_folders: list[PublicFolder] = dataclasses.field(default_factory=list)
    relative: bool = False

    @property
    def entries(self) -> tuple[Person | Group | Contact | PublicFolder, ...]:
        return (*self.people, *self.groups, *self.contacts, *self.public_folders)

    def remark(self, what: str, who: str, detail: str = "") -> None:
        self.remarks.append(Remark(what, who, detail))
