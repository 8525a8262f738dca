# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The way of users' mail, by their entries in a directory: sent to the other side, and put back.

What an entry had is in the ledger before it is changed, and each change is made by the server as a whole or not at all. So whatever ends a run,
the next one tells by what the entry has whether it was changed.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import typing as t

from .._directory.ldap import Entry, Refused
from .._directory.server import NOTHING_TOUCHED, written_to
from .._directory.writing import WritingSession, rdn
from .._errors import MigrationError
from .._ledger import accounts, directory_routes
from .._ledger.store import Ledger, NoLedger, open_ledger
from .._model import directory_route as model
from .._model.directory import key
from .._model.directory_route import AS_WANTED, CHANGE, FOREIGN, RESTORED, ROUTED, Method, Route, Values
from .._model.entry_finder import ADDRESSES, Finder
from . import mirapoint
from .event_file import Write, events

# Rows that are committed together.
BATCH = 200
EVERYBODY = "(|(mail=*)(proxyAddresses=*)(objectClass=person))"
# Of those without an entry, so many are named.
MOST_NAMED = 5


def routing(params: dict, check_mode: bool = False) -> dict:
    """The module directory_routing; see its RETURN."""
    server = written_to(params["server"])
    try:
        method = Method.from_options(params)
    except ValueError as error:
        raise MigrationError(str(error), NOTHING_TOUCHED, "Correct the option.") from error
    if params["accounts"]:
        mirapoint.names("accounts", [account["target"] for account in params["accounts"]])
    with events(params["report_path"], check_mode) as write, _ledger(params, check_mode) as ledger:
        wanted = _accounts(params, ledger)
        session = WritingSession(server)
        try:
            return _Routing(session, ledger, method, params, wanted, check_mode, write).run()
        finally:
            session.close()


@contextlib.contextmanager
def _ledger(params: dict, check_mode: bool) -> t.Iterator[Ledger | None]:
    """None in check mode where there is none yet."""
    try:
        ledger = open_ledger(params["ledger"] or {}, params["migration"], create=not check_mode)
    except NoLedger:
        yield None
        return
    try:
        yield ledger
    finally:
        ledger.close()


def _accounts(params: dict, ledger: Ledger | None) -> list[dict] | None:
    """Who is meant, by the option or else by the account plan in the ledger; None: all of the wave whose routes the ledger has."""
    wave, source = params["wave"], params["plan_directory"]
    given = [account for account in params["accounts"] if wave in (None, account["wave"])]
    if params["state"] == RESTORED:
        return given if params["accounts"] else None
    if not params["accounts"] and ledger and wave:
        given = [account for account in accounts.listed(ledger) if account["wave"] == wave]
    if not given:
        raise MigrationError(
            f"Neither accounts nor the account plan in the ledger has an account in wave {wave}." if wave else "There are neither accounts nor a wave.",
            NOTHING_TOUCHED, "Run account_plan first, or name them in accounts.",
        )
    # All of a wave may be of another directory.
    return [account for account in given if source in (None, account.get("directory", source))]


