# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which mailboxes there are, and who works on which: leases."""

from __future__ import annotations

import collections
import time

from .._errors import MigrationError
from .._libraries import sqlalchemy as sa
from .store import Ledger


def register(ledger: Ledger, server: str, mailboxes, protocol: str = "imap") -> bool:
    """Write the operator's list for one source server, which is read by `protocol`; True when the ledger changed."""
    return register_all(ledger, [(server, mailboxes, protocol)])


def register_all(ledger: Ledger, lists) -> bool:
    """The same for several servers at once, (server, mailboxes, protocol) each, so that mailboxes may move between them.

    A list has all mailboxes of its server. One that it no longer names is forgotten, unless something was done for it; servers without a list stay as
    they are. A target that is already taken by another mailbox is refused: two people's mail would be mixed.
    """
    t = ledger.tables
    with ledger.read() as connection:
        if not any(_news(connection, t, lists)):
            return False
    try:
        with ledger.write() as connection:
            # Stations that start at the same moment bring the same list: one after the other, and looked at again.
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7203172)"))
            gone, values, changes = _news(connection, t, lists)
            if gone:
                rows = [{"b_id": row_id} for row_id in gone]
                connection.execute(t.passes.delete().where(t.passes.c.mailbox_id == sa.bindparam("b_id")), rows)
                connection.execute(t.mailboxes.delete().where(t.mailboxes.c.id == sa.bindparam("b_id")), rows)
            # Two mailboxes may have swapped their targets, so all that change are freed before any is taken.
            for row, wanted in changes:
                if row.target != wanted["target"]:
                    connection.execute(t.mailboxes.update().where(t.mailboxes.c.id == row.id).values(target=f" {row.id}"))
            if values:
                connection.execute(t.mailboxes.insert(), values)
            for row, wanted in changes:
                connection.execute(t.mailboxes.update().where(t.mailboxes.c.id == row.id).values(**wanted))
    except sa.exc.IntegrityError as error:
        raise MigrationError(
            f"Two mailboxes have the same target (found while registering {', '.join(server for server, _mailboxes, _protocol in lists)}).",
            "Nothing was touched.", f"Give every mailbox a target of its own in the inventory.{_holder(ledger, lists)}",
        ) from error
    return bool(gone or values or changes)


def _news(connection, tables, lists) -> tuple[list[int], list[dict], list[tuple]]:
    """Rows to forget, rows to add, and changes by row, that bring the ledger to the operator's lists."""
    t = tables.mailboxes
    gone, values, changes = [], [], []
    for server, mailboxes, protocol in lists:
        known = {row.name: row for row in connection.execute(sa.select(t).where(t.c.server == server))}
        unnamed = known.keys() - {mailbox.name for mailbox in mailboxes}
        if unnamed:
            gone += [row.id for row in connection.execute(_untouched(tables, server)) if row.name in unnamed]
        for mailbox in mailboxes:
            row, wanted = known.get(mailbox.name), {
                "target": mailbox.target, "wave": mailbox.wave, "test": mailbox.test, "priority": mailbox.priority,
                "read_by": "pst" if mailbox.pst and not mailbox.pst_items_only else protocol,
            }
            if row is None:
                values.append({"server": server, "name": mailbox.name, **wanted})
            elif row.target != mailbox.target and row.copied_at is not None:
                raise MigrationError(
                    f"Mailbox {server}/{mailbox.name} was copied to {row.target}; the inventory now says {mailbox.target}.",
                    "Nothing was touched.", "Set the target back, or start a new migration with a ledger of its own.",
                )
            elif any(getattr(row, key) != value for key, value in wanted.items()):
                changes.append((row, wanted))
    return gone, values, changes


def _untouched(tables, server: str):
    """Query for mailboxes of the server for which nothing was done. A pass that came to no folder failed before it moved anything."""
    t = tables.mailboxes
    holding = [key.parent for table in tables.meta.sorted_tables for key in table.foreign_keys if key.column is t.c.id and table is not tables.passes]
    done = sa.or_(*(sa.exists().where(column == t.c.id) for column in holding))
    return sa.select(t.c.id, t.c.name).where(t.c.server == server, t.c.copied_at.is_(None), t.c.lease_until < time.time(), ~done)


