# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders that hold no mail, and what of them was moved: which version of which item is where at the target."""

from __future__ import annotations

from .._libraries import sqlalchemy as sa
from .store import Ledger

COLUMNS = ("folder_id", "source_uid", "version", "kind", "name", "sha256", "etag", "source_sha256")


def folders(ledger: Ledger, mailbox_id: int) -> dict:
    """Source name -> row."""
    t = ledger.tables.item_folders
    with ledger.read() as connection:
        rows = connection.execute(sa.select(t).where(t.c.mailbox_id == mailbox_id).order_by(t.c.name)).all()
    return {row.name: row for row in rows}


def put_folder(ledger: Ledger, mailbox_id: int, folder, target: str):
    """Write down where `folder` (_model/item_kinds.py) is at the target, new or elsewhere than before; its row."""
    t = ledger.tables.item_folders
    values = {"path": folder.path, "kind": folder.kind, "target": target}
    same = sa.and_(t.c.mailbox_id == mailbox_id, t.c.name == folder.name)
    with ledger.write() as connection:
        if not connection.execute(t.update().where(same).values(values)).rowcount:
            connection.execute(t.insert().values(mailbox_id=mailbox_id, name=folder.name, **values))
        return connection.execute(sa.select(t).where(same)).one()


def rename_folders(ledger: Ledger, connection, mailbox_id: int, renames: dict[str, str]) -> None:
    """Former source name -> the new one, of folders that were renamed at the source: what was moved of them, and said of their items, goes on to
    be theirs. Within the caller's transaction."""
    folders, said = ledger.tables.item_folders, ledger.tables.exceptions
    rows = connection.execute(sa.select(folders.c.name, folders.c.id).where(folders.c.mailbox_id == mailbox_id))
    # A folder that is gone, and still to be taken back, makes room for one that has its name now. No path has an empty name in it.
    steps = [(name, f"{name}//{number}") for name, number in rows if name in renames.values() and name not in renames]
    # By way of other names: two may have exchanged theirs.
    steps += [(name, f"//{name}") for name in renames] + [(f"//{name}", now) for name, now in renames.items()]
    with_name = folders.update().where(folders.c.mailbox_id == mailbox_id, folders.c.name == sa.bindparam("before")).values(name=sa.bindparam("now"))
    for before, now in steps:
        connection.execute(with_name, {"before": before, "now": now})
        # What is left of another folder of that name.
        connection.execute(said.delete().where(said.c.mailbox_id == mailbox_id, said.c.folder == now))
        connection.execute(said.update().where(said.c.mailbox_id == mailbox_id, said.c.folder == before).values(folder=now))


def drop_folder(ledger: Ledger, folder_id: int) -> None:
    """Forget a folder and all that was moved of it."""
    t = ledger.tables
    with ledger.write() as connection:
        connection.execute(t.objects.delete().where(t.objects.c.folder_id == folder_id))
        connection.execute(t.item_folders.delete().where(t.item_folders.c.id == folder_id))


def moved(ledger: Ledger, folder_id: int) -> dict:
    """Source UID -> row of all that was moved of a folder."""
    t = ledger.tables.objects
    with ledger.read() as connection:
        return {row.source_uid: row for row in connection.execute(sa.select(t).where(t.c.folder_id == folder_id).order_by(t.c.source_uid))}


def by_kind(ledger: Ledger) -> dict[tuple[int, str], int]:
    """(mailbox id, kind) -> how many of them were moved."""
    t = ledger.tables
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(t.item_folders.c.mailbox_id, t.objects.c.kind, sa.func.count().label("moved"))
            .join(t.objects, t.objects.c.folder_id == t.item_folders.c.id).group_by(t.item_folders.c.mailbox_id, t.objects.c.kind)
        )
        return {(row.mailbox_id, row.kind): row.moved for row in rows}


def kinds_of_folders(ledger: Ledger) -> dict[tuple[int, str], str]:
    """(mailbox id, source name) -> kind of the folder."""
    t = ledger.tables.item_folders
    with ledger.read() as connection:
        return {(row.mailbox_id, row.name): row.kind for row in connection.execute(sa.select(t.c.mailbox_id, t.c.name, t.c.kind))}


def write(ledger: Ledger, folder_id: int, rows: list[dict], gone=()) -> None:
    """In one transaction: `rows`, by column and without their folder, replace what was known of them; `gone` are forgotten. Only what the site's
    filter changed has a `source_sha256`."""
    t = ledger.tables.objects
    if not rows and not gone:
        return
    before = t.delete().where(t.c.folder_id == sa.bindparam("folder"), t.c.source_uid == sa.bindparam("uid"))
    after = t.insert().values({name: sa.bindparam(name) for name in COLUMNS})
    with ledger.write() as connection:
        ledger.many(connection, before, ("folder", "uid"), [(folder_id, uid) for uid in [*gone, *(row["source_uid"] for row in rows)]])
        ledger.many(connection, after, COLUMNS, [
            (folder_id, *(row[name] for name in COLUMNS[1:-1]), row.get("source_sha256")) for row in rows
        ])


def forget(ledger: Ledger, folder_id: int) -> None:
    """All of a folder is new again."""
    t = ledger.tables.objects
    with ledger.write() as connection:
        connection.execute(t.delete().where(t.c.folder_id == folder_id))
