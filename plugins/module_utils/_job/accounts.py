# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Mailboxes on the target, made by its administrator over IMAP: create, rights, quota."""

from __future__ import annotations

import time
import typing as t

from .._errors import MigrationError
from .._imap.folders import namespace
from .._imap.quota import Quota, quotas, set_quotas
from .._imap.session import REFUSED, Session, connect
from .._imap.wire import quoted, values
from .._ledger import quotas as raised
from .._ledger.store import NoLedger, open_ledger
from .._model.folder_names import wire_name
from .._model.progress import eta_seconds, rate
from .plan import described

# All rights of RFC 4314 but one: who may administer the mailbox stays the administrator's business.
OWNER_RIGHTS = "lrswipkxte"
# What the administrator can't do without, in the letters of RFC 4314 or RFC 2086: one of each.
NEEDED = ("l", "r", "s", "w", "i", "kc", "ted")
# Mailboxes that are looked at in one round trip.
AT_ONCE = 50
COUNTS = ("created", "rights_given", "quota_set", "unchanged")


def portions(items: list, size: int = AT_ONCE) -> t.Iterator[list]:
    return (items[start:start + size] for start in range(0, len(items), size))


def as_administrator(session: Session, template: str, mailboxes: list[str]) -> list[str]:
    """How users' mailboxes are called for the administrator; `template` is the option `name_template`."""
    _prefix, separator = namespace(session)
    return [template.format(separator=separator or ".", mailbox=mailbox) for mailbox in mailboxes]


def imap_mailbox(params: dict, check_mode: bool = False) -> dict:
    """The module imap_mailbox; see its RETURN."""
    server = described(params["target"])
    if params["first"] < 0:
        raise MigrationError(f"first is {params['first']}.", "Nothing was touched.", "Make it 0 or more.")
    raised_now = _raised(params)
    session = connect(server)
    try:
        return _Accounts(session, params, raised_now, check_mode).run()
    finally:
        session.close()


def _raised(params: dict) -> set[str]:
    """Mailboxes whose quota is higher for now, see quotas.py, and not to be touched."""
    if not params.get("ledger"):
        return set()
    try:
        ledger = open_ledger(params["ledger"], params["migration"], create=False)
    except NoLedger:
        return set()
    try:
        return {name for name, row in raised.listed(ledger).items() if row.state != raised.RESTORED}
    finally:
        ledger.close()


class _There(t.NamedTuple):
    exists: bool
    rights: str | None
    quota: Quota


