# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders, items and intents of a mailbox: what is where, message by message."""

from __future__ import annotations

import time

from .._libraries import sqlalchemy as sa
from .store import Ledger


def folders(ledger: Ledger, mailbox_id: int) -> dict:
    """Source name -> row."""
    t = ledger.tables.folders
    with ledger.read() as connection:
        rows = connection.execute(sa.select(t).where(t.c.mailbox_id == mailbox_id).order_by(t.c.source_name)).all()
    return {row.source_name: row for row in rows}


def add_folder(ledger: Ledger, mailbox_id: int, source_name: str, target_name: str, source_uidvalidity: int):
    t = ledger.tables.folders
    with ledger.write() as connection:
        key = connection.execute(
            t.insert().values(
                mailbox_id=mailbox_id, source_name=source_name, target_name=target_name, source_uidvalidity=source_uidvalidity
            )
        ).inserted_primary_key[0]
        return connection.execute(sa.select(t).where(t.c.id == key)).one()


def update_folder(ledger: Ledger, folder_id: int, **values) -> None:
    t = ledger.tables.folders
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.id == folder_id).values(**values))


def drop_folder(ledger: Ledger, folder_id: int) -> None:
    """Forget a folder whose items are gone on both sides."""
    t = ledger.tables
    with ledger.write() as connection:
        for table in (t.items, t.intents):
            connection.execute(table.delete().where(table.c.folder_id == folder_id))
        connection.execute(t.folders.delete().where(t.folders.c.id == folder_id))


def items(ledger: Ledger, folder_id: int) -> list:
    t = ledger.tables.items
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.folder_id == folder_id).order_by(t.c.source_uid)).all()


def count(ledger: Ledger, mailbox_id: int) -> int:
    """Messages that the ledger knows of a mailbox."""
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(t.items).join(t.folders, t.items.c.folder_id == t.folders.c.id)
            .where(t.folders.c.mailbox_id == mailbox_id)
        ).scalar_one()


def open_intents(ledger: Ledger, folder_id: int) -> list:
    t = ledger.tables.intents
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.folder_id == folder_id).order_by(t.c.id)).all()


class TakenOver(Exception):
    """Another worker, to which the lease went, has settled this intent or moves these messages itself."""


class Journal:
    """Intents and their outcome for one folder. `intend` also commits the outcome of the batch before, so that a batch
    costs one commit."""

    def __init__(self, ledger: Ledger, folder_id: int, target_uidvalidity: int, target_uidnext: int) -> None:
        self.ledger, self.folder_id = ledger, folder_id
        self.target_uidvalidity, self.target_uidnext = target_uidvalidity, target_uidnext
        self._outcome: tuple[int, dict[int, int]] | None = None

    def intend(self, messages) -> int:
        """Commit that `messages` are about to be sent; returns the intent's number."""
        t = self.ledger.tables
        with self.ledger.write() as connection:
            self._write_outcome(connection)
            intent = connection.execute(
                t.intents.insert().values(
                    folder_id=self.folder_id,
                    target_uidvalidity=self.target_uidvalidity,
                    target_uidnext=self.target_uidnext,
                    created_at=time.time(),
                )
            ).inserted_primary_key[0]
            rows = [
                {
                    "folder_id": self.folder_id,
                    "source_uid": message.uid,
                    "sha256": message.sha256,
                    "size": len(message.body),
                    "flags": " ".join(message.flags),
                    "internal_date": message.internal_date,
                    "target_uid": None,
                    "intent_id": intent,
                }
                for message in messages
            ]
            try:
                connection.execute(t.items.insert(), rows)
            except sa.exc.IntegrityError as error:
                raise TakenOver from error
        return intent

    def settled(self, intent: int, target_uids: dict[int, int]) -> None:
        """Remember where the target put the batch (source UID -> target UID); committed by the next `intend` or `flush`.

        Items of the intent that are not in `target_uids` were not accepted: they are forgotten, not lost, because the
        source still lists them.
        """
        self._outcome = (intent, target_uids)
        if target_uids:
            self.target_uidnext = max(self.target_uidnext, max(target_uids.values()) + 1)

    def flush(self) -> None:
        if self._outcome is not None:
            with self.ledger.write() as connection:
                self._write_outcome(connection)

    def _write_outcome(self, connection) -> None:
        if self._outcome is None:
            return
        intent, target_uids = self._outcome
        settle_intent(self.ledger, connection, self.folder_id, intent, target_uids)
        self._outcome = None


def settle_intent(ledger: Ledger, connection, folder_id: int, intent: int, target_uids: dict[int, int]) -> None:
    """Close an intent: the given items are at the target, the others of it are not. TakenOver when it is closed already."""
    t = ledger.tables
    if target_uids:
        connection.execute(
            t.items.update()
            .where(t.items.c.folder_id == folder_id, t.items.c.source_uid == sa.bindparam("uid"), t.items.c.intent_id == intent)
            .values(target_uid=sa.bindparam("at"), intent_id=None),
            [{"uid": uid, "at": at} for uid, at in target_uids.items()],
        )
    connection.execute(t.items.delete().where(t.items.c.intent_id == intent))
    if not connection.execute(t.intents.delete().where(t.intents.c.id == intent)).rowcount:
        raise TakenOver


def forget(ledger: Ledger, folder_id: int, source_uids) -> None:
    t = ledger.tables.items
    with ledger.write() as connection:
        connection.execute(
            t.delete().where(t.c.folder_id == folder_id, t.c.source_uid == sa.bindparam("uid")), [{"uid": uid} for uid in source_uids]
        )


def set_flags(ledger: Ledger, folder_id: int, flags: dict[int, tuple[str, ...]]) -> None:
    t = ledger.tables.items
    with ledger.write() as connection:
        connection.execute(
            t.update().where(t.c.folder_id == folder_id, t.c.source_uid == sa.bindparam("uid")).values(flags=sa.bindparam("to")),
            [{"uid": uid, "to": " ".join(names)} for uid, names in flags.items()],
        )


def replace_items(ledger: Ledger, folder_id: int, rows: list[dict], **folder_values) -> None:
    """Put `rows` in the place of all items of the folder, with the folder's new state, in one commit: after a change of
    UIDVALIDITY on either side."""
    t = ledger.tables
    with ledger.write() as connection:
        connection.execute(t.items.delete().where(t.items.c.folder_id == folder_id))
        connection.execute(t.intents.delete().where(t.intents.c.folder_id == folder_id))
        if rows:
            connection.execute(t.items.insert(), rows)
        if folder_values:
            connection.execute(t.folders.update().where(t.folders.c.id == folder_id).values(**folder_values))
