# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of a copy: Dovecots as they are shipped, but for limits that 10,000 logins would meet, and the way from a tool to them."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import subprocess
import typing as t

from servers.dovecot import BARE, Dovecot

from .copy_bound import Connection
from .stage import Failed, Stage

SETTINGS = """
mail_location = maildir:{folder}/mail/%u
mail_fsync = {fsync}
mail_max_userip_connections = 0
auth_verbose = no
info_log_path = /dev/null
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 4000
}}
service imap {{
  process_min_avail = 4
  process_limit = 4000
  service_count = 1000
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
"""


@dataclasses.dataclass(frozen=True)
class Way:
    """How a line of work differs from two servers on loopback, without TLS, with all their extensions."""

    tls: bool = False
    # The target offers IMAP4rev1 and nothing else. Its answers come through a relay, which takes the UIDs out of them.
    bare: bool = False
    tells_uids: bool = False
    # Of each direction, in ms.
    delay: float = 0
    # mail_fsync of the target; the source is only read.
    fsync: str = "optimized"


class End:
    """A Dovecot and the port by which tools reach it: a relay's, where the way has one."""

    host = "127.0.0.1"

    def __init__(self, stage: Stage, name: str, way: Way, is_target: bool = False) -> None:
        self._stage, self._relay, self.ca = stage, None, certificate(stage.folder) if way.tls else None
        more = SETTINGS.format(folder=stage.folder / name, fsync=way.fsync if is_target else "optimized")
        bare = way.bare and is_target
        if bare:
            more += f"imap_capability = {BARE}\n"
        keys = {"cert": stage.folder / "cert.pem", "key": stage.folder / "key.pem"} if way.tls else None
        self.dovecot = Dovecot(stage.folder / name, stage, certificate=keys, more=more)
        self.port = self.dovecot.imaps if way.tls else self.dovecot.port
        if way.delay or bare:
            options = ["--delay", str(way.delay), *(["--bare"] if bare and not way.tells_uids else [])]
            self.port, self._relay = stage.relay(self.port, *options)

    @property
    def password(self) -> str:
        """Of every mailbox's own user."""
        return self.dovecot.user_password

    @property
    def mail(self) -> pathlib.Path:
        return self.dovecot.folder / "mail"

    def option(self, **more: t.Any) -> dict[str, t.Any]:
        """As the modules' options want it."""
        tls = {"tls": "implicit", "ca_file": str(self.ca)} if self.ca else {}
        return self.dovecot.option(self.dovecot.password, self.port, **tls, **more)

    def hand_over(self) -> None:
        """What was written into the store belongs to the user that Dovecot works as."""
        subprocess.run(["chown", "-R", "mail:mail", self.mail], check=True)

    def warm(self, users: t.Iterable[str]) -> None:
        """Dovecot makes its indexes at the first visit, which nobody's measurement shall have in it."""
        for user in users:
            connection = Connection(self.dovecot.port, user, self.password)
            for folder, messages in connection.held():
                connection.ask(b"EXAMINE " + folder)
                if messages:
                    connection.ask(b"FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)")
            connection.ask(b"LOGOUT")

    def stop(self) -> None:
        """And wipe the store."""
        if self._relay:
            self._stage.end(self._relay)
        self.dovecot.stop()
        shutil.rmtree(self.dovecot.folder)


@dataclasses.dataclass(frozen=True)
class Route:
    """From where to where, whose mailboxes, and a folder for what a tool wants to remember."""

    source: End
    target: End
    users: t.Sequence[str]
    state: pathlib.Path


def certificate(folder: pathlib.Path) -> pathlib.Path:
    """The file of a certificate authority that signed cert.pem, for key.pem, in that folder."""
    authority, key, request, signed = (folder / name for name in ("ca.pem", "key.pem", "request.pem", "cert.pem"))
    if authority.exists():
        return authority
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = folder / "names"
    names.write_text("subjectAltName = IP:127.0.0.1, DNS:127.0.0.1, DNS:localhost\n", encoding="utf-8")
    for command in (
        [*new, "-x509", "-days", "2", "-subj", "/CN=bench", "-keyout", folder / "ca-key.pem", "-out", authority],
        [*new, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request],
        ["openssl", "x509", "-req", "-days", "2", "-in", request, "-CA", authority, "-CAkey", folder / "ca-key.pem",
         "-CAcreateserial", "-extfile", names, "-out", signed],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"no certificate: {done.stderr}")
    return authority