class _Accounts:
    def __init__(self, session: Session, params: dict, raised_now: set[str], check_mode: bool) -> None:
        self.session, self.params, self.raised, self.check_mode = session, params, raised_now, check_mode
        self.changed, self.counts, self.diff = False, dict.fromkeys(COUNTS, 0), {"before": "", "after": ""}
        # Mailboxes that are through, by this step and those before.
        self.first = self.through = min(params["first"], len(params["mailboxes"]))

    def run(self) -> dict:
        mailboxes, budget = self.params["mailboxes"][self.through:], self.params["time_budget"]
        names = as_administrator(self.session, self.params["name_template"], [wanted["name"] for wanted in mailboxes])
        began = time.monotonic()
        for some in portions(list(zip(names, mailboxes, strict=True))):
            for (name, wanted), there in zip(some, self._look([name for name, _wanted in some]), strict=True):
                try:
                    touched = self._present(name, wanted, there)
                except REFUSED as error:
                    raise MigrationError(
                        f"{self.session.server.name} refuses {name}: {error}.",
                        f"{self.through} of {len(self.params['mailboxes'])} mailboxes are as they should be; they stay.",
                        "Correct the mailbox's name or the administrator's rights, then run again.", **self._result(began),
                    ) from error
                self.changed |= touched
                self.counts["unchanged"] += not touched
                self.through += 1
            if budget and time.monotonic() - began >= budget:
                break
        return self._result(began)

    def _result(self, began: float) -> dict:
        wanted = len(self.params["mailboxes"])
        left, speed = wanted - self.through, rate(self.through - self.first, time.monotonic() - began)
        return {
            "changed": self.changed, **self.counts, "wanted": wanted, "through": self.through, "finished": not left, "diff": self.diff,
            "progress": [{
                "server": self.session.server.name, "mailboxes": wanted, "mailboxes_done": self.through, "mailboxes_per_second": round(speed, 1),
                "eta_seconds": eta_seconds(left, speed),
            }],
        }

    def _look(self, names: list[str]) -> list[_There]:
        wire = self.session.wire
        rights: list[str | None] = [None] * len(names)
        if self.session.has("ACL"):
            told = wire.burst([b"MYRIGHTS " + quoted(wire_name(name)) for name in names])
            rights = [_letters(responses) if answer.ok else None for responses, answer in told]
        # Of those that have rights it is known; a list costs some servers the more, the more mailboxes they have.
        unsure = [name for name, letters in zip(names, rights, strict=True) if not letters]
        listed = {
            name: any(parts[0][:7].upper() == b"* LIST " for parts in responses)
            for name, (responses, _answer) in zip(unsure, wire.burst([b'LIST "" ' + quoted(wire_name(name)) for name in unsure]), strict=True)
        }
        exist = [listed.get(name, True) for name in names]
        limits = [quota or Quota() for quota, _words in quotas(self.session, names)] if self.session.has("QUOTA") else [Quota()] * len(names)
        return [_There(*one) for one in zip(exist, rights, limits, strict=True)]

    def _present(self, name: str, wanted: dict, there: _There) -> bool:
        if not there.exists:
            self.counts["created"] += 1
            self._differs(name, "absent", "present")
            if not self.check_mode:
                self._done(b"CREATE " + quoted(wire_name(name)))
        lacking = self._lacking(there)
        if lacking:
            # The owner has his rights from the server; the administrator needs his own to write.
            if there.exists:
                self.counts["rights_given"] += 1
                self._differs(name, f"rights {there.rights or '(none)'} of {self.session.server.admin}", f"rights {OWNER_RIGHTS}a")
            if not self.check_mode:
                self._done(b"SETACL %s %s %s" % (quoted(wire_name(name)), quoted(self.session.server.admin.encode()), quoted(f"{OWNER_RIGHTS}a".encode())))
        return self._limited(name, wanted, there.quota) or lacking or not there.exists

    def _lacking(self, there: _There) -> bool:
        if not self.session.has("ACL"):
            return False
        return not there.exists or there.rights is not None and not all(set(letters) & set(there.rights) for letters in NEEDED)

    def _limited(self, name: str, wanted: dict, quota: Quota) -> bool:
        limit = wanted["quota_mb"] if wanted.get("quota_mb") is not None else self.params["target"].get("quota_mb")
        if not limit or not self.session.has("QUOTA") or quota.limit_kb == limit * 1024 or wanted["name"] in self.raised:
            return False
        self.counts["quota_set"] += 1
        self._differs(name, f"quota {quota.limit_kb} KiB", f"quota {limit * 1024} KiB")
        if not self.check_mode:
            refused = set_quotas(self.session, {name: (quota, limit * 1024)})
            if refused:
                raise REFUSED(refused[name])
        return True

    def _done(self, command: bytes) -> None:
        (_responses, answer), = self.session.wire.burst([command])
        if not answer.ok:
            raise REFUSED(answer.text)

    def _differs(self, name: str, before: str, after: str) -> None:
        self.diff["before"] += f"{name}: {before}\n"
        self.diff["after"] += f"{name}: {after}\n"


def _letters(responses: list[list]) -> str:
    """Of an answer to MYRIGHTS."""
    told = [values(parts, 11) for parts in responses if parts[0][:11].upper() == b"* MYRIGHTS "]
    return bytes(told[0][1] or b"").decode("ascii", "replace") if told and len(told[0]) > 1 else ""
