# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The way of a user's mail as attributes of his entry in a directory: which values send it to the other side, and what may be changed or put back."""

from __future__ import annotations

import dataclasses
import typing as t

from . import proxy_addresses
from .account_entry import attribute_name, check_template, once, same
from .directory import Directory, Forward, key

Values = t.Dict[str, t.List[str]]

TARGET_ADDRESS, ALTERNATE_RECIPIENT, MAIL_HOST, MIRAPOINT_FORWARDING = METHODS = (
    "target_address", "alternate_recipient", "mail_host", "mirapoint_forwarding",
)
ATTRIBUTES = {
    TARGET_ADDRESS: ("targetAddress",),
    ALTERNATE_RECIPIENT: ("altRecipient", "deliverAndRedirect"),
    MAIL_HOST: ("mailHost", "mailRoutingAddress"),
    MIRAPOINT_FORWARDING: ("miForwardingAddress", "miDeliveryOption"),
}
# Their values are names of entries, of which there is more than one spelling.
NAMES = {"altRecipient"}
PLACES = ("target", "primary", "local", "domain")
CONTACT_PLACES = (*PLACES, "route_address")
# As Exchange makes them itself, and hidden from address books.
CONTACT = {
    "displayName": "{target}", "mailNickname": "{target}", "mail": "{route_address}", "proxyAddresses": "SMTP:{route_address}",
    "targetAddress": "SMTP:{route_address}", "msExchHideFromAddressLists": "TRUE",
}
# Decisions.
AS_WANTED, CHANGE, FOREIGN = "as_wanted", "change", "foreign"
ROUTED, RESTORED = "routed", "restored"

ROUTING = {
    "state": {"type": "str", "default": ROUTED, "choices": [ROUTED, RESTORED]},
    "method": {"type": "str", "required": True, "choices": list(METHODS)},
    "route_address": {"type": "str", "default": ""},
    "mail_host": {"type": "str", "default": ""},
    "contacts_base": {"type": "str", "default": ""},
    "contact_name": {"type": "str", "default": "{target}"},
    "contact_attributes": {"type": "dict", "default": {}},
    "keep_copy": {"type": "bool", "default": False},
    "name_attribute": {"type": "str", "default": ""},
    "accounts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "target": {"type": "str", "required": True},
            "primary": {"type": "str", "default": ""},
            "entry": {"type": "str", "default": ""},
            "wave": {"type": "str", "default": "default"},
        },
    },
    "wave": {"type": "str"},
    "plan_directory": {"type": "str"},
    "on_missing": {"type": "str", "default": "refuse", "choices": ["refuse", "tell"]},
}


@dataclasses.dataclass
class Route:
    """A row of the ledger. `contact`: `entry` and `address` of the contact that was added for it, empty for none."""

    directory: str
    method: str
    entry: str
    target: str
    primary: str
    wave: str
    state: str
    before: Values
    ours: list[Values]
    contact: dict[str, str] = dataclasses.field(default_factory=dict)
    id: int | None = None


