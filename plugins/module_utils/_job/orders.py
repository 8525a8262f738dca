# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the operator ordered: a source server, or all of them, runs, pauses or stops."""

from __future__ import annotations

import time

from .._libraries import sqlalchemy as sa

STATES = ("running", "paused", "stopped")
# The order for every server that has none of its own.
ALL = ""


def state(ledger, server: str) -> str:
    """One of STATES: the order for this server, else the one for all, else running."""
    known = listed(ledger)
    return known.get(server, known.get(ALL, ("running", "")))[0]


def listed(ledger) -> dict[str, tuple[str, str]]:
    """Server (or ALL) -> state and reason."""
    t = ledger.tables.orders
    with ledger.read() as connection:
        return {row.server: (row.state, row.reason) for row in connection.execute(sa.select(t).order_by(t.c.server))}


def write(ledger, server: str, wanted: str, reason: str = "") -> None:
    """Give an order. One for ALL takes the place of those for single servers."""
    t = ledger.tables.orders
    with ledger.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7203173)"))
        connection.execute(t.delete() if server == ALL else t.delete().where(t.c.server == server))
        connection.execute(t.insert().values(server=server, state=wanted, reason=reason, at=time.time()))
