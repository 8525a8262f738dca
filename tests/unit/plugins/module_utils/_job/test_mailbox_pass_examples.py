# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of a pass that the state machine beside this file does not reach."""

from __future__ import annotations

import contextlib
import dataclasses
import threading

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._job import mailbox_pass, settle, target_folders
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, items, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Aside, LeftOut
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import Crash, FakeSource, FakeTarget, Pulse, Store
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes


class Scene:
    def __init__(self, folder, monkeypatch) -> None:
        self.ledger = opened(folder)
        with_mailboxes(self.ledger, "anna")
        self.source, self.target = FakeSource(Store()), FakeTarget(Store(separator="."))
        self.logins = 0
        monkeypatch.setattr(settle, "QUIET_SECONDS", 0)
        monkeypatch.setattr(mailbox_pass, "open_source", lambda *_: self.source)
        monkeypatch.setattr(target_folders, "ImapTarget", self._login)
        self.there, self.here = self.source.held.boxes, self.target.held.boxes

    def _login(self, *_args):
        self.logins += 1
        return self.target

    def run(self, deletions="mirror", on_foreign="refuse", pulse=None, on_emptied="refuse") -> Pulse:
        pulse = pulse or Pulse()
        row = mailboxes.find(self.ledger, "s1", "anna")
        server = Server(name="s1", host="s1.test")
        settings = {"deletions": deletions, "on_foreign": on_foreign, "on_emptied": on_emptied}
        mailbox_pass.MailboxPass(self.ledger, row, server, server, Mailbox("anna", "anna-at-target"), settings, pulse).run()
        return pulse

    def odd(self):
        return [(e.folder, e.source_uid, e.reason, e.detail) for e in exceptions.unresolved(self.ledger, 1)]


@pytest.fixture
def scene(tmp_path, monkeypatch):
    return Scene(tmp_path, monkeypatch)


def test_a_target_mailbox_with_somebodys_mail_is_refused(scene):
    scene.there["INBOX"].add(b"a")
    scene.target.held.create("Old").add(b"somebody's")
    with pytest.raises(MigrationError, match="target mailbox anna-at-target holds 1 messages that this migration did not put there. They were kept"):
        scene.run()
    assert items.folders(scene.ledger, 1) == {} and scene.here["INBOX"].mail() == []


def test_or_copied_beside_when_told_so(scene):
    scene.there["INBOX"].add(b"a")
    scene.here["INBOX"].add(b"somebody's")
    scene.run(on_foreign="keep")
    assert [body for body, _flags, _date in scene.here["INBOX"].mail()] == [b"a", b"somebody's"]
    scene.there["INBOX"].remove(1)
    scene.run(on_foreign="keep")
    assert [body for body, _flags, _date in scene.here["INBOX"].mail()] == [b"somebody's"]


def test_without_change_the_target_is_not_even_asked(scene):
    scene.there["INBOX"].add(b"a")
    scene.run()
    scene.run()
    assert scene.logins == 1


@pytest.mark.parametrize("target_fails", [False, True])
def test_a_source_that_lets_nobody_in_is_told_and_the_target_left(scene, monkeypatch, target_fails):
    """The target is logged in to meanwhile."""
    left = threading.Event()
    scene.target.close = left.set

    def refused(*_args):
        raise MigrationError("s1 refuses the login.", "", "")

    monkeypatch.setattr(mailbox_pass, "open_source", refused)
    if target_fails:
        monkeypatch.setattr(target_folders, "ImapTarget", refused)
    with pytest.raises(MigrationError, match="s1 refuses the login"):
        scene.run()
    assert left.wait(0 if target_fails else 5) is not target_fails


def test_a_target_that_lets_nobody_in_is_told(scene, monkeypatch):
    def refused(*_args):
        raise MigrationError("The target refuses the login.", "", "")

    scene.there["INBOX"].add(b"a")
    monkeypatch.setattr(target_folders, "ImapTarget", refused)
    with pytest.raises(MigrationError, match="The target refuses the login"):
        scene.run()


def test_deletions_are_kept_when_told_so(scene):
    inbox, sent = scene.there["INBOX"], scene.source.held.create("Sent")
    inbox.add(b"a")
    sent.add(b"b")
    scene.run()
    inbox.remove(1)
    del scene.there["Sent"]
    assert scene.run(deletions="keep").counts.deleted == 0
    assert len(scene.here["INBOX"].messages) == len(scene.here["Sent"].messages) == 1
    assert scene.run().counts.deleted == 2
    assert scene.here.keys() == {"INBOX"} and scene.here["INBOX"].messages == {}