def _holder(ledger: Ledger, lists) -> str:
    """Who holds a target in the ledger that the lists give to somebody else, and what can be done about it."""
    wanted = {mailbox.target: (server, mailbox.name) for server, mailboxes, _protocol in lists for mailbox in mailboxes}
    for row in listed(ledger):
        if wanted.get(row.target, (row.server, row.name)) != (row.server, row.name) and (row.server, row.name) not in wanted.values():
            return (
                f" In the ledger {row.target} belongs to {row.server}/{row.name}: call it that again, if its mail is there already; if that server left "
                "the inventory before anything of it was copied, name it once more with an empty list of mailboxes, which forgets them."
            )
    return ""


# More names than this are looked up once, and the statement then names numbers.
FEW = 100
# A mailbox of up to so many messages is small: a worker takes several at once, since taking one costs more than a look at it.
SMALL_MAILBOX, SMALL_TAKEN = 1000, 16


def chosen(ledger: Ledger, names=None):
    """SQL condition for `names`, a list of (server, mailbox); None means all."""
    t = ledger.tables.mailboxes
    if names is None:
        return sa.true()
    if len(names) <= FEW:
        return sa.tuple_(t.c.server, t.c.name).in_(list(names))
    if ledger.choice is None or ledger.choice[0] is not names:
        with ledger.read() as connection:
            known = {(row.server, row.name): row.id for row in connection.execute(sa.select(t.c.id, t.c.server, t.c.name))}
        ledger.choice = names, sorted(known[name] for name in names if name in known), len(known)
    _names, numbers, total = ledger.choice
    # As text: no database takes this many parameters.
    return sa.true() if len(numbers) == total else t.c.id.in_(sa.text(",".join(map(str, numbers)) or "NULL"))


def claim(ledger: Ledger, names, kind: str, round_: str, owner: str, seconds: float, connections: dict[str, int]):
    """Lease the next mailboxes that still have to go through `round_`: by priority, then largest first, so that the long ones
    start early. One, or several small ones of the same server. Each gets a pass.

    Returns (rows, others): the mailboxes with the numbers of their passes, and how many of the round's mailboxes on servers
    that may be read other workers hold. `connections` bounds the workers per source server; 0 means that it is closed.
    """
    t = ledger.tables.mailboxes
    now = time.time()
    closed = [server for server, most in connections.items() if most <= 0]
    todo = sa.and_(chosen(ledger, names), open_in_round(ledger, kind, round_), t.c.server.not_in(closed))
    free = t.c.lease_until < now
    with ledger.write() as connection:
        # One claim at a time, so that the bound per server holds; a claim takes a moment and comes once a mailbox.
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7203171)"))
        held = dict(
            connection.execute(
                sa.select(t.c.server, sa.func.count(t.c.lease_owner.distinct())).where(t.c.lease_until >= now).group_by(t.c.server)
            ).all()
        )
        full = [server for server, most in connections.items() if held.get(server, 0) >= most]
        order = (t.c.priority.desc(), t.c.source_bytes.desc(), t.c.source_messages.desc(), t.c.id)
        rows = connection.execute(sa.select(t).where(todo, free, t.c.server.not_in(full)).order_by(*order).limit(SMALL_TAKEN)).all()
        taken = _taken(rows)
        if taken:
            connection.execute(t.update().where(t.c.id.in_([row.id for row in taken])).values(lease_owner=owner, lease_until=now + seconds))
        passes = _begin_passes(ledger, connection, [
            {"mailbox_id": row.id, "kind": kind, "round": round_, "worker": owner, "started_at": now} for row in taken
        ])
        others = 0
        if not taken:
            others = connection.execute(sa.select(sa.func.count()).select_from(t).where(todo)).scalar_one()
    return list(zip(taken, passes, strict=True)), others


def _begin_passes(ledger: Ledger, connection, values: list[dict]) -> list[int]:
    if not values:
        return []
    t = ledger.tables.passes
    return list(connection.execute(t.insert().returning(t.c.id, sort_by_parameter_order=True), values).scalars())


def _taken(rows: list) -> list:
    """The first of `rows`, and those after it that are as small, of the same server. The last few are left to other workers."""
    if not rows or not 0 < rows[0].source_messages <= SMALL_MAILBOX or len(rows) < SMALL_TAKEN:
        return rows[:1]
    return [row for row in rows if row.server == rows[0].server and 0 < row.source_messages <= SMALL_MAILBOX and row.priority == rows[0].priority]


