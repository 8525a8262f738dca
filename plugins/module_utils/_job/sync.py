# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Later passes: bring over what changed since, again and again, until little changes between two rounds."""

from __future__ import annotations

import dataclasses
import uuid

from .._filter import registry as filters
from .._ledger import passes
from .._ledger.store import open_ledger
from . import copy, preview, workers
from .plan import from_params


def sync(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_sync; see its RETURN.

    The rounds of one call are named `<round>.1`, `<round>.2`, ...; which one is on is read from the ledger, so that several
    stations, and a call that was stopped and started again, carry on with the same one.
    """
    series = params.get("round") or f"sync-{uuid.uuid4().hex[:12]}"
    settings = {key: params[key] for key in ("deletions", "on_foreign", "on_emptied", "order")}
    plan = from_params("sync", dict(params, round=f"{series}.1"), settings)
    filters.prove(plan.servers.values())
    if check_mode:
        return preview.preview(plan)
    ledger = copy.register(plan)
    if params["only_failed"]:
        plan = copy.failed_only(ledger, plan)
    total, fresh, number, proved = workers.Counts(), 0, 1, False
    try:
        while True:
            number = max(number, _number(passes.last_round(ledger, f"{series}.", plan.names)))
            plan = dataclasses.replace(plan, round=f"{series}.{number}")
            outcome = {"counts": workers.Counts(), "fresh": 0, "error": None}
            if plan.names and copy.open_mailboxes(ledger, plan):
                if not proved:
                    workers.preflight(ledger, plan)
                    proved = True
                ledger.close()
                outcome = workers.run(plan, copy.one_pass)
                ledger = open_ledger(plan.ledger, plan.migration)
            total.add(outcome["counts"])
            fresh += outcome["fresh"]
            result = copy.summary(ledger, plan, dict(outcome, counts=total, fresh=fresh))
            delta = _delta(ledger, plan)
            small = delta["new"] + delta["flags"] + delta["moved"] + delta["deleted"] + delta["other_items"] <= params["remaining"]
            last = outcome["error"] or result["mailboxes"]["failed"] or small or number >= params["max_rounds"]
            if not result["finished"] or last:
                break
            number += 1
        result["report_path"] = copy.write_states(ledger, plan, params.get("report_path")) if result["finished"] else None
    finally:
        ledger.close()
    result |= {"rounds": number, "delta": delta, "delta_is_small": small}
    copy.problems(result, outcome, params["fail_on_exceptions"])
    return result


def _number(round_: str | None) -> int:
    return int(round_.rpartition(".")[2]) if round_ else 1


def _delta(ledger, plan) -> dict:
    """What the round found changed: its size tells how much the next one would find."""
    rows = passes.sums(ledger, "sync", plan.round, plan.names)
    return {
        "new": sum(int(row.messages) for row in rows),
        "flags": sum(int(row.flags) for row in rows),
        "moved": sum(int(row.moved) for row in rows),
        "other_items": sum(int(row.items) for row in rows),
        "deleted": sum(int(row.deleted) for row in rows),
        "bytes": sum(int(row.bytes) for row in rows),
        "seconds": round(max((row.last for row in rows), default=0) - min((row.first for row in rows), default=0), 1),
    }