def test_a_source_that_suddenly_shows_little_empties_no_target(scene):
    inbox = scene.there["INBOX"]
    for number in range(250):
        inbox.add(b"%d" % number)
    scene.run()
    for uid in range(1, 131):
        inbox.remove(uid)
    inbox.add(b"new")
    with pytest.raises(MigrationError, match="s1/anna shows 121 messages; 250 were moved before. What is new was moved; nothing was deleted"):
        scene.run()
    assert len(scene.here["INBOX"].messages) == 251
    assert scene.run(on_emptied="mirror").counts.deleted == 130
    assert scene.here["INBOX"].mail() == inbox.mail()


def test_half_a_mailbox_moved_to_another_folder_is_nothing_suspicious(scene):
    inbox, archive = scene.there["INBOX"], scene.source.held.create("Archive")
    for number in range(250):
        inbox.add(b"%d" % number)
    scene.run()
    for uid in range(1, 201):
        scene.source.held.move(uid, "INBOX", "Archive")
    counts = scene.run().counts
    assert (counts.moved, counts.deleted, counts.messages) == (200, 0, 0)
    assert scene.here["Archive"].mail() == archive.mail() and scene.here["INBOX"].mail() == inbox.mail()
    assert len(scene.target.received) == 250


@pytest.mark.parametrize("arrived", [True, False])
def test_what_was_on_its_way_is_not_taken_for_what_was_there_when_the_target_numbers_anew(scene, arrived):
    """They have the same size and date."""
    inbox = scene.there["INBOX"]
    inbox.add(b"a")
    scene.run()
    inbox.add(b"b")
    begin = scene.target.begin

    def killed(*message):
        if arrived:
            begin(*message)
        scene.target.fuse.crash()

    scene.target.begin = killed
    with contextlib.suppress(Crash):
        scene.run()
    scene.target.begin = begin
    scene.target._underway.clear()
    scene.here["INBOX"].renumber(5000)
    assert scene.run().counts.messages == (0 if arrived else 1)
    assert scene.odd() == [] and scene.here["INBOX"].mail() == inbox.mail()


def test_messages_that_moved_out_of_a_folder_that_is_gone_were_not_deleted(scene):
    old = scene.source.held.create("Old")
    for number in range(5):
        old.add(b"%d" % number)
    scene.run()
    for uid in range(1, 5):
        scene.source.held.move(uid, "Old", "INBOX")
    del scene.there["Old"]
    counts = scene.run().counts
    assert (counts.moved, counts.deleted, counts.messages) == (4, 1, 0)
    assert scene.here.keys() == {"INBOX"} and scene.here["INBOX"].mail() == scene.there["INBOX"].mail()


def test_what_users_do_at_the_target_stays(scene):
    inbox = scene.there["INBOX"]
    inbox.add(b"a", ["$Junk"])
    inbox.add(b"b")
    scene.run()
    scene.here["INBOX"].flag(1, ["\\Answered"])
    inbox.flag(1, ["\\Seen"], ["$Junk"])
    assert scene.run().counts.flags == 1
    assert scene.here["INBOX"].messages[1].flags == ("\\Answered", "\\Seen")


def test_a_flag_that_the_target_does_not_store_is_told_and_harms_no_other(scene):
    inbox = scene.there["INBOX"]
    inbox.add(b"a")
    scene.target.permanent_flags = ("\\Seen",)
    scene.run()
    inbox.flag(1, ["\\Seen", "$Junk"])
    store = scene.target.store

    def strict(uids, add, remove):
        if "$Junk" in (*add, *remove):
            raise REFUSED("no such flag")
        store(uids, add, remove)

    scene.target.store = strict
    scene.run()
    assert scene.here["INBOX"].messages[1].flags == ("\\Seen",)
    assert scene.odd() == [("INBOX", 1, "flag_dropped", "$Junk")]
    inbox.flag(1, [], ["$Junk", "\\Seen"])
    scene.run()
    assert scene.here["INBOX"].messages[1].flags == ()


def test_a_folder_that_holds_somebodys_mail_is_kept(scene):
    scene.source.held.create("Sent").add(b"a")
    scene.run()
    scene.here["Sent"].add(b"somebody's")
    del scene.there["Sent"]
    for _number in range(2):
        scene.run()
        assert [body for body, _flags, _date in scene.here["Sent"].mail()] == [b"somebody's"]
        assert scene.odd() == [("Sent", 0, "folder_kept", "Sent")]


def test_a_name_that_the_target_refuses_is_tried_in_a_simpler_form(scene):
    scene.source.held.create("R&AOk-sum&AOk-+!").add(b"a")
    scene.target.refuses_name = lambda name: "Invalid mailbox name" if "+" in name else None
    scene.run()
    assert scene.here.keys() == {"INBOX", "R&AOk-sum&AOk-__"} and scene.odd() == []


