# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a directory has, read by nobody of the collection: to be compared before and after."""

from __future__ import annotations

import contextlib
import ssl
import typing as t

import ldap3

# Names of entries, which a server may spell in its own way.
NAMES = {"altRecipient"}
# What Active Directory counts itself, whatever is changed.
COUNTED = {"whenChanged", "uSNChanged", "dSCorePropagationData"}
Tree = t.Dict[str, t.Dict[str, t.List[bytes]]]


@contextlib.contextmanager
def connected(option: dict) -> t.Iterator[ldap3.Connection]:
    """`option` is a module's option `server`."""
    tls = ldap3.Tls(ca_certs_file=option["ca_file"], validate=ssl.CERT_REQUIRED)
    server = ldap3.Server(option["host"], port=option.get("port", 636), use_ssl=True, tls=tls, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, option["user"], option["password"], auto_bind=True, check_names=False, raise_exceptions=True)
    try:
        yield connection
    finally:
        connection.unbind()


def tree(option: dict, base: str) -> Tree:
    """By name, in small letters, as names in values are."""
    with connected(option) as connection:
        found = connection.extend.standard.paged_search(base, "(objectClass=*)", attributes=["*"], paged_size=500, generator=True)
        return {one["dn"].lower(): dict(_values(one["raw_attributes"])) for one in found if one["type"] == "searchResEntry"}


def _values(attributes: dict[str, list[bytes]]) -> t.Iterator[tuple[str, list[bytes]]]:
    for name, values in attributes.items():
        if values and name not in COUNTED:
            yield name, sorted(value.lower() if name in NAMES else value for value in values)


def changed(option: dict, dn: str, **attributes: list[str]) -> None:
    """Somebody else's doing; an empty list takes an attribute away."""
    with connected(option) as connection:
        connection.modify(dn, {name: [(ldap3.MODIFY_REPLACE, values)] for name, values in attributes.items()})
