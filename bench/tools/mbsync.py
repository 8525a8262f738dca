# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mbsync: a process for each half of the mailboxes, with a channel for each mailbox, so that starting it costs little."""

from __future__ import annotations

import shutil

from ..ends import End, Route
from ..stage import SIDE_BY_SIDE, run_all

NAME = "mbsync"

CHANNEL = """
Channel {user}
Far :far-{user}:
Near :near-{user}:
Patterns * INBOX
Create Near
Expunge Near
Sync Pull
CopyArrivalDate yes
SyncState {state}/{user}/

"""


def missing() -> str:
    return "" if shutil.which("mbsync") else "mbsync is not installed"


class Tool:
    def __init__(self, route: Route) -> None:
        self._route = route
        self._commands = []
        for half in range(SIDE_BY_SIDE):
            if users := route.users[half::SIDE_BY_SIDE]:
                file = route.state / f"mbsyncrc-{half}"
                file.write_text("".join(map(self._channel, users)), encoding="utf-8")
                file.chmod(0o600)
                self._commands.append(["mbsync", "-q", "-c", str(file), "-a"])

    def _channel(self, user: str) -> str:
        (self._route.state / user).mkdir()
        stores = _store("far", self._route.source, user) + _store("near", self._route.target, user)
        return stores + CHANNEL.format(user=user, state=self._route.state)

    def first(self) -> None:
        run_all(self._commands, self._route.state)

    later = first


def _store(name: str, end: End, user: str) -> str:
    tls = f"SSLType IMAPS\nCertificateFile {end.ca}" if end.ca else "SSLType None"
    return f"IMAPStore {name}-{user}\nHost {end.host}\nPort {end.port}\nUser {user}\nPass {end.password}\n{tls}\n\n"
