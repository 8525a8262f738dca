# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import Stopped
from ansible_collections.messaging.migration.plugins.module_utils._imap import folders, unbroken
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import LOST, REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._source.registry import open_source
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedServer

MESSAGE = '* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] {3}\r\nabc)\r\n{tag} OK done\r\n'
OPENED = "* {count} EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT 10] .\r\n{{tag}} OK done\r\n"


@pytest.fixture
def opened():
    """opened(script): a source on a server that plays it, and the commands after the login."""
    running = []

    def start(*script):
        server = ScriptedServer([("EXAMINE", OPENED.format(count=0)), ("LIST", '* LIST () "/" INBOX\r\n{tag} OK done\r\n'), *script])
        running.append(server.__enter__())
        return open_source(Server(name="s1", host="127.0.0.1", port=server.port, tls="none", timeout=5), Mailbox("anna", "anna")), server

    yield start
    for server in running:
        server.__exit__()


def test_what_is_read_and_that_nothing_is_changed(opened):
    source, server = opened(
        ("EXAMINE", OPENED.format(count=2)), ("UID SEARCH", "* SEARCH 9 7\r\n{tag} OK done\r\n"),
        ("UID FETCH 7,9 (UID RFC822.SIZE)", "* 1 FETCH (UID 7 RFC822.SIZE 3)\r\n* 2 FETCH (UID 9)\r\n{tag} OK done\r\n"),
        ("UID FETCH 7,9 (UID FLAGS)", "* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n* 2 FETCH (UID 9 FLAGS ())\r\n{tag} OK done\r\n"),
        ("UID FETCH 7", MESSAGE), ("UID FETCH 7", "* 1 FETCH (UID 7)\r\n{tag} OK done\r\n"),
        ("UID FETCH 1:*", '* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000")\r\n{tag} OK done\r\n'),
    )
    state, changes = source.open("Sent")
    assert (source.prefix, source.separator, state.messages, changes) == ("", "/", 2, None)
    assert list(source.uids()) == [7, 9]
    # A size that the server does not tell counts as nothing.
    assert source.sizes([7, 9]) == {7: 3, 9: 0}
    assert source.flags([7, 9]) == {7: ("\\Seen",), 9: ()}
    [batch] = source.messages({7: 3})
    assert batch.messages[0].body == b"abc"
    assert source.still_listed([7, 9]) == {7}
    assert source.flags_and_dates() == {7: (("\\Seen",), "01-Jan-2020 00:00:00 +0000")}
    source.close()
    # Nobody waits for the answer to LOGOUT: it may still be on its way.
    deadline = time.monotonic() + 5
    while server.commands[-1] != "LOGOUT" and time.monotonic() < deadline:
        time.sleep(0.01)
    verbs = {line.split()[0] for line in server.commands}
    assert verbs == {"CAPABILITY", "LOGIN", "EXAMINE", "LIST", "LSUB", "UID", "LOGOUT"}
    fetched = [line for line in server.commands if line.startswith("UID FETCH")]
    assert not any("BODY[" in line for line in fetched)


CHANGED = "* 7 FETCH (UID 7 MODSEQ (900) FLAGS (\\Seen))\r\n"


def test_messages_that_nobody_asked_for_are_not_told(opened):
    """With QRESYNC a server tells other sessions' changes of flags with their UIDs, between the answers."""
    source, _server = opened(
        ("EXAMINE", OPENED.format(count=2)),
        ("UID FETCH 500 (UID RFC822.SIZE)", CHANGED + "* 9 FETCH (UID 500 RFC822.SIZE 12)\r\n{tag} OK done\r\n"),
        ("UID FETCH 500 (UID FLAGS)", CHANGED + "* 9 FETCH (UID 500 FLAGS (Work))\r\n{tag} OK done\r\n"),
        ("UID FETCH 500 (UID)", CHANGED + "* 9 FETCH (UID 500)\r\n{tag} OK done\r\n"),
    )
    source.open("Sent")
    assert source.sizes([500]) == {500: 12} and source.flags([500]) == {500: ("Work",)} and source.still_listed([500]) == {500}
    source.close()


def folder(name="Sent", messages=2):
    return folders.Folder(name, name, "/", False, True, folders.State(1, 10, messages))


SIZES = "* 1 FETCH (UID 7 RFC822.SIZE 3)\r\n{tag} OK done\r\n"


