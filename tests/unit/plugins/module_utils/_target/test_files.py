# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
from unittest import mock

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._items.formats import FORMATS, name_of, written
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.plugins.module_utils._target.files import FileTarget
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import CONTACT, MEETING, NOTE, TASK, TEAM

FOLDERS = {kind: k.ItemFolder(kind, kind.title(), kind, True) for kind in k.FOLDER_KINDS}


def fill(target: FileTarget, *items, folder=None) -> None:
    places = {"event": k.CALENDAR, "contact": k.CONTACTS, "distribution_list": k.CONTACTS, "task": k.TASKS, "note": k.NOTES}
    for item in items:
        form = FORMATS[target.formats[item.kind]]
        place, _new = target.make_folder(folder or FOLDERS[places[item.kind]])
        target.put(place, name_of(form, item), item.kind, written(form, item))
    target.close()


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_file_for_each_folder(tmp_path):
    fill(FileTarget(str(tmp_path), "anna"), MEETING, CONTACT, TEAM, TASK, NOTE)
    own = tmp_path / "anna"
    assert sorted(contents(own)) == ["calendar.ics", "contacts.vcf", "notes.ics", "tasks.ics"]
    assert contents(own)["calendar.ics"] == written(FORMATS["ics"], MEETING)
    assert contents(own)["contacts.vcf"].count(b"BEGIN:VCARD") == 2
    assert {path.stat().st_mode & 0o777 for path in own.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in [own, *own.rglob("*")] if path.is_dir()} == {0o700}


def test_a_second_run_changes_nothing(tmp_path):
    fill(FileTarget(str(tmp_path), "anna"), MEETING, CONTACT, TEAM)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "anna").iterdir() if path.is_file()}
    # In any order.
    fill(FileTarget(str(tmp_path), "anna"), TEAM, CONTACT, MEETING)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_other_formats(tmp_path):
    target = FileTarget(str(tmp_path), "anna", {"calendar": "vcs", "contacts": "ldif"})
    assert target.formats == {"event": "vcs", "contact": "ldif", "distribution_list": "ldif", "task": "ics", "note": "ics"}
    fill(target, MEETING, CONTACT)
    assert sorted(contents(tmp_path / "anna")) == ["calendar.vcs", "contacts.ldif"]


def test_what_is_new(tmp_path):
    target = FileTarget(str(tmp_path), "anna")
    place, new = target.make_folder(FOLDERS[k.CALENDAR])
    assert (place, new) == ("calendar.ics", True)
    assert target.make_folder(FOLDERS[k.CALENDAR], place) == (place, False)
    # Another format is another file, and all of it has to be written.
    assert FileTarget(str(tmp_path), "anna", {"calendar": "vcs"}).make_folder(FOLDERS[k.CALENDAR], place) == ("calendar.vcs", True)


def test_folders_of_all_names(tmp_path):
    target = FileTarget(str(tmp_path), "anna")
    paths = ["Team", "Te/am", "Te:am", "../../etc", "Ü" * 300, "."]
    places = [target.make_folder(k.ItemFolder(f"id{number}", path, k.CALENDAR))[0] for number, path in enumerate(paths)]
    assert len(set(places)) == len(paths) and places[0].startswith("calendar-Team-")
    assert {path.parent for path in (tmp_path / "anna" / ".items").iterdir()} == {tmp_path / "anna" / ".items"}
    # Where it is, it stays.
    assert target.make_folder(k.ItemFolder("id0", "Renamed", k.CALENDAR), places[0]) == (places[0], False)


@pytest.mark.parametrize("name", ["../ben", "..", ".", "a/b", "/etc", "ben"])
def test_mailboxes_of_all_names(tmp_path, name):
    (tmp_path / "out").mkdir()
    fill(FileTarget(str(tmp_path / "out"), name), NOTE)
    [own] = (tmp_path / "out").iterdir()
    assert own.is_dir() and not own.name.startswith(".") and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_deleting(tmp_path):
    target = FileTarget(str(tmp_path), "anna")
    fill(target, CONTACT, TEAM)
    names = target.listed("contacts.vcf")
    first, second = sorted(names)
    target.delete("contacts.vcf", first, "another etag")
    target.delete("contacts.vcf", "gone.vcf", "x")
    assert target.listed("contacts.vcf") == names
    target.delete("contacts.vcf", first, names[first])
    assert list(target.listed("contacts.vcf")) == [second]
    target.close()
    assert contents(tmp_path / "anna")["contacts.vcf"].count(b"BEGIN:VCARD") == 1
    target.delete("contacts.vcf", second)
    target.close()
    assert contents(tmp_path / "anna") == {}


def test_half_of_a_file_is_none(tmp_path, monkeypatch):
    target = FileTarget(str(tmp_path), "anna")
    fill(target, NOTE)
    before = contents(tmp_path / "anna")
    monkeypatch.setattr("os.replace", mock.Mock(side_effect=OSError("no space")))
    with pytest.raises(MigrationError, match="can't be written to .*anna: no space.*What was written before stays"):
        target.put("notes.ics", "x.ics", "note", b"other")
    assert contents(tmp_path / "anna") == before
    assert len(list((tmp_path / "anna" / ".items" / "notes.ics").iterdir())) == 1


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(MigrationError, match="Have the folder made"):
        FileTarget(str(tmp_path / "none"), "anna")


def test_what_is_read_back_is_what_is_imported(tmp_path):
    fill(FileTarget(str(tmp_path), "anna", {"contacts": "ldif"}), MEETING, CONTACT, TEAM)
    before = contents(tmp_path / "anna")
    target = FileTarget(str(tmp_path), "anna", {"contacts": "ldif"})
    for place, items, form in (("calendar.ics", [MEETING], FORMATS["ics"]), ("contacts.ldif", [CONTACT, TEAM], FORMATS["ldif"])):
        names = list(target.listed(place))
        assert target.contents(place, names) == {name_of(form, item): written(form, item) for item in items}
        (tmp_path / "anna" / place).write_bytes(before[place].replace(b"Jour fixe", b"Other").replace(b"objectclass: top", b""))
        assert target.contents(place, names) == {} and target.contents(place, []) == {}
    # Who reads back leaves all as it is, and makes nothing.
    changed = contents(tmp_path / "anna")
    target.close()
    assert contents(tmp_path / "anna") == changed != before
    FileTarget(str(tmp_path), "ben").close()
    assert not (tmp_path / "ben").exists()
