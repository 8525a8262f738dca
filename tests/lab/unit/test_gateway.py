# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

import gateway
import pytest
from scripted_imap import Mail, ScriptedImap

PROFILES = pathlib.Path(gateway.__file__).parent / "profiles"
# Text in a message that must pass as it is, however much it looks like the protocol.
TRICKY = b"* CAPABILITY IMAP4rev1\r\n* 1 FETCH (RFC822.SIZE 5)\r\nx OK [APPENDUID 1 2] {3}\r\n* STATUS INBOX (MESSAGES 1)\r\n"


class Lab:
    """A gateway of a profile before a scripted server."""

    def __init__(self, folder: pathlib.Path, certificate: pathlib.Path, profile: str) -> None:
        self.folder, self.certificate = folder, certificate
        self.backend = ScriptedImap({"anna": {"INBOX": [Mail(TRICKY * 20), Mail(b"x" * 1_000_000)]}, "cyrus": {}})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = {"profile": PROFILES / f"{profile}.json", "cert": certificate / "cert.pem", "key": certificate / "key.pem",
                   "listen": f"127.0.0.1:{self.port}", "backend": f"127.0.0.1:{self.backend.port}",
                   "journal": folder / "commands.jsonl", "frozen": folder / "frozen"}
        command = [sys.executable, gateway.__file__, *(f"--{name}={value}" for name, value in options.items())]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert "->" in self.process.stderr.readline()

    def close(self) -> None:
        self.process.terminate()
        assert self.process.wait(5) == 0 and not self.process.stderr.read()
        self.backend.shutdown()
        self.backend.server_close()

    def client(self, *login: bytes) -> Client:
        client = Client(self)
        assert client.greeting.startswith(b"* OK ")
        for line in login:
            client.ask(line)
        return client

    def journal(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "commands.jsonl").read_text(encoding="utf-8").splitlines()]


class Client:
    def __init__(self, lab: Lab) -> None:
        plain = socket.create_connection(("127.0.0.1", lab.port), timeout=10)
        self.socket = ssl.create_default_context(cafile=lab.certificate / "cert.pem").wrap_socket(plain, server_hostname="localhost")
        self.lines = self.socket.makefile("rb")
        self.greeting = self.lines.readline()

    def ask(self, line: bytes, until: bytes = b"t ") -> bytes:
        self.socket.sendall(line + b"\r\n")
        return self.read(until)

    def read(self, until: bytes = b"t ") -> bytes:
        answer = b""
        while line := self.lines.readline():
            answer += line
            if found := re.search(rb"\{(\d+)\}\r\n$", line):
                answer += self.lines.read(int(found[1]))
            elif line.startswith((until, b"+ ")):
                break
        return answer


@pytest.fixture(name="lab")
def _lab(tmp_path, certificate, request):
    lab = Lab(tmp_path, certificate, request.param)
    yield lab
    lab.close()


def of(*profiles: str):
    return pytest.mark.parametrize("lab", profiles, indirect=True)


LOGIN55 = b"t LOGIN EXAMPLE/migadmin/anna secret"


@of("exchange_5_5")
def test_exchange_5_5(lab):
    client = lab.client()
    assert re.fullmatch(rb"\* OK Microsoft Exchange IMAP4rev1 server version 5\.5\.2653\.23 \(\S+\) ready\r\n", client.greeting)
    assert client.ask(b"t CAPABILITY").startswith(b"* CAPABILITY IMAP4 IMAP4rev1\r\n")
    assert client.ask(b"t LOGIN OTHER/migadmin/anna secret") == b"t NO LOGIN failed.\r\n"
    assert client.ask(b"t LOGIN EXAMPLE/migadmin/anna wrong") == b"t NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"
    assert client.ask(LOGIN55) == b"t OK LOGIN completed.\r\n"
    assert client.ask(b"t CAPABILITY").startswith(b"* CAPABILITY IMAP4 IMAP4rev1\r\n")
    for command in (b"NAMESPACE", b"IDLE", b"UID EXPUNGE 1", b"ENABLE CONDSTORE", b"SELECT INBOX (CONDSTORE)", b"FETCH 1 (MODSEQ)", b"COMPRESS DEFLATE"):
        assert client.ask(b"t " + command).startswith(b"t BAD "), command
    assert b"HIGHESTMODSEQ" not in client.ask(b"t EXAMINE INBOX")
    assert client.ask(b't LIST "" *') == b'* LIST () "/" "INBOX"\r\nt OK Completed\r\n'
    answer = client.ask(b"t FETCH 1:2 (RFC822.SIZE BODY.PEEK[])")
    assert TRICKY * 20 in answer and b"x" * 1_000_000 in answer
    assert b"RFC822.SIZE %d BODY" % len(TRICKY * 20) not in answer and b"RFC822.SIZE 1025007 BODY" in answer


@of("exchange_5_5")
def test_refusals_keep_the_order(lab):
    client = lab.client(LOGIN55, b"t EXAMINE INBOX")
    client.socket.sendall(b"a FETCH 1:2 (BODY.PEEK[])\r\nb NAMESPACE\r\nc APPEND INBOX {5+}\r\nhello\r\nd NOOP\r\n")
    tagged = re.findall(rb"(?m)^([abcd]) (OK|BAD)", client.read(b"d ").replace(TRICKY, b""))
    assert tagged == [(b"a", b"OK"), (b"b", b"BAD"), (b"c", b"BAD"), (b"d", b"OK")]


