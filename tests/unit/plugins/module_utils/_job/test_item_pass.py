# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import hashlib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Stopped
from ansible_collections.messaging.migration.plugins.module_utils._filter.verdict import CHANGE, FAIL, LEAVE, ROUTE, SKIP, Verdict
from ansible_collections.messaging.migration.plugins.module_utils._items.formats import FORMATS, written
from ansible_collections.messaging.migration.plugins.module_utils._items.text import resource_name
from ansible_collections.messaging.migration.plugins.module_utils._job.item_pass import ItemPass
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, objects
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.plugins.module_utils._model import reasons
from ansible_collections.messaging.migration.plugins.module_utils._target.items import ItemRefused
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import START
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes

CALENDAR, TEAM = k.ItemFolder("c1", "Calendar", k.CALENDAR, True), k.ItemFolder("c2", "Team", k.CALENDAR)
CONTACTS = k.ItemFolder("p1", "Contacts", k.CONTACTS, True)


class Crash(Exception):
    pass


def event(uid: str, summary: str = "") -> k.Event:
    return k.Event(uid, summary or uid, START)


def name(uid: str, extension: str = "ics") -> str:
    return resource_name(uid, extension)


class Source:
    """`content`: folder -> number -> (version, item)."""

    lost: list = []

    def __init__(self, content) -> None:
        self.content = content
        self.asked: list[int] = []

    def item_folders(self):
        return list(self.content)

    def item_versions(self, folder_name):
        return {number: version for number, (version, _item) in self._of(folder_name).items()}

    def items(self, folder_name, numbers):
        for number in numbers:
            self.asked.append(number)
            yield number, self._of(folder_name)[number][1]

    def _of(self, folder_name):
        return next(content for folder, content in self.content.items() if folder.name == folder_name)


class Target:
    """`held`: place -> name -> bytes. `crash_at`: the operation of that number crashes, `after` it has done its work or before."""

    batch = 2
    formats = {"event": "ics", "task": "ics", "note": "ics", "contact": "vcf", "distribution_list": "vcf"}

    def __init__(self, etags: bool = True) -> None:
        self.held: dict[str, dict[str, bytes]] = {}
        self.etags, self.refused, self.full = etags, set(), False
        self.operations, self.crash_at, self.after, self.dead = 0, None, False, False
        self.log: list[tuple] = []

    def _step(self, work):
        if self.dead:
            raise Crash
        self.operations += 1
        crash = self.operations == self.crash_at
        self.dead = crash
        if crash and not self.after:
            raise Crash
        result = work()
        if crash:
            raise Crash
        return result

    def etag(self, data: bytes) -> str | None:
        return hashlib.sha256(data).hexdigest() if self.etags else None

    def make_folder(self, folder, known=None):
        if folder.path in self.refused:
            raise ItemRefused("no such name")
        new = known != folder.name or folder.name not in self.held
        self._step(lambda: self.held.setdefault(folder.name, {}))
        return folder.name, new

    def put(self, place, resource, kind, data):
        if self.full or resource in self.refused:
            raise ItemRefused("HTTP 403 valid-calendar-data")
        self.log.append(("put", place, resource))
        self._step(lambda: self.held[place].__setitem__(resource, data))
        return self.etag(data)

    def delete(self, place, resource, etag=None):
        self.log.append(("delete", place, resource))
        self._step(lambda: self.held[place].pop(resource, None))

    def listed(self, place):
        return self._step(lambda: {resource: self.etag(data) for resource, data in self.held.get(place, {}).items()})


@dataclasses.dataclass
class Pulse:
    """Says stop after so many looks."""

    left: int = 10**9

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


