# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Quotas of mailboxes at the target that were raised for the time of copying, and what they were before."""

from __future__ import annotations

import time

from .._libraries import sqlalchemy as sa
from .store import Ledger

RAISING, RAISED, RESTORED = "raising", "raised", "restored"


def listed(ledger: Ledger) -> dict:
    """Name of the mailbox at the target -> its row."""
    t = ledger.tables.quotas
    with ledger.read() as connection:
        return {row.target: row for row in connection.execute(sa.select(t))}


def begin(ledger: Ledger, raised_kb: int, before: dict[str, int]) -> None:
    """Write down, of mailboxes that are about to be raised to `raised_kb` (0 for no limit), what they have. What is known of one stays."""
    t = ledger.tables.quotas
    values = {"raised_kb": raised_kb, "state": RAISING, "changed_at": time.time()}
    with ledger.write() as connection:
        known = {row.target for row in connection.execute(sa.select(t.c.target))}
        fresh = [{"target": target, "before_kb": limit, **values} for target, limit in before.items() if target not in known]
        if fresh:
            connection.execute(t.insert(), fresh)
        for target in before.keys() & known:
            connection.execute(t.update().where(t.c.target == target).values(**values))


def settle(ledger: Ledger, targets: list[str], state: str) -> None:
    t = ledger.tables.quotas
    with ledger.write() as connection:
        for target in targets:
            connection.execute(t.update().where(t.c.target == target).values(state=state, changed_at=time.time()))
