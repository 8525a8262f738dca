# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The pace of each source server, shared by the workers of all stations: rates, back-off, and what steers them.

Times are those of the ledger's own clock where it is a database server, since stations' clocks differ.
"""

from __future__ import annotations

import dataclasses
import json
import time

from .._libraries import sqlalchemy as sa
from .._model.steering import longest_command
from .store import Ledger

# Steps of a back-off for which the server named no time, in seconds: 1, 2, 4 ... and no more than this.
LONGEST_STEP = 300.0
# A server that was quiet for so long after a back-off starts at the first step again, in seconds.
FORGIVEN = 600.0


@dataclasses.dataclass(frozen=True)
class State:
    """What workers need to know at each moment; `back_off` in seconds from now, `ceiling` in bytes per second or None,
    `steered` whether somebody has been watching the server's latency of late, `calendar` its windows as they were written down."""

    order: str = "running"
    back_off: float = 0.0
    ceiling: float | None = None
    steered: bool = False
    calendar: str = ""
    # How long a command of ours may keep the server from others, in seconds; None while its quiet latency is not known.
    room: float | None = None
    # What the ledger's clock is ahead of this station's, in seconds.
    ahead: float = 0.0


def state(ledger: Ledger, server: str) -> State:
    t = ledger.tables
    with ledger.read() as connection:
        row = connection.execute(sa.select(t.pace, _now(connection).label("now")).where(t.pace.c.server == server)).first()
        ordered = dict(connection.execute(sa.select(t.orders.c.server, t.orders.c.state).where(t.orders.c.server.in_(["", server]))).all())
    order = ordered.get(server) or ordered.get("") or "running"
    if row is None:
        return State(order)
    now = float(row.now)
    room = longest_command(row.baseline_p50, row.baseline_p95, row.budget, json.loads(row.steering)) if row.baseline_p50 and row.budget else None
    return State(order, max(0.0, row.back_off_until - now), row.ceiling, row.steered_until > now, row.calendar, room, now - time.time())


def book(ledger: Ledger, server: str, messages: int, size: int, message_seconds: float, byte_seconds: float) -> float:
    """Book `messages` and `size` bytes, which take so many seconds each at the rates in force. Returns seconds to wait before they
    are read.

    Each amount goes behind all that was booked before. A time in the past counts as now, so that what a stall left unused
    is not made up for by a burst.
    """
    t = ledger.tables.pace
    with ledger.write() as connection:
        now = _now(connection)
        booked = (
            t.update().where(t.c.server == server)
            .values(
                bytes_at=_later(connection, t.c.bytes_at, now) + size * byte_seconds,
                messages_at=_later(connection, t.c.messages_at, now) + messages * message_seconds,
                bytes=t.c.bytes + size,
            )
            .returning(t.c.bytes_at, t.c.messages_at, now.label("now"))
        )
        row = connection.execute(booked).first()
        if row is None:
            _make(connection, t, server)
            row = connection.execute(booked).first()
    waits = [0.0]
    # Who asks for bytes alone need not wait for the next message's turn.
    if size and byte_seconds:
        waits.append(row.bytes_at - size * byte_seconds - float(row.now))
    if messages and message_seconds:
        waits.append(row.messages_at - messages * message_seconds - float(row.now))
    return max(waits)


def back_off(ledger: Ledger, server: str, seconds: float | None, most_steps: int | None = None) -> float | None:
    """Leave the server alone for `seconds`, or for the next step if it named no time. Returns the seconds that are left of it, None where
    there were `most_steps` in a row already.

    Workers that are told at the same moment make one step of it.
    """
    t = ledger.tables.pace
    with ledger.write() as connection:
        _make(connection, t, server)
        select = sa.select(t.c.back_off_until, t.c.back_off_step, _now(connection).label("now")).where(t.c.server == server)
        row = connection.execute(select if connection.dialect.name == "sqlite" else select.with_for_update()).first()
        now, step = float(row.now), row.back_off_step
        if seconds is None:
            if row.back_off_until > now:
                return row.back_off_until - now
            step = 0 if now > row.back_off_until + FORGIVEN else step
            if most_steps is not None and step >= most_steps:
                return None
            seconds = min(LONGEST_STEP, 2.0 ** min(step, 10))
            step += 1
        until = max(row.back_off_until, now + seconds)
        connection.execute(t.update().where(t.c.server == server).values(back_off_until=until, back_off_step=step))
    return until - now


def row(ledger: Ledger, server: str):
    """The server's row, or None while there is none."""
    t = ledger.tables.pace
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.server == server)).first()


def listed(ledger: Ledger) -> list:
    t = ledger.tables.pace
    with ledger.read() as connection:
        return connection.execute(sa.select(t).order_by(t.c.server)).all()


def set_values(ledger: Ledger, server: str, **values) -> None:
    t = ledger.tables.pace
    with ledger.write() as connection:
        _make(connection, t, server)
        connection.execute(t.update().where(t.c.server == server).values(**values))


def steer(ledger: Ledger, server: str, owner: str, seconds: float) -> bool:
    """Become, or stay, the one process that steers this server for the next `seconds`. False while another one does."""
    t = ledger.tables.pace
    with ledger.write() as connection:
        _make(connection, t, server)
        now = _now(connection)
        return connection.execute(
            t.update().where(t.c.server == server, sa.or_(t.c.steered_by == owner, t.c.steered_until < now))
            .values(steered_by=owner, steered_until=now + seconds)
        ).rowcount == 1


def leave(ledger: Ledger, server: str, owner: str, trouble: str | None = None) -> None:
    """Steer no longer; what was allowed last stays written down for the next one, and so does the `trouble` that ended it."""
    t = ledger.tables.pace
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.server == server, t.c.steered_by == owner).values(steered_by=None, steered_until=0, trouble=trouble))


def readers(ledger: Ledger, server: str) -> int:
    """Mailboxes of the server that workers have now."""
    t = ledger.tables.mailboxes
    with ledger.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(t).where(t.c.server == server, t.c.lease_until > time.time())
        ).scalar_one()


def witness(ledger: Ledger, server: str, line: dict, **values) -> None:
    """Write a line of evidence, and columns of the server's row with it."""
    t = ledger.tables
    with ledger.write() as connection:
        connection.execute(t.latency.insert().values(server=server, at=time.time(), **line))
        connection.execute(t.pace.update().where(t.pace.c.server == server).values(**values))


def evidence(ledger: Ledger, server: str, since: float = 0) -> list:
    t = ledger.tables.latency
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.server == server, t.c.at >= since).order_by(t.c.id)).all()


def slow_share(ledger: Ledger, server: str) -> tuple[int, int]:
    """Of all answers while mail was read: how many were slower than the budget of their time, and how many there were."""
    t = ledger.tables.latency
    sums = [sa.func.coalesce(sa.func.sum(column), 0) for column in (t.c.over, t.c.samples)]
    with ledger.read() as connection:
        over, samples = connection.execute(sa.select(*sums).where(t.c.server == server, t.c.bytes > 0)).one()
    return int(over), int(samples)


def _make(connection, t, server: str) -> None:
    """The server's row, if it is not there yet; two stations may make it at the same moment."""
    values = {column.name: column.default.arg for column in t.columns if column.default is not None}
    dialect = sa.dialects.sqlite if connection.dialect.name == "sqlite" else sa.dialects.postgresql
    connection.execute(dialect.insert(t).values(server=server, **values).on_conflict_do_nothing())


def _now(connection):
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Float)
    return sa.literal(time.time())


def _later(connection, column, now):
    return (sa.func.greatest if connection.dialect.name == "postgresql" else sa.func.max)(column, now)
