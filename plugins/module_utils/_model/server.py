# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Who is talked to: a server, how to log in there, and the mailboxes that belong to it. Plain values."""

from __future__ import annotations

import dataclasses

TLS = ("implicit", "starttls", "none")
MECHANISMS = ("login", "plain")
PROFILES = (
    "imap", "exchange_5_5", "exchange_2000", "exchange_2003", "exchange_2007", "exchange_2010", "exchange_2013",
)
# Old Exchange drops the connection at the command NAMESPACE, although 2003 offers it (MailKit issue 1512).
WITHOUT_NAMESPACE = ("exchange_5_5", "exchange_2000", "exchange_2003")


@dataclasses.dataclass(frozen=True)
class Mailbox:
    """One user's store, as the operator names it on both sides."""

    name: str
    target: str
    wave: str = "default"
    test: bool = False
    password: str | None = dataclasses.field(default=None, repr=False)
    target_password: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class Server:
    """A mail server as the inventory describes it; ports in TCP numbers, timeout in seconds."""

    name: str
    host: str
    port: int = 993
    protocol: str = "imap"
    tls: str = "implicit"
    ca_file: str | None = None
    timeout: float = 60
    profile: str = "imap"
    login: tuple[str, ...] = ("{mailbox}",)
    mechanism: str = "login"
    domain: str = ""
    admin: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    connections: int = 4
    mailboxes: tuple[Mailbox, ...] = ()

    @classmethod
    def from_options(cls, options: dict) -> Server:
        """`options` is one element of a module's `sources`, its `target`, or its `server`."""
        fields = {field.name for field in dataclasses.fields(cls)}
        given = {key: value for key, value in options.items() if key in fields and value is not None}
        given["name"] = given.get("name") or given["host"]
        given["login"] = tuple(given.get("login") or ("{mailbox}",))
        given["mailboxes"] = tuple(
            Mailbox(
                name=mailbox["name"],
                target=mailbox.get("target") or mailbox["name"],
                wave=mailbox.get("wave") or "default",
                test=bool(mailbox.get("test")),
                password=mailbox.get("password"),
                target_password=mailbox.get("target_password"),
            )
            for mailbox in given.get("mailboxes") or ()
        )
        return cls(**given)

    def login_names(self, mailbox: str) -> list[str]:
        """Every way in which this server may want `mailbox` to be named at login, in the operator's order."""
        return [
            template.format(mailbox=mailbox, admin=self.admin or mailbox, domain=self.domain) for template in self.login
        ]