def test_a_name_that_the_target_never_takes_is_an_exception_as_long_as_the_folder_is_there(scene):
    scene.source.held.create("Sent").add(b"a")
    scene.there["INBOX"].add(b"b")
    scene.target.refuses_name = lambda name: f"no {name} here"
    scene.run()
    assert scene.odd() == [("Sent", 0, "folder_refused", "no Sent here")] and len(scene.here["INBOX"].messages) == 1
    kept = scene.there.pop("Sent")
    scene.run()
    assert scene.odd() == []
    scene.there["Sent"] = kept
    scene.run()
    scene.target.refuses_name = lambda name: None
    scene.run()
    assert scene.odd() == [] and len(scene.here["Sent"].messages) == 1


def test_a_folder_that_was_removed_at_the_target_is_made_again(scene):
    sent = scene.source.held.create("Sent")
    sent.add(b"a")
    scene.run()
    del scene.here["Sent"]
    sent.add(b"b")
    scene.run()
    assert scene.here["Sent"].mail() == sent.mail()


def test_the_targets_own_folders_are_used(scene):
    scene.target.held.create("Sent")
    scene.source.held.create("Sent").add(b"a")
    assert scene.run().counts.folders == 0
    assert scene.here.keys() == {"INBOX", "Sent"} and len(scene.here["Sent"].messages) == 1


def test_folders_that_hold_no_messages_are_passed_over(scene, monkeypatch):
    scene.source.held.create("Projects")
    listed = scene.source.folders

    def folders():
        return [dataclasses.replace(folder, selectable=folder.name != "Projects") for folder in listed()]

    scene.source.folders = folders
    scene.run()
    assert scene.here.keys() == {"INBOX"}


def test_exceptions_end_with_their_message(scene):
    inbox = scene.there["INBOX"]
    inbox.add(b"x" * 11)
    scene.target.largest_message = 10
    scene.run()
    assert [key[:3] for key in scene.odd()] == [("INBOX", 1, "too_large")]
    inbox.remove(1)
    scene.run()
    assert scene.odd() == []


def test_exceptions_go_with_their_folder(scene):
    old = scene.source.held.create("Old")
    for body in (b"a", b"x" * 11, b"b"):
        old.add(body)
    scene.target.largest_message = 10
    scene.run()
    scene.source.held.rename("Old", "New")
    scene.run()
    assert [key[:3] for key in scene.odd()] == [("New", 2, "too_large")] and scene.here["New"].mail() == [old.mail()[0], old.mail()[1]]


def test_a_name_that_the_target_refuses_is_no_end_of_a_renamed_folder(scene):
    old = scene.source.held.create("Urgent")
    old.add(b"a")
    scene.run()
    scene.source.held.rename("Urgent", "Urgent!")
    old.add(b"b")
    scene.target.refuses_name = lambda name: "Invalid mailbox name" if "!" in name else None
    scene.run()
    [(name, box)] = [(name, box) for name, box in scene.here.items() if name != "INBOX"]
    assert "!" not in name and name != "Urgent" and sorted(body for body, _flags, _date in box.mail()) == [b"a", b"b"]
    # What was there already was not sent again, and the next pass finds nothing to do.
    assert scene.target.received == [b"a", b"b"] and not scene.run().counts.any()


def test_a_folder_that_is_not_to_be_removed_is_kept_and_told(scene):
    scene.source.held.create("Notes").add(b"a")
    scene.run()
    del scene.there["Notes"]

    def protected(name):
        raise REFUSED(f"{name} is a special folder")

    scene.target.remove_folder = protected
    scene.there["INBOX"].add(b"b")
    scene.run()
    assert scene.odd() == [("Notes", 0, "folder_kept", "Notes, empty: Notes is a special folder")] and scene.here["Notes"].mail() == []
    assert [body for body, _flags, _date in scene.here["INBOX"].mail()] == [b"b"]


def test_a_kept_folder_stays_approved_until_it_is_gone(scene):
    scene.source.held.create("Old").add(b"a")
    scene.run()
    scene.here["Old"].add(b"of its user")
    del scene.there["Old"]
    scene.run()
    exceptions.approve(scene.ledger, [1], "Ada Lead")
    scene.run()
    assert [(e.reason, e.state) for e in exceptions.unresolved(scene.ledger, 1)] == [("folder_kept", "approved")]
    scene.here["Old"].remove(2)
    scene.run()
    assert scene.odd() == [] and "Old" not in scene.here


