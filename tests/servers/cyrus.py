# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyrus on a loopback port: names its folders as Mirapoint does (user.NAME, separator "."), refuses what Dovecot takes.

It and Dovecot exclude each other as packages, so it comes out of the image of the lab's target.
"""

from __future__ import annotations

import os
import pathlib
import secrets
import shutil
import subprocess
import typing as t

IMAGE = "localhost/messaging-lab/target"
LAB = pathlib.Path(__file__).resolve().parents[2] / "molecule" / "lab"
ENVIRONMENT = {**os.environ, "CONTAINERS_CONF": str(LAB / "containers.conf")}

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


def image() -> str | None:
    """The newest image that is here; none is made for this."""
    if not shutil.which("podman"):
        return None
    found = subprocess.run(["podman", "images", "--quiet", IMAGE], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    return found.stdout.split()[0] if found.returncode == 0 and found.stdout.split() else None


class Cyrus:
    admin, mechanism, audit_login = "cyrus", "plain", "{target}"

    def __init__(self, folder: pathlib.Path, tools, image_id: str) -> None:
        self.port, self.password = tools.free_port(), secrets.token_hex(12)
        folder.mkdir()
        (folder / "password").write_text(self.password)
        (folder / "cyrus.conf").write_text(CONF.format(port=self.port))
        # /run is in memory, as Debian has it: there imapd writes down what it is at, at each command, and would wait for a disk.
        command = ["env", f"CONTAINERS_CONF={LAB / 'containers.conf'}", "podman", "run", "--rm", "--network=host", "--stop-timeout=5", "--tmpfs=/run",
                   f"--name=test-cyrus-{self.port}", f"--volume={folder}:/test", "--entrypoint=/bin/sh", image_id, "-c", RUN]
        tools.start(command, folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def option(self, password: str, port: int | None = None, **more: t.Any) -> dict[str, t.Any]:
        return {"host": "127.0.0.1", "port": port or self.port, "tls": "none", "admin": self.admin, "password": password, "timeout": 20, **more}
