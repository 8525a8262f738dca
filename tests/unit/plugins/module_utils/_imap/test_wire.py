# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import imaplib
import socket
import threading
import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap.fetch import flags_of, named, text_of
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Answer, Wire, fetch_attributes
from ansible_collections.messaging.migration.plugins.module_utils._model.flags import to_wire
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedConnection, client, server


def read(data: bytes) -> list[bytes]:
    return Wire(ScriptedConnection(server(data))).read()


def attributes(data: bytes):
    return fetch_attributes(read(data))


def literal(body: bytes) -> bytes:
    return b"{%d}\r\n%s" % (len(body), body)


BODIES = [
    b"",
    b")",
    b"(((",
    b"NIL",
    b'"quoted"',
    b"* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n",
    b"W1 OK done\r\n",
    b"{5}\r\n",
    b"ends with {10}\r\n",
    b"\x00\x01\xff\xfe\r\n\r\n\n\r",
    bytes(range(256)) * 300,
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_literal_is_kept_whatever_is_in_it(body):
    found = attributes(b"* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[] " + literal(body) + b")\r\n")
    assert found == {b"UID": b"7", b"FLAGS": [b"\\Seen"], b"BODY[]": body}


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_attributes_may_come_in_any_order(body):
    found = attributes(b"* 1 FETCH (BODY[] " + literal(body) + b" FLAGS () INTERNALDATE \"01-Jan-2020 00:00:00 +0000\" UID 7)\r\n")
    assert found == {b"UID": b"7", b"FLAGS": [], b"INTERNALDATE": b"01-Jan-2020 00:00:00 +0000", b"BODY[]": body}


def test_several_literals():
    found = attributes(b"* 1 FETCH (BODY[HEADER] " + literal(b"a)") + b" UID 7 BODY[] " + literal(b"(b") + b" MODSEQ (12))\r\n")
    assert found == {b"BODY[HEADER]": b"a)", b"UID": b"7", b"BODY[]": b"(b", b"MODSEQ": [b"12"]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rb'BODY[] "a \"b\" \\ c"', {b"BODY[]": rb'a "b" \ c'}),
        (rb'BODY[] ""', {b"BODY[]": b""}),
        (rb'BODY[] "NIL"', {b"BODY[]": b"NIL"}),
        (rb'BODY[] "("', {b"BODY[]": b"("}),
        (rb'BODY[] ")" UID 3', {b"BODY[]": b")", b"UID": b"3"}),
        (rb'BODY[] "{3}" UID 3', {b"BODY[]": b"{3}", b"UID": b"3"}),
        (rb"BODY[] NIL UID 3", {b"BODY[]": None, b"UID": b"3"}),
        (rb"body[] nil uid 3", {b"BODY[]": None, b"UID": b"3"}),
        (rb"ENVELOPE (NIL ((NIL NIL {2}" b"\r\n" rb"x) NIL))) UID 3", {b"ENVELOPE": [None, [[None, None, b"x)", None]]], b"UID": b"3"}),
        (rb'BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL) "mixed") UID 3',
         {b"BODYSTRUCTURE": [[b"text", b"plain", [b"charset", b"utf-8"], None], b"mixed"], b"UID": b"3"}),
        (b"FLAGS (\\Seen $MDNSent NonJunk a.b:c;d [x] \\Odd k\xe9y)",
         {b"FLAGS": [b"\\Seen", b"$MDNSent", b"NonJunk", b"a.b:c;d", b"[x]", b"\\Odd", b"k\xe9y"]}),
        (rb"UID 3 RFC822.SIZE 10", {b"UID": b"3", b"RFC822.SIZE": b"10"}),
        (rb"", {}),
    ],
)
def test_awkward_forms(data, expected):
    assert attributes(b"* 1 FETCH (" + data + b")\r\n") == expected


@pytest.mark.parametrize(
    "line",
    [b"* 3 EXISTS\r\n", b"* 1 RECENT\r\n", b"* 2 EXPUNGE\r\n", b"* FLAGS (\\Seen)\r\n", b"W1 OK FETCH (\r\n",
     b"+ go on\r\n", b"* 1 FETCH\r\n", b"* 1 FETCH x\r\n"],
)
def test_other_responses_are_no_fetch(line):
    assert attributes(line) is None


