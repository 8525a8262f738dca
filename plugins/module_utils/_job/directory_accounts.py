# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Entries of the target's directory: who lacks is added, what differs is corrected. All that is there is read first, so this can be killed and run again."""

from __future__ import annotations

import collections
import time

from .._directory.ldap import Entry, Refused
from .._directory.server import NOTHING_TOUCHED, written_to
from .._directory.writing import WritingSession, rdn
from .._errors import MigrationError
from .._model.account_entry import REFUSE, Form, expressed
from .._model.progress import eta_seconds, rate
from . import mirapoint
from .event_file import Write, events

# A step goes on until so many are done, and for so many times as long as it took to read what is there: it has to get somewhere.
LEAST_DONE = 100
LEAST_SHARE = 4
# Of an entry's addresses, so many are named.
MOST_NAMED = 3


def accounts(params: dict, check_mode: bool = False) -> dict:
    """The module directory_account; see its RETURN."""
    server = written_to(params["server"])
    if not server.base:
        raise MigrationError(f"{server.name}: there is no base.", NOTHING_TOUCHED, "Give the distinguished name below which accounts are, as server.base.")
    mirapoint.names("accounts", [account["target"] for account in params["accounts"]])
    try:
        form = Form.from_options(params)
    except ValueError as error:
        raise MigrationError(str(error), NOTHING_TOUCHED, "Correct the option.") from error
    with events(params["report_path"], check_mode) as write:
        session = WritingSession(server)
        try:
            return _Accounts(session, form, params, check_mode, write).run()
        finally:
            session.close()


