# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A directory as the operator describes it, and the options by which he does; their documentation is in plugins/doc_fragments/_directory.py."""

from __future__ import annotations

import dataclasses

from ansible.module_utils.basic import env_fallback

from .._errors import MigrationError

NOTHING_TOUCHED = "Nothing was touched."
PORTS = {"implicit": 636, "starttls": 389, "none": 389}
KINDS = ("active_directory", "exchange_5_5", "exchange_5_5_csv")
AUTH = ("simple", "kerberos", "anonymous")
# Active Directory gives no more than this in a page, nor values of an attribute on Windows 2000.
MOST = 1000

# How an LDAP server is reached.
_CONNECTION = {
    "name": {"type": "str"},
    "port": {"type": "int"},
    "tls": {"type": "str", "default": "implicit", "choices": list(PORTS)},
    "ca_file": {"type": "path"},
    "legacy_tls": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 60},
    "user": {"type": "str"},
    "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["MIGRATION_DIRECTORY_PASSWORD"])},
    "base": {"type": "str"},
    "filter": {"type": "str"},
    "page_size": {"type": "int", "default": 500},
}
DIRECTORIES = {
    "directories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            **_CONNECTION,
            "kind": {"type": "str", "default": "active_directory", "choices": list(KINDS)},
            "host": {"type": "str"},
            "auth": {"type": "str", "default": "simple", "choices": list(AUTH)},
            "range_size": {"type": "int", "default": MOST},
            "path": {"type": "path"},
            "encoding": {"type": "str", "default": "utf-8"},
        },
    },
}
# One that is written to, for which nobody is not enough.
SERVER = {
    "server": {
        "type": "dict",
        "required": True,
        "options": {
            **_CONNECTION,
            "host": {"type": "str", "required": True},
            "auth": {"type": "str", "default": "simple", "choices": [way for way in AUTH if way != "anonymous"]},
        },
    },
}


@dataclasses.dataclass(frozen=True)
class DirectoryServer:
    """`timeout`: seconds for one answer. `base`: where below to look, empty for what the server calls its own."""

    name: str
    kind: str = "active_directory"
    host: str = ""
    port: int = 636
    tls: str = "implicit"
    ca_file: str | None = None
    legacy_tls: bool = False
    timeout: float = 60
    auth: str = "simple"
    user: str = ""
    password: str = dataclasses.field(default="", repr=False)
    base: str = ""
    filter: str = ""
    page_size: int = 500
    range_size: int = MOST
    path: str = ""
    encoding: str = "utf-8"
    # Names of attributes that are read beyond those that are always.
    attributes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.name} ({self.path})" if self.path else f"{self.name} ({self.host}:{self.port})"


def servers(options: list[dict], attributes=()) -> list[DirectoryServer]:
    """`options` is the option `directories`; one that makes no sense is refused."""
    found: list[DirectoryServer] = []
    for option in options:
        given = {key: value for key, value in option.items() if value is not None}
        given["name"] = given.get("name") or given.get("host") or given.get("path") or ""
        try:
            _check(given)
        except ValueError as error:
            raise MigrationError(f"Directory {given['name'] or '(without a name)'}: {error}", NOTHING_TOUCHED, "Correct the option directories.") from error
        given["port"] = given.get("port") or PORTS[given.get("tls", "implicit")]
        found.append(DirectoryServer(**given, attributes=tuple(attributes)))
    names = [server.name for server in found]
    for name in names:
        if names.count(name) > 1:
            raise MigrationError(f"Two directories are named {name}.", NOTHING_TOUCHED, "Give each a name of its own.")
    if not found:
        raise MigrationError("There is no directory to read.", NOTHING_TOUCHED, "Name one in directories.")
    return found


def written_to(option: dict) -> DirectoryServer:
    """`option` is the option `server`; one that makes no sense is refused."""
    given = {key: value for key, value in option.items() if value is not None}
    given["name"] = given.get("name") or given["host"]
    try:
        _check(given)
    except ValueError as error:
        raise MigrationError(f"{given['name']}: {error}", NOTHING_TOUCHED, "Correct the option server.") from error
    given["port"] = given.get("port") or PORTS[given.get("tls", "implicit")]
    return DirectoryServer(**given)


def _check(given: dict) -> None:
    """Raises ValueError with a text for the operator."""
    if given.get("kind") == "exchange_5_5_csv":
        if not given.get("path"):
            raise ValueError("a CSV file needs path.")
        if given.get("host"):
            raise ValueError("it is either a file (path) or a server (host).")
        return
    if given.get("path"):
        raise ValueError("path is for kind exchange_5_5_csv.")
    if not given.get("host"):
        raise ValueError("it has no host.")
    auth, tls = given.get("auth", "simple"), given.get("tls", "implicit")
    if auth == "simple" and not (given.get("user") and given.get("password")):
        # A server takes a name without a password for nobody, and lets it in (RFC 4513, 5.1.2).
        raise ValueError("auth is simple: it needs user and password.")
    if given.get("kind") == "exchange_5_5" and not given.get("base"):
        raise ValueError("the directory of Exchange 5.5 needs base, such as o=Example.")
    if tls == "none" and (given.get("ca_file") or given.get("legacy_tls")):
        raise ValueError("tls is none, so legacy_tls and ca_file have no meaning.")
    for name, least, most in (("page_size", 1, MOST), ("range_size", 1, MOST), ("port", 1, 65535)):
        if name in given and not least <= given[name] <= most:
            raise ValueError(f"{name} is {given[name]}; it can be from {least} to {most}.")
    if "timeout" in given and not given["timeout"] > 0:
        raise ValueError(f"timeout is {given['timeout']}; it must be more than 0 seconds.")
