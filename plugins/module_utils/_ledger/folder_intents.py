# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders of the target that are about to be made or renamed: committed before it is done, and gone in the commit that says it of the folder.
What a crash leaves is undone by the next pass: the source may have changed its mind since."""

from __future__ import annotations

from .._libraries import sqlalchemy as sa
from .store import Ledger


def intend(ledger: Ledger, mailbox_id: int, names: dict[str, str | None]) -> None:
    """`names`: name at the target -> the one that the folder has now, or None of a new folder."""
    t = ledger.tables.folder_intents
    with ledger.write() as connection:
        forget_in(ledger, connection, mailbox_id, names)
        connection.execute(t.insert(), [
            {"mailbox_id": mailbox_id, "target_name": name, "renamed_from": before} for name, before in names.items()
        ])


def forget(ledger: Ledger, mailbox_id: int, names) -> None:
    with ledger.write() as connection:
        forget_in(ledger, connection, mailbox_id, names)


def forget_in(ledger: Ledger, connection, mailbox_id: int, names) -> None:
    """In the transaction that writes the folders down."""
    t = ledger.tables.folder_intents
    connection.execute(t.delete().where(t.c.mailbox_id == mailbox_id, t.c.target_name.in_(list(names))))


def listed(ledger: Ledger, mailbox_ids: list[int]) -> list:
    """Rows: mailbox_id, target_name, renamed_from."""
    t = ledger.tables.folder_intents
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.mailbox_id.in_(mailbox_ids)).order_by(t.c.target_name)).all()
