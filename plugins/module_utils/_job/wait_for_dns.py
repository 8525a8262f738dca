# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import time
import typing as t

from .._dns import authority
from .._dns.read import canonical, read
from .._dns.server import Server
from .._errors import MigrationError
from .._model.mx import Mx
from .mx import names

FIRST_SLEEP = 0.5  # seconds
GROWTH = 1.5  # of each following sleep


class Clock(t.NamedTuple):
    """Time as the job sees it; monotonic, since a station's clock may be set while it waits."""

    now: t.Callable[[], float] = time.monotonic
    sleep: t.Callable[[float], None] = time.sleep


def wait(
    *,
    zone: str,
    name: str | None,
    type: str,
    records: list[str | dict[str, t.Any]],
    ttl: int | None,
    servers: list[str] | None,
    port: int,
    timeout: float,
    query_timeout: float,
    max_sleep: float,
    check_mode: bool = False,
    clock: Clock = Clock(),
) -> dict[str, t.Any]:
    """Wait until every authoritative server of the zone answers exactly these records."""
    started = clock.now()
    try:
        zone, name = names(zone, name)
        wanted = sorted({_value(type, record) for record in records})
    except ValueError as error:
        raise MigrationError(str(error)) from error
    waiting = authority.authoritative_servers(zone, servers, port, query_timeout)
    rows: dict[str, dict[str, t.Any]] = {
        server.name: {"server": server.name, "done": False, "checks": 0, "records": [], "ttl": None, "error": None} for server in waiting
    }
    pause = FIRST_SLEEP
    while True:
        waiting = [server for server in waiting if not _check(rows[server.name], server, name, type, wanted, ttl)]
        seconds = clock.now() - started
        result = {"changed": False, "completed": not waiting, "servers": list(rows.values()), "seconds": round(seconds, 3)}
        # In check mode nobody made the change that would be waited for.
        if not waiting or check_mode:
            return result
        if seconds >= timeout:
            behind = "; ".join(f"{row['server']} answers {row['error'] or ', '.join(row['records']) or 'none'}" for row in rows.values() if not row["done"])
            raise MigrationError(
                f"After {seconds:.0f} seconds {len(waiting)} of {len(rows)} name servers don't answer {', '.join(wanted) or 'none'}"
                f" for the {type} of {name}: {behind}.",
                "Waiting changes nothing.",
                "Check that the servers transfer the zone (its serial, NOTIFY), then wait again.",
                **result,
            )
        clock.sleep(min(pause, max_sleep, timeout - seconds))
        pause *= GROWTH


def _value(rdtype: str, record: str | dict[str, t.Any]) -> str:
    if not isinstance(record, dict):
        return canonical(rdtype, str(record))
    try:
        return str(Mx.of(int(record["preference"]), record["exchange"]))
    except KeyError as error:
        raise ValueError(f"The record {record} has no {error}.") from error


def _check(row: dict[str, t.Any], server: Server, name: str, rdtype: str, wanted: list[str], ttl: int | None) -> bool:
    row["checks"] += 1
    try:
        found = read(server, name, rdtype)
    except MigrationError as error:
        row.update(error=error.what)
        return False
    row.update(records=list(found.records), ttl=found.ttl, error=None if found.authoritative else "without authority")
    row["done"] = found.authoritative and sorted(found.records) == wanted and ttl in (None, found.ttl)
    return row["done"]
