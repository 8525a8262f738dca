# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import items, mailboxes, passes
from ansible_collections.messaging.migration.plugins.module_utils._model import flags
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import message, opened, with_folder, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def folder(ledger):
    return with_folder(ledger, with_mailboxes(ledger, "anna")[0].id)


def state(ledger, folder):
    """Source UID -> target UID, None while on its way; and the number of open intents."""
    intents = items.open_intents(ledger, folder)
    underway = {message.source_uid: None for intent in intents for message in intent.messages}
    return underway | {row.source_uid: row.target_uid for row in items.items(ledger, folder.id)}, len(intents)


def test_an_intent_stays_after_a_crash(ledger, folder):
    items.Journal(ledger, folder, 1000, 7).intend([message(1), message(2, b"two", ("\\Seen", "$Junk"))])
    assert state(ledger, folder) == ({1: None, 2: None}, 1)
    [intent] = items.open_intents(ledger, folder)
    assert (intent.target_uidvalidity, intent.target_uidnext) == (1000, 7)
    row = intent.messages[1]
    assert (row.source_uid, row.sha256, row.size) == (2, message(2, b"two").sha256, 3)
    assert (row.flags, row.internal_date) == ("\\Seen $Junk", "02-Jan-2019 03:04:05 +0100")


def test_keywords_of_any_octets_come_back(ledger, folder):
    names = flags.from_wire([b"\\Seen", b"k\xe9y", "voilà".encode(), bytes(range(0x80, 0x100))])
    journal = items.Journal(ledger, folder, 1000, 7)
    intent = journal.intend([message(1, flags=names), message(2)])
    assert flags.parted(items.open_intents(ledger, folder)[0].messages[0].flags) == names
    journal.settled(intent, {1: 7, 2: 8})
    journal.flush()
    assert items.flags(ledger, folder.id, 1, 2) == {1: names, 2: ()}
    items.set_flags(ledger, folder.id, {1: (), 2: names[1:]})
    assert items.flags(ledger, folder.id, 1, 2) == {1: (), 2: names[1:]}


def test_an_outcome_is_written_with_the_next_intent(ledger, folder):
    journal = items.Journal(ledger, folder, 1000, 7)
    journal.settled(journal.intend([message(1), message(2)]), {1: 7, 2: 8})
    assert state(ledger, folder) == ({1: None, 2: None}, 1)
    journal.intend([message(3)])
    assert state(ledger, folder) == ({1: 7, 2: 8, 3: None}, 1)
    assert items.open_intents(ledger, folder)[0].target_uidnext == 9


def test_flush_writes_the_last_outcome_once(ledger, folder):
    journal = items.Journal(ledger, folder, 1000, 1)
    journal.settled(journal.intend([message(1)]), {1: 4})
    journal.flush()
    journal.flush()
    assert state(ledger, folder) == ({1: 4}, 0)


def test_what_was_not_accepted_is_forgotten(ledger, folder):
    journal = items.Journal(ledger, folder, 1000, 1)
    journal.settled(journal.intend([message(1), message(2)]), {2: 1})
    journal.flush()
    journal.settled(journal.intend([message(3)]), {})
    journal.flush()
    assert state(ledger, folder) == ({2: 1}, 0)
    assert journal.target_uidnext == 2


def test_an_intent_that_another_worker_settled_is_told(ledger, folder):
    journal = items.Journal(ledger, folder, 1000, 1)
    intent = journal.intend([message(1)])
    with ledger.write() as connection:
        items.settle_intent(ledger, connection, folder, intent, items.open_intents(ledger, folder)[0].messages, {1: 1})
    journal.settled(intent, {1: 2})
    with pytest.raises(items.TakenOver):
        journal.flush()
    assert state(ledger, folder) == ({1: 1}, 0) and journal.disowned() == [2]


def test_what_another_worker_moved_is_told(ledger, folder):
    first, second = (items.Journal(ledger, folder, 1000, 1) for _number in range(2))
    for journal, at in ((first, 1), (second, 2)):
        journal.settled(journal.intend([message(1)]), {1: at})
    first.flush()
    with pytest.raises(items.TakenOver):
        second.flush()
    assert second.disowned() == [2]
    # The intent stays open: the next pass settles it by content.
    assert state(ledger, folder) == ({1: 1}, 1)


def test_nothing_is_sent_under_a_lease_that_another_worker_has(ledger, folder):
    mailboxes.set_values(ledger, folder.mailbox_id, lease_owner="w1")
    journal = items.Journal(ledger, folder, 1000, 1, "w1")
    journal.settled(journal.intend([message(1)]), {1: 1})
    mailboxes.set_values(ledger, folder.mailbox_id, lease_owner="w2")
    with pytest.raises(items.TakenOver):
        journal.intend([message(2)])
    # What it had sent before is not doubled, so it counts.
    assert journal.disowned() == [] and state(ledger, folder) == ({1: 1}, 0)


def test_flags_and_forgetting(ledger, folder):
    journal = items.Journal(ledger, folder, 1000, 1)
    journal.settled(journal.intend([message(1), message(2)]), {1: 1, 2: 2})
    journal.flush()
    items.set_flags(ledger, folder.id, {1: ("\\Seen", "$Junk"), 2: ()})
    assert [row.flags for row in items.items(ledger, folder.id)] == ["\\Seen $Junk", ""]
    items.in_step(ledger, folder.id, types.SimpleNamespace(uidnext=9, messages=1, modseq=77), vanished=[1, 5])
    assert state(ledger, folder) == ({2: 2}, 0)
    row = items.folders(ledger, folder.mailbox_id)["INBOX"]
    assert (row.source_uidnext, row.source_messages, row.source_modseq) == (9, 1, 77)


def test_items_are_replaced_with_the_state_of_their_folder(ledger, folder):
    journal = items.Journal(ledger, folder, 1000, 1)
    journal.settled(journal.intend([message(1), message(2)]), {1: 3, 2: 4})
    journal.intend([message(3)])
    journal.flush()
    rows = [dict(row._mapping, source_uid=row.source_uid + 10, target_uid=5) for row in items.items(ledger, folder.id)[:1]]
    items.replace_items(ledger, folder.id, rows, target_uidvalidity=2000)
    assert state(ledger, folder) == ({11: 5}, 0)
    assert items.folders(ledger, folder.mailbox_id)["INBOX"].target_uidvalidity == 2000
    items.replace_items(ledger, folder.id, [])
    assert state(ledger, folder) == ({}, 0)


def test_a_folder_is_forgotten_with_all_of_it(ledger, folder):
    items.Journal(ledger, folder, 1000, 1).intend([message(1)])
    items.drop_folder(ledger, folder.id)
    assert items.folders(ledger, folder.mailbox_id) == {} and state(ledger, folder) == ({}, 0)


def test_folders_of_two_mailboxes_are_apart(ledger, folder):
    [other] = with_mailboxes(ledger, "ben")
    with_folder(ledger, other.id)
    journal = items.Journal(ledger, folder, 1000, 1)
    journal.settled(journal.intend([message(1, b"12345")]), {1: 1})
    journal.flush()
    journal.intend([message(2)])
    [moved] = passes.at_target(ledger)
    assert (moved.mailbox_id, moved.messages, moved.bytes) == (folder.mailbox_id, 1, 5)
