# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail host on loopback that plays a script, each time somebody connects."""

from __future__ import annotations

import contextlib
import socket
import threading


class ScriptedMailHost:
    """script: the greeting, then (start of a command, reply) in order; a reply None closes the connection.

    A command that isn't next is answered 250, so that scripts name what matters only.
    """

    def __init__(self, greeting: str, *script: tuple[str, str | None]) -> None:
        self._greeting, self._script = greeting, script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.commands: list[str] = []

    def __enter__(self) -> ScriptedMailHost:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._ending = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(5)
        self._listener.close()

    _ending = False

    def _serve(self) -> None:
        while True:
            connection, _peer = self._listener.accept()
            with connection, connection.makefile("rwb") as stream:
                if self._ending:
                    return
                # A client that gives up may also reset the connection.
                with contextlib.suppress(ConnectionError):
                    self._talk(stream)

    def _talk(self, stream) -> None:
        def say(line: str) -> None:
            stream.write(line.encode() + b"\r\n")
            stream.flush()

        script = list(self._script)
        say(self._greeting)
        in_data = False
        for raw in stream:
            line = raw.decode("latin-1").rstrip("\r\n")
            if in_data and line != ".":
                continue
            in_data = False
            self.commands.append(line)
            reply: str | None = "250 ok"
            if script and line.upper().startswith(script[0][0]):
                reply = script.pop(0)[1]
            elif line.upper() == "DATA":
                reply = "354 go on"
            if reply is None:
                return
            in_data = reply.startswith("354")
            say(reply)
