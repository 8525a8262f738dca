# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyrus on a loopback port: names its folders as Mirapoint does (user.NAME, separator "."), refuses what Dovecot takes.

It and Dovecot exclude each other as packages, so it comes out of the image of the lab's target.
"""

from __future__ import annotations

import pathlib
import secrets
import typing as t

from . import images

CONF = """
START {{
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}}
SERVICES {{
  imap cmd="imapd -U 30" listen="127.0.0.1:{port}" prefork=1 maxchild=50
}}
EVENTS {{
  checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -c" period=30
}}
"""

RUN = """
mkdir -p /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket
chown -R cyrus:mail /run/cyrus
saslpasswd2 -c -p -u localhost cyrus < /test/password
chown cyrus:sasl /etc/sasldb2
export LD_PRELOAD=libeatmydata.so
exec /usr/sbin/cyrmaster -C /etc/imapd.conf -M /test/cyrus.conf -D
"""


class Cyrus:
    admin, mechanism, audit_login = "cyrus", "plain", "{target}"

    def __init__(self, folder: pathlib.Path, tools) -> None:
        self.port, self.password = tools.free_port(), secrets.token_hex(12)
        folder.mkdir()
        (folder / "password").write_text(self.password)
        (folder / "cyrus.conf").write_text(CONF.format(port=self.port))
        tools.start(images.run(f"test-cyrus-{self.port}", folder, "target", RUN), folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def option(self, password: str, port: int | None = None, **more: t.Any) -> dict[str, t.Any]:
        return {"host": "127.0.0.1", "port": port or self.port, "tls": "none", "admin": self.admin, "password": password, "timeout": 20, **more}
