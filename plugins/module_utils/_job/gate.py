# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Gates: what earlier phases must have left in the ledger before a phase starts."""

from __future__ import annotations

import json

from .._errors import MigrationError
from .._ledger import exceptions, mailboxes, records
from .._ledger.store import NoLedger, open_ledger

# Which playbook leaves which record.
PLAYBOOKS = {
    "questionnaire": "collect_information",
    "discovery": "collect_information",
    "scope_of_work": "approve_scope",
    "environment": "prepare_environment",
    "estimate": "test_migration",
    "copy": "copy_mailboxes",
    "sync": "sync_changes",
    "cut_over_plan": "cut_over",
    "mx_before": "cut_over",
    "cut_over": "cut_over",
    "roll_back": "roll_back",
}
REACHED = {"copied": "copied_at", "synced": "synced_at", "verified": "verified_at"}
REACHED_BY = {"copied": "copy_mailboxes", "synced": "sync_changes", "verified": "cut_over"}


def gate(params: dict) -> dict:
    """The module migration_gate; see its RETURN."""
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger as error:
        _closed(params["phase"], [f"there is no ledger yet at {error}: run messaging.migration.collect_information first"])
    try:
        missing = [text for need in params["require"] for text in _record(ledger, need)]
        if params.get("mailboxes"):
            missing += _mailboxes(ledger, params["mailboxes"])
    finally:
        ledger.close()
    if missing:
        _closed(params["phase"], missing)
    return {"changed": False, "open": True}


def _closed(phase: str, missing: list[str]) -> None:
    raise MigrationError(
        f"The gate of {phase} is closed: " + "; ".join(missing) + ".", "Nothing was touched.", "Do what is missing, then run this playbook again.",
        missing=missing,
    )


def _record(ledger, need: dict) -> list[str]:
    kind, name = need["kind"], need.get("name") or ""
    title = f"{kind.replace('_', ' ')} {name}".strip()
    playbook = f"messaging.migration.{PLAYBOOKS.get(kind, 'report')}"
    row = records.latest(ledger, kind, name)
    if row is None:
        return [f"there is no {title} (run {playbook})"]
    if need.get("sha256") and need["sha256"].lower() != row.sha256:
        return [
            f"the {title} no longer matches: the recorded one has SHA-256 {row.sha256}, what is in force now {need['sha256']} "
            f"(run {playbook} and have it signed again)"
        ]
    if need.get("signed") and not row.signed_by:
        return [f"the {title} is not signed (run {playbook} with its signature)"]
    if kind == "cut_over" and row.sha256 in [json.loads(back.summary).get("cut_over") for back in records.listed(ledger, "roll_back")]:
        return [f"the {title} was taken back (run {playbook})"]
    return []


def _mailboxes(ledger, need: dict) -> list[str]:
    rows = [row for row in mailboxes.listed(ledger) if not need.get("wave") or row.wave == need["wave"]]
    state, unknown, hint = need["state"], [], "; if some of them left the inventory, name the others in mailboxes.only"
    if need.get("only") is not None:
        # Nobody waits for a mailbox that left the inventory, and one that came to it counts although nothing was done for it yet.
        only, hint = set(need["only"]), ""
        rows = [row for row in rows if f"{row.server}/{row.name}" in only]
        unknown = sorted(only - {f"{row.server}/{row.name}" for row in rows})
    if not rows and not unknown:
        return [f"the ledger knows no mailbox{' of wave ' + need['wave'] if need.get('wave') else ''} (run messaging.migration.copy_mailboxes)"]
    short = [f"{row.server}/{row.name}" for row in rows if getattr(row, REACHED[state]) is None] + unknown
    missing = []
    if short:
        missing.append(
            f"{len(short)} of {len(rows) + len(unknown)} mailboxes are not {state}, for example {', '.join(short[:3])} "
            f"(run messaging.migration.{REACHED_BY[state]}{hint})"
        )
    chosen = {row.id for row in rows}
    closing = ("open",) if need.get("approved_exceptions_ok", True) else ("open", "approved")
    held = [e for e in exceptions.listed(ledger) if e.mailbox_id in chosen and e.state in closing]
    if held:
        first = held[0]
        missing.append(
            f"{len(held)} exceptions are {' or '.join(closing)}, for example {first.server}/{first.mailbox} folder {first.folder} UID {first.source_uid}: "
            f"{first.reason} (correct and sync again, or approve by name with messaging.migration.mailbox_exception)"
        )
    return missing
