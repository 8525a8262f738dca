# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._ledger import objects
from ansible_collections.messaging.migration.plugins.module_utils._ledger.catalogue import Catalogue, looked_at
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import passing_ledger
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import CALENDAR, ItemFolder
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Entry
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes

MAIL = {"name": "INBOX", "kind": "mail", "role": "inbox"}


@pytest.fixture
def catalogue(tmp_path):
    ledger = opened(tmp_path)
    return Catalogue(ledger, with_mailboxes(ledger, "anna")[0].id)


def entry(name: str, *flags: str, **more) -> Entry:
    return Entry(name, **{"change_key": f"{name} {flags}", "size": 1000, "flags": flags, "date": "01-Jan-2020 00:00:00 +0000", **more})


def folder(catalogue, remote_id="F", **columns):
    return catalogue.keep_folders({**{known: {"name": row.name, "kind": row.kind, "role": row.role} for known, row in catalogue.folders().items()},
                                   remote_id: {**MAIL, **columns}})[remote_id]


def listed(catalogue, row) -> dict[str, str]:
    return {one.remote_id: one.flags for one in catalogue.some(row.id, catalogue.numbers(row.id)).values()}


def test_the_first_listing_comes_newest_first_and_is_numbered_by_age(catalogue):
    row = folder(catalogue)
    row = catalogue.page(row, "s1", False, [entry("d"), entry("c")], [])
    assert row.sync_state == "s1" and not row.complete
    row = catalogue.page(row, "s2", True, [entry("b"), entry("a")], [], tag="t")
    assert row.complete and row.tag == "t" and not row.at_rest
    row = catalogue.page(row, "s3", True, [entry("f"), entry("e")], [])
    rows = catalogue.some(row.id, catalogue.numbers(row.id))
    assert [rows[number].remote_id for number in catalogue.numbers(row.id)] == list("abcdef")


def test_a_folder_rests_when_the_second_of_its_last_change_is_over(catalogue):
    row = folder(catalogue)
    for tag, seen_at, rests in (("t", 10.0, False), ("t", 11.0, False), ("t", 12.5, True), ("u", 20.0, False), ("u", 22.5, True), (None, 30.0, False)):
        row = catalogue.page(row, "s", True, [], [], tag, seen_at)
        assert row.at_rest is rests, (tag, seen_at)


def test_what_changed_since_and_what_is_gone(catalogue):
    row = catalogue.page(folder(catalogue), "s1", True, [entry("b"), entry("a", "\\Flagged")], [])
    before = row.modseq
    same = catalogue.page(row, "s2", True, [entry("b")], [])
    assert (same.modseq, same.sync_state) == (before, "s2") and catalogue.since(row.id, before) == []
    row = catalogue.page(same, "s3", True, [Entry("a", flags=None, seen=True)], ["b"])
    (one, flags, gone), (two, _flags, lost) = sorted(catalogue.since(row.id, before), key=lambda row: row.gone)
    assert (flags, gone, lost) == ("\\Seen \\Flagged", False, True)
    assert catalogue.numbers(row.id) == [one] and one < two
    # Read, and unread again.
    row = catalogue.page(row, "s4", True, [Entry("a", flags=None, seen=False)], [])
    assert listed(catalogue, row) == {"a": "\\Flagged"}


def test_a_draft_that_was_written_on_is_another_message_and_a_flag_is_not(catalogue):
    row = catalogue.page(folder(catalogue), "s1", True, [entry("draft", "\\Draft", draft=True), entry("mail"), entry("stripped", size=900_000)], [])
    before = {one.remote_id: number for number, one in catalogue.some(row.id, catalogue.numbers(row.id)).items()}
    changed = [entry("draft", "\\Draft", draft=True, change_key="2"), entry("mail", "\\Seen", size=1100), entry("stripped", size=900, change_key="2")]
    row = catalogue.page(row, "s2", True, changed, [])
    after = {one.remote_id: number for number, one in catalogue.some(row.id, catalogue.numbers(row.id)).items()}
    assert after["mail"] == before["mail"]
    assert after["draft"] > before["draft"] and after["stripped"] > before["stripped"]
    assert {number for number, _flags, gone in catalogue.since(row.id, 1) if gone} == {before["draft"], before["stripped"]}


def test_after_a_lost_state_numbers_stay_and_what_is_not_listed_again_is_gone(catalogue):
    row = catalogue.page(folder(catalogue), "s1", True, [entry("c"), entry("b"), entry("a")], [])
    before = {one.remote_id: number for number, one in catalogue.some(row.id, catalogue.numbers(row.id)).items()}
    row = catalogue.anew(row)
    assert row.sync_state == ""
    row = catalogue.page(row, "t1", False, [entry("d"), entry("c")], [])
    # Not gone as long as the listing may still bring it.
    assert set(listed(catalogue, row)) == set("abcd")
    row = catalogue.page(row, "t2", True, [entry("a")], [])
    after = {one.remote_id: number for number, one in catalogue.some(row.id, catalogue.numbers(row.id)).items()}
    assert set(after) == set("acd") and after["a"] == before["a"] and after["c"] == before["c"]


