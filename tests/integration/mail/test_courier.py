# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Courier at either end: it changes messages, renumbers folders and tells subscriptions and quotas in a way of its own."""

from __future__ import annotations

import pytest
from lab import hard_cases
from servers import mail

FOLDERS = ["Projects", "Projects/Alpha", "Projects/Alpha/2019", "Ünïcödé 日本", "Q3.Report v1.0", "R&D (old)", "Hard cases"]
# Courier ends its last line; and it drops a CR that stands alone.
ENDLESS = next(case for case in hard_cases.hard_cases() if not case.data.endswith(b"\r\n"))
KEPT = [case for case in hard_cases.hard_cases() if case.data.endswith(b"\r\n") and b"\r" not in case.data.replace(b"\r\n", b"")]


@pytest.fixture
def onto_courier(pair, servers):
    pair.target = servers.courier(["anna"])
    pair.target_port, pair.target_password = pair.target.port, pair.target.password
    pair.target_option = lambda **more: pair.target.option(pair.target_password, pair.target_port, name="new", **more)
    return pair


def full(pair):
    client = pair.source.client("anna.berg")
    for folder in FOLDERS:
        client.create_folder(folder)
    client.subscribe_folder("Projects/Alpha/2019")
    mail.fill(client, "INBOX", 60)
    mail.fill(client, "Projects/Alpha", 15)
    for case in KEPT:
        mail.append(client, "Hard cases", case)
    return client


def test_copied_followed_and_verified(onto_courier, module):
    client = full(onto_courier)
    copied = module("mailbox_copy", onto_courier.options())
    assert (copied["failed"], copied["exceptions_open"]) == (False, 0), copied
    assert onto_courier.findings() == {}
    client.select_folder("INBOX")
    client.add_flags([1, 2], [b"\\Flagged", b"$Forwarded"])
    client.move(list(range(20, 30)), "Projects/Alpha")
    client.delete_messages([40, 41])
    client.expunge()
    client.unselect_folder()
    client.rename_folder("Projects", "Works")
    client.rename_folder("Works/Alpha", "Works/Omega")
    client.delete_folder("R&D (old)")
    client.logout()
    synced, again, verified = (module(name, onto_courier.options()) for name in ("mailbox_sync", "mailbox_sync", "mailbox_verify"))
    assert (synced["failed"], synced["messages"], synced["moved"], synced["deleted"]) == (False, 0, 10, 2), synced
    assert not again["failed"] and not again["changed"] and verified["perfect"] == 1, (again, verified)
    assert onto_courier.findings() == {}


@pytest.mark.parametrize("trouble", ["renumbered", "answer lost"])
def test_what_it_changes_is_there_once(onto_courier, module, relay, trouble):
    client = onto_courier.source.client("anna.berg")
    client.create_folder("Work")
    mail.fill(client, "Work", 3)
    mail.append(client, "Work", ENDLESS)
    if trouble == "answer lost":
        before_target = relay(onto_courier.target)
        before_target.lose_answer("APPEND", after=3)
        onto_courier.target_port = before_target.port
        copied = module("mailbox_copy", onto_courier.options())
        assert before_target.broken.is_set() and copied["exceptions_open"] == 1, copied
    else:
        assert not module("mailbox_copy", onto_courier.options())["failed"]
        client.rename_folder("Work", "Done")
        assert not module("mailbox_sync", onto_courier.options())["failed"]
    client.logout()
    again, verified = (module(name, onto_courier.options()) for name in ("mailbox_sync", "mailbox_verify"))
    assert not again["changed"] and verified["altered"] == 1 and verified["extra"] == verified["doubled"] == verified["missing"] == 0, (again, verified)
    there = onto_courier.target.client("anna")
    assert there.folder_status("INBOX." + ("Done" if trouble == "renumbered" else "Work"), ["MESSAGES"])[b"MESSAGES"] == 4
    there.logout()


def test_its_quota_is_full(onto_courier, module):
    client = onto_courier.source.client("anna.berg")
    mail.fill(client, "INBOX", 30, 20_000)
    client.logout()
    onto_courier.target.quota("anna", 100_000)
    copied = module("mailbox_copy", onto_courier.options())
    assert copied["failed"] and copied["exceptions_open"] == 0
    assert "The target takes no mail for INBOX: [ALERT] You exceeded your mail quota. What was moved stays" in copied["msg"], copied["msg"]


def test_as_a_source_it_names_parents_of_subscribed_folders(pair, servers, module):
    source = servers.courier(["anna.berg"])
    client = source.client("anna.berg")
    for folder in ("INBOX.A", "INBOX.A.B"):
        client.create_folder(folder)
    client.subscribe_folder("INBOX.A.B")
    for folder, count in (("INBOX", 20), ("INBOX.A.B", 5)):
        for number in range(count):
            client.append(folder, mail.message(number, seed=folder), mail.FLAGS[number % len(mail.FLAGS)], mail.when(number))
    client.logout()
    options = pair.options(sources=[source.option(source.password, name="old", mailboxes=pair.mailboxes)])
    copied, again, verified = (module(name, options) for name in ("mailbox_copy", "mailbox_sync", "mailbox_verify"))
    assert (copied["failed"], copied["messages"], again["changed"], verified["perfect"]) == (False, 25, False, 1), (copied, again, verified)
    there = pair.target.client("anna")
    assert [name for _flags, _separator, name in there.list_sub_folders()] == ["A/B"]
    there.logout()
