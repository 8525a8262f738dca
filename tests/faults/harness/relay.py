# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay that also speaks in the server's name, as servers under load and broken ones do.

    relay.cut_stream("given", at=500)             # the connection ends 500 bytes from now, wherever that is; or "sent", by clients
    relay.drop_after(commands=7, times=2)         # the 7th command from now on never arrives, and its connection ends; so does the next
    relay.throttle(after=2, times=3)              # the 3rd, 4th and 5th FETCH are answered "BAD Request is throttled", and never arrive
    relay.lie_about_sizes(lambda size: 0)         # what RFC822.SIZE says from now on
    relay.misannounce(after=3, by=-10)            # the 4th literal is announced with ten bytes less than it has
    relay.shut(), relay.open_again()              # all connections break now, and between the two every new one as well
"""

from __future__ import annotations

import re
import socket
import typing as t

from servers.relay import LITERAL, Connection, Cut, Fault, Relay

SIZE = re.compile(rb"(RFC822\.SIZE )(\d+)")
# As Exchange says it.
THROTTLED = "Request is throttled. Suggested Backoff Time: 300 milliseconds"


class Liar(Relay):
    def __init__(self, behind: int, bare: bool = False) -> None:
        self._sizes: t.Callable[[int], int] | None = None
        self._server = behind
        super().__init__(behind, bare)

    def cut_stream(self, way: str, at: int) -> None:
        self.arm(Fault(f"stream {way}", at=at))

    def drop_after(self, commands: int, times: int = 1) -> None:
        self.arm(Fault("command", commands - 1, times=times))

    def throttle(self, after: int, times: int = 1, status: str = "BAD") -> None:
        self.arm(Fault(f"throttle {status}", after, times=times))

    def misannounce(self, after: int, by: int) -> None:
        self.arm(Fault("announcement", after, at=by))

    def lie_about_sizes(self, rule: t.Callable[[int], int]) -> None:
        self.broken.clear()
        self._sizes = rule

    def heal(self) -> None:
        super().heal()
        self._sizes = None

    def shut(self) -> None:
        # Nothing listens there.
        self._server, self.behind = self.behind, 1
        self.drop()

    def open_again(self) -> None:
        self.behind = self._server

    def _answered_here(self, verb: str, line: bytes, connection: Connection) -> bool:
        if self._take("command"):
            self.broken.set()
            raise Cut
        if not verb.endswith("FETCH"):
            return False
        status = next((status for status in ("BAD", "NO") if self._take(f"throttle {status}")), None)
        if status is None:
            return False
        tag = line.split(b" ", 1)[0]
        # Not into the middle of what the server is saying.
        with connection.giving:
            self._pass(connection.client, tag + f" {status} {THROTTLED}\r\n".encode(), "given")
        self.broken.set()
        return True

    def _told(self, line: bytes) -> bytes:
        if self._sizes and SIZE.search(line):
            line = SIZE.sub(lambda found: found[1] + b"%d" % self._sizes(int(found[2])), line)
            self.broken.set()
        literal = LITERAL.search(line)
        if not literal:
            return line
        fault = self._take("announcement")
        if not fault:
            return line
        self.broken.set()
        return line[:literal.start()] + b"{%d}\r\n" % max(0, int(literal[1]) + fault.at)

    def _pass(self, to: socket.socket, data: bytes, way: str) -> None:
        last = False
        with self._lock:
            fault = self._fault
            if fault is not None and fault.kind == f"stream {way}":
                last = len(data) >= fault.at
                data = data[:fault.at]
                fault.at -= len(data)
                if last:
                    self._fault = None
        super()._pass(to, data, way)
        if last:
            self.broken.set()
            raise Cut
