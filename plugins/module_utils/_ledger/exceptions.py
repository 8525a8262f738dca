# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Exceptions: what could not be moved as it was. Open until it was moved after all, or approved by name."""

from __future__ import annotations

import time

from .._libraries import sqlalchemy as sa
from .mailboxes import chosen
from .store import Ledger


def raise_exception(ledger: Ledger, mailbox_id: int, folder: str, uid: int, reason: str, detail: str, sha256: bytes | None = None) -> None:
    """Once per message and reason: a later pass that meets it again only renews the detail."""
    t = ledger.tables.exceptions
    same = sa.and_(t.c.mailbox_id == mailbox_id, t.c.folder == folder, t.c.source_uid == uid, t.c.reason == reason)
    with ledger.write() as connection:
        row = connection.execute(sa.select(t.c.id, t.c.state).where(same)).first()
        if row is None:
            connection.execute(
                t.insert().values(
                    mailbox_id=mailbox_id, folder=folder, source_uid=uid, reason=reason, detail=detail[:500], sha256=sha256,
                    state="open", created_at=time.time(),
                )
            )
        elif row.state != "approved":
            connection.execute(t.update().where(t.c.id == row.id).values(state="open", detail=detail[:500], sha256=sha256))


def raise_each(ledger: Ledger, mailbox_id: int, folder: str, reason: str, found: dict[int, tuple[str, bytes]]) -> None:
    """The same for many messages of a folder: `found` has detail and SHA-256 by UID."""
    t = ledger.tables.exceptions
    about = sa.and_(t.c.mailbox_id == mailbox_id, t.c.folder == folder, t.c.reason == reason)
    with ledger.write() as connection:
        known = {row.source_uid: row for row in connection.execute(sa.select(t.c.source_uid, t.c.id, t.c.state).where(about))}
        again = [known[uid].id for uid in found if uid in known and known[uid].state == "resolved"]
        for low in range(0, len(again), 500):
            connection.execute(t.update().where(t.c.id.in_(again[low:low + 500])).values(state="open"))
        new = [
            {
                "mailbox_id": mailbox_id, "folder": folder, "source_uid": uid, "reason": reason, "detail": detail[:500], "sha256": sha256,
                "state": "open", "created_at": time.time(),
            }
            for uid, (detail, sha256) in found.items() if uid not in known
        ]
        if new:
            connection.execute(t.insert(), new)


def note_approved(ledger: Ledger, mailbox_id: int, folder: str, reason: str, detail: str, approved_by: str) -> None:
    """What is left out by a rule that the scope of work states: it is told, and asks nothing more of anybody."""
    raise_exception(ledger, mailbox_id, folder, 0, reason, detail)
    t = ledger.tables.exceptions
    about = sa.and_(t.c.mailbox_id == mailbox_id, t.c.folder == folder, t.c.source_uid == 0, t.c.reason == reason, t.c.state == "open")
    with ledger.write() as connection:
        connection.execute(t.update().where(about).values(state="approved", approved_by=approved_by, approved_at=time.time()))


def leave_out(ledger: Ledger, mailbox_id: int, folder: str, left_out: list[tuple[int, str, bytes]], reason: str, approved_by: str) -> None:
    """Messages of a folder that a rule leaves out: number, the rule's words and SHA-256 of each. Whoever made the rule has approved of it."""
    t, now = ledger.tables.exceptions, time.time()
    same = sa.and_(t.c.mailbox_id == mailbox_id, t.c.folder == folder, t.c.source_uid == sa.bindparam("uid"), t.c.reason == reason)
    with ledger.write() as connection:
        connection.execute(t.delete().where(same), [{"uid": uid} for uid, _words, _sha256 in left_out])
        connection.execute(t.insert(), [
            {
                "mailbox_id": mailbox_id, "folder": folder, "source_uid": uid, "reason": reason, "detail": words[:500], "sha256": sha256,
                "state": "approved", "approved_by": approved_by, "approved_at": now, "created_at": now,
            }
            for uid, words, sha256 in left_out
        ])


def resolve(ledger: Ledger, mailbox_id: int, folder: str | None = None, uids=None, reasons=None, states=("open",)) -> None:
    """Close what is no longer so: these messages of a folder, a whole folder, or everything of a mailbox."""
    t = ledger.tables.exceptions
    where = [t.c.mailbox_id == mailbox_id, t.c.state.in_(states)]
    if folder is not None:
        where.append(t.c.folder == folder)
    if uids is not None:
        where.append(t.c.source_uid.in_(list(uids)))
    if reasons is not None:
        where.append(t.c.reason.in_(list(reasons)))
    with ledger.write() as connection:
        connection.execute(t.update().where(*where).values(state="resolved"))


def rekey(ledger: Ledger, mailbox_id: int, folder: str, pairs: dict[int, int]) -> None:
    """Source UID -> the new UID of the same message: what was said of it, and approved, goes on to be about it."""
    t = ledger.tables.exceptions
    about = sa.and_(t.c.mailbox_id == mailbox_id, t.c.folder == folder)
    with ledger.write() as connection:
        known = set(connection.execute(sa.select(t.c.source_uid).where(about, t.c.source_uid > 0)).scalars())
        changed = {before: now for before, now in pairs.items() if before in known and before != now}
        # What is settled for good may stand under a number that is given anew.
        connection.execute(t.delete().where(about, t.c.state == "resolved", t.c.source_uid.in_(list(changed.values()))))
        # By way of negative numbers: a new UID may be another message's old one.
        for sign, numbers in ((-1, changed), (1, {-before: now for before, now in changed.items()})):
            for before, now in numbers.items():
                connection.execute(t.update().where(about, t.c.source_uid == before).values(source_uid=-before if sign < 0 else now))


def unresolved(ledger: Ledger, mailbox_id: int) -> list:
    t = ledger.tables.exceptions
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(t.c.mailbox_id == mailbox_id, t.c.state != "resolved").order_by(t.c.id)).all()


def approve(ledger: Ledger, ids, approved_by: str) -> int:
    """Returns how many were open and are approved now."""
    t = ledger.tables.exceptions
    with ledger.write() as connection:
        return connection.execute(
            t.update()
            .where(t.c.id.in_(list(ids)), t.c.state == "open")
            .values(state="approved", approved_by=approved_by, approved_at=time.time())
        ).rowcount


def listed(ledger: Ledger, names=None) -> list:
    """Unresolved exceptions with the server and the name of their mailbox."""
    t = ledger.tables
    with ledger.read() as connection:
        return connection.execute(
            sa.select(t.exceptions, t.mailboxes.c.server, t.mailboxes.c.name.label("mailbox"))
            .join(t.mailboxes, t.mailboxes.c.id == t.exceptions.c.mailbox_id)
            .where(t.exceptions.c.state != "resolved", chosen(ledger, names))
            .order_by(t.mailboxes.c.server, t.mailboxes.c.name, t.exceptions.c.id)
        ).all()
