# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The people of people.yml: as the lab's directories have them, and whom each of their addresses reaches at the target.

    people.py FOLDER      writes active_directory.json, exchange_5_5.csv and overrides.csv there
"""
from __future__ import annotations

import csv
import dataclasses
import io
import json
import pathlib
import sys

import yaml

FILE = pathlib.Path(__file__).with_name("people.yml")
DOMAIN = "example.test"
SUFFIX = "DC=example,DC=test"
ORGANISATION = "/o=Example/ou=First Administrative Group"
# The server whose people are in a directory of its own; the others are in Active Directory.
OLD = "exchange55"
# Its mailboxes are called by their addresses, which no rule of the plan says.
BY_ADDRESS = "exchange2019"
ENABLED, DISABLED = 544, 546
COLUMNS = ("Obj-Class", "Directory Name", "Alias Name", "Display Name", "First Name", "Last name", "E-mail Addresses", "Home-Server", "Members",
           "Obj-Container", "Obj-Dist-Name", "Hide from AB", "MDB-Use-Defaults", "DXA-Task", "Alt-Recipient", "Deliver-And-Redirect")

Entry = tuple[str, dict[str, list[str]]]


@dataclasses.dataclass(frozen=True)
class Probe:
    """A message that is to be sent: who at the target must have it, and who outside must get it."""

    kind: str
    address: str
    targets: frozenset[str]
    outside: frozenset[str] = frozenset()


class People:
    def __init__(self, file: pathlib.Path = FILE) -> None:
        lab = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.by_server: dict[str, list[dict]] = lab["people"]
        self.servers, self.groups = lab["servers"], {group["name"]: group for group in lab["groups"]}
        self.contacts = {contact["name"]: contact for contact in lab["contacts"]}
        self.server = {person["name"]: server for server, people in self.by_server.items() for person in people}
        self.people = {person["name"]: person for people in self.by_server.values() for person in people}

    # -- what is expected -------------------------------------------------------------------------------------------

    def quotas(self) -> dict[str, int]:
        """Name at the target -> MB, 0 for none."""
        return {person["target"]: self._limit(person) for person in self.people.values()}

    def _limit(self, person: dict) -> int:
        return person.get("quota_mb", self.servers[self.server[person["name"]]]["quota_mb"])

    def probes(self) -> list[Probe]:
        """One for each address that anybody may still write to: aliases, lists, and names of old mail."""
        found = []
        for name, person in self.people.items():
            reached = self._reached([name])
            found += [Probe("alias", address, *reached) for address in dict.fromkeys([name, person["target"], *person.get("aliases", ())])]
            found += [Probe("imceaex", old_address(old), *reached) for old in self._old_names(person)]
        for name, group in self.groups.items():
            reached = self._reached([name])
            found += [Probe("list", address, *reached) for address in (name, *group.get("aliases", ()))]
            found += [Probe("imceaex", old_address(old), *reached) for old in self._old_names(group)]
        found += [Probe("alias", name, frozenset(), frozenset([contact["to"]])) for name, contact in self.contacts.items() if contact["inside"]]
        return [dataclasses.replace(probe, address=f"{probe.address}@{DOMAIN}") for probe in found]

    def _reached(self, names: list[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Targets and addresses outside, through groups, circles and forwards."""
        targets, outside, waiting, seen = set(), set(), list(names), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.groups:
                waiting += self._members(self.groups[name])
            elif name in self.contacts:
                outside.add(self.contacts[name]["to"])
            else:
                person = self.people[name]
                targets.add(person["target"])
                waiting += [person["forward"]] if "forward" in person else []
        return frozenset(targets), frozenset(outside)

    def _members(self, group: dict) -> list[str]:
        if "everybody_in" not in group:
            return group["members"]
        return [name for name, server in self.server.items() if server != OLD and self.servers[server]["place"] == group["everybody_in"]]

    def _old_names(self, one: dict) -> list[str]:
        return [legacy_name(one["name"]), *one.get("old_names", ())]

    # -- Active Directory -------------------------------------------------------------------------------------------

    def active_directory(self) -> list[Entry]:
        """All but those of the old server, who are contacts where a group has them."""
        here = [server for server in self.by_server if server != OLD]
        places = ["People", "Groups", "Contacts", "Stores"]
        entries = [(f"OU={place},{SUFFIX}", {"objectClass": ["top", "organizationalUnit"], "ou": [place]}) for place in places]
        for server in here:
            place, limit = self.servers[server]["place"], self.servers[server]["quota_mb"]
            store = {"mDBOverHardQuotaLimit": [str(limit * 1024)]} if limit else {}
            entries += [
                (f"OU={place},OU=People,{SUFFIX}", {"objectClass": ["top", "organizationalUnit"], "ou": [place]}),
                (self._store(server), {"objectClass": ["top", "msExchPrivateMDB"], "cn": [f"Store of {server}"], **store}),
            ]
        entries += [self._user(person) for server in here for person in self.by_server[server]]
        entries += [self._contact(contact) for contact in self.contacts.values()]
        groups = [group for group in self.groups.values() if group.get("server") != OLD]
        strangers = sorted({member for group in groups for member in self._members(group) if self.server.get(member) == OLD})
        entries += [self._contact({"name": name, "to": f"{name}@{DOMAIN}", "inside": True}) for name in strangers]
        return entries + [self._group(group) for group in groups]

    def _user(self, person: dict) -> Entry:
        first, last, whole = names(person["name"])
        server = self.server[person["name"]]
        values = {
            "objectClass": ["top", "person", "organizationalPerson", "user"], "cn": [whole], "displayName": [whole], "sn": [last],
            # Directories have no empty values.
            **({"givenName": [first]} if first else {}),
            # Names of before Windows 2000 have 20 letters.
            "sAMAccountName": [person["target"][:20]], "userAccountControl": [str(DISABLED if person.get("disabled") else ENABLED)],
            "department": [self.servers[server]["place"]], "homeMDB": [self._store(server)],
            "msExchHomeServerName": [f"{ORGANISATION}/cn=Configuration/cn=Servers/cn={server.upper()}"], **self._addresses(person),
        }
        if "quota_mb" in person:
            values |= {"mDBUseDefaults": ["FALSE"], "mDBOverHardQuotaLimit": [str(person["quota_mb"] * 1024)]}
        if "forward" in person:
            values |= {"altRecipient": [self._dn(person["forward"])], "deliverAndRedirect": ["TRUE"]}
        return self._dn(person["name"]), values

    def _contact(self, contact: dict) -> Entry:
        address = f"{contact['name']}@{DOMAIN}" if contact["inside"] else contact["to"]
        return self._dn(contact["name"], "Contacts"), {
            "objectClass": ["top", "contact"], "cn": [contact["name"]], "displayName": [names(contact["name"])[2]], "mailNickname": [contact["name"]],
            "mail": [address], "proxyAddresses": [f"SMTP:{address}"], "targetAddress": [f"SMTP:{contact['to']}"],
        }

    def _group(self, group: dict) -> Entry:
        values = {"cn": [group["name"]], "displayName": [names(group["name"])[2]], **self._addresses(group)}
        if "everybody_in" in group:
            values |= {"objectClass": ["top", "msExchDynamicDistributionList"], "msExchDynamicDLBaseDN": [SUFFIX],
                       "msExchDynamicDLFilter": [f"(&(objectClass=user)(department={group['everybody_in']}))"]}
        else:
            values |= {"objectClass": ["top", "group"], "sAMAccountName": [group["name"]], "member": [self._dn(member) for member in group["members"]]}
        return self._dn(group["name"]), values

    def _addresses(self, one: dict) -> dict[str, list[str]]:
        hidden = {"msExchHideFromAddressLists": ["TRUE"]} if one.get("hidden") else {}
        return {"mailNickname": [one["name"]], "mail": [f"{one['name']}@{DOMAIN}"], "legacyExchangeDN": [legacy_name(one["name"])],
                "proxyAddresses": proxies(one), **hidden}

    def _store(self, server: str) -> str:
        return f"CN=Store of {server},OU=Stores,{SUFFIX}"

    def _dn(self, name: str, unit: str = "") -> str:
        if unit or name in self.groups or name in self.contacts or self.server[name] == OLD:
            return f"CN={name},OU={unit or ('Groups' if name in self.groups else 'Contacts')},{SUFFIX}"
        return f"CN={names(name)[2]},OU={self.servers[self.server[name]]['place']},OU=People,{SUFFIX}"

    # -- the directory of Exchange 5.5, and the operator's word --------------------------------------------------------

    def exchange_5_5(self) -> str:
        """As its Administrator program exports it."""
        rows = [self._mailbox(person) for person in self.by_server[OLD]]
        rows += [{"Obj-Class": "dl", "Directory Name": group["name"], "Alias Name": group["name"], "Display Name": names(group["name"])[2],
                  "Members": "%".join(f"Recipients/cn={member}" for member in group["members"]), **self._exported(group)}
                 for group in self.groups.values() if group.get("server") == OLD]
        return written(COLUMNS, rows)

    def _mailbox(self, person: dict) -> dict[str, str]:
        first, last, whole = names(person["name"])
        limit = {"MDB-Use-Defaults": "0", "DXA-Task": str(person["quota_mb"] * 1024)} if "quota_mb" in person else {"MDB-Use-Defaults": "1"}
        forward = {"Alt-Recipient": f"Recipients/cn={person['forward']}", "Deliver-And-Redirect": "1"} if "forward" in person else {}
        return {"Obj-Class": "Mailbox", "Directory Name": person["name"], "Alias Name": person["name"], "Display Name": whole, "First Name": first,
                "Last name": last, "Home-Server": OLD.upper(), **self._exported(person), **limit, **forward}

    def _exported(self, one: dict) -> dict[str, str]:
        return {"E-mail Addresses": "%".join(proxies(one)), "Obj-Container": "Recipients", "Obj-Dist-Name": legacy_name(one["name"]),
                "Hide from AB": "1" if one.get("hidden") else "0"}

    def overrides(self) -> str:
        return written(("who", "mailbox"), [dict.fromkeys(("who", "mailbox"), f"{person['name']}@{DOMAIN}") for person in self.by_server[BY_ADDRESS]])


