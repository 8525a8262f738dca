# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Answer
from ansible_collections.messaging.migration.plugins.module_utils._model.message import content_hash
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._target.imap import ImapTarget
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedServer


@pytest.fixture
def opened():
    """opened(capabilities, script): a target on a server that plays it; sent(): the commands after the login."""
    running = []

    def start(capabilities="", *script):
        first = [("LIST", '* LIST () "." INBOX\r\n{tag} OK done\r\n')] if "NAMESPACE" not in capabilities else []
        server = ScriptedServer([*first, *script], capabilities=f"IMAP4rev1 {capabilities}")
        running.append(server.__enter__())
        target = ImapTarget(
            Server(name="t", host="127.0.0.1", port=server.port, tls="none", timeout=5, password="p"), Mailbox("anna", "anna.berg", password="source's")
        )

        def sent(but=("CAPABILITY", "LOGIN", "EXAMINE", "LIST", "LSUB", "LOGOUT", "NAMESPACE")):
            target.close()
            return [line for line in server.commands if line.split()[0] not in but]

        return target, sent

    yield start
    for server in running:
        server.__exit__()


def test_the_login_is_that_of_the_targets_mailbox(opened):
    target, _sent = opened()
    assert target.session.login == "anna.berg" and target.session.server.password == "p"
    target.close()


@pytest.mark.parametrize(
    ("capabilities", "limit"), [("", None), ("APPENDLIMIT", None), ("APPENDLIMIT=1000", 1000), ("APPENDLIMIT=1000 APPENDLIMIT=500", 500)]
)
def test_the_largest_message(opened, capabilities, limit):
    target, sent = opened(capabilities)
    assert target.largest_message == limit
    sent()


def test_only_the_mailboxs_own_folders_count(opened):
    lists = '* LIST () "." INBOX\r\n* LIST () "." INBOX.Sent\r\n* LIST () "." user.ben\r\n{tag} OK done\r\n'
    namespace = '* NAMESPACE (("INBOX." ".")) (("user." ".")) NIL\r\n{tag} OK done\r\n'
    target, sent = opened("NAMESPACE", ("NAMESPACE", namespace), ("LIST \"\" \"*", lists), ("LSUB", "{tag} OK done\r\n"))
    assert target.prefix == "INBOX." and [folder.name for folder in target.folders()] == ["INBOX", "INBOX.Sent"]
    sent()


def test_folders_are_made_subscribed_and_removed_under_their_names_on_the_wire(opened):
    target, sent = opened()
    assert target.create(["R&AOk-sum", "b"]) == {}
    target.subscribe(["R&AOk-sum", "b"], True)
    target.subscribe(["R&AOk-sum"], False)
    target.rename("b", 'a"b')
    target.remove_folder('a"b')
    assert sent() == [
        'CREATE "R&AOk-sum"', 'CREATE "b"', 'SUBSCRIBE "R&AOk-sum"', 'SUBSCRIBE "b"', 'UNSUBSCRIBE "R&AOk-sum"', 'RENAME "b" "a\\"b"', 'DELETE "a\\"b"',
    ]


def test_no_folder_is_open_while_it_is_renamed(opened):
    """Courier would refuse it."""
    target, sent = opened("", ("SELECT", OPEN), ("EXAMINE", OPEN), ("RENAME", "{tag} OK done\r\n"), ("SELECT", OPEN), ("RENAME", "{tag} NO exists\r\n"))
    target.opened("a")
    target.rename("a", "b")
    target.opened("b")
    with pytest.raises(REFUSED, match='RENAME "b" "c": exists'):
        target.rename("b", "c")
    opening = [line for line in sent(()) if line.split()[0] in ("SELECT", "EXAMINE", "RENAME")]
    assert opening[-6:] == ['SELECT "a"', 'EXAMINE "INBOX"', 'RENAME "a" "b"', 'SELECT "b"', 'EXAMINE "INBOX"', 'RENAME "b" "c"']


def test_which_folders_were_refused_and_why(opened):
    target, sent = opened("", ("CREATE", "{tag} OK done\r\n"), ("CREATE", "{tag} NO Invalid mailbox name\r\n"))
    assert target.create(["a", "b", "c"]) == {"b": "Invalid mailbox name"}
    with pytest.raises(REFUSED, match="SUBSCRIBE b: no"):
        target.session.wire.burst = lambda commands: [([], Answer("NO", "no"))]
        target.subscribe(["b"], True)


OPEN = "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 9] .\r\n{tag} OK done\r\n"


def test_a_folder_that_is_open_is_not_opened_again(opened):
    target, sent = opened("", ("SELECT", OPEN), ("SELECT", OPEN), ("EXAMINE", OPEN), ("SELECT", OPEN))
    assert [state.uidnext for state in target.open_each(["a", "b"])] == [9, 9]
    target.opened("b")
    target.open("b", readonly=True)
    target.opened("b")
    assert sent() == ['SELECT "a"', 'SELECT "b"', 'SELECT "b"']


