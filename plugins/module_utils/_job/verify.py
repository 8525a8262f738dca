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
from .._imap.session import LOST, REFUSED
from .._ledger import exceptions, items, mailboxes, passes
from .._ledger.routes import routes
from .._ledger.store import NoLedger, open_ledger
from .._model import flags as flag_rules
from .._model import reasons, throttle
from .._model.folder_names import decoded
from .._model.grade import FAULTS, GRADES, ITEM_FAULTS, MAY_CUT_OVER, grade, grade_of_items, worse
from .._model.message import same_date
from .._source.registry import open_items_source, open_source
from .._target.imap import ImapTarget
from .._target.registry import open_items_target
from . import copy, progress, workers
from .plan import Plan, from_params
from .read_back import Proof, in_parts, read_back
from .report_file import write
from .verify_items import ItemComparison

FINDINGS = ("checked", "missing", "doubled", "altered", "flags_differ", "dates_differ", "extra", "approved", "folders_missing", "subscriptions_differ")
# Scopes: all content, a sample of it, what no verification has read yet, and that without a look at the source.
FULL, SAMPLE, NEW, TARGET = "full", "sample", "new", "target"
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
            return {"changed": False, "finished": True, "mailboxes": 0, "differing": 0, "report_path": None, "other_items": {},
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
    workers.preflight(ledger, plan)
    ledger.close()
    outcome = workers.run(plan, _one_pass)
    ledger = open_ledger(plan.ledger, plan.migration)
    finished = not copy.open_mailboxes(ledger, plan)
    results = [dict(json.loads(row.findings), server=row.server, mailbox=row.mailbox) for row in passes.of_round(ledger, plan.round) if row.findings]
    result = _result(plan, results, params, finished) | copy.rest(ledger, plan)
    result["failures"] = [{"server": r.server, "mailbox": r.name, "reason": r.failure} for r in copy.failures(ledger, plan)[:20]]
    result["progress"] = progress.rows(ledger, plan.kind, plan.round, plan.names, plan.servers)
    ledger.close()
    if outcome["error"] or result["failures"]:
        why = outcome["error"] or f"{result['failures'][0]['server']}/{result['failures'][0]['mailbox']}: {result['failures'][0]['reason']}"
        raise MigrationError(f"Not all mailboxes could be verified: {why}", "Nothing was changed.", "Correct the cause and run again.", **result)
    if plan.settings["scope"] == TARGET and result["altered"]:
        raise MigrationError(
            f"{result['altered']} messages have other bytes at the target than were sent. For example {result['examples'][0]}.",
            "Nothing was changed.", "Find out what changes them there; look at report_path for each, and approve what may stay (mailbox_exception).",
            **result,
        )
    if result["differing"] and finished:
        raise MigrationError(
            f"{result['differing']} of {result['mailboxes']} mailboxes may not cut over ({result['investigate']} to investigate, {result['poor']} poor): "
            + ", ".join(_faults(result)) + f". For example {result['examples'][0]}.",
            "Nothing was changed.",
            "Run mailbox_sync and verify again; look at report_path for each message, and approve what has to stay as it is (mailbox_exception).",
            **result,
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
        "other_items": _added([result["other_items"] for result in results]),
        **{key: sum(result[key] for result in results) for key in FINDINGS},
    }


def _faults(result: dict) -> list[str]:
    """In words, such as: missing 2, event missing 1."""
    told = [f"{key} {result[key]}" for key in FAULTS if result[key]]
    return told + [f"{kind} {key} {counts[key]}" for kind, counts in result["other_items"].items() for key in ITEM_FAULTS if counts[key]]


def _added(all_counts: list[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for kind, counts in (item for one in all_counts for item in one.items()):
        into = total.setdefault(kind, dict.fromkeys(counts, 0))
        for key, number in counts.items():
            into[key] += number
    return total


def _one_pass(ledger, plan: Plan, row, pulse) -> dict:
    findings = one_mailbox(ledger, plan, row, pulse)
    pulse.counts.messages = findings["checked"]
    if plan.settings["scope"] == TARGET:
        return {"findings": json.dumps(findings)}
    return {"verified_at": time.time(), "grade": findings["grade"], "findings": json.dumps(findings)}


def one_mailbox(ledger, plan: Plan, row, pulse) -> dict:
    """Findings of one mailbox: counts, examples in words, and the grade (_model/grade.py)."""
    mailbox = plan.mailbox(row.server, row.name)
    if plan.settings["scope"] == TARGET:
        return dict(dict.fromkeys(FINDINGS, 0), **read_back(ledger, plan, row, pulse), other_items={}, grade=None)
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

    def at_once(self) -> bool:
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
        self.at_target = {folder.name: folder for folder in self.target.folders()}
        self.routes = routes(self.ledger, [self.row.id])
        self.unresolved = exceptions.unresolved(self.ledger, self.row.id)
        self.proof = Proof(self.ledger, self.row.id, self.unresolved, not self.plan.settings["check_mode"])
        self.approved = {(e.folder, e.source_uid, e.reason) for e in self.unresolved if e.state == "approved"}
        for folder in self.source.folders():
            if not folder.selectable:
                continue
            row = known.get(folder.name)
            there = self.at_target.get(row.target_name) if row else None
            if there is None:
                if any((folder.name, 0, reason) in self.approved for reason in (reasons.FOLDER_UNREADABLE, reasons.FOLDER_REFUSED)):
                    self.found["approved"] += 1
                else:
                    self._say("folders_missing", f"folder {folder.path} is not at the target")
                continue
            # Some folders a target subscribes by itself, and for ever (Dovecot: auto = subscribe): what we did not do is not ours to undo.
            if there.subscribed != folder.subscribed and (folder.subscribed or row.subscribed is not False):
                self._say("subscriptions_differ", f"folder {folder.path}: subscription differs")
            self._folder(row, folder.path)
        for name in {route.target_name for route in self.routes} - {row.target_name for row in known.values()}:
            self._strangers(name, decoded(name), self._there(name))
        for name, words in self.source.aside.unreadable.items():
            self._unreadable(name, words)
        given, others = grade(self.found, self.messages, self.sampled), self._other_items()
        if others is not None:
            given = worse(given, grade_of_items(others.found, others.folders_missing, others.items, self.sampled))
            self.found["folders_missing"] += others.folders_missing
        return dict(self.found, other_items=others.found if others else {}, grade=given, examples=self.examples)

    def _other_items(self) -> ItemComparison | None:
        """None where what is not mail stays at the source."""
        source = open_items_source(self.source, self.plan.servers[self.row.server], self.plan.mailbox(self.row.server, self.row.name))
        try:
            target = open_items_target(self.plan.target, self.plan.mailbox(self.row.server, self.row.name)) if source.item_folders() else None
            if target is None:
                return None
            try:
                comparison = ItemComparison(
                    self.ledger, self.row, source, target, self.unresolved, self._example, self._some, self.pulse, not self.plan.settings["check_mode"],
                )
                comparison.run()
                return comparison
            finally:
                target.close()
        finally:
            if source is not self.source:
                source.close()

    def _folder(self, row, path: str) -> None:
        try:
            state, _changes = self.source.open(row.source_name)
        except REFUSED as error:
            if isinstance(error, LOST) or throttle.asked(error):
                raise
            self._unreadable(row.source_name, str(error))
            return
        source_uids = self.source.uids() if state.messages else []
        self.messages += len(source_uids)
        # Most folders have one place, which then stays open.
        places = [row, *(route for route in self.routes if route.id == row.id)]
        there = {place: self._there(place.target_name) for place in reversed(places)}
        sample = {place: self._sampled(place, there[place]) for place in places}
        for low in range(0, len(source_uids), PART):
            self._compare(row, path, list(source_uids[low:low + PART]), there, sample)
            # As in read_back.in_parts.
            if self.pulse.at_once():
                raise Stopped
        self._others(row, path, set(source_uids), there)

    def _there(self, name: str) -> set[int]:
        """UIDs of a folder of the target, which is open afterwards."""
        if name not in self.at_target:
            return set()
        return set(self.target.uids()) if self.target.open(name, readonly=True).messages else set()

    def _unreadable(self, name: str, words: str) -> None:
        """Nobody can say whether a folder that the source does not open is as it was."""
        if (name, 0, reasons.FOLDER_UNREADABLE) in self.approved:
            self.found["approved"] += 1
        else:
            self._say("folders_missing", f"folder {decoded(name)} can't be read at the source: {words}")

    def _compare(self, row, path: str, uids: list[int], there: dict, sample: dict) -> None:
        rows = items.some(self.ledger, row.id, uids)
        at_source = self.source.flags_and_dates(uids)
        # By the place, and the UID there.
        at_target, altered = {}, set()
        for place, held in there.items():
            items_here = [item for item in rows.values() if item.route == place.route and item.target_uid in held]
            ours = [item.target_uid for item in items_here]
            if ours and len(there) > 1:
                self.target.open(place.target_name, readonly=True)
            read = [item for item in items_here if self._to_read(item, sample[place])]
            at_target |= {(place.route, uid): found for uid, found in self.target.flags_and_dates(ours).items()} if ours else {}
            for part, content in in_parts(self.target, read, self.pulse):
                altered |= self.proof.wrong(place, part, content)
        removed = {}
        for uid, (flags, date) in at_source.items():
            item = rows.get(uid)
            where = f"{self.row.server}/{self.row.name} folder {path} UID {uid}"
            at = (item.route, item.target_uid) if item else None
            if at not in at_target:
                if item:
                    # No pass sends it again: whoever removed it may have had a reason.
                    removed[uid] = (f"target UID {item.target_uid}", item.sha256)
                if any((row.source_name, uid, reason) in self.approved for reason in (*reasons.NOT_MOVED, reasons.REMOVED)):
                    self.found["approved"] += 1
                else:
                    self._say("missing", f"{where} is not at the target")
                continue
            self.found["checked"] += 1
            copied_flags, copied_date = at_target[at]
            if uid in altered:
                self._judge("altered", row, uid, reasons.ALTERED, f"{where} has other bytes at the target")
            if not flag_rules.same(flags, copied_flags):
                self._judge("flags_differ", row, uid, reasons.FLAG_DROPPED, f"{where}: {flag_rules.shown(flags)} became {flag_rules.shown(copied_flags)}")
            # A message without a date has got one of the target.
            if date and not same_date(date, copied_date):
                self._say("dates_differ", f"{where}: {date} became {copied_date}")

        self._tell_removed(row.source_name, at_source, removed)

    def _tell_removed(self, name: str, uids, removed: dict) -> None:
        """What the ledger knows as moved, and is not at the target any more, can be approved."""
        if self.plan.settings["check_mode"]:
            return
        if removed:
            exceptions.raise_each(self.ledger, self.row.id, name, reasons.REMOVED, removed)
        told = {e.source_uid for e in self.unresolved if e.folder == name and e.reason == reasons.REMOVED}
        back = told & set(uids) - removed.keys()
        if back:
            exceptions.resolve(self.ledger, self.row.id, name, back, [reasons.REMOVED], ("open", "approved"))

    def _to_read(self, item, sample: set[int] | None) -> bool:
        """Whether the content is read back."""
        if self.plan.settings["scope"] == NEW:
            return item.proved_uid != item.target_uid
        return sample is None or item.target_uid in sample

    def _others(self, row, path: str, at_source: set[int], there: dict) -> None:
        """What the target has beyond the source: a second copy of ours, what was deleted at the source since, or somebody's own mail."""
        self._tell_removed(row.source_name, {e.source_uid for e in self.unresolved if e.folder == row.source_name} - at_source, {})
        gone = items.some(self.ledger, row.id, set(items.uids(self.ledger, row.id)) - at_source)
        held = {(place.route, uid) for place, uids in there.items() for uid in uids} if gone else ()
        self.found["extra"] += sum((item.route, item.target_uid) in held for item in gone.values())
        if len(there) > 1:
            self.target.open(row.target_name, readonly=True)
        self._strangers(row.target_name, path, there[row])

    def _strangers(self, target_name: str, path: str, there: set[int]) -> None:
        """What nobody knows of in a folder of the target, which is open."""
        rest = sorted(there - set(items.target_uids(self.ledger, self.row.id, target_name)))
        for low in range(0, len(rest), PART):
            found = self.target.contents(uids=rest[low:low + PART])
            ours = items.with_content(self.ledger, self.row.id, target_name, {message.sha256 for message in found.values()})
            for uid, message in found.items():
                if message.sha256 in ours:
                    self._say("doubled", f"{self.row.server}/{self.row.name} folder {path}: target UID {uid} is a second copy")
                else:
                    self.found["extra"] += 1

    def _sampled(self, place, there: set[int]) -> set[int] | None:
        """Target UIDs whose content is read back; None for all."""
        if self.plan.settings["scope"] != SAMPLE:
            return None
        uids = sorted(set(items.target_uids(self.ledger, self.row.id, place.target_name)) & there)
        return self._some(uids) if len(uids) > self.plan.settings["sample"] else None

    def _some(self, names: list) -> set:
        """All, or the sample of a folder."""
        if self.plan.settings["scope"] != SAMPLE or len(names) <= self.plan.settings["sample"]:
            return set(names)
        self.sampled = True
        return set(random.sample(names, self.plan.settings["sample"]))

    def _judge(self, key: str, row, uid: int, reason: str, text: str) -> None:
        if (row.source_name, uid, reason) in self.approved:
            self.found["approved"] += 1
        else:
            self._say(key, text)

    def _say(self, key: str, text: str) -> None:
        self.found[key] += 1
        self._example(text)

    def _example(self, text: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(text)