def test_whence_an_item_came(catalogue):
    inbox = catalogue.page(folder(catalogue), "s", True, [entry("kept"), entry("renamed", trace=b"T"), entry("copied", trace=b"U")], [])
    at = {one.remote_id: number for number, one in catalogue.some(inbox.id, catalogue.numbers(inbox.id)).items()}
    other = folder(catalogue, "G", name="Other", role="")
    catalogue.page(inbox, "s2", True, [], ["kept", "renamed"])
    arrived = [entry("kept"), entry("new id", trace=b"T"), entry("a copy", trace=b"U"), entry("like it", trace=b"T", size=5)]
    other = catalogue.page(other, "s", True, arrived, [])
    numbers = {one.remote_id: number for number, one in catalogue.some(other.id, catalogue.numbers(other.id)).items()}
    # The copy's original is still there.
    assert catalogue.came_from(other.id, numbers.values()) == {numbers["kept"]: ("INBOX", at["kept"]), numbers["new id"]: ("INBOX", at["renamed"])}


def test_what_was_moved_of_a_calendar_is_known_by_its_new_name(catalogue):
    calendar = {"name": "Calendar", "kind": CALENDAR, "role": CALENDAR}
    folder(catalogue, "C", **calendar)
    folder(catalogue, "M", name="Projects", role="")
    for name in ("Calendar", "Projects"):
        objects.put_folder(catalogue.ledger, catalogue.mailbox_id, ItemFolder(name, name, CALENDAR), "/calendar/")
    catalogue.keep_folders({"C": {**calendar, "name": "Kalender"}, "M": {**MAIL, "name": "Old projects", "role": ""}})
    # Those of mail follow at the pass.
    assert list(objects.folders(catalogue.ledger, catalogue.mailbox_id)) == ["Kalender", "Projects"]


def test_a_folder_made_anew_has_another_number_and_no_items(catalogue):
    row = catalogue.page(folder(catalogue), "s", True, [entry("a")], [])
    assert catalogue.keep_folders({}) == {}
    again = folder(catalogue)
    assert again.id > row.id and catalogue.count(again.id) == 0 and again.sync_state == ""


@dataclasses.dataclass
class Server:
    """A folder that tells its changes in pages of two, newest first, as SyncFolderItems does."""

    items: dict[str, tuple[int, bool]] = dataclasses.field(default_factory=dict)
    deleted: dict[str, int] = dataclasses.field(default_factory=dict)
    clock: int = 0

    def page(self, state: str) -> tuple[str, bool, list[Entry], list[str]]:
        since, told = (int(state.split()[0]), state.split()[1:]) if state else (0, [])
        changed = sorted(((at, name) for name, (at, _seen) in self.items.items() if at > since and f"{name}@{at}" not in told), reverse=True)
        gone = [(at, name) for name, at in self.deleted.items() if at > since and f"{name}@{at}" not in told]
        part = (changed + gone)[:2]
        last = len(changed) + len(gone) <= 2
        listed = [entry(name, *(["\\Seen"] if self.items[name][1] else [])) for _at, name in part if name in self.items]
        new = str(self.clock) if last else " ".join([str(since), *told, *(f"{name}@{at}" for at, name in part)])
        return new, last, listed, [name for _at, name in part if name not in self.items]

    def change(self, name: str, kind: str) -> None:
        self.clock += 1
        if kind == "delete" and name in self.items:
            del self.items[name]
            self.deleted[name] = self.clock
        elif kind != "delete":
            self.deleted.pop(name, None)
            self.items[name] = self.clock, kind == "seen"


OPERATIONS = st.lists(st.one_of(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["add", "seen", "delete"])), st.just("page"), st.just("invalidated"),
), max_size=40)


@given(OPERATIONS)
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_happens_in_between_the_catalogue_ends_as_the_server_is(operations):
    catalogue, server = Catalogue(passing_ledger(), 1), Server()
    row = folder(catalogue)
    numbers: dict[str, int] = {}
    for operation in operations:
        if operation == "page":
            row = catalogue.page(row, *server.page(row.sync_state))
        elif operation == "invalidated":
            row = catalogue.anew(row)
        else:
            server.change(*operation)
    last = False
    while not last:
        state, last, new, gone = server.page(row.sync_state)
        row = catalogue.page(row, state, last, new, gone)
    assert listed(catalogue, row) == {name: "\\Seen" if seen else "" for name, (_at, seen) in server.items.items()}
    before = row.modseq
    numbers = {one.remote_id: number for number, one in catalogue.some(row.id, catalogue.numbers(row.id)).items()}
    row = catalogue.page(row, *server.page(row.sync_state))
    assert row.modseq == before and {one.remote_id: n for n, one in catalogue.some(row.id, catalogue.numbers(row.id)).items()} == numbers


def test_who_only_looks_starts_from_what_is_known_and_writes_nothing_down(catalogue):
    row = catalogue.page(folder(catalogue), "state 1", True, [entry("a"), entry("b")], [])
    other = with_mailboxes(catalogue.ledger, "ben")[0].id
    Catalogue(catalogue.ledger, other).keep_folders({"G": MAIL})
    passing = looked_at(catalogue.ledger, catalogue.mailbox_id)
    looking = Catalogue(passing, catalogue.mailbox_id)
    assert looking.folders() == catalogue.folders() and not Catalogue(passing, other).folders()
    assert looking.some(row.id, looking.numbers(row.id)) == catalogue.some(row.id, catalogue.numbers(row.id))
    looking.page(looking.folders()["F"], "state 2", True, [entry("c")], ["a"])
    assert len(looking.numbers(row.id)) == 2 and listed(catalogue, row).keys() == {"a", "b"} and catalogue.folders()["F"].sync_state == "state 1"
    # Another one looks at the same moment.
    catalogue.page(catalogue.folders()["F"], "state 2", True, [entry("c")], ["a"])
    assert listed(catalogue, row).keys() == {"b", "c"}
    passing.close()
