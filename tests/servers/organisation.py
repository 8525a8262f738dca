# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organisation as a directory knows it, as large as a test wants it, always the same: entries as (name, attributes), and as LDIF.

Groups hang in chains of `depth`; the last chain is closed to a cycle. The first group has `largest` members, people before contacts. Berlin's
people share a dynamic group.
"""

from __future__ import annotations

import base64
import typing as t

Entry = tuple[str, dict[str, list[str]]]
ORGANISATION = "/o=Example/ou=First Administrative Group"
PLACES = ("Berlin", "Oslo", "Wien")
SERVERS = ("EXCHANGE1", "EXCHANGE2")
DOMAIN = "example.test"


def entries(suffix: str, users: int = 30, groups: int = 12, contacts: int = 5, largest: int = 20, depth: int = 6) -> t.Iterator[Entry]:
    """Below units that have to be there; see `units`."""
    people = [user(suffix, number) for number in range(users)]
    yield from people
    outside = [contact(suffix, number) for number in range(contacts)]
    yield from outside
    names = [name for name, _attributes in people]
    everybody = names + [name for name, _attributes in outside]
    for number in range(groups):
        members = everybody[:largest] if number == 0 else [names[(number * 7 + step) % users] for step in range(5)]
        members += [outside[number % contacts][0]] if contacts else []
        # Every `depth` groups are a chain, and the last of all closes its own.
        if number % depth + 1 < depth and number + 1 < groups:
            members.append(group_name(suffix, number + 1))
        if number == groups - 1:
            members.append(group_name(suffix, number - number % depth))
        yield group_name(suffix, number), {
            "objectClass": ["top", "group"], **_common(f"List {number}", f"list{number}", f"list{number}"), "sAMAccountName": [f"list{number}"],
            "member": list(dict.fromkeys(members)),
        }
    filter_ = "(&(objectClass=user)(department=Berlin))"
    yield dynamic(suffix, "All Berlin", msExchDynamicDLFilter=[filter_], msExchDynamicDLBaseDN=[suffix])


def units(suffix: str) -> list[Entry]:
    return [(f"OU={name},{suffix}", {"objectClass": ["top", "organizationalUnit"], "ou": [name]}) for name in ("People", "Groups", "Contacts", "Stores")] + [
        (f"OU={name},OU=People,{suffix}", {"objectClass": ["top", "organizationalUnit"], "ou": [name]}) for name in PLACES
    ] + [
        (store(suffix, number), {"objectClass": ["top", "msExchPrivateMDB"], "cn": [f"Store {number}"], "mDBOverHardQuotaLimit": [str(204800 + number)]})
        for number in range(len(SERVERS))
    ]


def user(suffix: str, number: int) -> Entry:
    """Each fifth has limits of its own, each seventh is hidden, each eleventh forwards to his neighbour and keeps a copy."""
    place, login = PLACES[number % len(PLACES)], f"user{number}"
    server = SERVERS[number % len(SERVERS)]
    values = {
        "objectClass": ["top", "person", "organizationalPerson", "user"],
        **_common(f"User {number}", login, f"first{number}.last{number}", f"{login}@{DOMAIN}"),
        "sn": [f"Last{number}"], "givenName": [f"First{number}"], "sAMAccountName": [login], "userAccountControl": ["544"], "department": [place],
        "homeMDB": [store(suffix, number % len(SERVERS))], "msExchHomeServerName": [f"{ORGANISATION}/cn=Configuration/cn=Servers/cn={server}"],
    }
    if number % 5 == 0:
        values |= {"mDBUseDefaults": ["FALSE"], "mDBOverHardQuotaLimit": [str(102400 + number)]}
    if number % 7 == 0:
        values["msExchHideFromAddressLists"] = ["TRUE"]
    if number % 11 == 10:
        values |= {"altRecipient": [user_name(suffix, number - 1)], "deliverAndRedirect": ["TRUE"]}
    return user_name(suffix, number), values


def dynamic(suffix: str, name: str, **filters: list[str]) -> Entry:
    alias = name.lower().replace(" ", "")
    return f"CN={name},OU=Groups,{suffix}", {"objectClass": ["top", "msExchDynamicDistributionList"], **_common(name, alias, alias), **filters}


def contact(suffix: str, number: int) -> Entry:
    return f"CN=Contact {number},OU=Contacts,{suffix}", {
        "objectClass": ["top", "contact"], **_common(f"Contact {number}", f"contact{number}", f"contact{number}"),
        "targetAddress": [f"SMTP:contact{number}@elsewhere.test"],
    }


def user_name(suffix: str, number: int) -> str:
    return f"CN=User {number},OU={PLACES[number % len(PLACES)]},OU=People,{suffix}"


def group_name(suffix: str, number: int) -> str:
    return f"CN=List {number},OU=Groups,{suffix}"


def store(suffix: str, number: int) -> str:
    return f"CN=Store {number},OU=Stores,{suffix}"


def _common(name: str, alias: str, local: str, *others: str) -> dict[str, list[str]]:
    return {
        "cn": [name], "displayName": [name], "mailNickname": [alias], "mail": [f"{local}@{DOMAIN}"],
        "proxyAddresses": [*(f"smtp:{other}" for other in others), f"SMTP:{local}@{DOMAIN}", f"X400:c=US;a= ;p=Example;s={alias};"],
        "legacyExchangeDN": [f"{ORGANISATION}/cn=Recipients/cn={alias}"],
    }


def ldif(found: t.Iterable[Entry], skip: t.Container[str] = ()) -> str:
    """`skip`: attributes that are left out."""
    blocks = []
    for name, attributes in found:
        lines = [_line("dn", name)]
        lines += [_line(attribute, value) for attribute, values in attributes.items() if attribute not in skip for value in values]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _line(attribute: str, value: str) -> str:
    plain = value.isascii() and value.isprintable() and value == value.strip() and value[:1] not in (":", "<")
    return f"{attribute}: {value}" if plain else f"{attribute}:: {base64.b64encode(value.encode()).decode()}"