class World:
    def __init__(self, folder) -> None:
        self.ledger = opened(folder)
        [self.row] = with_mailboxes(self.ledger, "anna")
        self.target = Target()
        self.content = {CALENDAR: {}, CONTACTS: {}}

    def run(self, pulse=None, **settings):
        settings = {"deletions": "mirror", **settings}
        self.source = Source(self.content)
        self.target.log.clear()
        return ItemPass(self.ledger, self.row, self.source, self.target, settings, pulse or Pulse()).run()

    def summaries(self, folder=CALENDAR) -> dict[str, str]:
        return {
            resource: next(line[8:] for line in data.decode().split("\r\n") if line.startswith("SUMMARY:"))
            for resource, data in self.target.held[folder.name].items()
        }

    def rows(self) -> dict:
        return {
            folder_name: {number: (row.version, row.name) for number, row in objects.moved(self.ledger, folder.id).items()}
            for folder_name, folder in objects.folders(self.ledger, self.row.id).items()
        }

    def said(self) -> list[tuple]:
        return [(e.folder, e.source_uid, e.reason, e.state) for e in exceptions.unresolved(self.ledger, self.row.id)]

    def approve(self) -> None:
        exceptions.approve(self.ledger, [e.id for e in exceptions.unresolved(self.ledger, self.row.id)], "Ada Lead")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def counts(moved=0, changed=0, deleted=0, exceptions=0) -> dict[str, int]:
    return {"moved": moved, "changed": changed, "deleted": deleted, "exceptions": exceptions}


def test_all_is_moved_once(world):
    world.content = {CALENDAR: {1: ("v1", event("a")), 2: ("v1", event("b")), 3: ("v1", event("c"))}, CONTACTS: {1: ("v1", k.Contact("p", "P"))}}
    assert world.run() == {"event": counts(3), "contact": counts(1)}
    assert world.summaries() == {name("a"): "a", name("b"): "b", name("c"): "c"}
    assert world.target.held["p1"] == {name("p", "vcf"): written(FORMATS["vcf"], k.Contact("p", "P"))}
    assert world.run() == {} and world.target.log == [] and world.source.asked == []


def test_changes_follow(world):
    world.content[CALENDAR] = {1: ("v1", event("a")), 2: ("v1", event("b")), 3: ("v1", event("c"))}
    world.run()
    world.content[CALENDAR] = {1: ("v1", event("a")), 2: ("v2", event("b", "new")), 4: ("v1", event("d"))}
    assert world.run() == {"event": counts(moved=1, changed=1, deleted=1)}
    assert world.summaries() == {name("a"): "a", name("b"): "new", name("d"): "d"}
    assert world.rows()["c1"] == {1: ("v1", name("a")), 2: ("v2", name("b")), 4: ("v1", name("d"))}


def test_another_version_with_the_same_content_is_not_sent(world):
    world.content[CALENDAR] = {1: ("v1", event("a"))}
    world.run()
    world.content[CALENDAR] = {1: ("v2", event("a"))}
    assert world.run() == {} and world.target.log == []
    assert world.rows()["c1"] == {1: ("v2", name("a"))}
    assert world.run() == {} and world.source.asked == []


def test_nothing_is_deleted_when_deletions_are_kept(world):
    world.content[CALENDAR] = {1: ("v1", event("a"))}
    world.run()
    world.content = {CALENDAR: {}}
    assert world.run(deletions="keep") == {} and world.summaries() == {name("a"): "a"}
    assert world.run() == {"event": counts(deleted=1)} and world.target.held["c1"] == {}


def test_a_folder_that_is_gone(world):
    world.content[TEAM] = {1: ("v1", event("a")), 2: ("v1", k.Trouble(reasons.NO_CONTENT, "broken"))}
    world.run()
    world.target.held["c2"]["theirs.ics"] = b"x"
    del world.content[TEAM]
    world.run()
    assert world.target.held["c2"] == {"theirs.ics": b"x"}
    assert list(world.rows()) == ["c1", "p1"] and world.said() == []


