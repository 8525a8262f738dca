# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The addresses of an entry of Exchange's directory: `TYPE:address` in any order, the primary one of a type in capitals."""

from __future__ import annotations

import re

from .directory import Addresses

_TYPED = re.compile(r"([A-Za-z][A-Za-z0-9]*)([:$])(.*)", re.DOTALL)
# RFC 5321: a dot-atom before the @, a host name behind it. Quoted local parts are legal, and nobody has them.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
LONGEST_LOCAL, LONGEST = 64, 254


def is_smtp(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(
        at and len(address) <= LONGEST and len(local) <= LONGEST_LOCAL and _LOCAL.fullmatch(local)
        and all(_LABEL.fullmatch(label) for label in domain.split("."))
    )


def typed(value: str) -> tuple[str, str]:
    """Type and address of a value; the type as it is written, empty where there is none."""
    found = _TYPED.fullmatch(value.strip())
    return (found[1], found[3].strip()) if found else ("", value.strip())


def target(value: str) -> str:
    """The SMTP address in a targetAddress, which may have a type or not; empty for one of another kind."""
    kind, address = typed(value)
    return address if kind.upper() in ("", "SMTP") and is_smtp(address) else ""


def read(values, mail: str = "", old_names=()) -> tuple[Addresses, list[tuple[str, str]]]:
    """The addresses, and (word, detail) for each fault in them. `old_names` are further names of the directory."""
    faults: list[tuple[str, str]] = []
    primaries, others, foreign = [], [], []
    names = [name.strip() for name in old_names if name.strip()]
    for value in values:
        kind, address = typed(value)
        if kind.upper() == "X500":
            names.append(address)
        elif kind.upper() != "SMTP":
            foreign.append(value.strip())
        elif not is_smtp(address):
            faults.append(("bad_address", value.strip()))
        else:
            (primaries if kind == "SMTP" else others).append(address)
    mail = mail.strip()
    if mail and not is_smtp(mail):
        faults.append(("bad_address", mail))
        mail = ""
    primary, fault = _primary(_once(primaries), _once(others), mail)
    if fault:
        faults.append(fault)
    rest = [address for address in _once([*primaries, *others]) if address.casefold() != primary.casefold()]
    return Addresses(primary, tuple(sorted(rest, key=str.casefold)), tuple(_once(names)), tuple(sorted(foreign))), faults


def _primary(primaries: list[str], others: list[str], mail: str) -> tuple[str, tuple[str, str] | None]:
    # The order in the directory is no order.
    found = sorted(primaries, key=str.casefold)
    same = [address for address in found if address.casefold() == mail.casefold()]
    if len(found) > 1:
        return (same or found)[0], ("two_primaries", ", ".join(found))
    if found:
        return found[0], ("mail_differs", f"{mail}, primary is {found[0]}") if mail and not same else None
    if others:
        same = [address for address in others if address.casefold() == mail.casefold()]
        return (same or sorted(others, key=str.casefold))[0], ("no_primary", ", ".join(others))
    return (mail, None) if mail else ("", ("no_address", ""))


def _once(values: list[str]) -> list[str]:
    """Each only once, as it was written first; upper and lower case make no other address."""
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(value.casefold(), value)
    return list(found.values())