def test_a_keyword_named_nil_is_a_keyword():
    assert flags_of(attributes(b"* 1 FETCH (FLAGS (NIL \\Seen))\r\n")) == ("\\Seen", "NIL")


def test_flags_that_are_no_ascii_come_back_as_they_were():
    names = (b"k\xe9y", "voilà".encode(), bytes(range(0x80, 0x100)))
    for found in (flags_of(attributes(b"* 1 FETCH (FLAGS (%b %b %b))\r\n" % names)), named(b"%b %b %b" % names)):
        assert sorted(to_wire([flag]) for flag in found) == sorted(names)
        # The ledger takes no other.
        assert all(flag.encode().decode() == flag for flag in found)


def test_values_that_are_missing():
    assert flags_of({}) == () and text_of({}, b"INTERNALDATE") == ""


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "closed the connection"),
        (b"* 1 FET", "closed the connection"),
        (b"* 1 FETCH (BODY[] {10}\r\nabc", "closed the connection inside a message"),
        (b"* 1 FETCH (BODY[] {3}\r\nabc", "closed the connection"),
    ],
)
def test_a_connection_that_ends(data, text):
    with pytest.raises(imaplib.IMAP4.abort, match=text):
        read(data)


def test_a_command_and_its_answer():
    connection = ScriptedConnection(
        client(b"W1 NOOP\r\n"), server(b"* 3 EXISTS\r\n* OK W1 OK not this\r\nW10 OK nor this\r\nw1 ok\r\nW1 no  [ALERT] b\xc3\xbcsy\r\n")
    )
    *untagged, answer = Wire(connection).run(b"NOOP")
    assert [parts[0][:4] for parts in untagged] == [b"* 3 ", b"* OK", b"W10 ", b"w1 o"]
    assert isinstance(answer, Answer) and (answer.status, answer.ok, answer.text.strip()) == ("NO", False, "[ALERT] büsy")
    connection.done()


def test_a_farewell_ends_the_connection():
    with pytest.raises(imaplib.IMAP4.abort, match="Server shutting down"):
        list(Wire(ScriptedConnection(client(b"W1 NOOP\r\n"), server(b"* bye Server shutting down\r\n"))).run(b"NOOP"))


def test_thousands_of_commands_to_a_server_that_waits_until_its_answers_are_taken():
    near, far = socket.socketpair()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    near.settimeout(5)
    at_once = []

    def serve():
        with far, far.makefile("rb") as commands:
            for command in commands:
                tag, _space, rest = command.partition(b" ")
                at_once.append(int(tag[1:]))
                far.sendall(b"* " + rest + tag + b" OK done\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    commands = [b'STATUS "folder %d %s"' % (number, b"x" * 60) for number in range(3000)] + [b"x" * 20000, b"y" * 20000]
    with near, near.makefile("rb") as reader:
        results = Wire(types.SimpleNamespace(readline=reader.readline, read=reader.read, send=near.sendall)).burst(commands)
    thread.join(5)
    assert [untagged[0][0] for untagged, _answer in results] == [b"* " + command + b"\r\n" for command in commands]
    assert all(answer.ok for _untagged, answer in results) and at_once == list(range(1, 3003))


def test_a_burst_is_one_round_trip_for_what_fits():
    sent = []
    connection = ScriptedConnection(server(b"".join(b"W%d OK done\r\n" % number for number in range(1, 204))))
    connection.send = sent.append
    wire = Wire(connection)
    assert wire.burst([]) == [] and len(wire.burst([b"NOOP"] * 100)) == 100
    assert [data.count(b"NOOP") for data in sent] == [100]
    assert len(wire.burst([b"NOOP"] * 101)) == 101 and len(wire.burst([b"x" * 9000, b"x" * 9000])) == 2
    assert [data.count(b"\r\n") for data in sent] == [100, 100, 1, 1, 1]


def test_large_pieces_travel_alone():
    sent = []
    connection = ScriptedConnection()
    connection.send = sent.append
    Wire(connection).send(b"a", b"b", b"x" * 70000, b"c", b"d")
    assert sent == [b"ab", b"x" * 70000, b"cd"]