@pytest.mark.parametrize("items", [3, 150])
@pytest.mark.parametrize("etags", [True, False])
def test_what_another_folder_has_in_the_same_place_stays_there(world, monkeypatch, items, etags):
    # As where the source gives the default calendar a new name and a new number.
    def make_folder(self, folder, known=None):
        self.held.setdefault(folder.kind, {})
        return folder.kind, known is None

    monkeypatch.setattr(Target, "make_folder", make_folder)
    world.target.etags = etags
    renamed = dataclasses.replace(CALENDAR, name="c9", path="Kalender")
    world.content = {CALENDAR: {number: ("v1", event(f"e{number}")) for number in range(1, items + 1)}}
    world.run()
    held = dict(world.target.held["calendar"])
    # One of them was deleted as well.
    world.content = {renamed: {number: ("v1", event(f"e{number}")) for number in range(2, items + 1)}}
    world.run()
    del held[name("e1")]
    assert world.target.held["calendar"] == held and list(world.rows()) == ["c9"]
    assert world.run() == {} and world.target.held["calendar"] == held


def test_an_item_that_goes_to_another_folder_is_never_at_no_place(world):
    world.content = {CALENDAR: {1: ("v1", event("a"))}, TEAM: {}}
    world.run()
    world.content = {CALENDAR: {}, TEAM: {7: ("v1", event("a"))}}
    world.run()
    assert world.target.log == [("put", "c2", name("a")), ("delete", "c1", name("a"))]


def test_equal_uids_in_two_folders(world):
    world.content = {CALENDAR: {1: ("v1", event("a", "mine"))}, TEAM: {1: ("v1", event("a", "ours"))}}
    world.run()
    assert (world.summaries(CALENDAR), world.summaries(TEAM)) == ({name("a"): "mine"}, {name("a"): "ours"})


def test_equal_uids_in_one_folder(world):
    world.content[CALENDAR] = {1: ("v1", event("a", "one")), 2: ("v1", event("a", "two"))}
    world.run()
    assert world.summaries() == {name("a"): "one", name("a-2"): "two"}
    assert b"UID:a-2\r\n" in world.target.held["c1"][name("a-2")]
    assert world.run() == {}
    # Each goes its own way.
    world.content[CALENDAR] = {2: ("v2", event("a", "three"))}
    assert world.run() == {"event": counts(changed=1, deleted=1)}
    assert world.summaries() == {name("a-2"): "three"}


def test_an_item_with_another_number_is_the_same(world):
    world.content[CALENDAR] = {1: ("v1", event("a"))}
    world.run()
    world.content[CALENDAR] = {9: ("v5", event("a"))}
    assert world.run() == {} and world.target.log == []
    assert world.rows()["c1"] == {9: ("v5", name("a"))}
    world.content[CALENDAR] = {10: ("v6", event("a", "new"))}
    assert world.run() == {"event": counts(changed=1)} and world.summaries() == {name("a"): "new"}


def test_another_uid_is_another_name(world):
    world.content[CALENDAR] = {1: ("v1", event("a"))}
    world.run()
    world.content[CALENDAR] = {1: ("v2", event("b"))}
    assert world.run() == {"event": counts(changed=1)}
    assert world.summaries() == {name("b"): "b"} and world.rows()["c1"] == {1: ("v2", name("b"))}


class TestWhatUsersDid:
    @pytest.fixture(autouse=True)
    def _moved(self, world):
        world.content[CALENDAR] = {1: ("v1", event("a")), 2: ("v1", event("b"))}
        world.run()
        world.target.held["c1"][name("a")] = written(FORMATS["ics"], event("a", "theirs"))

    def test_their_change_is_kept(self, world):
        world.content[CALENDAR] = {1: ("v2", event("a", "new")), 2: ("v2", event("b", "new"))}
        assert world.run() == {"event": counts(changed=1, exceptions=1)}
        assert world.summaries() == {name("a"): "theirs", name("b"): "new"}
        assert world.said() == [("c1", 1, reasons.CHANGED_AT_TARGET, "open")]
        assert world.run() == {}

    def test_what_they_changed_is_not_deleted(self, world):
        world.content[CALENDAR] = {}
        assert world.run() == {"event": counts(deleted=1)}
        assert world.summaries() == {name("a"): "theirs"} and world.rows()["c1"] == {}

    def test_what_they_removed_stays_removed(self, world):
        del world.target.held["c1"][name("b")]
        world.content[CALENDAR] = {1: ("v1", event("a")), 2: ("v2", event("b", "new"))}
        assert world.run() == {} and world.said() == []
        assert world.summaries() == {name("a"): "theirs"}

    def test_a_target_without_etags_does_not_tell(self, world):
        world.target.etags = False
        world.content[CALENDAR] = {1: ("v2", event("a", "new"))}
        assert world.run() == {"event": counts(changed=1, deleted=1)}
        assert world.summaries() == {name("a"): "new"}


