# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sieve on a real server.

sieve: Dovecot with ManageSieve (class Filtering): .session("anna") logs in by our client, .deliver("anna", message) brings mail as the
    mail exchange does, .found("anna") tells what lies where, .sent what it passed on or replied.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from servers import fixtures

from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._sieve import managesieve

module, servers = fixtures.module, fixtures.servers

# The user's home holds the scripts and what replies are remembered by, so mail needs a folder of its own.
SIEVE = """
mail_location = maildir:{folder}/mail/%u/mail:LAYOUT=fs
protocols = imap sieve
postmaster_address = postmaster@example.org
sendmail_path = {folder}/sendmail
lda_mailbox_autocreate = no
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_vacation_send_from_recipient = yes
}}
protocol lda {{
  mail_plugins = sieve
}}
service managesieve-login {{
  chroot =
  inet_listener sieve {{
    port = {port}
  }}
}}
"""
# Keeps what it is given, a file a message.
SENDMAIL = """#!/bin/sh
file=$(mktemp {folder}/sent/XXXXXX)
echo "$@" > "$file"
cat >> "$file"
"""


class Filtering:
    def __init__(self, dovecot, port: int, certificate) -> None:
        self.dovecot, self.port, self.certificate = dovecot, port, certificate
        self.spool = dovecot.folder / "sent"
        self.spool.mkdir()
        self.spool.chmod(0o777)
        script = dovecot.folder / "sendmail"
        script.write_text(SENDMAIL.format(folder=dovecot.folder))
        script.chmod(0o755)

    def server(self, **more) -> Server:
        settings = {
            "name": "new", "host": "127.0.0.1", "port": self.port, "tls": "starttls", "ca_file": str(self.certificate["ca"]), "mechanism": "plain",
            "admin": self.dovecot.admin, "password": self.dovecot.password, "timeout": 20,
        }
        return Server(**{**settings, **more})

    def session(self, mailbox: str, **more) -> managesieve.Session:
        return managesieve.connect(self.server(**more), Mailbox(mailbox, mailbox))

    def folder(self, mailbox: str, *names: str) -> None:
        with self.dovecot.client(mailbox) as client:
            for name in names:
                client.create_folder(name)

    def deliver(self, mailbox: str, message: str, sender: str = "sender@elsewhere.test") -> None:
        command = ["/usr/lib/dovecot/dovecot-lda", "-c", self.dovecot.folder / "dovecot.conf", "-e", "-d", mailbox]
        subprocess.run([*command, "-f", sender, "-a", f"{mailbox}@example.org"], input=message.encode(), check=True, capture_output=True, timeout=30)

    def found(self, mailbox: str) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        """Folder -> subject and flags of each message."""
        result = {}
        with self.dovecot.client(mailbox) as client:
            for _flags, _separator, name in client.list_folders():
                client.select_folder(name, readonly=True)
                for _uid, data in client.fetch(client.search(), ["ENVELOPE", "FLAGS"]).items():
                    flags = tuple(sorted(flag.decode() for flag in data[b"FLAGS"] if flag != b"\\Recent"))
                    result.setdefault(name, []).append(((data[b"ENVELOPE"].subject or b"").decode(), flags))
        return result

    @property
    def sent(self) -> list[str]:
        return sorted(path.read_text() for path in self.spool.iterdir())


@pytest.fixture
def sieve(servers, scratch, free_port, wait_for_port, certificate) -> Filtering:
    port = free_port()
    dovecot = servers.dovecot("sieve", certificate=certificate, more=SIEVE.format(folder=scratch / "sieve", port=port))
    wait_for_port("127.0.0.1", port)
    return Filtering(dovecot, port, certificate)
