# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Verification: read the target back and hold every message against the ledger and the source."""

from __future__ import annotations

import json
import random
import time

from .._errors import MigrationError, Stopped
from .._ledger import exceptions, items, mailboxes, passes
from .._ledger.store import NoLedger, open_ledger
from .._model import flags as flag_rules
from .._model import reasons
from .._model.grade import FAULTS, GRADES, MAY_CUT_OVER, grade
from .._model.message import instant
from .._source.registry import open_source
from .._target.imap import ImapTarget
from . import copy, workers
from .plan import Plan, from_params
from .report_file import write

FINDINGS = ("checked", "missing", "doubled", "altered", "flags_differ", "dates_differ", "extra", "approved", "folders_missing", "subscriptions_differ")
EXAMPLES = 20
# Messages that are held against each other at once.
PART = 2000


def verify(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_verify; see its RETURN. Reads both sides; what it finds goes into the ledger, except in check mode."""
    plan = from_params("verify", params, {"scope": params["scope"], "sample": params["sample"], "check_mode": check_mode})
    try:
        ledger = open_ledger(plan.ledger, plan.migration, create=False)
    except NoLedger as error:
        if check_mode:
            # A copy in check mode leaves no ledger: there is nothing to verify yet.
            return {"changed": False, "finished": True, "mailboxes": 0, "differing": 0, "report_path": None,
                    **dict.fromkeys((*GRADES, *FINDINGS), 0)}
        raise MigrationError(f"There is no ledger at {error}.", "Nothing was touched.", "Copy mailboxes first.") from error
    rows = mailboxes.listed(ledger, plan.names)
    never = [f"{row.server}/{row.name}" for row in rows if row.copied_at is None]
    if (never or len(rows) < len(plan.names)) and not check_mode:
        raise MigrationError(
            f"{len(plan.names) - len(rows) + len(never)} of {len(plan.names)} mailboxes were never copied, for example "
            f"{(never or ['(not in the ledger)'])[0]}.", "Nothing was touched.", "Copy them first (module mailbox_copy).",
        )
    if check_mode:
        results = [dict(one_mailbox(ledger, plan, row, _Quiet()), server=row.server, mailbox=row.name) for row in rows if row.copied_at]
        ledger.close()
        return _result(plan, results, params, finished=True)
    workers.preflight(plan)
    ledger.close()
    outcome = workers.run(plan, _one_pass)
    ledger = open_ledger(plan.ledger, plan.migration)
    finished = not copy.open_mailboxes(ledger, plan)
    results = [dict(json.loads(row.findings), server=row.server, mailbox=row.mailbox) for row in passes.of_round(ledger, plan.round) if row.findings]
    result = _result(plan, results, params, finished)
    result["failures"] = [{"server": r.server, "mailbox": r.name, "reason": r.failure} for r in mailboxes.listed(ledger, plan.names) if r.failure][:20]
    ledger.close()
    if outcome["error"] or result["failures"]:
        why = outcome["error"] or f"{result['failures'][0]['server']}/{result['failures'][0]['mailbox']}: {result['failures'][0]['reason']}"
        raise MigrationError(f"Not all mailboxes could be verified: {why}", "Nothing was changed.", "Correct the cause and run again.", **result)
    if result["differing"] and finished:
        raise MigrationError(
            f"{result['differing']} of {result['mailboxes']} mailboxes may not cut over ({result['investigate']} to investigate, {result['poor']} poor): "
            + ", ".join(f"{key} {result[key]}" for key in FAULTS if result[key]) + f". For example {result['examples'][0]}.",
            "Nothing was changed.", "Run mailbox_sync and verify again; look at report_path for each message.", **result,
        )
    return result


def _result(plan: Plan, results: list[dict], params: dict, finished: bool) -> dict:
    grades = {name: sum(result["grade"] == name for result in results) for name in GRADES}
    return {
        "changed": False,
        "finished": finished,
        "round": plan.round,
        "mailboxes": len(results),
        **grades,
        "differing": sum(number for name, number in grades.items() if name not in MAY_CUT_OVER),
        "examples": [text for result in results for text in result["examples"]][:5],
        "report_path": write(None if plan.settings["check_mode"] else params.get("report_path"), {"mailboxes": results}),
        **{key: sum(result[key] for result in results) for key in FINDINGS},
    }


def _one_pass(ledger, plan: Plan, row, pulse) -> dict:
    findings = one_mailbox(ledger, plan, row, pulse)
    pulse.counts.messages = findings["checked"]
    return {"verified_at": time.time(), "grade": findings["grade"], "findings": json.dumps(findings)}


def one_mailbox(ledger, plan: Plan, row, pulse) -> dict:
    """Findings of one mailbox: counts, examples in words, and the grade (_model/grade.py)."""
    mailbox = plan.mailbox(row.server, row.name)
    # In check mode nothing is written down, not even what a source without UIDs lists; the ledger's numbers are then not its own.
    source = open_source(plan.servers[row.server], mailbox, ledger, row.id)
    try:
        target = ImapTarget(plan.target, mailbox)
        try:
            return _Comparison(ledger, plan, row, source, target, pulse).run()
        finally:
            target.close()
    finally:
        source.close()


class _Quiet:
    """In check mode no lease is kept, and nothing stops it."""

    def __call__(self) -> bool:
        return False


class _Comparison:
    def __init__(self, ledger, plan: Plan, row, source, target, pulse) -> None:
        self.ledger, self.plan, self.row = ledger, plan, row
        self.source, self.target, self.pulse = source, target, pulse
        self.found = dict.fromkeys(FINDINGS, 0)
        self.examples: list[str] = []
        self.messages, self.sampled = 0, False

    def run(self) -> dict:
        known = items.folders(self.ledger, self.row.id)
        at_target = {folder.name: folder for folder in self.target.folders()}
        self.approved = {
            (e.folder, e.source_uid, e.reason) for e in exceptions.unresolved(self.ledger, self.row.id) if e.state == "approved"
        }
        for folder in self.source.folders():
            if not folder.selectable:
                continue
            row = known.get(folder.name)
            there = at_target.get(row.target_name) if row else None
            if there is None:
                self._say("folders_missing", f"folder {folder.path} is not at the target")
                continue
            if there.subscribed != folder.subscribed:
                self._say("subscriptions_differ", f"folder {folder.path}: subscription differs")
            self._folder(row, folder.path)
        return dict(self.found, grade=grade(self.found, self.messages, self.sampled), examples=self.examples)

    def _folder(self, row, path: str) -> None:
        state, _changes = self.source.open(row.source_name)
        source_uids = self.source.uids() if state.messages else []
        self.messages += len(source_uids)
        target_state = self.target.open(row.target_name, readonly=True)
        there = set(self.target.uids()) if target_state.messages else set()
        sample = self._sampled(row, there)
        for low in range(0, len(source_uids), PART):
            self._compare(row, path, list(source_uids[low:low + PART]), there, sample)
            # A verification that is cut short begins anew: the end of a step does not stop it, a closed window does.
            if self.pulse() and self.pulse.pace.closed():
                raise Stopped
        self._others(row, path, set(source_uids), there)

    def _compare(self, row, path: str, uids: list[int], there: set[int], sample: set[int] | None) -> None:
        rows = items.some(self.ledger, row.id, uids)
        at_source = self.source.flags_and_dates(uids)
        ours = [item.target_uid for item in rows.values() if item.target_uid in there]
        at_target = self.target.flags_and_dates(ours) if ours else {}
        read = [uid for uid in ours if sample is None or uid in sample]
        stored = self.target.contents(uids=read) if read else {}
        for uid, (flags, date) in at_source.items():
            item = rows.get(uid)
            where = f"{self.row.server}/{self.row.name} folder {path} UID {uid}"
            if item is None or item.target_uid not in at_target:
                if any((row.source_name, uid, reason) in self.approved for reason in reasons.NOT_MOVED):
                    self.found["approved"] += 1
                else:
                    self._say("missing", f"{where} is not at the target")
                continue
            self.found["checked"] += 1
            copied_flags, copied_date = at_target[item.target_uid]
            if item.target_uid in stored and stored[item.target_uid].sha256 != item.sha256:
                self._judge("altered", row, uid, reasons.ALTERED, f"{where} has other bytes at the target")
            if not flag_rules.same(flags, copied_flags):
                self._judge("flags_differ", row, uid, reasons.FLAG_DROPPED, f"{where}: {' '.join(flags)} became {' '.join(copied_flags)}")
            if instant(date) != instant(copied_date):
                self._say("dates_differ", f"{where}: {date} became {copied_date}")

    def _others(self, row, path: str, at_source: set[int], there: set[int]) -> None:
        """What the target has beyond the source: a second copy of ours, what was deleted at the source since, or somebody's own mail."""
        gone = items.some(self.ledger, row.id, set(items.uids(self.ledger, row.id)) - at_source)
        self.found["extra"] += sum(item.target_uid in there for item in gone.values())
        rest = sorted(there - set(items.target_uids(self.ledger, row.id)))
        for low in range(0, len(rest), PART):
            found = self.target.contents(uids=rest[low:low + PART])
            ours = items.with_content(self.ledger, row.id, {message.sha256 for message in found.values()})
            for uid, message in found.items():
                if message.sha256 in ours:
                    self._say("doubled", f"{self.row.server}/{self.row.name} folder {path}: target UID {uid} is a second copy")
                else:
                    self.found["extra"] += 1

    def _sampled(self, row, there: set[int]) -> set[int] | None:
        """Target UIDs whose content is read back; None for all."""
        if self.plan.settings["scope"] == "full":
            return None
        uids = sorted(set(items.target_uids(self.ledger, row.id)) & there)
        if len(uids) <= self.plan.settings["sample"]:
            return None
        self.sampled = True
        return set(random.sample(uids, self.plan.settings["sample"]))

    def _judge(self, key: str, row, uid: int, reason: str, text: str) -> None:
        if (row.source_name, uid, reason) in self.approved:
            self.found["approved"] += 1
        else:
            self._say(key, text)

    def _say(self, key: str, text: str) -> None:
        self.found[key] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(text)
