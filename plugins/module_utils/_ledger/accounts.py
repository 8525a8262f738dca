# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Accounts of the target, as the account plan says. The plan is written as a whole: what it does not have any more is forgotten."""

from __future__ import annotations

import json

from .._libraries import sqlalchemy as sa
from .store import Ledger

COLUMNS = ("directory", "entry", "server", "mailbox", "target", "wave", "quota_mb", "document")


def listed(ledger: Ledger) -> list[dict]:
    """All accounts, as they were planned."""
    t = ledger.tables.accounts
    with ledger.read() as connection:
        return [json.loads(row.document) for row in connection.execute(sa.select(t.c.document).order_by(t.c.server, t.c.mailbox))]


def write(ledger: Ledger, accounts: list[dict]) -> None:
    """In one transaction, so that names may change places."""
    t = ledger.tables.accounts
    rows = [(*(account[name] for name in COLUMNS[:-1]), json.dumps(account, sort_keys=True, ensure_ascii=False)) for account in accounts]
    with ledger.write() as connection:
        connection.execute(t.delete())
        ledger.many(connection, t.insert().values({name: sa.bindparam(name) for name in COLUMNS}), COLUMNS, rows)
