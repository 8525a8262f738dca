# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Records: the documents of the phases, with their SHA-256 and signature. Append only."""

from __future__ import annotations

import hashlib
import json
import time

from .._libraries import sqlalchemy as sa
from .store import Ledger


KINDS = (
    "questionnaire", "discovery", "scope_of_work", "environment", "login_form", "estimate", "copy", "sync", "rules", "rights", "cut_over_plan",
    "mx_before", "cut_over", "roll_back",
)


def canonical(content) -> str:
    """A dict as text that is the same each time: sorted keys, two spaces, UTF-8, final newline."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def sha256(document: str) -> str:
    """What `sha256sum` prints for the file that holds the document."""
    return hashlib.sha256(document.encode()).hexdigest()


def latest(ledger: Ledger, kind: str, name: str = ""):
    t = ledger.tables.records
    with ledger.read() as connection:
        return connection.execute(
            sa.select(t).where(t.c.kind == kind, t.c.name == name).order_by(t.c.id.desc()).limit(1)
        ).first()


def listed(ledger: Ledger, kind: str | None = None, name: str | None = None) -> list:
    """The latest version of each record."""
    t = ledger.tables.records
    newest = sa.select(sa.func.max(t.c.id)).group_by(t.c.kind, t.c.name)
    where = [t.c.id.in_(newest)]
    if kind is not None:
        where.append(t.c.kind == kind)
    if name is not None:
        where.append(t.c.name == name)
    with ledger.read() as connection:
        return connection.execute(sa.select(t).where(*where).order_by(t.c.id)).all()


def add(ledger: Ledger, kind: str, name: str, document: str, summary: dict) -> None:
    t = ledger.tables.records
    with ledger.write() as connection:
        connection.execute(
            t.insert().values(
                kind=kind, name=name, document=document, sha256=sha256(document), summary=json.dumps(summary, sort_keys=True),
                created_at=time.time(),
            )
        )


def sign(ledger: Ledger, record_id: int, by: str, role: str) -> None:
    t = ledger.tables.records
    with ledger.write() as connection:
        connection.execute(t.update().where(t.c.id == record_id).values(signed_by=by, signed_role=role, signed_at=time.time()))


def as_dict(row) -> dict:
    """A row as modules return it, without the document."""
    return {
        "kind": row.kind,
        "name": row.name,
        "sha256": row.sha256,
        "summary": json.loads(row.summary),
        "created_at": row.created_at,
        "signed_by": row.signed_by,
        "signed_role": row.signed_role,
        "signed_at": row.signed_at,
    }
