# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the ledger knows: totals for a result, everything for a report file."""

from __future__ import annotations

import collections

from .._ledger import exceptions, mailboxes, passes, records
from .._ledger.store import NoLedger, open_ledger
from .._model.folder_names import decoded
from .._model.reasons import EXPLAINED
from .kinds import kinds
from .live import live
from .report_file import write

NEWEST_PASSES = 200
KEYS = ("mailboxes", "copied", "synced", "verified", "perfect", "failed", "messages", "bytes", "exceptions_open", "exceptions_approved")


def ledger_info(params: dict) -> dict:
    """The module ledger_info; see its RETURN. Without a ledger all counts are zero, and the report is empty."""
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger:
        totals = dict.fromkeys(KEYS, 0)
        # Else a report of earlier times would be taken for what is known now.
        path = write(params.get("report_path"), {
            "migration": params["migration"], "generated_from": 0, "servers": [], "totals": totals,
            **{name: [] for name in ("mailboxes", "exceptions", "kinds", "live", "records", "passes")},
        })
        return {"changed": False, "exists": False, "migration": params["migration"], "servers": [], "totals": totals,
                "exceptions_open": 0, "exceptions_approved": 0, "records": {}, "report_path": path}
    try:
        return _info(ledger, params)
    finally:
        ledger.close()


def _info(ledger, params: dict) -> dict:
    boxes = mailboxes.listed(ledger)
    odd = exceptions.listed(ledger)
    kept = records.listed(ledger)
    moved = _moved(ledger)
    per_mailbox: dict[int, collections.Counter] = collections.defaultdict(collections.Counter)
    for row in odd:
        per_mailbox[row.mailbox_id][row.state] += 1
    servers, rates = [], passes.copy_rates(ledger)
    for name in sorted({row.server for row in boxes}):
        mine = [row for row in boxes if row.server == name]
        servers.append({
            "server": name,
            **_counts(mine, moved, per_mailbox),
            "source_messages": sum(row.source_messages for row in mine),
            "source_bytes": sum(row.source_bytes for row in mine),
            "messages_per_second": round(rates.get(name, 0.0), 1),
        })
    totals = _counts(boxes, moved, per_mailbox)
    content = None
    if params.get("report_path"):
        content = _report(ledger, params["migration"], servers, totals, boxes, moved, per_mailbox, odd, kept)
    return {
        "changed": False,
        "exists": True,
        "migration": params["migration"],
        "servers": servers,
        "totals": totals,
        "exceptions_open": totals["exceptions_open"],
        "exceptions_approved": totals["exceptions_approved"],
        "records": dict(collections.Counter(row.kind for row in kept)),
        "report_path": write(params.get("report_path"), content) if content else None,
    }


def _moved(ledger) -> dict[int, tuple[int, int]]:
    """Mailbox id -> messages and bytes that are at the target now."""
    return {row.mailbox_id: (int(row.messages), int(row.bytes)) for row in passes.at_target(ledger)}


def _counts(rows, moved, per_mailbox) -> dict:
    return {
        "mailboxes": len(rows),
        "copied": sum(row.copied_at is not None for row in rows),
        "synced": sum(row.synced_at is not None for row in rows),
        "verified": sum(row.verified_at is not None for row in rows),
        "perfect": sum(row.grade == "perfect" for row in rows),
        "failed": sum(row.failure is not None for row in rows),
        "messages": sum(moved.get(row.id, (0, 0))[0] for row in rows),
        "bytes": sum(moved.get(row.id, (0, 0))[1] for row in rows),
        "exceptions_open": sum(per_mailbox[row.id]["open"] for row in rows),
        "exceptions_approved": sum(per_mailbox[row.id]["approved"] for row in rows),
    }


def _report(ledger, migration, servers, totals, boxes, moved, per_mailbox, odd, kept) -> dict:
    newest = passes.newest(ledger, NEWEST_PASSES)
    last_pass = passes.last_ended(ledger)
    return {
        "migration": migration,
        # The report says the same as long as the ledger does: no clock of its own.
        "generated_from": max([*last_pass.values(), *(row.created_at for row in kept), 0]),
        "servers": servers,
        "totals": totals,
        "mailboxes": [
            {
                "server": row.server, "name": row.name, "target": row.target, "wave": row.wave, "state": state(row),
                "messages": moved.get(row.id, (0, 0))[0], "bytes": moved.get(row.id, (0, 0))[1],
                "exceptions": per_mailbox[row.id]["open"] + per_mailbox[row.id]["approved"],
                "last_pass": last_pass.get(row.id), "grade": row.grade, "failure": row.failure,
            }
            for row in boxes
        ],
        "exceptions": [
            {
                "server": row.server, "mailbox": row.mailbox, "folder": decoded(row.folder), "uid": row.source_uid,
                "sha256": row.sha256.hex() if row.sha256 else "", "reason": row.reason, "explained": EXPLAINED.get(row.reason, ""),
                "detail": row.detail, "state": row.state, "approved_by": row.approved_by,
            }
            for row in odd
        ],
        "kinds": kinds(ledger, boxes, moved, odd, kept),
        "live": live(ledger, [server["server"] for server in servers]),
        "records": [records.as_dict(row) for row in kept],
        "passes": [
            {
                "server": row.server, "mailbox": row.mailbox, "kind": row.kind, "started": row.started_at, "seconds": round(row.seconds, 2),
                "messages": row.messages, "bytes": row.bytes, "flags": row.flags, "deleted": row.deleted, "finished": row.finished,
            }
            for row in newest
        ],
    }


def state(row) -> str:
    """The word that tells how far a mailbox is."""
    if row.failure is not None:
        return "failed"
    for name, at in (("verified", row.verified_at), ("synced", row.synced_at), ("copied", row.copied_at)):
        if at is not None:
            return name
    return "waiting"
