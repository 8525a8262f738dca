# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a long module was asked to do: servers, mailboxes, ledger, limits. Checked before anything is touched."""

from __future__ import annotations

import collections
import dataclasses
import os
import socket
import time
import uuid

from .._errors import MigrationError
from .._model.server import Mailbox, Server


@dataclasses.dataclass(frozen=True)
class Plan:
    """`names` are the chosen (server, mailbox) pairs; times in seconds, `deadline` on the monotonic clock or None."""

    kind: str
    round: str
    servers: dict[str, Server]
    target: Server | None
    names: tuple[tuple[str, str], ...]
    ledger: dict
    migration: str
    workers: int
    deadline: float | None
    lease_seconds: float
    owner: str
    settings: dict

    def mailbox(self, server: str, name: str) -> Mailbox:
        return next(mailbox for mailbox in self.servers[server].mailboxes if mailbox.name == name)

    def late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


def servers(options: list[dict]) -> dict[str, Server]:
    """Source servers by name; two of one name, or a mailbox twice, are refused."""
    found: dict[str, Server] = {}
    for option in options:
        server = Server.from_options(option)
        if server.name in found:
            raise MigrationError(f"Two source servers are named {server.name}.", "Nothing was touched.", "Give each a name of its own.")
        found[server.name] = server
    targets = collections.Counter(mailbox.target.casefold() for server in found.values() for mailbox in server.mailboxes)
    names = collections.Counter((server.name, mailbox.name) for server in found.values() for mailbox in server.mailboxes)
    twice = [f"target {name}" for name, count in targets.items() if count > 1]
    twice += ["/".join(name) for name, count in names.items() if count > 1]
    if twice:
        raise MigrationError(
            f"Named more than once in the list of mailboxes: {', '.join(sorted(twice))}.", "Nothing was touched.",
            "Each mailbox appears once and has a target of its own: correct the inventory.",
        )
    return found


def chosen(found: dict[str, Server], only=None, wave: str | None = None, test_only: bool = False) -> tuple[tuple[str, str], ...]:
    """(server, mailbox) pairs after the filters; a name in `only` that matches nothing is refused."""
    wanted = set(only or ())
    names = []
    for server in found.values():
        for mailbox in server.mailboxes:
            spellings = {mailbox.name, f"{server.name}/{mailbox.name}"}
            if (only and not wanted & spellings) or (wave and mailbox.wave != wave) or (test_only and not mailbox.test):
                continue
            names.append((server.name, mailbox.name))
    known = {n for server in found.values() for m in server.mailboxes for n in (m.name, f"{server.name}/{m.name}")}
    unknown = sorted(wanted - known)
    if unknown:
        raise MigrationError(f"No such mailbox in sources: {', '.join(unknown)}.", "Nothing was touched.", "Correct `only`.")
    if not names:
        raise MigrationError(
            "No mailbox is chosen: sources, only, wave and test_only together leave none.", "Nothing was touched.",
            "Check the mailboxes of the source servers in the inventory.",
        )
    return tuple(names)


def from_params(kind: str, params: dict, settings: dict | None = None) -> Plan:
    """A module's parameters as a plan."""
    found = servers(params["sources"])
    budget = params.get("time_budget") or 0
    return Plan(
        kind=kind,
        round=params.get("round") or f"{kind}-{uuid.uuid4().hex[:12]}",
        servers=found,
        target=Server.from_options(params["target"]) if params.get("target") else None,
        names=chosen(found, params.get("only"), params.get("wave"), params.get("test_only", False)),
        ledger=params.get("ledger") or {},
        migration=params.get("migration") or "default",
        workers=max(1, params.get("workers") or 1),
        deadline=time.monotonic() + budget if budget else None,
        lease_seconds=params.get("lease_seconds") or 120,
        owner=f"{socket.gethostname()}:{os.getpid()}",
        settings=settings or {},
    )