@of("exchange_5_5")
def test_synchronising_literals(lab):
    client = lab.client(LOGIN55)
    assert client.ask(b"t APPEND INBOX {5}").startswith(b"+ ")
    assert client.ask(b"hello") == b"t OK Append completed.\r\n"  # no APPENDUID: no UIDPLUS
    assert client.ask(b"t APPEND no/refused {5}") == b"t NO [TRYCREATE] No such folder\r\n"
    assert client.ask(b"t NOOP") == b"t OK Completed\r\n"
    assert client.ask(b"t SELECT {5}").startswith(b"+ ")
    client.ask(b"INBOX")
    assert [(entry["command"], entry["mailbox"]) for entry in lab.journal()] == [
        ("LOGIN", ""), ("APPEND", "INBOX"), ("APPEND", "no/refused"), ("NOOP", ""), ("SELECT", "INBOX")]


@of("exchange_2003")
def test_exchange_2003(lab):
    client = lab.client(b't LOGIN "example\\\\anna" {6}', b"secret")
    assert b"UIDPLUS" in client.ask(b"t CAPABILITY")
    large = b"y" * 3_000_000
    assert client.ask(b"t APPEND INBOX {%d+}\r\n%s" % (len(large), large)) == b"t OK [APPENDUID 1 5] Append completed.\r\n"
    assert lab.backend.seen[-1] == ("APPEND", b'INBOX "literal"', [large])
    assert client.ask(b"t IDLE", b"+ ") == b"+ idling\r\n"
    assert client.ask(b"DONE") == b"t OK Idle completed.\r\n"
    assert client.ask(b"t NAMESPACE") == b""  # the connection is dropped


@of("exchange_2019")
def test_plain_with_an_authorization_identity(lab):
    def plain(*parts: str) -> bytes:
        return base64.b64encode("\0".join(parts).encode())

    client = lab.client()
    assert client.greeting == b"* OK The Microsoft Exchange IMAP4 service is ready.\r\n"
    assert client.ask(b"t AUTHENTICATE PLAIN " + plain("anna", "migadmin", "secret")).startswith(b"t BAD ")  # no SASL-IR
    assert client.ask(b"t AUTHENTICATE PLAIN") == b"+ \r\n"
    assert client.ask(plain("anna", "EXAMPLE\\migadmin", "secret")) == b"t OK AUTHENTICATE completed.\r\n"
    assert client.ask(b"t ID NIL").startswith(b'* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server"')
    assert b"CONDSTORE" not in client.ask(b"t CAPABILITY") and b"MULTIAPPEND" not in client.ask(b"t CAPABILITY")
    assert client.ask(b"t UNSELECT").startswith(b"t BAD ")
    entry = lab.journal()[1]
    assert (entry["login"], entry["admin"], entry["command"], entry["client"]) == ("anna", "migadmin", "AUTHENTICATE", "127.0.0.1")
    assert "secret" not in json.dumps(lab.journal())


@of("mirapoint")
def test_mirapoint(lab):
    client = lab.client()
    assert re.fullmatch(rb"\* OK \S+ Mirapoint IMAP4 \S+ server ready\r\n", client.greeting)
    assert b"COMPRESS" not in client.ask(b"t CAPABILITY")
    assert client.ask(b"t AUTHENTICATE PLAIN", b"+ ") == b"+ \r\n"
    assert client.ask(base64.b64encode(b"anna\0cyrus\0secret")).startswith(b"t OK [CAPABILITY IMAP4rev1")
    assert b"HIGHESTMODSEQ" in client.ask(b"t EXAMINE INBOX (CONDSTORE)")
    assert client.ask(b"t COMPRESS DEFLATE").startswith(b"t BAD ")
    assert lab.client().ask(b"t LOGIN #anna@example.test#cyrus# secret").startswith(b"t OK ")


@of("imap", "exchange_5_5")
def test_freeze(lab):
    user, admin = lab.client(b"t LOGIN anna secret"), lab.client(LOGIN55 if b"Exchange" in lab.client().greeting else b"t LOGIN anna*migadmin secret")
    (lab.folder / "frozen").touch()
    start = time.monotonic()
    assert b"BYE" in user.read() and time.monotonic() - start < 1
    assert admin.ask(b"t NOOP") == b"t OK Completed\r\n"
    assert lab.client().ask(b"t LOGIN anna secret") == b"t NO Server Unavailable. 15\r\n"
    (lab.folder / "frozen").unlink()
    assert b"t OK" in lab.client().ask(b"t LOGIN anna secret")


@of("mirapoint")
def test_administrator_itself_is_not_frozen(lab):
    (lab.folder / "frozen").touch()
    assert b"t OK" in lab.client().ask(b"t LOGIN cyrus secret")


def test_backend_gone(tmp_path, certificate):
    lab = Lab(tmp_path, certificate, "imap")
    lab.backend.shutdown()
    lab.backend.server_close()
    assert Client(lab).greeting == b"* BYE Server unavailable.\r\n"
    lab.process.terminate()
    assert "Connect call failed" in lab.process.communicate(timeout=5)[1]


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.json")), ids=lambda path: path.stem)
def test_profiles_can_be_read(path):
    gateway.Profile(json.loads(path.read_text(encoding="utf-8")))


def test_unknown_quirk():
    with pytest.raises(SystemExit, match="unknown quirks: nonsense"):
        gateway.Profile({"quirks": {"nonsense": True}})


def test_estimated_size_leaves_strings_alone():
    text = b'* 1 FETCH (ENVELOPE ("RFC822.SIZE 100" NIL) RFC822.SIZE 100)\r\n'
    assert gateway.estimated_size(text) == b'* 1 FETCH (ENVELOPE ("RFC822.SIZE 100" NIL) RFC822.SIZE 109)\r\n'
