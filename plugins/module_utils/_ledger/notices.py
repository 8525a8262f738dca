# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Notices to users: which was sent, refused, or was about to be sent when its sender ended."""

from __future__ import annotations

import time

from .._libraries import sqlalchemy as sa
from .store import Ledger

SENDING, SENT, REFUSED = "sending", "sent", "refused"


def listed(ledger: Ledger, kind: str) -> dict:
    """Mailbox id -> its row."""
    t = ledger.tables.notices
    with ledger.read() as connection:
        return {row.mailbox_id: row for row in connection.execute(sa.select(t).where(t.c.kind == kind))}


def last_tried(ledger: Ledger) -> float:
    """When the last notice of any kind was tried, 0 if none was."""
    t = ledger.tables.notices
    with ledger.read() as connection:
        return connection.execute(sa.select(sa.func.max(t.c.tried_at))).scalar_one() or 0.0


def begin(ledger: Ledger, mailbox_id: int, kind: str, round_: str, message_id: str, known) -> bool:
    """Write down that it is about to be sent. `known` is the row that the caller saw, None for none; False when it is another one by now."""
    t = ledger.tables.notices
    values = {"state": SENDING, "round": round_, "message_id": message_id, "tried_at": time.time(), "reply": ""}
    try:
        with ledger.write() as connection:
            if known is None:
                connection.execute(t.insert().values(mailbox_id=mailbox_id, kind=kind, **values))
                return True
            same = sa.and_(
                t.c.mailbox_id == mailbox_id, t.c.kind == kind, t.c.state == known.state, t.c.round == known.round, t.c.message_id == known.message_id,
            )
            return connection.execute(t.update().where(same).values(**values)).rowcount == 1
    except sa.exc.IntegrityError:
        # Somebody else began between our look and now: it is theirs.
        return False


def settle(ledger: Ledger, mailbox_id: int, kind: str, state: str, reply: str = "") -> None:
    t = ledger.tables.notices
    with ledger.write() as connection:
        connection.execute(
            t.update().where(t.c.mailbox_id == mailbox_id, t.c.kind == kind)
            .values(state=state, reply=reply, sent_at=time.time() if state == SENT else None)
        )
