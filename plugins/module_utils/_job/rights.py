# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folder permissions and delegates of mailboxes on Exchange, as rights of IMAP at the target.

The ledger knows which rights were given. Only those are taken back when Exchange does not give them any more; those that others gave stay, and
one that somebody took away at the target is not given again.
"""

from __future__ import annotations

import collections

from .._imap.session import LOST, REFUSED
from .._ledger import grants, items
from .._ledger.catalogue import Catalogue
from .._model.folder_names import decoded, encoded
from .._model.rights import DISTINGUISHED, OLD, for_old_server, in_order
from .._target.acl import AclTarget
from . import on_exchange
from .on_exchange import OnExchange
from .plan import from_params
from .report_file import write

DONE = ("given", "taken_back", "unchanged", "kept", "lost")
COUNTS = ("mailboxes", "not_readable", *DONE)


def rights(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_rights; see its RETURN."""
    plan = from_params("rights", params)
    ledger = on_exchange.opened(plan, check_mode)
    if ledger is None:
        return {"changed": False, "failures": [], "report_path": None, "diff": {"before": "", "after": ""}, **dict.fromkeys(COUNTS, 0)}
    try:
        return _Rights(ledger, plan, params, check_mode).run()
    finally:
        ledger.close()


class _Rights:
    def __init__(self, ledger, plan, params: dict, check_mode: bool) -> None:
        self.ledger, self.plan, self.params, self.check_mode = ledger, plan, params, check_mode
        self.targets = on_exchange.addresses(plan, params["aliases"])
        self.counts = dict.fromkeys(COUNTS, 0)
        self.reports: list[dict] = []
        self.diff = {"before": "", "after": ""}

    def run(self) -> dict:
        done, self.counts["not_readable"], failures = on_exchange.each(
            self.ledger, self.plan, self.check_mode, (REFUSED, *LOST), self._mailbox,
        )
        for one in done:
            self._add(**one)
        path = None if self.check_mode else self.params["report_path"]
        return on_exchange.refuse_failures(self.plan, failures, f"Of {self.counts['mailboxes']} mailboxes the rights are done", {
            "changed": bool(self.counts["given"] or self.counts["taken_back"]), **self.counts, "diff": self.diff,
            "report_path": write(path, {"mailboxes": self.reports, "failures": failures}),
        })

    def _mailbox(self, ledger, server, mailbox, row) -> dict:
        """As `_add` wants it; may be in another process."""
        folders = list(Catalogue(ledger, row.id).folders().values())
        told = OnExchange(server, mailbox).access(folders, self.targets)
        one = _OfMailbox(ledger, mailbox, row, self.check_mode, told["lost"])
        one.sort(told["rights"], {folder.name: folder.kind for folder in folders})
        if one.wanted or one.known:
            target = AclTarget(self.plan.target, mailbox, self.params["name_template"])
            try:
                one.apply(target)
            finally:
                target.close()
        one.counts["lost"] = len(one.lost)
        return {"counts": one.counts, "before": one.before, "after": one.after, "report": {
            "server": server.name, "mailbox": mailbox.name, "target": mailbox.target,
            "counts": {"rights": len(one.report), "kept": one.counts["kept"], "lost": len(one.lost)},
            "rights": one.report, "lost": sorted(one.lost, key=lambda lost: (lost["folder"], lost["who"], lost["what"])),
        }}

    def _add(self, counts, before: list[str], after: list[str], report: dict) -> None:
        self.counts["mailboxes"] += 1
        for key in DONE:
            self.counts[key] += counts[key]
        self.diff["before"] += "".join(f"{line}\n" for line in before)
        self.diff["after"] += "".join(f"{line}\n" for line in after)
        self.reports.append(report)