def test_an_approval_is_for_a_message_not_for_a_number(scene):
    inbox = scene.there["INBOX"]
    inbox.add(b"x" * 11)
    inbox.add(b"a")
    scene.target.largest_message = 10
    scene.run()
    exceptions.approve(scene.ledger, [1], "Ada Lead")
    scene.run()
    assert len(scene.odd()) == 1
    inbox.remove(1)
    inbox.renumber(7)
    inbox.add(b"b")
    scene.run()
    assert scene.here["INBOX"].mail() == inbox.mail()


def test_connections_are_closed_whatever_happens(scene):
    scene.there["INBOX"].add(b"a")
    scene.target.begin = None
    with pytest.raises(TypeError):
        scene.run()
    assert scene.source.box is None and scene.target.box is None


@pytest.mark.parametrize("steps", range(12))
def test_a_folder_that_comes_back_while_it_is_taken_away(scene, steps):
    box = scene.source.held.create("Sent")
    for body in (b"a", b"b", b"c"):
        box.add(body)
    scene.run()
    del scene.there["Sent"]
    scene.target.fuse.steps = steps
    with contextlib.suppress(Crash):
        scene.run()
    scene.target.fuse.steps = None
    scene.there["Sent"] = box
    scene.run()
    assert scene.here["Sent"].mail() == box.mail()


def test_flags_wait_for_mail_of_a_new_folder_that_is_still_on_its_way(scene):
    """A new folder with mail, a new one without, and after them one whose flags changed."""
    scene.there["INBOX"].add(b"a")
    zone = scene.source.held.create("Z")
    uid = zone.add(b"z")
    scene.run()
    scene.source.held.create("A").add(b"new")
    scene.source.held.create("B")
    zone.flag(uid, ["\\Seen"])
    counts = scene.run().counts
    assert (counts.messages, counts.flags) == (1, 1)
    assert [flags for _body, flags, _date in scene.here["Z"].mail()] == [("\\Seen",)] and scene.here["A"].mail()[0][0] == b"new"


def test_folders_of_what_is_no_mail_are_told_once_and_never_taken_back(scene):
    scene.there["INBOX"].add(b"a")
    scene.source.held.create("Calendar").add(b"moved as mail before")
    scene.run()
    calendar = scene.there.pop("Calendar")
    scene.source.aside = Aside((LeftOut("Calendar", "Calendar", "calendar", ("Calendar",)), LeftOut("Notes", "Notes", "notes", ("Notes", "Notes/Old"))))
    for _time in range(2):
        assert not scene.run().counts.any()
        assert scene.odd() == [("Calendar", 0, "folder_not_mail", "calendar, 1 folder"), ("Notes", 0, "folder_not_mail", "notes, 2 folders")]
        assert {e.state for e in exceptions.unresolved(scene.ledger, 1)} == {"approved"}
    assert [body for body, _flags, _date in scene.here["Calendar"].mail()] == [b"moved as mail before"]
    scene.source.aside = Aside()
    scene.there["Calendar"] = calendar
    calendar.add(b"wanted after all")
    assert scene.run().counts.messages == 1 and scene.odd() == []


def test_a_folder_that_is_not_opened_is_an_exception_and_the_others_go_on(scene, monkeypatch):
    names = ("Known", "New")
    scene.source.held.create("Known").add(b"k")
    scene.run()
    scene.source.held.create("New").add(b"n")
    scene.there["Known"].add(b"k2")
    scene.there["INBOX"].add(b"a")
    opened = FakeSource._opened

    def refusing(side, name):
        if side is scene.source and name in names:
            raise REFUSED(f"opening the folder {name}: NO")
        return opened(side, name)

    monkeypatch.setattr(FakeSource, "_opened", refusing)
    for moved in (1, 0):
        assert scene.run().counts.messages == moved
        assert sorted(scene.odd()) == [(name, 0, "folder_unreadable", f"opening the folder {name}: NO") for name in names]
    exceptions.approve(scene.ledger, [e.id for e in exceptions.unresolved(scene.ledger, 1)], "Ada Lead")
    scene.run()
    assert {e.state for e in exceptions.unresolved(scene.ledger, 1)} == {"approved"} and len(scene.here["Known"].messages) == 1
    names = ()
    assert scene.run().counts.messages == 2 and scene.odd() == []


def test_a_folder_that_is_not_opened_for_want_of_rest_stops_the_pass(scene, monkeypatch):
    scene.there["INBOX"].add(b"a")

    def throttled(_side, name):
        raise REFUSED(f"opening the folder {name}: Request is throttled. Suggested Backoff Time: 300 milliseconds")

    monkeypatch.setattr(FakeSource, "_opened", throttled)
    with pytest.raises(REFUSED, match="throttled"):
        scene.run()
    assert scene.odd() == []
