# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import socket
import ssl
import struct
import threading

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap import session
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedServer, certificate

PASSWORD = 'b3tter "not\\shown'
MAILBOX = Mailbox("anna.berg", "anna.berg")
NOBODY_HARMED = "nothing was changed there"


def at(port: int, **options) -> Server:
    own = {"tls": "none", "password": PASSWORD, "admin": "migadmin", "domain": "EXAMPLE", "timeout": 5}
    return Server(**{"name": "exchange55", "host": "127.0.0.1", "port": port, **own, **options})


def fails(server: Server, *texts: str, mailbox: Mailbox | None = MAILBOX) -> MigrationError:
    with pytest.raises(MigrationError) as caught:
        session.connect(server, mailbox)
    for text in texts:
        assert text in str(caught.value)
    shown = [repr(caught.value), str(caught.value), repr(caught.value.__cause__), repr(server), repr(mailbox)]
    assert not any(secret in text for text in shown for secret in (PASSWORD, "b3tter", "owners-own"))
    return caught.value


def test_login_is_proved_by_opening_inbox():
    with ScriptedServer(capabilities="IMAP4rev1 UIDPLUS") as server:
        opened = session.connect(at(server.port, login=("{domain}\\{admin}\\{mailbox}",)), MAILBOX)
        assert opened.login == "EXAMPLE\\migadmin\\anna.berg" and opened.has("UIDPLUS") and not opened.has("CONDSTORE")
        opened.close()
    assert [line for line in server.commands if line != "CAPABILITY"] == [
        'LOGIN "EXAMPLE\\\\migadmin\\\\anna.berg" "b3tter \\"not\\\\shown"', 'EXAMINE "INBOX"', 'LIST "" "INBOX"', "LOGOUT",
    ]


def test_each_form_is_tried_once():
    no = [("LOGIN", "{tag} NO Logon failure: bad web\r\n")]
    with ScriptedServer(no, no) as server:
        error = fails(
            at(server.port, login=("{domain}/{admin}/{mailbox}", "{mailbox}")),
            "exchange55 (127.0.0.1) refuses the login for mailbox anna.berg: EXAMPLE/migadmin/anna.berg: ", "; anna.berg: ", "Logon failure: bad web",
            "Each form was tried once", NOBODY_HARMED, "Check the password",
        )
    assert isinstance(error, session.LoginRefused)
    assert sum(line.startswith("LOGIN") for line in server.commands) == 2


def test_words_of_the_server_are_not_cut():
    with ScriptedServer([("LOGIN", "{tag} OK done\r\n"), ("EXAMINE", "{tag} NO bad mailbox 'b'\r\n")]) as server:
        fails(at(server.port), "bad mailbox 'b'")


def test_a_login_that_leads_to_no_inbox_is_none():
    with ScriptedServer([("EXAMINE", "{tag} NO no such mailbox\r\n")], []) as server:
        opened = session.connect(at(server.port, login=("{mailbox}", "{domain}/{mailbox}")), MAILBOX)
        assert opened.login == "EXAMPLE/anna.berg"
        opened.close()


def test_sasl_plain_acts_for_the_owner():
    with ScriptedServer([("AUTHENTICATE", "+ \r\n"), ("", "{tag} OK done\r\n")]) as server:
        session.connect(at(server.port, mechanism="plain", password="p"), MAILBOX).close()
    # anna.berg NUL migadmin NUL p
    assert [line for line in server.commands if line != "CAPABILITY"][:3] == ["AUTHENTICATE PLAIN", "YW5uYS5iZXJnAG1pZ2FkbWluAHA=", 'EXAMINE "INBOX"']


def test_the_administrator_himself_opens_no_mailbox():
    with ScriptedServer([("AUTHENTICATE", "+ \r\n"), ("", "{tag} OK done\r\n")]) as server:
        session.connect(at(server.port, mechanism="plain", password="p")).close()
    assert server.commands[1:3] == ["AUTHENTICATE PLAIN", "AG1pZ2FkbWluAHA="] and not any("INBOX" in line for line in server.commands)


def test_an_administrator_whom_nobody_named():
    with pytest.raises(MigrationError, match="to be logged in to as its administrator, and none is named. Nothing was touched. Name the account in admin"):
        session.connect(Server(name="s1", host="s1.invalid", password="p"))


def test_an_owner_with_a_password_logs_in_as_himself():
    with ScriptedServer() as server:
        session.connect(at(server.port, mechanism="plain"), Mailbox("anna", "anna", password="owners-own")).close()
    assert 'LOGIN "anna" "owners-own"' in server.commands
    with ScriptedServer([("LOGIN", "{tag} NO wrong\r\n")]) as server:
        fails(at(server.port), "wrong", mailbox=Mailbox("anna", "anna", password="owners-own"))


@pytest.mark.parametrize("mechanism", ["login", "plain"])
@pytest.mark.parametrize("last", [None, "* BYE too many connections\r\n"])
def test_a_connection_that_ends_at_the_login_is_no_refusal(mechanism, last):
    verb = {"login": "LOGIN", "plain": "AUTHENTICATE"}[mechanism]
    with ScriptedServer([(verb, last), ("", None)]) as server:
        forms = at(server.port, mechanism=mechanism, login=("{mailbox}", "{domain}/{mailbox}"))
        error = fails(forms, "closed the connection during login", "connection limits")
    assert not isinstance(error, session.LoginRefused)
    assert sum(line.startswith(verb) for line in server.commands) == 1


