# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import typing as t

from .._errors import MigrationError
from .._libraries import dns
from .server import Key, Server, Unreachable, exchange


class Answer(t.NamedTuple):
    """What a server says about one name and type."""

    records: tuple[str, ...]  # sorted, each in the canonical form
    ttl: int | None  # seconds, None without records
    authoritative: bool
    alias_of: str | None  # the name that a CNAME led to
    address: str  # who answered


def canonical(rdtype: str, text: str) -> str:
    """A record's value in the one form that compares: names lower case and absolute, the strings of a TXT joined."""
    if rdtype == "TXT" and not text.startswith('"'):
        return text
    try:
        return _text(dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, origin=dns.name.root, relativize=False))
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} isn't the value of a {rdtype} record.") from error


def _text(rdata: t.Any) -> str:
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("utf-8", "backslashreplace")
    wire = rdata.to_digestable()
    return dns.rdata.from_wire(rdata.rdclass, rdata.rdtype, wire, 0, len(wire)).to_text()


def read(server: Server, name: str, rdtype: str, key: Key | None = None, tcp: bool = False) -> Answer:
    """Ask one server, at the first of its addresses that answers."""
    failures = []
    for address in server.addresses:
        query = dns.message.make_query(name, rdtype)
        if key:
            query.use_tsig(key.tsig)
        try:
            response = exchange(query, server, address, key, tcp)
        except Unreachable as error:
            failures.append(error)
        else:
            return _answer(response, server, address, name, rdtype)
    raise failures[-1]


def _answer(response: t.Any, server: Server, address: str, name: str, rdtype: str) -> Answer:
    where = f"Name server {server.name} ({address} port {server.port})"
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        advice = {
            dns.rcode.REFUSED: "It doesn't serve this name, or not to this host: check the server and its access lists.",
            dns.rcode.SERVFAIL: "Its zone may be broken or expired: look into its log.",
            dns.rcode.NOTAUTH: "It isn't responsible for the zone, or doesn't accept the key: check both.",
        }.get(rcode, "Look into its log.")
        raise MigrationError(f"{where} doesn't tell the {rdtype} of {name}: {dns.rcode.to_text(rcode)}.", next_step=advice)
    try:
        chain = response.resolve_chaining()
    except dns.exception.DNSException as error:
        raise MigrationError(f"{where} sent an answer about {name} that can't be used: {str(error) or type(error).__name__}.") from error
    target = chain.canonical_name.to_text().lower()
    return Answer(
        records=tuple(sorted(_text(rdata) for rdata in chain.answer or ())),
        ttl=chain.answer.ttl if chain.answer is not None else None,
        authoritative=bool(response.flags & dns.flags.AA),
        alias_of=None if target == dns.name.from_text(name).to_text().lower() else target,
        address=address,
    )


def first(servers: t.Sequence[Server], name: str, rdtype: str) -> Answer:
    """Ask the servers in turn until one answers."""
    failures = []
    for server in servers:
        try:
            return read(server, name, rdtype)
        except MigrationError as error:
            failures.append(error)
    raise failures[-1]
