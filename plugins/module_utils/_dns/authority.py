# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import typing as t

from .._errors import MigrationError
from .._libraries import dns
from .read import first, read
from .server import Server, named, system_addresses

DNS_PORT = 53


def starting_points(servers: t.Sequence[str] | None, port: int, timeout: float) -> list[Server]:
    """The servers that are asked first: the given ones, else this system's resolvers."""
    if servers:
        return [named(server, port, timeout) for server in servers]
    try:
        return [Server(address, (address,), DNS_PORT, timeout) for address in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration as error:
        raise MigrationError("This system has no name server in its /etc/resolv.conf.", next_step="Give one.") from error


def addresses(host: str, through: t.Sequence[Server]) -> tuple[str, ...]:
    """Addresses of a host from the given servers, IPv4 first, else from the system."""
    try:
        found = [record for rdtype in ("A", "AAAA") for record in first(through, host, rdtype).records]
    except MigrationError:
        # A server that is authoritative only refuses names of other zones.
        found = []
    return tuple(found) or system_addresses(host.removesuffix("."))


def authoritative_servers(zone: str, servers: t.Sequence[str] | None, port: int, timeout: float) -> list[Server]:
    """Every server that the zone's NS records name."""
    through = starting_points(servers, port, timeout)
    names = first(through, zone, "NS").records
    if not names:
        raise MigrationError(
            f"{' and '.join(server.name for server in through)} knows no NS records of {zone}",
            next_step="Check the name of the zone, or give one of its own name servers.",
        )
    return [Server(name, addresses(name, through), port, timeout) for name in names]


def serial(server: Server, zone: str) -> int | None:
    """The serial of the zone's SOA as this server has it."""
    records = read(server, zone, "SOA").records
    return int(records[0].split()[2]) if records else None
