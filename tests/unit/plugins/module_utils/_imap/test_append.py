# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent, byte for byte, and what is made of the answers. `server` lines are said once the `client` lines before them are sent."""

from __future__ import annotations

import imaplib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap.append import SMALL, Appender
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Wire
from ansible_collections.messaging.migration.plugins.module_utils._model.message import Message
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedConnection, client, server

DATE = "01-Jan-2020 00:00:00 +0000"
PLUS, MINUS, MULTI, NOTHING = {"LITERAL+", "UIDPLUS"}, {"LITERAL-", "UIDPLUS"}, {"LITERAL+", "MULTIAPPEND", "UIDPLUS"}, {"UIDPLUS"}


def message(uid: int, body: bytes) -> Message:
    return Message.of(uid, body, ("\\Seen",), DATE)


def head(size: int | str, flags: str = "\\Seen") -> bytes:
    return f' ({flags}) "{DATE}" {{{size}}}\r\n'.encode()


def run(capabilities, messages, *script, flags=None):
    connection = ScriptedConnection(*script)
    appender = Appender(Wire(connection), capabilities)
    appender.begin(b'"Sent"', messages, flags or {m.uid: m.flags for m in messages})
    outcome = appender.finish()
    connection.done()
    return outcome


def told(number: int, uids: str) -> bytes:
    return f"W{number} OK [APPENDUID 1000 {uids}] done\r\n".encode()


def test_literal_plus_sends_everything_ahead():
    outcome = run(
        PLUS, [message(1, b"one"), message(2, b"(two)\r\n")],
        client(b'W1 APPEND "Sent"' + head("3+") + b"one\r\n"),
        client(b'W2 APPEND "Sent"' + head("7+") + b"(two)\r\n\r\n"),
        server(told(1, "11") + b"* 2 EXISTS\r\n" + told(2, "12")),
    )
    assert (outcome.uids, outcome.uidvalidity, outcome.refused, outcome.untold) == ({1: 11, 2: 12}, 1000, {}, [])


def test_answers_in_another_order():
    outcome = run(
        PLUS, [message(1, b"a"), message(2, b"b")],
        client(b'W1 APPEND "Sent"' + head("1+") + b"a\r\n" + b'W2 APPEND "Sent"' + head("1+") + b"b\r\n"),
        server(told(2, "12") + told(1, "11")),
    )
    assert outcome.uids == {1: 11, 2: 12}


def test_flags_are_those_that_the_folder_stores():
    messages = [message(1, b"a"), message(2, b"b")]
    outcome = run(
        PLUS, messages,
        client(b'W1 APPEND "Sent"' + head("1+", "\\Seen $k").replace(b"$k", b"$k\xe9\xa0") + b"a\r\n"),
        client(b'W2 APPEND "Sent"' + head("1+", "") + b"b\r\n"),
        server(told(1, "1") + told(2, "2")),
        flags={1: ("\\Seen", "$k\xe9\xa0"), 2: ()},
    )
    assert len(outcome.uids) == 2


@pytest.mark.parametrize("capabilities", [PLUS, MULTI])
def test_a_message_without_a_date_has_none(capabilities):
    between = b'\r\nW2 APPEND "Sent"' if capabilities is PLUS else b""
    answers = told(1, "11") + told(2, "12") if capabilities is PLUS else told(1, "11:12")
    outcome = run(
        capabilities, [Message.of(1, b"one", (), ""), message(2, b"two")],
        client(b'W1 APPEND "Sent" () {3+}\r\none' + between + head("3+") + b"two\r\n"), server(answers),
    )
    assert outcome.uids == {1: 11, 2: 12}


def test_a_date_is_sent_as_it_came():
    run(
        PLUS, [Message.of(1, b"one", (), "1-J\xe4n-2020")],
        client(b'W1 APPEND "Sent" () "1-J\xe4n-2020" {3+}\r\none\r\n'), server(told(1, "11")),
    )


def test_a_refusal_among_others():
    outcome = run(
        PLUS, [message(1, b"a"), message(2, b"b"), message(3, b"c")],
        client(b"".join(b'W%d APPEND "Sent"' % n + head("1+") + body + b"\r\n" for n, body in ((1, b"a"), (2, b"b"), (3, b"c")))),
        server(told(1, "11") + b"W2 NO [LIMIT] Message contains NUL characters\r\nW3 OK done\r\n"),
    )
    assert (outcome.uids, outcome.refused, outcome.untold) == ({1: 11}, {2: "[LIMIT] Message contains NUL characters"}, [3])


def test_without_extensions_each_message_waits_for_its_invitation():
    outcome = run(
        NOTHING, [message(1, b"one"), message(2, b"")],
        client(b'W1 APPEND "Sent"' + head(3)),
        server(b"+ go ahead\r\n"),
        client(b"one\r\n"),
        client(b'W2 APPEND "Sent"' + head(0)),
        server(b"* 1 EXISTS\r\n" + told(1, "11") + b"+ \r\n"),
        client(b"\r\n"),
        server(told(2, "12")),
    )
    assert outcome.uids == {1: 11, 2: 12}


