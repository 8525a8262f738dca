# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import imaplib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap import fetch, wire
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Answer, Wire
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedConnection, client, server

DATE = '"01-Jan-2020 00:00:00 +0000"'


def asked(number: int, uids: str):
    return client(f"W{number} UID FETCH {uids} (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n".encode())


def message(uid: int, body: bytes = b"body", flags: str = "\\Seen") -> bytes:
    return f"* {uid} FETCH (UID {uid} FLAGS ({flags}) INTERNALDATE {DATE} BODY[] {{{len(body)}}}\r\n".encode() + body + b")\r\n"


def run(batches, *script):
    """What fetch.messages makes of a script: (UIDs given, UIDs without content, UIDs absent, refusal) of each batch."""
    connection = ScriptedConnection(*script)
    found = [
        ([m.uid for m in batch.messages], batch.empty, batch.absent, batch.refusal) for batch in fetch.messages(Wire(connection), batches)
    ]
    connection.done()
    return found


def test_three_commands_are_under_way():
    found = run(
        [[1, 2], [3], [4], [5]],
        asked(1, "1:2"), asked(2, "3"), asked(3, "4"),
        server(message(1) + message(2) + b"W1 OK done\r\n"),
        asked(4, "5"),
        server(message(3) + b"W2 OK done\r\n" + message(4) + b"W3 OK done\r\n" + message(5) + b"W4 OK done\r\n"),
    )
    assert found == [([1, 2], [], [], None), ([3], [], [], None), ([4], [], [], None), ([5], [], [], None)]


def test_what_comes_next_is_sent_once_all_is_asked_for():
    sent = []
    connection = ScriptedConnection(
        asked(1, "1"), asked(2, "2"), server(message(1) + b"W1 OK done\r\n" + message(2) + b"W2 OK done\r\n"),
    )
    found = fetch.messages(Wire(connection), [[1], [2]], when_all_asked=lambda: sent.append("next"))
    assert not sent and [m.uid for m in next(found).messages] == [1] and sent == ["next"]
    assert [m.uid for batch in found for m in batch.messages] == [2] and sent == ["next"]


@pytest.mark.parametrize(
    "head",
    [
        b"UID 7 FLAGS (\\Seen $a) INTERNALDATE %s", b"INTERNALDATE %s FLAGS (\\Seen $a) UID 7", b"FLAGS (\\Seen $a) MODSEQ (12) UID 7 INTERNALDATE %s",
        b"UID 7 FLAGS (\\Seen $a) INTERNALDATE %s EMAILID (M1)", b"uid 7 Flags (\\Seen $a) internaldate %s",
    ],
)
def test_attributes_in_any_order_and_spelling(head):
    line = b"* 1 FETCH (" + head % DATE.encode() + b" BODY[] {4}\r\nbody)\r\n"
    connection = ScriptedConnection(asked(1, "7"), server(line + b"W1 OK done\r\n"))
    [batch] = fetch.messages(Wire(connection), [[7]])
    [got] = batch.messages
    assert (got.uid, got.body, got.flags, got.internal_date) == (7, b"body", ("$a", "\\Seen"), DATE.strip('"'))


def test_large_messages_and_too_many_that_are_not_small_go_to_a_file(monkeypatch):
    monkeypatch.setattr(wire, "LARGE", 10)
    connection = ScriptedConnection(
        asked(1, "1:3"), asked(2, "4"),
        server(message(1, b"small") + message(2, b"x" * 11) + message(3, b"more") + b"W1 OK done\r\n" + message(4, b"again") + b"W2 OK done\r\n"),
    )
    first, second = fetch.messages(Wire(connection), [[1, 2, 3], [4]])
    assert [type(m.body).__name__ for m in first.messages + second.messages] == ["bytes", "Spooled", "Spooled", "bytes"]
    assert [len(m.body) for m in first.messages] == [5, 11, 4]
    assert b"".join(first.messages[1].body.pieces()) == b"x" * 11 == b"".join(first.messages[1].body.pieces())
    assert first.messages[1].sha256 == hashlib.sha256(b"x" * 11).digest()


def test_a_large_message_that_breaks_off(monkeypatch):
    monkeypatch.setattr(wire, "LARGE", 10)
    with pytest.raises(EOFError):
        run([[1]], asked(1, "1"), server(message(1, b"x" * 11)[:-5]))