def test_a_folder_that_the_target_lost_is_filled_again(world):
    world.content[CALENDAR] = {1: ("v1", event("a"))}
    world.run()
    world.target.held.clear()
    assert world.run() == {"event": counts(1)} and world.summaries() == {name("a"): "a"}


class TestExceptions:
    def test_trouble_at_the_source(self, world):
        world.content[CALENDAR] = {1: ("v1", k.Trouble(reasons.NO_CONTENT, "ErrorItemCorrupt")), 2: ("v1", event("b"))}
        assert world.run() == {"event": counts(1, exceptions=1)}
        assert world.said() == [("c1", 1, reasons.NO_CONTENT, "open")] and world.summaries() == {name("b"): "b"}
        # Tried again, and healed.
        world.content[CALENDAR][1] = ("v1", event("a"))
        assert world.run() == {"event": counts(1)} and world.said() == []

    def test_approved_is_not_tried_again(self, world):
        world.content[CALENDAR] = {1: ("v1", k.Trouble(reasons.NO_CONTENT, "x"))}
        world.run()
        world.approve()
        assert world.run() == {} and world.source.asked == []

    def test_what_can_not_be_written(self, world):
        world.content = {CALENDAR: {1: ("v1", k.Event("a")), 2: ("v1", k.Contact("p", "P"))}, CONTACTS: {}}
        assert world.run() == {"event": counts(exceptions=1), "contact": counts(exceptions=1)}
        assert [(e.reason, e.detail) for e in exceptions.unresolved(world.ledger, world.row.id)] == [
            (reasons.NOT_CONVERTED, "it has no start"), (reasons.NOT_CONVERTED, "a contact has no place in a folder of calendar at the target"),
        ]

    def test_what_the_target_refuses(self, world):
        world.content[CALENDAR] = {1: ("v1", event("a")), 2: ("v1", event("b"))}
        world.target.refused.add(name("a"))
        assert world.run() == {"event": counts(1, exceptions=1)}
        assert world.said() == [("c1", 1, reasons.REFUSED, "open")]
        world.target.refused.clear()
        assert world.run() == {"event": counts(1)} and world.said() == []

    def test_what_is_gone_at_the_source_asks_nothing_any_more(self, world):
        world.content[CALENDAR] = {1: ("v1", event("a"))}
        world.target.refused.add(name("a"))
        world.run()
        world.content[CALENDAR] = {}
        world.run()
        assert world.said() == []

    def test_a_folder_that_the_target_refuses(self, world):
        world.content = {TEAM: {1: ("v1", event("a"))}, CALENDAR: {1: ("v1", event("b"))}}
        world.target.refused.add("Team")
        assert world.run() == {"event": counts(1, exceptions=1)}
        assert world.said() == [("c2", 0, reasons.FOLDER_REFUSED, "open")]
        world.target.refused.clear()
        world.run()
        assert world.said() == [] and world.summaries(TEAM) == {name("a"): "a"}

    def test_a_part_that_has_no_place(self, world):
        contact = k.Contact("p", "P", attachments=(k.Attachment("a", "text/plain", b"x"),))
        world.content[CONTACTS] = {1: ("v1", contact)}
        assert world.run() == {"contact": counts(1, exceptions=1)}
        assert world.said() == [("p1", 1, reasons.PART_DROPPED, "open")]
        world.content[CONTACTS] = {1: ("v2", dataclasses.replace(contact, attachments=()))}
        world.run()
        assert world.said() == []

    def test_a_part_that_the_source_does_not_give(self, world, monkeypatch):
        monkeypatch.setattr(Source, "lost", [k.Trouble(reasons.NO_CONTENT, "attachment a.txt: broken")])
        world.content[CALENDAR] = {1: ("v1", event("a"))}
        assert world.run() == {"event": counts(1, exceptions=1)}
        [one] = exceptions.unresolved(world.ledger, world.row.id)
        assert (one.reason, one.detail) == (reasons.PART_DROPPED, "attachment a.txt: broken")

    def test_a_target_that_takes_nothing_is_told_of_early(self, world):
        world.content[CALENDAR] = {number: ("v1", event(f"e{number}")) for number in range(1, 100)}
        world.target.full = True
        with pytest.raises(MigrationError, match="refused 20 items in a row for Calendar: HTTP 403"):
            world.run()


