# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import typing as t

from .._dns import authority
from .._dns.key import tsig_key
from .._dns.read import Answer, read
from .._dns.server import NOTHING_CHANGED, Key, Server, named
from .._dns.update import replace
from .._errors import MigrationError
from .._model.mx import Mx, as_dicts, as_text, host_name, in_zone, mx_set, zone_lines

NEW_TTL = 3600  # of records where there were none


def change(
    *,
    zone: str,
    name: str | None,
    server: str,
    port: int,
    timeout: float,
    key_name: str | None,
    key_secret: str | None,
    key_algorithm: str,
    records: list[dict[str, t.Any]],
    ttl: int | None,
    expected: list[dict[str, t.Any]],
    on_unknown: str,
    check_mode: bool,
) -> dict[str, t.Any]:
    """Make the MX records of a name the wanted ones, unless the zone isn't as planned."""
    try:
        zone, name = names(zone, name)
        wanted, known = mx_set(records), mx_set(expected)
    except ValueError as error:
        raise MigrationError(str(error), NOTHING_CHANGED) from error
    if not wanted:
        raise MigrationError("No MX record is wanted.", NOTHING_CHANGED, "Give at least one in records; a domain without mail has preference 0, exchange '.'.")
    if ttl is not None and not 0 <= ttl <= 2**31 - 1:
        raise MigrationError(f"The TTL {ttl} isn't from 0 to {2**31 - 1}.", NOTHING_CHANGED)
    key = tsig_key(key_name, key_secret or "", key_algorithm) if key_name else None
    primary = named(server, port, timeout)

    found = _read(primary, name, key)
    before = mxs(found)
    unknown = before - wanted - known
    if unknown and on_unknown == "refuse":
        raise MigrationError(
            f"{name} has MX records that nobody planned for: {as_text(unknown)} (all: {as_text(before)}).",
            NOTHING_CHANGED,
            "Find out who made them; then name them in expected, or set on_unknown to replace.",
            before=as_dicts(before),
            before_ttl=found.ttl,
        )
    if ttl is None:
        ttl = NEW_TTL if found.ttl is None else found.ttl
    changed = (before, found.ttl) != (wanted, ttl)
    if changed and not check_mode:
        replace(primary, found.address, key, zone, name, "MX", found.records, sorted(map(str, wanted)), ttl)
        _prove(primary._replace(addresses=(found.address,)), name, key, wanted, ttl)
    return {
        "changed": changed,
        "before": as_dicts(before),
        "before_ttl": found.ttl,
        "after": as_dicts(wanted),
        "after_ttl": ttl,
        "diff": {"before": zone_lines(name, found.ttl, before), "after": zone_lines(name, ttl, wanted)},
    }


def names(zone: str, name: str | None) -> tuple[str, str]:
    """Zone and name in their one form; without a name it's the zone's own."""
    zone = host_name(zone)
    name = host_name(name) if name else zone
    if not in_zone(name, zone):
        raise ValueError(f"The name {name} isn't in the zone {zone} (names are written in full).")
    return zone, name


def mxs(answer: Answer) -> frozenset[Mx]:
    return frozenset(map(Mx.from_text, answer.records))


def _read(primary: Server, name: str, key: Key | None) -> Answer:
    # Signed and by TCP, as the update is: a wrong key, a closed port and another view show here, in check mode too.
    found = read(primary, name, "MX", key, tcp=True)
    if found.alias_of:
        raise MigrationError(f"{name} is an alias (CNAME) of {found.alias_of}.", NOTHING_CHANGED, "Change the MX records of that name.")
    if not found.authoritative:
        raise MigrationError(
            f"Name server {primary.name} ({found.address} port {primary.port}) isn't authoritative for {name}.",
            NOTHING_CHANGED,
            "Give the primary name server of the zone.",
        )
    return found


def _prove(primary: Server, name: str, key: Key | None, wanted: frozenset[Mx], ttl: int) -> None:
    try:
        found = _read(primary, name, key)
    except MigrationError as error:
        raise MigrationError(f"{primary.name} took the change of {name}, but couldn't be read afterwards: {error.what}", next_step="Run this again.") from error
    if (mxs(found), found.ttl) != (wanted, ttl):
        raise MigrationError(
            f"{primary.name} took the change of {name}, but answers {as_text(mxs(found))} with TTL {found.ttl} instead of {as_text(wanted)} with TTL {ttl}.",
            next_step="Look for another change in its log, or for a limit of its TTLs, then run this again.",
        )


def look(*, zone: str, name: str | None, servers: list[str] | None, port: int, timeout: float) -> dict[str, t.Any]:
    """Ask every authoritative server of the zone for the MX records."""
    try:
        zone, name = names(zone, name)
    except ValueError as error:
        raise MigrationError(str(error)) from error
    rows = [_row(server, zone, name) for server in authority.authoritative_servers(zone, servers, port, timeout)]
    answered = [row for row in rows if row["authoritative"]]
    if not answered:
        reasons = " ".join(row["error"] or f"{row['server']} isn't authoritative." for row in rows)
        raise MigrationError(
            f"No name server of {zone} gave an authoritative answer about {name}: {reasons}",
            next_step="Check the NS records of the zone, and that this host reaches its servers.",
            servers=rows,
        )
    # The newest zone is the primary's, or as good as.
    newest = max(answered, key=lambda row: row["serial"] or 0)
    return {
        "changed": False,
        "records": newest["records"],
        "ttl": newest["ttl"],
        "serial": newest["serial"],
        "consistent": all((row["records"], row["ttl"]) == (newest["records"], newest["ttl"]) for row in rows),
        "servers": rows,
    }


def _row(server: Server, zone: str, name: str) -> dict[str, t.Any]:
    row: dict[str, t.Any] = {"server": server.name, "records": [], "ttl": None, "serial": None, "authoritative": False, "error": None}
    try:
        found = read(server, name, "MX")
        row.update(records=as_dicts(mxs(found)), ttl=found.ttl, authoritative=found.authoritative, serial=authority.serial(server, zone))
    except MigrationError as error:
        row["error"] = error.what
    return row