def test_sizes_and_flags_of_usual_and_unusual_answers():
    answers = [
        [b"* 1 FETCH (UID 5 RFC822.SIZE 10)\r\n"], [b"* 2 FETCH (RFC822.SIZE 3 UID 6)\r\n"], [b"* 2 FETCH (UID 6 FLAGS (\\Seen))\r\n"],
        [b"* 3 FETCH (FLAGS ())\r\n"], [b"* 4 fetch (uid 7 rfc822.size {2}\r\n", b"12", b" FLAGS (\"a\"))\r\n"], [b"* 9 EXISTS\r\n"],
        [b"* 5 FETCH (UID 8 FLAGS ())\r\n"], Answer("OK", "done"),
    ]
    assert fetch.sizes_of(answers) == {5: 10, 6: 3, 7: 12, 8: 0}
    assert fetch.flags_in(answers) == {6: ("\\Seen",), 7: ("a",), 8: ()}
    for read in (fetch.sizes_of, fetch.flags_in):
        with pytest.raises(REFUSED, match="locked"):
            read([Answer("NO", "locked")])


def test_what_a_message_is_made_of():
    body = b"Subject: a\r\n\r\n(\x00)"
    connection = ScriptedConnection(asked(1, "1"), server(message(1, body, "$Junk \\recent \\seen") + b"W1 OK done\r\n"))
    [batch] = fetch.messages(Wire(connection), [[1]])
    [got] = batch.messages
    assert (got.body, got.flags, got.internal_date) == (body, ("$Junk", "\\Seen"), "01-Jan-2020 00:00:00 +0000")
    assert got.sha256 == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    "mixed",
    [
        # Data of the second before the first is through, answers in order, and the other way round.
        message(3) + message(1) + message(4) + message(2) + b"W1 OK done\r\nW2 OK done\r\n",
        message(3) + message(1) + message(4) + message(2) + b"W2 OK done\r\nW1 OK done\r\n",
        message(3) + message(4) + b"W2 OK done\r\n" + message(1) + message(2) + b"W1 OK done\r\n",
        message(1) + message(3) + b"* 9 EXISTS\r\n" + message(2) + b"W1 OK done\r\n* 1 FETCH (FLAGS (\\Seen))\r\n" + message(4) + b"W2 OK done\r\n",
        b"* 3 FETCH (UID 3 FLAGS ())\r\n* 2 RECENT\r\n" + message(2) + message(1) + message(4) + message(3) + b"W1 OK\r\nW2 OK\r\n",
    ],
)
def test_answers_of_two_commands_may_be_mixed(mixed):
    found = run([[1, 2], [3, 4]], asked(1, "1:2"), asked(2, "3:4"), server(mixed))
    assert [(sorted(uids), empty, absent, refusal) for uids, empty, absent, refusal in found] == [([1, 2], [], [], None), ([3, 4], [], [], None)]


def test_a_refusal_in_the_middle():
    found = run(
        [[1, 2], [3], [4]],
        asked(1, "1:2"), asked(2, "3"), asked(3, "4"),
        server(message(1) + b"W1 NO [SERVERBUG] can't read\r\n" + message(3) + b"W2 OK done\r\n" + message(4) + b"W3 BAD what\r\n"),
    )
    assert found == [([1], [], [2], "[SERVERBUG] can't read"), ([3], [], [], None), ([4], [], [], "what")]


@pytest.mark.parametrize("order", [b'UID 1 FLAGS (%b) INTERNALDATE "%b"', b'INTERNALDATE "%b" FLAGS (%b) UID 1'])
def test_octets_that_are_no_utf_8(order):
    flag, date = b"k\xe9y\xa0", b"1-J\xe4n-2020"
    values = (flag, date) if order.startswith(b"UID") else (date, flag)
    connection = ScriptedConnection(asked(1, "1"), server(b"* 1 FETCH (" + order % values + b" BODY[] {1}\r\na)\r\nW1 OK done\r\n"))
    [batch] = fetch.messages(Wire(connection), [[1]])
    assert [(m.flags, m.internal_date) for m in batch.messages] == [(("k\xe9y\xa0",), "1-J\xe4n-2020")]


def test_absent_and_empty_messages():
    nothing = b"* 3 FETCH (UID 3 FLAGS () BODY[] NIL)\r\n"
    zero = b'* 4 FETCH (UID 4 FLAGS () INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] "")\r\n'
    assert run([[1, 2, 3, 4]], asked(1, "1:4"), server(message(2) + nothing + zero + b"W1 OK done\r\n")) == [([2, 4], [3], [1], None)]


def test_content_as_a_quoted_string():
    connection = ScriptedConnection(asked(1, "1"), server(b'* 1 FETCH (BODY[] "a\\"b" UID 1 FLAGS NIL)\r\nW1 OK done\r\n'))
    [batch] = fetch.messages(Wire(connection), [[1]])
    assert (batch.messages[0].body, batch.messages[0].flags) == (b'a"b', ())


