# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""An appliance as the operator describes it, and the options by which he does; their documentation is in plugins/doc_fragments/_mirapoint.py."""

from __future__ import annotations

import dataclasses

from ansible.module_utils.basic import env_fallback

from .._errors import MigrationError
from .commands import UNCONFIRMED

NOTHING_TOUCHED = "Nothing was touched."
# Which port goes with which encryption; there is no STARTTLS.
PORTS = {"implicit": 10243, "none": 10143}

SERVER = {
    "server": {
        "type": "dict",
        "required": True,
        "options": {
            "name": {"type": "str"},
            "host": {"type": "str", "required": True},
            "port": {"type": "int"},
            "tls": {"type": "str", "default": "implicit", "choices": list(PORTS)},
            "ca_file": {"type": "path"},
            "legacy_tls": {"type": "bool", "default": False},
            "timeout": {"type": "float", "default": 60},
            "admin": {"type": "str", "required": True},
            "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["MIGRATION_TARGET_PASSWORD"])},
        },
    },
    "domain": {"type": "str"},
}
PAGE_SIZE = {"page_size": {"type": "int", "default": 1000}}
USERS = {
    "users": {
        "type": "list",
        "elements": "dict",
        "required": True,
        # Names are none; see the module.
        "no_log": True,
        "options": {
            "name": {"type": "str", "required": True},
            "full_name": {"type": "str", "default": ""},
            "password": {"type": "str", "no_log": True},
        },
    },
}
LISTS = {
    "lists": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"name": {"type": "str", "required": True}, "entries": {"type": "list", "elements": "str", "default": []}},
    },
}
# True, or the names of some commands.
SWITCH = {"unconfirmed_commands": {"type": "raw", "default": []}}
SWITCHED_ON = ("yes", "true", "on", "1")
SWITCHED_OFF = ("no", "false", "off", "0", "")


@dataclasses.dataclass(frozen=True)
class Appliance:
    """`timeout`: seconds within which an answer must be complete."""

    name: str
    host: str
    port: int
    admin: str
    password: str = dataclasses.field(repr=False)
    tls: str = "implicit"
    ca_file: str | None = None
    legacy_tls: bool = False
    timeout: float = 60

    @property
    def where(self) -> str:
        return f"{self.name} ({self.host}:{self.port})"


def appliance(options: dict) -> Appliance:
    """`options` is the option `server`."""
    given = {key: value for key, value in options.items() if value is not None}
    given["name"] = given.get("name") or given["host"]
    given["port"] = given.get("port") or PORTS[given["tls"]]
    try:
        if not 0 < given["port"] < 65536:
            raise ValueError(f"port is {given['port']}; it can be from 1 to 65535.")
        if not given["timeout"] > 0:
            raise ValueError(f"timeout is {given['timeout']}; it must be more than 0 seconds.")
        if not given.get("password"):
            raise ValueError(f"there is no password for {given['admin']}.")
        if given["tls"] == "none" and (given["legacy_tls"] or given.get("ca_file")):
            raise ValueError("tls is none, so legacy_tls and ca_file have no meaning.")
    except ValueError as error:
        raise MigrationError(f"{given['name']}: {error}", NOTHING_TOUCHED, "Correct the option server.") from error
    return Appliance(**given)


def switched_on(value) -> frozenset[str]:
    """Names of the unconfirmed commands that the option `unconfirmed_commands` lets be sent."""
    if isinstance(value, (bool, str)) and str(value).lower() in SWITCHED_ON + SWITCHED_OFF:
        return UNCONFIRMED if str(value).lower() in SWITCHED_ON else frozenset()
    names = [value] if isinstance(value, str) else value
    unknown = [name for name in names if not isinstance(name, str) or name not in UNCONFIRMED] if isinstance(names, list) else [value]
    if unknown:
        raise MigrationError(
            f"unconfirmed_commands has {', '.join(map(str, unknown))}.", NOTHING_TOUCHED,
            f"Say true, false, or a list of these: {', '.join(sorted(UNCONFIRMED))}.",
        )
    return frozenset(names)


def page_size(value: int) -> int:
    """Users in a page; 0 for all at once. A page of one would not show whether the server understands."""
    if value < 0 or value == 1:
        raise MigrationError(f"page_size is {value}.", NOTHING_TOUCHED, "Make it 2 or more, or 0 for all users at once.")
    return value
