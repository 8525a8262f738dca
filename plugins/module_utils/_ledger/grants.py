# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Rights at the target that users of a mailbox's folders were given by the migration."""

from __future__ import annotations

from .._libraries import sqlalchemy as sa
from .store import Ledger


def given(ledger: Ledger, mailbox_id: int) -> dict:
    """(folder, who) at the target -> row."""
    t = ledger.tables.grants
    with ledger.read() as connection:
        return {(row.folder, row.who): row for row in connection.execute(sa.select(t).where(t.c.mailbox_id == mailbox_id))}


def write(ledger: Ledger, mailbox_id: int, rights: dict[tuple[str, str], str], sure: bool) -> None:
    """Instead of what was known of these; who has no rights any more is forgotten."""
    t = ledger.tables.grants
    with ledger.write() as connection:
        for (folder, who), letters in rights.items():
            connection.execute(t.delete().where(t.c.mailbox_id == mailbox_id, t.c.folder == folder, t.c.who == who))
            if letters:
                connection.execute(t.insert().values(mailbox_id=mailbox_id, folder=folder, who=who, rights=letters, sure=sure))
