# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes over a mailbox with a site's filter between: what it changes, leaves out, routes and fails at, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import hashlib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Stopped
from ansible_collections.messaging.migration.plugins.module_utils._filter.verdict import CHANGE, FAIL, LEAVE, ROUTE, SKIP, Verdict
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._job import mailbox_pass, settle, target_folders, verify
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, items, mailboxes, routes
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import Crash, FakeSource, FakeTarget, Pulse, Store
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes

SERVER = Server(name="s1", host="s1.test", mailboxes=(Mailbox("anna", "anna-at-target"),))


class SiteFilter:
    """Does what the message says: change it, leave it out, put it into Receipts, fail."""

    def __init__(self) -> None:
        self.asked: list = []
        self.times = 0

    def run(self, asked, stop):
        if stop():
            raise Stopped
        self.asked += asked
        return [self.verdict(item) for item in asked]

    def verdict(self, item) -> Verdict:
        self.times += 1
        word = item.content.split()[0] if item.content else b""
        if word == b"change":
            return Verdict(CHANGE, "", b"changed" + item.content[6:])
        if word == b"random":
            return Verdict(CHANGE, "", item.content + b" %d" % self.times)
        if word == b"skip":
            return Verdict(SKIP, "a read receipt")
        if word == b"route":
            return Verdict(ROUTE, "Receipts", b"routed" + item.content[5:] if b"!" in item.content else None)
        return Verdict(FAIL, "no table") if word == b"fail" else Verdict(LEAVE)


class Scene:
    def __init__(self, folder, monkeypatch) -> None:
        self.ledger = opened(folder)
        with_mailboxes(self.ledger, "anna")
        self.source, self.target, self.filter = FakeSource(Store()), FakeTarget(Store(separator=".")), SiteFilter()
        monkeypatch.setattr(settle, "QUIET_SECONDS", 0)
        monkeypatch.setattr(mailbox_pass, "open_source", lambda *_: self.source)
        monkeypatch.setattr(mailbox_pass, "open_filter", lambda *_: self.filter)
        monkeypatch.setattr(target_folders, "ImapTarget", lambda *_: self.target)
        self.there, self.here = self.source.held.boxes, self.target.held.boxes
        self.inbox = self.there["INBOX"]

    @property
    def row(self):
        return mailboxes.find(self.ledger, "s1", "anna")

    def run(self, deletions="mirror", on_emptied="refuse", pulse=None):
        pulse = pulse or Pulse()
        settings = {"deletions": deletions, "on_foreign": "refuse", "on_emptied": on_emptied}
        mailbox_pass.MailboxPass(self.ledger, self.row, SERVER, SERVER, SERVER.mailboxes[0], settings, pulse).run()
        return pulse.counts

    def quiet(self) -> bool:
        return not self.run().any()

    def bodies(self, name="INBOX") -> list[bytes]:
        return [body for body, _flags, _date in self.here[name].mail()]

    def odd(self):
        return {(e.folder, e.source_uid): (e.reason, e.state, e.detail) for e in exceptions.unresolved(self.ledger, 1)}

    def items(self, name="INBOX"):
        return {item.source_uid: item for item in items.items(self.ledger, items.folders(self.ledger, 1)[name].id)}

    def findings(self) -> dict:
        """What a verification complains about."""
        class Plan:
            servers, target, settings = {"s1": SERVER}, SERVER, {"scope": "full", "sample": 1, "check_mode": True}

            @staticmethod
            def mailbox(_server, _name):
                return SERVER.mailboxes[0]

        found = verify._Comparison(self.ledger, Plan, self.row, self.source, Reader(self.target), Pulse()).run()
        return {name: number for name, number in found.items() if number and name not in ("checked", "examples")}


class Reader:
    """The target as a verification reads it."""

    def __init__(self, target) -> None:
        self._target = target

    def __getattr__(self, name):
        return getattr(self._target, name)

    def uids(self):
        return sorted(self._target.box.messages)

    def flags_and_dates(self, uids):
        return {uid: (self._target.box.messages[uid].flags, self._target.box.messages[uid].internal_date) for uid in uids}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    return Scene(tmp_path, monkeypatch)


