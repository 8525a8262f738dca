# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What Exchange tells of mailboxes besides their content, and the way through all of them, for jobs that bring it to the target."""

from __future__ import annotations

import concurrent.futures.process
import contextlib
import dataclasses
import functools
import multiprocessing

from .._errors import LoginRefused, MigrationError
from .._ledger import mailboxes
from .._ledger.store import NoLedger, open_ledger, open_ledger_again
from .._model.server import Server
from .._pace.pace import Pace
from .plan import Plan

# The first version whose EWS has GetInboxRules.
TELLS_RULES = (14, 1)
EXAMPLES = 20


class OnExchange:
    """Errors: MigrationError. `rules` are none where the server is too old to tell them (`tells_rules`)."""

    def __init__(self, server: Server, mailbox) -> None:
        # Loaded where it is needed, as in _source/registry.py.
        from .._ews import account as connection

        self._proved = False
        self._told = lambda: connection.told(server, mailbox.name, self._proved)
        self._account = self._asked(lambda: connection.account(server, mailbox))
        self._proved = False
        self.address = self._account.primary_smtp_address

    def _asked(self, question):
        with self._told():
            answer = question()
        self._proved = True
        return answer

    @functools.cached_property
    def tells_rules(self) -> bool:
        build = self._asked(lambda: self._account.version.build)
        return (build.major_version, build.minor_version) >= TELLS_RULES

    @functools.cached_property
    def rules(self) -> list:
        found = self._asked(lambda: self._account.rules) if self.tells_rules else []
        for one in found:
            # One answer holds all rules, so an error in their place means that none was told: a script without them would undo the last one.
            if isinstance(one, Exception):
                self._asked(functools.partial(_raise, one))
        return found

    @functools.cached_property
    def reply(self):
        return self._asked(lambda: self._account.oof_settings)

    def access(self, folders, targets: dict[str, str]) -> dict[str, list[dict]]:
        """As _ews/access.py has it."""
        from .._ews import access

        return self._asked(lambda: access.of_mailbox(self._account, folders, targets))


def _raise(error: Exception):
    raise error


def has_settings(server: Server, mailbox) -> bool:
    """Whether a mailbox of the inventory is one on Exchange that can be asked by EWS."""
    return server.protocol == "ews" and not mailbox.public_folder and not (mailbox.pst and not mailbox.pst_items_only)


def opened(plan: Plan, check_mode: bool):
    """The ledger; None in check mode where there is none yet, since a copy in check mode leaves none."""
    try:
        return open_ledger(plan.ledger, plan.migration, create=False)
    except NoLedger as error:
        if check_mode:
            return None
        raise MigrationError(f"There is no ledger at {error}.", "Nothing was touched.", "Copy mailboxes first.") from error


def each(ledger, plan: Plan, check_mode: bool, errors: tuple, work) -> tuple[list, int, list[dict]]:
    """What work(ledger, server, mailbox, row) returns for each chosen mailbox that can be asked; how many can't; and those that failed,
    with the reason. `plan.workers` are worked on at once, each in a process of its own.

    `errors` are what is a failure of one mailbox. In check mode those that were never copied are left out. Until a login at a server was right
    its mailboxes are tried one by one, and after one that was refused no others: it may be the administrator's account, which would be locked.
    """
    one = _OneMailbox(ledger, plan, check_mode, errors, work)
    readable = [name for name in plan.names if has_settings(plan.servers[name[0]], plan.mailbox(*name))]
    not_readable = len(plan.names) - len(readable)
    names = [name for name in readable if not (check_mode and one.never_copied(name))]
    outcomes, proved, refused, rest = {}, set(), set(), []
    with _side_by_side(one, min(plan.workers, len(names), *_connections(ledger, plan, names))) as results:
        for name in names:
            if name[0] in proved:
                rest.append(name)
            elif name[0] not in refused:
                [outcomes[name]] = results([name])
                (refused if outcomes[name].login_refused else proved if not outcomes[name].failure else set()).add(name[0])
        outcomes |= zip(rest, results(rest), strict=True)
    told = [(name, outcomes.get(name, _Outcome(failure=f"not tried, since {name[0]} refused the login before."))) for name in names]
    failures = [{"server": name[0], "mailbox": name[1], "reason": outcome.failure} for name, outcome in told if outcome.failure]
    return [outcome.returned for _name, outcome in told if not outcome.failure], not_readable, failures


