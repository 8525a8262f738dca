# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes that are killed while they make, rename or subscribe folders, at every command and every commit; the source has changed its mind
before the next pass."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._filter.verdict import LEAVE, ROUTE, Verdict
from ansible_collections.messaging.migration.plugins.module_utils._job import mailbox_pass, settle, target_folders
from ansible_collections.messaging.migration.plugins.module_utils._ledger import folder_intents, items, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._ledger.routes import routes
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils._job.test_mailbox_pass import FragileLedger
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import Crash, FakeSource, FakeTarget, Fuse, Pulse, Store

SERVER = Server(name="s1", host="s1.test", mailboxes=(Mailbox("anna", "anna"),))
SETTINGS = {"deletions": "mirror", "on_foreign": "refuse"}
# More than any of these passes has.
STEPS = 60


class Scene:
    def __init__(self, monkeypatch) -> None:
        self.fuse = Fuse()
        self.ledger = FragileLedger(self.fuse)
        mailboxes.register(self.ledger, "s1", SERVER.mailboxes)
        self.source_store, self.target_store = Store(), Store("INBOX.", ".")
        monkeypatch.setattr(settle, "QUIET_SECONDS", 0)
        monkeypatch.setattr(mailbox_pass, "open_source", lambda *_: FakeSource(self.source_store, self.fuse))
        monkeypatch.setattr(target_folders, "ImapTarget", lambda *_: self.target)
        self.there = self.source_store.boxes

    def make(self, name: str, subscribed: bool = True):
        box = self.source_store.create(name)
        box.subscribed = subscribed
        box.add(name.encode())

    def run(self) -> Pulse:
        self.target, pulse = FakeTarget(self.target_store, self.fuse), Pulse()
        mailbox_pass.MailboxPass(self.ledger, mailboxes.find(self.ledger, "s1", "anna"), SERVER, SERVER, SERVER.mailboxes[0], SETTINGS, pulse).run()
        return pulse

    def run_killed(self, steps: int) -> bool:
        self.fuse.steps = steps
        with contextlib.suppress(Crash):
            self.run()
            return False
        self.fuse.steps = None
        return True

    def check(self) -> None:
        self.fuse.steps = None
        self.run()
        known, routed_to = items.folders(self.ledger, 1), {route.target_name for route in routes(self.ledger, [1])}
        assert known.keys() == self.there.keys()
        assert {row.target_name for row in known.values()} | routed_to == self.target_store.boxes.keys()
        for name, box in self.there.items():
            assert known[name].target_name == (name if name == "INBOX" else "INBOX." + name.replace("/", "."))
            there = self.target_store.boxes[known[name].target_name]
            assert (there.mail(), there.subscribed) == (box.mail(), box.subscribed), name
        assert folder_intents.listed(self.ledger, [1]) == []
        assert not self.run().counts.any()


@pytest.fixture
def scenes(monkeypatch):
    """One for each step at which a pass can be killed."""
    made: list[Scene] = []

    def each(prepared, work, then):
        for steps in range(STEPS):
            scene = Scene(monkeypatch)
            made.append(scene)
            prepared(scene)
            scene.run()
            work(scene)
            killed = scene.run_killed(steps)
            then(scene)
            scene.check()
            if not killed:
                return steps
        raise AssertionError("no pass came to its end")

    yield each
    for scene in made:
        scene.ledger.close()


def test_made_and_gone_again(scenes):
    def work(scene):
        for name in ("Sent", "Sent/2019", "Work"):
            scene.make(name)

    def then(scene):
        for name in ("Sent", "Sent/2019", "Work"):
            scene.there.pop(name)

    assert scenes(lambda scene: None, work, then) > 10


class Filter:
    def run(self, asked, _stop):
        return [Verdict(ROUTE, "Elsewhere") if item.content == b"away" else Verdict(LEAVE) for item in asked]


def test_made_for_messages_that_the_filter_routes(scenes, monkeypatch):
    """The message is gone before the next pass. Where it had been sent already, the folder stays, empty."""
    monkeypatch.setattr(mailbox_pass, "open_filter", lambda *_: Filter())
    stayed = []

    def work(scene):
        scene.there["INBOX"].add(b"away")

    def then(scene):
        box = scene.there["INBOX"]
        for uid in [uid for uid, message in box.messages.items() if message.body == b"away"]:
            box.remove(uid)
        stayed.append(bool(routes(scene.ledger, [1])))

    scenes(lambda scene: None, work, then)
    assert stayed == sorted(stayed) and set(stayed) == {False, True}


def test_subscribed_and_not(scenes):
    def turn(scene):
        for name in ("Sent", "Work"):
            scene.there[name].subscribed = not scene.there[name].subscribed

    def prepared(scene):
        scene.make("Sent")
        scene.make("Work", subscribed=False)

    assert scenes(prepared, turn, turn) > 4


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("new", [None, "New", "Old", "Third"])
def test_renamed_and_then_removed_or_renamed_again(scenes, new, apart):
    """`apart`: what is below it gets another name as well. With "New" it stays as it is."""
    def prepared(scene):
        scene.make("Old")
        scene.make("Old/Below")

    def work(scene):
        scene.source_store.rename("Old", "New")
        if apart:
            scene.source_store.rename("New/Below", "New/Other")

    def then(scene):
        if new and new != "New":
            scene.source_store.rename("New", new)
        elif not new:
            for name in ("New", "New/Other" if apart else "New/Below"):
                scene.there.pop(name)

    assert scenes(prepared, work, then) > 8


def test_a_target_that_numbers_a_folder_anew_when_it_is_renamed(monkeypatch):
    def rename(target, name, to):
        target.held.rename(name, to)
        for box in target.held.boxes.values():
            box.renumber(target.held.new_uidvalidity())

    scene = Scene(monkeypatch)
    scene.make("Old")
    scene.make("Old/Below")
    scene.run()
    scene.source_store.rename("Old", "New")
    monkeypatch.setattr(FakeTarget, "rename", rename)
    scene.run()
    assert scene.target.received == []
    scene.check()
    scene.ledger.close()