def test_a_refusal_instead_of_the_invitation_sends_no_message():
    outcome = run(
        NOTHING, [message(1, b"one"), message(2, b"two")],
        client(b'W1 APPEND "Sent"' + head(3)),
        server(b"W1 NO [TOOBIG] no\r\n"),
        client(b'W2 APPEND "Sent"' + head(3)),
        server(b"+\r\n"),
        client(b"two\r\n"),
        server(told(2, "5")),
    )
    assert (outcome.refused, outcome.uids) == ({1: "[TOOBIG] no"}, {2: 5})


def test_literal_minus_sends_small_messages_ahead():
    small, large = b"s" * SMALL, b"l" * (SMALL + 1)
    outcome = run(
        MINUS, [message(1, small), message(2, large), message(3, small)],
        client(b'W1 APPEND "Sent"' + head(f"{SMALL}+") + small + b"\r\n"),
        client(b'W2 APPEND "Sent"' + head(SMALL + 1)),
        # The answer to the first comes while the second waits.
        server(told(1, "1") + b"* 1 EXISTS\r\n+ go\r\n"),
        client(large + b"\r\n"),
        client(b'W3 APPEND "Sent"' + head(f"{SMALL}+") + small + b"\r\n"),
        server(told(2, "2") + told(3, "3")),
    )
    assert outcome.uids == {1: 1, 2: 2, 3: 3}


def test_a_refusal_of_an_earlier_command_is_no_answer_to_the_waiting_one():
    large = b"l" * (SMALL + 1)
    outcome = run(
        MINUS, [message(1, b"a"), message(2, large)],
        client(b'W1 APPEND "Sent"' + head("1+") + b"a\r\n" + b'W2 APPEND "Sent"' + head(SMALL + 1)),
        server(b"W1 NO bad\r\n+ go\r\n"),
        client(large + b"\r\n"),
        server(b"W2 OK done\r\n"),
    )
    assert (outcome.refused, outcome.untold) == ({1: "bad"}, [2])


@pytest.mark.parametrize(
    ("uids", "expected"),
    [("11:13", {1: 11, 2: 12, 3: 13}), ("11,12,13", {1: 11, 2: 12, 3: 13}), ("11,20:21", {1: 11, 2: 20, 3: 21}), ("7,5:6", {1: 7, 2: 5, 3: 6})],
)
def test_multiappend_is_one_command(uids, expected):
    outcome = run(
        MULTI, [message(1, b"a"), message(2, b"bb"), message(3, b")")],
        client(b'W1 APPEND "Sent"' + head("1+") + b"a" + head("2+") + b"bb" + head("1+") + b")\r\n"),
        server(told(1, uids)),
    )
    assert outcome.uids == expected


@pytest.mark.parametrize("answer", [b"W1 OK done\r\n", b"W1 OK [APPENDUID 1000 11] done\r\n", b"W1 OK [READ-WRITE] done\r\n"])
def test_accepted_without_saying_where(answer):
    outcome = run(
        MULTI, [message(1, b"a"), message(2, b"b")], client(b'W1 APPEND "Sent"' + head("1+") + b"a" + head("1+") + b"b\r\n"), server(answer)
    )
    assert (outcome.uids, outcome.untold) == ({}, [1, 2])


def test_an_empty_message_is_never_part_of_a_multiappend():
    outcome = run(
        MULTI, [message(1, b"a"), message(2, b""), message(3, b"c"), message(4, b"")],
        client(b'W1 APPEND "Sent"' + head("1+") + b"a" + head("1+") + b"c\r\n"),
        client(b'W2 APPEND "Sent"' + head("0+") + b"\r\n" + b'W3 APPEND "Sent"' + head("0+") + b"\r\n"),
        server(told(1, "1:2") + told(2, "3") + b"W3 NO empty\r\n"),
    )
    assert (outcome.uids, outcome.refused) == ({1: 1, 3: 2, 2: 3}, {4: "empty"})


def test_a_refused_multiappend_is_tried_message_by_message():
    outcome = run(
        MULTI, [message(1, b"a"), message(2, b"b"), message(3, b"c")],
        client(b'W1 APPEND "Sent"' + head("1+") + b"a" + head("1+") + b"b" + head("1+") + b"c\r\n"),
        server(b"W1 NO one of them is bad\r\n"),
        client(b'W2 APPEND "Sent"' + head("1+") + b"a\r\n"),
        server(told(2, "1")),
        client(b'W3 APPEND "Sent"' + head("1+") + b"b\r\n"),
        server(b"W3 NO Message contains NUL characters\r\n"),
        client(b'W4 APPEND "Sent"' + head("1+") + b"c\r\n"),
        server(told(4, "2")),
    )
    assert (outcome.uids, outcome.refused) == ({1: 1, 3: 2}, {2: "Message contains NUL characters"})


def test_a_refused_multiappend_of_one_is_not_tried_again():
    outcome = run(MULTI, [message(1, b"a")], client(b'W1 APPEND "Sent"' + head("1+") + b"a\r\n"), server(b"W1 NO bad\r\n"))
    assert outcome.refused == {1: "bad"}


