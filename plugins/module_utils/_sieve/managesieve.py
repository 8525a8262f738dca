# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A client of ManageSieve (RFC 5804).

sievelib has one, but it takes no certificate authority of the operator's, keeps what came in clear before STARTTLS, reads answers without
bound, and speaks in clear after a warning.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import socket
import ssl

from .. import _tls
from .._errors import LoginRefused, MigrationError, Unreachable
from .._model.server import Mailbox, Server

PORT = 4190
# Octets of one answer: scripts are smaller, and lists too.
MOST = 2_000_000
# Octets of a quoted string (RFC 5804, 4); what is longer is sent as a literal.
LONGEST_QUOTED = 1024
LITERAL = re.compile(rb"\{(\d{1,9})\+?\}\r\n\Z")
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"()]+)|([()])')
UNQUOTED = re.compile(r"\\(.)")


class Refused(Exception):
    """The server answered NO."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """`status`: OK, NO or BYE; `code` such as QUOTA/MAXSIZE; `lines`: the words of each line before it."""

    status: str
    code: str
    text: str
    lines: list[list[str]]


class Session:
    """Logged in; texts of scripts are Unicode with "\\n" for line ends. Errors: Refused for a NO, Unreachable."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.where = f"{server.name} ({server.host}:{server.port})"
        self._buffer = bytearray()
        self._left = 0
        self._socket = self._connected()
        try:
            self.capabilities = self._greeting()
            if server.tls == "starttls":
                self._start_tls()
        except BaseException:
            self._socket.close()
            raise

    @property
    def extensions(self) -> frozenset[str]:
        """Of Sieve, as the server tells them after the login."""
        return frozenset(self.capabilities.get("SIEVE", "").split())

    def authenticate(self, login: str, password: str, acting_for: str = "") -> None:
        """SASL PLAIN (RFC 4616); `acting_for` is the authorization identity."""
        if "\0" in login + password + acting_for:
            raise MigrationError("A login or a password has a character NUL.", "It was not sent.", "Correct it.")
        if "PLAIN" not in self.capabilities.get("SASL", "").upper().split():
            raise MigrationError(
                f"{self.where} offers no login by PLAIN over this connection.", "No password was sent.", "Use tls: starttls, or allow PLAIN there.",
            )
        token = base64.b64encode("\0".join((acting_for, login, password)).encode()).decode()
        self._run("AUTHENTICATE", _string("PLAIN"), _string(token))
        self.capabilities = self._capabilities(self._run("CAPABILITY"))

    def scripts(self) -> dict[str, bool]:
        """Name -> whether it is the active one."""
        return {words[0]: "ACTIVE" in (word.upper() for word in words[1:]) for words in self._run("LISTSCRIPTS").lines if words}

    def get(self, name: str) -> str:
        lines = self._run("GETSCRIPT", _string(name)).lines
        return lines[0][0].replace("\r\n", "\n") if lines and lines[0] else ""

    def check(self, text: str) -> None:
        """Have the text compiled, and keep nothing."""
        self._run("CHECKSCRIPT", _literal(_wire(text)))

    def put(self, name: str, text: str) -> None:
        script = _wire(text)
        self._run("HAVESPACE", _string(name), str(len(script)).encode())
        self._run("PUTSCRIPT", _string(name), _literal(script))

    def activate(self, name: str) -> None:
        self._run("SETACTIVE", _string(name))

    def close(self) -> None:
        """Politely; a connection that is gone already needs no more."""
        try:
            self._run("LOGOUT")
        except (Refused, Unreachable):
            pass
        self._socket.close()

    def _run(self, command: str, *arguments: bytes) -> Answer:
        try:
            self._socket.sendall(b" ".join((command.encode(), *arguments)) + b"\r\n")
            answer = self._answer()
        except OSError as error:
            raise self._gone(str(error)) from error
        if answer.status == "BYE":
            raise self._gone(answer.text)
        if answer.status == "NO":
            raise Refused(" ".join(part for part in (answer.text, f"({answer.code})" if answer.code else "") if part) or "no reason given")
        return answer

    def _answer(self) -> Answer:
        lines = []
        self._left = MOST
        while True:
            words = self._words()
            if words and not words[0][1] and words[0][0].upper() in ("OK", "NO", "BYE"):
                break
            lines.append([text for text, _quoted in words])
        code, said, depth = [], "", 0
        for text, is_quoted in words[1:]:
            depth += {"(": 1, ")": -1}.get(text, 0) if not is_quoted else 0
            if depth:
                code += [text] if is_quoted or text != "(" else []
            elif is_quoted:
                said = text
        return Answer(words[0][0].upper(), " ".join(code), said, lines)

    def _words(self) -> list[tuple[str, bool]]:
        """Words of a line, each with whether it is a string; a line goes on after a literal."""
        words: list[tuple[str, bool]] = []
        while True:
            line = self._line()
            literal = LITERAL.search(line)
            head = line[:literal.start()] if literal else line
            for found in TOKEN.finditer(head.decode("utf-8", "replace")):
                words.append((UNQUOTED.sub(r"\1", found[1]), True) if found[1] is not None else (found[2] or found[3], False))
            if not literal:
                return words
            words.append((self._take(int(literal[1])).decode("utf-8", "replace"), True))

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._receive()
        return self._take(end + 2)

    def _take(self, length: int) -> bytes:
        if length > self._left:
            raise self._gone(f"its answer is longer than {MOST} octets")
        while len(self._buffer) < length:
            self._receive()
        self._left -= length
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _receive(self) -> None:
        if len(self._buffer) > MOST:
            raise self._gone(f"its answer is longer than {MOST} octets")
        data = self._socket.recv(65536)
        if not data:
            raise self._gone("it closed the connection")
        self._buffer += data

    def _greeting(self) -> dict[str, str]:
        try:
            answer = self._answer()
        except OSError as error:
            raise self._gone(str(error)) from error
        if answer.status != "OK":
            raise self._gone(answer.text)
        return self._capabilities(answer)

    @staticmethod
    def _capabilities(answer: Answer) -> dict[str, str]:
        return {words[0].upper(): " ".join(words[1:]) for words in answer.lines if words}

    def _connected(self) -> socket.socket:
        try:
            plain = socket.create_connection((self.server.host, self.server.port), timeout=min(self.server.timeout, 20))
        except OSError as error:
            raise Unreachable(
                f"{self.where} can't be reached: {error}.", "Nothing was touched.", "Check the host, the port and the firewall between.",
            ) from error
        plain.settimeout(self.server.timeout)
        return self._encrypted(plain) if self.server.tls == "implicit" else plain

    def _start_tls(self) -> None:
        if "STARTTLS" not in self.capabilities:
            raise MigrationError(f"{self.where} offers no STARTTLS.", "No password was sent.", "Have it switched on there, or correct tls.")
        try:
            self._run("STARTTLS")
        except Refused as error:
            raise MigrationError(f"{self.where} refuses STARTTLS: {error}.", "No password was sent.", "Have it corrected there.") from error
        if self._buffer:
            # Whoever stands between might have put it there, to be taken for an answer that was encrypted.
            raise MigrationError(f"{self.where} said something in clear after STARTTLS.", "No password was sent.", "Look who stands between.")
        self._socket = self._encrypted(self._socket)
        self.capabilities = self._greeting()

    def _encrypted(self, plain: socket.socket) -> socket.socket:
        try:
            return _tls.context(self.server.ca_file, self.server.legacy_tls).wrap_socket(plain, server_hostname=self.server.host)
        except ssl.SSLCertVerificationError as error:
            plain.close()
            raise MigrationError(
                f"The certificate of {self.where} is not trusted: {error.verify_message}.", "No password was sent and nothing was touched.",
                "Give the authority that signed it in ca_file, or have the server's certificate corrected.",
            ) from error
        except OSError as error:
            plain.close()
            raise MigrationError(
                f"TLS with {self.where} failed: {error}.", "No password was sent and nothing was touched.", "Check the port, tls and ca_file.",
            ) from error

    def _gone(self, why: str) -> Unreachable:
        return Unreachable(f"{self.where}: the connection broke: {why or 'no reason given'}", "The user's scripts are whole.", "Run again.")


