# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox that lives on while it is migrated, by a process that is stopped and killed anywhere: nothing is lost, nothing doubled."""

from __future__ import annotations

import contextlib
from unittest import mock

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ansible_collections.messaging.migration.plugins.module_utils._errors import Stopped
from ansible_collections.messaging.migration.plugins.module_utils._job import mailbox_pass, settle, target_folders, transfer
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, items, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import Ledger
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import Crash, FakeSource, FakeTarget, Fuse, Pulse, Store

LIMIT = 10
NAMES = ("Sent", "sent", "Sent/2019", "R&AOk-sum&AOk-", "a.b", "INBOX/Below", "100%")
# Few bodies, so that exact duplicates are common; one is larger than the target takes.
BODIES = st.sampled_from([b"", b"a", b"b", b"c", b"x" * (LIMIT + 1)])
FLAGS = st.sets(st.sampled_from(["\\Seen", "\\Flagged", "$Forwarded"])).map(sorted)
DATES = st.sampled_from(["02-Jan-2019 03:04:05 +0100", "31-Dec-2020 23:59:59 +0000"])


class FragileLedger(Ledger):
    """In memory, so that many can be had; a commit is a step, too."""

    def __init__(self, fuse: Fuse) -> None:
        engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
        super().__init__(engine, engine.url)
        self.fuse = fuse
        self.tables.meta.create_all(engine)

    @contextlib.contextmanager
    def write(self):
        self.fuse.burn()
        with super().write() as connection:
            yield connection