@dataclasses.dataclass(frozen=True)
class Method:
    name: str
    route_address: str = ""
    mail_host: str = ""
    contacts_base: str = ""
    contact_name: str = "{target}"
    contact: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    keep_copy: bool = False

    @classmethod
    def from_options(cls, options: dict) -> Method:
        """Raises ValueError with a text for the operator."""
        method = options["method"]
        needed = {MAIL_HOST: ("mail_host",), ALTERNATE_RECIPIENT: ("route_address", "contacts_base")}.get(method, ("route_address",))
        for name in needed:
            if not options[name]:
                raise ValueError(f"method is {method}: it needs {name}.")
        for name, methods in (("mail_host", (MAIL_HOST,)), ("contacts_base", (ALTERNATE_RECIPIENT,)), ("keep_copy", (ALTERNATE_RECIPIENT,))):
            if options[name] and method not in methods:
                raise ValueError(f"method is {method}: {name} has no meaning.")
        attribute_name("name_attribute", options["name_attribute"], may_be_empty=True)
        check_template("route_address", options["route_address"], PLACES)
        if options["route_address"] and "@" not in options["route_address"]:
            raise ValueError(f"route_address is {options['route_address']!r}, which will be no address.")
        check_template("contact_name", options["contact_name"], PLACES)
        if "{target}" not in options["contact_name"]:
            raise ValueError("contact_name has no {target}, so contacts would have the same name.")
        contact = {}
        for name, templates in {**CONTACT, **options["contact_attributes"]}.items():
            attribute_name("contact_attributes", name)
            contact[name] = tuple(templates) if isinstance(templates, list) else (templates,)
            for template in contact[name]:
                check_template(f"contact_attributes, {name}", template, CONTACT_PLACES)
        if contact["targetAddress"] != (CONTACT["targetAddress"],):
            raise ValueError("contact_attributes has targetAddress, which is made of route_address.")
        return cls(method, options["route_address"], options["mail_host"], options["contacts_base"], options["contact_name"], contact, options["keep_copy"])

    @property
    def attributes(self) -> tuple[str, ...]:
        return ATTRIBUTES[self.name]

    def address(self, account: dict) -> str:
        return self.route_address.format(**places(account))

    def values(self, account: dict, contact: str = "") -> Values:
        """What the entry is to have. `contact` is the name of the entry that an alternate recipient is."""
        if self.name == TARGET_ADDRESS:
            return {"targetAddress": [f"SMTP:{self.address(account)}"]}
        if self.name == ALTERNATE_RECIPIENT:
            return {"altRecipient": [contact], "deliverAndRedirect": ["TRUE" if self.keep_copy else "FALSE"]}
        if self.name == MIRAPOINT_FORWARDING:
            return {"miForwardingAddress": [self.address(account)], "miDeliveryOption": ["forward"]}
        return {"mailHost": [self.mail_host], **({"mailRoutingAddress": [self.address(account)]} if self.route_address else {})}

    def contact_values(self, account: dict) -> Values:
        found = {**places(account), "route_address": self.address(account)}
        values = {name: once(template.format(**found) for template in templates) for name, templates in self.contact.items()}
        return {"objectClass": ["top", "contact"], **{name: some for name, some in values.items() if some}}


def places(account: dict) -> dict[str, str]:
    local, _at, domain = account["primary"].partition("@")
    return {"target": account["target"], "primary": account["primary"], "local": local, "domain": domain}


def like(some: Values, others: Values) -> bool:
    """Whether `some` has what `others` has, in the attributes of those."""
    return all(same(*(map(key, values) if name in NAMES else values for values in (some.get(name, []), others[name]))) for name in others)


def sent(route: Route | None, current: Values, wanted: Values) -> tuple[str, Values, list[Values]]:
    """What to do so that an entry has `wanted`, and what the ledger is to say then: before, ours. What was before is never a value of ours."""
    if like(current, wanted):
        return AS_WANTED, {}, []
    if route is None or route.state == RESTORED:
        return CHANGE, {name: current.get(name, []) for name in wanted}, [wanted]
    # As before: it was about to be set, or somebody has set it back.
    if not (like(current, route.before) or any(like(current, ours) for ours in route.ours)):
        return FOREIGN, route.before, route.ours
    before = {**{name: current.get(name, []) for name in wanted}, **route.before}
    return CHANGE, before, [*route.ours, *([] if wanted in route.ours else [wanted])]


def as_before(directory: Directory, routes: list[Route]) -> Directory:
    """A directory without what sends mail to the other side: no user wanted that as a forward of his. `routes` are those in force."""
    by_entry: dict[str, list[Route]] = {}
    by_address: dict[str, list[Route]] = {}
    for route in routes:
        by_entry.setdefault(key(route.entry), []).append(route)
        by_address.setdefault(route.primary.casefold(), []).append(route)
    people = []
    for person in directory.people:
        # An entry that has another name by now is still that of its addresses.
        found = by_entry.get(person.key) or [route for address in person.addresses.all for route in by_address.get(address.casefold(), ())]
        ours = [route for route in found if any(_forward(values) == person.forward for values in route.ours)]
        people.append(dataclasses.replace(person, forward=_forward(ours[-1].before)) if person.forward and ours else person)
    return dataclasses.replace(directory, people=people)


def _forward(values: Values) -> Forward | None:
    """As the reader of Active Directory takes them."""
    recipient, address = ("".join(values.get(name, ())[:1]) for name in ("altRecipient", "targetAddress"))
    if recipient:
        return Forward(key=key(recipient), keeps_copy="".join(values.get("deliverAndRedirect", ())[:1]).upper() == "TRUE")
    address = proxy_addresses.target(address)
    return Forward(address=address) if address else None


def put_back(route: Route, current: Values) -> str:
    """What to do so that an entry has what it had before."""
    if like(current, route.before):
        return AS_WANTED
    return CHANGE if any(like(current, ours) for ours in route.ours) else FOREIGN