def test_a_source_that_is_suddenly_empty(world):
    world.content[CALENDAR] = {number: ("v1", event(f"e{number}")) for number in range(1, 151)}
    world.run()
    world.content[CALENDAR] = {1: ("v1", event("e1"))}
    with pytest.raises(MigrationError, match="s1/anna lacks 149 of the 150 .*nothing was deleted"):
        world.run()
    assert len(world.target.held["c1"]) == 150
    assert world.run(on_emptied="mirror") == {"event": counts(deleted=149)}


def test_time_is_over(world):
    world.content[CALENDAR] = {number: ("v1", event(f"e{number}")) for number in range(1, 8)}
    with pytest.raises(Stopped):
        world.run(Pulse(3))
    assert len(world.rows()["c1"]) == len(world.target.held["c1"]) == 3
    assert world.run() == {"event": counts(4)}


def first(world) -> None:
    world.content = {
        CALENDAR: {1: ("v1", event("a")), 2: ("v1", event("b")), 3: ("v1", event("b", "copy")), 4: ("v1", event("d"))},
        TEAM: {1: ("v1", event("a", "ours"))}, CONTACTS: {5: ("v1", k.Contact("p", "P"))},
    }


def second(world) -> None:
    world.content = {
        CALENDAR: {2: ("v2", event("b", "new")), 3: ("v1", event("b", "copy")), 9: ("v1", event("d")), 10: ("v1", event("e"))},
        CONTACTS: {5: ("v2", k.Contact("q", "Q"))},
    }


def state(world) -> tuple:
    return {place: held for place, held in world.target.held.items() if held}, world.rows(), world.said()


@pytest.mark.parametrize("killed", [True, False])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("stage", [1, 2])
def test_a_crash_at_every_step(tmp_path, monkeypatch, stage, after, killed):
    (tmp_path / "whole").mkdir()
    whole = World(tmp_path / "whole")
    for make in (first, second)[:stage]:
        make(whole)
        before = whole.target.operations
        whole.run()
    steps = whole.target.operations - before
    assert steps >= 8
    real = objects.write
    for step in range(1, steps + 1):
        (tmp_path / str(step)).mkdir()
        world = World(tmp_path / str(step))
        if stage == 2:
            first(world)
            world.run()
        (first if stage == 1 else second)(world)
        world.target.crash_at, world.target.after = world.target.operations + step, after

        def write(*values, target=world.target):
            if killed and target.dead:
                raise Crash
            real(*values)

        monkeypatch.setattr(objects, "write", write)
        with pytest.raises(Crash):
            world.run()
        world.target.dead, world.target.crash_at = False, None
        world.run()
        assert state(world) == state(whole), step
        world.run()
        assert state(world) == state(whole) and world.target.log == [], step


