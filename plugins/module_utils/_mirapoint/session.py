# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A client of the administration protocol of Mirapoint appliances: tagged commands, one at a time, each answered by OK or NO.

Whatever stands at the other end, an answer takes no more than `timeout` seconds and some MOST octets of memory, or ends in an error.
"""

from __future__ import annotations

import dataclasses
import re
import socket
import ssl
import time

from .. import _tls
from .._errors import LoginRefused, MigrationError, Unreachable
from .appliance import NOTHING_TOUCHED, Appliance
from .words import Secret, argument, fields, quoted, text

GREETING = re.compile(rb"\* OK (\S+) admind ([0-9.]+).*")
TAGGED = re.compile(rb"(\S+) (OK|NO)(?: (.*))?")
EXISTS = re.compile(r"already exists", re.IGNORECASE)
# Octets of one answer, and of one of its lines. Lines and fields count for more than they have, since they take more memory.
MOST = 32_000_000
LONGEST_LINE = 1_000_000
OVERHEAD = 64
CONNECT_SECONDS = 20
MASK = "********"
# As much of what can't be understood is shown.
SHOWN = 80


@dataclasses.dataclass(frozen=True)
class Answer:
    """`lines`: the fields of each line before the last; `text`: what follows OK or NO."""

    ok: bool
    text: str
    lines: list[list[str]]

    @property
    def exists(self) -> bool:
        """NO, since it is there already: nothing has changed and nothing is wrong."""
        return not self.ok and EXISTS.search(self.text) is not None


class Session:
    """`host` and `version` are what the greeting says. After an error of the connection it is closed, and of no more use."""

    def __init__(self, appliance: Appliance) -> None:
        self.appliance = appliance
        self._secrets: set[Secret] = set()
        self._buffer = bytearray()
        self._tag = 0
        self._socket = _connected(appliance)
        try:
            self.host, self.version = self._greeting()
        except BaseException:
            self._socket.close()
            raise

    @property
    def release(self) -> tuple[int, ...]:
        return tuple(int(part[:9]) for part in self.version.split(".") if part)

    def login(self) -> None:
        """Once; the id of the session, which opens the web administration as well, is not kept."""
        answer = self.run("LOGIN", self.appliance.admin, Secret(self.appliance.password), reads=True)
        if not answer.ok:
            raise LoginRefused(
                f"{self.appliance.where} refuses the login of {self.appliance.admin}: {answer.text or 'no reason given'}.",
                "It was tried once, and nothing was changed.", "Check admin and password, and that the account may administer.",
            )

    def run(self, *words: str, reads: bool = False) -> Answer:
        """The answer to one command, OK or NO. Words that are a Secret are shown in no error. `reads`: it changes nothing, which errors say."""
        self._secrets = {word for word in (*words, Secret(self.appliance.password)) if isinstance(word, Secret) and word}
        name = " ".join(word for word in words[:2] if not isinstance(word, Secret))
        self._tag += 1
        tag = b"%d" % self._tag
        try:
            command = b" ".join((tag, *map(argument, words))) + b"\r\n"
        except ValueError as error:
            raise MigrationError(f"An argument of {name} can't be sent: {error}.", "The command was not sent.", "Correct it.") from error
        try:
            self._begin()
            self._socket.sendall(command)
            return self._answer(tag)
        except OSError as error:
            raise self._broken(self._reason(error), name, reads) from error
        except ValueError as error:
            raise self._broken(f"its answer can't be understood: {error}", name, reads) from error

    def close(self) -> None:
        """Politely, without waiting for the farewell; a connection that is gone already needs no more."""
        try:
            self._socket.settimeout(1)
            self._socket.sendall(b"%d LOGOUT\r\n" % (self._tag + 1))
        except OSError:
            pass
        self._socket.close()

    def _answer(self, tag: bytes) -> Answer:
        lines: list[list[str]] = []
        head = b"* " + tag
        while True:
            line = self._line()
            if line == head or line.startswith(head + b" "):
                words, literal = fields(line[len(head):])
                self._charge(OVERHEAD * (len(words) + 1))
                if literal is not None:
                    words.append(self._literal(literal))
                lines.append(words)
                continue
            last = TAGGED.fullmatch(line)
            if not last or last[1] != tag:
                raise ValueError(f"it has {self._masked(text(line[:SHOWN]))!r}")
            return Answer(last[2] == b"OK", self._masked(text(last[3] or b"").strip()), lines)

    def _literal(self, length: int) -> str:
        """The octets, and the end of their line. After those that end with one, or are none, some commands say no other."""
        data = self._take(length)
        while len(self._buffer) < 2 and self._buffer != b"\n":
            self._receive()
        end = 1 if self._buffer[:1] == b"\n" else 2 if self._buffer[:2] == b"\r\n" else 0
        if not end and data and not data.endswith(b"\n"):
            raise ValueError("a literal is longer than it was announced")
        self._take(end)
        return text(data)

    def _line(self) -> bytes:
        """Without its end."""
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > LONGEST_LINE:
                raise ValueError(f"a line is longer than {LONGEST_LINE} octets")
            self._receive()
        line = self._take(end + 1)[:-1]
        return line[:-1] if line.endswith(b"\r") else line

    def _take(self, length: int) -> bytes:
        self._charge(length)
        while len(self._buffer) < length:
            self._receive()
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _charge(self, amount: int) -> None:
        if amount > self._left:
            raise ValueError(f"it is longer than {MOST} octets")
        self._left -= amount

    def _begin(self) -> None:
        """What is said from now on is one answer."""
        self._left, self._deadline = MOST, time.monotonic() + self.appliance.timeout
        self._socket.settimeout(self.appliance.timeout)

    def _receive(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("it closed the connection")
        self._buffer += data

    def _greeting(self) -> tuple[str, str]:
        try:
            self._begin()
            line = self._line()
        except OSError as error:
            raise self._broken(self._reason(error), "the greeting", True) from error
        except ValueError as error:
            raise self._stranger(str(error)) from error
        found = GREETING.fullmatch(line)
        if not found:
            raise self._stranger(f"it greets with {text(line[:SHOWN])!r}")
        return text(found[1]), text(found[2]).strip(".")

    def _stranger(self, why: str) -> MigrationError:
        return MigrationError(
            f"{self.appliance.where} does not speak the administration protocol: {why}.", f"No password was sent. {NOTHING_TOUCHED}",
            "Check host, port and tls.",
        )

    def _reason(self, error: OSError) -> str:
        if isinstance(error, TimeoutError):
            return f"it gave no complete answer within {self.appliance.timeout:g} seconds"
        return str(error) or type(error).__name__

    def _broken(self, why: str, name: str, reads: bool) -> Unreachable:
        self._socket.close()
        return Unreachable(
            f"{self.appliance.where}: the connection broke at {name}: {why}.",
            f"{name[0].upper()}{name[1:]} changes nothing." if reads else f"Whether {name} was done is not known.", "Check that it runs, then run again.",
        )

    def _masked(self, said: str) -> str:
        """A server may repeat what it was sent; longer ones first, since one may hold another."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            said = said.replace(text(quoted(secret.encode())), MASK).replace(secret, MASK)
        return said


