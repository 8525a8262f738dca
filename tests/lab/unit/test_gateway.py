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

    def __init__(self, folder: pathlib.Path, certificate: pathlib.Path, profile: str, greeting: str = "", **quirks: object) -> None:
        self.folder, self.certificate, self.profile = folder, certificate, profile
        settings = json.loads((PROFILES / f"{profile}.json").read_text(encoding="utf-8"))
        settings["quirks"] = settings.get("quirks", {}) | quirks
        settings["greeting"] = greeting or settings["greeting"]
        (folder / "profile.json").write_text(json.dumps(settings), encoding="utf-8")
        self.backend = ScriptedImap({"anna": {"INBOX": [Mail(TRICKY * 20), Mail(b"x" * 1_000_000)]}, "cyrus": {}})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = {"profile": folder / "profile.json", "cert": certificate / "cert.pem", "key": certificate / "key.pem",
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
    profile, quirks = request.param if isinstance(request.param, tuple) else (request.param, {})
    lab = Lab(tmp_path, certificate, profile, **quirks)
    yield lab
    lab.close()


def of(*profiles: str | tuple[str, dict]):
    """Names of profiles, or such with other settings of quirks."""
    return pytest.mark.parametrize("lab", profiles, indirect=True)


LOGIN55 = b"t LOGIN EXAMPLE/migadmin/anna secret"


@of("exchange_5_5")
def test_exchange_5_5(lab):
    client = lab.client()
    assert re.fullmatch(rb"\* OK Microsoft Exchange IMAP4rev1 server version 5\.5\.2653\.23 \(\S+\) ready\r\n", client.greeting)
    assert client.ask(b"t CAPABILITY").startswith(b"* CAPABILITY IMAP4 IMAP4rev1\r\n")
    assert client.ask(b"t LOGIN OTHER/migadmin/anna secret") == b"t NO LOGIN failed.\r\n"
    assert client.ask(LOGIN55) == b"t OK LOGIN completed.\r\n"
    assert client.ask(b"t CAPABILITY").startswith(b"* CAPABILITY IMAP4 IMAP4rev1\r\n")
    for command in (b"NAMESPACE", b"IDLE", b"UID EXPUNGE 1", b"ENABLE CONDSTORE", b"SELECT INBOX (CONDSTORE)", b"FETCH 1 (MODSEQ)", b"COMPRESS DEFLATE"):
        assert client.ask(b"t " + command).startswith(b"t BAD "), command
    assert b"HIGHESTMODSEQ" not in client.ask(b"t EXAMINE INBOX")
    assert client.ask(b't LIST "" *') == b'* LIST () "/" "INBOX"\r\nt OK Completed\r\n'
    answer = client.ask(b"t FETCH 1:2 (RFC822.SIZE BODY.PEEK[])")
    assert TRICKY * 20 in answer and b"x" * 1_000_000 in answer
    assert b"RFC822.SIZE %d BODY" % len(TRICKY * 20) not in answer and b"RFC822.SIZE 1025007 BODY" in answer


@of(("exchange_5_5", {"login_lies": False}))
def test_wrong_password(lab):
    client = lab.client()
    assert client.ask(b"t LOGIN EXAMPLE/migadmin/anna wrong") == b"t NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"
    assert client.ask(LOGIN55) == b"t OK LOGIN completed.\r\n"


@of("exchange_5_5", "exchange_2000", "exchange_2003", "exchange_2007", "exchange_2010", "exchange_2019")
def test_a_login_that_lies(lab):
    client = lab.client()
    assert client.ask(b"t LOGIN EXAMPLE/migadmin/anna wrong") == b"t OK LOGIN completed.\r\n"
    assert client.ask(b"t CAPABILITY").endswith(b"t OK Completed\r\n")
    for command in (b"EXAMINE INBOX", b'LIST "" *', b"NAMESPACE", b"LOGIN EXAMPLE/migadmin/anna secret"):
        assert client.ask(b"t " + command) == b"t BAD User is authenticated but not connected.\r\n"
    assert client.ask(b"t LOGOUT").startswith(b"* BYE ")
    assert b"EXISTS" in lab.client(LOGIN55).ask(b"t EXAMINE INBOX")


@of("exchange_5_5", "exchange_2000", "exchange_2003", "exchange_2007", "exchange_2010", "exchange_2019")
def test_sizes(lab):
    client = lab.client(LOGIN55, b"t EXAMINE INBOX")
    exact = b"RFC822.SIZE 1000000 " in client.ask(b"t FETCH 2 (RFC822.SIZE)")
    assert exact == (lab.profile in ("exchange_2000", "exchange_2003"))


@of(("exchange_5_5", {}), ("exchange_2003", {}))
def test_parts_of_messages(lab):
    lab.client(LOGIN55, b"t EXAMINE INBOX").ask(b"t UID FETCH 1 (UID BODY.PEEK[]<0.6144> BODY.PEEK[HEADER]<100.10>)")
    more = 512 if lab.profile == "exchange_5_5" else 0
    assert lab.backend.seen[-1][1] == b"1 (UID BODY.PEEK[]<0.%d> BODY.PEEK[HEADER]<100.%d>)" % (6144 + more, 10 + more)


@of("exchange_5_5", "exchange_2003")
def test_names_with_a_slash(lab):
    lab.backend.mailboxes["anna"] |= {"Kunden &/w8- Co": [], "Kunden": [], "&AMQ-rger": [], "R&-D": []}
    client = lab.client(LOGIN55)
    for verb in (b"LIST", b"LSUB"):
        names = re.findall(rb'"([^"]*)"\r\n', client.ask(b't %s "" *' % verb))
        hidden = [] if lab.profile == "exchange_5_5" else [b"Kunden &/w8- Co"]
        assert names == [b"INBOX", *hidden, b"Kunden", b"&AMQ-rger", b"R&-D"]


@of("exchange_2007", "exchange_2010", "exchange_2019")
def test_long_commands(lab):
    client = lab.client(LOGIN55, b"t EXAMINE INBOX")
    longest = b"t UID SEARCH UID ".ljust(10240 - len(b"\r\n"), b"1")
    assert client.ask(longest).endswith(b"t OK Completed\r\n")
    assert client.ask(longest + b"1") == b"t BAD Command Error. 10\r\n"


@of("exchange_2007")
def test_a_folder_whose_name_ends_with_a_blank(lab):
    lab.backend.mailboxes["anna"] |= {"Old": [], "Old ": []}
    client = lab.client(LOGIN55)
    assert client.ask(b't EXAMINE "Old"').endswith(b"Selected\r\n")
    assert client.ask(b't EXAMINE "Old "') == b""


@of("exchange_2010", "exchange_2019")
def test_the_tenth_error_ends_the_connection(lab):
    client = lab.client(LOGIN55)
    for _number in range(9):
        assert client.ask(b"t ENABLE CONDSTORE").startswith(b"t BAD ")
    assert client.ask(b"t NOOP") == b"t OK Completed\r\n"
    assert client.ask(b"t ENABLE CONDSTORE", b"* BYE") == b"t BAD Command is not valid.\r\n* BYE Connection closed. 14\r\n"
    assert client.read() == b""


@of(("exchange_2010", {"throttle": {"every": 3, "milliseconds": 250}}))
def test_throttling(lab):
    client = lab.client(LOGIN55, b"t EXAMINE INBOX")
    answers = [client.ask(b"t UID FETCH 9 (UID)") for _number in range(6)]
    throttled = b"t BAD Request is throttled. Suggested Backoff Time: 250 milliseconds\r\n"
    assert answers == [b"t OK Completed\r\n", b"t OK Completed\r\n", throttled] * 2
    assert client.ask(b"t NOOP") == b"t OK Completed\r\n"


@of("exchange_2007", "exchange_2010", "exchange_2019")
def test_connections_of_a_mailbox(lab):
    open_ones = [lab.client(LOGIN55) for _number in range(16)]
    assert lab.client().ask(LOGIN55) == b"t NO Server Unavailable. 15\r\n"
    assert lab.client().ask(b"t LOGIN EXAMPLE/migadmin/cyrus secret") == b"t OK LOGIN completed.\r\n"
    assert open_ones.pop().ask(b"t LOGOUT").startswith(b"* BYE ")
    deadline = time.monotonic() + 5
    while not (again := lab.client().ask(LOGIN55)).startswith(b"t OK") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert again == b"t OK LOGIN completed.\r\n"


@of(("exchange_2003", {"greeting": "Microsoft Exchange Server 2003 IMAP4rev1 6.5.7638.1 ({host}) verf\udcfcgbar."}))
def test_a_greeting_in_another_character_set(lab):
    assert lab.client().greeting.endswith(b") verf\xfcgbar.\r\n")


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
