# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at random points of a copy and of a sync: at the end nothing is missing, nothing doubled, and the source as it was."""

from __future__ import annotations

import random
import time

import pytest
from servers import mail

LEASE = 2.0
MESSAGES = 240
SIZE = 2000


def killed(module, name, options, enough):
    """Start it and kill all of it as soon as `enough()`; False when it was through before."""
    run = module.start(name, options)
    while run.running and not enough():
        time.sleep(0.005)
    return run.kill()


@pytest.fixture
def filled(pair):
    pair.mailboxes = [{"name": "anna.berg", "target": "anna"}, {"name": "bo"}]
    for mailbox in pair.mailboxes:
        client = pair.source.client(mailbox["name"])
        client.create_folder("Projects")
        mail.fill(client, "INBOX", MESSAGES // 2, SIZE)
        mail.fill(client, "Projects", MESSAGES // 2, SIZE)
        # Exact duplicates are the hardest to recognise after a crash.
        client.multiappend("Projects", [mail.message(1, seed="twin")] * 3)
        client.logout()
    return pair


def change(pair):
    """A working day: new mail, other flags, deleted and moved messages, a new folder, a renamed one."""
    for mailbox in pair.mailboxes:
        client = pair.source.client(mailbox["name"])
        mail.fill(client, "INBOX", 20, first=1000)
        client.select_folder("INBOX")
        uids = client.search()
        client.add_flags(uids[:15], [b"\\Flagged", b"Later"])
        client.remove_flags(uids[15:30], [b"\\Seen"])
        client.create_folder("Archive")
        client.move(uids[30:45], "Archive")
        client.delete_messages(uids[45:60])
        client.expunge()
        client.unselect_folder()
        client.rename_folder("Projects", "Old projects")
        client.logout()


def test_killed_again_and_again(filled, module, relay):
    before_target = relay(filled.target)
    filled.target_port = before_target.port
    options = filled.options(lease_seconds=LEASE, workers=2)
    chance = random.Random(20191115)
    kills = 0

    source = filled.before()
    for _number in range(5):
        until = before_target.carried + chance.randrange(MESSAGES * SIZE // 4)
        kills += killed(module, "mailbox_copy", options, lambda until=until: before_target.carried >= until)
    done = module("mailbox_copy", options)
    assert not done["failed"] and done["mailboxes"] == {"done": 2, "total": 2, "failed": 0}
    assert filled.findings() == {}
    assert filled.before() == source

    change(filled)
    source = filled.before()
    for _number in range(5):
        until = len(before_target.mutating()) + chance.randrange(1, 8)
        kills += killed(module, "mailbox_sync", options, lambda until=until: len(before_target.mutating()) >= until)
    done = module("mailbox_sync", options)
    assert not done["failed"] and done["delta_is_small"]
    assert filled.findings() == {}
    again = module("mailbox_sync", options)
    assert not again["failed"] and not again["changed"]
    assert filled.before() == source
    assert kills >= 8


def test_killed_before_the_first_deletion(pair, module, relay):
    """The source's folder is as the ledger knows it, but the target still has what was deleted."""
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 20)
    client.create_folder("Sent")
    mail.fill(client, "Sent", 20)
    assert not module("mailbox_copy", pair.options())["failed"]
    for folder in ("INBOX", "Sent"):
        client.select_folder(folder)
        client.delete_messages(client.search()[:5])
        client.expunge()
    client.logout()
    before_target = relay(pair.target)
    before_target.lose_answer("UID STORE")
    direct, pair.target_port = pair.target_port, before_target.port
    assert killed(module, "mailbox_sync", pair.options(lease_seconds=1), before_target.broken.is_set)
    pair.target_port = direct
    synced = module("mailbox_sync", pair.options())
    assert not synced["failed"] and synced["deleted"] == 10
    assert pair.findings() == {}


def test_killed_copy_then_deleted_at_the_source(pair, module, relay):
    """A copy removes nothing; what vanished while it was interrupted is still removed by the sync that follows."""
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 150)
    before_target = relay(pair.target)
    before_target.hold_sent(after=120, at=100)
    direct, pair.target_port = pair.target_port, before_target.port
    run = module.start("mailbox_copy", pair.options(lease_seconds=1))
    assert before_target.holding.wait(60)
    assert run.kill()
    pair.target_port = direct
    client.select_folder("INBOX")
    client.delete_messages(client.search()[:10])
    client.expunge()
    client.logout()
    assert not module("mailbox_copy", pair.options())["failed"]
    synced = module("mailbox_sync", pair.options())
    assert not synced["failed"] and synced["deleted"] == 10
    assert pair.findings() == {}