class _Accounts:
    def __init__(self, session: WritingSession, form: Form, params: dict, check_mode: bool, write: Write) -> None:
        self.session, self.form, self.params, self.check_mode, self.write = session, form, params, check_mode, write
        self.base = session.server.base
        self.refusals = mirapoint.Refusals()
        self.changes: list[tuple[str, str, str]] = []
        self.done = {"added": 0, "corrected": 0}
        began = time.monotonic()
        self.adopts = params["on_foreign"] != REFUSE
        # Addresses, and the names of the entries that have them; for accounts that get further ones.
        self.owners: dict[str, set[str]] = collections.defaultdict(set)
        self.there = self._read()
        self.read_at = time.monotonic()
        self.todo = [(account, *todo) for account in params["accounts"] if (todo := self._todo(account))]
        self.forwards_left = self._forwards_left()
        budget = params["time_budget"]
        self.ends = self.read_at + max(budget, LEAST_SHARE * (self.read_at - began)) if budget else float("inf")

    def _read(self) -> dict[str, list[Entry]]:
        """Entries by name; more than one where a name is not."""
        own, name = self.session.server.filter, self.form.name
        found: dict[str, list[Entry]] = {}
        for entry in self.session.search(self.base, f"(&({name}=*){own})" if own else f"({name}=*)", self.form.managed):
            for value in entry.all(name):
                found.setdefault(value.casefold(), []).append(entry)
            for address in self.form.addresses_there(entry.all):
                self.owners[address.casefold()].add(entry.dn)
        return found

    def _todo(self, account: dict) -> tuple:
        """(entry or None, before, after), empty where all is as it should be."""
        found = self.there.get(account["target"].casefold(), [])
        if len(found) != 1:
            return found or None, {}, {}
        before, after = self.form.corrected(account, found[0].dn, found[0].all)
        return (found, before, after) if after or self._foreign(account, found[0]) else ()

    def _foreign(self, account: dict, entry: Entry) -> list[str]:
        """The addresses of an entry that is somebody else's and stays so."""
        return [] if self.adopts else self.form.foreign(account, entry.all)

    def _refuse(self, account: dict, found: list[Entry] | None) -> None:
        """What would harm somebody else. Raises Refused."""
        if found and len(found) > 1:
            raise Refused(f"{len(found)} entries have this name: {', '.join(sorted(entry.dn for entry in found))}")
        if found and (others := self._foreign(account, found[0])):
            raise Refused(
                f"its entry {found[0].dn} is somebody else's: it has the address {', '.join(others[:MOST_NAMED])}, and none of this account's. Give "
                "the account another target in the overrides of the plan, remove that entry, or set on_foreign to adopt if both are the same person"
            )
        known = {address.casefold() for address in found[0].all(self.form.aliases)} if found else set()
        for address in self.form.alias_values(account):
            owners = self.owners.get(address.casefold(), set()) - ({found[0].dn} if found else set())
            if owners and address.casefold() not in known:
                raise Refused(f"the entry {min(owners)} has the address {address}. Take it away there, or out of the plan")

    def _forwards_left(self) -> list[tuple[str, list[str]]]:
        """(account, where its mail goes) of those whose forward is none of the plan's. It is not taken away, since nobody knows whose it is."""
        found = ((account, self.there.get(account["target"].casefold(), [])) for account in self.params["accounts"])
        left = [(account["target"], self.form.forward_left(account, there[0].all)) for account, there in found if len(there) == 1]
        return [(name, addresses) for name, addresses in left if addresses]

    def run(self) -> dict:
        self._prepare()
        finished = True
        try:
            for number, (account, found, before, after) in enumerate(self.todo):
                if number >= LEAST_DONE and time.monotonic() > self.ends:
                    finished = False
                    break
                if not self._settled(account, found, before, after):
                    break
            if finished:
                self._finish()
        except MigrationError as error:
            error.facts = {**self._result(False), **error.facts}
            raise
        return self._result(finished)

    def _prepare(self) -> None:
        """All that can be known to fail, before anything is changed."""
        without = [account["target"] for account, found, *_values in self.todo if not found and self.form.password and not account["password"]]
        if without:
            raise MigrationError(
                f"{self.session.server.where}: {len(without)} accounts are to be added and have no password, the first is {without[0]}.",
                "Nothing was changed.", "Give each a password, or leave password_attribute empty; those that are there already need none.",
            )

    def _settled(self, account: dict, found: list[Entry] | None, before: dict, after: dict) -> bool:
        """False when it is no use to go on."""
        outcome = "corrected" if found else "added"
        try:
            self._refuse(account, found)
            if not self.check_mode:
                self._written(account, found, before, after)
        except Refused as error:
            return not self.refusals.add(account["target"], error)
        self.done[outcome] += 1
        told = (before, after) if found else ({}, self.form.values(account))
        self.changes.append((account["target"], *map(_told, told)))
        self.write(account=account["target"], outcome=outcome, attributes=sorted(told[1]))
        return True

    def _written(self, account: dict, found: list[Entry] | None, before: dict, after: dict) -> None:
        if found:
            self.session.modify(found[0].dn, before, after)
        else:
            self.session.add(f"{rdn(self.form.name, account['target'])},{self.base}", self.form.entry(account))

    def _finish(self) -> None:
        for name, addresses in self.forwards_left:
            self.write(account=name, outcome="forward_left", forward_to=addresses)
        for refusal in self.refusals.told:
            self.write(account=refusal["name"], outcome="refused", reason=refusal["reason"])
        if self.refusals.told:
            done = f"{self.done['added']} accounts were added and {self.done['corrected']} corrected"
            raise self.refusals.error(self.session.server.where, done, {})

    def _result(self, finished: bool) -> dict:
        wanted, changed, refused = len(self.params["accounts"]), sum(self.done.values()), len(self.refusals.told)
        left = len(self.todo) - changed - refused
        speed = rate(changed, time.monotonic() - self.read_at)
        return {
            "changed": changed > 0, **self.done, "wanted": wanted, "as_wanted": wanted - left - refused,
            "forwards_not_expressed": sum(bool(account["forward_to"]) and not expressed(account) for account in self.params["accounts"]),
            "forwards_left": len(self.forwards_left), "refused": self.refusals.told, "finished": finished, "report_path": self.params["report_path"],
            "diff": mirapoint.diff(self.changes),
            "progress": [{
                "server": self.session.server.name, "accounts": wanted, "accounts_done": wanted - left,
                "accounts_per_second": round(speed, 1), "eta_seconds": eta_seconds(left, speed),
            }],
        }


def _told(values: dict) -> str:
    return "; ".join(f"{name}={', '.join(some)}" for name, some in sorted(values.items())) or "absent"
