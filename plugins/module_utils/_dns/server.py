# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import socket
import typing as t
from dataclasses import dataclass, field

from .._errors import MigrationError
from .._libraries import dns

NOTHING_CHANGED = "Nothing was changed."


class Server(t.NamedTuple):
    """A name server: its name for people, the addresses to try in turn, and how long to wait for each."""

    name: str
    addresses: tuple[str, ...]
    port: int
    timeout: float


@dataclass(frozen=True)
class Key:
    """A TSIG key, whose secret is in neither its repr() nor an error."""

    name: str
    algorithm: str
    tsig: t.Any = field(repr=False)


class Unreachable(MigrationError):
    """The server gave no answer, so it's unknown what it did with the message."""


def system_addresses(host: str) -> tuple[str, ...]:
    """Addresses of a host as this system knows it, IPv4 first."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise MigrationError(f"The address of {host} can't be found: {error}.", NOTHING_CHANGED, "Give its IP address, or correct the name.") from error
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in ordered))


def named(host: str, port: int, timeout: float) -> Server:
    return Server(host, system_addresses(host), port, timeout)


def send(message: t.Any, address: str, port: int, timeout: float, tcp: bool) -> t.Any:
    """The one place where DNS messages leave this host."""
    if tcp:
        return dns.query.tcp(message, address, port=port, timeout=timeout)
    return dns.query.udp_with_fallback(message, address, port=port, timeout=timeout)[0]


def exchange(message: t.Any, server: Server, address: str, key: Key | None = None, tcp: bool = False) -> t.Any:
    """Send one message to one address of a server and return the answer, whatever its response code."""
    where = f"Name server {server.name} ({address} port {server.port})"
    try:
        answer = send(message, address, server.port, server.timeout, tcp)
    except dns.exception.Timeout as error:
        raise Unreachable(f"{where} gave no answer within {server.timeout:g} seconds.") from error
    except (OSError, EOFError) as error:
        raise Unreachable(f"{where} can't be reached: {error or 'it closed the connection'}.") from error
    except dns.tsig.PeerBadKey as error:
        raise MigrationError(
            f"{where} doesn't know the key {key.name} for {key.algorithm} (NOTAUTH, BADKEY).",
            NOTHING_CHANGED,
            "Check key_name and key_algorithm against the server's configuration: both are part of the key.",
        ) from error
    except dns.tsig.PeerBadSignature as error:
        raise MigrationError(
            f"{where} rejects the signature of key {key.name} (NOTAUTH, BADSIG): the secret is a wrong one.",
            NOTHING_CHANGED,
            "Give key_secret as the server's configuration has it.",
        ) from error
    except dns.tsig.PeerBadTime as error:
        raise MigrationError(
            f"{where} rejects the time of the signature (NOTAUTH, BADTIME): the clocks differ by more than five minutes.",
            NOTHING_CHANGED,
            "Set the clocks of both hosts.",
        ) from error
    except dns.exception.DNSException as error:
        raise MigrationError(f"{where} sent an answer that can't be used: {str(error) or type(error).__name__}.") from error
    # Newer versions of the library refuse this themselves, as an answer that can't be used.
    if key and answer.rcode() == dns.rcode.NOERROR and not answer.had_tsig:
        raise MigrationError(f"{where} didn't sign its answer, so the answer may be another host's.", next_step="Check what stands between this host and it.")
    return answer
