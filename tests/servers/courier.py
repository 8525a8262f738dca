# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Courier on a loopback port: folders below INBOX with separator ".", no administrator, ends the last line of a message, gives a folder that is
renamed a new UIDVALIDITY, and renames none that is open."""

from __future__ import annotations

import pathlib
import secrets
import subprocess
import typing as t

import imapclient

from . import images

# As the package's units do it.
RUN = """
mkdir -p /run/courier/authdaemon
install -m 600 /test/userdb /etc/courier/userdb
makeuserdb
sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
set -a
. /etc/courier/authdaemonrc
/usr/lib/courier/courier-authlib/authdaemond &
. /etc/courier/imapd
IMAP_STARTTLS=NO IMAPDSTARTTLS=NO IMAP_EMPTYTRASH= MAXPERIP=100
umask 022
exec couriertcpd -address=127.0.0.1 -maxprocs=100 -maxperip=100 -nodnslookup -noidentlookup {port} \
  /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir
"""


class Courier:
    """All users have one password, and nobody may log in for them."""

    admin, mechanism, audit_login = "", "login", "{target}"

    def __init__(self, folder: pathlib.Path, tools, users: list[str]) -> None:
        self.port, self.password, self._mail = tools.free_port(), secrets.token_hex(12), folder / "mail"
        hashed = subprocess.run(["openssl", "passwd", "-1", "-stdin"], input=self.password, capture_output=True, text=True, check=True).stdout.strip()
        for user in users:
            for name in ("cur", "new", "tmp"):
                (self._mail / user / "Maildir" / name).mkdir(parents=True)
        self._is_the_servers(self._mail)
        (folder / "userdb").write_text("".join(
            f"{user}\tuid=8|gid=8|home=/test/mail/{user}|mail=/test/mail/{user}/Maildir|imappw={hashed}\n" for user in users
        ))
        tools.start(images.run(f"test-courier-{self.port}", folder, "courier", RUN.format(port=self.port)), folder,
                    lambda: tools.wait_for_port("127.0.0.1", self.port))

    def quota(self, user: str, size: int) -> None:
        """In bytes."""
        file = self._mail / user / "Maildir" / "maildirsize"
        file.write_text(f"{size}S\n")
        self._is_the_servers(file)

    def client(self, user: str) -> imapclient.IMAPClient:
        client = imapclient.IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20)
        client.login(user, self.password)
        return client

    def option(self, password: str, port: int | None = None, **more: t.Any) -> dict[str, t.Any]:
        return {"host": "127.0.0.1", "port": port or self.port, "tls": "none", "password": password, "timeout": 20, **more}

    @staticmethod
    def _is_the_servers(path: pathlib.Path) -> None:
        """Debian's user `mail` in the container."""
        subprocess.run(["chown", "-R", "8:8", str(path)], check=True)
