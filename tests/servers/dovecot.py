# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dovecot on loopback, in a folder of its own: maildir, an administrator who may open every mailbox, users without end."""

from __future__ import annotations

import pathlib
import re
import secrets
import shutil
import subprocess
import typing as t

import imapclient

ADMIN = "migadmin"
# How the administrator opens somebody's mailbox: his name behind a separator.
LOGIN = "{mailbox}*{admin}"
# What a server of the first days had: RFC 3501 and nothing else.
BARE = "IMAP4rev1"

CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
auth_verbose = yes
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_master_user_separator = *
mail_location = maildir:{folder}/mail/%u:LAYOUT=fs
mail_uid = mail
mail_gid = mail
mail_fsync = never
first_valid_uid = 1
mail_max_userip_connections = 100
passdb {{
  driver = passwd-file
  master = yes
  args = {folder}/masters
}}
passdb {{
  driver = passwd-file
  args = {folder}/masters
}}
passdb {{
  driver = static
  args = password={user_password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
{more}
"""

QUOTA = """
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
  quota_rule = *:storage={storage}
  quota_max_mail_size = {largest}
}}
"""


class Dovecot:
    """`port` in clear and with STARTTLS, `imaps` with TLS where there is a `certificate`. Ends with the fixture `start`."""

    admin = ADMIN

    def __init__(self, folder: pathlib.Path, tools, certificate=None, more: str = "") -> None:
        self.folder, self._tools, self._certificate = folder, tools, certificate
        self.port, self.imaps = tools.free_port(), tools.free_port() if certificate else 0
        self.password, self.user_password = secrets.token_hex(12), secrets.token_hex(12)
        (folder / "mail").mkdir(parents=True)
        folder.chmod(0o755)
        shutil.chown(folder / "mail", "mail", "mail")
        (folder / "masters").write_text(f"{ADMIN}:{{PLAIN}}{self.password}\n")
        self.configure(more)
        self._process = self._run()

    def configure(self, more: str) -> None:
        """Further settings; `reload` brings them in."""
        ssl = "no"
        if self._certificate:
            ssl = f"yes\nssl_cert = <{self._certificate['cert']}\nssl_key = <{self._certificate['key']}"
        (self.folder / "dovecot.conf").write_text(CONF.format(
            folder=self.folder, port=self.port, imaps=self.imaps, ssl=ssl, user_password=self.user_password, more=more,
        ))

    def quota(self, storage: str = "100M", largest: str = "0") -> None:
        self.configure(QUOTA.format(storage=storage, largest=largest))
        self.reload()

    def reload(self) -> None:
        self._doveadm("reload")

    def _run(self):
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        return self._tools.start(command, self.folder, lambda: self._tools.wait_for_port("127.0.0.1", self.port))

    def terminate(self) -> None:
        self._process.terminate()

    def stop(self) -> None:
        """Every connection breaks."""
        self.terminate()
        self._process.wait(timeout=20)

    def run(self) -> None:
        """Again, after `stop`."""
        self._process = self._run()

    def _doveadm(self, *arguments: str) -> None:
        subprocess.run(["doveadm", "-c", self.folder / "dovecot.conf", *arguments], check=True, capture_output=True)

    def client(self, mailbox: str) -> imapclient.IMAPClient:
        """The mailbox's own user, on a connection that knows nothing of the collection."""
        client = imapclient.IMAPClient("127.0.0.1", self.port, ssl=False)
        client.login(mailbox, self.user_password)
        return client

    def new_uidvalidity(self, mailbox: str, path: str = "") -> None:
        """As after a repair of the store: the folder's messages get new UIDs under another UIDVALIDITY."""
        folder = self.folder / "mail" / mailbox / path
        for file in [*folder.glob("dovecot-uidlist*"), *folder.glob("dovecot.index*")]:
            file.unlink()

    def attempts(self) -> list[str]:
        """Logins that were tried, one line each, whether they succeeded or not."""
        tried = []
        for line in (self.folder / "dovecot.log").read_text().splitlines():
            if "imap-login" not in line:
                continue
            refused = re.search(r"auth failed, (\d+) attempts", line)
            tried += [line] * (int(refused[1]) if refused else " Login: " in line)
        return tried

    def option(self, password: str, port: int | None = None, **more: t.Any) -> dict[str, t.Any]:
        """This server as the modules' options describe it; `password` may be a template."""
        login = {"mechanism": "login", "login": [LOGIN], "timeout": 20}
        return {"host": "127.0.0.1", "port": port or self.port, "tls": "none", "admin": ADMIN, "password": password, **login, **more}
