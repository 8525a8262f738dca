# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._errors import Stopped
from ansible_collections.messaging.migration.plugins.module_utils._job import settle
from ansible_collections.messaging.migration.plugins.module_utils._job.underway import LeaseLost
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, items
from ansible_collections.messaging.migration.plugins.module_utils._model.message import Message
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import FakeSource, FakeTarget, Pulse, Store
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import message, opened, with_folder, with_mailboxes


class Scene:
    def __init__(self, folder) -> None:
        self.ledger = opened(folder)
        self.mailbox = with_mailboxes(self.ledger, "anna")[0].id
        self.target, self.source = FakeTarget(Store()), FakeSource(Store())
        self.box, self.inbox = self.target.held.boxes["INBOX"], self.source.held.boxes["INBOX"]
        self.folder = with_folder(self.ledger, self.mailbox)

    def intend(self, *bodies: bytes, first: int = 1) -> None:
        """A crash: the intent is there, its outcome unknown."""
        journal = items.Journal(self.ledger, self.folder, self.box.uidvalidity, self.box.uidnext)
        journal.intend([message(uid, body) for uid, body in enumerate(bodies, start=first)])

    def copied(self, *bodies: bytes) -> None:
        journal = items.Journal(self.ledger, self.folder, self.box.uidvalidity, self.box.uidnext)
        intent = journal.intend([message(self.inbox.add(body), body) for body in bodies])
        journal.settled(intent, dict(zip(self.inbox.messages, [self.box.add(body) for body in bodies], strict=True)))
        journal.flush()

    def renumbered(self, pulse=None) -> None:
        self.inbox.renumber(self.inbox.uidvalidity + 1)
        present = {(None, uid) for uid in self.box.messages}
        settle.new_source_folder(self.ledger, self.folder, self.source, self.source.open("INBOX")[0], present, pulse or Pulse())

    def settle(self) -> int:
        return settle.intents(self.ledger, self.folder, self.target, self.target.open("INBOX"))

    def known(self):
        return {row.source_uid: row.target_uid for row in items.items(self.ledger, self.folder.id)}


@pytest.fixture(autouse=True, scope="module")
def _no_waiting():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settle, "QUIET_SECONDS", 0)
        yield


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_nothing_open_reads_nothing(scene):
    scene.target.contents = None
    assert scene.settle() == 0


def test_what_arrived_is_adopted_and_the_rest_forgotten(scene):
    scene.box.add(b"b")
    scene.intend(b"a", b"b", b"c")
    for body in (b"a", b"b"):
        scene.box.add(body)
    assert scene.settle() == 2
    # The b that was there before is somebody else's.
    assert scene.known() == {1: 2, 2: 3}
    assert items.open_intents(scene.ledger, scene.folder) == [] and scene.settle() == 0


def test_what_still_arrives_from_a_worker_that_died_is_waited_for(scene):
    scene.intend(b"a", b"b", b"c")
    scene.box.add(b"a")
    late, opened = [b"b", b"c"], scene.target.open

    def open_(name):
        if late:
            scene.box.add(late.pop(0))
        return opened(name)

    state = scene.target.open("INBOX")
    scene.target.open = open_
    assert settle.intents(scene.ledger, scene.folder, scene.target, state) == 3
    assert scene.known() == {1: 1, 2: 2, 3: 3}


def test_equal_messages_of_two_intents_are_each_adopted_once(scene):
    scene.intend(b"a", b"a")
    scene.intend(b"a", first=3)
    for _number in range(2):
        scene.box.add(b"a")
    assert scene.settle() == 2
    assert scene.known() == {1: 1, 2: 2}


def test_what_an_item_owns_is_not_adopted_again(scene):
    scene.copied(b"a")
    scene.box.uidnext = 1
    scene.intend(b"a", first=2)
    scene.box.uidnext = 2
    assert scene.settle() == 0 and scene.known() == {1: 1}