def legacy_name(name: str) -> str:
    return f"{ORGANISATION}/cn=Recipients/cn={name}"


def old_address(name: str) -> str:
    """Before the @, as Exchange writes a name of its directory into mail for the outside."""
    written_ = "".join("_" if letter == "/" else letter if letter.isascii() and letter.isalnum() or letter in "-=" else
                       "".join(f"+{octet:02X}" for octet in letter.encode()) for letter in name)
    return f"IMCEAEX-{written_}"


def proxies(one: dict) -> list[str]:
    return [f"SMTP:{one['name']}@{DOMAIN}", *(f"smtp:{alias}@{DOMAIN}" for alias in one.get("aliases", ())),
            *(f"X500:{name}" for name in one.get("old_names", ())), f"X400:c=US;a= ;p=Example;s={one['name']};"]


def names(name: str) -> tuple[str, str, str]:
    """First, last and whole name; who has no dot in his name is no person, and has one of them only."""
    first, dot, last = name.partition(".")
    return (first.title(), last.title(), f"{first} {last}".title()) if dot else ("", first.title(), first.title())


def written(columns: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def main() -> None:
    folder, people = pathlib.Path(sys.argv[1]), People()
    (folder / "active_directory.json").write_text(json.dumps(people.active_directory(), indent=1) + "\n", encoding="utf-8")
    (folder / "exchange_5_5.csv").write_text(people.exchange_5_5(), encoding="utf-8", newline="")
    (folder / "overrides.csv").write_text(people.overrides(), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
