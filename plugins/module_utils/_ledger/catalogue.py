# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a source without UIDs has told of a mailbox so far: its folders, and its items under numbers of our own.

Such a server tells what changed since a state that it gave, page by page. A page and the state after it are written down together,
so a pass that is cut short asks on from there, and an item keeps its number for good, however often its server is asked. To the
passes the catalogue looks like an IMAP server with QRESYNC: a later state has a higher number, and what is gone is remembered.
"""

from __future__ import annotations

import functools
import hashlib
import types

from .._libraries import sqlalchemy as sa
from .._model.item_kinds import FOLDER_KINDS
from .._model.listing import Entry
from . import objects
from .schema import tables
from .store import Ledger, passing_ledger

CHUNK = 500
# Two looks at a folder that are further apart than this, in seconds, are not in the same second of its server.
TAG_SECONDS = 2.0
# What flags and categories may add to the size that a source tells, in bytes.
MARKS = 2048


@functools.lru_cache(maxsize=1)
def _statements() -> types.SimpleNamespace:
    t = tables().remote_items
    folder = t.c.folder_id == sa.bindparam("folder")
    there = sa.and_(folder, t.c.gone.is_(False))
    return types.SimpleNamespace(
        known=sa.select(t).where(there, t.c.key.in_(sa.bindparam("keys", expanding=True))),
        add=t.insert(),
        renew=t.update().where(folder, t.c.number == sa.bindparam("at")).values({
            name: sa.bindparam(f"new_{name}") for name in ("change_key", "size", "flags", "modseq", "epoch")
        }),
        seen_again=t.update().where(folder, t.c.number == sa.bindparam("at")).values(epoch=sa.bindparam("new_epoch")),
        lose=t.update().where(folder, t.c.number == sa.bindparam("at")).values(gone=True, modseq=sa.bindparam("new_modseq")),
        count=sa.select(sa.func.count()).select_from(t).where(there),
        numbers=sa.select(t.c.number).where(there).order_by(t.c.number),
        sizes=sa.select(t.c.number, t.c.size).where(there, t.c.number.in_(sa.bindparam("numbers", expanding=True))),
        some=sa.select(t).where(there, t.c.number.in_(sa.bindparam("numbers", expanding=True))),
        since=sa.select(t.c.number, t.c.flags, t.c.gone).where(folder, t.c.modseq > sa.bindparam("modseq")),
    )


def looked_at(ledger: Ledger, mailbox_id: int) -> Ledger:
    """A passing ledger with what `ledger` knows of one mailbox's source: for who only looks, perhaps while others write, and writes nothing down."""
    folders, items = ledger.tables.remote_folders, ledger.tables.remote_items
    passing = passing_ledger()
    with ledger.read() as connection:
        mine = connection.execute(sa.select(folders).where(folders.c.mailbox_id == mailbox_id)).mappings().all()
        held = connection.execute(sa.select(items).where(items.c.folder_id.in_([row["id"] for row in mine]))).mappings().all()
    with passing.write() as connection:
        for table, rows in ((passing.tables.remote_folders, mine), (passing.tables.remote_items, held)):
            if rows:
                connection.execute(table.insert(), [dict(row) for row in rows])
    return passing