def test_messages_are_copied_and_their_new_uids_known(opened):
    target, sent = opened(
        "UIDPLUS", ("UID COPY", "{tag} OK [COPYUID 7 4:5,9 11,20:21] done\r\n"), ("UID COPY", "{tag} OK done\r\n"),
        ("UID COPY", "{tag} NO [OVERQUOTA] full\r\n"),
    )
    assert target.copy([4, 5, 9, 10], "Archive") == ({4: 11, 5: 20, 9: 21}, True)
    assert target.copy([4], "Archive") == ({}, False)
    with pytest.raises(REFUSED, match="copying 1 messages to Archive: .OVERQUOTA. full"):
        target.copy([4], "Archive")
    assert sent()[0] == 'UID COPY 4:5,9:10 "Archive"'


def test_flags_are_added_and_removed(opened):
    target, sent = opened()
    target.store([3, 1, 2], ["\\Seen", "$Junk"], ["\\Flagged"])
    target.store([5], [], [])
    # As it came, octet by octet.
    target.store([6], ["voilà".encode().decode("latin-1")], [])
    assert sent() == ["UID STORE 1:3 +FLAGS.SILENT (\\Seen $Junk)", "UID STORE 1:3 -FLAGS.SILENT (\\Flagged)", "UID STORE 6 +FLAGS.SILENT (voilà)"]


def test_a_refused_command_is_told_without_its_arguments(opened):
    target, sent = opened("", ("UID STORE", "{tag} NO no rights\r\n"))
    with pytest.raises(REFUSED, match="UID STORE 1 .FLAGS.SILENT: no rights"):
        target.store([1], ["\\Seen"], [])
    sent()


def test_uidplus_deletes_exactly_these(opened):
    target, sent = opened("UIDPLUS")
    target.delete([4, 5, 9])
    target.delete([])
    assert sent() == ["UID STORE 4:5,9 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 4:5,9"]


def test_without_uidplus_what_others_marked_is_spared(opened):
    target, sent = opened("", ("UID STORE", "{tag} OK done\r\n"), ("UID SEARCH", "* SEARCH 4 7\r\n{tag} OK done\r\n"))
    target.delete([4])
    assert sent() == [
        "UID STORE 4 +FLAGS.SILENT (\\Deleted)", "UID SEARCH DELETED", "UID STORE 7 -FLAGS.SILENT (\\Deleted)", "EXPUNGE",
        "UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    ]


def test_reading_back_from_a_uid_on(opened):
    # n:* would name the last message even below n.
    listing = "* 1 FETCH (UID 3 RFC822.SIZE 3)\r\n* 2 FETCH (UID 8 RFC822.SIZE 3)\r\n{tag} OK done\r\n"
    message = '* 2 FETCH (UID 8 FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] {3}\r\nabc)\r\n{tag} OK done\r\n'
    target, sent = opened("", ("UID FETCH 5:*", listing), ("UID FETCH 8", message))
    [(uid, stored)] = target.contents(from_uid=5).items()
    assert (uid, stored.sha256, stored.flags, stored.internal_date) == (8, content_hash(b"abc"), ("\\Seen",), "01-Jan-2020 00:00:00 +0000")
    assert len(sent()) == 2


def test_what_nobody_asked_for_is_not_read_back(opened):
    """With QRESYNC a server tells other sessions' changes of flags with their UIDs, between the answers."""
    listing = "* 1 FETCH (UID 7 MODSEQ (900) FLAGS (\\Seen))\r\n* 2 FETCH (UID 8 RFC822.SIZE 3)\r\n{tag} OK done\r\n"
    message = '* 2 FETCH (UID 8 FLAGS () INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] {3}\r\nabc)\r\n{tag} OK done\r\n'
    target, sent = opened("", ("UID FETCH 8", listing), ("UID FETCH 8", message))
    assert list(target.contents(uids=[8])) == [8]
    assert sent() == ["UID FETCH 8 (UID RFC822.SIZE)", "UID FETCH 8 (UID FLAGS INTERNALDATE BODY.PEEK[])"]


def test_what_can_not_be_read_back_is_an_error(opened):
    listing = "* 1 FETCH (UID 3 RFC822.SIZE 3)\r\n{tag} OK done\r\n"
    target, sent = opened("", ("UID FETCH 3", listing), ("UID FETCH 3", "{tag} NO [SERVERBUG] broken\r\n"))
    with pytest.raises(REFUSED, match="reading back from 127.0.0.1: .SERVERBUG. broken"):
        target.contents(uids=[3])
    sent()
