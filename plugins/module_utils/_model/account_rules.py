# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How the accounts at the target are to be: the operator's rules, and his word on single users and lists. Plain values."""

from __future__ import annotations

import dataclasses
import re
import string
import unicodedata

from .directory import Directory, Group, Person, key
from .proxy_addresses import is_smtp

PLACEHOLDERS = ("alias", "account", "local", "domain", "first", "last")
PLACEHOLDERS_OF_LISTS = ("alias", "local", "domain")
WAVE_BY = ("none", "server", "place", "attribute")
COLUMNS = ("who", "server", "mailbox", "target", "wave", "quota_mb", "move", "addresses")
# Options of the module that are the rules; each is a field of Rules.
RULES = {
    "domains": {"type": "list", "elements": "str", "required": True},
    "name_template": {"type": "str", "default": "{local}"},
    "list_template": {"type": "str", "default": "{local}"},
    "mailbox_template": {"type": "str", "default": "{alias}"},
    "name_pattern": {"type": "str", "default": "[a-z0-9]([a-z0-9._-]*[a-z0-9])?"},
    "name_length": {"type": "int", "default": 64},
    "name_replacements": {"type": "dict", "default": {}},
    "reserved_names": {"type": "list", "elements": "str", "default": ["administrator", "mailer-daemon", "postmaster", "root"]},
    "servers": {"type": "dict", "default": {}},
    "quota_mb": {"type": "int", "default": 0},
    "wave_by": {"type": "str", "default": "none", "choices": list(WAVE_BY)},
    "wave_attribute": {"type": "str"},
    "waves": {"type": "dict", "default": {}},
    "default_wave": {"type": "str", "default": "default"},
    "old_name_domains": {"type": "list", "elements": "str", "default": []},
    "move_disabled": {"type": "bool", "default": True},
}
YES, NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclasses.dataclass(frozen=True)
class Rules:
    """`domains`: mail domains that move. `servers`: a server's name in the directory, in small letters -> in the inventory.
    `waves`: what `wave_by` says of a user -> wave. `old_name_domains`: where the aliases are for names that old mail uses."""

    domains: tuple[str, ...]
    name_template: str = "{local}"
    list_template: str = "{local}"
    mailbox_template: str = "{alias}"
    name_pattern: str = "[a-z0-9]([a-z0-9._-]*[a-z0-9])?"
    name_length: int = 64
    name_replacements: tuple[tuple[str, str], ...] = ()
    reserved_names: tuple[str, ...] = ()
    servers: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)
    quota_mb: int = 0
    wave_by: str = "none"
    wave_attribute: str = ""
    waves: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)
    default_wave: str = "default"
    old_name_domains: tuple[str, ...] = ()
    move_disabled: bool = True

    @classmethod
    def from_options(cls, options: dict) -> Rules:
        """Raises ValueError with a text for the operator."""
        given = {field.name: options[field.name] for field in dataclasses.fields(cls) if options.get(field.name) is not None}
        for name in ("domains", "old_name_domains"):
            given[name] = tuple(domain.lower().strip() for domain in given.get(name) or ())
            wrong = [domain for domain in given[name] if not is_smtp(f"postmaster@{domain}")]
            if wrong:
                raise ValueError(f"{name} has {wrong[0]!r}, which is no mail domain.")
        if not given["domains"]:
            raise ValueError("domains is empty: it names the mail domains that move.")
        given["old_name_domains"] = given["old_name_domains"] or given["domains"]
        letters = (given.get("name_replacements") or {}).items()
        given["name_replacements"] = tuple(sorted((unicodedata.normalize("NFC", str(old).casefold()), str(new)) for old, new in letters))
        given["reserved_names"] = tuple(name.casefold() for name in given.get("reserved_names") or ())
        given["servers"] = {str(name).casefold(): str(there) for name, there in (given.get("servers") or {}).items()}
        given["waves"] = {str(what).casefold(): str(wave) for what, wave in (given.get("waves") or {}).items()}
        rules = cls(**given)
        _check_template("name_template", rules.name_template, PLACEHOLDERS)
        _check_template("mailbox_template", rules.mailbox_template, PLACEHOLDERS)
        _check_template("list_template", rules.list_template, PLACEHOLDERS_OF_LISTS)
        try:
            re.compile(rules.name_pattern)
        except re.error as error:
            raise ValueError(f"name_pattern is no regular expression: {error}.") from error
        if rules.wave_by == "attribute" and not rules.wave_attribute:
            raise ValueError("wave_by is attribute: it needs wave_attribute.")
        for name, least in (("quota_mb", 0), ("name_length", 1)):
            if getattr(rules, name) < least:
                raise ValueError(f"{name} is {getattr(rules, name)}; it can't be less than {least}.")
        return rules

    def spelled(self, template: str, values: dict[str, str]) -> str:
        """A name as the target may have it: small letters, without accents. What it still can't have is refused, not dropped."""
        text = unicodedata.normalize("NFC", template.format(**values).casefold())
        for old, new in self.name_replacements:
            text = text.replace(old, new)
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
        # A raised or a mathematical capital has become a usual one.
        return plain.casefold()

    def refusal(self, name: str) -> str:
        """Why the target can't have this name, empty when it can."""
        if not name:
            return "the name is empty"
        if len(name) > self.name_length:
            return f"{name} has {len(name)} letters, more than {self.name_length}"
        if not re.fullmatch(self.name_pattern, name):
            return f"{name!r} does not match {self.name_pattern}"
        return f"{name} is reserved" if name.casefold() in self.reserved_names else ""

    def wave(self, person: Person, server: str) -> str:
        if self.wave_by == "none":
            return self.default_wave
        said = {"server": server, "place": person.place, "attribute": person.attributes.get(self.wave_attribute, "")}[self.wave_by]
        if not self.waves:
            return said or self.default_wave
        if self.wave_by != "place":
            return self.waves.get(said.casefold(), self.default_wave)
        # A unit stands for all below it, and the innermost one that is named decides.
        parts = said.casefold().split("/")
        below = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self.waves[unit] for unit in below if unit in self.waves), self.default_wave)

    def moves(self, address: str) -> bool:
        return address.rpartition("@")[2].lower() in self.domains


