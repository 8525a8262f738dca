# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users that are mailboxes on a real Cyrus, and lists that are a map of a real Postfix."""

from __future__ import annotations

import contextlib
import dataclasses
import imaplib
import pathlib
import re
import subprocess
import time
import typing as t

from .backend import Files, Refused

# What an administrator needs to write into a mailbox, beside what its owner has anyway.
RIGHTS = "lrswipkxtea"
# The map is written that often while lists come, in seconds, and once they have come.
OFTEN = 1.0
MAILBOX = re.compile(rb'\) "(.)" "?user\1([^"]+)"?\Z')


@dataclasses.dataclass(frozen=True)
class Servers:
    """`addresses`: a map for Postfix's virtual_alias_maps that gets the lists. Commands: `made` is called with the map when it was written,
    `password` with a user's name behind it and his password as its input."""

    host: str
    port: int
    admin: str
    admin_password: str = dataclasses.field(repr=False)
    domain: str = ""
    addresses: pathlib.Path | None = None
    made: tuple[str, ...] = ("postmap",)
    password: tuple[str, ...] = ()


class CyrusPostfix(Files):
    """The file keeps full names and lists. Of the first domain only: Cyrus has the others' users under other names."""

    def __init__(self, folder: pathlib.Path, servers: Servers) -> None:
        self._servers, self._written, self._wanting = servers, 0.0, False
        self._connection: imaplib.IMAP4 | None = None
        super().__init__(folder)

    def users(self, domain: str) -> dict[str, str]:
        known = super().users(domain)
        with self._imap() as imap:
            lines = imap.list('""', "user.%")[1]
        found = [MAILBOX.search(line) for line in lines if line]
        return {name: known.get(name, "") for name in sorted(one[2].decode() for one in found if one)}

    def add_user(self, domain: str, name: str, password: str, full_name: str) -> None:
        self._here(domain)
        with self._imap() as imap:
            if imap.list('""', f'"user.{name}"')[1] != [None]:
                raise Refused("Already exists")
            self._done(imap.create(f'"user.{name}"'))
            self._done(imap.setacl(f'"user.{name}"', self._servers.admin, RIGHTS))
            if self._servers.password:
                _run([*self._servers.password, name], password)
            self._keep("user", domain, name, full_name)

    def delete_user(self, domain: str, name: str) -> None:
        self._here(domain)
        with self._imap() as imap:
            self._done(imap.delete(f'"user.{name}"'))
            if name in super().users(domain):
                self._keep("no user", domain, name, "")

    def add_entry(self, domain: str, name: str, entry: str) -> None:
        with self._lock:
            super().add_entry(domain, name, entry)
            self._wanting = self._servers.addresses is not None
            if time.monotonic() >= self._written + OFTEN:
                self.settle()

    def settle(self) -> None:
        """Write the map. Lists without entries are no addresses yet."""
        with self._lock:
            if not self._wanting:
                return
            lines = []
            for domain, lists in self.lists().items():
                at = f"@{domain or self._servers.domain}"
                for name, entries in lists.items():
                    if entries:
                        lines.append(f"{name}{at} {', '.join(entry if '@' in entry else entry + at for entry in entries)}\n")
            self._servers.addresses.write_text("".join(lines), encoding="utf-8")
            _run([*self._servers.made, str(self._servers.addresses)], "")
            self._written, self._wanting = time.monotonic(), False

    def _here(self, domain: str) -> None:
        if domain not in ("", self._servers.domain):
            raise Refused(f"No users in {domain}")

    @contextlib.contextmanager
    def _imap(self) -> t.Iterator[imaplib.IMAP4]:
        """One connection for one at a time, kept for thousands of users: a new one costs Cyrus more than a user."""
        with self._lock:
            if self._connection is None or not self._lives(self._connection):
                self._connection = imaplib.IMAP4(self._servers.host, self._servers.port, timeout=30)
                self._connection.login(self._servers.admin, self._servers.admin_password)
            yield self._connection

    @staticmethod
    def _lives(imap: imaplib.IMAP4) -> bool:
        try:
            return imap.noop()[0] == "OK"
        except (imaplib.IMAP4.abort, OSError):
            return False

    @staticmethod
    def _done(answer: tuple[str, list[t.Any]]) -> None:
        if answer[0] != "OK":
            raise Refused(answer[1][0].decode("utf-8", "replace") if answer[1] and answer[1][0] else "refused")


def _run(command: list[str], given: str) -> None:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")
