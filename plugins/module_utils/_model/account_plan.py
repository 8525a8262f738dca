# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""From what directories say to what the target gets: accounts, lists, redirected addresses, and what stands against it. No I/O."""

from __future__ import annotations

import collections
import dataclasses

from . import addresses as encapsulated
from .account_rules import Override, Rules, completed, values
from .directory import Contact, Directory, Group, Person, key
from .list_members import cycles, flattened

# With one of these the plan can't be carried out as it is.
BLOCKING = {
    "address_twice": "two have the same address, so mail for one would reach the other",
    "primary_outside": "the primary address is in a domain that does not move",
    "no_address": "a mailbox, or a group with an address of another kind, has no SMTP address",
    "name_refused": "the target can't have this name",
    "name_twice": "two would have the same name at the target",
    "mailbox_twice": "two users would get the same mailbox",
    "mailbox_unnamed": "it is not known how the mailbox is called at its source server",
    "target_differs": "the mailbox is to move to another name than the plan gives its user",
    "no_server": "it is not known which source server has the mailbox",
}
# These are told, and the plan can be carried out.
NOTICE = {
    "address_outside": "an address in a domain that does not move; it is left out",
    "address_stays": "an address in a domain that moves belongs to somebody or a public folder that does not, and leads nowhere at the target",
    "user_without_mailbox": "a user with an address and without a mailbox; no account is made",
    "mailbox_not_found": "the directory has a mailbox that is not among those of its source server",
    "mailbox_without_user": "a mailbox that is to move has no user in any directory",
    "stays": "the operator says that this one does not move",
    "disabled": "the account is disabled; its mailbox moves or stays as the rules say",
    "system_mailbox": "a mailbox of Exchange itself; it stays",
    "quota_not_known": "the mailbox has its store's limit, which is not known; it gets that of the rules",
    "member_stays": "members of a list who do not move; they stay members with their address",
    "member_left_out": "members of a list without an SMTP address, or in no directory that was read; they are left out",
    "empty_list": "a list without members",
    "cycle": "groups are members of one another; each has all members of all of them",
    "forward_unknown": "a forward to somebody without an address; it is left out",
    "restriction_lost": "who may send there, or how much, is restricted; the target is not told",
    "delegates_lost": "others may send on behalf of this one; the target is not told",
    "name_is_address": "a name at the target is another one's address; whom it reaches depends on the target's own addresses",
    "old_name_twice": "two have the same old name, so it is nobody's",
}
EXPLAINED = {**BLOCKING, **NOTICE}
# How mailboxes that Exchange has for itself are called.
SYSTEM = ("systemmailbox{", "healthmailbox", "federatedemail.", "discoverysearchmailbox", "migration.", "extest_")
MOST_NAMED = 5
# An entry: its directory, and its key there.
Place = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Conflict:
    what: str
    who: str
    detail: str = ""

    @property
    def blocking(self) -> bool:
        return self.what in BLOCKING


@dataclasses.dataclass(frozen=True)
class Known:
    """A mailbox that is to move, as the ledger knows it."""

    server: str
    name: str
    target: str


@dataclasses.dataclass
class Plan:
    """All of it ready to be written: dicts, in an order that is the same each time."""

    accounts: list[dict] = dataclasses.field(default_factory=list)
    lists: list[dict] = dataclasses.field(default_factory=list)
    redirects: list[dict] = dataclasses.field(default_factory=list)
    conflicts: list[Conflict] = dataclasses.field(default_factory=list)

    @property
    def blocked(self) -> list[Conflict]:
        return [conflict for conflict in self.conflicts if conflict.blocking]


def in_order(account: dict) -> tuple:
    return account["server"], account["mailbox"], account["directory"], account["entry"]


def plan(directories: list[Directory], rules: Rules, mailboxes: list[Known], overrides: dict[tuple[str, str], Override]) -> Plan:
    """`overrides`: by directory and key, see account_rules.by_entry."""
    return _Planner(directories, rules, mailboxes, overrides).plan()


