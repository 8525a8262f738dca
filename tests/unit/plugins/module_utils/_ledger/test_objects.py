# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, objects
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


class TestRenamed:
    @pytest.fixture(autouse=True)
    def _team(self, ledger, folder):
        self.ledger, self.mailbox = ledger, folder.mailbox_id
        self.put("Team", "/team/")
        exceptions.raise_exception(ledger, self.mailbox, "Team", 7, "no_content", "of the team")

    def put(self, name: str, target: str) -> None:
        objects.put_folder(self.ledger, self.mailbox, ItemFolder(name, name, CALENDAR), target)

    def rename(self, **renames: str) -> tuple[dict, dict]:
        with self.ledger.write() as connection:
            objects.rename_folders(self.ledger, connection, self.mailbox, renames)
        return {name: row.target for name, row in objects.folders(self.ledger, self.mailbox).items()}, self.said()

    def said(self) -> dict:
        return {e.folder: e.detail for e in exceptions.unresolved(self.ledger, self.mailbox)}

    def test_a_folder_takes_along_what_was_said_of_its_items(self):
        [ben] = with_mailboxes(self.ledger, "ben")
        objects.put_folder(self.ledger, ben.id, ItemFolder("Team", "Team", CALENDAR), "/team/")
        assert self.rename(Team="Group") == ({"id1": "/calendar/", "Group": "/team/"}, {"Group": "of the team"})
        assert list(objects.folders(self.ledger, ben.id)) == ["Team"]

    def test_two_exchange_their_names(self):
        self.put("Group", "/group/")
        exceptions.raise_exception(self.ledger, self.mailbox, "Group", 7, "no_content", "of the group")
        there, said = self.rename(Team="Group", Group="Team")
        assert (there["Team"], there["Group"], said) == ("/group/", "/team/", {"Group": "of the team", "Team": "of the group"})

    def test_one_has_the_name_of_another_one_that_is_gone(self):
        self.put("Group", "/group/")
        exceptions.raise_exception(self.ledger, self.mailbox, "Group", 7, "no_content", "of the group")
        there, said = self.rename(Team="Group")
        assert there["Group"] == "/team/" and said["Group"] == "of the team"
        # It is still known under a name that is nobody's, to be taken back.
        [aside] = [name for name, target in there.items() if target == "/group/"]
        assert "//" in aside and said[aside] == "of the group"

    def test_what_is_left_of_another_folder_of_that_name_is_not_said_of_it(self):
        exceptions.raise_exception(self.ledger, self.mailbox, "Group", 7, "no_content", "of the former group")
        assert self.rename(Team="Group")[1] == {"Group": "of the team"}
