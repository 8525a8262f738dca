# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import typing as t

from .._errors import MigrationError
from .._libraries import dns
from .server import NOTHING_CHANGED, Key, Server, Unreachable, exchange


def replace(
    server: Server, address: str, key: Key | None, zone: str, name: str, rdtype: str, before: t.Sequence[str], after: t.Sequence[str], ttl: int
) -> None:
    """Replace a whole RRset by one signed update, on the condition that it is still what was read.

    The server checks the condition and makes the change in one step, so nobody's change in between is overwritten.
    """
    update = dns.update.UpdateMessage(zone, keyring=key.tsig if key else None)
    if before:
        update.present(name, rdtype, *before)
    else:
        update.absent(name, rdtype)
    update.replace(name, ttl, rdtype, *after)
    try:
        rcode = exchange(update, server, address, key, tcp=True).rcode()
    except Unreachable as error:
        raise MigrationError(
            f"{error.what} It had been asked to change the {rdtype} of {name}.",
            "Whether it did is unknown; it did so wholly or not at all.",
            "Run this again: it reads first, and changes only what is still to change.",
        ) from error
    if rcode != dns.rcode.NOERROR:
        raise MigrationError(
            f"Name server {server.name} ({address} port {server.port}) refuses to change the {rdtype} of {name}: {dns.rcode.to_text(rcode)}.",
            NOTHING_CHANGED,
            _advice(rcode, key, zone),
        )


def _advice(rcode: int, key: Key | None, zone: str) -> str:
    signed = f"The key {key.name}" if key else "An unsigned update"
    return {
        dns.rcode.REFUSED: f"{signed} may not do that: {'check the update policy of the zone' if key else 'give key_name and key_secret'}"
        " (BIND also answers so when a mail host of this zone has no address).",
        dns.rcode.NOTAUTH: f"{signed} isn't accepted, or the server isn't the primary of {zone}: check key and server.",
        dns.rcode.NXRRSET: "Somebody changed the records after they were read: look at what is there now, then run this again.",
        dns.rcode.YXRRSET: "Somebody added records after there were none: look at what is there now, then run this again.",
        dns.rcode.NOTZONE: f"The name isn't in the zone {zone} of that server.",
        dns.rcode.SERVFAIL: "The server could not write its zone: look into its log (is its folder writable, is the zone frozen?).",
        dns.rcode.NOTIMP: "The server takes no updates for this zone: is it the primary?",
    }.get(rcode, "Look into its log.")
