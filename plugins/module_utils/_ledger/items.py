# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders, items and intents of a mailbox: what is where, message by message."""

from __future__ import annotations

import array
import dataclasses
import functools
import json
import time
import types

from .._libraries import sqlalchemy as sa
from .._model import flags as flag_rules
from . import folder_intents
from .schema import tables
from .store import Ledger

# Rows that a statement names at once; SQLite and PostgreSQL take far more.
CHUNK = 500
COLUMNS = ("folder_id", "source_uid", "sha256", "size", "flags", "internal_date", "target_uid")
# Only written where the site's filter had a say.
FILTERED = (*COLUMNS, "source_sha256", "route")


@functools.lru_cache(maxsize=1)
def _statements() -> types.SimpleNamespace:
    """Those of every batch or folder, made once: making one takes SQLAlchemy longer than the database takes for its answer."""
    t = tables()
    i, folder, uid = t.items, t.items.c.folder_id == sa.bindparam("folder"), t.items.c.source_uid == sa.bindparam("uid")
    return types.SimpleNamespace(
        add=i.insert().values({name: sa.bindparam(name) for name in COLUMNS}),
        add_filtered=i.insert().values({name: sa.bindparam(name) for name in FILTERED}),
        some=sa.select(i).where(folder, i.c.source_uid.in_(sa.bindparam("uids", expanding=True))),
        uids=sa.select(i.c.source_uid).where(folder).order_by(i.c.source_uid),
        uids_between=sa.select(i.c.source_uid).where(folder, i.c.source_uid.between(sa.bindparam("low"), sa.bindparam("high"))).order_by(i.c.source_uid),
        count_in=sa.select(sa.func.count()).select_from(i).where(folder),
        forget=i.delete().where(folder, uid),
        unproved=sa.select(i).where(
            folder, i.c.route.is_not_distinct_from(sa.bindparam("route")), i.c.source_uid > sa.bindparam("after"), i.c.target_uid.is_not(None),
            i.c.proved_uid.is_distinct_from(i.c.target_uid),
        ).order_by(i.c.source_uid).limit(sa.bindparam("most")),
        prove=i.update().where(folder, uid).values(proved_uid=sa.bindparam("at")),
        set_flags=i.update().where(folder, uid).values(flags=sa.bindparam("to")),
        in_step=t.folders.update().where(t.folders.c.id == sa.bindparam("folder")).values({
            "source_uidnext": sa.bindparam("uidnext"), "source_messages": sa.bindparam("messages"), "source_modseq": sa.bindparam("modseq"),
        }),
        intend=t.intents.insert(),
        # Shared with nobody who is about to claim the mailbox.
        leased=sa.select(t.mailboxes.c.id).join(t.folders, t.folders.c.mailbox_id == t.mailboxes.c.id).where(
            t.folders.c.id == sa.bindparam("folder"), t.mailboxes.c.lease_owner == sa.bindparam("owner")
        ).with_for_update(read=True, of=t.mailboxes),
    )


def folders(ledger: Ledger, mailbox_id: int) -> dict:
    """Source name -> row; `route` is None, as of items in that folder's own counterpart."""
    t = ledger.tables.folders
    with ledger.read() as connection:
        rows = connection.execute(sa.select(t, sa.null().label("route")).where(t.c.mailbox_id == mailbox_id).order_by(t.c.source_name)).all()
    return {row.source_name: row for row in rows}


def add_folders(ledger: Ledger, mailbox_id: int, values: list[dict]) -> dict:
    """Write new folders down, `values` by column; source name -> row of all folders of the mailbox."""
    with ledger.write() as connection:
        connection.execute(ledger.tables.folders.insert(), [{"mailbox_id": mailbox_id, "subscribed": False, **row} for row in values])
        folder_intents.forget_in(ledger, connection, mailbox_id, [row["target_name"] for row in values])
    return folders(ledger, mailbox_id)


def update_folder(ledger: Ledger, folder_id: int, **values) -> None:
    t = ledger.tables.folders
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.id == folder_id).values(**values))


