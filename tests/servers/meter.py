# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire before a server, counted and not looked into: bytes that it gave, connections that were open at once."""

from __future__ import annotations

import socket
import threading


class Meter:
    def __init__(self, behind: int) -> None:
        self.behind, self.given, self.open, self.most_at_once = behind, 0, 0, 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                # Closed: the test is over.
                return
            server = socket.create_connection(("127.0.0.1", self.behind))
            with self._lock:
                self.open += 1
                self.most_at_once = max(self.most_at_once, self.open)
            threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, of: socket.socket, to: socket.socket, counted: bool) -> None:
        try:
            while data := of.recv(65536):
                if counted:
                    self.given += len(data)
                to.sendall(data)
        except OSError:
            # Either side has gone; the other one is told below.
            pass
        for sock in (of, to):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if counted:
            with self._lock:
                self.open -= 1