def occupation(ledger: Ledger, plan, server: str) -> tuple[int, int, int]:
    """Mailboxes of the plan's round that nobody works on yet; workers of this call that work; workers of all on `server`."""
    t = ledger.tables.mailboxes
    now = time.time()
    todo = sa.and_(chosen(ledger, plan.names), open_in_round(ledger, plan.kind, plan.round), t.c.lease_until < now)
    with ledger.read() as connection:
        free = connection.execute(sa.select(sa.func.count()).select_from(t).where(todo)).scalar_one()
        owners = connection.execute(sa.select(t.c.server, t.c.lease_owner).distinct().where(t.c.lease_until >= now)).all()
    mine = {owner for _server, owner in owners if owner.startswith(f"{plan.owner}:")}
    return free, len(mine), len({owner for name, owner in owners if name == server})


def left(ledger: Ledger, names, kind: str, round_: str) -> int:
    """Mailboxes that have not been through the round."""
    t = ledger.tables.mailboxes
    with ledger.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(t).where(chosen(ledger, names), open_in_round(ledger, kind, round_))
        ).scalar_one()


def open_servers(ledger: Ledger, names, kind: str, round_: str) -> list[str]:
    """Source servers with mailboxes that have not been through the round."""
    t = ledger.tables.mailboxes
    with ledger.read() as connection:
        where = sa.and_(chosen(ledger, names), open_in_round(ledger, kind, round_))
        return list(connection.execute(sa.select(t.c.server).distinct().where(where).order_by(t.c.server)).scalars())


def open_in_round(ledger: Ledger, kind: str, round_: str):
    """SQL condition: the mailbox has not been through this round. A copied mailbox needs no other first pass."""
    t = ledger.tables.mailboxes
    not_in_round = sa.or_(t.c.round.is_(None), t.c.round != round_)
    if kind == "copy":
        return sa.and_(not_in_round, t.c.copied_at.is_(None))
    return not_in_round


def keep(ledger: Ledger, mailbox_id: int, owner: str, seconds: float) -> bool:
    """Heartbeat: extend this worker's leases; False when that of `mailbox_id` was lost to another worker."""
    t = ledger.tables.mailboxes
    now = time.time()
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.lease_owner == owner, t.c.lease_until > 0).values(lease_until=now + seconds))
        return connection.execute(sa.select(t.c.id).where(t.c.id == mailbox_id, t.c.lease_owner == owner)).first() is not None


def close_passes(ledger: Ledger, owner: str, results: list[tuple[int, dict, int, dict]]) -> None:
    """Write down what passes came to and give their mailboxes back: (pass, its columns, mailbox, its columns) each."""
    t = ledger.tables
    passes, boxes = collections.defaultdict(list), collections.defaultdict(list)
    for number, found, mailbox_id, columns in results:
        passes[tuple(found)].append({"b_id": number, **found})
        boxes[tuple(columns)].append({"b_id": mailbox_id, **columns})
    with ledger.write() as connection:
        # Most came to the same columns: one statement for all of those.
        for names, rows in passes.items():
            connection.execute(t.passes.update().where(t.passes.c.id == sa.bindparam("b_id")).values({name: sa.bindparam(name) for name in names}), rows)
        for names, rows in boxes.items():
            mine = sa.and_(t.mailboxes.c.id == sa.bindparam("b_id"), t.mailboxes.c.lease_owner == owner)
            values = {name: sa.bindparam(name) for name in names} | {"lease_owner": None, "lease_until": 0}
            connection.execute(t.mailboxes.update().where(mine).values(values), rows)


def set_values(ledger: Ledger, mailbox_id: int, **values) -> None:
    t = ledger.tables.mailboxes
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.id == mailbox_id).values(**values))


def find(ledger: Ledger, server: str, name: str):
    t = ledger.tables.mailboxes
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.server == server, t.c.name == name)).first()


def listed(ledger: Ledger, names=None) -> list:
    t = ledger.tables.mailboxes
    with ledger.read() as connection:
        return list(connection.execute(sa.select(t).where(chosen(ledger, names)).order_by(t.c.server, t.c.name)))