def rename_folders(ledger: Ledger, mailbox_id: int, renames: list[tuple]) -> None:
    """(row, its new source name, its new target name) of each; what was said of its messages, and approved, goes on to be about them."""
    f, e = ledger.tables.folders, ledger.tables.exceptions
    with ledger.write() as connection:
        for row, source_name, target_name in renames:
            if source_name != row.source_name:
                # What is left of another folder of that name.
                connection.execute(e.delete().where(e.c.mailbox_id == mailbox_id, e.c.folder == source_name))
                connection.execute(e.update().where(e.c.mailbox_id == mailbox_id, e.c.folder == row.source_name).values(folder=source_name))
            values = {"source_name": source_name, "target_name": target_name}
            if target_name != row.target_name:
                values["subscribed"] = False
            connection.execute(f.update().where(f.c.id == row.id).values(**values))
        folder_intents.forget_in(ledger, connection, mailbox_id, [target_name for _row, _source_name, target_name in renames])


def drop_folder(ledger: Ledger, folder_id: int) -> None:
    """Forget a folder whose items are gone on both sides."""
    t = ledger.tables
    with ledger.write() as connection:
        for table in (t.items, t.intents, t.routes):
            connection.execute(table.delete().where(table.c.folder_id == folder_id))
        connection.execute(t.folders.delete().where(t.folders.c.id == folder_id))


def items(ledger: Ledger, folder_id: int) -> list:
    t = ledger.tables.items
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.folder_id == folder_id).order_by(t.c.source_uid)).all()


def some(ledger: Ledger, folder_id: int, uids) -> dict:
    """Source UID -> row, for those of `uids` that the ledger knows."""
    found, wanted = {}, list(uids)
    with ledger.read() as connection:
        for low in range(0, len(wanted), CHUNK):
            rows = connection.execute(_statements().some, {"folder": folder_id, "uids": wanted[low:low + CHUNK]})
            found |= {row.source_uid: row for row in rows}
    return found


def at(ledger: Ledger, place) -> list:
    """Items that are at a place of the target: those of a folder's row that are in its own counterpart, or those of a Route."""
    t = ledger.tables.items
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.folder_id == place.id, t.c.route == place.route).order_by(t.c.source_uid)).all()


def _in_target_folder(ledger: Ledger, connection, mailbox_id: int, target_name: str, uidvalidity: int | None = None):
    """Which items, of whatever source folder, are in a folder of the target; with `uidvalidity`, those that are known to be in that one."""
    f, r, i = ledger.tables.folders, ledger.tables.routes, ledger.tables.items
    own = sa.select(f.c.id, sa.null().label("route"), f.c.target_uidvalidity).where(f.c.mailbox_id == mailbox_id, f.c.target_name == target_name)
    sent = sa.select(f.c.id, r.c.id, r.c.target_uidvalidity).join(r, r.c.folder_id == f.c.id).where(
        f.c.mailbox_id == mailbox_id, r.c.target_name == target_name
    )
    places = [place for statement in (own, sent) for place in connection.execute(statement) if uidvalidity in (None, place[2])]
    return sa.or_(sa.false(), *(sa.and_(i.c.folder_id == folder, i.c.route == route) for folder, route, _uidvalidity in places))


def with_content(ledger: Ledger, mailbox_id: int, target_name: str, hashes) -> set[bytes]:
    """Those of `hashes` that an item in a folder of the target has."""
    t, found, wanted = ledger.tables.items, set(), list(hashes)
    with ledger.read() as connection:
        there = _in_target_folder(ledger, connection, mailbox_id, target_name)
        for low in range(0, len(wanted), CHUNK):
            rows = connection.execute(sa.select(t.c.sha256).where(there, t.c.sha256.in_(wanted[low:low + CHUNK])))
            found |= {bytes(row[0]) for row in rows}
    return found


def unproved(ledger: Ledger, place, after: int, most: int) -> list:
    """Up to `most` items at a place (see `at`), in the order of their source UIDs and beyond `after`, whose content at the target nobody has
    read back so far."""
    with ledger.read() as connection:
        return connection.execute(_statements().unproved, {"folder": place.id, "route": place.route, "after": after, "most": most}).all()


