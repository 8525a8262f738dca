# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import typing as t

from .._errors import MigrationError

NOTHING_SENT = "No message was sent."


class TryNext(Exception):
    """This mail host can't take mail now; a sender would try the next one."""


class MailExchange(t.NamedTuple):
    """A mail host: its name, which its certificate must have, and its addresses."""

    name: str
    addresses: tuple[str, ...]
    port: int


class _Smtp(smtplib.SMTP):
    """Connects to given addresses, while TLS verifies the host's name."""

    def __init__(self, host: MailExchange, timeout: float) -> None:
        self._addresses = host.addresses
        super().__init__(host.name, host.port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        failures = []
        for address in self._addresses:
            try:
                return socket.create_connection((address, port), timeout)
            except OSError as error:
                failures.append(error)
        raise failures[-1]


def trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise MigrationError(f"The certificates in {ca_file} can't be read: {error}.", NOTHING_SENT, "Correct ca_file.") from error


def hand_over(host: MailExchange, context: ssl.SSLContext | None, timeout: float, sender: str, recipient: str, message: bytes | None) -> None:
    """Send one message to a mail host, by verified TLS when there is a context; without a message only see that it would take one."""
    where = f"Mail host {host.name} (port {host.port})"
    try:
        with contextlib.closing(_Smtp(host, timeout)) as smtp:
            smtp.ehlo_or_helo_if_needed()
            if context:
                if not smtp.has_extn("starttls"):
                    raise MigrationError(f"{where} doesn't offer STARTTLS.", NOTHING_SENT, "Set up TLS on it, or allow clear text by the option tls.")
                smtp.starttls(context=context)
                smtp.ehlo()
            if message is None:
                _ask(smtp, sender, recipient)
            else:
                smtp.sendmail(sender, [recipient], message)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                # How the host says good-bye doesn't count: the message is in its hands.
                smtp.docmd("QUIT")
    except smtplib.SMTPRecipientsRefused as error:
        code, text = error.recipients[recipient]
        raise _refusal(f"{where} refuses the recipient {recipient}", code, text) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(f"{where} refuses", error.smtp_code, error.smtp_error) from error
    except ssl.SSLCertVerificationError as error:
        raise MigrationError(
            f"The certificate of {where[0].lower()}{where[1:]} isn't trusted: {error.verify_message}.",
            NOTHING_SENT,
            "Give the authority that signed it in ca_file, or correct the certificate.",
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise TryNext(f"{where} can't be used: {error}.") from error


def _ask(smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
    code, text = smtp.mail(sender)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, text, sender)
    code, text = smtp.rcpt(recipient)
    if code not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({recipient: (code, text)})
    smtp.rset()


def _refusal(what: str, code: int, text: bytes | str) -> Exception:
    reply = f"{what}: {code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}."
    if 400 <= code < 500:
        return TryNext(reply)
    return MigrationError(reply, NOTHING_SENT, "Check sender, recipient, and what that host relays for this station.")
