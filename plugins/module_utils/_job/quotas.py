# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Quotas at the target that are higher while mail is copied, and then what they were or are to be.

The ledger has what a quota was before it is touched, and never takes what was set here for that. So this can be killed and run again.
"""

from __future__ import annotations

from .._errors import MigrationError
from .._imap.quota import Quota, quotas, set_quotas
from .._imap.session import LOST, REFUSED, Session, connect
from .._ledger import quotas as known
from .._ledger.store import Ledger, NoLedger, open_ledger
from . import mirapoint
from .accounts import as_administrator, portions
from .plan import described
from .report_file import write

COUNTS = ("raised", "restored", "as_wanted", "foreign", "over", "not_found")
# In MB: more would not fit into what servers count by.
MOST_MB = 2**31 // 1024 - 1
# In KiB. A server tells what a mailbox takes only where there is a limit: one that is as good as none.
NO_LIMIT_KB = 2**31 - 1


def mailbox_quota(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_quota; see its RETURN."""
    mirapoint.names("mailboxes", [wanted["name"] for wanted in params["mailboxes"]])
    for option, value in (("quota_mb", params["quota_mb"]), *((f"quota_mb of {wanted['name']}", wanted["quota_mb"]) for wanted in params["mailboxes"])):
        if value is not None and not 0 <= value <= MOST_MB:
            raise MigrationError(f"{option} is {value}; it can be from 0 to {MOST_MB}.", "Nothing was touched.", "Correct it.")
    server, restores = described(params["target"]), params["state"] == "restored"
    try:
        ledger = open_ledger(params["ledger"] or {}, params["migration"], create=not (check_mode or restores))
    except NoLedger:
        ledger = None
    try:
        rows = known.listed(ledger) if ledger else {}
        names = [one["name"] for one in params["mailboxes"]]
        # Nothing is asked of the server for what was never raised.
        looked_at = [name for name in names if name in rows and rows[name].state != known.RESTORED] if restores else names
        work = _Quotas(ledger, rows, params, check_mode)
        work.counts["as_wanted"] = len(names) - len(looked_at)
        if looked_at:
            session = connect(server)
            try:
                work.run(session, looked_at)
            finally:
                session.close()
        return work.result()
    finally:
        if ledger:
            ledger.close()