def test_a_folder_is_asked_for_while_another_is_still_read(opened):
    source, server = opened(
        ("EXAMINE", OPENED.format(count=1)), ("UID FETCH 1:*", SIZES), ("UID FETCH 7", MESSAGE), ("EXAMINE", OPENED.format(count=1)), ("UID FETCH 1:*", SIZES),
    )
    state, sizes = source.open_whole(folder("First"))
    assert state.messages == 1 and sizes == {7: 3}
    [batch] = source.messages(sizes, lambda: source.ask_ahead(folder("Second")))
    assert [message.body for message in batch.messages] == [b"abc"]
    assert source.open_whole(folder("Second"))[1] == {7: 3}
    source.close()
    assert [line for line in server.commands if line.startswith("EXAMINE")][1:] == ['EXAMINE "First"', 'EXAMINE "Second"']


def test_back_in_the_folder_before_when_something_of_it_is_wanted_after_all(opened):
    source, server = opened(
        ("EXAMINE", OPENED.format(count=1)), ("UID FETCH 1:*", SIZES), ("EXAMINE", OPENED.format(count=1)), ("UID FETCH 1:*", SIZES),
        ("EXAMINE", OPENED.format(count=1)), ("UID FETCH 7", "* 1 FETCH (UID 7)\r\n{tag} OK done\r\n"),
    )
    source.open_whole(folder("First"))
    source.ask_ahead(folder("Second"))
    assert source.still_listed([7]) == {7}
    source.close()
    assert [line for line in server.commands if line.startswith("EXAMINE")][1:] == ['EXAMINE "First"', 'EXAMINE "Second"', 'EXAMINE "First"']


def test_a_folder_that_is_refused_with_its_list(opened):
    source, _server = opened(("EXAMINE", "{tag} NO gone\r\n"), ("UID FETCH", "{tag} BAD no folder is open\r\n"))
    with pytest.raises(REFUSED, match="opening the folder Sent: gone"):
        source.open_whole(folder())
    source.close()


def test_large_and_empty_folders_are_not_listed_at_once(opened):
    source, server = opened(("EXAMINE", OPENED.format(count=6000)), ("EXAMINE", OPENED.format(count=0)))
    assert source.open_whole(folder(messages=6000))[1] is None
    assert source.open_whole(folder(messages=0))[1] == {}
    source.close()
    assert not any("FETCH" in line for line in server.commands)


def test_what_changed_is_told_as_the_folder_opens(opened):
    told = (
        "* 2 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT 10] .\r\n* OK [HIGHESTMODSEQ 90] .\r\n* VANISHED (EARLIER) 3:5,8\r\n"
        "* 1 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (88))\r\n{tag} OK done\r\n"
    )
    source, server = opened(("EXAMINE", told))
    source.session.resync = True
    state, changes = source.open("Sent", (1, 80))
    assert state.modseq == 90 and changes.flags == {7: ("\\Seen",)} and changes.vanished == [(3, 5), (8, 8)]
    source.close()
    assert 'EXAMINE "Sent" (QRESYNC (1 80))' in server.commands


def test_changes_of_another_uidvalidity_are_none(opened):
    source, _server = opened(("EXAMINE", OPENED.format(count=2)))
    source.session.resync = True
    assert source.open("Sent", (9, 80))[1] is None
    source.close()


def test_a_wait_that_is_broken_off_is_a_stop(opened):
    class Closed:
        limited = False

        def arrival(self, sock):
            return None

        def take(self, messages, size, stop):
            return False

    source, _server = opened(("EXAMINE", OPENED.format(count=1)))
    source.open("Sent")
    source.paced(Closed(), lambda: False, lambda: False)
    with pytest.raises(Stopped):
        list(source.messages({7: 3}))
    source.close()


def test_a_listing_that_is_refused_is_a_refusal(opened):
    source, _server = opened(("UID FETCH", "{tag} NO [INUSE] locked\r\n"))
    with pytest.raises(REFUSED, match="locked"):
        source.still_listed([1])
    source.close()


LOGIN = [("EXAMINE", OPENED.format(count=0)), ("LIST", '* LIST () "/" INBOX\r\n{tag} OK done\r\n')]
GIVEN = "{tag} NO Not this one\r\n"
FULL = ("EXAMINE", OPENED.format(count=2))


@pytest.fixture
def exchange():
    """exchange(profile, script of the first connection, of the second, ..., and options): a source there."""
    running = []

    def start(profile, *scripts, **options):
        server = ScriptedServer(*([*LOGIN, *script] for script in scripts))
        running.append(server.__enter__())
        at = Server(name="s1", host="127.0.0.1", port=server.port, tls="none", timeout=5, profile=profile, **options)
        return open_source(at, Mailbox("anna", "anna")), server

    yield start
    for server in running:
        server.__exit__()


