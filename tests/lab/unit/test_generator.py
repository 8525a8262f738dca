# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import smtplib
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time

import generator
import pytest


def test_mx_of_a_packet():
    query = generator.mx_query("example.test", 7)
    assert query[12:] == b"\7example\4test\0" + struct.pack(">2H", 15, 1)

    def record(preference: int, host: bytes) -> bytes:
        return b"\xc0\x0c" + struct.pack(">2HIHH", 15, 1, 60, len(host) + 2, preference) + host

    answer = struct.pack(">6H", 7, 0x8400, 1, 2, 0, 0) + query[12:] + record(20, b"\6second\xc0\x0c") + record(10, b"\5first\xc0\x0c")
    assert generator.read_mx(answer) == ["first.example.test", "second.example.test"]


def test_refused_by_the_name_server():
    with pytest.raises(OSError, match="code 5"):
        generator.read_mx(struct.pack(">6H", 7, 0x8405, 0, 0, 0, 0))


@pytest.mark.parametrize(("error", "final"), [
    (smtplib.SMTPRecipientsRefused({"a": (550, b"")}), True),
    (smtplib.SMTPRecipientsRefused({"a": (451, b"")}), False),
    (smtplib.SMTPDataError(554, "no"), True),
    (smtplib.SMTPDataError(452, "later"), False),
    (smtplib.SMTPConnectError(554, "no service"), False),
    (ConnectionRefusedError(), False),
])
def test_what_is_tried_again(error, final):
    assert generator.is_final(error) is final


class _Mx(socketserver.StreamRequestHandler):
    """A mail server that takes STARTTLS and answers a recipient as the test says, the first answer first. To QUIT it answers wrongly."""

    def handle(self) -> None:
        reader, writer, sender = self.rfile, self.wfile, self.connection
        writer.write(b"220 localhost\r\n")
        while line := reader.readline().upper():
            if line.startswith(b"EHLO"):
                writer.write(b"250-localhost\r\n250 STARTTLS\r\n")
            elif line.startswith(b"STARTTLS"):
                writer.write(b"220 go\r\n")
                sender = self.server.context.wrap_socket(sender, server_side=True)
                reader, writer = sender.makefile("rb"), sender.makefile("wb", buffering=0)
            elif line.startswith(b"RCPT"):
                writer.write(self.server.answers.pop(0) if self.server.answers else b"250 ok\r\n")
            elif line.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                while (line := reader.readline()) != b".\r\n":
                    if line.startswith(b"X-Lab-Live: "):
                        self.server.tokens.append(line[12:].strip().decode())
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"250 ok\r\n")


class _NameServer(socketserver.DatagramRequestHandler):
    def handle(self) -> None:
        query = self.rfile.read()
        host = b"\x09localhost\0"
        self.server.asked += 1
        self.wfile.write(query[:2] + struct.pack(">5H", 0x8400, 1, 1, 0, 0) + query[12:]
                         + b"\xc0\x0c" + struct.pack(">2HIHH", 15, 1, 60, len(host) + 2, 10) + host)


@pytest.fixture(name="internet")
def _internet(tmp_path, certificate):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mx) as mx, socketserver.UDPServer(("127.0.0.1", 0), _NameServer) as names:
        mx.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        mx.context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        mx.answers, mx.tokens, mx.daemon_threads, names.asked = [], [], True, 0
        for server in (mx, names):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

        def run(*answers: bytes) -> tuple[int, list[dict]]:
            mx.answers[:] = answers
            config = {"domain": "example.test", "name_server": "127.0.0.1", "name_server_port": names.server_address[1], "recipients": ["anna"],
                      "ca_file": str(certificate / "cert.pem"), "sender": "me@outside.test", "smtp_port": mx.server_address[1]}
            (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
            options = [f"--config={tmp_path}/config.json", f"--log={tmp_path}/live.jsonl", f"--stop-file={tmp_path}/stop", "--rate=10", "--time-limit=5"]
            process = subprocess.Popen([sys.executable, generator.__file__, *options])
            while len(mx.tokens) < 3 and process.poll() is None:
                time.sleep(0.05)
            process.terminate()
            code = process.wait(15)
            return code, [json.loads(line) for line in (tmp_path / "live.jsonl").read_text(encoding="utf-8").splitlines()]

        run.mx, run.names = mx, names
        yield run
        mx.shutdown()
        names.shutdown()


def test_tries_again_until_it_is_taken(internet):
    code, log = internet(b"451 later\r\n")
    assert code == 0
    assert sorted(entry["token"] for entry in log) == sorted(internet.mx.tokens) and len(set(internet.mx.tokens)) == len(log)
    assert sorted(entry["tries"] for entry in log)[-1] == 2 and internet.names.asked == len(log) + 1
    assert {entry["server"] for entry in log} == {"localhost"}


def test_refused_for_good(internet):
    code, log = internet(b"550 nobody\r\n")
    assert code == 1
    assert [entry["failed"] for entry in log if "failed" in entry] == ["SMTPRecipientsRefused: {'anna@example.test': (550, b'nobody')}"]