def _connected(appliance: Appliance) -> socket.socket:
    try:
        context = _tls.context(appliance.ca_file, appliance.legacy_tls) if appliance.tls == "implicit" else None
    except OSError as error:
        raise MigrationError(
            f"The certificate authorities in {appliance.ca_file} can't be read: {error}.", NOTHING_TOUCHED, "Correct ca_file.",
        ) from error
    try:
        plain = socket.create_connection((appliance.host, appliance.port), timeout=min(appliance.timeout, CONNECT_SECONDS))
    except (OSError, UnicodeError) as error:
        raise Unreachable(
            f"{appliance.where} can't be reached: {error}.", NOTHING_TOUCHED, "Check the host, the port and the firewall between.",
        ) from error
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is None:
        return plain
    try:
        return context.wrap_socket(plain, server_hostname=appliance.host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise MigrationError(
            f"The certificate of {appliance.where} is not trusted: {error.verify_message}.", f"No password was sent. {NOTHING_TOUCHED}",
            "Give the authority that signed it, or the certificate itself where nobody did, in ca_file.",
        ) from error
    except OSError as error:
        plain.close()
        raise Unreachable(
            f"TLS with {appliance.where} failed: {error or 'it closed the connection'}.", f"No password was sent. {NOTHING_TOUCHED}",
            "Check port and tls; an appliance that knows no TLS 1.2 needs legacy_tls.",
        ) from error
