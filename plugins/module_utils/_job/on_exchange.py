# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What Exchange tells of mailboxes besides their content, and the way through all of them, for jobs that bring it to the target."""

from __future__ import annotations

import functools

from .._errors import LoginRefused, MigrationError
from .._ledger import mailboxes
from .._ledger.store import NoLedger, open_ledger
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


def each(ledger, plan: Plan, check_mode: bool, errors: tuple, work) -> tuple[int, list[dict]]:
    """Call work(server, mailbox, row) for each chosen mailbox that can be asked; how many can't, and those that failed with the reason.

    `errors` are what is a failure of one mailbox. In check mode those that were never copied are left out.
    """
    rows = {(row.server, row.name): row for row in mailboxes.listed(ledger, plan.names)}
    not_readable, failures, proved = 0, [], set()
    for name in plan.names:
        server, mailbox, row = plan.servers[name[0]], plan.mailbox(*name), rows.get(name)
        if not has_settings(server, mailbox):
            not_readable += 1
            continue
        if check_mode and (row is None or row.copied_at is None):
            continue
        try:
            if row is None or row.copied_at is None:
                raise MigrationError("it was never copied.", "", "Copy it first (module mailbox_copy).")
            if Pace(ledger, server).closed():
                raise MigrationError(f"{server.name} may not be read now, by its windows or an order.", "", "Run again when it may.")
            work(server, mailbox, row)
        except (MigrationError, *errors) as error:
            failures.append({"server": name[0], "mailbox": name[1], "reason": str(error)})
            if isinstance(error, LoginRefused) and name[0] not in proved:
                # It may be the administrator's account, which would be locked if the others were tried.
                break
        else:
            proved.add(name[0])
    return not_readable, failures


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