def test_messages_that_nobody_asked_for_are_left_out():
    assert run([[1]], asked(1, "1"), server(message(5) + message(1) + b"W1 OK done\r\n")) == [([1], [], [], None)]


@pytest.mark.parametrize(
    "last",
    [b"* BYE shutting down\r\n", b"", message(2)[:-20], b"* 2 FETCH (UID 2 BODY[] {100}\r\nabc"],
    ids=["farewell", "closed", "closed inside a line", "closed inside a message"],
)
def test_a_connection_that_breaks(last):
    with pytest.raises(imaplib.IMAP4.abort):
        run([[1, 2]], asked(1, "1:2"), server(message(1) + last))


def test_what_came_before_the_break_is_given():
    connection = ScriptedConnection(asked(1, "1"), asked(2, "2"), server(message(1) + b"W1 OK done\r\n* BYE\r\n"))
    batches = fetch.messages(Wire(connection), [[1], [2]])
    assert next(batches).messages[0].uid == 1
    with pytest.raises(imaplib.IMAP4.abort):
        next(batches)


@pytest.mark.parametrize("last", [b"* BYE\r\n", b"", message(3)[:-20]], ids=["farewell", "closed", "closed inside a line"])
def test_what_came_whole_of_a_batch_before_the_break_is_given(last):
    connection = ScriptedConnection(asked(1, "1:3"), asked(2, "4"), server(message(4) + message(1) + message(7) + message(2) + last))
    batches = fetch.messages(Wire(connection), [[1, 2, 3], [4]])
    batch = next(batches)
    # Of all that were asked for, and only these.
    assert [m.uid for m in batch.messages] == batch.uids == [4, 1, 2] and batch.absent == []
    with pytest.raises(imaplib.IMAP4.abort):
        next(batches)


def test_nothing_of_a_batch_is_given_where_the_answers_do_not_hang_together():
    """What seems whole may have been announced as shorter than it is."""
    body = b"one\r\n)\r\ntwo\r\n"
    cut = message(1, body).replace(b"{%d}" % len(body), b"{5}")
    with pytest.raises(wire.Garbled, match="the server sent what is no answer"):
        next(fetch.messages(Wire(ScriptedConnection(asked(1, "1:2"), server(cut + message(2) + b"W1 OK done\r\n"))), [[1, 2]]))


def test_nothing_to_fetch_asks_nothing():
    assert run([]) == []


def test_listing_of_all():
    connection = ScriptedConnection(
        client(b"W1 UID FETCH 1:* (UID FLAGS RFC822.SIZE)\r\n"),
        server(b"* 1 FETCH (UID 5 FLAGS (\\Seen) RFC822.SIZE 10)\r\n* 7 EXISTS\r\n* 2 FETCH (FLAGS ())\r\n* 2 FETCH (RFC822.SIZE 3 UID 6)\r\nW1 OK\r\n"),
    )
    found = fetch.listing(Wire(connection))
    assert {uid: (fetch.flags_of(a), a[b"RFC822.SIZE"]) for uid, a in found.items()} == {5: (("\\Seen",), b"10"), 6: ((), b"3")}


def test_messages_that_nobody_asked_for_are_not_listed():
    """With QRESYNC a server tells other sessions' changes with their UIDs, between the answers."""
    connection = ScriptedConnection(
        client(b"W1 UID FETCH 5:6 (UID FLAGS INTERNALDATE)\r\n"),
        server(f"* 7 FETCH (UID 7 MODSEQ (900) FLAGS (\\Seen))\r\n* 5 FETCH (UID 5 FLAGS () INTERNALDATE {DATE})\r\nW1 OK\r\n".encode()),
    )
    assert fetch.flags_and_dates(Wire(connection), [5, 6]) == {5: ((), DATE.strip('"'))}


def test_listing_of_many_uids_takes_several_commands():
    uids = list(range(1, 3000, 2))
    connection = ScriptedConnection()
    sent = []
    connection.send = sent.append
    connection.readline = lambda: b"W%d OK\r\n" % len(sent)
    assert fetch.listing(Wire(connection), uids, b"UID") == {}
    assert len(sent) == 2 and max(map(len, sent)) < 10_240


def test_a_listing_that_is_refused():
    connection = ScriptedConnection(client(b"W1 UID FETCH 1:* (UID FLAGS RFC822.SIZE)\r\n"), server(b"W1 NO [INUSE] locked\r\n"))
    with pytest.raises(REFUSED, match="listing the messages of a folder: .INUSE. locked"):
        fetch.listing(Wire(connection))
