# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""When workers were busy, what they moved meanwhile, and what is left: the basis of rates and of the time that is still needed."""

from __future__ import annotations

import collections
import dataclasses

from .._libraries import sqlalchemy as sa
from .mailboxes import chosen, open_in_round
from .store import Ledger

# So many passes, and so many seconds before the last word of any of them, tell how fast it goes now.
NEWEST = 500
RECENT_SECONDS = 7200.0
# A round tells a server's speed when it moved so much, in bytes and seconds.
TELLING_BYTES, TELLING_SECONDS = 1_000_000, 2.0


@dataclasses.dataclass
class Work:
    """What was done in `seconds` in which at least one worker was busy. `held` is what the mailboxes that went through
    held in messages, and one more for each."""

    seconds: float = 0.0
    messages: int = 0
    bytes: int = 0
    mailboxes: int = 0
    held: int = 0


def recent(ledger: Ledger, server: str, kind: str, round_: str | None, names=None) -> Work:
    """The newest work of a round on one source server."""
    t = ledger.tables
    where = [t.mailboxes.c.server == server, t.passes.c.kind == kind, chosen(ledger, names)]
    if round_ is not None:
        where.append(t.passes.c.round == round_)
    rows = _newest(ledger, where)
    last = max((row.started_at + row.seconds for row in rows), default=0.0)
    rows = [row for row in rows if row.started_at + row.seconds >= last - RECENT_SECONDS]
    through = [row for row in rows if row.finished]
    return Work(
        busy_seconds(rows), sum(row.messages for row in rows),
        sum(row.bytes for row in rows), len(through), sum(row.source_messages + 1 for row in through),
    )


def best_rate(ledger: Ledger, server: str) -> float | None:
    """Bytes per second of the quickest round of first passes, None while there was none that tells."""
    t = ledger.tables
    rounds = collections.defaultdict(list)
    for row in _newest(ledger, [t.mailboxes.c.server == server, t.passes.c.kind == "copy"]):
        rounds[row.round].append(row)
    rates = []
    for rows in rounds.values():
        amount, seconds = sum(row.bytes for row in rows), busy_seconds(rows)
        if amount >= TELLING_BYTES and seconds >= TELLING_SECONDS:
            rates.append(amount / seconds)
    return max(rates, default=None)


def left(ledger: Ledger, server: str, kind: str, round_: str, names=None) -> Work:
    """What the open mailboxes of a round still hold, without what a first pass that was cut short has moved of it. What a later pass or a
    verification has to move nobody knows beforehand: `messages` and `bytes` are then 0."""
    t = ledger.tables
    still_open = sa.and_(t.mailboxes.c.server == server, chosen(ledger, names), open_in_round(ledger, kind, round_))
    total = [sa.func.coalesce(sa.func.sum(column), 0) for column in (t.mailboxes.c.source_messages, t.mailboxes.c.source_bytes)]
    moved = [sa.func.coalesce(sa.func.sum(column), 0) for column in (t.passes.c.messages, t.passes.c.bytes)]
    with ledger.read() as connection:
        messages, size, count = connection.execute(sa.select(*total, sa.func.count()).where(still_open)).one()
        if kind != "copy":
            return Work(0.0, 0, 0, count, int(messages) + count)
        done = connection.execute(
            sa.select(*moved).join(t.mailboxes, t.passes.c.mailbox_id == t.mailboxes.c.id).where(still_open, t.passes.c.kind == "copy")
        ).one()
    return Work(0.0, max(0, int(messages) - int(done[0])), max(0, int(size) - int(done[1])), count, int(messages) + count)


def busy_seconds(rows) -> float:
    """The time in which at least one of these passes was going on.

    A worker may take several mailboxes at once, and works on one after the other: a pass begins when its worker has done with
    the one before.
    """
    free: dict[str, float] = {}
    intervals = []
    for row in sorted(rows, key=lambda row: row.id):
        begin = max(row.started_at, free.get(row.worker, 0.0))
        free[row.worker] = begin + row.seconds
        intervals.append((begin, free[row.worker]))
    total, until = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def _newest(ledger: Ledger, where) -> list:
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(t.passes, t.mailboxes.c.source_messages)
            .join(t.mailboxes, t.passes.c.mailbox_id == t.mailboxes.c.id)
            .where(*where)
            .order_by(t.passes.c.id.desc())
            .limit(NEWEST)
        ).all()
