# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders whose UIDs are all new: recreated, or repaired by the server. Messages are known by their content."""

from __future__ import annotations

import pytest
from servers import mail


@pytest.fixture
def copied(pair, module):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 40)
    client.create_folder("Sent")
    mail.fill(client, "Sent", 20)
    client.multiappend("Sent", [mail.message(1, seed="twin")] * 3)
    client.logout()
    assert not module("mailbox_copy", pair.options())["failed"]
    return pair


def changed_at_source(pair, folder):
    client = pair.source.client("anna.berg")
    client.select_folder(folder)
    uids = client.search()
    client.add_flags(uids[:3], [b"Later"])
    client.delete_messages(uids[-2:])
    client.expunge()
    mail.fill(client, folder, 5, first=500)
    client.logout()


def perfect(pair, module):
    synced = module("mailbox_sync", pair.options())
    assert not synced["failed"], synced
    assert pair.findings() == {}
    assert not module("mailbox_sync", pair.options())["changed"]
    return synced


def test_target_folder_recreated_empty(copied, module):
    client = copied.target.client("anna")
    client.delete_folder("Sent")
    client.create_folder("Sent")
    client.logout()
    changed_at_source(copied, "Sent")
    assert perfect(copied, module)["messages"] == 26


def test_target_folder_recreated_while_the_source_rests(copied, module):
    client = copied.target.client("anna")
    client.delete_folder("Sent")
    client.create_folder("Sent")
    client.logout()
    verified = module("mailbox_verify", copied.options())
    assert verified["failed"] and verified["missing"] == 23
    assert perfect(copied, module)["messages"] == 23


def test_target_folder_with_other_uids(copied, module):
    copied.target.new_uidvalidity("anna", "Sent")
    changed_at_source(copied, "Sent")
    # Nothing of what is there already is sent again.
    assert perfect(copied, module)["messages"] == 5


def test_source_folder_with_other_uids(copied, module):
    copied.source.new_uidvalidity("anna.berg")
    changed_at_source(copied, "INBOX")
    synced = perfect(copied, module)
    assert (synced["messages"], synced["deleted"]) == (5, 2)


def test_approval_does_not_reach_another_message(pair, module):
    """An approval names a UID. When UIDs are given anew it must not make the pass leave another message behind."""
    client = pair.source.client("anna.berg")
    client.create_folder("Sent")
    mail.fill(client, "Sent", 3)
    client.append("Sent", mail.message(1, 40_000))
    pair.target.quota(largest="20k")
    refused = module("mailbox_copy", pair.options())
    assert refused["failed"] and refused["exceptions_open"] == 1
    named = {"server": "old", "mailbox": "anna.berg", "folder": "Sent", "uid": 4}
    assert module("mailbox_exception", pair.ledger_only(exceptions=[named], approved_by="Ada Lead"))["approved"] == 1
    client.select_folder("Sent")
    client.delete_messages([4])
    client.expunge()
    client.logout()
    pair.source.new_uidvalidity("anna.berg", "Sent")
    client = pair.source.client("anna.berg")
    mail.fill(client, "Sent", 3, first=100)
    client.select_folder("Sent")
    assert client.search() == [1, 2, 3, 4, 5, 6]
    client.logout()
    perfect(pair, module)


def test_source_uids_change_between_two_halves_of_a_first_pass(pair, module, relay):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 350)
    client.logout()
    before_target = relay(pair.target)
    before_target.hold_sent(after=320, at=100)
    pair.target_port = before_target.port
    run = module.start("mailbox_copy", pair.options(lease_seconds=1))
    assert before_target.holding.wait(60)
    assert run.kill()
    client = pair.source.client("anna.berg")
    client.select_folder("INBOX")
    client.delete_messages(client.search()[:30])
    client.expunge()
    client.logout()
    pair.source.new_uidvalidity("anna.berg")
    pair.target_port = pair.target.port
    perfect(pair, module)
