# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service of the tests as the lab runs it, on a real Cyrus: users are mailboxes, lists a map of Postfix."""

from __future__ import annotations

import imaplib
import time


def eventually(there, wanted):
    """What the service puts off until its client has gone."""
    deadline = time.monotonic() + 20
    while there() != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return there() == wanted


def test_users_and_lists(on_cyrus, module, tmp_path):
    server = on_cyrus.option()
    users = {"server": server, "users": [{"name": "anna", "full_name": "Anna Berg", "password": "pw"}, {"name": "bo", "password": "pw"}]}
    done, again = module("mirapoint_user", users), module("mirapoint_user", users)
    assert (done["added"], again["changed"], again["as_wanted"], again["differing"]) == (2, False, 2, 0), (done, again)
    lists = {"server": server, "lists": [{"name": "sales", "entries": ["anna", "x@elsewhere.test"]}], "unconfirmed_commands": True}
    assert module("mirapoint_distribution_list", lists)["entries_added"] == 2
    with imaplib.IMAP4("127.0.0.1", on_cyrus.cyrus.port) as imap:
        imap.login(on_cyrus.cyrus.admin, on_cyrus.cyrus.password)
        assert sorted(line.split()[-1] for line in imap.list('""', "user.%")[1]) == [b"user.anna", b"user.bo"]
        assert b"cyrus" in imap.getacl("user.anna")[1][0]
    assert eventually((tmp_path / "lists").read_text, "sales@example.test anna@example.test, x@elsewhere.test\n")
    assert (tmp_path / "lists.db").exists()
    deleted = module("mirapoint_user", {**users, "users": [{"name": "bo"}], "state": "absent", "unconfirmed_commands": ["user_delete"]})
    assert deleted["deleted"] == 1
    assert [user["name"] for user in module("mirapoint_info", {"server": server, "user_pattern": ""})["users"]] == ["anna"]
