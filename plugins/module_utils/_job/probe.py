# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import datetime
import typing as t

from .._dns import authority
from .._dns.read import first
from .._dns.server import system_addresses
from .._errors import MigrationError
from .._imap.session import LOST, REFUSED
from .._model import probe
from .._model.mx import Mx
from .._model.server import Mailbox
from .._smtp.mail_exchange import NOTHING_SENT, MailExchange, TryNext, hand_over, trust
from .._target.imap import ImapTarget
from .plan import described
from .wait_for_dns import FIRST_SLEEP, GROWTH, Clock

SMTP_TIMEOUT = 60.0  # seconds for each step of the SMTP session
DNS_TIMEOUT = 5.0
MAX_SLEEP = 5.0


class Inbox:
    """The recipient's INBOX at the target server, entered as administrator."""

    def __init__(self, target: dict[str, t.Any], mailbox: str) -> None:
        self._store = ImapTarget(described(target), Mailbox(name=mailbox, target=mailbox))

    def _uids(self, message_id: str) -> list[int]:
        return list(self._store.session.client.search(["HEADER", "Message-ID", message_id]))

    def find(self, message_id: str) -> bool:
        # Some servers tell of new messages only when asked.
        self._store.session.client.noop()
        return bool(self._uids(message_id))

    def remove(self, message_id: str) -> None:
        self._store.open("INBOX")
        self._store.delete(self._uids(message_id))

    def close(self) -> None:
        self._store.close()


def probe_delivery(
    *,
    sender: str,
    recipient: str,
    via: str | None,
    nameserver: str | None,
    port: int,
    smtp_port: int,
    tls: str,
    ca_file: str | None,
    target: dict[str, t.Any],
    mailbox: str | None,
    timeout: float,
    remove: bool,
    check_mode: bool,
    clock: Clock = Clock(),
    open_inbox: t.Callable[[dict[str, t.Any], str], Inbox] = Inbox,
) -> dict[str, t.Any]:
    """Send a message as the internet would, and see it arrive."""
    try:
        sender, recipient = probe.address(sender), probe.address(recipient)
    except ValueError as error:
        raise MigrationError(str(error), NOTHING_SENT) from error
    context = trust(ca_file) if tls == "starttls" else None
    exchanges = mail_exchanges(probe.domain(recipient), via, nameserver, port, smtp_port)
    message_id = probe.new_message_id(sender)
    message = None if check_mode else probe.message(sender, recipient, message_id)

    # Entered first: a probe that can't be looked for isn't sent.
    inbox = open_inbox(target, mailbox or probe.local_part(recipient))
    try:
        exchange, tried = _first_that_takes(exchanges, lambda host: hand_over(host, context, min(SMTP_TIMEOUT, timeout), sender, recipient, message))
        result: dict[str, t.Any] = {"changed": True, "exchange": exchange, "tried": tried, "removed": False}
        if check_mode:
            return {**result, "message_id": None, "accepted_at": None, "arrived_at": None, "seconds": None}
        result.update(message_id=message_id, accepted_at=_utc(), arrived_at=None, seconds=None)
        seconds = _wait(inbox, message_id, timeout, clock, f"{recipient} at {target['host']}", result)
        result.update(arrived_at=_utc(), seconds=round(seconds, 3))
        if remove:
            _guarded(lambda: inbox.remove(message_id), "deleting the probe", result)
            result["removed"] = True
        return result
    finally:
        inbox.close()


def mail_exchanges(domain: str, via: str | None, nameserver: str | None, port: int, smtp_port: int) -> list[MailExchange]:
    """The mail hosts of a domain in the order in which a sender tries them."""
    if via and not nameserver:
        return [MailExchange(via, system_addresses(via), smtp_port)]
    through = authority.starting_points([nameserver] if nameserver else None, port, DNS_TIMEOUT)
    if via:
        return [MailExchange(via, authority.addresses(via, through), smtp_port)]
    records = sorted(map(Mx.from_text, first(through, domain, "MX").records))
    if not records:
        raise MigrationError(f"{domain} has no MX record.", NOTHING_SENT, "Check the domain, or give a mail host in via.")
    if records[0].exchange == ".":
        raise MigrationError(f"{domain} takes no mail: it has a null MX record.", NOTHING_SENT, "Check the domain, or give a mail host in via.")
    return [MailExchange(record.exchange.removesuffix("."), authority.addresses(record.exchange, through), smtp_port) for record in records]


def _first_that_takes(exchanges: list[MailExchange], attempt: t.Callable[[MailExchange], None]) -> tuple[str, list[str]]:
    tried: list[str] = []
    for host in exchanges:
        try:
            attempt(host)
        except TryNext as error:
            tried.append(str(error))
        else:
            return host.name, tried
    raise MigrationError(
        f"No mail host takes the message. {' '.join(tried)}", NOTHING_SENT, "Check that they run and that this host reaches them.", tried=tried
    )


def _wait(inbox: Inbox, message_id: str, timeout: float, clock: Clock, where: str, result: dict[str, t.Any]) -> float:
    accepted = clock.now()
    pause = FIRST_SLEEP
    while not _guarded(lambda: inbox.find(message_id), "looking for the probe", result):
        waited = clock.now() - accepted
        if waited >= timeout:
            raise MigrationError(
                f"The message {message_id}, taken by {result['exchange']}, wasn't in the INBOX of {where} after {waited:.0f} seconds.",
                "It may still arrive.",
                "Look for its Message-ID in the log and the queue of that mail host.",
                **result,
            )
        clock.sleep(min(pause, MAX_SLEEP, timeout - waited))
        pause *= GROWTH
    return clock.now() - accepted


def _guarded(step: t.Callable[[], t.Any], what: str, result: dict[str, t.Any]) -> t.Any:
    try:
        return step()
    except (*LOST, REFUSED) as error:
        raise MigrationError(
            f"The target server failed while {what} {result['message_id']}: {error}.",
            "The message was sent.",
            "Look for it in the mailbox by its Message-ID.",
            **result,
        ) from error


def _utc() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