def test_a_renumbered_folder_is_read_from_its_beginning(scene):
    scene.box.add(b"other")
    scene.intend(b"a")
    scene.box.add(b"a")
    scene.box.messages.pop(1)
    scene.box.renumber(5000)
    assert scene.settle() == 1 and scene.known() == {1: 1}


def test_a_new_target_folder(scene):
    scene.copied(b"a", b"b", b"a")
    scene.box.messages.pop(1)
    scene.box.renumber(5000)
    settle.new_target_folder(scene.ledger, scene.folder, scene.target, scene.target.open("INBOX"), Pulse())
    # One of the two equal messages is gone: it is sent again.
    assert scene.known() == {1: 2, 2: 1}
    assert items.folders(scene.ledger, scene.mailbox)["INBOX"].target_uidvalidity == 5000


def test_a_new_target_folder_with_what_the_target_altered(scene):
    """As Courier does: a last line without its end gets one, and a folder that is renamed other numbers."""
    scene.copied(b"a", b"b\r\n", b"c")
    for uid in (1, 3):
        body = scene.box.messages[uid].body + b"\r\n"
        scene.box.messages[uid] = Message.of(uid, body, scene.box.messages[uid].flags, scene.box.messages[uid].internal_date)
    scene.box.messages.pop(3)
    scene.box.renumber(5000)
    settle.new_target_folder(scene.ledger, scene.folder, scene.target, scene.target.open("INBOX"), Pulse())
    assert scene.known() == {1: 1, 2: 2}


def test_a_new_target_folder_that_another_worker_found_first(scene):
    scene.copied(b"a", b"b")
    scene.box.renumber(5000)
    state = scene.target.open("INBOX")
    before = scene.folder
    settle.new_target_folder(scene.ledger, before, scene.target, state, Pulse())
    known = scene.known()
    # This one was as slow as to lose its lease: what it found is worth nothing.
    with pytest.raises(LeaseLost, match="Another worker took over the mailbox while its folder INBOX was read back"):
        settle.new_target_folder(scene.ledger, before, scene.target, state, Pulse())
    assert scene.known() == known == {1: 1, 2: 2}


def test_reading_back_a_new_target_folder_keeps_the_lease(scene, monkeypatch):
    monkeypatch.setattr(settle, "PART", 1)
    scene.copied(b"a", b"b", b"c")
    scene.box.renumber(5000)
    pulse = Pulse(stop_after=1)
    with pytest.raises(Stopped):
        settle.new_target_folder(scene.ledger, scene.folder, scene.target, scene.target.open("INBOX"), pulse)
    assert scene.known() == {1: 1, 2: 2, 3: 3} and items.folders(scene.ledger, scene.mailbox)["INBOX"].target_uidvalidity != 5000


def test_what_a_new_source_folder_does_not_give_is_not_gone(scene):
    scene.copied(b"a", b"b", b"c")
    scene.inbox.messages[2] = dataclasses.replace(scene.inbox.messages[2], internal_date="02-Feb-2020 00:00:00 +0000")
    with scene.ledger.write() as connection:
        t = scene.ledger.tables.items
        connection.execute(t.update().where(t.c.source_uid == 2).values(internal_date="02-Feb-2020 00:00:00 +0000"))
    scene.inbox.remove(3)
    scene.source.broken = {2}
    scene.renumbered()
    # The third has gone; the second is listed, and its copy at the target may be the only good one: it is not to be deleted.
    assert sorted(scene.known().values()) == [1, 3] and scene.known()[1] == 1


def test_what_comes_alone_is_not_doubtful(scene):
    scene.copied(b"a", b"b")
    scene.source.withheld = {2}
    scene.renumbered()
    assert scene.known() == {1: 1, 2: 2}


def test_an_empty_new_target_folder(scene):
    scene.copied(b"a")
    scene.box.messages.clear()
    scene.box.renumber(5000)
    settle.new_target_folder(scene.ledger, scene.folder, scene.target, scene.target.open("INBOX"), Pulse())
    assert scene.known() == {}


