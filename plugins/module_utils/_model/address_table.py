# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which addresses lead to whom at the target, and by which way the target is told: out of the account plan. No I/O."""

from __future__ import annotations

import collections
import dataclasses

# How accounts are made.
IMAP, ADMINISTRATION, DIRECTORY = WAYS = ("imap", "administration", "directory")
# How addresses are made: as distribution lists, as an attribute of the account's entry, or by a file.
FILE = "file"
LISTS_BY = (ADMINISTRATION, FILE)
# How the addresses that old mail has are made: as their owner's others, by the file, or not at all, where a filter rewrites old mail instead.
LIKE_OTHERS, NOT_AT_ALL = "like_others", "none"
OLD_BY = (LIKE_OTHERS, FILE, NOT_AT_ALL)
KINDS = ("alias", "old", "list", "redirect", "forward")


@dataclasses.dataclass(frozen=True)
class Ways:
    """`way`, and for some source servers (`servers`) another one. `domain` is that of the accounts, whose own addresses are NAME@domain."""

    domain: str
    way: str = IMAP
    servers: dict[str, str] = dataclasses.field(default_factory=dict)
    lists_by: str = FILE
    # Whether the directory has an attribute for further addresses.
    aliases_in_directory: bool = False
    old_by: str = LIKE_OTHERS

    def of(self, account: dict) -> str:
        return self.servers.get(account["server"], self.way)

    def of_addresses(self, account: dict) -> str:
        way = self.of(account)
        return way if way == ADMINISTRATION or way == DIRECTORY and self.aliases_in_directory else FILE

    def of_forward(self, account: dict) -> str:
        """No command of the administration is known for it, and the directory knows none that keeps a copy."""
        return DIRECTORY if self.of(account) == DIRECTORY and not account["keeps_copy"] else FILE

    def own(self, name: str) -> str:
        return f"{name}@{self.domain}"


@dataclasses.dataclass(frozen=True)
class Entry:
    """Mail for `address` goes to all of `to`; to nobody where that is empty."""

    address: str
    to: tuple[str, ...]
    kind: str
    way: str


@dataclasses.dataclass
class Table:
    """`clashes`: addresses of one that are the name of another one, so that mail would reach the wrong mailbox."""

    entries: list[Entry] = dataclasses.field(default_factory=list)
    clashes: list[str] = dataclasses.field(default_factory=list)

    def by(self, way: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.way == way]


def table(accounts: list[dict], lists: list[dict], redirects: list[dict], ways: Ways) -> Table:
    """Accounts, lists and redirects as the account plan has them."""
    return _Maker(ways).made(accounts, lists, redirects)


class _Maker:
    def __init__(self, ways: Ways) -> None:
        self.ways, self.table = ways, Table()
        # Address in small letters -> who has it.
        self.owners: dict[str, str] = {}

    def made(self, accounts: list[dict], lists: list[dict], redirects: list[dict]) -> Table:
        ways = self.ways
        # Names come first: they are addresses whatever else is.
        for account in accounts:
            self._claim(ways.own(account["target"]), _who(account))
            self._forward(account)
        for one in lists:
            main = ways.own(one["name"]) if ways.lists_by == ADMINISTRATION else one["primary"]
            self._entry(main, tuple(one["members"]), "list", ways.lists_by, _who(one))
        for account in accounts:
            self._aliases(account, ways.own(account["target"]), ways.of_addresses(account))
        for one in lists:
            self._aliases(one, ways.own(one["name"]) if ways.lists_by == ADMINISTRATION else one["primary"], ways.lists_by)
        for one in redirects:
            self._entry(one["address"], (one["to"],), "redirect", ways.lists_by, f"{one['entry']} (redirected to {one['to']})")
        self.table.entries.sort(key=lambda entry: entry.address.casefold())
        self.table.clashes.sort()
        return self.table

    def _aliases(self, one: dict, to: str, way: str) -> None:
        for address in (one["primary"], *one["addresses"]):
            self._entry(address, (to,), "alias", way, _who(one))
        old_by = self.ways.old_by
        for address in one["old_addresses"] if old_by != NOT_AT_ALL else ():
            self._entry(address, (to,), "old", way if old_by == LIKE_OTHERS else old_by, _who(one))

    def _forward(self, account: dict) -> None:
        """Mail for the account goes on, whichever of its addresses it came by; to itself it would never end."""
        own, to = self.ways.own(account["target"]), account["forward_to"]
        itself = {address.casefold() for address in (own, account["primary"], *account["addresses"])}
        if to and to.casefold() not in itself:
            self.table.entries.append(Entry(own, (own, to) if account["keeps_copy"] else (to,), "forward", self.ways.of_forward(account)))

    def _entry(self, address: str, to: tuple[str, ...], kind: str, way: str, who: str) -> None:
        if self._claim(address, who):
            self.table.entries.append(Entry(address, to, kind, way))

    def _claim(self, address: str, who: str) -> bool:
        """Whether it is new. What its owner has already needs no second entry."""
        owner = self.owners.get(address.casefold())
        if owner is None:
            self.owners[address.casefold()] = who
        elif owner != who:
            self.table.clashes.append(f"{address}, which is of {owner} and of {who}")
        return owner is None


def _who(one: dict) -> str:
    return f"{one['primary']} ({one['entry']})"


def distribution_lists(entries: list[Entry]) -> list[dict]:
    """Lists by domain, as the module mirapoint_distribution_list takes them: each address is a list, whose entries are whom it reaches."""
    domains: dict[str, list[dict]] = collections.defaultdict(list)
    for entry in entries:
        name, _at, domain = entry.address.rpartition("@")
        domains[domain.casefold()].append({"name": name, "entries": list(entry.to)})
    return [{"domain": domain, "lists": lists} for domain, lists in sorted(domains.items())]


def text(entries: list[Entry]) -> str:
    """A line an address, as Postfix's virtual alias maps have them; none for an address that reaches nobody."""
    return "".join(f"{entry.address} {', '.join(entry.to)}\n" for entry in entries if entry.to)