def connect(server: Server, mailbox: Mailbox) -> Session:
    """Log in for `mailbox`: with its own password as itself, else as the administrator, by the login forms of the server in their order, each
    tried once. Raises MigrationError, among them LoginRefused and Unreachable."""
    refusals = []
    for name in server.login_names(mailbox.target):
        session = Session(server)
        try:
            if mailbox.target_password is None and server.mechanism == "plain" and server.admin:
                session.authenticate(server.admin, server.password or "", name)
            else:
                session.authenticate(name, mailbox.target_password or server.password or "")
            return session
        except Refused as error:
            session.close()
            refusals.append(f"{name}: {error}")
        except MigrationError:
            session.close()
            raise
    raise LoginRefused(
        f"{server.name} ({server.host}) refuses the login for the scripts of {mailbox.target}: {'; '.join(refusals)}.",
        "Each form was tried once, so no account is locked; nothing was changed there.",
        "Check the password, the login form and the rights of the account.",
    )


def _wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _literal(octets: bytes) -> bytes:
    return b"{%d+}\r\n%s" % (len(octets), octets)


def _string(text: str) -> bytes:
    octets = text.encode()
    if len(octets) > LONGEST_QUOTED or b"\r" in octets or b"\n" in octets:
        return _literal(octets)
    return b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