class Catalogue:
    """Of one mailbox."""

    def __init__(self, ledger: Ledger, mailbox_id: int) -> None:
        self.ledger, self.mailbox_id = ledger, mailbox_id

    def folders(self) -> dict:
        """Remote id -> row."""
        t = self.ledger.tables.remote_folders
        with self.ledger.read() as connection:
            return {row.remote_id: row for row in connection.execute(sa.select(t).where(t.c.mailbox_id == self.mailbox_id))}

    def keep_folders(self, found: dict[str, dict]) -> dict:
        """Write down what the source lists now, remote id -> columns (name, kind, role); the others are gone. Returns `folders()`.

        What was moved of folders without mail is known by their names, which follow at once: a pass would take a renamed one for a folder that is
        gone and another one that is new."""
        t, known = self.ledger.tables, self.folders()
        new = [{"mailbox_id": self.mailbox_id, "remote_id": remote_id, **columns} for remote_id, columns in found.items() if remote_id not in known]
        changed = {
            known[remote_id].id: columns for remote_id, columns in found.items()
            if remote_id in known and any(getattr(known[remote_id], key) != value for key, value in columns.items())
        }
        gone = [row.id for remote_id, row in known.items() if remote_id not in found]
        renames = {
            row.name: found[remote_id]["name"] for remote_id, row in known.items()
            if remote_id in found and row.kind in FOLDER_KINDS and row.name != found[remote_id]["name"]
        }
        if not new and not changed and not gone:
            return known
        with self.ledger.write() as connection:
            if gone:
                connection.execute(t.remote_items.delete().where(t.remote_items.c.folder_id.in_(gone)))
                connection.execute(t.remote_folders.delete().where(t.remote_folders.c.id.in_(gone)))
            for folder_id, columns in changed.items():
                connection.execute(t.remote_folders.update().where(t.remote_folders.c.id == folder_id).values(**columns))
            if new:
                connection.execute(t.remote_folders.insert(), new)
            if renames:
                objects.rename_folders(self.ledger, connection, self.mailbox_id, renames)
        return self.folders()

    def page(self, folder, state: str, last: bool, listed: list[Entry], gone: list[str], tag: str | None = None, seen_at: float = 0.0):
        """Write down a page of changes and the state after it; `last` when there is no further one. `tag` is what the folder told of its last
        change at `seen_at`, before it was asked for the page. Returns the folder's new row."""
        s, t = _statements(), self.ledger.tables.remote_folders
        modseq, low, high = folder.modseq + 1, folder.low, folder.high
        with self.ledger.write() as connection:
            known = self._known(connection, folder.id, [entry.remote_id for entry in listed] + gone)
            added, renewed, again, lost = [], [], [], []
            fresh = []
            for entry in listed:
                row = known.get(entry.remote_id)
                if row is not None and not (folder.kind == "mail" and _replaced(row, entry)):
                    flags = _flags(row, entry)
                    if flags == row.flags and (entry.flags is None or (entry.change_key, entry.size) == (row.change_key, row.size)):
                        again.append({"folder": folder.id, "at": row.number, "new_epoch": folder.epoch})
                        continue
                    whole = entry.flags is not None
                    renewed.append({
                        "folder": folder.id, "at": row.number, "new_flags": flags, "new_epoch": folder.epoch,
                        "new_change_key": entry.change_key if whole else row.change_key, "new_size": entry.size if whole else row.size,
                        # Another change key alone is no change that anybody sees.
                        "new_modseq": modseq if flags != row.flags or folder.kind != "mail" else row.modseq,
                    })
                    continue
                if entry.flags is None:
                    # The read flag of what was never listed: it is listed with its flags when it comes.
                    continue
                if row is not None:
                    lost.append(row.number)
                fresh.append(entry)
            # Pages come newest first. The first listing is numbered downwards from the middle, so that numbers grow with time.
            if folder.complete:
                high += len(fresh)
                numbers = range(high - 1, high - 1 - len(fresh), -1)
            else:
                numbers = range(low - 1, low - 1 - len(fresh), -1)
                low -= len(fresh)
            for number, entry in zip(numbers, fresh, strict=True):
                added.append({
                    "folder_id": folder.id, "number": number, "key": _key(entry.remote_id), "remote_id": entry.remote_id,
                    "change_key": entry.change_key, "size": entry.size, "flags": " ".join(entry.flags), "internal_date": entry.date,
                    "trace": entry.trace, "draft": entry.draft, "gone": False, "modseq": modseq, "epoch": folder.epoch,
                })
            lost += [known[remote_id].number for remote_id in gone if remote_id in known]
            for statement, rows in ((s.add, added), (s.renew, renewed), (s.seen_again, again)):
                if rows:
                    connection.execute(statement, rows)
            if last and not folder.complete:
                lost += self._not_listed_again(connection, folder)
            if lost:
                connection.execute(s.lose, [{"folder": folder.id, "at": number, "new_modseq": modseq} for number in lost])
            values = {
                "sync_state": state, "low": low, "high": high, "complete": folder.complete or last,
                "modseq": modseq if added or renewed or lost else folder.modseq, **_tagged(folder, tag if last else None, seen_at),
            }
            connection.execute(t.update().where(t.c.id == folder.id).values(**values))
            return connection.execute(sa.select(t).where(t.c.id == folder.id)).one()

    def anew(self, folder):
        """The source does not know its state any more: all is listed again, and what is not listed then is gone. Numbers stay."""
        t = self.ledger.tables.remote_folders
        with self.ledger.write() as connection:
            connection.execute(t.update().where(t.c.id == folder.id).values(sync_state="", complete=False, epoch=folder.epoch + 1, tag=None, at_rest=False))
            return connection.execute(sa.select(t).where(t.c.id == folder.id)).one()

    def lose(self, folder, numbers):
        """These are gone, as the source says when it is asked for them."""
        t = self.ledger.tables.remote_folders
        with self.ledger.write() as connection:
            connection.execute(_statements().lose, [{"folder": folder.id, "at": number, "new_modseq": folder.modseq + 1} for number in numbers])
            connection.execute(t.update().where(t.c.id == folder.id).values(modseq=folder.modseq + 1))
            return connection.execute(sa.select(t).where(t.c.id == folder.id)).one()

    def count(self, folder_id: int) -> int:
        with self.ledger.read() as connection:
            return connection.execute(_statements().count, {"folder": folder_id}).scalar_one()

    def numbers(self, folder_id: int) -> list[int]:
        with self.ledger.read() as connection:
            return list(connection.execute(_statements().numbers, {"folder": folder_id}).scalars())

    def sizes(self, folder_id: int, numbers) -> dict[int, int]:
        return dict(self._each(_statements().sizes, folder_id, numbers))

    def some(self, folder_id: int, numbers) -> dict:
        """Number -> row, of those that are there."""
        return {row.number: row for row in self._each(_statements().some, folder_id, numbers)}

    def since(self, folder_id: int, modseq: int) -> list:
        """(number, flags, gone) of what changed after `modseq`."""
        with self.ledger.read() as connection:
            return connection.execute(_statements().since, {"folder": folder_id, "modseq": modseq}).all()

    def came_from(self, folder_id: int, numbers) -> dict[int, tuple[str, int]]:
        """Of these items, those that were moved here: number -> name of the other folder, and its number there."""
        t = self.ledger.tables
        items, folders = t.remote_items, t.remote_folders
        here = self.some(folder_id, numbers)
        found: dict[int, tuple[str, int]] = {}
        by_key, by_trace = {row.key: row for row in here.values()}, {row.trace: row for row in here.values() if row.trace}
        with self.ledger.read() as connection:
            for column, wanted in ((items.c.key, by_key), (items.c.trace, by_trace)):
                names = list(wanted)
                for at in range(0, len(names), CHUNK):
                    rows = connection.execute(
                        sa.select(items, folders.c.name).join(folders, folders.c.id == items.c.folder_id).where(
                            folders.c.mailbox_id == self.mailbox_id, items.c.folder_id != folder_id, items.c.gone.is_(True),
                            column.in_(names[at:at + CHUNK]),
                        ).order_by(items.c.modseq)
                    )
                    for row in rows:
                        one = wanted[getattr(row, column.name)]
                        # A copy keeps the trace as well; the same size and date make sure that it is the same item.
                        if one.number not in found and (row.key == one.key or (row.internal_date, row.size) == (one.internal_date, one.size)):
                            found[one.number] = row.name, row.number
        return found

    def _known(self, connection, folder_id: int, remote_ids: list[str]) -> dict:
        found = {}
        for at in range(0, len(remote_ids), CHUNK):
            keys = [_key(remote_id) for remote_id in remote_ids[at:at + CHUNK]]
            found |= {row.remote_id: row for row in connection.execute(_statements().known, {"folder": folder_id, "keys": keys})}
        return found

    def _not_listed_again(self, connection, folder) -> list[int]:
        t = self.ledger.tables.remote_items
        return list(connection.execute(sa.select(t.c.number).where(t.c.folder_id == folder.id, t.c.gone.is_(False), t.c.epoch < folder.epoch)).scalars())

    def _each(self, statement, folder_id: int, numbers):
        wanted = list(numbers)
        with self.ledger.read() as connection:
            for at in range(0, len(wanted), CHUNK):
                yield from connection.execute(statement, {"folder": folder_id, "numbers": wanted[at:at + CHUNK]}).all()


def _replaced(row, entry: Entry) -> bool:
    """Whether the content is another one: a draft that was written on, or an item of quite another size, as when its attachments were
    taken out. A change key alone changes with every flag."""
    if entry.flags is None or entry.change_key == row.change_key:
        return False
    return row.draft or abs(entry.size - row.size) > MARKS


def _flags(row, entry: Entry) -> str:
    if entry.flags is not None:
        return " ".join(entry.flags)
    names = [name for name in row.flags.split() if name != "\\Seen"]
    return " ".join(["\\Seen", *names] if entry.seen else names)


def _tagged(folder, tag: str | None, seen_at: float) -> dict:
    """Servers tell the time of the last change in whole seconds: only what was listed when that second was over is all of it."""
    if tag is None or tag != folder.tag:
        return {"tag": tag, "tag_since": seen_at, "at_rest": False}
    return {"at_rest": seen_at - folder.tag_since > TAG_SECONDS}


def _key(remote_id: str) -> bytes:
    """Ids are long; case matters in them."""
    return hashlib.sha256(remote_id.encode()).digest()[:16]
