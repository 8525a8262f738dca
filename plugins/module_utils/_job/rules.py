# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Inbox rules and automatic replies of mailboxes on Exchange, as Sieve scripts at the target."""

from __future__ import annotations

import dataclasses

from .._errors import LoginRefused, MigrationError
from .._ledger import items, mailboxes
from .._ledger.catalogue import Catalogue
from .._ledger.store import NoLedger, open_ledger
from .._model.folder_names import decoded, encoded
from .._model.server import Server
from .._pace.pace import Pace
from .._sieve import managesieve, upload
from .._sieve.language import Owner
from .._sieve.script import script
from .plan import Plan, from_params
from .report_file import write

COUNTS = ("mailboxes", "not_readable", "scripts", "unchanged", "beside", "kept", "nothing", "rules_moved", "rules_left_out", "replies")
WRITTEN = "written"
EXPLAINED = {**upload.EXPLAINED, WRITTEN: "the script is a file, and works once it is brought to the server"}
# The first version whose EWS has GetInboxRules.
TELLS_RULES = (14, 1)


def rules(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_rules; see its RETURN."""
    plan = from_params("rules", params)
    try:
        ledger = open_ledger(plan.ledger, plan.migration, create=False)
    except NoLedger as error:
        if check_mode:
            # A copy in check mode leaves no ledger: there are no folders yet that a rule could name.
            return {"changed": False, "failures": [], "report_path": None, **dict.fromkeys(COUNTS, 0)}
        raise MigrationError(f"There is no ledger at {error}.", "Nothing was touched.", "Copy mailboxes first.") from error
    try:
        return _Rules(ledger, plan, params, check_mode).run()
    finally:
        ledger.close()


class _Rules:
    def __init__(self, ledger, plan: Plan, params: dict, check_mode: bool) -> None:
        self.ledger, self.plan, self.params, self.check_mode = ledger, plan, params, check_mode
        self.counts = dict.fromkeys(COUNTS, 0)
        self.failures: list[dict] = []
        self.reports: list[dict] = []
        self.sieve = _sieve_server(plan.target, params["sieve"]) if params["sieve"] else None
        self.aliases = {one["mailbox"]: one["addresses"] for one in params["aliases"]}
        # Where a mailbox goes whose address a permission names.
        self.targets = {
            server.login_names(mailbox.name)[0].lower(): mailbox.target
            for server in plan.servers.values() if server.protocol == "ews" for mailbox in server.mailboxes
        }

    def run(self) -> dict:
        rows = {(row.server, row.name): row for row in mailboxes.listed(self.ledger, self.plan.names)}
        proved = set()
        for name in self.plan.names:
            row = rows.get(name)
            if self.plan.servers[name[0]].protocol != "ews":
                self.counts["not_readable"] += 1
                continue
            if self.check_mode and (row is None or row.copied_at is None):
                continue
            try:
                self._mailbox(name, row)
            except (MigrationError, managesieve.Refused) as error:
                self.failures.append({"server": name[0], "mailbox": name[1], "reason": str(error)})
                if isinstance(error, LoginRefused) and name[0] not in proved:
                    # It may be the administrator's account, which would be locked if the others were tried.
                    break
            else:
                proved.add(name[0])
        return self._result()

    def _result(self) -> dict:
        path = None if self.check_mode else self.params["report_path"]
        result = {
            "changed": bool(self.counts["scripts"]), **self.counts, "failures": self.failures[:20],
            "report_path": write(path, {"mailboxes": self.reports, "failures": self.failures}),
        }
        if self.failures:
            first = self.failures[0]
            raise MigrationError(
                f"{len(self.failures)} of {len(self.plan.names)} mailboxes failed. The first, {first['server']}/{first['mailbox']}: {first['reason']}",
                f"Of {self.counts['mailboxes']} mailboxes the rules are done; nothing was changed at the source.",
                "Correct the cause and run again: what is done stays as it is.", **result,
            )
        return result

    def _mailbox(self, name: tuple[str, str], row) -> None:
        server, mailbox = self.plan.servers[name[0]], self.plan.mailbox(*name)
        if row is None or row.copied_at is None:
            raise MigrationError("it was never copied.", "", "Copy it first (module mailbox_copy).")
        if Pace(self.ledger, server).closed():
            raise MigrationError(f"{server.name} may not be read now, by its windows or an order.", "", "Run again when it may.")
        source = OnExchange(server, mailbox)
        folders = list(Catalogue(self.ledger, row.id).folders().values())
        owner = Owner(
            (source.address, *self.aliases.get(mailbox.name, ())), self._names(row, folders), frozenset(self.params["extensions"]),
            tuple(self.params["colleagues"]),
        )
        outcome, changed, owner, made = self._stored(mailbox, source, owner)
        self.counts["mailboxes"] += 1
        self.counts["not_readable"] += not source.tells_rules
        self.counts["scripts"] += changed
        self.counts["unchanged"] += not changed and outcome in (upload.ACTIVE, upload.BESIDE, WRITTEN)
        if outcome in self.counts:
            self.counts[outcome] += 1
        if outcome != upload.KEPT:
            left = sum(not remark.moved for remark in script(source.rules, None, owner).remarks)
            self.counts["rules_left_out"] += left
            self.counts["rules_moved"] += len(source.rules) - left
            self.counts["replies"] += bool(script([], source.reply, owner).text)
        report = {
            "server": name[0], "mailbox": name[1], "target": mailbox.target, "outcome": outcome, "explained": EXPLAINED[outcome],
            "rules_told": source.tells_rules, "remarks": [dataclasses.asdict(remark) for remark in made.remarks],
        }
        self.reports.append(report)
        if self.params["report_path"] and not self.check_mode:
            report |= source.access(folders, self.targets)

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

    def _names(self, row, folders) -> dict[str, str]:
        """A folder's id, and its well-known name, -> its name at the target."""
        known, names = items.folders(self.ledger, row.id), {}
        for folder in folders:
            there = known.get(encoded(folder.name))
            if folder.kind == "mail" and there:
                names |= dict.fromkeys([folder.remote_id, *([folder.role] if folder.role else [])], decoded(there.target_name))
        return names


class OnExchange:
    """What Exchange tells of a mailbox besides its content; errors: MigrationError. `rules` are none where the server is too old to tell them."""

    def __init__(self, server: Server, mailbox) -> None:
        # Loaded where it is needed, as in _source/registry.py.
        from .._ews import account as connection

        self._told = lambda proved=True: connection.told(server, mailbox.name, proved)
        with self._told(proved=False):
            self._account = connection.account(server, mailbox)
            build = self._account.version.build
            self.address = self._account.primary_smtp_address
            self.tells_rules = (build.major_version, build.minor_version) >= TELLS_RULES
            self.rules = self._account.rules if self.tells_rules else []
            for one in self.rules:
                # One answer holds all rules, so an error in their place means that none was told: a script without them would undo the last one.
                if isinstance(one, Exception):
                    raise one
            self.reply = self._account.oof_settings

    def access(self, folders, targets: dict[str, str]) -> dict[str, list[dict]]:
        from .._ews import access

        with self._told():
            return access.of_mailbox(self._account, folders, targets)


def _sieve_server(target: Server, options: dict) -> Server:
    """The service on the target: what is not said of it is as for its mail."""
    given = {key: value for key, value in options.items() if value is not None}
    return dataclasses.replace(target, **given)