def test_each_verdict_and_then_nothing_more(scene):
    for body in (b"plain", b"change 1", b"skip 1", b"route 1", b"route 2!", b""):
        scene.inbox.add(body, ["\\Seen"])
    counts = scene.run()
    assert (counts.messages, counts.skipped, counts.folders) == (5, 1, 1)
    assert scene.bodies() == [b"", b"changed 1", b"plain"] and scene.bodies("Receipts") == [b"route 1", b"routed 2!"]
    assert scene.here["Receipts"].subscribed
    assert scene.odd() == {("INBOX", 3): ("left_out_by_filter", "approved", "a read receipt")}
    [left_out] = exceptions.unresolved(scene.ledger, 1)
    assert (left_out.approved_by, left_out.sha256) == ("filter of s1", hashlib.sha256(b"skip 1").digest())
    known = scene.items()
    assert known[1].source_sha256 is None and known[4].source_sha256 is None
    assert [known[uid].source_sha256 for uid in (2, 5)] == [hashlib.sha256(body).digest() for body in (b"change 1", b"route 2!")]
    assert [known[uid].sha256 for uid in (2, 5)] == [hashlib.sha256(body).digest() for body in (b"changed 1", b"routed 2!")]
    assert {(item.server, item.mailbox, item.folder, item.kind, item.received) for item in scene.filter.asked} == {
        ("s1", "anna", "INBOX", "message", "2019-01-02T02:04:05+00:00")
    }
    scene.filter.asked.clear()
    assert scene.quiet() and scene.filter.asked == []
    scene.inbox.add(b"plain too")
    assert scene.run().messages == 1 and len(scene.filter.asked) == 1
    assert scene.findings() == {"approved": 1, "grade": "perfect"}


def test_flags_and_deletions_follow_wherever_it_is(scene):
    for body in (b"change 1", b"route 1!", b"route 2", b"skip 1"):
        scene.inbox.add(body)
    scene.run()
    for uid in range(1, 5):
        scene.inbox.flag(uid, ["\\Flagged"])
    assert scene.run().flags == 3
    assert [flags for _body, flags, _date in scene.here["INBOX"].mail() + scene.here["Receipts"].mail()] == [("\\Flagged",)] * 3
    scene.inbox.remove(2)
    scene.inbox.remove(4)
    assert scene.run().deleted == 1
    assert scene.bodies("Receipts") == [b"route 2"] and scene.odd() == {}
    assert scene.quiet() and scene.findings() == {"grade": "perfect"}


@pytest.mark.parametrize("resync", [False, True])
def test_what_was_left_out_and_deleted_asks_for_no_look_at_all(scene, resync):
    scene.source.held.resync = resync
    for body in (b"skip 1", b"plain"):
        scene.inbox.add(body)
    scene.run()
    scene.inbox.remove(1)
    assert scene.quiet() and scene.odd() == {}
    scene.inbox.add(b"plain too")
    scene.source.uids = None
    assert scene.run().messages == 1


@pytest.mark.parametrize("condstore", [False, True])
def test_what_was_left_out_ends_with_its_message_where_nothing_else_is(scene, condstore):
    scene.source.held.condstore = condstore
    for body in (b"skip 1", b"skip 2"):
        scene.inbox.add(body)
    scene.run()
    assert set(scene.odd()) == {("INBOX", 1), ("INBOX", 2)}
    scene.inbox.remove(1)
    scene.run()
    assert set(scene.odd()) == {("INBOX", 2)}


def test_a_failure_is_an_exception_until_it_is_none(scene):
    scene.inbox.add(b"fail")
    scene.inbox.add(b"plain")
    assert scene.run().messages == 1
    assert scene.odd() == {("INBOX", 1): ("filter_failed", "open", "no table")}
    assert scene.findings() == {"missing": 1, "grade": "poor"}
    assert scene.run().messages == 0 and len(scene.odd()) == 1
    scene.filter.verdict = lambda item: Verdict(CHANGE, "", b"cured")
    assert scene.run().messages == 1
    assert scene.odd() == {} and scene.bodies() == [b"cured", b"plain"] and scene.findings() == {"grade": "perfect"}


def test_what_failed_may_be_left_out_later(scene):
    scene.inbox.add(b"fail")
    scene.run()
    scene.filter.verdict = lambda item: Verdict(SKIP, "no use")
    scene.run()
    assert scene.odd() == {("INBOX", 1): ("left_out_by_filter", "approved", "no use")} and scene.quiet()


def test_a_filter_that_always_fails_stops_the_mailbox(scene):
    for number in range(30):
        scene.inbox.add(b"fail %d" % number)
    scene.inbox.add(b"plain")
    with pytest.raises(MigrationError, match="The filter of s1 failed for 20 messages in a row of anna: no table. What was moved stays"):
        scene.run()
    assert 20 <= len(scene.odd()) <= 22