def test_a_connection_is_renewed_before_its_tenth_error(exchange):
    source, server = exchange("exchange_2010", [FULL, *[("UID FETCH", GIVEN)] * 5], [FULL, ("UID FETCH 7", MESSAGE)])
    source.open("Sent")
    for uid in range(1, 6):
        [batch] = source.messages({uid: 3})
        assert batch.refusal == "Not this one"
    [batch] = source.messages({7: 3})
    assert batch.messages[0].body == b"abc"
    source.close()
    assert server.commands.count("LOGOUT") == 2 and server.commands.count('EXAMINE "Sent"') == 2


def test_errors_of_others_are_not_counted(exchange):
    source, server = exchange("imap", [FULL, *[("UID FETCH", GIVEN)] * 12, ("UID FETCH 7", MESSAGE)])
    source.open("Sent")
    for uid in range(10, 22):
        assert [batch.refusal for batch in source.messages({uid: 3})] == ["Not this one"]
    assert [batch.messages[0].body for batch in source.messages({7: 3})] == [b"abc"]
    source.close()
    assert len([line for line in server.commands if line.startswith("LOGIN")]) == 1


def test_a_folder_that_is_another_one_on_the_new_connection(exchange):
    other = ("EXAMINE", OPENED.format(count=2).replace("UIDVALIDITY 1", "UIDVALIDITY 2"))
    source, _server = exchange("exchange_2013", [FULL, *[("UID FETCH", GIVEN)] * 5], [other])
    source.open("Sent")
    for uid in range(1, 6):
        assert [batch.refusal for batch in source.messages({uid: 3})] == ["Not this one"]
    with pytest.raises(LOST, match="the folder Sent was replaced while it was read"):
        source.still_listed([7])
    source.close()


STATE = '* STATUS "{name}" (UIDVALIDITY 1 UIDNEXT 4 MESSAGES 3)\r\n{{tag}} OK done\r\n'


def test_folders_that_the_server_does_not_look_at(exchange):
    source, _server = exchange("exchange_2003", [("STATUS", STATE.format(name="A")), ("STATUS", GIVEN), ("STATUS", STATE.format(name="C"))])
    found = source.states(["A", "B", "C"])
    assert [state and state.messages for state in found] == [3, None, 3] and source.aside.unreadable == {"B": "Not this one"}
    source.close()


def test_a_server_that_wants_a_rest_is_no_unreadable_folder(exchange):
    source, _server = exchange("exchange_2010", [("STATUS", "{tag} BAD Request is throttled. Suggested Backoff Time: 300 milliseconds\r\n")])
    with pytest.raises(REFUSED, match="looking at the folder A: Request is throttled. Suggested Backoff Time: 300 milliseconds"):
        source.states(["A"])
    assert source.aside.unreadable == {}
    source.close()


def test_a_connection_that_is_closed_for_its_refusals(exchange):
    names = [f"F{number}" for number in range(7)]
    refused, told = ("STATUS", GIVEN), ("STATUS", STATE.format(name="F6"))
    source, server = exchange("exchange_2010", [refused, refused, ("STATUS", None)], [refused] * 5, [refused, told])
    assert [bool(state) for state in source.states(names)] == [False] * 6 + [True]
    assert set(source.aside.unreadable) == set(names[:6])
    source.close()
    assert len([line for line in server.commands if line.startswith("LOGIN")]) == 3


def test_what_is_no_mail_or_can_not_be_read_is_put_aside(exchange):
    rows = "".join(f'* LIST ({flags}) "/" "{name}"\r\n' for flags, name in (
        ("", "INBOX"), ("", "Calendar"), ("\\Sent", "Journal"), ("", "Old "), ("", "Old /Deep/er"), ("", "Work"),
    ))
    source, _server = exchange("exchange_2007", [("LIST", rows + "{tag} OK done\r\n")], exclude_folders=("work",))
    assert [folder.path for folder in source.folders()] == ["INBOX", "Journal", "Old /Deep/er"]
    assert [(one.path, one.holds) for one in source.aside.left_out] == [("Calendar", "calendar"), ("Work", "not wanted")]
    assert list(source.aside.unreadable) == ["Old "] and source.aside.unlisted == ("Old /Deep",)
    source.close()


def given(*uids, body="abc", end="{tag} OK done\r\n"):
    one = '* 1 FETCH (UID {} FLAGS () INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] {{{}}}\r\n{})\r\n'
    return "".join(one.format(uid, len(body), body) for uid in uids) + end


class Pace:
    """No limit."""

    limited = False

    def arrival(self, sock):
        return None

    def take(self, messages, size, stop):
        return True