def values(person) -> dict[str, str]:
    """What the placeholders of a template stand for; `person` may be a group, which has fewer."""
    local, _at, domain = person.addresses.primary.rpartition("@")
    told = {"alias": person.alias, "account": getattr(person, "account", ""), "first": getattr(person, "first", ""), "last": getattr(person, "last", "")}
    return {**told, "local": local, "domain": domain}


def _check_template(option: str, template: str, known: tuple[str, ...]) -> None:
    try:
        names = [f"{name}{form}{conversion or ''}" for _text, name, form, conversion in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise ValueError(f"{option} is {template!r}: {error}.") from error
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"{option} is {template!r}; it may have {', '.join(f'{{{name}}}' for name in known)}, and must have one of them.")


@dataclasses.dataclass(frozen=True)
class Override:
    """The operator's word on one user or list; what is empty is as the rules say. `line`: where it stands in his file."""

    line: int
    who: str
    server: str = ""
    mailbox: str = ""
    target: str = ""
    wave: str = ""
    quota_mb: int | None = None
    move: bool | None = None
    addresses: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, line: int, row: dict[str, str]) -> Override:
        """Raises ValueError with a text for the operator."""
        who, quota, move = row.get("who", ""), row.get("quota_mb", ""), row.get("move", "").casefold()
        if not who:
            raise ValueError(f"line {line}: it does not say who is meant.")
        if quota and not re.fullmatch(r"[0-9]{1,9}", quota):
            raise ValueError(f"line {line}: quota_mb is {quota!r}; it is a number of MB, 0 for no limit.")
        if move and move not in YES + NO:
            raise ValueError(f"line {line}: move is {move!r}; it is yes or no.")
        addresses = tuple(row.get("addresses", "").split())
        wrong = [address for address in addresses if not is_smtp(address)]
        if wrong:
            raise ValueError(f"line {line}: {wrong[0]!r} is no SMTP address; several are parted by blanks.")
        return cls(
            line, who, row.get("server", ""), row.get("mailbox", ""), row.get("target", ""), row.get("wave", ""), int(quota) if quota else None,
            move in YES if move else None, addresses,
        )

    def for_list(self) -> Override:
        """Raises ValueError where it says something that a list does not have."""
        if self.server or self.mailbox or self.wave or self.quota_mb is not None:
            raise ValueError(f"line {self.line}: {self.who} is a list; it may have target, move and addresses.")
        return self


def by_entry(overrides: list[Override], directories: list[Directory]) -> dict[tuple[str, str], Override]:
    """(directory, key) -> what the operator says. He names users and lists by address, by alias, by account or by their name in the directory.

    Raises ValueError with a text for the operator: nobody of that name, several, or one twice."""
    spellings: dict[str, dict[tuple[str, str], Person | Group]] = {}
    for directory in directories if overrides else ():
        for entry in (*directory.people, *directory.groups):
            names = {*map(str.casefold, entry.addresses.all), entry.alias.casefold(), getattr(entry, "account", "").casefold(), entry.key}
            for name in names - {""}:
                spellings.setdefault(name, {})[directory.name, entry.key] = entry
    found: dict[tuple[str, str], Override] = {}
    for override in overrides:
        meant = spellings.get(override.who.casefold()) or spellings.get(key(override.who)) or {}
        if len(meant) != 1:
            raise ValueError(f"line {override.line}: {'several are' if meant else 'nobody is'} named {override.who} in the directories.")
        [(place, entry)] = meant.items()
        if place in found:
            raise ValueError(f"lines {found[place].line} and {override.line} are about the same one.")
        found[place] = override.for_list() if isinstance(entry, Group) else override
    return found


def completed(entry, override: Override | None):
    """The entry with the addresses that the operator adds; the first of them is the primary one where there was none."""
    if not override or not override.addresses:
        return entry
    old = entry.addresses
    more = [address for address in override.addresses if address.casefold() not in map(str.casefold, old.all)]
    primary = old.primary or override.addresses[0]
    others = [address for address in (*old.others, *more) if address.casefold() != primary.casefold()]
    return dataclasses.replace(entry, addresses=dataclasses.replace(old, primary=primary, others=tuple(others)))
