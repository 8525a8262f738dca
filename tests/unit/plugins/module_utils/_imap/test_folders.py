# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap import folders, session
from ansible_collections.messaging.migration.plugins.module_utils._model import folder_names
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedServer


# What every login asks for.
PROOF = ("LIST", '* LIST () "/" INBOX\r\n{tag} OK done\r\n')


@pytest.fixture
def talk():
    """talk(script, question, capabilities): the question's answer, and what it sent."""

    def ask(script, question, capabilities="IMAP4rev1"):
        with ScriptedServer(script, capabilities=capabilities) as server:
            opened = session.connect(Server(name="s1", host="127.0.0.1", port=server.port, tls="none", timeout=5), Mailbox("anna", "anna"))
            answer = question(opened)
            opened.close()
        return answer, [line for line in server.commands[server.commands.index('LIST "" "INBOX"') + 1:-1] if line not in ("CAPABILITY", "NAMESPACE")]

    return ask


@pytest.mark.parametrize(
    ("wire", "path"),
    [("INBOX", "INBOX"), ("R&AOk-sum&AOk-", "Résumé"), ("a&-b", "a&b"), ("&ZeVnLIqe-", "日本語"), ("broken&ZZ", "broken&ZZ"), ("8bit\xe9", "8bit\xe9")],
)
def test_names_on_the_wire(wire, path):
    assert folder_names.decoded(wire) == path
    assert folder_names.wire_name(wire) == wire.encode("latin-1")


@pytest.mark.parametrize("path", ["INBOX", "Résumé", "a&b", "日本語/Ä"])
def test_encoded_and_back(path):
    assert folder_names.decoded(folder_names.encoded(path)) == path


def test_folders_as_the_server_spells_them(talk):
    lists = (
        '* LIST (\\HasChildren) "/" Projects\r\n* LIST (\\Noselect) "/" "Public Folders"\r\n* LIST () "/" "R&AOk-sum&AOk-"\r\n'
        '* LIST (\\NonExistent) "/" gone\r\n* LIST () "/" {7}\r\na"b\\c d\r\n* LIST () "/" INBOX\r\n* LIST () NIL flat\r\n{tag} OK done\r\n'
    )
    subscribed = '* LSUB () "/" INBOX\r\n* LSUB () "/" "R&AOk-sum&AOk-"\r\n{tag} OK done\r\n'
    found, sent = talk([PROOF, ("LIST", lists), ("LSUB", subscribed)], folders.listed)
    assert [(f.name, f.path, f.separator, f.subscribed, f.selectable) for f in found] == [
        ("INBOX", "INBOX", "/", True, True),
        ("Projects", "Projects", "/", False, True),
        ("Public Folders", "Public Folders", "/", False, False),
        ("R&AOk-sum&AOk-", "Résumé", "/", True, True),
        ('a"b\\c d', 'a"b\\c d', "/", False, True),
        ("flat", "flat", None, False, True),
        ("gone", "gone", "/", False, False),
    ]
    assert sent == ['LIST "" "*"', 'LSUB "" "*"']


def test_one_above_a_subscribed_folder_is_not_subscribed_for_that(talk):
    """Courier tells it for the sake of the one below (RFC 3501, 6.3.9)."""
    lists = '* LIST () "." INBOX\r\n* LIST () "." INBOX.A\r\n* LIST () "." INBOX.A.B\r\n{tag} OK done\r\n'
    subscribed = '* LSUB (\\Noselect \\HasChildren) "." "INBOX"\r\n* LSUB (\\NoSelect) "." INBOX.A\r\n* LSUB () "." INBOX.A.B\r\n{tag} OK done\r\n'
    found, _sent = talk([PROOF, ("LIST", lists), ("LSUB", subscribed)], folders.listed)
    assert [(folder.name, folder.subscribed) for folder in found] == [("INBOX", False), ("INBOX.A", False), ("INBOX.A.B", True)]


def test_a_state_is_read_where_the_name_is_not_quoted(talk):
    """As GNU Mailutils writes it."""
    told = '* STATUS R&-D (old) (UIDVALIDITY 1 UIDNEXT 4 MESSAGES 3)\r\n{tag} OK done\r\n'
    [state], _sent = talk([PROOF, ("STATUS", told)], lambda session: folders.states(session, ["R&-D (old)"]))
    assert state == folders.State(1, 4, 3, None)