class Migration(RuleBasedStateMachine):
    @initialize(
        separator=st.sampled_from(["/", "."]), prefix=st.sampled_from(["", "INBOX"]), changes=st.sampled_from(["", "CONDSTORE", "QRESYNC"]),
        told=st.booleans(), tells=st.booleans(), counts=st.booleans(), whole=st.booleans(), copies=st.booleans(), newest=st.booleans(),
        bodies=st.lists(BODIES, max_size=8),
    )
    def begin(self, separator, prefix, changes, told, tells, counts, whole, copies, newest, bodies):
        self.fuse = Fuse()
        self.source_store = Store(separator="/", condstore=bool(changes), resync=changes == "QRESYNC", told=told)
        self.target_store = Store(prefix and prefix + separator, separator)
        self.tells, self.whole, self.counts, self.copies = tells, whole, counts, copies
        self.settings = {"deletions": "mirror", "on_foreign": "refuse", "order": "newest" if newest else "oldest"}
        self.ledger = FragileLedger(self.fuse)
        self.server = Server(name="s1", host="s1.test", mailboxes=(Mailbox("anna", "anna"),))
        mailboxes.register(self.ledger, "s1", self.server.mailboxes)
        for body in bodies:
            self.source_store.boxes["INBOX"].add(body)

    def teardown(self):
        if hasattr(self, "ledger"):
            self.ledger.close()

    # What users and administrators do at the source

    @rule(data=st.data(), bodies=st.lists(BODIES, min_size=1, max_size=8), flags=FLAGS, date=DATES)
    def mail_arrives(self, data, bodies, flags, date):
        box = self.source_store.boxes[data.draw(st.sampled_from(sorted(self.source_store.boxes)), "folder")]
        for body in bodies:
            box.add(body, flags, date)

    @precondition(lambda self: any(box.messages for box in self.source_store.boxes.values()))
    @rule(data=st.data(), change=st.sampled_from(["delete", "flag", "move"]), add=FLAGS, remove=FLAGS)
    def mail_changes(self, data, change, add, remove):
        name, uid = data.draw(st.sampled_from(sorted((name, uid) for name, box in self.source_store.boxes.items() for uid in box.messages)), "message")
        box = self.source_store.boxes[name]
        if change == "flag":
            box.flag(uid, add, remove)
            return
        if change == "move":
            self.source_store.move(uid, name, data.draw(st.sampled_from(sorted(self.source_store.boxes)), "to"))
        else:
            box.remove(uid)

    @rule(change=st.sampled_from(["make", "delete", "rename", "subscribe"]), name=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def folder_changes(self, change, name, new):
        boxes = self.source_store.boxes
        if name not in boxes:
            self.source_store.create(name)
        if change == "subscribe":
            boxes[name].subscribed = not boxes[name].subscribed
        elif change == "delete":
            del boxes[name]
        elif change == "rename" and new not in boxes:
            self.source_store.rename(name, new)

    @rule(data=st.data(), side=st.sampled_from(["source_store", "target_store"]))
    def a_folder_is_renumbered(self, data, side):
        store = getattr(self, side)
        store.boxes[data.draw(st.sampled_from(sorted(store.boxes)), "folder")].renumber(store.new_uidvalidity())

    # What the migration does

    def run_pass(self, pulse, withheld=()):
        self.source = FakeSource(self.source_store, self.fuse)
        self.source.withheld = set(withheld)
        target = FakeTarget(self.target_store, self.fuse)
        target.tells, target.whole, target.largest_message = self.tells, self.whole, LIMIT
        target.counts, target.copies = self.counts, self.copies
        row = mailboxes.find(self.ledger, "s1", "anna")
        with (
            mock.patch.object(mailbox_pass, "open_source", lambda *_: self.source),
            mock.patch.object(target_folders, "ImapTarget", lambda *_: target),
            mock.patch.object(transfer, "ENOUGH_MESSAGES", 3),
            mock.patch.object(settle, "QUIET_SECONDS", 0),
        ):
            mailbox_pass.MailboxPass(
                self.ledger, row, self.server, Server(name="t", host="t.test"), self.server.mailboxes[0], self.settings, pulse
            ).run()

    @rule(withheld=st.sets(st.integers(1, 8), max_size=3))
    def a_pass_is_completed(self, withheld):
        self.run_pass(Pulse(), withheld)
        self.sides_are_equal()
        # A second one finds nothing to do.
        again = Pulse()
        self.run_pass(again)
        assert not again.counts.any()

    @rule(after=st.integers(0, 12))
    def a_pass_is_stopped(self, after):
        with contextlib.suppress(Stopped):
            self.run_pass(Pulse(after))

    @rule(steps=st.integers(0, 60))
    def a_pass_is_killed(self, steps):
        self.fuse.steps = steps
        with contextlib.suppress(Crash):
            self.run_pass(Pulse())
        self.fuse.steps = None

    @rule(steps=st.integers(0, 30), deleted=st.integers(1, 8), flagged=st.integers(1, 8), arrives=BODIES)
    def a_pass_meets_users_at_work(self, steps, deleted, flagged, arrives):
        """They change things between two of its steps; the next pass brings that over."""

        def work():
            inbox = self.source_store.boxes["INBOX"]
            inbox.remove(deleted)
            inbox.flag(flagged, ["\\Answered"])
            inbox.add(arrives)

        self.fuse.steps, self.fuse.last = steps, work
        self.run_pass(Pulse())
        self.fuse.steps, self.fuse.last = None, self.fuse.crash

    @rule()
    def exceptions_are_approved(self):
        exceptions.approve(self.ledger, [row.id for row in exceptions.listed(self.ledger)], "Ada Lead")

    # What must hold

    def sides_are_equal(self):
        known = items.folders(self.ledger, mailboxes.find(self.ledger, "s1", "anna").id)
        assert known.keys() == self.source_store.boxes.keys()
        assert {row.target_name for row in known.values()} | {"INBOX"} == self.target_store.boxes.keys()
        for name, box in self.source_store.boxes.items():
            there = self.target_store.boxes[known[name].target_name]
            assert there.mail() == [entry for entry in box.mail() if len(entry[0]) <= LIMIT], f"folder {name}"
            assert there.subscribed == box.subscribed, f"folder {name}"
        left = {(row.folder, row.source_uid) for row in exceptions.listed(self.ledger)}
        for name, box in self.source_store.boxes.items():
            for uid, message in box.messages.items():
                assert ((name, uid) in left) == (len(message.body) > LIMIT), f"folder {name} UID {uid}"


Migration.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
TestMigration = Migration.TestCase
