# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 just before a deletion, and before a message vanished at the source. At random moments and at every step: test_every_fault.py."""

from __future__ import annotations

import time

import pytest
from servers import mail


def killed(module, name, options, enough):
    """Start it and kill all of it as soon as `enough()`; False when it was through before."""
    run = module.start(name, options)
    while run.running and not enough():
        time.sleep(0.005)
    return run.kill()


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
    # More than one batch: the first has arrived when it is killed.
    mail.fill(client, "INBOX", 350)
    before_target = relay(pair.target)
    before_target.hold_sent(after=320, at=100)
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


TURNS = {
    "CREATE": (lambda source: source.create_folder("New"), lambda source: source.delete_folder("New")),
    "RENAME": (lambda source: source.rename_folder("Old", "New"), lambda source: [source.delete_folder(name) for name in ("New/Below", "New")]),
    "SUBSCRIBE": (lambda source: source.subscribe_folder("INBOX"), lambda source: source.unsubscribe_folder("INBOX")),
    "UNSUBSCRIBE": (lambda source: source.unsubscribe_folder("Old"), lambda source: source.subscribe_folder("Old")),
}


@pytest.mark.parametrize("verb", TURNS)
def test_killed_before_it_heard_of_a_folder_that_the_source_then_changes_again(pair, module, relay, verb):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 5)
    for name in ("Old", "Old/Below"):
        client.create_folder(name)
        client.subscribe_folder(name)
        mail.fill(client, name, 5)
    assert not module("mailbox_copy", pair.options())["failed"]
    change, change_again = TURNS[verb]
    change(client)
    before_target = relay(pair.target)
    before_target.hold_answer(verb)
    direct, pair.target_port = pair.target_port, before_target.port
    run = module.start("mailbox_sync", pair.options(lease_seconds=1))
    assert before_target.holding.wait(60)
    assert run.kill()
    pair.target_port = direct
    change_again(client)
    client.logout()
    synced = module("mailbox_sync", pair.options())
    assert not synced["failed"], synced
    assert pair.findings() == {}
    again = module("mailbox_sync", pair.options())
    assert not again["failed"] and not again["changed"], again


FILTER = """
def handle(item):
    return item.route("Elsewhere") if b"away" in item.content else None
"""


@pytest.mark.parametrize("verb", ["CREATE", "SUBSCRIBE"])
def test_killed_before_it_heard_of_a_folder_that_only_the_filter_wanted(pair, module, relay, tmp_path, verb):
    """The message that was to go there is gone before the next pass: no trace of the folder stays."""
    (tmp_path / "site.py").write_text(FILTER)
    sources = [pair.source_option(filter={"python": str(tmp_path / "site.py")})]
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 5)
    assert not module("mailbox_copy", pair.options(sources=sources))["failed"]
    client.append("INBOX", b"Subject: away\r\n\r\naway\r\n")
    before_target = relay(pair.target)
    before_target.hold_answer(verb)
    direct, pair.target_port = pair.target_port, before_target.port
    run = module.start("mailbox_sync", pair.options(sources=sources, lease_seconds=1))
    assert before_target.holding.wait(60)
    assert run.kill()
    pair.target_port = direct
    client.select_folder("INBOX")
    client.delete_messages(client.search(["SUBJECT", "away"]))
    client.expunge()
    client.logout()
    there = pair.target.client("anna")
    assert any(name == "Elsewhere" for _flags, _separator, name in there.list_folders())
    synced, again = (module("mailbox_sync", pair.options(sources=sources)) for _run in range(2))
    assert not synced["failed"] and not again["failed"] and not again["changed"], (synced, again)
    names = [name for listed in (there.list_folders, there.list_sub_folders) for _flags, _separator, name in listed()]
    there.logout()
    assert "Elsewhere" not in names and pair.findings() == {}


@pytest.mark.parametrize("heard_of", [0, 1])
def test_killed_between_the_renames_of_a_folder_and_of_one_below_it(pair, module, relay, heard_of):
    """Before it hears of the one or the other: the next pass still knows that both were renamed."""
    client = pair.source.client("anna.berg")
    for name in ("Projects", "Projects/Alpha"):
        client.create_folder(name)
        mail.fill(client, name, 5)
    assert not module("mailbox_copy", pair.options())["failed"]
    client.rename_folder("Projects", "Works")
    client.rename_folder("Works/Alpha", "Works/Psi")
    client.logout()
    before_target = relay(pair.target)
    before_target.hold_answer("RENAME", after=heard_of)
    direct, pair.target_port = pair.target_port, before_target.port
    run = module.start("mailbox_sync", pair.options(lease_seconds=1))
    assert before_target.holding.wait(60)
    assert run.kill()
    pair.target_port = direct
    synced, again = (module("mailbox_sync", pair.options()) for _run in range(2))
    assert (synced["failed"], synced["messages"], again["failed"], again["changed"]) == (False, 0, False, False), (synced, again)
    assert pair.findings() == {}
