# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""InterIMAP: a process for each mailbox, with a database of its own, two at a time. It works both ways; nobody else writes to the target."""

from __future__ import annotations

import shutil

from ..ends import End, Route
from ..stage import run_all

NAME = "interimap"


def missing() -> str:
    return "" if shutil.which("interimap") else "interimap is not installed"


class Tool:
    def __init__(self, route: Route) -> None:
        self._route = route
        self._commands = [["interimap", "--quiet", f"--config={self._configuration(user)}"] for user in route.users]

    def _configuration(self, user: str) -> str:
        file = self._route.state / f"{user}.conf"
        file.write_text(
            f'database = {self._route.state}/{user}.db\nlist-mailbox = "*"\n\n'
            + _section("local", self._route.target, user) + _section("remote", self._route.source, user), encoding="utf-8",
        )
        file.chmod(0o600)
        return str(file)

    def first(self) -> None:
        run_all(self._commands, self._route.state)

    later = first


def _section(name: str, end: End, user: str) -> str:
    tls = f"type = imaps\nSSL_verify = YES\nSSL_CAfile = {end.ca}" if end.ca else "type = imap\nSTARTTLS = NO"
    return f"[{name}]\n{tls}\nhost = {end.host}\nport = {end.port}\nusername = {user}\npassword = {end.password}\ncompress = NO\n\n"
