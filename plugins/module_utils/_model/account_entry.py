# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""An account of the plan as an entry of the target's directory: which attributes it has, and what of an existing entry has to be corrected."""

from __future__ import annotations

import dataclasses
import re
import string
import typing as t

Values = t.Dict[str, t.List[str]]

# Attributes whose meaning is public, by templates; one that comes out empty is not written.
ATTRIBUTES = {
    "cn": "{full_name}",
    "sn": "{last}",
    "givenName": "{first}",
    "mail": "{primary}",
    "mailHost": "{mail_host}",
    "mailRoutingAddress": "{routing_address}",
    "miMailQuota": "{quota}",
}
CLASSES = ("top", "person", "organizationalPerson", "inetOrgPerson", "mirapointUser", "mirapointMailUser")
PLACES = ("target", "primary", "local", "domain", "full_name", "first", "last", "mail_host", "routing_address", "quota")
# How many of a unit are a MB of 1,024 kB; empty: the quota is not written.
UNITS = {"": 0, "bytes": 1048576, "kb": 1024, "mb": 1}
FORWARD = {"miDeliveryOption": ["forward"]}
FORWARD_ADDRESS = "miForwardingAddress"
MAIL = "mail"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*")

ACCOUNTS = {
    "accounts": {
        "type": "list",
        "elements": "dict",
        "required": True,
        # Names are none; see the module.
        "no_log": True,
        "options": {
            "target": {"type": "str", "required": True},
            "primary": {"type": "str", "default": ""},
            "full_name": {"type": "str", "default": ""},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "old_addresses": {"type": "list", "elements": "str", "default": []},
            "quota_mb": {"type": "int", "default": 0},
            "forward_to": {"type": "str", "default": ""},
            "keeps_copy": {"type": "bool", "default": False},
            "password": {"type": "str", "no_log": True},
            **{name: {"type": "str"} for name in ("directory", "entry", "server", "mailbox", "wave")},
            **{name: {"type": "bool"} for name in ("hidden", "disabled")},
        },
    },
}
# What to do with an account that is there and is somebody else's.
REFUSE, ADOPT = "refuse", "adopt"
ON_FOREIGN = {"on_foreign": {"type": "str", "default": REFUSE, "choices": [REFUSE, ADOPT]}}
FORM = {
    "name_attribute": {"type": "str", "default": "uid"},
    "object_classes": {"type": "list", "elements": "str", "default": list(CLASSES)},
    "attributes": {"type": "dict", "default": {}},
    "alias_attribute": {"type": "str", "default": ""},
    # Names an attribute.
    "password_attribute": {"type": "str", "default": "", "no_log": False},
    "mail_host": {"type": "str", "default": ""},
    "routing_address": {"type": "str", "default": ""},
    "quota_unit": {"type": "str", "default": "", "choices": list(UNITS)},
}


