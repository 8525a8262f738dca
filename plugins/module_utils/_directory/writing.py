# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""LDAP for those few who write: an entry is added, values of named attributes come and go, and what was added can be taken away again."""

from __future__ import annotations

import typing as t

from .ldap import SUCCESS, Refused, Session, reason
from .server import DirectoryServer

# Characters that end or begin something in a name, and so have a backslash before them (RFC 4514, 2.4).
_SPECIAL = '\\",+;<>=#'


def rdn(attribute: str, value: str) -> str:
    """The first part of a distinguished name: cn=Berg\\, Anna."""
    escaped = "".join(f"\\{letter}" if letter in _SPECIAL else "\\00" if letter == "\0" else letter for letter in value)
    if value.startswith(" "):
        escaped = f"\\{escaped}"
    if value.endswith(" ") and len(value) > 1:
        escaped = f"{escaped[:-1]}\\ "
    return f"{attribute}={escaped}"


class WritingSession(Session):
    """What the server refuses is a Refused with nothing but its words, so that the caller says what it is about and goes on."""

    read_only = False

    def __init__(self, server: DirectoryServer) -> None:
        self._written = 0
        super().__init__(server)

    @property
    def unharmed(self) -> str:
        if not self._written:
            return "Nothing was changed."
        return f"{self._written} changes were made before and stay; the one under way was made as a whole or not at all."

    def add(self, dn: str, values: t.Mapping[str, t.Sequence[str]]) -> None:
        self._do("add", dn, None, {name: _raw(some) for name, some in values.items()})

    def modify(self, dn: str, before: t.Mapping[str, t.Sequence[str]], after: t.Mapping[str, t.Sequence[str]]) -> None:
        """All attributes of `after`, at once. Values of `before` go by name, so the server refuses it where they are others by now."""
        changes = {}
        for name, wanted in after.items():
            there = before.get(name, ())
            gone, new = [value for value in there if value not in wanted], [value for value in wanted if value not in there]
            if gone or new:
                parts = ((self._ldap.MODIFY_DELETE, gone), (self._ldap.MODIFY_ADD, new))
                changes[name] = [(operation, _raw(values)) for operation, values in parts if values]
        if changes:
            self._do("modify", dn, changes)

    def delete(self, dn: str) -> None:
        self._do("delete", dn)

    def _do(self, operation: str, dn: str, *arguments) -> None:
        with self._told("broke off"):
            getattr(self._connection, operation)(dn, *arguments)
        if self._connection.result["result"] != SUCCESS:
            raise Refused(reason(self._connection.result))
        self._written += 1


def _raw(values: t.Sequence[str]) -> list[bytes]:
    # As they are: the library would take some texts for escaped octets.
    return [value.encode() for value in values]