def test_an_untrusted_certificate_gets_no_password(tmp_path):
    _pem, tls = certificate(tmp_path)
    with ScriptedServer(tls=tls) as server:
        error = fails(at(server.port, tls="implicit"), "is not trusted: self-signed certificate", "No password was sent", "ca_file")
    assert str(error).startswith(f"The certificate of exchange55 (127.0.0.1:{server.port})")
    assert server.commands == []


def test_a_certificate_of_another_host(tmp_path):
    pem, tls = certificate(tmp_path, "other.example.test")
    with ScriptedServer(tls=tls) as server:
        fails(at(server.port, tls="implicit", ca_file=pem), "is not trusted: IP address mismatch", "No password was sent")
    assert server.commands == []


def test_a_trusted_certificate(tmp_path):
    pem, tls = certificate(tmp_path)
    with ScriptedServer(tls=tls) as server:
        session.connect(at(server.port, tls="implicit", ca_file=pem), MAILBOX).close()
    assert 'EXAMINE "INBOX"' in server.commands


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_tls_only_where_it_is_asked_for(tmp_path, version):
    pem, tls = certificate(tmp_path)
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion[version]
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    with ScriptedServer(tls=tls) as server:
        old = at(server.port, tls="implicit", ca_file=pem)
        fails(old, "TLS with exchange55", "Nothing was touched.", "a server that knows no TLS 1.2 needs legacy_tls.")
        fails(dataclasses.replace(old, legacy_tls=True, ca_file=None), "is not trusted", "No password was sent")
        assert server.commands == []
        session.connect(dataclasses.replace(old, legacy_tls=True), MAILBOX).close()
    assert 'EXAMINE "INBOX"' in server.commands


@pytest.mark.parametrize(("tls", "told"), [("implicit", True), ("none", False)])
def test_a_connection_that_is_reset(tls, told):
    def reset():
        connection, _peer = listener.accept()
        # Without lingering what ends a connection is a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=reset, daemon=True)
        thread.start()
        error = fails(at(listener.getsockname()[1], tls=tls), "exchange55")
        thread.join(5)
    assert ("needs legacy_tls" in str(error)) == told


def test_the_authorities_can_not_be_read(tmp_path):
    fails(at(1, tls="implicit", ca_file=str(tmp_path / "none.pem")), "none.pem can't be read", "Correct ca_file")


def test_a_name_that_nobody_knows(monkeypatch):
    def getaddrinfo(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    fails(at(993, host="nosuch.example.test"), "The name nosuch.example.test (exchange55) can't be resolved.", "Nothing was touched.")


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    fails(at(port), f"exchange55 (127.0.0.1:{port}) can't be reached", "refused", "Check the host, the port and the firewall")


def test_plain_imap_where_tls_is_expected():
    with ScriptedServer() as server:
        fails(at(server.port, tls="implicit"), f"TLS with exchange55 (127.0.0.1:{server.port}) failed", "Check the port and the option tls;")


def test_tls_where_plain_imap_is_expected(tmp_path):
    _pem, tls = certificate(tmp_path)
    with ScriptedServer(tls=tls) as server:
        fails(at(server.port, timeout=0.3), "can't be reached: timed out")


def test_no_imap_at_all():
    with ScriptedServer(greeting="HTTP/1.1 400 Bad Request") as server:
        fails(at(server.port), f"exchange55 (127.0.0.1:{server.port})", "HTTP/1.1 400 Bad Request", "Nothing was touched.")
    assert server.commands == []


def test_starttls_that_is_refused_gets_no_password():
    with ScriptedServer([("STARTTLS", "{tag} BAD what\r\n")]) as server:
        fails(at(server.port, tls="starttls"), "does not talk IMAP as expected")
    assert not any("LOGIN" in line for line in server.commands)


def test_closing_what_is_gone():
    with ScriptedServer([("NOOP", None)]) as server:
        opened = session.connect(at(server.port), MAILBOX)
        with pytest.raises(session.LOST):
            opened.client.noop()
        opened.close()


def test_a_password_that_imap_can_not_carry():
    with ScriptedServer() as server:
        fails(at(server.port, password="b3tter-pässword"), "can't be sent by LOGIN", NOBODY_HARMED)
    assert not any("LOGIN" in line for line in server.commands)


def test_an_old_server_is_not_asked_what_it_does_not_offer():
    with ScriptedServer(capabilities="IMAP4rev1 NAMESPACE") as server:
        session.connect(at(server.port, profile="exchange_2003"), MAILBOX).close()
    assert not any(line.startswith(("NAMESPACE", "ENABLE", "COMPRESS")) for line in server.commands)


def test_qresync_is_enabled_where_it_is_offered():
    for capabilities, reply, resync in (
        ("IMAP4rev1 QRESYNC ENABLE", "{tag} OK done\r\n", True), ("IMAP4rev1 QRESYNC ENABLE", "{tag} NO no\r\n", False), ("IMAP4rev1 QRESYNC", "", False),
    ):
        with ScriptedServer([("ENABLE QRESYNC", reply)], capabilities=capabilities) as server:
            opened = session.connect(at(server.port), MAILBOX)
            assert opened.resync == resync
            opened.close()


def test_compression_only_on_request_and_only_where_offered():
    for wanted, capabilities, sent in ((False, "COMPRESS=DEFLATE", 0), (True, "", 0), (True, "COMPRESS=DEFLATE", 1)):
        # Refused, so that the script can go on in clear; the real thing is tried against a real server.
        with ScriptedServer([("COMPRESS", "{tag} NO not now\r\n")], capabilities=f"IMAP4rev1 {capabilities}") as server:
            session.connect(at(server.port, compress=wanted), MAILBOX).close()
        assert sum(line == "COMPRESS DEFLATE" for line in server.commands) == sent