class _Quotas:
    def __init__(self, ledger: Ledger | None, rows: dict, params: dict, check_mode: bool) -> None:
        self.ledger, self.rows, self.params, self.check_mode = ledger, rows, params, check_mode
        self.goal = params["quota_mb"] * 1024 if params["quota_mb"] else 0
        self.planned = {
            one["name"]: (one["quota_mb"] if one["quota_mb"] is not None else params["target"].get("quota_mb") or 0) * 1024 for one in params["mailboxes"]
        }
        self.counts = dict.fromkeys(COUNTS, 0)
        self.report: dict[str, list[dict]] = {name: [] for name in ("foreign", "over", "not_found", "refused")}
        self.changes: list[tuple[str, str, str]] = []
        self.where = ""

    def run(self, session: Session, names: list[str]) -> None:
        self.where = f"{session.server.name} ({session.server.host})"
        if not session.has("QUOTA"):
            raise MigrationError(
                f"{self.where} offers no quotas by IMAP (RFC 9208).", "Nothing was changed.", "Leave quotas to the server, and do without this.",
            )
        spelled = dict(zip(names, as_administrator(session, self.params["name_template"], names), strict=True))
        settle = self._raise if self.params["state"] == "raised" else self._restore
        try:
            for some in portions(names):
                settle(session, {name: spelled[name] for name in some})
                if len(self.report["refused"]) >= mirapoint.MOST_REFUSALS:
                    break
        except (REFUSED, *LOST) as error:
            raise MigrationError(
                f"{self.where}: reading or setting quotas failed: {error}.", "What was set is in the ledger.", "Correct the cause, then run again.",
                **self._facts(),
            ) from error
        if self.report["refused"]:
            first, more = self.report["refused"][0], len(self.report["refused"]) - 1
            raise MigrationError(
                f"{self.where} refuses a quota of {first['mailbox']}: {first['reason']}{f', and {more} more' if more else ''}.",
                "Those keep what they had; the others are done.", "Correct the administrator's rights, then run again.", **self.result(),
            )

    def _read(self, session: Session, spelled: dict[str, str]) -> dict[str, Quota]:
        """Of the mailboxes that are there."""
        found = {}
        for name, (quota, words) in zip(spelled, quotas(session, list(spelled.values())), strict=True):
            if quota is None:
                self._told("not_found", name, reason=words)
            else:
                found[name] = quota
        return found

    # -- raised ---------------------------------------------------------------------------------------------------------------

    def _raise(self, session: Session, spelled: dict[str, str]) -> None:
        todo, done = {}, []
        for name, quota in self._read(session, spelled).items():
            row, limit = self.rows.get(name), quota.limit_kb
            if row and row.state == known.RESTORED or limit is None or self.goal and limit >= self.goal or row and _measured(row, limit):
                self.counts["as_wanted"] += 1
                if row and row.state == known.RAISING and limit == (row.raised_kb or None):
                    done.append(name)
            elif row and row.state == known.RAISED and limit != row.raised_kb:
                self._told("foreign", name, limit_kb=limit, raised_kb=row.raised_kb)
            else:
                todo[name] = quota
        if not self.check_mode:
            if done:
                known.settle(self.ledger, done, known.RAISED)
            if todo:
                known.begin(self.ledger, self.goal, {name: quota.limit_kb for name, quota in todo.items()})
        self._set(session, spelled, {name: (quota, self.goal or None) for name, quota in todo.items()}, "raised", known.RAISED)

    # -- restored -------------------------------------------------------------------------------------------------------------

    def _restore(self, session: Session, spelled: dict[str, str]) -> None:
        todo, done = {}, []
        for name, quota in self._read(session, spelled).items():
            row, wanted = self.rows[name], self.planned[name] or self.rows[name].before_kb
            if quota.limit_kb == wanted:
                # Also where the last run ended between setting it and writing that down.
                self.counts["as_wanted"] += 1
                done.append(name)
            elif _ours(row, quota.limit_kb):
                todo[name] = (quota, wanted)
            else:
                self._told("foreign", name, limit_kb=quota.limit_kb, raised_kb=row.raised_kb)
        if done and not self.check_mode:
            known.settle(self.ledger, done, known.RESTORED)
        if not self.params["force"]:
            todo = self._within(todo, self._measured(session, spelled, todo))
        self._set(session, spelled, todo, "restored", known.RESTORED)

    def _measured(self, session: Session, spelled: dict[str, str], todo: dict[str, tuple[Quota, int]]) -> dict[str, Quota]:
        """What those without a limit take; in check mode it is not known."""
        unknown = {name: spelled[name] for name, (quota, _wanted) in todo.items() if quota.limit_kb is None}
        if not unknown or self.check_mode:
            return {}
        refused = set_quotas(session, {name: (todo[mailbox][0], NO_LIMIT_KB) for mailbox, name in unknown.items()})
        return self._read(session, {mailbox: name for mailbox, name in unknown.items() if name not in refused})

    def _within(self, todo: dict[str, tuple[Quota, int]], measured: dict[str, Quota]) -> dict[str, tuple[Quota, int]]:
        """Without those that have more than they may."""
        within = {}
        for name, (quota, wanted) in todo.items():
            used = measured.get(name, quota).used_kb
            if used > wanted:
                self._told("over", name, used_kb=used, quota_kb=wanted)
            else:
                within[name] = (quota, wanted)
        return within

    # -- both -----------------------------------------------------------------------------------------------------------------

    def _set(self, session: Session, spelled: dict[str, str], todo: dict[str, tuple[Quota, int | None]], outcome: str, state: str) -> None:
        if not todo:
            return
        refused = {} if self.check_mode else set_quotas(session, {spelled[name]: one for name, one in todo.items()})
        done = [name for name in todo if spelled[name] not in refused]
        if done and not self.check_mode:
            known.settle(self.ledger, done, state)
        self.counts[outcome] += len(done)
        self.changes += [(name, _words(todo[name][0].limit_kb), _words(todo[name][1])) for name in done]
        self.report["refused"] += [{"mailbox": name, "reason": refused[spelled[name]]} for name in todo if spelled[name] in refused]

    def _told(self, count: str, name: str, **more) -> None:
        self.counts[count] += 1
        self.report[count].append({"mailbox": name, **more})

    def _facts(self) -> dict:
        return {
            "changed": bool(self.counts["raised"] or self.counts["restored"]), **self.counts, "refused": self.report["refused"],
            "diff": mirapoint.diff(self.changes),
        }

    def result(self) -> dict:
        path = None if self.check_mode else self.params["report_path"]
        return {**self._facts(), "report_path": write(path, self.report)}


def _measured(row, limit_kb: int | None) -> bool:
    """Whether it has no limit but the one for looking what is in it."""
    return not row.raised_kb and limit_kb == NO_LIMIT_KB


def _ours(row, limit_kb: int | None) -> bool:
    """Whether this is what was set here. Who was about to be raised may still have what was before, or a step between."""
    if limit_kb == (row.raised_kb or None) or _measured(row, limit_kb):
        return True
    return row.state == known.RAISING and limit_kb is not None and (not row.raised_kb or limit_kb < row.raised_kb)


def _words(limit_kb: int | None) -> str:
    return "no quota" if limit_kb is None else f"quota {limit_kb} KiB"