@pytest.mark.parametrize("paced", [False, True])
def test_a_message_at_which_the_server_closes_the_connection(exchange, monkeypatch, paced):
    monkeypatch.setattr(unbroken, "SHORTEST_REST", 0)
    source, server = exchange(
        "imap", [FULL, ("UID FETCH 7:10", given(7, end="* BYE gone\r\n"))],
        [FULL, ("UID FETCH 8 ", None)], [FULL, ("UID FETCH 8 ", given(end="* BYE gone\r\n"))],
        [FULL, ("UID FETCH 8 ", None)], [FULL, ("UID FETCH 7 ", given(7)), ("UID FETCH 9 ", given(9)), ("UID FETCH 10 ", given(10))],
    )
    if paced:
        source.paced(Pace(), lambda: False, lambda: False)
    source.open("Sent")
    found = list(source.messages(dict.fromkeys(range(7, 11), 3)))
    assert [message.uid for batch in found for message in batch.messages] == [7, 9, 10] and [uid for batch in found for uid in batch.empty] == [8]
    assert [batch.why for batch in found if batch.why] == [
        {8: "the connection broke at this message each time it was asked for alone: the server closed the connection"},
    ]
    source.close()
    assert server.commands.count('EXAMINE "Sent"') == 5


def test_what_was_asked_for_ahead_went_with_the_connection(exchange, monkeypatch):
    monkeypatch.setattr(unbroken, "SHORTEST_REST", 0)
    broken, anew = ("UID FETCH 7:8", given(7, end="* BYE gone\r\n")), ("UID FETCH 8 ", given(8))
    source, server = exchange("imap", [FULL, broken], [FULL, anew, FULL, ("UID FETCH 1:*", SIZES)])
    source.open("First")
    found = source.messages({7: 3, 8: 3}, lambda: source.ask_ahead(folder("Second")))
    assert [message.uid for batch in found for message in batch.messages] == [7, 8]
    assert source.open_whole(folder("Second"))[1] == {7: 3}
    source.close()
    assert [line for line in server.commands if line.startswith("EXAMINE")][-2:] == ['EXAMINE "First"', 'EXAMINE "Second"']


def test_a_folder_that_is_another_one_after_a_break(exchange, monkeypatch):
    monkeypatch.setattr(unbroken, "SHORTEST_REST", 0)
    other = ("EXAMINE", OPENED.format(count=2).replace("UIDVALIDITY 1", "UIDVALIDITY 2"))
    source, _server = exchange("imap", [FULL, ("UID FETCH 7", None)], [other])
    source.open("Sent")
    with pytest.raises(LOST, match="the folder Sent was replaced while it was read"):
        list(source.messages({7: 3}))
    source.close()


NOTICE = (
    "{sender}\r\nTo: anna@example.test\r\nSubject: Retrieval using the IMAP4 protocol failed for the following message: 20004\r\n\r\n"
    "The server couldn't retrieve the following message: <sales@example.test>\r\n"
)


@pytest.mark.parametrize(
    ("sender", "profile", "more", "is_mail"),
    [
        ("From: Microsoft Exchange Server 2010", "exchange_2010", "", False),
        ('FROM: "Microsoft Exchange Server\r\n 2007"', "exchange_2007", "", False),
        ("From: Microsoft Exchange Server 2010", "imap", "", True),
        ("From: Microsoft Exchange Server 2010", "exchange_2010", "x" * 8192, True),
        ("From: Microsoft Exchange Server Team <news@example.test>", "exchange_2010", "", True),
        ("From: Microsoft Exchange Server Team\r\n <news@example.test>", "exchange_2010", "", True),
        ("From: ben@example.test\r\nX-Mailer: Microsoft Exchange Server 2010", "exchange_2010", "", True),
        ("Subject: a\r\n\r\nFrom: Microsoft Exchange Server 2010", "exchange_2010", "", True),
    ],
    ids=["2010", "folded and quoted", "no Exchange", "long", "an address", "an address in the next line", "another header", "in the text"],
)
def test_what_exchange_gives_instead_of_a_message(exchange, sender, profile, more, is_mail):
    source, _server = exchange(profile, [FULL, ("UID FETCH 7:8", given(7, body=NOTICE.format(sender=sender) + more, end="") + given(8))])
    source.open("Sent")
    [batch] = source.messages({7: 400, 8: 3})
    assert ([message.uid for message in batch.messages], batch.empty, batch.absent) == (([7, 8], [], []) if is_mail else ([8], [7], []))
    assert batch.why == ({} if is_mail else {7: "the server gave a substitute for it, which says that it can't be retrieved by IMAP"})
    source.close()