def test_multiappend_with_an_invitation_for_each_message():
    outcome = run(
        {"MULTIAPPEND", "UIDPLUS"}, [message(1, b"a"), message(2, b"b")],
        client(b'W1 APPEND "Sent"' + head(1)),
        server(b"+\r\n"),
        client(b"a" + head(1)),
        server(b"+\r\n"),
        client(b"b\r\n"),
        server(told(1, "1:2")),
    )
    assert outcome.uids == {1: 1, 2: 2}


def test_multiappend_refused_at_the_second_message_sends_no_more():
    outcome = run(
        {"MULTIAPPEND", "UIDPLUS"}, [message(1, b"a"), message(2, b"b")],
        client(b'W1 APPEND "Sent"' + head(1)),
        server(b"+\r\n"),
        client(b"a" + head(1)),
        server(b"W1 NO too much\r\n"),
        client(b'W2 APPEND "Sent"' + head(1)),
        server(b"+\r\n"),
        client(b"a\r\n"),
        server(told(2, "1")),
        client(b'W3 APPEND "Sent"' + head(1)),
        server(b"W3 NO [OVERQUOTA] too much\r\n"),
    )
    assert (outcome.uids, outcome.refused) == ({1: 1}, {2: "[OVERQUOTA] too much"})


def test_the_next_batch_starts_afresh():
    connection = ScriptedConnection(
        client(b'W1 APPEND "A"' + head("1+") + b"a\r\n"), server(told(1, "1")),
        client(b'W2 APPEND "B"' + head("1+") + b"b\r\n"), server(told(2, "9")),
    )
    appender = Appender(Wire(connection), PLUS)
    for folder, uid, body, at in ((b'"A"', 1, b"a", 1), (b'"B"', 2, b"b", 9)):
        appender.begin(folder, [message(uid, body)], {uid: ("\\Seen",)})
        assert appender.finish().uids == {uid: at}
    connection.done()


def test_several_batches_are_under_way():
    connection = ScriptedConnection(
        client(b'W1 APPEND "A"' + head("1+") + b"a\r\n" + b'W2 APPEND "A"' + head("1+") + b"b\r\n" + b'W3 APPEND "A"' + head("1+") + b"c\r\n"),
        server(told(2, "2") + told(1, "1") + b"W3 NO bad\r\n"),
    )
    appender = Appender(Wire(connection), PLUS)
    for uid, body in ((1, b"a"), (2, b"b"), (3, b"c")):
        appender.begin(b'"A"', [message(uid, body)], {uid: ("\\Seen",)})
    assert [appender.finish().uids for _batch in range(2)] == [{1: 1}, {2: 2}]
    assert appender.finish().refused == {3: "bad"}
    connection.done()


def test_a_message_alone_while_others_are_under_way():
    connection = ScriptedConnection(
        client(b'W1 APPEND "A"' + head("1+") + b"a\r\n" + b'W2 APPEND "A"' + head("1+", "") + b"b\r\n"),
        server(told(1, "1") + told(2, "2")),
    )
    appender = Appender(Wire(connection), PLUS)
    appender.begin(b'"A"', [message(1, b"a")], {1: ("\\Seen",)})
    assert appender.alone(b'"A"', message(2, b"b"), ()).uids == {2: 2}
    assert appender.finish().uids == {1: 1}
    connection.done()


def counted(number: int, uidnext: int) -> bytes:
    return b'* STATUS "A" (UIDNEXT %d)\r\nW%d OK done\r\n' % (uidnext, number)


def test_without_uidplus_the_counter_is_asked_for_behind_each_batch():
    def append(number, body):
        return b'W%d APPEND "A"' % number + head("1+") + body + b'\r\nW%d STATUS "A" (UIDNEXT)\r\n' % (number + 1)

    connection = ScriptedConnection(
        client(append(1, b"a") + append(3, b"b") + append(5, b"c")),
        server(b"W1 OK done\r\n" + counted(2, 12) + b"W3 OK done\r\n" + counted(4, 13) + b"W5 OK done\r\nW6 NO no\r\n"),
    )
    appender = Appender(Wire(connection), {"LITERAL+"})
    for uid, body in ((1, b"a"), (2, b"b"), (3, b"c")):
        appender.begin(b'"A"', [message(uid, body)], {uid: ("\\Seen",)})
    found = [appender.finish() for _batch in range(3)]
    assert [(outcome.untold, outcome.uidnext) for outcome in found] == [([1], 12), ([2], 13), ([3], None)]
    connection.done()


@pytest.mark.parametrize("last", [b"", b"* BYE overloaded\r\n", b"W1 O"])
def test_a_connection_that_breaks(last):
    with pytest.raises(imaplib.IMAP4.abort):
        run(PLUS, [message(1, b"a")], client(b'W1 APPEND "Sent"' + head("1+") + b"a\r\n"), server(last))
    with pytest.raises(imaplib.IMAP4.abort):
        run(NOTHING, [message(1, b"a")], client(b'W1 APPEND "Sent"' + head(1)), server(last))
