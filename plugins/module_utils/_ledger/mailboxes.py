# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which mailboxes there are, and who works on which: leases."""

from __future__ import annotations

import time

from .._errors import MigrationError
from .._libraries import sqlalchemy as sa
from .store import Ledger


def register(ledger: Ledger, server: str, mailboxes) -> bool:
    """Write the operator's list for one source server; True when the ledger changed.

    A target that is already taken by another mailbox is refused: two people's mail would be mixed.
    """
    t = ledger.tables.mailboxes
    with ledger.read() as connection:
        if not any(_news(connection, t, server, mailboxes)):
            return False
    try:
        with ledger.write() as connection:
            # Stations that start at the same moment bring the same list: one after the other, and looked at again.
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7203172)"))
            values, changes = _news(connection, t, server, mailboxes)
            if values:
                connection.execute(t.insert(), values)
            for row_id, wanted in changes:
                connection.execute(t.update().where(t.c.id == row_id).values(**wanted))
    except sa.exc.IntegrityError as error:
        raise MigrationError(
            f"Two mailboxes have the same target (found while registering {server}).",
            "Nothing was touched.", "Give every mailbox a target of its own in the inventory.",
        ) from error
    return bool(values or changes)


def _news(connection, t, server: str, mailboxes) -> tuple[list[dict], list[tuple[int, dict]]]:
    """Rows to add, and changes by row, that bring the ledger to the operator's list."""
    known = {row.name: row for row in connection.execute(sa.select(t).where(t.c.server == server))}
    values, changes = [], []
    for mailbox in mailboxes:
        row, wanted = known.get(mailbox.name), {"target": mailbox.target, "wave": mailbox.wave, "test": mailbox.test}
        if row is None:
            values.append({"server": server, "name": mailbox.name, **wanted})
        elif row.target != mailbox.target and row.copied_at is not None:
            raise MigrationError(
                f"Mailbox {server}/{mailbox.name} was copied to {row.target}; the inventory now says {mailbox.target}.",
                "Nothing was touched.", "Set the target back, or start a new migration with a ledger of its own.",
            )
        elif any(getattr(row, key) != value for key, value in wanted.items()):
            changes.append((row.id, wanted))
    return values, changes


def chosen(ledger: Ledger, names=None):
    """SQL condition for `names`, a list of (server, mailbox); None means all."""
    t = ledger.tables.mailboxes
    if names is None:
        return sa.true()
    return sa.tuple_(t.c.server, t.c.name).in_(list(names))


def claim(ledger: Ledger, names, kind: str, round_: str, owner: str, seconds: float, connections: dict[str, int]):
    """Lease the next mailbox that still has to go through `round_`; largest first, so that the long ones start early.

    Returns (row, others): the mailbox or None, and how many of the round's mailboxes other workers hold.
    `connections` bounds the leases per source server.
    """
    t = ledger.tables.mailboxes
    now = time.time()
    todo = sa.and_(chosen(ledger, names), open_in_round(ledger, kind, round_))
    free = t.c.lease_until < now
    with ledger.write() as connection:
        # One claim at a time, so that the bound per server holds; a claim takes a moment and comes once a mailbox.
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7203171)"))
        held = dict(
            connection.execute(sa.select(t.c.server, sa.func.count()).where(t.c.lease_until >= now).group_by(t.c.server)).all()
        )
        full = [server for server, most in connections.items() if held.get(server, 0) >= most]
        row = connection.execute(
            sa.select(t).where(todo, free, t.c.server.not_in(full)).order_by(t.c.source_bytes.desc(), t.c.id).limit(1)
        ).first()
        if row is not None:
            connection.execute(t.update().where(t.c.id == row.id).values(lease_owner=owner, lease_until=now + seconds))
        others = connection.execute(sa.select(sa.func.count()).select_from(t).where(todo)).scalar_one() - (row is not None)
    return row, others


def open_in_round(ledger: Ledger, kind: str, round_: str):
    """SQL condition: the mailbox has not been through this round. A copied mailbox needs no other first pass."""
    t = ledger.tables.mailboxes
    not_in_round = sa.or_(t.c.round.is_(None), t.c.round != round_)
    if kind == "copy":
        return sa.and_(not_in_round, t.c.copied_at.is_(None))
    return not_in_round


def keep(ledger: Ledger, mailbox_id: int, owner: str, seconds: float) -> bool:
    """Heartbeat: extend the lease; False when it was lost to another worker."""
    t = ledger.tables.mailboxes
    with ledger.write() as connection:
        done = connection.execute(
            t.update().where(t.c.id == mailbox_id, t.c.lease_owner == owner).values(lease_until=time.time() + seconds)
        )
    return done.rowcount == 1


def release(ledger: Ledger, mailbox_id: int, owner: str, **values) -> None:
    """Give the lease back; `values` are columns to set with it, such as round and copied_at."""
    t = ledger.tables.mailboxes
    with ledger.write() as connection:
        connection.execute(
            t.update().where(t.c.id == mailbox_id, t.c.lease_owner == owner).values(lease_owner=None, lease_until=0, **values)
        )


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