class _Planner:
    def __init__(self, directories, rules: Rules, mailboxes: list[Known], overrides: dict[tuple[str, str], Override]) -> None:
        self.rules, self.made, self.overrides = rules, Plan(), overrides
        self.directories = [self._completed(directory) for directory in directories]
        self.entries = {(directory.name, entry.key): entry for directory in self.directories for entry in directory.entries}
        self.elsewhere = self._elsewhere()
        self.servers = {known.server.casefold(): known.server for known in mailboxes}
        self.mailboxes: dict[str, dict[str, Known]] = collections.defaultdict(dict)
        for known in mailboxes:
            self.mailboxes[known.server][known.name.casefold()] = known
        # (directory, key) -> account of who moves.
        self.moving: dict[tuple[str, str], dict] = {}

    def _completed(self, directory: Directory) -> Directory:
        people, groups = (
            [completed(entry, self.overrides.get((directory.name, entry.key))) for entry in entries] for entries in (directory.people, directory.groups)
        )
        return dataclasses.replace(directory, people=people, groups=groups)

    def plan(self) -> Plan:
        for directory in self.directories:
            for person in sorted(directory.people, key=lambda person: person.key):
                self._person(directory, person)
        self.where = self._where()
        members = self._members()
        for directory in self.directories:
            self._forwards(directory)
            self._lists(directory, members)
        for directory in self.directories:
            self._redirects(directory)
        self._check()
        made = self.made
        made.accounts.sort(key=in_order)
        made.lists.sort(key=lambda one: (one["name"], one["entry"]))
        made.redirects.sort(key=lambda one: (one["address"], one["to"]))
        made.conflicts.sort(key=lambda conflict: (not conflict.blocking, conflict.what, conflict.who, conflict.detail))
        return made

    def _conflict(self, what: str, who: str, detail: str = "") -> None:
        self.made.conflicts.append(Conflict(what, who, detail))

    # -- people -----------------------------------------------------------------------------------------------------------

    def _person(self, directory: Directory, person: Person) -> None:
        override = self.overrides.get((directory.name, person.key))
        who = person.addresses.primary or person.key
        if not self._moves(person, who, override):
            return
        if not person.addresses.primary:
            self._conflict("no_address", who, person.name)
        elif not self.rules.moves(person.addresses.primary):
            self._conflict("primary_outside", who, person.addresses.primary)
        if person.restrictions:
            self._conflict("restriction_lost", who, ", ".join(person.restrictions))
        if person.delegates:
            self._conflict("delegates_lost", who, f"{len(person.delegates)} delegates")
        server, mailbox, known = self._mailbox(person, who, override)
        account = {
            "directory": directory.name, "entry": person.key, "server": server, "mailbox": mailbox, "full_name": person.name,
            "target": self._name(person, self.rules.name_template, who, override), "primary": person.addresses.primary,
            "addresses": self._addresses(person, who), "old_addresses": [],
            "quota_mb": self._quota(person, who, override), "wave": (override.wave if override else "") or self.rules.wave(person, server),
            "hidden": person.hidden, "disabled": person.disabled, "forward_to": "", "keeps_copy": False,
        }
        if known and known.target != account["target"]:
            self._conflict("target_differs", who, f"{known.target} for {server}/{mailbox}, planned {account['target']}")
        self.moving[directory.name, person.key] = account
        self.made.accounts.append(account)

    def _moves(self, person: Person, who: str, override: Override | None) -> bool:
        if not person.has_mailbox:
            # Whoever is outside is in _redirects.
            if person.addresses.primary and not (person.forward and person.forward.address):
                self._conflict("user_without_mailbox", who, person.name)
            return False
        if override and override.move is not None:
            if not override.move:
                self._conflict("stays", who, f"line {override.line}")
            return override.move
        if person.alias.casefold().startswith(SYSTEM) or person.name.casefold().startswith(SYSTEM):
            self._conflict("system_mailbox", who, person.name)
            return False
        if person.disabled:
            self._conflict("disabled", who, "moves" if self.rules.move_disabled else "stays")
        return self.rules.move_disabled or not person.disabled

    def _mailbox(self, person: Person, who: str, override: Override | None) -> tuple[str, str, Known | None]:
        """Its source server, its name there, and what the ledger knows of it."""
        there = person.server.casefold()
        server = (override.server if override else "") or self.rules.servers.get(there) or self.servers.get(there) or there
        if not server:
            self._conflict("no_server", who, "the directory does not say, and neither does the file of the operator")
        known = self.mailboxes.get(server, {})
        expected = (override.mailbox if override else "") or self.rules.mailbox_template.format(**values(person))
        spellings = [override.mailbox] if override and override.mailbox else [expected, *person.addresses.all, person.alias, person.account]
        if not expected:
            self._conflict("mailbox_unnamed", who, f"{self.rules.mailbox_template} is empty")
        found = next((known[spelling.casefold()] for spelling in spellings if spelling.casefold() in known), None)
        if known and not found:
            self._conflict("mailbox_not_found", who, f"{server}/{expected}")
        return server, found.name if found else expected, found

    def _quota(self, person: Person, who: str, override: Override | None) -> int:
        """In MB of 1,024 kB, and never less than it was; 0 for no limit."""
        if override and override.quota_mb is not None:
            return override.quota_mb
        if not person.quota.known:
            self._conflict("quota_not_known", who, f"{self.rules.quota_mb} MB")
        limit = person.quota.limit_kb
        return self.rules.quota_mb if limit is None else max(1, -(-limit // 1024))

    # -- what accounts and lists share ------------------------------------------------------------------------------------

    def _name(self, person: Person | Group, template: str, who: str, override: Override | None) -> str:
        name = (override.target if override else "") or self.rules.spelled(template, values(person))
        refusal = self.rules.refusal(name)
        # Who has no address has no name either, and it is said once.
        if refusal and (name or person.addresses.primary):
            self._conflict("name_refused", who, refusal)
        return name

    def _addresses(self, person: Person | Group, who: str) -> list[str]:
        """Beside the primary one, those that move."""
        outside = [address for address in person.addresses.others if not self.rules.moves(address)]
        for address in outside:
            self._conflict("address_outside", who, address)
        return sorted(set(person.addresses.others).difference(outside), key=str.casefold)

    def _elsewhere(self) -> dict[str, Place]:
        """Each entry by the names that other directories may have for it: its own, and those that it has within Exchange's organisation."""
        found: dict[str, Place] = {}
        # A contact may be the copy of somebody, with his old name.
        for kind in ("people", "groups", "contacts", "public_folders"):
            for directory in self.directories:
                for entry in getattr(directory, kind):
                    for name in (*([] if directory.relative else [entry.key]), *map(key, entry.addresses.old_names)):
                        found.setdefault(name, (directory.name, entry.key))
        return found

    def _place(self, directory: Directory, name: str) -> Place:
        """Whom a member or a forward names: an entry of its own directory, else one of another directory that was read."""
        own = directory.name, name
        if own in self.entries or directory.relative and not name.startswith("/"):
            return own
        return self.elsewhere.get(name, own)

    def _where(self) -> dict[Place, tuple[str, bool]]:
        """For each person, contact and public folder where its mail goes, and whether that is somebody who moves or always was outside."""
        found = {}
        for directory in self.directories:
            found |= {(directory.name, contact.key): (contact.target, True) for contact in directory.contacts}
            found |= {(directory.name, folder.key): (folder.addresses.primary, False) for folder in directory.public_folders}
            for person in directory.people:
                place = directory.name, person.key
                account = self.moving.get(place)
                outside = person.forward.address if person.forward and not person.has_mailbox else ""
                found[place] = (account["primary"], True) if account else (outside or person.addresses.primary, bool(outside))
        return found

    def _members(self) -> dict[Place, tuple[Place, ...]]:
        """Of each group; told where groups go round in a circle."""
        found = {
            (directory.name, group.key): tuple(self._place(directory, member) for member in group.members)
            for directory in self.directories for group in directory.groups
        }
        for circle in cycles(found):
            names = [group.addresses.primary or group.name for group in map(self.entries.__getitem__, circle)]
            self._conflict("cycle", names[0], " > ".join((*names, names[0])))
        return found

    # -- forwards, lists, redirects ---------------------------------------------------------------------------------------

    def _forwards(self, directory: Directory) -> None:
        for person in directory.people:
            account = self.moving.get((directory.name, person.key))
            if not account or not person.forward:
                continue
            to = person.forward.address or self._forward(self._place(directory, person.forward.key))
            if not to:
                self._conflict("forward_unknown", account["primary"], person.forward.key)
            account |= {"forward_to": to, "keeps_copy": bool(to) and person.forward.keeps_copy}

    def _forward(self, place: Place) -> str:
        entry = self.entries.get(place)
        return entry.addresses.primary if isinstance(entry, Group) else self.where.get(place, ("", False))[0]

    def _lists(self, directory: Directory, members: dict[Place, tuple[Place, ...]]) -> None:
        where = self.where
        for group in sorted(directory.groups, key=lambda group: group.key):
            who, override = group.addresses.primary or group.name, self.overrides.get((directory.name, group.key))
            if override and override.move is False:
                self._conflict("stays", who, f"line {override.line}")
                continue
            if not group.addresses.primary:
                # Groups that are about rights alone have no address of any kind.
                if group.addresses.foreign:
                    self._conflict("no_address", who, group.name)
                continue
            if not self.rules.moves(group.addresses.primary):
                self._conflict("primary_outside", who, group.addresses.primary)
            if group.restrictions:
                self._conflict("restriction_lost", who, ", ".join(group.restrictions))
            flat = flattened((directory.name, group.key), members)
            self._report_members(who, flat)
            found = sorted({where[member][0].casefold(): where[member][0] for member in flat if where.get(member, ("",))[0]}.items())
            if not found:
                self._conflict("empty_list", who, group.dynamic)
            self.made.lists.append({
                "directory": directory.name, "entry": group.key, "full_name": group.name,
                "name": self._name(group, self.rules.list_template, who, override), "primary": group.addresses.primary,
                "addresses": self._addresses(group, who), "old_addresses": [],
                "members": [address for _spelling, address in found], "hidden": group.hidden, "dynamic": group.dynamic,
            })

    def _report_members(self, who: str, flat: list[Place]) -> None:
        where = self.where
        unknown = [member[1] for member in flat if not where.get(member, ("",))[0]]
        staying = [where[member][0] for member in flat if member in where and where[member][0] and not where[member][1]]
        for what, found in (("member_left_out", unknown), ("member_stays", staying)):
            if found:
                more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
                self._conflict(what, who, f"{len(found)} of {len(flat)}: {', '.join(sorted(found)[:MOST_NAMED])}{more}")

    def _redirects(self, directory: Directory) -> None:
        """Addresses in domains that move, of people whose mail goes elsewhere."""
        here = {address.casefold() for one in (*self.made.accounts, *self.made.lists) for address in (one["primary"], *one["addresses"])}
        owners = self._owners()
        for entry in (*directory.people, *directory.contacts):
            if (directory.name, entry.key) in self.moving:
                continue
            to, outside = self.where[directory.name, entry.key]
            for address in filter(self.rules.moves, entry.addresses.all):
                # A copy of somebody who moves, in another directory: he has the address himself.
                owner = owners.get(address.casefold())
                if owner and owner == owners.get(to.casefold()):
                    continue
                if outside and to and to.casefold() != address.casefold():
                    self.made.redirects.append({"directory": directory.name, "entry": entry.key, "address": address, "to": to})
                # A contact may stand for somebody of another directory, who moves.
                elif address.casefold() not in here and (isinstance(entry, Contact) or entry.has_mailbox):
                    self._conflict("address_stays", entry.addresses.primary or entry.key, address)
        for folder in directory.public_folders:
            for address in filter(self.rules.moves, folder.addresses.all):
                if address.casefold() not in here:
                    self._conflict("address_stays", folder.addresses.primary, f"{address} (public folder {folder.name})")

    def _owners(self) -> dict[str, Place]:
        """Addresses of accounts and lists that are made, those in domains that do not move as well."""
        found: dict[str, Place] = {}
        for one in (*self.made.accounts, *self.made.lists):
            place = one["directory"], one["entry"]
            for address in self.entries[place].addresses.all:
                found.setdefault(address.casefold(), place)
        return found

    # -- all of it together -----------------------------------------------------------------------------------------------

    def _check(self) -> None:
        made = self.made
        owners = collections.defaultdict(list)
        for one in (*made.accounts, *made.lists):
            for address in filter(None, (one["primary"], *one["addresses"])):
                owners[address.casefold()].append(one["primary"] or one["entry"])
        for one in made.redirects:
            owners[one["address"].casefold()].append(f"{one['address']} (redirected to {one['to']})")
        self._twice("address_twice", owners)
        names = collections.defaultdict(list)
        for one in made.accounts:
            names[one["target"].casefold()].append(one["primary"] or one["entry"])
        for one in made.lists:
            names[one["name"].casefold()].append(f"{one['primary']} (list)")
        self._twice("name_twice", {name: who for name, who in names.items() if name})
        for name, who in names.items():
            others = {owner for domain in self.rules.domains for owner in owners.get(f"{name}@{domain}", ())} - {one.removesuffix(" (list)") for one in who}
            if others:
                self._conflict("name_is_address", name, f"{', '.join(sorted(who))}; the address is of {', '.join(sorted(others))}")
        taken = collections.defaultdict(list)
        for account in made.accounts:
            taken[account["server"], account["mailbox"].casefold()].append(account["primary"] or account["entry"])
        self._twice("mailbox_twice", {"/".join(name): who for name, who in taken.items()})
        for server, known in self.mailboxes.items():
            for name in sorted(known.keys() - {name for there, name in taken if there == server}):
                self._conflict("mailbox_without_user", f"{server}/{known[name].name}", known[name].target)
        self._old_addresses(owners)

    def _twice(self, what: str, owners) -> None:
        for name, who in owners.items():
            if len(who) > 1:
                self._conflict(what, name, ", ".join(sorted(who)))

    def _old_addresses(self, owners) -> None:
        """Aliases for the names that old mail has, as Exchange wraps them into addresses of SMTP."""
        claims = collections.defaultdict(list)
        for one in (*self.made.accounts, *self.made.lists):
            for name in self.entries[one["directory"], one["entry"]].addresses.old_names:
                for domain in self.rules.old_name_domains:
                    claims[encapsulated.smtp("EX", name, domain).casefold()].append((one, encapsulated.smtp("EX", name, domain)))
        for spelling, claimed in sorted(claims.items()):
            who = {id(one): one for one, _address in claimed}
            if len(who) > 1 or spelling in owners:
                self._conflict("old_name_twice", spelling, ", ".join(sorted(one["primary"] for one in who.values())))
            else:
                claimed[0][0]["old_addresses"].append(claimed[0][1])