def unproved_places(ledger: Ledger, mailbox_id: int) -> set[tuple]:
    """(folder's id, route) of the places of a mailbox that have such items."""
    f, i = ledger.tables.folders, ledger.tables.items
    with ledger.read() as connection:
        return {tuple(row) for row in connection.execute(
            sa.select(i.c.folder_id, i.c.route).distinct().join(f, i.c.folder_id == f.c.id)
            .where(f.c.mailbox_id == mailbox_id, i.c.target_uid.is_not(None), i.c.proved_uid.is_distinct_from(i.c.target_uid))
        )}


def prove(ledger: Ledger, folder_id: int, pairs: dict[int, int]) -> None:
    """Source UID -> the target UID under which the content was read back, and was right."""
    if pairs:
        with ledger.write() as connection:
            connection.execute(_statements().prove, [{"folder": folder_id, "uid": uid, "at": at} for uid, at in pairs.items()])


def target_uids(ledger: Ledger, mailbox_id: int, target_name: str, uidvalidity: int | None = None) -> array.array:
    """UIDs of a folder of the target under which items are there. With `uidvalidity`, those of which the ledger knows that they are of it."""
    t = ledger.tables.items
    found = array.array("q")
    with ledger.read() as connection:
        there = _in_target_folder(ledger, connection, mailbox_id, target_name, uidvalidity)
        for rows in connection.execute(sa.select(t.c.target_uid).where(there, t.c.target_uid.is_not(None))).partitions(5000):
            found.extend(row[0] for row in rows)
    return found


def uids(ledger: Ledger, folder_id: int, between: tuple[int, int] | None = None) -> array.array:
    """Source UIDs of a folder in their order, all or from the lowest to the highest of `between`: many, so as numbers only."""
    statement, values = _statements().uids, {"folder": folder_id}
    if between:
        statement, values = _statements().uids_between, values | {"low": between[0], "high": between[1]}
    found = array.array("q")
    with ledger.read() as connection:
        for rows in connection.execute(statement, values).partitions(5000):
            found.extend(row[0] for row in rows)
    return found


def flags(ledger: Ledger, folder_id: int, low: int, high: int) -> dict[int, tuple[str, ...]]:
    """Source UID -> flags as the ledger knows them, from `low` to `high`."""
    t = ledger.tables.items
    with ledger.read() as connection:
        rows = connection.execute(sa.select(t.c.source_uid, t.c.flags).where(t.c.folder_id == folder_id, t.c.source_uid.between(low, high)))
        return {uid: flag_rules.parted(text) for uid, text in rows}


def count_in(ledger: Ledger, folder_id: int) -> int:
    with ledger.read() as connection:
        return connection.execute(_statements().count_in, {"folder": folder_id}).scalar_one()


def count(ledger: Ledger, mailbox_id: int) -> int:
    """Messages that the ledger knows of a mailbox."""
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(t.items).join(t.folders, t.items.c.folder_id == t.folders.c.id)
            .where(t.folders.c.mailbox_id == mailbox_id)
        ).scalar_one()


@dataclasses.dataclass(frozen=True)
class Underway:
    """A message of an intent, in the words of items."""

    source_uid: int
    sha256: bytes
    size: int
    flags: str
    internal_date: str
    source_sha256: bytes | None = None

    def told(self) -> list:
        """As an intent keeps it; `heard` undoes it."""
        told = [self.source_uid, self.sha256.hex(), self.size, self.flags, self.internal_date]
        return told if self.source_sha256 is None else [*told, self.source_sha256.hex()]

    @classmethod
    def heard(cls, told: list) -> Underway:
        uid, sha256, size, flags_, date, *filtered = told
        return cls(uid, bytes.fromhex(sha256), size, flags_, date, *map(bytes.fromhex, filtered))


@dataclasses.dataclass(frozen=True)
class Intent:
    id: int
    target_uidvalidity: int
    target_uidnext: int
    messages: list[Underway]


def open_intents(ledger: Ledger, place) -> list[Intent]:
    """Of messages that are on their way to a place; see `at`."""
    t = ledger.tables.intents
    with ledger.read() as connection:
        rows = connection.execute(sa.select(t).where(t.c.folder_id == place.id, t.c.route == place.route).order_by(t.c.id)).all()
    return [Intent(row.id, row.target_uidvalidity, row.target_uidnext, [Underway.heard(told) for told in json.loads(row.messages)]) for row in rows]


