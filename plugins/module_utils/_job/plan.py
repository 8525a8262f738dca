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
        return self.servers[server].by_name[name]

    def late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


def described(options: dict) -> Server:
    """A server as an option describes it; one that makes no sense is refused."""
    try:
        return Server.from_options(options)
    except ValueError as error:
        raise MigrationError(str(error), "Nothing was touched.", "Correct the inventory.") from error


def servers(options: list[dict]) -> dict[str, Server]:
    """Source servers by name; two of one name, or a mailbox twice, are refused."""
    found: dict[str, Server] = {}
    for option in options:
        one = described(option)
        if one.name in found:
            raise MigrationError(f"Two source servers are named {one.name}.", "Nothing was touched.", "Give each a name of its own.")
        found[one.name] = one
    targets = collections.Counter(mailbox.target.casefold() for one in found.values() for mailbox in one.mailboxes)
    names = collections.Counter((one.name, mailbox.name) for one in found.values() for mailbox in one.mailboxes)
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
    for one in found.values():
        for mailbox in one.mailboxes:
            spellings = {mailbox.name, f"{one.name}/{mailbox.name}"}
            if (only and not wanted & spellings) or (wave and mailbox.wave != wave) or (test_only and not mailbox.test):
                continue
            names.append((one.name, mailbox.name))
    known = {n for one in found.values() for m in one.mailboxes for n in (m.name, f"{one.name}/{m.name}")}
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
        target=described(params["target"]) if params.get("target") else None,
        names=chosen(found, params.get("only"), params.get("wave"), params.get("test_only", False)),
        ledger=params.get("ledger") or {},
        migration=params.get("migration") or "default",
        workers=max(1, params.get("workers") or 1),
        deadline=time.monotonic() + budget if budget else None,
        lease_seconds=params.get("lease_seconds") or 120,
        owner=f"{socket.gethostname()}:{os.getpid()}",
        settings=settings or {},
    )
