# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._source.registry import open_source
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedServer

MESSAGE = '* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[] {3}\r\nabc)\r\n{tag} OK done\r\n'
LISTING = "* 1 FETCH (UID 7 FLAGS (\\Seen) RFC822.SIZE 3)\r\n* 2 FETCH (UID 9 FLAGS ())\r\n{tag} OK done\r\n"
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
        ("EXAMINE", OPENED.format(count=2)), ("UID FETCH 1:*", LISTING), ("UID FETCH 7", MESSAGE), ("UID FETCH 7", "* 1 FETCH (UID 7)\r\n{tag} OK done\r\n"),
        ("UID FETCH 1:*", '* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000")\r\n{tag} OK done\r\n'),
    )
    state = source.open("Sent")
    assert (source.prefix, source.separator, state.messages) == ("", "/", 2)
    # A size that the server does not tell counts as nothing.
    assert source.listing(state) == ({7: ("\\Seen",), 9: ()}, {7: 3, 9: 0})
    [batch] = source.messages({7: 3})
    assert batch.messages[0].body == b"abc"
    assert source.still_listed([7, 9]) == {7}
    assert source.flags_and_dates(state) == {7: (("\\Seen",), "01-Jan-2020 00:00:00 +0000")}
    source.close()
    verbs = {line.split()[0] for line in server.commands}
    assert verbs == {"CAPABILITY", "LOGIN", "EXAMINE", "LIST", "UID", "LOGOUT"}
    fetched = [line for line in server.commands if line.startswith("UID")]
    assert all(line.startswith("UID FETCH") for line in fetched) and not any("BODY[" in line for line in fetched)


def test_an_empty_folder_is_not_listed(opened):
    source, server = opened()
    state = source.open("INBOX")
    assert source.listing(state) == ({}, {}) and source.flags_and_dates(state) == {}
    source.close()
    assert not any("FETCH" in line for line in server.commands)


def test_a_listing_that_is_refused_is_a_refusal(opened):
    source, _server = opened(("UID FETCH", "{tag} NO [INUSE] locked\r\n"))
    with pytest.raises(REFUSED, match="locked"):
        source.still_listed([1])
    source.close()
