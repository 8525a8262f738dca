# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.beyond_mailbox import place
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Server


def server(mailbox, ews=(), **more):
    options = {"host": "h", "protocol": "ews", "admin": "svc@example.test", "ews": dict(ews), "mailboxes": [{"name": "anna", **mailbox}]}
    return Server.from_options({**options, **more})


@pytest.mark.parametrize(("path", "folder"), [("", ""), ("Archive", "Archive"), ("/Old mail/Archive/", "Old mail/Archive"), ("INBOX/Archive", "INBOX/Archive")])
def test_a_folder_at_the_target(path, folder):
    assert place("archive", path) == folder


@pytest.mark.parametrize("path", ["/", "a//b", "inbox", "/INBOX/", "a/ /b", " "])
def test_what_is_no_folder_of_its_own(path):
    with pytest.raises(ValueError, match="archive is '.*'; it has to be a folder of its own"):
        place("archive", path)


def test_a_mailbox_says_it_or_its_server_does():
    one = server({"archive": "Old/", "recoverable_items": ""}, {"archive": "/Archive", "recoverable_items": "Gone"})
    assert (one.ews.archive, one.ews.recoverable_items) == ("Archive", "Gone")
    assert (one.mailboxes[0].archive, one.mailboxes[0].recoverable_items, one.mailboxes[0].public_folder) == ("Old", "", None)
    assert server({}).mailboxes[0].archive is None


def test_who_reads_public_folders():
    assert server({"public_folder": "/Team"}).public_reader == "svc@example.test"
    assert server({"public_folder": "/"}, admin="svc", login=["{mailbox}@{domain}"], domain="example.test").public_reader == "svc@example.test"
    named = server({"public_folder": "/Team"}, {"public_folder_mailbox": "public@example.test"}, admin="EXAMPLE\\svc")
    assert (named.public_reader, named.mailboxes[0].public_folder) == ("EXAMPLE\\svc", "/Team")


OAUTH = {"auth": "oauth", "tenant": "t", "client_id": "c", "client_secret": "s"}


@pytest.mark.parametrize(
    ("mailbox", "more", "text"),
    [
        ({"archive": "Archive"}, {"protocol": "imap"}, "h: anna: archive is moved by EWS alone"),
        ({"public_folder": "/Team"}, {"protocol": "imap"}, "public_folder is moved by EWS alone"),
        ({"archive": "Archive", "pst": "/a.pst"}, {}, "archive is the server's, and this mailbox is read from a PST file"),
        ({"recoverable_items": "INBOX"}, {}, "recoverable_items of anna is 'INBOX'"),
        ({"public_folder": "/Team", "archive": "Archive"}, {}, "public folders have no archive"),
        ({"public_folder": "/Team", "password": "p"}, {}, "no password"),
        ({"public_folder": "Team"}, {}, "public_folder is 'Team'; it has to be a path such as /Sales/Offers"),
        ({"public_folder": "/Team/"}, {}, "public_folder is '/Team/'"),
        ({"public_folder": "/Team"}, {"admin": None}, "admin has to be an SMTP address, or ews.public_folder_mailbox one"),
        ({"public_folder": "/Team"}, {"admin": "EXAMPLE\\svc"}, "admin has to be an SMTP address, or ews.public_folder_mailbox one"),
        ({"public_folder": "/Team"}, {"admin": "svc", "ews": {**OAUTH, "public_folder_mailbox": "p@x.test"}}, "SMTP address for which the application acts"),
        ({}, {"ews": {"archive": "a//b"}}, "h: ews.archive is 'a//b'"),
        ({}, {"ews": {**OAUTH, "token_url": "http://h/token"}}, "ews.token_url is not encrypted"),
    ],
)
def test_what_can_not_be_done_is_refused(mailbox, more, text):
    options = {"ews": {}, **more}
    with pytest.raises(ValueError) as error:
        server(mailbox, **options)
    assert text in str(error.value)