class TakenOver(Exception):
    """Another worker, to which the lease went, has settled this intent or moves these messages itself."""


class Journal:
    """Intents and their outcome for one place (see `at`). `intend` also commits the outcome of batches before, so that a batch
    costs one commit. `owner` holds the mailbox's lease; without one nobody else can take it over."""

    def __init__(self, ledger: Ledger, place, target_uidvalidity: int, target_uidnext: int, owner: str | None = None) -> None:
        self.ledger, self.place, self.owner = ledger, place, owner
        self.target_uidvalidity, self.target_uidnext = target_uidvalidity, target_uidnext
        self._open: dict[int, list[Underway]] = {}
        self._outcomes: list[tuple[int, list[Underway], dict[int, int]]] = []

    def intend(self, messages) -> int:
        """Commit that `messages` are about to be sent; returns the intent's number. TakenOver, and nothing is to be sent, when the
        lease is another worker's."""
        underway = [Underway(m.uid, m.sha256, len(m.body), " ".join(m.flags), m.internal_date, m.source_sha256) for m in messages]
        with self.ledger.write() as connection:
            if self.owner and connection.execute(_statements().leased, {"folder": self.place.id, "owner": self.owner}).first() is None:
                raise TakenOver
            self._write_outcomes(connection)
            intent = connection.execute(
                _statements().intend,
                {
                    "folder_id": self.place.id,
                    "route": self.place.route,
                    "target_uidvalidity": self.target_uidvalidity,
                    "target_uidnext": self.target_uidnext,
                    "messages": json.dumps([m.told() for m in underway]),
                    "created_at": time.time(),
                },
            ).inserted_primary_key[0]
        self._open[intent] = underway
        return intent

    def settled(self, intent: int, target_uids: dict[int, int]) -> None:
        """Remember where the target put the batch (source UID -> target UID); committed by the next `intend` or `flush`.

        What of the intent is not in `target_uids` was not accepted: it is forgotten, not lost, because the source still lists it.
        """
        self._outcomes.append((intent, self._open.pop(intent), target_uids))
        if target_uids:
            self.target_uidnext = max(self.target_uidnext, max(target_uids.values()) + 1)

    def flush(self) -> None:
        if self._outcomes:
            with self.ledger.write() as connection:
                self._write_outcomes(connection)

    def disowned(self) -> list[int]:
        """After TakenOver: target UIDs of what this worker sent and another one does not count as moved. Each outcome is
        committed alone where nobody else has closed its intent; what is closed has been decided by the other worker."""
        t, rest = self.ledger.tables.items, []
        for intent, underway, target_uids in self._outcomes:
            try:
                with self.ledger.write() as connection:
                    settle_intent(self.ledger, connection, self.place, intent, underway, target_uids)
            except TakenOver:
                rest += target_uids.values()
        self._outcomes = []
        with self.ledger.read() as connection:
            adopted = set(connection.execute(
                sa.select(t.c.target_uid).where(t.c.folder_id == self.place.id, t.c.route == self.place.route, t.c.target_uid.in_(rest))
            ).scalars())
        return sorted(set(rest) - adopted)

    def _write_outcomes(self, connection) -> None:
        for intent, underway, target_uids in self._outcomes:
            settle_intent(self.ledger, connection, self.place, intent, underway, target_uids)
        self._outcomes = []


def settle_intent(ledger: Ledger, connection, place, intent: int, underway, target_uids: dict[int, int]) -> None:
    """Close an intent: of `underway`, those in `target_uids` are at the target, the others are not. TakenOver when it is closed
    already, or another worker has moved the same."""
    t = ledger.tables.intents
    if not connection.execute(t.delete().where(t.c.id == intent)).rowcount:
        raise TakenOver
    rows = [
        (place.id, m.source_uid, m.sha256, m.size, m.flags, m.internal_date, target_uids[m.source_uid])
        for m in underway if m.source_uid in target_uids
    ]
    filtered = {m.source_uid: m.source_sha256 for m in underway if place.route or m.source_sha256}
    try:
        ledger.many(connection, _statements().add, COLUMNS, [row for row in rows if row[1] not in filtered] if filtered else rows)
        if filtered:
            ledger.many(connection, _statements().add_filtered, FILTERED, [
                (*row, filtered[row[1]], place.route) for row in rows if row[1] in filtered
            ])
    except sa.exc.IntegrityError as error:
        raise TakenOver from error