def test_a_new_source_folder(scene):
    scene.copied(b"a", b"b", b"c")
    scene.inbox.messages.pop(2)
    scene.inbox.add(b"d")
    scene.renumbered()
    known = scene.known()
    # a and c under their new UIDs; b, which is gone, under one that no source has; d is not known.
    assert {uid: at for uid, at in known.items() if uid > 0} == {1: 1, 2: 3}
    assert [at for uid, at in known.items() if uid < 0] == [2]
    assert items.folders(scene.ledger, scene.mailbox)["INBOX"].source_uidvalidity == scene.inbox.uidvalidity


def test_a_copy_that_was_deleted_and_not_written_down_is_no_copy_of_its_twin(scene):
    scene.copied(b"a", b"a")
    scene.inbox.messages.pop(1)
    # At the target, too, and then the pass was killed.
    scene.box.remove(1)
    scene.renumbered()
    assert scene.known() == {1: 2, -1: 1}
    # Another time, before the next pass got so far.
    scene.renumbered()
    assert scene.known() == {1: 2, -1: 1}


def test_what_its_user_removed_at_the_target_stays_so(scene):
    scene.copied(b"a")
    scene.inbox.add(b"b")
    items.add_missing(scene.ledger, scene.folder.id, [scene.inbox.messages[2]])
    scene.renumbered()
    assert scene.known() == {1: 1, 2: None}


def test_a_stop_before_all_was_read_changes_nothing(scene):
    scene.copied(b"a", b"b", b"c", b"d")
    before = scene.known()
    with pytest.raises(Stopped):
        scene.renumbered(Pulse(1))
    assert scene.known() == before


@settings(max_examples=25)
@given(st.lists(st.sampled_from([b"a", b"b"]), min_size=1, max_size=8), st.integers(0, 8))
def test_after_settling_nothing_is_missing_or_twice(tmp_path_factory, bodies, arrived):
    scene = Scene(tmp_path_factory.mktemp("ledger"))
    scene.intend(*bodies)
    for body in bodies[:arrived]:
        scene.box.add(body)
    assert scene.settle() == min(arrived, len(bodies))
    assert sorted(scene.known().values()) == sorted(scene.box.messages)
    assert all(scene.box.messages[at].body == bodies[uid - 1] for uid, at in scene.known().items())


@pytest.mark.parametrize("alters", [
    lambda body: body + b"\r\n", lambda body: body.replace(b"\n", b"\r\n"), lambda body: body.replace(b"\n", b"\r\n") + b"\r\n",
])
def test_what_the_target_gave_other_line_ends_is_adopted_and_told(scene, alters):
    """Also two that differ in nothing but their line ends, of which only one needed that."""
    bodies = [b"Subject: a\n\none", b"Subject: b\n\ntwo", alters(b"Subject: b\n\ntwo")]
    scene.intend(*bodies)
    for body in (alters(bodies[0]), alters(bodies[1]), bodies[2], b"of somebody else"):
        scene.box.add(body)
    assert scene.settle() == 3
    assert scene.known() in ({1: 1, 2: 2, 3: 3}, {1: 1, 2: 3, 3: 2})
    assert sorted((odd.source_uid, odd.reason) for odd in exceptions.unresolved(scene.ledger, scene.mailbox)) == [
        (1, "altered_by_target"), (2, "altered_by_target"),
    ]


def test_what_the_target_altered_is_adopted_and_told(scene):
    """As Cyrus by default does to 8-bit headers: other bytes, as many of them."""
    scene.intend(b"Subject: \xe9\r\n\r\n", b"Subject: e\r\n\r\n")
    scene.box.add(b"Subject: X\r\n\r\n")
    assert scene.settle() == 1
    assert scene.known() == {1: 1}
    [odd] = exceptions.unresolved(scene.ledger, scene.mailbox)
    assert (odd.source_uid, odd.reason, odd.detail) == (1, "altered_by_target", "target UID 1")
