# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mailbox is left and several workers: its folders are shared. Large messages pass without being held, newest mail may come first."""

from __future__ import annotations

import sqlite3

import pytest
from servers import mail
from servers.meter import Meter

FOLDERS = ("INBOX", "Sent", "Projects", "Projects/Alpha", "Archive")


@pytest.fixture
def filled(pair):
    client = pair.source.client("anna.berg")
    for folder in FOLDERS:
        if folder != "INBOX":
            client.create_folder(folder)
        mail.fill(client, folder, 150)
    client.logout()
    return pair


def test_idle_workers_take_folders(filled, direct, relay):
    before = relay(filled.source)
    filled.source_port = before.port
    [copied] = direct([("mailbox_copy", filled.options(workers=4))])
    assert not copied["failed"] and copied["messages"] == 150 * len(FOLDERS) and copied["folders"] == 4
    # One to see whether all is well, the worker's, and those that helped.
    helped = before.count("LOGIN") - 2
    assert 2 <= helped <= 4
    # Nobody stopped before the end.
    assert sqlite3.connect(filled.ledger).execute("SELECT finished, messages FROM passes").fetchall() == [(1, 150 * len(FOLDERS))]
    assert filled.findings() == {}
    [again] = direct([("mailbox_sync", filled.options(workers=4))])
    assert not again["failed"] and not again["changed"]
    # Nothing to share: a pass without change is one login more.
    assert before.count("LOGIN") == 2 + helped + 2


@pytest.fixture
def meter():
    placed = []

    def place(server):
        placed.append(before := Meter(server.port))
        return before

    yield place
    for before in placed:
        before.close()


def test_a_server_is_not_asked_for_more_connections_than_it_has(filled, direct, meter):
    before = meter(filled.source)
    filled.source_port = before.port
    options = filled.options(workers=4)
    options["sources"][0]["connections"] = 2
    [copied] = direct([("mailbox_copy", options)])
    assert not copied["failed"] and filled.findings() == {}
    assert before.most_at_once == 2


def test_a_helper_that_is_cut_off(filled, direct, relay):
    before = relay(filled.source)
    filled.source_port = before.port
    before.cut_given(after=200, at=300)
    [copied] = direct([("mailbox_copy", filled.options(workers=4))])
    assert before.broken.is_set() and not copied["failed"], copied
    assert filled.findings() == {}
    assert not direct([("mailbox_sync", filled.options())])[0]["changed"]


def test_large_messages(pair, direct):
    client = pair.source.client("anna.berg")
    client.append("INBOX", mail.message(1, 20_000_000), [b"\\Seen"], mail.when(1))
    mail.fill(client, "INBOX", 5)
    client.append("INBOX", mail.message(2, 9_000_000))
    client.logout()
    copied, verified = direct([("mailbox_copy", pair.options()), ("mailbox_verify", pair.options())])
    assert not copied["failed"] and copied["messages"] == 7 and verified["perfect"] == 1
    assert pair.findings() == {}


def test_compressed_both_ways(filled, direct, meter):
    for server in (filled.source, filled.target):
        server.configure("protocol imap {\n  mail_plugins = imap_zlib\n}")
        server.reload()
    plain, packed = [], []
    for sizes, compress in ((plain, False), (packed, True)):
        before = meter(filled.source)
        filled.source_port = before.port
        options = filled.options(workers=1, migration=f"compress-{compress}", ledger={"url": f"sqlite:///{filled.ledger}-{compress}"}, on_foreign="keep")
        options["sources"][0]["compress"] = options["target"]["compress"] = compress
        [copied] = direct([("mailbox_copy", options)])
        assert not copied["failed"], copied
        sizes.append(before.given)
    # Random letters in base 16 pack to about half.
    assert packed[0] < plain[0] * 0.75
    both = filled.options(migration="compress-True", ledger={"url": f"sqlite:///{filled.ledger}-True"})
    [verified] = direct([("mailbox_verify", both)])
    # The first copy is there as well.
    assert verified["missing"] == verified["altered"] == 0 and verified["checked"] == 150 * len(FOLDERS)


def test_newest_first(pair, direct, relay):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 250)
    client.logout()
    before = relay(pair.target)
    pair.target_port = before.port
    before.lose_answer("APPEND", after=1)
    [copied] = direct([("mailbox_copy", pair.options(order="newest", workers=1, time_budget=30))])
    assert not copied["failed"]
    bodies = mail.contents(pair.target, "anna")
    assert bodies[0] == mail.message(249, 600, "INBOX") and len(bodies) == 250
    assert pair.findings() == {}


def test_only_what_failed_is_tried_again(pair, direct):
    pair.mailboxes = [{"name": "anna.berg", "target": "anna"}, {"name": "bo"}]
    for mailbox in pair.mailboxes:
        client = pair.source.client(mailbox["name"])
        mail.fill(client, "INBOX", 3)
        client.logout()
    somebody = pair.target.client("bo")
    somebody.append("INBOX", b"Subject: mine\r\n\r\nmine\r\n")
    assert not direct([("mailbox_sync", pair.options(only_failed=True))])[0]["failed"]
    [refused] = direct([("mailbox_sync", pair.options())])
    assert refused["failed"] and refused["mailboxes"]["failed"] == 1
    somebody.select_folder("INBOX")
    somebody.delete_messages(somebody.search())
    somebody.expunge()
    somebody.logout()
    [again] = direct([("mailbox_sync", pair.options(only_failed=True))])
    assert not again["failed"] and again["mailboxes"] == {"done": 1, "total": 1, "failed": 0} and again["messages"] == 3
    assert pair.findings() == {}
