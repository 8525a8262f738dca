# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Places of the target to which the site's filter sent messages of a folder, beside the folder's own counterpart."""

from __future__ import annotations

import dataclasses

from .._libraries import sqlalchemy as sa
from . import folder_intents
from .store import Ledger


@dataclasses.dataclass(frozen=True)
class Route:
    """In the words of a folder's row: `id` and `source_name` are the folder's, `target_name` is another one's."""

    id: int
    mailbox_id: int
    source_name: str
    target_name: str
    target_uidvalidity: int
    route: int


def routes(ledger: Ledger, mailbox_ids: list[int]) -> list[Route]:
    """All of these mailboxes."""
    t = ledger.tables
    columns = (t.routes.c.target_name, t.routes.c.target_uidvalidity, t.routes.c.id.label("route"))
    with ledger.read() as connection:
        return [Route(**row._mapping) for row in connection.execute(
            sa.select(t.folders.c.id, t.folders.c.mailbox_id, t.folders.c.source_name, *columns)
            .join(t.routes, t.routes.c.folder_id == t.folders.c.id).where(t.folders.c.mailbox_id.in_(mailbox_ids)).order_by(t.routes.c.id)
        )]


def add(ledger: Ledger, folder, target_name: str, target_uidvalidity: int) -> Route:
    """`folder`: row of the folder whose messages go there."""
    with ledger.write() as connection:
        folder_intents.forget_in(ledger, connection, folder.mailbox_id, [target_name])
        number = connection.execute(ledger.tables.routes.insert().values(
            folder_id=folder.id, target_name=target_name, target_uidvalidity=target_uidvalidity,
        )).inserted_primary_key[0]
    return Route(folder.id, folder.mailbox_id, folder.source_name, target_name, target_uidvalidity, number)


def doubt(ledger: Ledger, folder_id: int) -> None:
    """What of a folder is at its routes has to be looked up by content."""
    t = ledger.tables.routes
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.folder_id == folder_id).values(target_uidvalidity=0))
