# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""imapsync: a process for each mailbox, two at a time. Debian has it not: the variable IMAPSYNC names the script."""

from __future__ import annotations

import os
import shutil

from ..ends import End, Route
from ..stage import run_all

NAME = "imapsync"
QUIET = ["--noreleasecheck", "--nolog", "--nofoldersizes", "--nofoldersizesatend"]


def script() -> str:
    return os.environ.get("IMAPSYNC", "")


def missing() -> str:
    return "" if shutil.which(script()) else "IMAPSYNC does not name the script of imapsync"


class Tool:
    def __init__(self, route: Route) -> None:
        self._route = route
        self._commands = []
        for user in route.users:
            folder = route.state / user
            folder.mkdir()
            both = [*_end("1", route.source, user), *_end("2", route.target, user)]
            self._commands.append([script(), *both, *QUIET, "--tmpdir", str(folder), "--pidfile", str(folder / "pid")])

    def first(self) -> None:
        run_all(self._commands, self._route.state)

    later = first


def _end(number: str, end: End, user: str) -> list[str]:
    how = [f"--ssl{number}", f"--sslargs{number}", f"SSL_ca_file={end.ca}", f"--sslargs{number}", "SSL_verify_mode=1"]
    if not end.ca:
        how = [f"--nossl{number}", f"--notls{number}"]
    return [f"--host{number}", end.host, f"--port{number}", str(end.port), f"--user{number}", user, f"--password{number}", end.password, *how]
