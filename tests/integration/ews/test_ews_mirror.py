# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Exchange as a mirror of a Dovecot."""

from __future__ import annotations

import datetime
import time
import typing as t

import exchangelib
import pytest
from exchangelib import Message
from exchangelib.extended_properties import ExtendedProperty

from servers.dovecot import Dovecot
from servers.fixtures import Tools

ANNA = "anna@example.test"
WHEN = datetime.datetime(2019, 2, 3, 4, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


class SearchKey(ExtendedProperty):
    property_tag = 0x300B
    property_type = "Binary"


class Verb(ExtendedProperty):
    property_tag = 0x1081
    property_type = "Integer"


@pytest.fixture(autouse=True)
def _extended() -> t.Iterator[None]:
    Message.register("search_key", SearchKey)
    Message.register("verb", Verb)
    yield
    Message.deregister("search_key")
    Message.deregister("verb")


def message(number: int) -> bytes:
    return f"From: a@example.test\r\nSubject: {number}\r\nMessage-ID: <{number}@example.test>\r\n\r\nText {number}\r\n".encode()


@pytest.fixture
def dovecot(scratch, start, free_port, wait_for_port):
    return Dovecot(scratch / "dovecot", Tools(start, free_port, wait_for_port))


@pytest.fixture
def filled(dovecot):
    client = dovecot.client("anna")
    for folder in ("Sent", "Work", "Work/Old & Größe"):
        client.create_folder(folder)
    for number, flags in enumerate(([], [b"\\Seen", b"\\Answered"], [b"\\Flagged", b"Red"], [b"\\Draft", b"$Forwarded"])):
        client.append("INBOX", message(number), flags, WHEN)
    client.append("Work/Old & Größe", message(10), [], WHEN)
    for folder in ("INBOX", "Sent", "Work", "Work/Old & Größe"):
        client.folder_status(folder, ["HIGHESTMODSEQ"])
    client.logout()
    return dovecot


@pytest.fixture
def client(filled):
    client = filled.client("anna")
    yield client
    client.logout()


@pytest.fixture
def anna(exchange, account, filled):
    return account(exchange(mirror=filled, more=["--domain=example.test"]), ANNA)


def later() -> None:
    """The mirror looks once a second."""
    time.sleep(1.1)


def test_what_is_there(anna):
    found = {item.subject: item for item in anna.inbox.all()}
    assert [found[str(number)].is_read for number in range(4)] == [False, True, False, False]
    assert [found[str(number)].verb for number in range(4)] == [None, 102, None, 104]
    assert found["2"].categories == ["Red"] and found["3"].is_draft and not found["2"].is_draft
    assert {item.mime_content for item in found.values()} == {message(number) for number in range(4)}
    assert all(item.datetime_received == WHEN for item in found.values()) and found["0"].body == "Text 0\r\n".replace("\r\n", "\n")
    assert {folder.name for folder in anna.msg_folder_root.walk()} > {"Inbox", "Sent Items", "Work", "Old & Größe"}
    [deep] = (anna.msg_folder_root // "Work" // "Old & Größe").all()
    assert deep.subject == "10"


def test_changes_arrive(anna, client):
    inbox = anna.inbox
    ids = {item.subject: item for _kind, item in inbox.sync_items(only_fields=["subject"])}
    assert len(ids) == 4
    client.select_folder("INBOX")
    client.add_flags([1], [b"\\Seen"])
    client.add_flags([2], [b"Blue"])
    client.delete_messages([3])
    client.expunge()
    client.append("INBOX", message(20), [], WHEN)
    later()
    changes = {}
    for kind, item in inbox.sync_items(only_fields=["subject", "categories"]):
        changes[item[0].id if kind == "read_flag_change" else item.id] = kind
    new = inbox.get(subject="20")
    assert changes == {ids["0"].id: "read_flag_change", ids["1"].id: "update", ids["2"].id: "delete", new.id: "create"}
    assert list(inbox.sync_items(only_fields=["subject"])) == []


def test_moved_messages_keep_their_search_key(anna, client):
    key = anna.inbox.get(subject="1").search_key
    client.select_folder("INBOX")
    client.move([2], "Sent")
    later()
    [moved] = anna.sent.all()
    assert (moved.subject, moved.search_key) == ("1", key) and anna.inbox.all().count() == 3


def test_what_has_just_moved_is_not_found_where_it_was(anna, client):
    """Not a message that is made of what was remembered: it would be taken for the one that moved."""
    listed = list(anna.inbox.all().only("subject"))
    ids = {item.subject: (item.id, item.changekey) for item in listed}
    client.select_folder("INBOX")
    client.move([2], "Sent")
    found = list(anna.fetch([ids["1"], ids["2"]], only_fields=["mime_content"]))
    assert isinstance(found[0], exchangelib.errors.ErrorItemNotFound) and found[1].mime_content == message(2)


def test_what_was_listed_is_read_from_a_folder_that_has_just_been_renamed(anna, client):
    work = anna.msg_folder_root // "Work" // "Old & Größe"
    [deep] = work.all().only("subject")
    client.rename_folder("Work/Old & Größe", "Work/Older")
    client.create_folder("Work/Old & Größe")
    client.append("Work/Old & Größe", message(11), [], WHEN)
    [found] = anna.fetch([(deep.id, deep.changekey)], only_fields=["mime_content"])
    assert found.mime_content == message(10)


def test_folders_come_are_renamed_and_go(anna, client):
    top = anna.msg_folder_root
    names = {folder.name: folder.id for kind, folder in top.sync_hierarchy()}
    client.rename_folder("Work", "Works")
    client.delete_folder("Sent")
    client.create_folder("New")
    later()
    changes = {(kind, folder.name) for kind, folder in top.sync_hierarchy() if kind != "delete"}
    assert ("update", "Works") in changes and ("create", "New") in changes
    assert (top // "Works").id == names["Work"]
    [deep] = (top // "Works" // "Old & Größe").all()
    assert deep.mime_content == message(10)
    client.delete_folder("New")
    later()
    with pytest.raises(exchangelib.errors.ErrorFolderNotFound):
        (top // "New").refresh()


def test_a_new_uidvalidity_makes_all_items_new(anna, filled):
    before = {item.id for item in anna.inbox.all().only("subject")}
    # A session would keep the old one alive.
    filled.stop()
    filled.new_uidvalidity("anna")
    filled.run()
    later()
    after = {item.id for item in anna.inbox.all().only("subject")}
    assert len(after) == 4 and not after & before


def test_only_addresses_of_the_domain(exchange, account, filled):
    server = exchange(mirror=filled, more=["--domain=elsewhere.test"])
    with pytest.raises(exchangelib.errors.ErrorNonExistentMailbox):
        account(server, ANNA).inbox.refresh()
