# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay before an IMAP server: it writes down what clients ask, and breaks the connection exactly where a test wants it.

    relay = Relay(server.port)                    # relay.port is where clients connect
    relay.commands                                # ["LOGIN", "EXAMINE", "UID FETCH", ...] in the order of their arrival
    relay.carried                                 # bytes of mail that went through, either way
    relay.cut_given(after=3, at=500)              # the 4th literal that the server sends ends after 500 bytes, and so does the connection
    relay.cut_sent(after=3, at=500)               # the same for the 4th literal that a client sends
    relay.lose_answer("APPEND", after=3)          # the server does the 4th APPEND, but its answer never arrives
    relay.drop()                                  # all connections break now; .refused tells when the server did not answer the next
    relay.hold_sent(after=3, at=500)              # the 4th literal stops after 500 bytes until relay.release(); .holding tells when

Each fault happens once; `relay.broken` is set when it has. With bare=True the answers lose what RFC 3501 does not know
(APPENDUID, COPYUID, HIGHESTMODSEQ): Dovecot tells them even when it does not advertise them.
"""

from __future__ import annotations

import dataclasses
import re
import socket
import threading

LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
EXTRAS = re.compile(rb"\[(?:APPENDUID|COPYUID|HIGHESTMODSEQ) [^\]]*\] ?")
MUTATING = {"APPEND", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STORE", "UID STORE", "COPY", "UID COPY", "MOVE", "UID MOVE",
            "EXPUNGE", "UID EXPUNGE", "SETACL", "DELETEACL", "SETQUOTA", "SETMETADATA", "SETANNOTATION", "CLOSE", "SELECT"}


@dataclasses.dataclass
class Fault:
    """What breaks: the next but `after` of its kind, at byte `at`."""

    kind: str
    after: int = 0
    at: int = 0
    verb: str = ""

    def due(self) -> bool:
        self.after -= 1
        return self.after < 0


class Cut(Exception):
    """The connection ends here."""


class Relay:
    def __init__(self, behind: int, bare: bool = False) -> None:
        self.behind, self.bare = behind, bare
        self.commands: list[str] = []
        self.lines: list[bytes] = []
        self.carried = 0
        self.refused = threading.Event()
        self.broken, self.holding, self._released = threading.Event(), threading.Event(), threading.Event()
        self._fault: Fault | None = None
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def mutating(self) -> list[str]:
        return [command for command in self.commands if command in MUTATING]

    def count(self, command: str) -> int:
        return self.commands.count(command)

    def cut_given(self, after: int, at: int) -> None:
        self._arm(Fault("given", after, at))

    def cut_sent(self, after: int, at: int) -> None:
        self._arm(Fault("sent", after, at))

    def hold_sent(self, after: int, at: int) -> None:
        self._arm(Fault("hold", after, at))

    def lose_answer(self, verb: str, after: int = 0) -> None:
        self._arm(Fault("answer", after, verb=verb))

    def _arm(self, fault: Fault) -> None:
        self.broken.clear()
        self._fault = fault

    def release(self) -> None:
        self._released.set()

    def drop(self) -> None:
        """Break every connection that is open now."""
        for sock in self._open:
            _end(sock)

    def close(self) -> None:
        """Break everything and listen no more."""
        self._released.set()
        _end(self._listener)
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                # Closed: the test is over.
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.behind))
            except OSError:
                self.refused.set()
                client.close()
                continue
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            verbs: dict[bytes, str] = {}
            for way in (self._up, self._down):
                threading.Thread(target=self._carry, args=(way, client, server, verbs), daemon=True).start()

    def _carry(self, way, client: socket.socket, server: socket.socket, verbs: dict[bytes, str]) -> None:
        try:
            way(client, server, verbs)
        except (OSError, ValueError, Cut):
            # Either side has gone, or a fault was due: the other one notices by the end of its stream.
            pass
        finally:
            _end(client)
            _end(server)

    def _up(self, client: socket.socket, server: socket.socket, verbs: dict[bytes, str]) -> None:
        stream = client.makefile("rb")
        fresh = True
        while line := stream.readline():
            if fresh:
                self._note(line, verbs)
            server.sendall(line)
            literal = LITERAL.search(line)
            fresh = literal is None
            if literal:
                self._literal(stream, server, int(literal[1]), ("sent", "hold"))

    def _down(self, client: socket.socket, server: socket.socket, verbs: dict[bytes, str]) -> None:
        stream = server.makefile("rb")
        while line := stream.readline():
            verb = verbs.pop(line.split(b" ", 1)[0], None)
            if verb and self._take("answer", verb):
                self.broken.set()
                raise Cut
            client.sendall(EXTRAS.sub(b"", line) if self.bare else line)
            literal = LITERAL.search(line)
            if literal:
                self._literal(stream, client, int(literal[1]), ("given",))

    def _note(self, line: bytes, verbs: dict[bytes, str]) -> None:
        words = line.split()
        if len(words) < 2:
            return
        verb = words[1].upper().decode("ascii", "replace")
        if verb == "UID" and len(words) > 2:
            verb = f"UID {words[2].upper().decode('ascii', 'replace')}"
        verbs[words[0]] = verb
        with self._lock:
            self.commands.append(verb)
            self.lines.append(line)

    def _take(self, kind: str, verb: str = "") -> Fault | None:
        with self._lock:
            fault = self._fault
            if fault is None or fault.kind != kind or fault.verb != verb or not fault.due():
                return None
            self._fault = None
            return fault

    def _literal(self, stream, to: socket.socket, size: int, kinds: tuple[str, ...]) -> None:
        fault = next((found for found in map(self._take, kinds) if found), None)
        stop = min(fault.at, size) if fault else None
        left = size
        while left:
            wanted = min(left, 65536)
            if stop is not None and size - left < stop:
                wanted = min(wanted, stop - (size - left))
            elif stop is not None:
                self._break(fault)
                stop = None
            piece = stream.read(wanted)
            if not piece:
                raise Cut
            to.sendall(piece)
            self.carried += len(piece)
            left -= len(piece)
        if stop is not None:
            self._break(fault)

    def _break(self, fault: Fault) -> None:
        if fault.kind == "hold":
            self.holding.set()
            self._released.wait()
            self.broken.set()
            return
        self.broken.set()
        raise Cut


def _end(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It was closed already.
        pass
    sock.close()