def in_step(ledger: Ledger, folder_id: int, state, vanished=()) -> None:
    """The ledger reflects the source's folder as it was in `state`; what `vanished` since the last time is forgotten with it."""
    with ledger.write() as connection:
        if vanished:
            connection.execute(_statements().forget, [{"folder": folder_id, "uid": uid} for uid in vanished])
        connection.execute(
            _statements().in_step, {"folder": folder_id, "uidnext": state.uidnext, "messages": state.messages, "modseq": state.modseq},
        )


def set_flags(ledger: Ledger, folder_id: int, flags: dict[int, tuple[str, ...]]) -> None:
    with ledger.write() as connection:
        connection.execute(_statements().set_flags, [{"folder": folder_id, "uid": uid, "to": " ".join(names)} for uid, names in flags.items()])


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


def replace_at(ledger: Ledger, place, rows: list[dict], target_uidvalidity: int) -> None:
    """The same for a place (see `at`) of which the target has another folder now; what is on its way there is still to be found. The source is
    then looked at in full. TakenOver when another worker has done so meanwhile: `rows` were found without what it knows."""
    t = ledger.tables
    folder = t.folders.update().where(t.folders.c.id == place.id)
    table, number = (t.routes, place.route) if place.route else (t.folders, place.id)
    first = table.update().where(table.c.id == number, table.c.target_uidvalidity.is_not_distinct_from(place.target_uidvalidity))
    with ledger.write() as connection:
        if not connection.execute(first.values(target_uidvalidity=target_uidvalidity)).rowcount:
            raise TakenOver
        connection.execute(t.items.delete().where(t.items.c.folder_id == place.id, t.items.c.route == place.route))
        if rows:
            connection.execute(t.items.insert(), rows)
        connection.execute(folder.values(source_modseq=None))


def set_subscribed(ledger: Ledger, folder_ids: list[int], wanted: bool | None) -> None:
    """`wanted`: None before it is changed at the target, then what it is."""
    t = ledger.tables.folders
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.id.in_(folder_ids)).values(subscribed=wanted))


def rekey(ledger: Ledger, folder_id: int, pairs: dict[int, int]) -> None:
    """Source UID -> the new UID under which the source now lists the same message."""
    t = ledger.tables.items
    with ledger.write() as connection:
        connection.execute(
            t.update().where(t.c.folder_id == folder_id, t.c.source_uid == sa.bindparam("before")).values(source_uid=sa.bindparam("now")),
            [{"before": before, "now": now} for before, now in pairs.items()],
        )


def add_missing(ledger: Ledger, folder_id: int, messages) -> None:
    """Messages that the source has and the target's user has removed: known, and not sent again."""
    with ledger.write() as connection:
        connection.execute(ledger.tables.items.insert(), [
            {
                "folder_id": folder_id, "source_uid": message.uid, "sha256": message.sha256, "size": len(message.body),
                "flags": " ".join(message.flags), "internal_date": message.internal_date, "target_uid": None,
                "source_sha256": message.source_sha256,
            }
            for message in messages
        ])


def rehouse(ledger: Ledger, row, place, uid: int, internal_date: str) -> None:
    """An item at a Route moved to another folder of the source: it stays where it is at the target, under `place`, which is the Route of that
    folder to there. TakenOver when it is not as in `row` any more."""
    t = ledger.tables.items
    with ledger.write() as connection:
        try:
            done = connection.execute(
                t.update().where(t.c.folder_id == row.folder_id, t.c.source_uid == row.source_uid, t.c.route == row.route)
                .values(folder_id=place.id, source_uid=uid, route=place.route, internal_date=internal_date)
            ).rowcount
        except sa.exc.IntegrityError as error:
            raise TakenOver from error
        if not done:
            raise TakenOver
