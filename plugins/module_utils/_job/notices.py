# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Notices to users, each sent once.

That one is about to be sent is in the ledger before it is. Whoever ends in between leaves it there, and nobody knows then whether the mail host
took it: it is not sent again unless the operator says so.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
import typing as t

from .._errors import MigrationError
from .._ledger import accounts, mailboxes, notices
from .._ledger.store import NoLedger, open_ledger
from .._model import probe
from .._model.notice import Sender, message, new_message_id
from .._model.progress import eta_seconds, rate
from .._smtp.submission import Host, Lost, Refused, Submission, Unsure
from .notice_template import NoticeTemplate
from .plan import Plan, from_params
from .report_file import write
from .wait_for_dns import Clock

EXAMPLES = 20
# So many refusals in a row are the mail host's, not the users'.
MOST_REFUSED = 20
NOTHING_SENT = "Nothing was sent."


@dataclasses.dataclass(frozen=True)
class User:
    server: str
    mailbox: str
    target: str
    wave: str
    full_name: str
    address: str
    language: str

    def __str__(self) -> str:
        return f"{self.server}/{self.mailbox}"


def notify(params: dict, check_mode: bool = False, clock: Clock = Clock(now=time.time)) -> dict:
    """The module user_notice; see its RETURN."""
    plan = from_params("notice", params)
    job = _Notices(plan, params, check_mode, clock)
    try:
        ledger = open_ledger(plan.ledger, plan.migration, create=False)
    except NoLedger as error:
        if check_mode:
            return job.before_the_ledger()
        raise MigrationError(
            f"There is no ledger at {error}.", NOTHING_SENT, "Run messaging.migration.collect_information first: it fills the ledger.",
        ) from error
    try:
        return job.run(ledger)
    finally:
        ledger.close()