class SiteFilter:
    """Does what the summary says."""

    def __init__(self) -> None:
        self.asked: list = []

    def run(self, asked, _stop):
        self.asked += asked
        return [self.verdict(item) for item in asked]

    @staticmethod
    def verdict(item) -> Verdict:
        for word, action in ((b"SUMMARY:skip", SKIP), (b"SUMMARY:route", ROUTE), (b"SUMMARY:fail", FAIL)):
            if word in item.content:
                return Verdict(action, "no table")
        return Verdict(CHANGE, "", item.content.replace(b"SUMMARY:change", b"SUMMARY:changed")) if b"SUMMARY:change" in item.content else Verdict(LEAVE)


def filtered(world, one: SiteFilter):
    one.asked.clear()
    source = Source(world.content)
    work = ItemPass(world.ledger, world.row, source, world.target, {"deletions": "mirror"}, Pulse(), lambda kind: one if kind == "event" else None)
    return work.run().get("event"), work.skipped, [item.content.count(b"SUMMARY") for item in one.asked]


def test_the_sites_filter_sees_an_item_whenever_it_is_new_or_changed(tmp_path):
    world, one = World(tmp_path), SiteFilter()
    world.content[CALENDAR] = {number: ("v1", event(f"e{number}", text)) for number, text in enumerate(("plain", "change it", "skip", "route", "fail"))}
    counts, skipped, asked = filtered(world, one)
    assert counts == {"moved": 2, "changed": 0, "deleted": 0, "exceptions": 2} and skipped == 1 and len(asked) == 5
    assert {(item.folder, item.kind, item.received) for item in one.asked} == {("Calendar", "event", "")}
    assert world.summaries() == {name("e0"): "plain", name("e1"): "changed it"}
    rows = {row.source_uid: row for row in objects.moved(world.ledger, objects.folders(world.ledger, world.row.id)["c1"].id).values()}
    given = written(FORMATS["ics"], event("e1", "change it"))
    assert rows[0].source_sha256 is None and rows[1].source_sha256 == hashlib.sha256(given).digest()
    assert rows[1].sha256 == hashlib.sha256(world.target.held["c1"][name("e1")]).digest()
    odd = {e.source_uid: (e.reason, e.state, e.detail) for e in exceptions.unresolved(world.ledger, world.row.id)}
    assert odd == {
        2: (reasons.LEFT_OUT, "approved", "no table"), 3: (reasons.FILTER_FAILED, "open", "it routed the item, which only messages can be"),
        4: (reasons.FILTER_FAILED, "open", "no table"),
    }
    # What failed is tried again; what is the same under another version is not even shown to the filter.
    world.content[CALENDAR][1] = ("v2", event("e1", "change it"))
    world.content[CALENDAR][4] = ("v1", event("e4", "cured"))
    counts, skipped, asked = filtered(world, one)
    assert counts == {"moved": 1, "changed": 0, "deleted": 0, "exceptions": 1} and skipped == 0 and len(asked) == 2
    # A later version of what was moved may be left out: the earlier one stays, until one passes.
    world.content[CALENDAR][1] = ("v3", event("e1", "skip"))
    assert filtered(world, one)[1] == 1 and world.summaries()[name("e1")] == "changed it"
    assert filtered(world, one)[1] == 0
    world.content[CALENDAR][1] = ("v4", event("e1", "change again"))
    assert filtered(world, one)[0]["changed"] == 1 and world.summaries()[name("e1")] == "changed again"
    assert {e.source_uid for e in exceptions.unresolved(world.ledger, world.row.id)} == {2, 3}


def test_a_filter_that_fails_for_every_item_stops_the_mailbox(tmp_path):
    world = World(tmp_path)
    world.content[CALENDAR] = {number: ("v1", event(f"e{number}", "fail")) for number in range(30)}
    with pytest.raises(MigrationError, match="The filter of s1 failed for 20 items in a row of Calendar: no table"):
        filtered(world, SiteFilter())
