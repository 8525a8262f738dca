# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The first pass over mailboxes: copy everything."""

from __future__ import annotations

import dataclasses
import time

from .._errors import MigrationError
from .._filter import registry as filters
from .._ledger import exceptions, mailboxes
from .._ledger.store import open_ledger
from .._model import reasons
from .._pace.pace import Pace
from . import preview, progress, workers
from .mailbox_pass import MailboxPass
from .overview import state
from .plan import Plan, from_params
from .report_file import write


def copy(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_copy; see its RETURN. Mailboxes that are already copied are left alone."""
    plan = from_params("copy", params, {"deletions": "keep", "on_foreign": params["on_foreign"], "order": params["order"]})
    filters.prove(plan.servers.values())
    if check_mode:
        return preview.preview(plan)
    return passes_over(plan, params["fail_on_exceptions"], params.get("report_path"), params["only_failed"])


def passes_over(plan: Plan, fail_on_exceptions: bool, report_path: str | None, only_failed: bool) -> dict:
    """Register the mailboxes, let the workers loose, and say how it went."""
    ledger = register(plan)
    if only_failed:
        plan = failed_only(ledger, plan)
    if plan.names and open_mailboxes(ledger, plan):
        workers.preflight(ledger, plan)
        ledger.close()
        outcome = workers.run(plan, one_pass)
    else:
        ledger.close()
        outcome = {"counts": workers.Counts(), "fresh": 0, "error": None}
    ledger = open_ledger(plan.ledger, plan.migration)
    result = summary(ledger, plan, outcome)
    result["report_path"] = write_states(ledger, plan, report_path) if result["finished"] else None
    ledger.close()
    problems(result, outcome, fail_on_exceptions)
    return result


def register(plan: Plan):
    """Open the ledger and write the mailboxes down; nothing has been touched before."""
    ledger = open_ledger(plan.ledger, plan.migration)
    mailboxes.register_all(ledger, [(server.name, server.mailboxes, server.protocol) for server in plan.servers.values()])
    return ledger


def failed_only(ledger, plan: Plan) -> Plan:
    """The same for those mailboxes whose last pass failed."""
    return dataclasses.replace(plan, names=tuple((row.server, row.name) for row in mailboxes.listed(ledger, plan.names) if row.failure))


def open_mailboxes(ledger, plan: Plan) -> int:
    return mailboxes.left(ledger, plan.names, plan.kind, plan.round)


def one_pass(ledger, plan: Plan, row, pulse) -> dict:
    """What a worker does with a mailbox, for copy and sync."""
    settings = dict(plan.settings, deletions=pulse.deletions(row.wave, plan.settings["deletions"]))
    messages = MailboxPass(
        ledger, row, plan.servers[row.server], plan.target, plan.mailbox(row.server, row.name), settings, pulse, pulse.pace,
    ).run()
    now = time.time()
    columns = {"copied_at": row.copied_at or now, "source_messages": messages}
    if plan.kind == "sync":
        columns["synced_at"] = now
    if pulse.counts.any():
        # What was verified before has changed since.
        columns |= {"verified_at": None, "grade": None}
    return columns


def summary(ledger, plan: Plan, outcome: dict) -> dict:
    rows = progress.rows(ledger, plan.kind, plan.round, plan.names, plan.servers)
    failed = failures(ledger, plan)
    odd = exceptions.listed(ledger, plan.names)
    counts = outcome["counts"]
    done = sum(row["mailboxes_done"] for row in rows)
    total = sum(row["mailboxes"] for row in rows)
    return {
        "changed": counts.any() or outcome["fresh"] > 0 and plan.kind == "copy",
        "finished": done == total,
        **rest(ledger, plan),
        "round": plan.round,
        "mailboxes": {"done": done - len(failed), "total": total, "failed": len(failed)},
        "messages": counts.messages,
        "bytes": counts.bytes,
        "flags": counts.flags,
        "moved": counts.moved,
        "other_items": counts.items,
        "deleted": counts.deleted,
        "folders": counts.folders,
        "skipped_by_filter": counts.skipped,
        "folders_left_out": sum(row.reason == reasons.FOLDER_NOT_MAIL for row in odd),
        "exceptions_open": sum(row.state == "open" for row in odd),
        "failures": [{"server": row.server, "mailbox": row.name, "reason": row.failure} for row in failed[:20]],
        "progress": rows,
    }


def failures(ledger, plan: Plan) -> list:
    """Mailboxes that failed in this round. Those of an earlier one are tried again, or are this kind of pass's no more."""
    return [row for row in mailboxes.listed(ledger, plan.names) if row.failure and row.round == plan.round]


def rest(ledger, plan: Plan) -> dict:
    """What has to be waited for: nothing as long as one of the servers that have mailboxes left may be read."""
    paces = [Pace(ledger, plan.servers[name]) for name in mailboxes.open_servers(ledger, plan.names, plan.kind, plan.round)]
    if not paces or not all(pace.closed() for pace in paces):
        return {"waiting_until": None, "stopped": False}
    times = [until for until in (pace.waiting_until() for pace in paces) if until is not None]
    return {"waiting_until": min(times, default=None), "stopped": all(pace.order() == "stopped" for pace in paces)}


def write_states(ledger, plan: Plan, report_path: str | None) -> str | None:
    """State of every chosen mailbox as a file."""
    rows = mailboxes.listed(ledger, plan.names)
    return write(report_path, {
        "mailboxes": [
            {"server": row.server, "name": row.name, "target": row.target, "wave": row.wave, "state": state(row), "failure": row.failure}
            for row in rows
        ]
    })


def problems(result: dict, outcome: dict, fail_on_exceptions: bool) -> None:
    """A run that left something behind does not end well, and says so once all the rest is done."""
    if outcome["error"]:
        raise MigrationError(
            f"A worker failed: {outcome['error']}", "Everything committed before stays, and what was on its way is settled by content.",
            "Correct the cause and run again.", **result,
        )
    if not result["finished"]:
        return
    failed = result["mailboxes"]["failed"]
    if failed:
        first = result["failures"][0]
        raise MigrationError(
            f"{failed} of {result['mailboxes']['total']} mailboxes failed. The first, {first['server']}/{first['mailbox']}: {first['reason']}",
            "The other mailboxes are done.", "Correct the cause and run again: only what failed is tried again.", **result,
        )
    if result["exceptions_open"] and fail_on_exceptions:
        raise MigrationError(
            f"{result['exceptions_open']} messages or folders could not be moved as they are.",
            "Everything else was moved; nothing was changed at the source.",
            "Read the exceptions in the report (module ledger_info); correct the cause and run again, or approve them by name "
            "(module mailbox_exception).", **result,
        )
