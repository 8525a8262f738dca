# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Inbox rules and automatic replies of mailboxes on Exchange, as Sieve scripts at the target."""

from __future__ import annotations

import dataclasses

from .._errors import MigrationError
from .._ledger import items
from .._ledger.catalogue import Catalogue
from .._model.folder_names import decoded, encoded
from .._model.server import Server
from .._sieve import managesieve, upload
from .._sieve.language import Owner
from .._sieve.script import script
from . import on_exchange
from .on_exchange import OnExchange
from .plan import Plan, from_params
from .report_file import write

COUNTS = ("mailboxes", "not_readable", "scripts", "unchanged", "beside", "kept", "nothing", "rules_moved", "rules_left_out", "replies")
WRITTEN = "written"
EXPLAINED = {**upload.EXPLAINED, WRITTEN: "the script is a file, and works once it is brought to the server"}
# What a target's Sieve is taken to offer that nobody asks.
EXTENSIONS = ("body", "comparator-i;ascii-numeric", "copy", "date", "fileinto", "imap4flags", "relational", "vacation")


def rules(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_rules; see its RETURN."""
    plan = from_params("rules", params)
    if not params["folder"] and not plan.target.sieve:
        raise MigrationError(
            f"It is not said where the rules go: {plan.target.name} has no `sieve`, and there is no folder for files.", "Nothing was touched.",
            "Give target.sieve, or folder.",
        )
    ledger = on_exchange.opened(plan, check_mode)
    if ledger is None:
        # There are no folders yet that a rule could name.
        return {"changed": False, "failures": [], "report_path": None, **dict.fromkeys(COUNTS, 0)}
    try:
        return _Rules(ledger, plan, params, check_mode).run()
    finally:
        ledger.close()


def expected(server: Server, mailbox, folders) -> dict:
    """What would move of a mailbox before anything of it was copied: each of its `folders` (the catalogue's rows) of mail has its place then."""
    source = OnExchange(server, mailbox)
    names = {key: folder.name for folder in folders if folder.kind == "mail" for key in (folder.remote_id, folder.role) if key}
    owner = Owner((source.address,), names, frozenset(EXTENSIONS))
    return {
        "rules": len(source.rules), "rules_left_out": _left_out(source.rules, owner), "replies": int(bool(script([], source.reply, owner).text)),
        "rules_told": source.tells_rules,
    }


class _Rules:
    def __init__(self, ledger, plan: Plan, params: dict, check_mode: bool) -> None:
        self.ledger, self.plan, self.params, self.check_mode = ledger, plan, params, check_mode
        self.counts = dict.fromkeys(COUNTS, 0)
        self.reports: list[dict] = []
        self.sieve = None if params["folder"] else _sieve_server(plan.target)
        self.aliases = {one["mailbox"]: one["addresses"] for one in params["aliases"]}

    def run(self) -> dict:
        done, self.counts["not_readable"], failures = on_exchange.each(
            self.ledger, self.plan, self.check_mode, (managesieve.Refused,), self._mailbox,
        )
        for counts, report in done:
            for key, count in counts.items():
                self.counts[key] += count
            self.reports.append(report)
        path = None if self.check_mode else self.params["report_path"]
        return on_exchange.refuse_failures(self.plan, failures, f"Of {self.counts['mailboxes']} mailboxes the rules are done", {
            "changed": bool(self.counts["scripts"]), **self.counts,
            "report_path": write(path, {"mailboxes": self.reports, "failures": failures}),
        })

    def _mailbox(self, ledger, server: Server, mailbox, row) -> tuple[dict, dict]:
        """Its COUNTS and its report; may be in another process."""
        source = OnExchange(server, mailbox)
        owner = Owner(
            (source.address, *self.aliases.get(mailbox.name, ())), _names(ledger, row), frozenset(self.params["extensions"]),
            tuple(self.params["colleagues"]),
        )
        outcome, changed, owner, made = self._stored(mailbox, source, owner)
        counts = dict.fromkeys(COUNTS, 0) | {
            "mailboxes": 1, "not_readable": int(not source.tells_rules), "scripts": int(changed),
            "unchanged": int(not changed and outcome in (upload.ACTIVE, upload.BESIDE, WRITTEN)),
        }
        if outcome in counts:
            counts[outcome] += 1
        if outcome != upload.KEPT:
            left = _left_out(source.rules, owner)
            counts |= {
                "rules_left_out": left, "rules_moved": len(source.rules) - left, "replies": int(bool(script([], source.reply, owner).text)),
            }
        return counts, {
            "server": server.name, "mailbox": mailbox.name, "target": mailbox.target, "outcome": outcome, "explained": EXPLAINED[outcome],
            "rules_told": source.tells_rules, "remarks": [dataclasses.asdict(remark) for remark in made.remarks],
        }

    def _stored(self, mailbox, source, owner: Owner) -> tuple:
        """What became of the script, whether that changed anything, the owner with what the target's Sieve offers, and the script."""
        if self.sieve:
            session = managesieve.connect(self.sieve, mailbox)
            try:
                owner = dataclasses.replace(owner, extensions=session.extensions)
                made = script(source.rules, source.reply, owner)
                return *upload.upload(session, made.text, self.check_mode), owner, made
            finally:
                session.close()
        made = script(source.rules, source.reply, owner)
        changed = upload.write(self.params["folder"], mailbox.target, made.text, self.check_mode)
        return WRITTEN if made.text or changed else upload.NOTHING, changed, owner, made


def _names(ledger, row) -> dict[str, str]:
    """A folder's id, and its well-known name, -> its name at the target."""
    known, names = items.folders(ledger, row.id), {}
    for folder in Catalogue(ledger, row.id).folders().values():
        there = known.get(encoded(folder.name))
        if folder.kind == "mail" and there:
            names |= dict.fromkeys([folder.remote_id, *([folder.role] if folder.role else [])], decoded(there.target_name))
    return names


def _left_out(rules, owner: Owner) -> int:
    return sum(not remark.moved for remark in script(rules, None, owner).remarks)


def _sieve_server(target: Server) -> Server:
    """The service on the target: what is not said of it is as for its mail."""
    given = {key: value for key, value in target.sieve.items() if value is not None}
    return dataclasses.replace(target, **given)
