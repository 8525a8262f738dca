# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Handing messages to a mail host that passes them on (RFC 6409), and knowing of each what became of it."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import smtplib

from .._errors import MigrationError
from .mail_exchange import trust

PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_LINE_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Host:
    """`timeout` in seconds, for each step."""

    host: str
    port: int
    tls: str = "starttls"
    ca_file: str | None = None
    user: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    timeout: float = 60

    @classmethod
    def from_options(cls, options: dict) -> Host:
        """Raises ValueError with a text for the operator."""
        if bool(options["user"]) != bool(options["password"]):
            raise ValueError("user and password of the mail host go together.")
        if options["user"] and options["tls"] == "none":
            raise ValueError("without TLS the password of the mail host would be readable on its way.")
        return cls(**{**options, "port": options["port"] or PORTS[options["tls"]]})

    def __str__(self) -> str:
        return f"Mail host {self.host} (port {self.port})"


class Refused(Exception):
    """The host does not take this message; the text has its words."""


class Lost(Exception):
    """The connection ended before the message was given: it was not sent."""


class Unsure(Exception):
    """The connection ended after the message was given and before the host said that it took it."""


class Submission:
    """A connection. Errors that are not about one message: MigrationError."""

    def __init__(self, host: Host) -> None:
        self.host = host
        context = trust(host.ca_file) if host.tls != "none" else None
        try:
            if host.tls == "implicit":
                self._smtp = smtplib.SMTP_SSL(host.host, host.port, timeout=host.timeout, context=context)
            else:
                self._smtp = smtplib.SMTP(host.host, host.port, timeout=host.timeout)
        except smtplib.SMTPResponseException as error:
            raise self._trouble(f"does not greet: {_words(error.smtp_code, error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._trouble(f"can't be reached: {error}") from error
        try:
            self._begin(context)
        except BaseException:
            self._smtp.close()
            raise

    def _begin(self, context) -> None:
        try:
            self._smtp.ehlo_or_helo_if_needed()
            if self.host.tls == "starttls":
                if not self._smtp.has_extn("starttls"):
                    raise self._trouble("doesn't offer STARTTLS", "Set up TLS on it, or say by tls what is meant.")
                self._smtp.starttls(context=context)
                self._smtp.ehlo()
            if self.host.user:
                self._smtp.login(self.host.user, self.host.password)
        except smtplib.SMTPAuthenticationError as error:
            raise self._trouble(f"refuses the login of {self.host.user}: {_words(error.smtp_code, error.smtp_error)}", "Correct user or password.") from error
        except smtplib.SMTPResponseException as error:
            raise self._trouble(f"refuses: {_words(error.smtp_code, error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._trouble(f"can't be used: {error}") from error

    def _trouble(self, what: str, next_step: str = "Check host, port, tls and ca_file, and that this host reaches it.") -> MigrationError:
        return MigrationError(f"{self.host} {what}.", "No message is in doubt by this.", f"{next_step} Then run again.")

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Returns once the host took it; else Refused, Lost or Unsure."""
        try:
            for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
                code, reply = self._smtp.docmd(command)
                if code // 100 != (3 if command == "DATA" else 2):
                    self._refused(code, reply)
        except (OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            raise Lost(str(error)) from error
        # From here on only the host knows, until it answers.
        try:
            self._smtp.send(_LINE_WITH_DOT.sub(b"..", message) + b".\r\n")
            code, reply = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            raise Unsure(str(error)) from error
        if code // 100 != 2:
            self._refused(code, reply)

    def _refused(self, code: int, reply: bytes) -> None:
        if code == 421:
            # It ends the connection, whatever it was asked.
            self._smtp.close()
            raise Lost(_words(code, reply))
        with contextlib.suppress(OSError, smtplib.SMTPException):
            # Should it have gone away meanwhile, the next message will notice.
            self._smtp.rset()
        raise Refused(_words(code, reply))

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            # How it says good-bye doesn't count: its messages are in its hands.
            self._smtp.docmd("QUIT")
        self._smtp.close()


def _words(code: int, reply: bytes | str) -> str:
    return f"{code} {reply.decode('utf-8', 'replace') if isinstance(reply, bytes) else reply}".replace("\n", " ")
