# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against an appliance that says what it is told to say; the service of the tests is in the integration tests."""

from __future__ import annotations

import itertools
import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._errors import LoginRefused, MigrationError, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint import session as client
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.appliance import Appliance
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.words import Secret
from ansible_collections.messaging.migration.tests.servers.admind import words as server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.admind_script import PASSWORD, Scripted


@pytest.fixture
def scripted(monkeypatch):
    begun = []

    def begin(*answers, **more):
        begun.append(Scripted(monkeypatch, *answers, **more))
        return begun[-1]

    return begin


def lines(scripted, answer, *words):
    """Lines of the answer to one command, and the next command's text: nothing was left over, and nothing was missing."""
    session = scripted(answer, b"2 OK next\r\n").session()
    found = session.run(*(words or ("BACKUP", "STATUS")))
    assert found.ok and session.run("VERSION").text == "next"
    return found.lines


def test_greeting(scripted):
    session = scripted().session()
    assert (session.host, session.version, session.release) == ("mirapoint.example.test", "4.1.9", (4, 1, 9))
    assert scripted(greeting=b"* OK m.example.test admind 3\n").session().release == (3,)


@pytest.mark.parametrize("greeting", [
    b"* OK m.example.test Mirapoint IMAP4 4.1.9-GA server ready\r\n", b"220 ESMTP\r\n", b"\r\n", b"* NO m admind 1\r\n", b"\xff" * 300 + b"\r\n",
])
def test_another_protocol_is_told_before_a_password_is_sent(scripted, greeting):
    server_ = scripted(greeting=greeting)
    with pytest.raises(MigrationError, match="does not speak the administration protocol.*No password was sent"):
        server_.session()
    assert server_.heard() == b""


def test_login_and_its_words(scripted):
    appliance = scripted(b"* 1 4711\r\n1 OK\r\n")
    session = appliance.session()
    session.login()
    assert appliance.heard() == b'1 LOGIN administrator "se cret\\"\\\\"\r\n'
    assert "4711" not in str(vars(session)) and PASSWORD not in repr(vars(session))


def test_a_refused_login_is_tried_once_and_tells_no_password(scripted):
    appliance = scripted(b'1 NO no such user or password "se cret\\"\\\\" or ' + PASSWORD.encode() + b"\r\n")
    with pytest.raises(LoginRefused, match="refuses the login of administrator: no such user or password .*tried once") as caught:
        appliance.session().login()
    assert "cret" not in str(caught.value)
    assert appliance.heard().count(b"LOGIN") == 1


def test_the_exchanges_that_the_vendor_shows(scripted):
    appliance = scripted(
        b"1 OK\r\n", b'* 2 "bob" "Bob Smith"\r\n* 2 "joe" "Joe Brown"\r\n2 OK\r\n', b"* 3 Backup-10000 Error\r\n* 3 Backup-10000 Done\r\n3 OK\r\n",
        b"4 OK 4.1.9-GA\r\n", b"5 NO Already exists\r\n", b"6 NO\r\n",
    )
    session = appliance.session()
    assert session.run("USER", "ADD", "bob", Secret("pwd"), "Bob Smith") == client.Answer(True, "", [])
    assert session.run("USER", "LIST", "", "", "").lines == [["bob", "Bob Smith"], ["joe", "Joe Brown"]]
    assert session.run("BACKUP", "STATUS").lines == [["Backup-10000", "Error"], ["Backup-10000", "Done"]]
    assert session.run("VERSION") == client.Answer(True, "4.1.9-GA", [])
    exists, refused = session.run("DL", "ADD", "sales"), session.run("DL", "ADD", "sales")
    assert (exists.ok, exists.exists, refused.ok, refused.exists) == (False, True, False, False)
    assert appliance.heard().split(b"\r\n")[:3] == [b'1 USER ADD bob pwd "Bob Smith"', b'2 USER LIST "" "" ""', b"3 BACKUP STATUS"]


@pytest.mark.parametrize(("answer", "expected"), [
    # The line end after a literal that has none of its own belongs to its line.
    (b"* 1 a {3}\r\nxyz\r\n1 OK\r\n", [["a", "xyz"]]),
    (b"* 1 {3}\r\nxyz\n* 1 b\n1 OK\n", [["xyz"], ["b"]]),
    # One that ends with a line end, with and without a blank line after it.
    (b"* 1 {5}\r\nxyz\r\n\r\n* 1 b\r\n1 OK\r\n", [["xyz\r\n"], ["b"]]),
    (b"* 1 {5}\r\nxyz\r\n* 1 b\r\n1 OK\r\n", [["xyz\r\n"], ["b"]]),
    (b"* 1 {4}\nxyz\n1 OK\r\n", [["xyz\n"]]),
    (b"* 1 {0}\r\n\r\n1 OK\r\n", [[""]]),
    (b"* 1 {0}\r\n1 OK\r\n", [[""]]),
    # What is in a literal is no line of the answer; octets are counted, not letters.
    (b"* 1 {9}\r\n1 NO no\r\n\r\n1 OK\r\n", [["1 NO no\r\n"]]),
    ("* 1 {6}\r\nüöä\r\n1 OK\r\n".encode(), [["üöä"]]),
    (b'* 1 "a {3}"\r\n* 1\r\n* 1 \r\n1 OK\r\n', [["a {3}"], [], []]),
    (b"1 OK\r\n", []),
])
def test_answers(scripted, answer, expected):
    assert lines(scripted, answer) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=st.lists(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20), min_size=1)), blank=st.booleans())
