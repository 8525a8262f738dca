# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a server that says what it is told to say; a real one is in the integration tests."""

from __future__ import annotations

import base64
import socket
import threading

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import LoginRefused, MigrationError, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._sieve import managesieve

GREETING = b'"IMPLEMENTATION" "Example"\r\n"SASL" "PLAIN"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\nOK "ready"\r\n'
LOGGED_IN = (b"OK\r\n", b'"SIEVE" "fileinto vacation"\r\n"SASL" "PLAIN"\r\nOK\r\n')
MAILBOX = Mailbox("anna.berg", "anna")


class Scripted(threading.Thread):
    """Greets, then sends one answer a command; `heard` is what came."""

    def __init__(self, greeting, answers):
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._greeting, self._answers, self.heard = greeting, answers, []

    def run(self):
        for answers in self._answers:
            peer, _address = self._listener.accept()
            with peer:
                peer.sendall(self._greeting)
                for answer in answers:
                    data = peer.recv(65536)
                    if not data:
                        break
                    self.heard.append(data)
                    peer.sendall(answer)
        self._listener.close()


@pytest.fixture
def scripted():
    def begin(*connections, greeting=GREETING):
        server = Scripted(greeting, connections)
        server.start()
        return server

    return begin


def option(server, **more):
    return Server(**{"name": "new", "host": "127.0.0.1", "port": server.port, "tls": "none", "timeout": 5, "password": "secret", **more})


def session(server, **more):
    return managesieve.connect(option(server, **more), MAILBOX)


def test_login_as_administrator_for_a_user(scripted):
    server = scripted(LOGGED_IN)
    opened = session(server, admin="root", mechanism="plain")
    assert opened.extensions == {"fileinto", "vacation"}
    assert server.heard[0] == b'AUTHENTICATE "PLAIN" "' + base64.b64encode(b"anna\0root\0secret") + b'"\r\n'


def test_login_as_the_user_himself_and_by_a_template(scripted):
    server = scripted(LOGGED_IN)
    session(server, admin="root", login=("{mailbox}*{admin}",))
    assert base64.b64decode(server.heard[0].split(b'"')[3]) == b"\0anna*root\0secret"
    server = scripted(LOGGED_IN)
    managesieve.connect(option(server, admin="root", mechanism="plain"), Mailbox("a", "anna", target_password="own"))
    assert base64.b64decode(server.heard[0].split(b'"')[3]) == b"\0anna\0own"


def test_each_form_of_login_is_tried_once(scripted):
    server = scripted((b'NO "no such user"\r\n', b"OK\r\n"), LOGGED_IN)
    session(server, login=("{mailbox}", "{mailbox}@example.org"))
    assert [line.split(b" ")[0].strip() for line in server.heard] == [b"AUTHENTICATE", b"LOGOUT", b"AUTHENTICATE", b"CAPABILITY"]


def test_a_refused_login_says_no_secrets(scripted):
    server = scripted((b'NO (AUTH-TOO-WEAK) "try \\"harder\\""\r\n', b"OK\r\n"))
    with pytest.raises(LoginRefused, match=r'anna: try "harder" \(AUTH-TOO-WEAK\)') as caught:
        session(server)
    assert "secret" not in str(caught.value)


def test_no_password_goes_where_plain_is_not_offered(scripted):
    server = scripted((b"OK\r\n",), greeting=GREETING.replace(b'"PLAIN"', b'"DIGEST-MD5"'))
    with pytest.raises(MigrationError, match="no login by PLAIN"):
        session(server)
    assert server.heard == [b"LOGOUT\r\n"]


def test_scripts_are_listed_read_and_written(scripted):
    text = 'keep;\n# "OK" Ü\n'
    wire = text.replace("\n", "\r\n").encode()
    server = scripted((
        *LOGGED_IN, b'"own" ACTIVE\r\n{5}\r\na"\\\\b\r\n"exchange-rules"\r\nOK\r\n', b"{%d}\r\n%s\r\nOK\r\n" % (len(wire), wire), b"OK\r\n",
        b'OK (WARNINGS) {7}\r\nline\r\n!\r\n', b"OK\r\n", b'NO "line 1: unknown"\r\n', b"OK\r\n",
    ))
    opened = session(server)
    assert opened.scripts() == {"own": True, 'a"\\\\b': False, "exchange-rules": False}
    assert opened.get("own") == text
    opened.put("exchange-rules", text)
    assert server.heard[-2:] == [b'HAVESPACE "exchange-rules" %d\r\n' % len(wire), b'PUTSCRIPT "exchange-rules" {%d+}\r\n%s\r\n' % (len(wire), wire)]
    opened.activate("exchange-rules")
    with pytest.raises(managesieve.Refused, match="line 1: unknown"):
        opened.check("nonsense;\n")
    opened.close()
    assert server.heard[-1] == b"LOGOUT\r\n"


def test_a_quota_is_heard_before_the_script_is_sent(scripted):
    server = scripted((*LOGGED_IN, b'NO (QUOTA/MAXSIZE) "too big"\r\n'))
    opened = session(server)
    with pytest.raises(managesieve.Refused, match=r"too big \(QUOTA/MAXSIZE\)"):
        opened.put("x", "keep;\n")
    assert server.heard[-1].startswith(b"HAVESPACE")


@pytest.mark.parametrize(
    "answer", [b'BYE (TRYLATER) "busy"\r\n', b"", b'"' + b"x" * 300_000, b"{900000000}\r\n", b'"x"\r\n' * 50_000 + b"OK\r\n"],
    ids=["bye", "closed", "endless line", "endless literal", "endless list"],
)
def test_broken_connections_and_endless_answers(scripted, answer, monkeypatch):
    monkeypatch.setattr(managesieve, "MOST", 200_000)
    opened = session(scripted((*LOGGED_IN, answer)))
    with pytest.raises(Unreachable):
        opened.scripts()


def test_no_server_there():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="can't be reached"):
        managesieve.connect(Server("new", "127.0.0.1", port, tls="none"), MAILBOX)


def test_starttls_that_is_not_offered_or_refused(scripted):
    with pytest.raises(MigrationError, match="offers no STARTTLS"):
        session(scripted((), greeting=GREETING.replace(b'"STARTTLS"\r\n', b"")), tls="starttls")
    with pytest.raises(MigrationError, match="refuses STARTTLS: not now"):
        session(scripted((b'NO "not now"\r\n',)), tls="starttls")


def test_what_was_slipped_in_before_encryption_is_no_answer(scripted):
    with pytest.raises(MigrationError, match="in clear after STARTTLS"):
        session(scripted((b'OK\r\n"SASL" "PLAIN"\r\nOK\r\n',)), tls="starttls")
