# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import objects
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import CALENDAR, ItemFolder
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def folder(ledger):
    return objects.put_folder(ledger, with_mailboxes(ledger, "anna")[0].id, ItemFolder("id1", "Calendar", CALENDAR, True), "/calendar/")


def row(number: int, name: str, version: str = "v1") -> dict:
    return {"source_uid": number, "version": version, "kind": "event", "name": name, "sha256": b"h" * 32, "etag": None}


def told(ledger, folder) -> dict:
    return {number: (one.name, one.version) for number, one in objects.moved(ledger, folder.id).items()}


def test_a_folder_is_written_down_once(ledger, folder):
    again = objects.put_folder(ledger, folder.mailbox_id, ItemFolder("id1", "Renamed", CALENDAR), "/other/")
    assert (again.id, again.path, again.target) == (folder.id, "Renamed", "/other/")
    assert list(objects.folders(ledger, folder.mailbox_id)) == ["id1"]
    [other] = with_mailboxes(ledger, "ben")
    assert objects.put_folder(ledger, other.id, ItemFolder("id1", "Calendar", CALENDAR), "/calendar/").id != folder.id


def test_rows_replace_what_was_known(ledger, folder):
    objects.write(ledger, folder.id, [row(1, "a"), row(2, "b")])
    objects.write(ledger, folder.id, [row(2, "b", "v2"), row(3, "c")])
    assert told(ledger, folder) == {1: ("a", "v1"), 2: ("b", "v2"), 3: ("c", "v1")}


def test_a_name_goes_over_to_another_number(ledger, folder):
    objects.write(ledger, folder.id, [row(1, "a")])
    objects.write(ledger, folder.id, [row(9, "a")], [1])
    assert told(ledger, folder) == {9: ("a", "v1")}


def test_two_folders_may_hold_the_same_name(ledger, folder):
    other = objects.put_folder(ledger, folder.mailbox_id, ItemFolder("id2", "Team", CALENDAR), "/team/")
    for one in (folder, other):
        objects.write(ledger, one.id, [row(1, "a")])
    objects.forget(ledger, folder.id)
    assert (told(ledger, folder), told(ledger, other)) == ({}, {1: ("a", "v1")})
    objects.drop_folder(ledger, other.id)
    assert list(objects.folders(ledger, folder.mailbox_id)) == ["id1"]
