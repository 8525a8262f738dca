# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Passes over mailboxes: counts, bytes, seconds; the basis of progress, rates and estimates."""

from __future__ import annotations

import collections

from .._libraries import sqlalchemy as sa
from .mailboxes import chosen, open_in_round
from .store import Ledger


def update(ledger: Ledger, pass_id: int, **values) -> None:
    t = ledger.tables.passes
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.id == pass_id).values(**values))


def begun(ledger: Ledger, round_: str) -> bool:
    """Whether anybody has worked in this round."""
    t = ledger.tables.passes
    with ledger.read() as connection:
        return connection.execute(sa.select(t.c.id).where(t.c.round == round_).limit(1)).first() is not None


def sums(ledger: Ledger, kind: str | None, round_: str | None, names=None) -> list:
    """Per source server: messages, bytes, flags, deleted, folders, busy seconds, and the wall time from first to last."""
    t = ledger.tables
    where = [chosen(ledger, names)]
    if kind is not None:
        where.append(t.passes.c.kind == kind)
    if round_ is not None:
        where.append(t.passes.c.round == round_)
    columns = [sa.func.coalesce(sa.func.sum(t.passes.c[name]), 0).label(name) for name in
               ("messages", "bytes", "flags", "deleted", "folders", "moved", "items", "seconds")]
    with ledger.read() as connection:
        return connection.execute(
            sa.select(
                t.mailboxes.c.server, *columns, sa.func.min(t.passes.c.started_at).label("first"),
                sa.func.max(t.passes.c.started_at + t.passes.c.seconds).label("last"),
            )
            .join(t.passes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .where(*where)
            .group_by(t.mailboxes.c.server)
            .order_by(t.mailboxes.c.server)
        ).all()


def copy_rates(ledger: Ledger) -> dict[str, float]:
    """Source server -> messages per second of its first passes, over the time that rounds of them took; the days between
    two rounds do not count."""
    t = ledger.tables
    with ledger.read() as connection:
        rounds = connection.execute(
            sa.select(
                t.mailboxes.c.server, sa.func.sum(t.passes.c.messages),
                sa.func.max(t.passes.c.started_at + t.passes.c.seconds) - sa.func.min(t.passes.c.started_at),
            )
            .join(t.passes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .where(t.passes.c.kind == "copy")
            .group_by(t.mailboxes.c.server, t.passes.c.round)
        ).all()
    messages: dict[str, float] = collections.Counter()
    seconds: dict[str, float] = collections.Counter()
    for server, moved, took in rounds:
        messages[server] += float(moved)
        seconds[server] += float(took)
    return {server: messages[server] / seconds[server] for server in messages if seconds[server] > 0}


def counts(ledger: Ledger, kind: str, round_: str, names=None) -> list:
    """Per source server: mailboxes chosen, still open in the round, failed in it, and what they hold at the source."""
    t = ledger.tables.mailboxes
    still_open = open_in_round(ledger, kind, round_)
    with ledger.read() as connection:
        return connection.execute(
            sa.select(
                t.c.server,
                sa.func.count().label("mailboxes"),
                sa.func.sum(sa.case((still_open, 1), else_=0)).label("open"),
                sa.func.sum(sa.case((sa.and_(t.c.failure.is_not(None), sa.true() if not round_ else t.c.round == round_), 1), else_=0)).label("failed"),
                sa.func.sum(t.c.source_messages).label("messages"),
                sa.func.sum(t.c.source_bytes).label("bytes"),
            )
            .where(chosen(ledger, names))
            .group_by(t.c.server)
            .order_by(t.c.server)
        ).all()


def last_round(ledger: Ledger, prefix: str, names=None) -> str | None:
    """The newest round whose name starts with `prefix`."""
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(t.passes.c.round)
            .join(t.mailboxes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .where(t.passes.c.round.startswith(prefix, autoescape=True), chosen(ledger, names))
            .order_by(t.passes.c.id.desc())
            .limit(1)
        ).scalar_one_or_none()


def newest(ledger: Ledger, limit: int) -> list:
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(t.passes, t.mailboxes.c.server, t.mailboxes.c.name.label("mailbox"))
            .join(t.mailboxes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .order_by(t.passes.c.id.desc())
            .limit(limit)
        ).all()


def last_ended(ledger: Ledger) -> dict[int, float]:
    """Mailbox id -> when its last pass ended."""
    t = ledger.tables.passes
    with ledger.read() as connection:
        return dict(connection.execute(sa.select(t.c.mailbox_id, sa.func.max(t.c.started_at + t.c.seconds)).group_by(t.c.mailbox_id)).all())


def of_round(ledger: Ledger, round_: str) -> list:
    """Finished passes of a round with the server and name of their mailbox."""
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(t.passes, t.mailboxes.c.server, t.mailboxes.c.name.label("mailbox"))
            .join(t.mailboxes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .where(t.passes.c.round == round_, t.passes.c.finished)
            .order_by(t.mailboxes.c.server, t.mailboxes.c.name)
        ).all()


def measured(ledger: Ledger) -> list[dict]:
    """What test mailboxes took to move, one dict each: what an estimate can rest on. Interrupted first passes count
    together; where they found nothing yet to move, later passes have to do."""
    return _measured(ledger, "copy") or _measured(ledger, "sync")


def _measured(ledger: Ledger, kind: str) -> list[dict]:
    t = ledger.tables
    seconds, messages, amount = (sa.func.sum(t.passes.c[name]) for name in ("seconds", "messages", "bytes"))
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(seconds, messages, amount)
            .join(t.mailboxes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .where(t.passes.c.kind == kind, t.passes.c.messages > 0, t.mailboxes.c.test, t.mailboxes.c.copied_at.is_not(None))
            .group_by(t.mailboxes.c.id)
            .order_by(t.mailboxes.c.id)
            .having(sa.and_(seconds > 0, amount > 0))
        ).all()
    return [{"seconds": float(row[0]), "messages": int(row[1]), "bytes": int(row[2])} for row in rows]


def at_target(ledger: Ledger) -> list:
    """Per mailbox: messages and bytes that the ledger knows at the target."""
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(
                t.folders.c.mailbox_id, sa.func.count().label("messages"), sa.func.coalesce(sa.func.sum(t.items.c.size), 0).label("bytes")
            )
            .join(t.items, t.items.c.folder_id == t.folders.c.id)
            .where(t.items.c.target_uid.is_not(None))
            .group_by(t.folders.c.mailbox_id)
        ).all()
