# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An appliance that says what it is told to say. It hears nothing before it speaks: answers lie ready, and what came is looked at afterwards."""

from __future__ import annotations

import socket
import threading

from ansible_collections.messaging.migration.plugins.module_utils._mirapoint import session as client
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.appliance import Appliance

GREETING = b"* OK mirapoint.example.test admind 4.1.9-GA server ready\r\n"
PASSWORD = "se cret\"\\"


class Scripted:
    """`answers` are sent at once; then the connection is closed, unless it is `silent`."""

    def __init__(self, monkeypatch, *answers: bytes, greeting: bytes = GREETING, silent: bool = False, timeout: float = 10, feed=None) -> None:
        mine, its = socket.socketpair()
        mine.settimeout(timeout)
        monkeypatch.setattr(client, "_connected", lambda appliance: mine)
        self._socket = its
        its.sendall(greeting + b"".join(answers))
        if feed:
            threading.Thread(target=self._feed, args=(feed,), daemon=True).start()
        elif not silent:
            its.shutdown(socket.SHUT_WR)
        self.appliance = Appliance("new", "mirapoint.example.test", 10143, "administrator", PASSWORD, tls="none", timeout=timeout)

    def _feed(self, feed) -> None:
        """Whatever `feed` yields, for as long as somebody takes it."""
        try:
            for data in feed:
                self._socket.sendall(data)
        except OSError:
            # The client has had enough, which is what is waited for.
            return

    def session(self) -> client.Session:
        return client.Session(self.appliance)

    def heard(self) -> bytes:
        """All that the client has sent until now."""
        self._socket.setblocking(False)
        data = b""
        try:
            while part := self._socket.recv(65536):
                data += part
        except BlockingIOError:
            pass
        return data