class _Routing:
    def __init__(
        self, session: WritingSession, ledger: Ledger | None, method: Method, params: dict, wanted: list[dict] | None, check_mode: bool, write: Write,
    ) -> None:
        self.session, self.ledger, self.method, self.params = session, ledger, method, params
        self.wanted, self.check_mode, self.write = wanted, check_mode, write
        self.own = session.root.one("defaultNamingContext")
        self.base = session.server.base or self.own
        if not self.base:
            raise MigrationError(f"{session.server.where} does not say what its own base is.", "Nothing was changed.", "Give server.base.")
        # It has this name in the ledger by whichever of its hosts it is reached.
        self.directory = params["server"]["name"] or key(self.own or self.base)
        self.rows = directory_routes.listed(ledger, self.directory, method.name) if ledger else []
        self.counts = dict.fromkeys(("routed", "restored", "as_wanted", "foreign", "not_found", "contacts_added", "contacts_removed", "contacts_left"), 0)
        self.refusals = mirapoint.Refusals()
        self.changes: list[tuple[str, str, str]] = []
        self.finder = Finder(self._entries(), params["name_attribute"])
        self.contacts = self._contacts()

    # -- what is there ----------------------------------------------------------------------------------------------------

    def _entries(self) -> t.Iterator[Entry]:
        name, own = self.params["name_attribute"], self.session.server.filter
        asked = f"(|{EVERYBODY}({name}=*))" if name else EVERYBODY
        attributes = (*ADDRESSES, *self.method.attributes, *([name] if name else []))
        return self.session.search(self.base, f"(&{asked}{own})" if own else asked, attributes)

    def _contacts(self) -> dict[str, str]:
        """Name of each contact below contacts_base -> where it leads to."""
        if self.method.name != model.ALTERNATE_RECIPIENT:
            return {}
        found = self.session.search(self.method.contacts_base, "(objectClass=contact)", ["targetAddress"])
        return {key(entry.dn): entry.one("targetAddress") for entry in found}

    def _current(self, entry: Entry) -> Values:
        return {name: entry.all(name) for name in self.method.attributes}

    # -- all of it --------------------------------------------------------------------------------------------------------

    def run(self) -> dict:
        try:
            (self._route if self.params["state"] == ROUTED else self._restore)()
            self._finish()
        except MigrationError as error:
            error.facts = {**self._result(), **error.facts}
            raise
        return self._result()

    def _finish(self) -> None:
        for refusal in self.refusals.told:
            self.write(account=refusal["name"], outcome="refused", reason=refusal["reason"])
        if self.refusals.told:
            done = f"mail of {self.counts['routed']} was sent to the other side, and of {self.counts['restored']} put back"
            raise self.refusals.error(self.session.server.where, done, {})

    def _result(self) -> dict:
        counts = self.counts
        return {
            "changed": any(counts[name] for name in ("routed", "restored", "contacts_added", "contacts_removed")), **counts,
            "refused": self.refusals.told, "report_path": self.params["report_path"], "diff": mirapoint.diff(self.changes),
        }

    def _count(self, outcome: str, target: str, **more: t.Any) -> None:
        self.counts[outcome] += 1
        if outcome != AS_WANTED:
            self.write(account=target, outcome=outcome, **more)

    def _changed(self, outcome: str, target: str, entry: Entry, before: Values, after: Values) -> None:
        self._count(outcome, target, entry=entry.dn, before={name: before.get(name, []) for name in after}, after=after)
        self.changes.append((target, *(_told({name: values.get(name, []) for name in after}) for values in (before, after))))

    # -- to the other side ------------------------------------------------------------------------------------------------

    def _route(self) -> None:
        found = self._found()
        named = {key(row.entry): row for row in self.rows}
        # A row of an entry that has another name by now.
        moved = {row.target: row for row in self.rows if row.entry not in self.finder}
        todo, renamed = [], []
        for own, (account, entry) in found.items():
            row = named.get(own) or moved.get(account["target"])
            contact = row.contact if row and row.state == ROUTED else {}
            dn = contact.get("entry") or self._contact_name(account)
            current, wanted = self._current(entry), self.method.values(account, dn)
            decision, before, ours = model.sent(row, current, wanted)
            if decision == FOREIGN:
                self._count(FOREIGN, account["target"], entry=entry.dn, found=current, set=ours)
            elif decision == AS_WANTED:
                self._count(AS_WANTED, account["target"])
                # The ledger goes with it, so that a plan that is made now knows whose it is.
                if row and row.state == ROUTED and key(row.entry) != own and row.primary.casefold() == account["primary"].casefold():
                    renamed.append(dataclasses.replace(row, entry=own))
            else:
                if dn and key(dn) not in self.contacts:
                    contact = {"entry": dn, "address": f"SMTP:{self.method.address(account)}"}
                todo.append((account, entry, wanted, Route(
                    self.directory, self.method.name, own, account["target"], account["primary"], account["wave"], ROUTED, before, ours, contact,
                    row.id if row else None,
                )))
        if renamed and not self.check_mode:
            directory_routes.save(self.ledger, renamed)
        for start in range(0, len(todo), BATCH):
            if not self._send(todo[start:start + BATCH]):
                return

    def _found(self) -> dict[str, tuple[dict, Entry]]:
        """By the entry's name: who is meant, and the entry. Nothing is changed while somebody has none, unless that is allowed."""
        found: dict[str, tuple[dict, Entry]] = {}
        missing = []
        for account in self.wanted:
            entry, why = self.finder.find(account["entry"], account["primary"], account["target"])
            if entry is None:
                missing.append((account["target"], why))
            elif key(entry.dn) in found:
                raise MigrationError(
                    f"{found[key(entry.dn)][0]['target']} and {account['target']} have the same entry {entry.dn}.", "Nothing was changed.",
                    "Correct entry or primary of one of them.",
                )
            else:
                found[key(entry.dn)] = (account, entry)
        for target, why in missing:
            self._count("not_found", target, reason=why)
        if missing and self.params["on_missing"] == "refuse":
            told = "; ".join(f"{target} ({why})" for target, why in missing[:MOST_NAMED])
            raise MigrationError(
                f"{self.session.server.where}: {len(missing)} of {len(self.wanted)} accounts have no entry, such as {told}.", "Nothing was changed.",
                "Check server.base and server.filter, correct the accounts, or set on_missing to tell.",
            )
        return found

    def _contact_name(self, account: dict) -> str:
        if self.method.name != model.ALTERNATE_RECIPIENT:
            return ""
        return f"{rdn('CN', self.method.contact_name.format(**model.places(account)))},{self.method.contacts_base}"

    def _send(self, batch: list[tuple[dict, Entry, Values, Route]]) -> bool:
        """False when it is no use to go on."""
        if not self.check_mode:
            directory_routes.save(self.ledger, [route for _account, _entry, _wanted, route in batch])
        for account, entry, wanted, route in batch:
            try:
                self._lead(account, wanted)
                if not self.check_mode:
                    self.session.modify(entry.dn, self._current(entry), wanted)
            except Refused as error:
                if self.refusals.add(account["target"], error):
                    return False
                continue
            self._changed(ROUTED, account["target"], entry, self._current(entry), wanted)
        return True

    def _lead(self, account: dict, wanted: Values) -> None:
        """See to it that the contact is there, and leads to where it should."""
        for dn in wanted.get("altRecipient", ()):
            address = f"SMTP:{self.method.address(account)}"
            there = self.contacts.get(key(dn))
            if there is None:
                if not self.check_mode:
                    self.session.add(dn, self.method.contact_values(account))
                self.contacts[key(dn)] = address
                self._count("contacts_added", account["target"], entry=dn)
            elif there.casefold() != address.casefold():
                raise Refused(f"the contact {dn} is there, and leads to {there or 'nowhere'} instead of {address}")

    # -- and back ---------------------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        meant = self._meant()
        self.counts["as_wanted"] += sum(row.state == RESTORED for row in meant)
        routed = [row for row in meant if row.state == ROUTED]
        leading = self._leading() if any(row.contact for row in routed) else collections.Counter()
        for start in range(0, len(routed), BATCH):
            if not self._put_back(routed[start:start + BATCH], leading):
                return

    def _put_back(self, batch: list[Route], leading: collections.Counter) -> bool:
        """False when it is no use to go on."""
        done = []
        try:
            for row in batch:
                settled = self._settled(row, leading)
                if settled is None:
                    return False
                done += [dataclasses.replace(row, state=RESTORED)] if settled else []
            return True
        finally:
            # What was done before a connection broke, too.
            if done and not self.check_mode:
                directory_routes.save(self.ledger, done)

    def _meant(self) -> list[Route]:
        if self.wanted is None:
            return [row for row in self.rows if self.params["wave"] in (None, row.wave)]
        targets, entries = {account["target"] for account in self.wanted}, {key(account["entry"]) for account in self.wanted if account["entry"]}
        return [row for row in self.rows if row.target in targets or row.entry in entries]

    def _leading(self) -> collections.Counter:
        """How many entries of the whole directory have a contact as their alternate recipient, by its name."""
        found = self.session.search(self.own or self.base, "(altRecipient=*)", ["altRecipient"])
        return collections.Counter(key(value) for entry in found for value in entry.all("altRecipient"))

    def _settled(self, row: Route, leading: collections.Counter) -> bool | None:
        """Whether the entry has what it had before; None when it is no use to go on."""
        entry, why = self.finder.find(row.entry, row.primary, row.target)
        if entry is None:
            self._count("not_found", row.target, reason=why)
            return False
        current = self._current(entry)
        decision = model.put_back(row, current)
        if decision == FOREIGN:
            self._count(FOREIGN, row.target, entry=entry.dn, found=current, before=row.before, set=row.ours)
            return False
        try:
            if decision == CHANGE:
                if not self.check_mode:
                    self.session.modify(entry.dn, current, row.before)
                self._changed(RESTORED, row.target, entry, current, row.before)
            self._leave(row, current, leading)
        except Refused as error:
            return None if self.refusals.add(row.target, error) else False
        if decision == AS_WANTED:
            self._count(AS_WANTED, row.target)
        return True

    def _leave(self, row: Route, current: Values, leading: collections.Counter) -> None:
        """Take the contact away that was added for it, unless somebody else has found a use for it."""
        if not row.contact:
            return
        dn = row.contact["entry"]
        name = key(dn)
        leading.subtract(name for value in current.get("altRecipient", ()) if key(value) == name)
        if name not in self.contacts:
            return
        if leading[name] > 0 or self.contacts[name].casefold() != row.contact["address"].casefold():
            self._count("contacts_left", row.target, entry=dn)
            return
        if not self.check_mode:
            self.session.delete(dn)
        del self.contacts[name]
        self._count("contacts_removed", row.target, entry=dn)


def _told(values: Values) -> str:
    return "; ".join(f"{name}={', '.join(some) or '(none)'}" for name, some in sorted(values.items()))
