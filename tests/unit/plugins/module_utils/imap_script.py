# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IMAP servers that play a script: as a connection in memory, for exact bytes, and on loopback, for logins."""

from __future__ import annotations

import collections
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Line = collections.namedtuple("Line", "sender data")


def client(data: bytes) -> Line:
    return Line("client", data)


def server(data: bytes) -> Line:
    return Line("server", data)


class ScriptedConnection:
    """What imaplib's connection offers to _imap/wire.py. The server says its next lines once the client has sent exactly
    what the script has before them; after the last line the connection is closed."""

    def __init__(self, *lines: Line) -> None:
        self._lines = collections.deque(lines)
        self._sent, self._incoming = b"", b""

    def send(self, data: bytes) -> None:
        self._sent += data

    def readline(self) -> bytes:
        self._play()
        line, newline, self._incoming = self._incoming.partition(b"\n")
        return line + newline

    def read(self, size: int) -> bytes:
        data, self._incoming = self._incoming[:size], self._incoming[size:]
        return data

    def done(self) -> None:
        assert not self._incoming
        self._expect()
        assert not self._lines

    def _play(self) -> None:
        if not self._incoming:
            if self._lines and self._lines[0].sender == "client":
                self._expect()
            while self._lines and self._lines[0].sender == "server":
                self._incoming += self._lines.popleft().data

    def _expect(self) -> None:
        expected = b""
        while self._lines and self._lines[0].sender == "client":
            expected += self._lines.popleft().data
        assert self._sent == expected
        self._sent = b""


class ScriptedServer:
    """script: for each connection in its order a list of (start of a command without its tag, reply); a reply None closes the
    connection, `{tag}` in it stands for the command's tag. A command that isn't next is answered as a willing server would.

    commands: what clients sent, without tags.
    """

    WILLING = {
        "CAPABILITY": "* CAPABILITY {capabilities}\r\n{tag} OK done\r\n",
        "LOGOUT": "* BYE see you\r\n{tag} OK done\r\n",
        "EXAMINE": "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT 1] .\r\n{tag} OK [READ-ONLY] done\r\n",
        "SELECT": "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT 1] .\r\n{tag} OK [READ-WRITE] done\r\n",
        "AUTHENTICATE": "+ \r\n",
    }

    def __init__(self, *script: list[tuple[str, str | None]], greeting: str = "* OK ready", capabilities: str = "IMAP4rev1", tls=None) -> None:
        self._script, self._greeting, self._capabilities, self._tls = collections.deque(script), greeting, capabilities, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.commands: list[str] = []
        self._ending = False
        self._connection = self._listener

    def __enter__(self) -> ScriptedServer:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._ending = True
        with contextlib.suppress(OSError):
            # A client that gave up in the middle may not have closed its end yet.
            self._connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _peer = self._listener.accept()
            self._connection = connection
            with connection:
                if self._ending:
                    return
                try:
                    wrapped = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                    with wrapped, wrapped.makefile("rwb") as stream:
                        self._talk(stream)
                except OSError:
                    # The client went away, for instance because it does not trust us.
                    continue

    def _talk(self, stream) -> None:
        def say(text: str, tag: str = "") -> None:
            stream.write(text.replace("{tag}", tag).replace("{capabilities}", self._capabilities).encode())
            stream.flush()

        script = list(self._script.popleft()) if self._script else []
        say(self._greeting + "\r\n")
        awaited = ""
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            tag, command = (awaited, line) if awaited else line.partition(" ")[::2]
            awaited = ""
            self.commands.append(command)
            reply: str | None = self.WILLING.get(command.split(" ")[0], "{tag} OK done\r\n")
            if script and command.startswith(script[0][0]):
                reply = script.pop(0)[1]
            if reply is None:
                return
            awaited = tag if reply.startswith("+") else ""
            say(reply, tag)
            if reply.startswith("* BYE"):
                return


def certificate(folder, *names: str) -> tuple[str, ssl.SSLContext]:
    """A certificate of its own for 127.0.0.1 or other names: the file to trust, and the server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Scripted server")])
    alternatives = [x509.DNSName(text) for text in names] or [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    today = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return str(pem), context
