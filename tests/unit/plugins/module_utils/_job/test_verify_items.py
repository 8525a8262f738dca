# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import vobject

from ansible_collections.messaging.migration.plugins.module_utils._errors import Stopped
from ansible_collections.messaging.migration.plugins.module_utils._items.formats import FORMATS, written
from ansible_collections.messaging.migration.plugins.module_utils._items.text import resource_name
from ansible_collections.messaging.migration.plugins.module_utils._job.item_pass import ItemPass
from ansible_collections.messaging.migration.plugins.module_utils._job.verify_items import ItemComparison
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions
from ansible_collections.messaging.migration.plugins.module_utils._model import grade, reasons
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.plugins.module_utils._target.items import ItemRefused
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import START
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes

CALENDAR, TEAM = k.ItemFolder("c1", "Calendar", k.CALENDAR, True), k.ItemFolder("c2", "Team", k.CALENDAR)
CONTACTS = k.ItemFolder("p1", "Contacts", k.CONTACTS, True)


def event(uid: str, summary: str = "") -> k.Event:
    return k.Event(uid, summary or uid, START)


def name(uid: str, extension: str = "ics") -> str:
    return resource_name(uid, extension)


class Source:
    """`content`: folder -> number -> (version, item); `asked`: numbers whose items were read."""

    lost: list = []

    def __init__(self) -> None:
        self.content = {
            CALENDAR: {number: ("v1", event(uid)) for number, uid in enumerate("abc", 1)},
            CONTACTS: {1: ("v1", k.Contact("p", "P", emails=(("p@example.test", ""),)))},
        }
        self.asked: list[int] = []

    def item_folders(self):
        return list(self.content)

    def item_versions(self, folder):
        return {number: version for number, (version, _item) in self._of(folder).items()}

    def items(self, folder, numbers):
        self.asked += numbers
        return [(number, self._of(folder)[number][1]) for number in numbers]

    def _of(self, name):
        return next(items for folder, items in self.content.items() if folder.name == name)


class Target:
    """`held`: place -> name -> (bytes, etag). `rewrite` is how it writes what it is given."""

    batch = 2
    formats = {"event": "ics", "task": "ics", "note": "ics", "contact": "vcf", "distribution_list": "vcf"}

    def __init__(self) -> None:
        self.held: dict[str, dict[str, tuple[bytes, str]]] = {}
        self.rewrite = bytes
        self.refused: set[str] = set()
        self.etags = 0

    def make_folder(self, folder, known=None):
        if folder.path in self.refused:
            raise ItemRefused("no such name")
        new = folder.name not in self.held
        self.held.setdefault(folder.name, {})
        return folder.name, new

    def put(self, place, resource, kind, data):
        self.etags += 1
        self.held[place][resource] = self.rewrite(data), f'"{self.etags}"'
        return f'"{self.etags}"'

    def delete(self, place, resource, etag=None):
        self.held[place].pop(resource, None)

    def listed(self, place):
        return {resource: etag for resource, (_data, etag) in self.held.get(place, {}).items()}

    def contents(self, place, names):
        return {resource: self.held[place][resource][0] for resource in names}


class World:
    def __init__(self, folder) -> None:
        self.ledger = opened(folder)
        [self.row] = with_mailboxes(self.ledger, "anna")
        self.source, self.target, self.said = Source(), Target(), []
        self.closed = False

    def moved(self):
        ItemPass(self.ledger, self.row, self.source, self.target, {"deletions": "mirror"}, lambda: False).run()
        return self

    def alter(self, resource: str, change, etag: str | None = None) -> None:
        data, before = self.target.held["c1"][resource]
        self.target.held["c1"][resource] = change(data), etag or before

    def found(self, note=True, sampled=set) -> dict:
        self.source.asked.clear()
        self.said.clear()
        pulse = Pulse(self.closed)
        self.comparison = ItemComparison(
            self.ledger, self.row, self.source, self.target, exceptions.unresolved(self.ledger, self.row.id), self.said.append, sampled, pulse, note,
        )
        self.comparison.run()
        return {kind: {key: number for key, number in counts.items() if number} for kind, counts in self.comparison.found.items()}

    def grade(self) -> str:
        return grade.grade_of_items(self.comparison.found, self.comparison.folders_missing, self.comparison.items, False)

    def open(self) -> list[tuple]:
        return [(e.folder, e.source_uid, e.reason, e.state) for e in exceptions.unresolved(self.ledger, self.row.id)]

    def approve(self) -> None:
        exceptions.approve(self.ledger, [e.id for e in exceptions.unresolved(self.ledger, self.row.id)], "Ada Lead")


class Pulse:
    def __init__(self, closed: bool) -> None:
        self.closed = closed

    def at_once(self) -> bool:
        return self.closed


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


ALL = {"event": {"checked": 3}, "contact": {"checked": 1}}


def test_all_is_as_it_was_sent(world):
    assert world.moved().found() == ALL and world.source.asked == [] and world.said == []
    assert world.comparison.items == 4 and world.grade() == "perfect"