class _OfMailbox:
    """`wanted`: (folder, user) at the target -> letters, `known`: what was given before, `lost`: what is not, for the report."""

    def __init__(self, ledger, mailbox, row, check_mode: bool, lost: list[dict]) -> None:
        self.ledger, self.mailbox, self.row, self.check_mode = ledger, mailbox, row, check_mode
        self.places = {name: folder.target_name for name, folder in items.folders(ledger, row.id).items()}
        self.wanted: dict[tuple[str, str], str] = {}
        self.known = grants.given(ledger, row.id)
        self.noted = {key: (one.rights, one.sure) for key, one in self.known.items()}
        self.lost, self.report = list(lost), []
        self.counts: collections.Counter = collections.Counter()
        self.changed: dict[tuple[str, str], set[str]] = {}
        self.before: list[str] = []
        self.after: list[str] = []

    def sort(self, told: list[dict], kinds: dict[str, str]) -> None:
        """What Exchange tells (_ews/access.py) into what can be given and what can't."""
        for one in told:
            place, who, letters = self.places.get(encoded(one["folder"])), one["target"], one["rights"]
            if who == self.mailbox.target:
                # Who owns the mailbox has all of it.
                continue
            if one["who"] in DISTINGUISHED.values():
                self._lose(one, f"rights ({letters}) of everybody: only single users are given some")
            elif who is None:
                self._lose(one, f"rights ({letters}): no mailbox at the target is known to be of this user")
            elif kinds.get(one["folder"]) != "mail":
                self._lose(one, f"rights ({letters}): the target has them for folders of mail only")
            elif place is None:
                self._lose(one, f"rights ({letters}): the folder is not at the target")
            else:
                self.wanted[place, who] = in_order(set(letters) | set(self.wanted.get((place, who), "")))

    def apply(self, target: AclTarget) -> None:
        if not target.supported:
            for (folder, who), letters in sorted(self.wanted.items()):
                self._lose_at(folder, who, f"rights ({letters}): the target's IMAP has none to give (ACL)")
            return
        if target.old:
            self._spell_as_before()
        there = target.read(sorted({folder for folder, _who in [*self.wanted, *self.known]}))
        for folder, who in sorted({*self.wanted, *self.known}):
            if folder in there:
                self._one(target, folder, who, set(there[folder].get(who, "")))
            else:
                if (folder, who) in self.wanted:
                    self._lose_at(folder, who, "all rights: the folder is not at the target any more")
                self._remember(folder, who, "", True)
        self._look_again(target)

    def _look_again(self, target: AclTarget) -> None:
        """A server may tie rights together (RFC 4314, 3.7), or leave some out."""
        there = target.read(sorted({folder for folder, _who in self.changed}))
        for (folder, who), wanted in sorted(self.changed.items()):
            found = set(there.get(folder, {}).get(who, "")) - set(OLD)
            if wanted - set(OLD) != found:
                self._lose_at(folder, who, f"exactly the rights {in_order(wanted) or '(none)'}: the target made {in_order(found) or '(none)'} of them")

    def _spell_as_before(self) -> None:
        for (folder, who), letters in self.wanted.items():
            self.wanted[folder, who], dropped = for_old_server(letters)
            if dropped:
                self._lose_at(folder, who, f"rights ({dropped}): the target has no letters for them alone (RFC 2086)")

    def _one(self, target: AclTarget, folder: str, who: str, has: set[str]) -> None:
        want, row = set(self.wanted.get((folder, who), "")), self.known.get((folder, who))
        given = set(row.rights) if row else set()
        taken_away = given - has if row and row.sure else set()
        add, take = want - has - taken_away, (given - want) & has
        self.counts["kept"] += bool(taken_away & want)
        if add or take:
            self.counts["given"] += bool(add)
            self.counts["taken_back"] += bool(take)
            self._differs(folder, who, has, has - take | add)
        elif want and not taken_away & want:
            self.counts["unchanged"] += 1
        if not self.check_mode and (add or take):
            self._remember(folder, who, in_order(given | add), False)
            refused = [self._change(target, folder, who, sign, letters) for sign, letters in (("+", add), ("-", take)) if letters]
            add, take = add - set().union(*refused), take - set().union(*refused)
            self.changed[folder, who] = has - take | add
        now = has - take | add
        # What somebody took away at the target is still known to have been given, or it would be given again.
        self._remember(folder, who, in_order((given | add) & (now | taken_away & want)), True)
        if want:
            self.report.append({"folder": decoded(folder), "who": who, "rights": in_order(now)})

    def _change(self, target: AclTarget, folder: str, who: str, sign: str, letters: set[str]) -> set[str]:
        """Letters that the server did not let us change."""
        words = target.change(folder, who, sign, in_order(letters))
        if words:
            self.counts["given" if sign == "+" else "taken_back"] -= 1
            self._lose_at(folder, who, f"{'giving' if sign == '+' else 'taking back'} the rights {in_order(letters)}: the target refuses it ({words})")
        return letters if words else set()

    def _remember(self, folder: str, who: str, letters: str, sure: bool) -> None:
        if not self.check_mode and (letters, sure) != self.noted.get((folder, who), ("", True)):
            grants.write(self.ledger, self.row.id, {(folder, who): letters}, sure)
            self.noted[folder, who] = letters, sure

    def _differs(self, folder: str, who: str, before: set[str], after: set[str]) -> None:
        where = f"{self.mailbox.target} {decoded(folder)} {who}"
        self.before.append(f"{where}: {in_order(before)}")
        self.after.append(f"{where}: {in_order(after)}")

    def _lose(self, one: dict, what: str) -> None:
        self.lost.append({"folder": one["folder"], "who": one["who"], "what": what})

    def _lose_at(self, folder: str, who: str, what: str) -> None:
        self.lost.append({"folder": decoded(folder), "who": who, "what": what})