def test_a_message_that_the_filter_changed_moves_at_the_target(scene):
    scene.there["Projects"] = scene.source.held.create("Projects")
    for body in (b"change 1", b"change 2"):
        scene.inbox.add(body, ["\\Seen"])
    scene.run()
    scene.source.held.move(1, "INBOX", "Projects")
    # To a new UID, too.
    scene.source.held.move(2, "INBOX", "INBOX")
    scene.filter.asked.clear()
    counts = scene.run()
    assert (counts.moved, counts.messages, counts.deleted) == (1, 0, 0) and scene.filter.asked == []
    assert scene.bodies() == [b"changed 2"] and scene.bodies("Projects") == [b"changed 1"]
    assert scene.items("Projects")[1].source_sha256 == hashlib.sha256(b"change 1").digest()
    assert scene.quiet() and scene.findings() == {"grade": "perfect"}


def test_a_message_that_was_routed_stays_there_when_it_moves_at_the_source(scene):
    scene.source.held.create("Projects")
    scene.source.held.create("Old").add(b"route 2!", ["\\Seen"])
    scene.inbox.add(b"route 1")
    scene.run()
    at = scene.source.held.move(1, "INBOX", "Projects")
    scene.there["Projects"].flag(at, ["\\Seen"])
    scene.source.held.move(1, "Old", "INBOX")
    del scene.there["Old"]
    counts = scene.run()
    assert (counts.messages, counts.deleted, counts.flags) == (0, 0, 1)
    assert scene.here["Receipts"].mail() == [(b"route 1", ("\\Seen",), "02-Jan-2019 03:04:05 +0100"), (b"routed 2!", ("\\Seen",), "02-Jan-2019 03:04:05 +0100")]
    assert scene.here.keys() == {"INBOX", "Projects", "Receipts"}
    assert scene.quiet() and scene.findings() == {"grade": "perfect"}
    scene.there["Projects"].remove(at)
    assert scene.run().deleted == 1 and scene.bodies("Receipts") == [b"routed 2!"]


def test_a_folder_of_that_name_at_the_source_shares_it(scene):
    """Its own mail, and equal messages that were sent there."""
    receipts = scene.source.held.create("Receipts")
    for body in (b"route 1", b"plain", b"route 3"):
        scene.inbox.add(body)
        receipts.add(body)
    assert scene.run().messages == 6
    assert scene.bodies("Receipts") == [b"plain", b"route 1", b"route 1", b"route 3", b"route 3"] and scene.bodies() == [b"plain"]
    assert scene.quiet() and scene.findings() == {"grade": "perfect"}
    # Gone at the source, it goes on to hold what was sent there.
    del scene.there["Receipts"]
    assert scene.run().deleted == 3
    assert scene.bodies("Receipts") == [b"route 1", b"route 3"] and scene.odd() == {}
    assert scene.quiet() and scene.findings() == {"grade": "perfect"}


def test_a_folder_that_shares_its_name_and_is_renamed_takes_nothing_with_it(scene):
    scene.source.held.create("Receipts").add(b"plain")
    scene.inbox.add(b"route 1")
    scene.run()
    scene.source.held.rename("Receipts", "Quittungen")
    scene.run()
    assert scene.bodies("Receipts") == [b"route 1"] and scene.bodies("Quittungen") == [b"plain"]
    assert scene.quiet() and scene.findings() == {"grade": "perfect"}


def test_a_folder_that_is_gone_takes_what_was_routed_of_it(scene):
    scene.source.held.create("Old").add(b"route 1")
    scene.inbox.add(b"route 2")
    scene.run()
    del scene.there["Old"]
    assert scene.run().deleted == 1
    assert scene.bodies("Receipts") == [b"route 2"] and "Old" not in scene.here
    assert len(routes.routes(scene.ledger, [1])) == 1 and scene.quiet()


@pytest.mark.parametrize("side", ["source", "target"])
def test_new_numbers_on_either_side(scene, side):
    for body in (b"plain", b"change 1", b"skip 1", b"route 1", b"route 2!"):
        scene.inbox.add(body)
    scene.run()
    scene.inbox.flag(4, ["\\Seen"])
    for box in [scene.inbox] if side == "source" else scene.here.values():
        box.renumber(7)
    if side == "target":
        scene.here["Receipts"].remove(1)
    counts = scene.run()
    assert (counts.messages, counts.deleted, counts.skipped) == (int(side == "target"), 0, int(side == "source"))
    assert scene.bodies() == [b"changed 1", b"plain"] and scene.bodies("Receipts") == [b"route 1", b"routed 2!"]
    assert scene.quiet() and scene.findings() == {"approved": 1, "grade": "perfect"}


