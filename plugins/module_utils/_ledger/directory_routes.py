# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What entries of directories had before their users' mail was sent to the other side, and what they were given."""

from __future__ import annotations

import json
import time

from .._libraries import sqlalchemy as sa
from .._model.directory_route import ROUTED, Route
from .store import Ledger

TEXTS = {"directory": "directory", "method": "method", "entry": "entry", "target": "target", "primary_address": "primary", "wave": "wave", "state": "state"}
DOCUMENTS = ("before", "ours", "contact")


def listed(ledger: Ledger, directory: str, method: str) -> list[Route]:
    t = ledger.tables.routes_in_directory
    return _found(ledger, t.c.directory == directory, t.c.method == method)


def in_force(ledger: Ledger) -> list[Route]:
    """Of all directories, those that were not put back."""
    return _found(ledger, ledger.tables.routes_in_directory.c.state == ROUTED)


def _found(ledger: Ledger, *conditions) -> list[Route]:
    t = ledger.tables.routes_in_directory
    with ledger.read() as connection:
        rows = connection.execute(sa.select(t).where(*conditions).order_by(t.c.id)).all()
    return [
        Route(id=row.id, **{name: getattr(row, column) for column, name in TEXTS.items()}, **{name: json.loads(getattr(row, name)) for name in DOCUMENTS})
        for row in rows
    ]


def save(ledger: Ledger, routes: list[Route]) -> None:
    """All of them in one transaction; those that are new get their numbers."""
    t = ledger.tables.routes_in_directory
    with ledger.write() as connection:
        for route in routes:
            values = {column: getattr(route, name) for column, name in TEXTS.items()}
            values |= {name: json.dumps(getattr(route, name), sort_keys=True, ensure_ascii=False) for name in DOCUMENTS}
            values["changed_at"] = time.time()
            if route.id is None:
                route.id = connection.execute(t.insert().values(**values)).inserted_primary_key[0]
            else:
                connection.execute(t.update().where(t.c.id == route.id).values(**values))