class _Notices:
    def __init__(self, plan: Plan, params: dict, check_mode: bool, clock: Clock) -> None:
        self.plan, self.params, self.check_mode, self.clock = plan, params, check_mode, clock
        self.kind = params["kind"]
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.kind):
            raise MigrationError(f"kind is {self.kind!r}.", NOTHING_SENT, "It has small letters, digits and underscores.")
        self.sender = self._sender()
        self.date = self._date()
        try:
            self.host = Host.from_options(params["server"])
        except ValueError as error:
            raise MigrationError(f"server: {error}", NOTHING_SENT, "Correct the option.") from error
        if params["per_minute"] < 0:
            raise MigrationError("per_minute is less than 0.", NOTHING_SENT, "Give the messages that may be sent in a minute, or 0 for no limit.")
        self.changed = False
        self.began = time.monotonic()
        self.session: Submission | None = None
        self.refused_in_a_row = 0

    def _sender(self) -> Sender:
        try:
            given = [probe.address(self.params[name]) if self.params[name] else "" for name in ("sender", "reply_to")]
        except ValueError as error:
            raise MigrationError(f"sender or reply_to: {error}", NOTHING_SENT) from error
        if not given[0]:
            raise MigrationError("sender is empty.", NOTHING_SENT, "Give the address from which users are told.")
        return Sender(given[0], self.params["sender_name"] or "", given[1])

    def _date(self) -> dict[str, t.Any]:
        if not self.params["date"]:
            return {}
        try:
            return {"date": datetime.date.fromisoformat(self.params["date"])}
        except ValueError as error:
            raise MigrationError(f"date is {self.params['date']!r}.", NOTHING_SENT, "Give it as 2026-05-12.") from error

    def _users(self, planned: list[dict]) -> list[User]:
        """The chosen ones; `planned` are the accounts of the account plan. Public folders have no user."""
        by_mailbox = {(account["server"], account["mailbox"]): account for account in planned}
        found, wrong = [], []
        for server, name in self.plan.names:
            mailbox, account = self.plan.mailbox(server, name), by_mailbox.get((server, name), {})
            if mailbox.public_folder:
                continue
            address = mailbox.address or account.get("primary") or self._by_template(mailbox)
            user = User(
                server, name, mailbox.target, mailbox.wave, account.get("full_name") or "", address,
                mailbox.language or account.get("language") or self.params["default_language"],
            )
            found.append(user)
            try:
                probe.address(address)
            except ValueError as error:
                wrong.append(f"{user}: {error}")
        if wrong:
            raise MigrationError(
                f"{len(wrong)} users have no address that mail can go to. The first, {wrong[0]}", NOTHING_SENT,
                "Give them an address in their entry of the inventory, or correct address_template.",
            )
        return found

    def _by_template(self, mailbox) -> str:
        # One that is an address needs no domain.
        if "@" in mailbox.name:
            return mailbox.name
        try:
            return self.params["address_template"].format(mailbox=mailbox.name, target=mailbox.target)
        except (KeyError, IndexError, ValueError) as error:
            raise MigrationError(
                f"address_template is {self.params['address_template']!r}: {error!r}.", NOTHING_SENT, "It may have {mailbox} and {target}.",
            ) from error

    def _templates(self, users: list[User]) -> dict[str, NoticeTemplate]:
        """Of all languages that are needed, each tried with its first user."""
        firsts = {user.language: user for user in reversed(users)}
        lacking = sorted(firsts.keys() - self.params["templates"].keys())
        if lacking:
            raise MigrationError(
                f"There is no template {self.kind} for the language {lacking[0]}, which {firsts[lacking[0]]} has.", NOTHING_SENT,
                "Give one, or correct the language of that user.",
            )
        made = {language: NoticeTemplate(self.params["templates"][language], f"template {self.kind} ({language})") for language in sorted(firsts)}
        for language, template in made.items():
            template.of(self._variables(firsts[language]), str(firsts[language]))
        return made

    def _variables(self, user: User) -> dict[str, t.Any]:
        return {"user": dataclasses.asdict(user), "migration": self.plan.migration, "values": self.params["values"], **self.date}

    def before_the_ledger(self) -> dict:
        """In check mode, where nothing was looked at yet: all would be told."""
        users = self._users([])
        self._templates(users)
        return self._result(users, {}, {})

    def run(self, ledger) -> dict:
        users = self._users(accounts.listed(ledger))
        templates = self._templates(users)
        rows = {(row.server, row.name): row.id for row in mailboxes.listed(ledger, self.plan.names)}
        unknown = [user for user in users if (user.server, user.mailbox) not in rows]
        if unknown and not self.check_mode:
            raise MigrationError(
                f"{len(unknown)} mailboxes are not in the ledger, the first is {unknown[0]}.", NOTHING_SENT,
                "Run messaging.migration.collect_information, or the module mailbox_discover: it fills the ledger.",
            )
        ids = {user: rows.get((user.server, user.mailbox)) for user in users}
        known = notices.listed(ledger, self.kind)
        self._settle_unsure(ledger, users, ids, known)
        todo = [user for user in users if self._to_send(known.get(ids[user]))]
        try:
            self.next_at = notices.last_tried(ledger) + self._interval
            for user in [] if self.check_mode else todo:
                if not self._in_time():
                    break
                self._send(ledger, user, ids[user], templates[user.language], known.get(ids[user]))
        except MigrationError as error:
            error.facts = {**self._result(users, ids, notices.listed(ledger, self.kind), False), **error.facts}
            raise
        finally:
            if self.session:
                self.session.close()
        return self._end(self._result(users, ids, known if self.check_mode else notices.listed(ledger, self.kind)))

    def _settle_unsure(self, ledger, users: list[User], ids: dict, known: dict) -> None:
        """The operator looked into the mail host's log: those that are unsure were sent."""
        if self.params["on_unsure"] != "count_as_sent":
            return
        for user in users:
            row = known.get(ids[user])
            if row is not None and row.state == notices.SENDING and row.round != self.plan.round:
                self.changed = True
                if not self.check_mode:
                    notices.settle(ledger, row.mailbox_id, self.kind, notices.SENT, "as the operator says")
        if not self.check_mode:
            known |= notices.listed(ledger, self.kind)

    def _to_send(self, row) -> bool:
        """Who was tried in this round is not tried again in it."""
        if row is None:
            return True
        again = (notices.REFUSED, notices.SENDING) if self.params["on_unsure"] == "send" else (notices.REFUSED,)
        return row.state in again and row.round != self.plan.round

    @property
    def _interval(self) -> float:
        return 60 / self.params["per_minute"] if self.params["per_minute"] else 0.0

    def _in_time(self) -> bool:
        """Wait until the next may be sent; False when this call's time is over before."""
        # Never longer than between two: the clock may have been set back.
        wait = min(max(0.0, self.next_at - self.clock.now()), self._interval)
        deadline = self.plan.deadline
        left = deadline - time.monotonic() if deadline is not None else float("inf")
        self.clock.sleep(max(0.0, min(wait, left)))
        return wait <= left

    def _send(self, ledger, user: User, mailbox_id: int, template: NoticeTemplate, known) -> None:
        message_id = new_message_id(self.sender.address)
        content = message(self.sender, user.address, message_id, user.language, template.of(self._variables(user), str(user)))
        # Before the intent: a host that can't be used leaves nothing in doubt.
        self.session = self.session or Submission(self.host)
        if not notices.begin(ledger, mailbox_id, self.kind, self.plan.round, message_id, known):
            return
        self.changed = True
        self.next_at = self.clock.now() + self._interval
        try:
            self._hand_over(user, content)
        except Refused as error:
            notices.settle(ledger, mailbox_id, self.kind, notices.REFUSED, str(error))
            self.refused_in_a_row += 1
            if self.refused_in_a_row >= MOST_REFUSED:
                raise MigrationError(
                    f"{self.host} refused {MOST_REFUSED} notices in a row, at last that to {user.address}: {error}.",
                    "Who was sent the notice before keeps it.", "Correct what it refuses, then run again: it goes on with what is left.",
                ) from error
        except Unsure:
            # It stays as it is in the ledger.
            self.session = None
        except (Lost, MigrationError) as error:
            notices.settle(ledger, mailbox_id, self.kind, notices.REFUSED, str(error))
            if isinstance(error, MigrationError):
                raise
            raise MigrationError(
                f"{self.host} ended two connections before it took the notice to {user.address}: {error}.",
                "Who was sent the notice before keeps it; this one was not sent.", "Look into its log, then run again: it goes on with what is left.",
            ) from error
        else:
            self.refused_in_a_row = 0
            notices.settle(ledger, mailbox_id, self.kind, notices.SENT)

    def _hand_over(self, user: User, content: bytes) -> None:
        """By a second connection if the first ended in the meantime, which says nothing of this message."""
        try:
            self.session.send(self.sender.address, user.address, content)
        except Lost:
            self.session = None
            self.session = Submission(self.host)
            try:
                self.session.send(self.sender.address, user.address, content)
            except Lost:
                self.session = None
                raise

    def _result(self, users: list[User], ids: dict, known: dict, report: bool = True) -> dict:
        states = {user: known.get(ids.get(user)) for user in users}
        told = [user for user, row in states.items() if row is not None and row.state == notices.SENT]
        sent = [user for user in told if states[user].round == self.plan.round]
        unsure = [user for user, row in states.items() if row is not None and row.state == notices.SENDING]
        refused = [user for user, row in states.items() if row is not None and row.state == notices.REFUSED]
        left = [user for user in users if self._to_send(states[user])]
        if self.check_mode:
            unsure = [user for user in unsure if user not in left]
            if self.params["on_unsure"] == "count_as_sent":
                told, unsure = told + unsure, []
        speeds = rate(len(sent), time.monotonic() - self.began), rate(1, self._interval)
        speed = min((speed for speed in speeds if speed), default=0.0)
        finished = self.check_mode or not left
        path = self.params["report_path"] if report and finished and not self.check_mode else None
        return {
            "changed": self.changed or self.check_mode and bool(left), "users": len(users), "sent": len(left) if self.check_mode else len(sent),
            "sent_before": len(told) - len(sent), "refused": len(refused), "unsure": len(unsure), "finished": finished, "round": self.plan.round,
            "failures": [
                {"server": user.server, "mailbox": user.mailbox, "reason": states[user].reply} for user in refused if states[user].round == self.plan.round
            ][:EXAMPLES],
            "unsure_notices": [
                {"server": user.server, "mailbox": user.mailbox, "message_id": states[user].message_id, "tried_at": _utc(states[user].tried_at)}
                for user in unsure
            ][:EXAMPLES],
            "progress": [{
                "server": self.host.host, "kind": self.kind, "users": len(users), "users_done": len(users) - len(left),
                "eta_seconds": eta_seconds(len(left), speed),
            }],
            "report_path": write(path, {"kind": self.kind, "users": [_line(user, row) for user, row in states.items()]}),
        }

    def _end(self, result: dict) -> dict:
        """What was left behind does not end well, once there is nothing else to do."""
        if self.check_mode or not result["finished"]:
            return result
        done = f"{result['sent']} notices were sent, and {result['sent_before']} before; none of them is sent again."
        if result["failures"]:
            first = result["failures"][0]
            raise MigrationError(
                f"{self.host} refuses {result['refused']} notices. The first, {first['server']}/{first['mailbox']}: {first['reason']}.",
                done, "Correct the cause, then run again: it goes on with what is left.", **result,
            )
        if result["unsure"]:
            first = result["unsure_notices"][0]
            raise MigrationError(
                f"Of {result['unsure']} notices it is not known whether they were sent. "
                f"The first, {first['server']}/{first['mailbox']}, is {first['message_id']}.",
                done, "Look for their Message-IDs in the log of the mail host, then run again with `only`, and on_unsure send or count_as_sent.", **result,
            )
        return result


def _line(user: User, row) -> dict:
    line = {"server": user.server, "mailbox": user.mailbox, "address": user.address, "language": user.language, "state": "left"}
    if row is None:
        return line
    state = "unsure" if row.state == notices.SENDING else row.state
    return {
        **line, "state": state, "message_id": row.message_id, "tried_at": _utc(row.tried_at), "sent_at": _utc(row.sent_at) if row.sent_at else None,
        "reply": row.reply,
    }


def _utc(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="seconds")
