# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay before an IMAP server: it writes down what clients ask, and breaks the connection exactly where a test wants it.

    relay = Relay(server.port)                    # relay.port is where clients connect
    relay.commands                                # ["LOGIN", "EXAMINE", "UID FETCH", ...] in the order of their arrival
    relay.carried                                 # bytes of mail that went through, either way
    relay.given, relay.sent                       # all bytes that the server gave, that clients sent
    relay.cut_given(after=3, at=500)              # the 4th literal that the server sends ends after 500 bytes, and so does the connection
    relay.cut_sent(after=3, at=500)               # the same for the 4th literal that a client sends
    relay.lose_answer("APPEND", after=3)          # the server does the 4th APPEND, but its answer never arrives
    relay.hold_answer("CREATE")                   # the server does the next CREATE, but its answer waits for relay.release(); .holding tells
    relay.drop()                                  # all connections break now; .refused tells when the server did not answer the next
    relay.break_at(31)                            # until heal(): a connection ends whenever the server gives the message with that UID
    relay.hold_sent(after=3, at=500)              # the 4th literal stops after 500 bytes until relay.release(); .holding tells when

Each other fault happens once; `relay.broken` is set when it has, `relay.heal()` forgets one that has not. With bare=True the answers
lose what RFC 3501 does not know (APPENDUID, COPYUID, HIGHESTMODSEQ): Dovecot tells them even when it does not advertise them.
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
    """What breaks: the next but `after` of its kind, at byte `at`, so many `times` in a row."""

    kind: str
    after: int = 0
    at: int = 0
    verb: str = ""
    times: int = 1

    def due(self) -> bool:
        self.after -= 1
        return self.after < 0


@dataclasses.dataclass
class Connection:
    """One client's; `giving` is held while a response is on its way to it."""

    client: socket.socket
    server: socket.socket
    verbs: dict[bytes, str] = dataclasses.field(default_factory=dict)
    giving: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class Cut(Exception):
    """The connection ends here."""


class Relay:
    def __init__(self, behind: int, bare: bool = False) -> None:
        self.behind, self.bare = behind, bare
        self.commands: list[str] = []
        self.lines: list[bytes] = []
        self.carried = self.given = self.sent = 0
        self.refused = threading.Event()
        self.broken, self.holding, self._released = threading.Event(), threading.Event(), threading.Event()
        self._fault: Fault | None = None
        self._breaking: re.Pattern[bytes] | None = None
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
        self.arm(Fault("given", after, at))

    def cut_sent(self, after: int, at: int) -> None:
        self.arm(Fault("sent", after, at))

    def hold_sent(self, after: int, at: int) -> None:
        self.arm(Fault("hold", after, at))

    def lose_answer(self, verb: str, after: int = 0) -> None:
        self.arm(Fault("answer", after, verb=verb))

    def hold_answer(self, verb: str, after: int = 0) -> None:
        self.arm(Fault("late", after, verb=verb))

    def arm(self, fault: Fault) -> None:
        self.broken.clear()
        self._fault = fault

    def break_at(self, uid: int) -> None:
        self.broken.clear()
        self._breaking = re.compile(rb"\* \d+ FETCH \(.*UID %d .*BODY\[\]" % uid)

    def heal(self) -> None:
        self._fault = self._breaking = None

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
            connection = Connection(client, server)
            for way in (self._up, self._down):
                threading.Thread(target=self._carry, args=(way, connection), daemon=True).start()

    def _carry(self, way, connection: Connection) -> None:
        try:
            way(connection)
        except (OSError, ValueError, Cut):
            # Either side has gone, or a fault was due: the other one notices by the end of its stream.
            pass
        finally:
            _end(connection.client)
            _end(connection.server)

    def _up(self, connection: Connection) -> None:
        stream = connection.client.makefile("rb")
        fresh = True
        while line := stream.readline():
            if fresh:
                verb = self._note(line, connection.verbs)
                if verb and self._answered_here(verb, line, connection):
                    continue
            self._pass(connection.server, line, "sent")
            literal = LITERAL.search(line)
            fresh = literal is None
            if literal:
                self._literal(stream, connection.server, int(literal[1]), ("sent", "hold"))

    def _down(self, connection: Connection) -> None:
        stream = connection.server.makefile("rb")
        while line := stream.readline():
            with connection.giving:
                while self._give(line, stream, connection):
                    line = stream.readline()

    def _give(self, line: bytes, stream, connection: Connection) -> bool:
        """A line of a response and the literal behind it; True when the response goes on."""
        verb = connection.verbs.pop(line.split(b" ", 1)[0], None)
        if verb and self._take("answer", verb):
            self.broken.set()
            raise Cut
        if verb and self._take("late", verb):
            self.holding.set()
            self._released.wait()
            self.broken.set()
        if self._breaking and self._breaking.match(line):
            self.broken.set()
            raise Cut
        literal = LITERAL.search(line)
        self._pass(connection.client, self._told(EXTRAS.sub(b"", line) if self.bare else line), "given")
        if literal:
            self._literal(stream, connection.client, int(literal[1]), ("given",))
        return literal is not None

    def _answered_here(self, verb: str, line: bytes, connection: Connection) -> bool:
        """For relays that speak in the server's name: True when the command does not reach it."""
        return False

    def _told(self, line: bytes) -> bytes:
        """For relays that change the server's words."""
        return line

    def _note(self, line: bytes, verbs: dict[bytes, str]) -> str:
        words = line.split()
        if len(words) < 2:
            return ""
        verb = words[1].upper().decode("ascii", "replace")
        if verb == "UID" and len(words) > 2:
            verb = f"UID {words[2].upper().decode('ascii', 'replace')}"
        verbs[words[0]] = verb
        with self._lock:
            self.commands.append(verb)
            self.lines.append(line)
        return verb

    def _take(self, kind: str, verb: str = "") -> Fault | None:
        with self._lock:
            fault = self._fault
            if fault is None or fault.kind != kind or fault.verb != verb or not fault.due():
                return None
            fault.times -= 1
            if fault.times < 1:
                self._fault = None
            return fault

    def _pass(self, to: socket.socket, data: bytes, way: str) -> None:
        """The one way through; `way` is given (by the server) or sent (by a client)."""
        with self._lock:
            setattr(self, way, getattr(self, way) + len(data))
        to.sendall(data)

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
            self._pass(to, piece, "given" if "given" in kinds else "sent")
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