@dataclasses.dataclass(frozen=True)
class Form:
    """How entries look. `aliases` and `password` are names of attributes, empty for none."""

    name: str
    classes: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]]
    aliases: str = ""
    password: str = ""
    mail_host: str = ""
    routing_address: str = ""
    unit: str = ""

    @classmethod
    def from_options(cls, options: dict) -> Form:
        """Raises ValueError with a text for the operator."""
        for option in ("name_attribute", "alias_attribute", "password_attribute"):
            attribute_name(option, options[option], may_be_empty=option != "name_attribute")
        given = {}
        for name, templates in options["attributes"].items():
            attribute_name("attributes", name)
            given[name] = tuple(templates) if isinstance(templates, list) else (templates,)
            for template in given[name]:
                check_template(f"attributes, {name}", template, PLACES)
        taken = {"objectclass", *(options[option].lower() for option in ("name_attribute", "alias_attribute", "password_attribute"))}
        wrong = [name for name in given if name.lower() in taken]
        if wrong:
            raise ValueError(f"attributes has {wrong[0]}, for which there is an option of its own.")
        taken |= {name.lower() for name in given}
        attributes = {**{name: (template,) for name, template in ATTRIBUTES.items() if name.lower() not in taken}, **given}
        check_template("routing_address", options["routing_address"], ("target", "primary", "local", "domain", "mail_host"))
        if not options["object_classes"]:
            raise ValueError("object_classes is empty; an entry has one at least.")
        return cls(
            options["name_attribute"], tuple(options["object_classes"]), attributes, options["alias_attribute"], options["password_attribute"],
            options["mail_host"], options["routing_address"], options["quota_unit"],
        )

    @property
    def managed(self) -> list[str]:
        """Attributes that are read of what is there."""
        return once(["objectClass", self.name, *self.attributes, MAIL, self.aliases, FORWARD_ADDRESS, *FORWARD])

    def values(self, account: dict) -> Values:
        """What an account's entry has, without its object classes, its aliases and its password."""
        local, _at, domain = account["primary"].partition("@")
        first, last = names(account["full_name"] or account["target"])
        places = {
            "target": account["target"], "primary": account["primary"], "local": local, "domain": domain,
            "full_name": account["full_name"] or account["target"], "first": first, "last": last, "mail_host": self.mail_host,
            "quota": str(account["quota_mb"] * UNITS[self.unit]) if self.unit and account["quota_mb"] else "",
        }
        places["routing_address"] = self.routing_address.format(**places)
        found = {name: once(template.format(**places) for template in templates) for name, templates in self.attributes.items()}
        if expressed(account):
            found |= {FORWARD_ADDRESS: [account["forward_to"]], **FORWARD}
        return {name: values for name, values in found.items() if values}

    def alias_values(self, account: dict) -> list[str]:
        """All addresses, the primary one too: whoever looks for a recipient there looks for each of them."""
        return once([account["primary"], *account["addresses"], *account["old_addresses"]]) if self.aliases else []

    def addresses_there(self, there: t.Callable[[str], list[str]]) -> list[str]:
        """The addresses that an entry has. `there` gives the values of an attribute."""
        return once([*there(MAIL), *(there(self.aliases) if self.aliases else ())])

    def foreign(self, account: dict, there: t.Callable[[str], list[str]]) -> list[str]:
        """The addresses of an entry that is somebody else's: it has some, and none of them is the account's. Empty where it is not, or nothing tells."""
        ours = [account["primary"], *account["addresses"], *account["old_addresses"]]
        # The operator's template may give it another one.
        ours += [value for name, values in self.values(account).items() if name.lower() == MAIL for value in values]
        known, found = {address.casefold() for address in once(ours)}, self.addresses_there(there)
        return found if known and known.isdisjoint(address.casefold() for address in found) else []

    def forward_left(self, account: dict, there: t.Callable[[str], list[str]]) -> list[str]:
        """Where an entry sends all mail although nothing of the account says so. An earlier plan may have, or a route, or the user himself."""
        if any(name.lower() == FORWARD_ADDRESS.lower() for name in self.values(account)):
            return []
        in_force = all({value.casefold() for value in there(name)} >= set(values) for name, values in FORWARD.items())
        return there(FORWARD_ADDRESS) if in_force else []

    def entry(self, account: dict) -> Values:
        found = {"objectClass": list(self.classes), self.name: [account["target"]], **self.values(account)}
        if self.aliases:
            found[self.aliases] = self.alias_values(account)
        if self.password:
            found[self.password] = [account["password"] or ""]
        return {name: values for name, values in found.items() if any(values)}

    def corrected(self, account: dict, dn: str, there: t.Callable[[str], list[str]]) -> tuple[Values, Values]:
        """What has to change in the entry `dn`, before and after. `there` gives the values of an attribute. What others added to lists stays."""
        values = self.values(account)
        # What the entry is called by is in the attribute as well, and can't be taken out of it.
        called_by = [name for name in values if dn.lower().startswith(f"{name.lower()}=")]
        lists = {"objectClass": self.classes, **({self.aliases: self.alias_values(account)} if self.aliases else {})}
        lists |= {name: values.pop(name) for name in called_by}
        wanted = {name: some for name, some in values.items() if not same(there(name), some)}
        for name, some in lists.items():
            known = {value.casefold() for value in there(name)}
            lacking = [value for value in some if value.casefold() not in known]
            if lacking:
                wanted[name] = [*there(name), *lacking]
        return {name: there(name) for name in wanted}, wanted


def expressed(account: dict) -> bool:
    """Whether the account's forward has a public form: one that keeps no copy."""
    return bool(account["forward_to"]) and not account["keeps_copy"]


def same(some: t.Iterable[str], others: t.Iterable[str]) -> bool:
    return sorted(some) == sorted(others)


def once(values: t.Iterable[str]) -> list[str]:
    """Each only once, and none that is empty; upper and lower case make no other value."""
    found: dict[str, str] = {}
    for value in values:
        if value.strip():
            found.setdefault(value.casefold(), value)
    return list(found.values())


def names(full_name: str) -> tuple[str, str]:
    """First and last name: Anna Maria Berg, or Berg, Anna Maria."""
    last, comma, first = full_name.partition(",")
    if comma and last.strip():
        return first.strip(), last.strip()
    first, _blank, last = full_name.strip().rpartition(" ")
    return first.strip(), last


def another_person(full_name: str, other: str) -> bool:
    """Whether two full names are of two people: each has a word that the other lacks. Nothing is told by no name at all, nor by words with
    letters beyond ASCII, since it is not public how an appliance keeps these."""
    words = [set(re.findall(r"[^\s,]+", name.casefold())) for name in (full_name, other)]
    plain = [{word for word in some if word.isascii()} for some in words]
    return all(words) and bool(plain[0] - words[1]) and bool(plain[1] - words[0])


def attribute_name(option: str, name: str, may_be_empty: bool = False) -> None:
    if not (_NAME.fullmatch(name) or may_be_empty and not name):
        raise ValueError(f"{option} has {name!r}, which can't be the name of an attribute.")


def check_template(option: str, template: t.Any, places: t.Iterable[str]) -> None:
    if not isinstance(template, str):
        raise ValueError(f"{option}: {template!r} is no text.")
    try:
        fields = [field for _text, field, _form, _conversion in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise ValueError(f"{option}: the template {template!r} can't be read: {error}.") from error
    unknown = [field for field in fields if field not in places]
    if unknown:
        raise ValueError(f"{option}: the template {template!r} may have {', '.join(f'{{{place}}}' for place in places)}.")
