# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.messaging.migration.plugins.action import (
    directory_account, imap_mailbox, mailbox_copy, mailbox_sync, mailbox_verify, mirapoint_distribution_list, mirapoint_user, user_notice,
)
from ansible_collections.messaging.migration.plugins.plugin_utils._steps import SteppedAction


@pytest.mark.parametrize("action", [
    directory_account, imap_mailbox, mailbox_copy, mailbox_sync, mailbox_verify, mirapoint_distribution_list, mirapoint_user, user_notice,
])
def test_each_shares_its_name_with_a_module_and_shows_its_progress(action):
    assert issubclass(action.ActionModule, SteppedAction)
    plugins = pathlib.Path(action.__file__).parents[1]
    assert (plugins / "modules" / pathlib.Path(action.__file__).name).exists()


@pytest.mark.parametrize("action", [mailbox_copy, mailbox_sync])
def test_what_is_not_mail_adds_up_as_mail_does(action):
    assert {"messages", "other_items"} <= set(action.ActionModule.added)


def test_users_have_a_line_of_their_own():
    row = {"server": "new", "users": 10000, "users_done": 3120, "users_per_second": 48.5, "eta_seconds": 141.9}
    assert mirapoint_user.ActionModule.line(row) == "new: 3120/10000 users, 48 users/s, ETA 2 min 22 s"


def test_so_have_lists():
    row = {"server": "new", "lists": 4000, "lists_done": 1250, "lists_per_second": 110.2, "eta_seconds": 25.0}
    assert mirapoint_distribution_list.ActionModule.line(row) == "new: 1250/4000 lists, 110 lists/s, ETA 25 s"


def test_so_have_mailboxes():
    row = {"server": "new", "mailboxes": 10000, "mailboxes_done": 3150, "mailboxes_per_second": 210.4, "eta_seconds": 32.6}
    assert imap_mailbox.ActionModule.line(row) == "new: 3150/10000 mailboxes, 210 mailboxes/s, ETA 33 s"


def test_so_have_accounts():
    row = {"server": "ldap", "accounts": 10000, "accounts_done": 3120, "accounts_per_second": 480.5, "eta_seconds": 14.3}
    assert directory_account.ActionModule.line(row) == "ldap: 3120/10000 accounts, 480 accounts/s, ETA 14 s"


def test_so_have_notices():
    row = {"server": "smtp.example.test", "kind": "announcement", "users": 10000, "users_done": 3120, "eta_seconds": 3440.0}
    assert user_notice.ActionModule.line(row) == "smtp.example.test: announcement, 3120/10000 users, ETA 57 min 20 s"