def test_a_folder_that_the_target_does_not_make(scene):
    scene.inbox.add(b"route 1")
    scene.inbox.add(b"plain")
    scene.target.refuses_name = lambda name: "not allowed"
    scene.run()
    assert scene.odd() == {("INBOX", 1): ("refused_by_target", "open", "the filter's folder Receipts: making the folder Receipts: not allowed")}
    scene.target.refuses_name = lambda name: None
    assert scene.run().messages == 1 and scene.odd() == {} and scene.bodies("Receipts") == [b"route 1"]


def test_the_size_that_counts_is_that_of_what_is_sent(scene):
    scene.target.largest_message = 10
    scene.inbox.add(b"shrink this very long one")
    scene.inbox.add(b"grow")
    scene.filter.verdict = lambda item: Verdict(CHANGE, "", b"short" if item.content.startswith(b"shrink") else b"longer than ten")
    scene.run()
    assert scene.bodies() == [b"short"] and scene.odd()["INBOX", 2][0] == "too_large"


def test_changing_the_filter_touches_nothing_that_was_moved(scene):
    for body in (b"change 1", b"route 1", b"plain"):
        scene.inbox.add(body)
    scene.run()
    scene.filter = None
    scene.inbox.flag(2, ["\\Seen"])
    assert scene.run().flags == 1
    assert scene.bodies() == [b"changed 1", b"plain"] and scene.bodies("Receipts") == [b"route 1"]
    assert scene.findings() == {"grade": "perfect"}


def test_leaving_out_much_does_not_weaken_the_guard_against_an_emptied_source(scene):
    for number in range(400):
        scene.inbox.add(b"skip %d" % number if number % 2 else b"plain %d" % number)
    scene.run()
    for uid in list(scene.inbox.messages):
        if uid % 2:
            scene.inbox.remove(uid)
    with pytest.raises(MigrationError, match="nothing was deleted at the target"):
        scene.run()


def test_stopped_while_the_filter_works(scene):
    for number in range(9):
        scene.inbox.add(b"route %d" % number)
    with contextlib.suppress(Stopped):
        scene.run(pulse=Pulse(3))
    assert scene.run().messages == 9 - len(scene.here.get("Receipts", scene.inbox).messages) or scene.findings() == {"grade": "perfect"}
    assert scene.bodies("Receipts") == [b"route %d" % number for number in range(9)]


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("tells", [False, True])
def test_a_crash_at_every_step(tmp_path_factory, monkeypatch, side, tells):
    """Also with a filter that never gives the same twice."""
    steps, crashed = 0, True
    while crashed:
        scene = Scene(tmp_path_factory.mktemp("ledger"), monkeypatch)
        scene.target.tells = scene.target.counts = tells
        receipts = scene.source.held.create("Receipts")
        for body in (b"plain", b"change 1", b"route 1", b"random", b"skip 1", b"route 2!", b"random", b"route 1"):
            scene.inbox.add(body)
        receipts.add(b"route 1")
        receipts.add(b"random")
        crashed = False
        fuse = getattr(scene, side).fuse
        fuse.steps = steps
        try:
            scene.run()
        except Crash:
            crashed = True
        fuse.steps = None
        scene.target._underway.clear()
        scene.run()
        assert len(scene.bodies()) == 4 and [body for body in scene.bodies() if not body.startswith(b"random")] == [b"changed 1", b"plain"], steps
        assert scene.bodies("Receipts")[-4:] == [b"route 1", b"route 1", b"route 1", b"routed 2!"] and len(scene.bodies("Receipts")) == 5, steps
        assert scene.quiet() and scene.findings() == {"approved": 1, "grade": "perfect"}, steps
        scene.ledger.close()
        steps += 1
    assert steps > 5


def test_a_route_that_is_refused_tells_a_broken_connection_apart(scene, monkeypatch):
    scene.inbox.add(b"route 1")

    def broken(_names):
        raise mailbox_pass.LOST[0]("gone")

    monkeypatch.setattr(scene.target, "create", broken)
    with pytest.raises(mailbox_pass.LOST):
        scene.run()
    assert scene.odd() == {} and issubclass(REFUSED, Exception)


def test_a_folder_that_was_approved_to_stay_is_not_missing(scene):
    scene.source.held.create("Sent").add(b"a")
    scene.target.refuses_name = lambda name: f"no {name} here"
    scene.run()
    assert scene.findings()["folders_missing"] == 1 and scene.findings()["grade"] == "poor"
    exceptions.approve(scene.ledger, [e.id for e in exceptions.unresolved(scene.ledger, 1)], "Ada Lead")
    assert (scene.findings().get("folders_missing"), scene.findings()["approved"], scene.findings()["grade"]) == (None, 1, "perfect")
