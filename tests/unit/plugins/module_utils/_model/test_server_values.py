# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server


@pytest.mark.parametrize(
    ("login", "names"),
    [
        (("{mailbox}",), ["anna.berg"]),
        (("{domain}/{admin}/{mailbox}", "{domain}\\{admin}\\{mailbox}"), ["EXAMPLE/migadmin/anna.berg", "EXAMPLE\\migadmin\\anna.berg"]),
        (("{mailbox}*{admin}",), ["anna.berg*migadmin"]),
        (("migadmin",), ["migadmin"]),
    ],
)
def test_login_names(login, names):
    assert Server(name="s", host="h", login=login, domain="EXAMPLE", admin="migadmin").login_names("anna.berg") == names


def test_without_an_administrator_the_owner_logs_in():
    assert Server(name="s", host="h", login=("{admin}",)).login_names("anna") == ["anna"]


def test_from_options_fills_in_what_is_not_said():
    options = {"host": "h.test", "name": None, "login": None, "port": None, "unknown": 1, "mailboxes": [{"name": "anna"}, {"name": "b", "target": "c"}]}
    server = Server.from_options(options)
    assert (server.name, server.port, server.login) == ("h.test", 993, ("{mailbox}",))
    assert server.mailboxes == (Mailbox("anna", "anna"), Mailbox("b", "c"))


def test_passwords_are_not_shown():
    mailbox = {"name": "anna", "password": "s3cret-a", "target_password": "s3cret-b"}
    assert "s3cret" not in repr(Server.from_options({"host": "h", "password": "s3cret-c", "mailboxes": [mailbox]}))