def test_a_server_that_writes_it_in_its_own_way(world):
    def rewritten(data):
        text = vobject.readOne(data.decode()).serialize().encode().replace(b"\r\n", b"\n")
        return text.replace(b"\nPRIORITY:5", b"").replace(b"END:VEVENT", b"PRIORITY:5\nEND:VEVENT")

    world.target.rewrite = rewritten
    assert world.moved().found() == ALL and sorted(world.source.asked) == [1, 2, 3] and world.open() == []


def test_what_is_not_there(world):
    world.moved()
    del world.target.held["c1"][name("b")]
    world.source.content[CALENDAR][4] = ("v1", event("new"))
    assert world.found()["event"] == {"checked": 2, "missing": 2} and world.grade() == "poor"
    assert world.said == ["s1/anna folder Calendar item 2 is not at the target (event)", "s1/anna folder Calendar item 4 is not at the target (event)"]


def test_what_is_listed_and_not_given_back(world, monkeypatch):
    world.moved()
    monkeypatch.setattr(world.target, "contents", lambda place, names: {})
    assert world.found() == {"event": {"missing": 3}, "contact": {"missing": 1}}


def test_what_says_something_else(world):
    world.moved().alter(name("b"), lambda data: data.replace(b"SUMMARY:b", b"SUMMARY:x"))
    assert world.found(note=False)["event"] == {"checked": 2, "altered": 1} and world.open() == []
    assert world.found()["event"] == {"checked": 2, "altered": 1}
    assert world.open() == [("c1", 2, reasons.ALTERED, "open")]
    world.approve()
    assert world.found()["event"] == {"checked": 2, "approved": 1} and world.grade() == "perfect"
    # As it was sent again: nobody needs to know any more.
    world.alter(name("b"), lambda data: data.replace(b"SUMMARY:x", b"SUMMARY:b"))
    assert world.found() == ALL and world.open() == []


def test_what_is_sent_anew_is_no_exception_any_more(world):
    world.moved().alter(name("b"), lambda data: data.replace(b"SUMMARY:b", b"SUMMARY:x"))
    world.found()
    world.source.content[CALENDAR][2] = ("v2", event("b", "other"))
    assert world.moved().open() == [] and world.found() == ALL


def test_what_its_user_changed_is_no_fault(world):
    world.moved().alter(name("a"), lambda data: data.replace(b"SUMMARY:a", b"SUMMARY:mine"), '"theirs"')
    assert world.found()["event"] == {"checked": 2, "changed_at_target": 1} and world.grade() == "perfect" and world.open() == []


def test_what_changed_at_the_source_since(world):
    world.moved()
    world.source.content[CALENDAR][1] = ("v2", event("a", "changed"))
    world.source.content[CALENDAR][2] = ("v2", event("b"))
    assert world.found()["event"] == {"checked": 2, "altered": 1} and world.open() == []
    assert world.said == ["s1/anna folder Calendar item 1 was changed at the source since the last pass (event)"]


def test_what_is_there_besides(world):
    world.moved()
    data, _etag = world.target.held["c1"][name("a")]
    world.target.held["c1"] |= {"copy.ics": (data, '"x"'), "own.ics": (written(FORMATS["ics"], event("z")), '"y"')}
    del world.source.content[CALENDAR][3]
    assert world.found()["event"] == {"checked": 2, "doubled": 1, "extra": 2}
    assert world.said == ["s1/anna folder Calendar: copy.ics at the target is a second copy (event)"]


def test_copies_with_one_uid(world):
    world.source.content[CALENDAR][4] = ("v1", event("a", "second"))
    world.moved()
    world.alter(name("a-4"), lambda data: data.replace(b"\r\n", b"\n").replace(b"PRIORITY:5\n", b"").replace(b"END:VEVENT", b"PRIORITY:5\nEND:VEVENT"))
    assert world.found()["event"] == {"checked": 4} and world.source.asked == [4]


def test_what_could_not_be_moved(world):
    world.source.content[CALENDAR][4] = ("v1", k.Trouble(reasons.NO_CONTENT, "corrupt"))
    assert world.moved().found()["event"] == {"checked": 3, "missing": 1}
    world.approve()
    assert world.found()["event"] == {"checked": 3, "approved": 1}


def test_a_folder_without_a_place(world):
    world.target.refused.add("Team")
    world.source.content[TEAM] = {}
    assert world.moved().found() == ALL and world.comparison.folders_missing == 1 and world.grade() == "poor"
    world.approve()
    assert world.found()["event"] == {"checked": 3, "approved": 1} and world.comparison.folders_missing == 0


def test_a_sample(world):
    world.moved().alter(name("b"), lambda data: data.replace(b"SUMMARY:b", b"SUMMARY:x"))
    assert world.found(sampled=lambda names: {name("a")} & set(names))["event"] == {"checked": 3}


def test_a_window_that_closes(world):
    world.moved().closed = True
    with pytest.raises(Stopped):
        world.found()
