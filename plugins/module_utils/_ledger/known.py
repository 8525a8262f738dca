# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the ledger knows of mailboxes before a pass: for several at once, since most of them have not changed."""

from __future__ import annotations

import collections
import dataclasses

from .._libraries import sqlalchemy as sa
from . import folder_intents
from .routes import Route, routes
from .store import Ledger


@dataclasses.dataclass
class Known:
    """`folders`: source name -> row; `exceptions`: unresolved ones; `with_intents`: numbers of folders that have an open intent;
    `routes` and `folder_intents`: see routes.py and folder_intents.py."""

    folders: dict = dataclasses.field(default_factory=dict)
    exceptions: list = dataclasses.field(default_factory=list)
    with_intents: set[int] = dataclasses.field(default_factory=set)
    routes: list[Route] = dataclasses.field(default_factory=list)
    folder_intents: list = dataclasses.field(default_factory=list)


def load(ledger: Ledger, mailbox_ids: list[int]) -> dict[int, Known]:
    t = ledger.tables
    found: dict[int, Known] = collections.defaultdict(Known)
    with ledger.read() as connection:
        for row in connection.execute(
            sa.select(t.folders, sa.null().label("route")).where(t.folders.c.mailbox_id.in_(mailbox_ids)).order_by(t.folders.c.source_name)
        ):
            found[row.mailbox_id].folders[row.source_name] = row
        odd = sa.select(t.exceptions).where(t.exceptions.c.mailbox_id.in_(mailbox_ids), t.exceptions.c.state != "resolved").order_by(t.exceptions.c.id)
        for row in connection.execute(odd):
            found[row.mailbox_id].exceptions.append(row)
        underway = (
            sa.select(t.folders.c.mailbox_id, t.folders.c.id).join(t.intents, t.intents.c.folder_id == t.folders.c.id)
            .where(t.folders.c.mailbox_id.in_(mailbox_ids))
        )
        for mailbox_id, folder_id in connection.execute(underway):
            found[mailbox_id].with_intents.add(folder_id)
    for route in routes(ledger, mailbox_ids):
        found[route.mailbox_id].routes.append(route)
    for intent in folder_intents.listed(ledger, mailbox_ids):
        found[intent.mailbox_id].folder_intents.append(intent)
    return found