def test_any_fields_survive_the_whole_way(scripted, rows, blank):
    """The last as a literal; line ends in the others are what no server can say."""
    rows = [[*(field.replace("\n", "").replace("\r", "") for field in row[:-1]), row[-1]] for row in rows]
    said = b"".join(server.line("1", row, literal=True, blank=blank) for row in rows)
    assert lines(scripted, said + b"1 OK\r\n") == rows


@pytest.mark.parametrize(("answer", "told"), [
    (b"2 OK\r\n", "'2 OK'"),
    (b"* 2 bob\r\n", r"'\* 2 bob'"),
    (b"* 11 bob\r\n", r"'\* 11 bob'"),
    (b"1 BAD what\r\n", "'1 BAD what'"),
    (b"1 OKAY\r\n", "'1 OKAY'"),
    (b"* BYE\r\n", "BYE"),
    (b"\r\n", "''"),
    (b"\x00\xff\xfe\r\n", "can't be understood"),
    (b'* 1 "bob\r\n', "a quote is not closed"),
    (b"* 1 {3}\r\nxyz1 OK\r\n", "longer than it was announced"),
    (b"* 1 {99999999999999999999}\r\n", "longer than 32000000 octets"),
    (b"* 1 {32000000}\r\n", "longer than 32000000 octets"),
    (b"* 1 {5}\r\nab", "closed the connection"),
    (b"* 1 bob\r\n", "closed the connection"),
    (b"", "closed the connection"),
])
def test_what_is_no_answer_ends_the_session(scripted, answer, told):
    session = scripted(answer).session()
    with pytest.raises(Unreachable, match=f"new .* at USER ADD: .*{told}.*Whether USER ADD was done is not known.*run again"):
        session.run("USER", "ADD", "bob", Secret("pw"), "Bob")
    with pytest.raises(Unreachable):
        session.run("VERSION")


@pytest.mark.parametrize(("feed", "told"), [
    (itertools.repeat(b"a" * 65536), "a line is longer than 1000000 octets"),
    (itertools.repeat(b"* 1 a\r\n" * 1000), "it is longer than 2000000 octets"),
    (itertools.repeat(b"* 1 " + b"a " * 1000 + b"\r\n"), "it is longer than 2000000 octets"),
    (itertools.chain([b"* 1 {1900000}\r\n"], itertools.repeat(b"x" * 65536)), "a literal is longer than it was announced"),
])
def test_an_endless_answer_ends(scripted, monkeypatch, feed, told):
    monkeypatch.setattr(client, "MOST", 2_000_000)
    session = scripted(feed=feed, timeout=60).session()
    with pytest.raises(Unreachable, match=told):
        session.run("USER", "LIST", "", "", "", reads=True)


def drops():
    while True:
        yield b"a"
        time.sleep(0.01)


@pytest.mark.parametrize("more", [{"silent": True}, {"feed": drops()}])
def test_silence_and_a_trickle_end_in_time(scripted, more):
    session = scripted(timeout=0.2, **more).session()
    with pytest.raises(Unreachable, match="USER LIST: it gave no complete answer within 0.2 seconds.*USER LIST changes nothing"):
        session.run("USER", "LIST", "", "", "", reads=True)


@pytest.mark.parametrize(("greeting", "error", "told"), [
    (b"", Unreachable, "closed the connection"), (b"* OK", Unreachable, "closed the connection"), (b"a" * 1_000_001, MigrationError, "a line is longer"),
])
def test_no_greeting(monkeypatch, greeting, error, told):
    monkeypatch.setattr(client, "LONGEST_LINE", 1000)
    appliance = Scripted(monkeypatch, greeting=greeting[:2000])
    with pytest.raises(error, match=told):
        appliance.session()


def test_errors_tell_no_secret_even_where_the_server_repeats_it(scripted):
    session = scripted(b'1 NO bad password "p w" for bob, p w\r\n', b"2 USER ADD bob hush\r\n").session()
    assert session.run("USER", "ADD", "bob", Secret("p w"), "Bob").text == "bad password ******** for bob, ********"
    with pytest.raises(Unreachable) as caught:
        session.run("USER", "ADD", "bob", Secret("hush"), "Bob")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("word", ["a\0b", "\udc80"])
def test_what_can_not_be_sent_is_not_sent(scripted, word):
    appliance = scripted(b"2 OK\r\n")
    session = appliance.session()
    with pytest.raises(MigrationError, match="An argument of USER ADD can't be sent: .*not sent") as caught:
        session.run("USER", "ADD", Secret(word))
    assert word not in str(caught.value) and appliance.heard() == b""
    assert session.run("VERSION").ok


def test_good_bye_is_said_and_not_waited_for(scripted):
    appliance = scripted(silent=True)
    session = appliance.session()
    session.close()
    assert appliance.heard() == b"1 LOGOUT\r\n"
    session.close()


def real(port, **more):
    return Appliance(**{"name": "new", "host": "127.0.0.1", "port": port, "admin": "a", "password": "secret", "timeout": 5, **more})


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match=rf"new \(127.0.0.1:{port}\) can't be reached: .*Nothing was touched"):
        client.Session(real(port, tls="none"))
    with pytest.raises(Unreachable, match="can't be reached"):
        client.Session(real(port, host="a" * 64 + ".example", tls="none"))


def test_tls_needs_authorities_that_can_be_read(tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    for name in ("missing.pem", "bad.pem"):
        with pytest.raises(MigrationError, match=f"{name} can't be read: .*Correct ca_file"):
            client.Session(real(9, ca_file=str(tmp_path / name)))


def test_tls_with_somebody_who_speaks_none():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        session = real(listener.getsockname()[1], timeout=0.2)
        with pytest.raises(Unreachable, match="TLS with new .*No password was sent"):
            client.Session(session)