def test_folders_with_their_states_in_one_round_trip(talk):
    told = (
        '* LIST (\\Subscribed \\HasNoChildren) "/" INBOX\r\n* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 55)\r\n'
        '* LIST () "/" {3}\r\na b ("CHILDINFO" ("SUBSCRIBED"))\r\n* STATUS "a b" (UIDVALIDITY 8 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 0)\r\n'
        '* LIST (\\Noselect) "/" NIL\r\n{tag} OK done\r\n'
    )
    capabilities = "IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE"
    found, sent = talk([PROOF, ("LIST", told)], folders.listed, capabilities)
    assert [(f.name, f.subscribed, f.selectable, f.state) for f in found] == [
        ("INBOX", True, True, folders.State(7, 9, 3, 55)), ("NIL", False, False, None), ("a b", False, True, folders.State(8, 1, 0, None)),
    ]
    assert sent == ['LIST "" "*" RETURN (SUBSCRIBED STATUS (UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ))']


def test_a_refused_list_is_a_refusal(talk):
    with pytest.raises(session.REFUSED, match="listing the folders: not now"):
        talk([PROOF, ("LIST", "{tag} NO not now\r\n")], folders.listed)


def test_state_with_and_without_condstore(talk):
    answer = '* STATUS "R&AOk-sum" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7{modseq})\r\n{{tag}} OK done\r\n'
    state, sent = talk([("STATUS", answer.format(modseq=" HIGHESTMODSEQ 55"))], lambda s: folders.states(s, ["R&AOk-sum"])[0], "IMAP4rev1 CONDSTORE")
    assert (state.uidvalidity, state.uidnext, state.messages, state.modseq) == (7, 9, 3, 55)
    assert sent == ['STATUS "R&AOk-sum" (UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ)']
    state, sent = talk([("STATUS", answer.format(modseq=""))], lambda s: folders.states(s, ["R&AOk-sum"])[0])
    assert state.modseq is None and sent == ['STATUS "R&AOk-sum" (UIDVALIDITY UIDNEXT MESSAGES)']


def test_an_open_folder(talk):
    answer = (
        "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 9] .\r\n* OK [HIGHESTMODSEQ 5] .\r\n"
        "* OK [PERMANENTFLAGS (\\Seen $Junk \\*)] .\r\n{tag} OK [READ-WRITE] done\r\n"
    )
    state, sent = talk([("SELECT", answer)], lambda s: folders.open_folder(s, "Sent", readonly=False))
    assert state == folders.State(7, 9, 2, 5, ("\\Seen", "$Junk", "\\*")) and sent == ['SELECT "Sent"']
    state, _sent = talk([("SELECT", answer.replace("$Junk", "voilà"))], lambda s: folders.open_folder(s, "Sent", readonly=False))
    assert state.permanent_flags == ("\\Seen", "voilà".encode().decode("latin-1"), "\\*")


def test_old_servers_tell_the_next_uid_by_status_only(talk):
    examine = "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n{tag} OK done\r\n"
    status = "* STATUS Sent (UIDVALIDITY 7 UIDNEXT 9 MESSAGES 2)\r\n{tag} OK done\r\n"
    state, sent = talk([("EXAMINE \"S", examine), ("STATUS", status)], lambda s: folders.open_folder(s, "Sent", readonly=True))
    assert state.uidnext == 9 and len(sent) == 2


@pytest.mark.parametrize(
    ("capabilities", "script", "found"),
    [
        ("IMAP4rev1 NAMESPACE", [("NAMESPACE", '* NAMESPACE (("INBOX." ".")) (("user." ".")) NIL\r\n{tag} OK done\r\n')], ("INBOX.", ".")),
        ("IMAP4rev1 NAMESPACE", [("LIST", '* LIST () "/" INBOX\r\n{tag} OK done\r\n'), ("NAMESPACE", "{tag} NO done\r\n")], ("", "/")),
        (
            "IMAP4rev1 NAMESPACE",
            [("LIST", '* LIST () "." INBOX\r\n{tag} OK done\r\n'), ("NAMESPACE", "* NAMESPACE NIL NIL NIL\r\n{tag} OK done\r\n")],
            ("", "."),
        ),
        ("IMAP4rev1", [("LIST", '* LIST () "/" INBOX\r\n{tag} OK done\r\n')], ("", "/")),
        ("IMAP4rev1", [("LIST", "* LIST () NIL INBOX\r\n{tag} OK done\r\n")], ("", None)),
        ("IMAP4rev1", [("LIST", "{tag} OK done\r\n")], ("", None)),
    ],
)
def test_where_a_users_folders_are(talk, capabilities, script, found):
    answer, sent = talk(script, folders.namespace, capabilities)
    # The login has asked already.
    assert answer == found and sent == []