@dataclasses.dataclass(frozen=True)
class _Outcome:
    returned: object = None
    failure: str = ""
    login_refused: bool = False


class _OneMailbox:
    """What is done with one, in this process or in another."""

    def __init__(self, ledger, plan: Plan, check_mode: bool, errors: tuple, work) -> None:
        self.ledger, self._plan, self._errors, self._work = ledger, plan, errors, work
        self._rows = {(row.server, row.name): row for row in mailboxes.listed(ledger, plan.names)}

    def never_copied(self, name: tuple[str, str]) -> bool:
        row = self._rows.get(name)
        return row is None or row.copied_at is None

    def __call__(self, name: tuple[str, str]) -> _Outcome:
        server = self._plan.servers[name[0]]
        try:
            if self.never_copied(name):
                raise MigrationError("it was never copied.", "", "Copy it first (module mailbox_copy).")
            if Pace(self.ledger, server).closed():
                raise MigrationError(f"{server.name} may not be read now, by its windows or an order.", "", "Run again when it may.")
            return _Outcome(self._work(self.ledger, server, self._plan.mailbox(*name), self._rows[name]))
        except (MigrationError, *self._errors) as error:
            return _Outcome(failure=str(error), login_refused=isinstance(error, LoginRefused))


def _connections(ledger, plan: Plan, names) -> list[int]:
    return [Pace(ledger, plan.servers[server]).connections() for server in {server for server, _name in names}]


# What a process has from the one that it was forked from.
_inherited: list[_OneMailbox] = []


@contextlib.contextmanager
def _side_by_side(one: _OneMailbox, width: int):
    """A function from names to their outcomes, in the same order."""
    if width <= 1:
        yield lambda names: map(one, names)
        return
    # fork: module code lies in an archive that a fresh interpreter would not find.
    pool = concurrent.futures.ProcessPoolExecutor(width, multiprocessing.get_context("fork"), _begin, (one,))
    try:
        yield lambda names: pool.map(_in_process, names)
    except concurrent.futures.process.BrokenProcessPool as error:
        raise MigrationError(
            "A process that worked on mailboxes ended without a word.", "What it had done stays; nothing was changed at the source.", "Run again.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(one: _OneMailbox) -> None:
    one.ledger = open_ledger_again(one.ledger)
    _inherited[:] = [one]


def _in_process(name: tuple[str, str]) -> _Outcome:
    return _inherited[0](name)


def refuse_failures(plan: Plan, failures: list[dict], done: str, result: dict) -> dict:
    """`result`, unless a mailbox failed: a run that left something behind does not end well. `done` says what is."""
    result["failures"] = failures[:EXAMPLES]
    if failures:
        first = failures[0]
        raise MigrationError(
            f"{len(failures)} of {len(plan.names)} mailboxes failed. The first, {first['server']}/{first['mailbox']}: {first['reason']}",
            f"{done}; nothing was changed at the source.", "Correct the cause and run again: what is done stays as it is.", **result,
        )
    return result


def addresses(plan: Plan, aliases: list[dict]) -> dict[str, str]:
    """SMTP address in lower case -> the mailbox at the target that becomes of it."""
    found = {}
    more = {one["mailbox"]: one["addresses"] for one in aliases}
    for server in plan.servers.values():
        for mailbox in server.mailboxes:
            own = server.login_names(mailbox.name)[:1] if has_settings(server, mailbox) else []
            for address in (*own, mailbox.name, *more.get(mailbox.name, ())):
                if "@" in address:
                    found[address.lower()] = mailbox.target
    return found
