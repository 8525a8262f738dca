# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Stopped
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import LOST, REFUSED, LoginRefused, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._job import plan, workers
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, passes
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(workers.time, "sleep", lambda seconds: None)


class Scene:
    def __init__(self, folder) -> None:
        self.folder = folder
        self.ledger = opened(folder)

    def plan(self, *names: str, **values):
        with_mailboxes(self.ledger, *names)
        sources = [{"name": "s1", "host": "s1.test", "mailboxes": [{"name": name, "target": f"{name}-at-target"} for name in names]}]
        return plan.from_params("copy", {"sources": sources, "ledger": options(self.folder), "migration": MIGRATION, "round": "r1", "workers": 2, **values})

    def run(self, handler, *names: str, **values) -> dict:
        return workers.run(self.plan(*names, **values), handler)

    def rows(self) -> dict:
        return {row.name: row for row in mailboxes.listed(self.ledger)}


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def moves(ledger, plan_, row, pulse):
    pulse.counts.messages += 2
    pulse()
    return {"copied_at": 5.0}


def test_every_mailbox_goes_through_once(scene):
    result = scene.run(moves, "anna", "ben", "carl")
    assert (result["counts"].messages, result["fresh"], result["error"]) == (6, 3, None)
    assert {(row.copied_at, row.round, row.failure, row.lease_owner) for row in scene.rows().values()} == {(5.0, "r1", None, None)}
    assert [(row.messages, row.finished) for row in passes.newest(scene.ledger, 9)] == [(2, True)] * 3
    assert scene.run(moves, "anna", "ben", "carl")["fresh"] == 0


def test_one_failure_harms_no_other_mailbox(scene):
    def handler(ledger, plan_, row, pulse):
        if row.name == "ben":
            raise MigrationError("It broke.", "Nothing was changed.", "Run it again.")
        if row.name == "carl":
            raise REFUSED("no such folder")
        return moves(ledger, plan_, row, pulse)

    result = scene.run(handler, "anna", "ben", "carl", "dora")
    assert (result["fresh"], result["error"]) == (2, None)
    rows = scene.rows()
    assert rows["ben"].failure == "It broke. Nothing was changed. Run it again."
    assert rows["carl"].failure == (
        "A server refused a command: no such folder. What was moved stays; nothing is lost at the source. See in its log why, then run again."
    )
    assert rows["ben"].copied_at is None and rows["ben"].lease_owner is None
    # The next round tries again what failed, and only that.
    assert workers.run(scene.plan("anna", "ben", "carl", "dora", round="r2"), moves)["fresh"] == 2
    assert {row.failure for row in scene.rows().values()} == {None}


@pytest.mark.parametrize("error", [LOST[0]("connection reset"), OSError("no route"), EOFError("end"), Unreachable("down")])
def test_a_broken_connection_is_tried_again(scene, error):
    def handler(ledger, plan_, row, pulse):
        pulse.tries = getattr(pulse, "tries", 0) + 1
        if pulse.tries < 3:
            raise error
        return moves(ledger, plan_, row, pulse)

    assert scene.run(handler, "anna")["fresh"] == 1


def test_but_not_for_ever(scene):
    def handler(ledger, plan_, row, pulse):
        raise LOST[0]("connection reset")

    assert scene.run(handler, "anna")["fresh"] == 0
    assert scene.rows()["anna"].failure == "The connection broke 3 times while s1/anna was worked on: connection reset"


def test_a_stop_leaves_the_mailbox_to_the_next_step(scene):
    def handler(ledger, plan_, row, pulse):
        pulse.counts.messages += 1
        raise Stopped

    made = scene.plan("anna", workers=1, time_budget=1000)
    late = iter([False, False, True])
    object.__setattr__(made, "late", lambda: next(late, True))
    result = workers.run(made, handler)
    row = scene.rows()["anna"]
    assert (result["counts"].messages, result["fresh"], row.round, row.failure, row.lease_owner) == (1, 0, None, None, None)
    assert [(p.messages, p.finished) for p in passes.newest(scene.ledger, 9)] == [(1, False)]


def test_refused_logins_end_before_an_account_is_locked(scene):
    def handler(ledger, plan_, row, pulse):
        raise LoginRefused(f"no {row.name}")

    result = scene.run(handler, *(f"user{number}" for number in range(9)), workers=1)
    assert result["error"].startswith("s1 refused 3 logins in a row. No further login was tried")
    assert sum(row.failure is not None for row in scene.rows().values()) == 2


def test_what_nobody_expected_is_told(scene):
    def handler(ledger, plan_, row, pulse):
        return 1 // 0

    assert "ZeroDivisionError" in scene.run(handler, "anna")["error"]


def test_a_worker_that_is_killed(scene):
    def handler(ledger, plan_, row, pulse):
        os._exit(9)

    result = scene.run(handler, "anna", workers=1)
    assert "ended without a word; its mailbox is taken over when its lease ends" in result["error"]
    assert scene.rows()["anna"].lease_owner is not None


def test_a_lost_lease_ends_the_work(scene, monkeypatch):
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 0)

    def handler(ledger, plan_, row, pulse):
        mailboxes.set_values(ledger, row.id, lease_owner="another")
        # Or it would wait for the other one.
        object.__setattr__(plan_, "late", lambda: True)
        return moves(ledger, plan_, row, pulse)

    scene.run(handler, "anna", workers=1)
    row = scene.rows()["anna"]
    # Whatever this one found out, the mailbox is the other one's.
    assert (row.lease_owner, row.round, row.failure) == ("another", None, None)


def test_the_heartbeat_extends_the_lease_and_shows_the_counts(scene, monkeypatch):
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 0)
    seen = []

    def handler(ledger, plan_, row, pulse):
        pulse.counts.messages = 7
        before = mailboxes.find(ledger, "s1", "anna").lease_until
        pulse()
        seen.append(mailboxes.find(ledger, "s1", "anna").lease_until > before)
        seen.append(passes.newest(ledger, 1)[0].messages)
        raise MigrationError(repr(seen))

    scene.run(handler, "anna", workers=1)
    assert scene.rows()["anna"].failure == "[True, 7]"


def test_before_anything_is_touched_each_side_is_tried_once(monkeypatch, scene):
    logins = []

    class Session:
        def close(self):
            logins.append("closed")

    def connect(server, mailbox):
        logins.append((server.name, mailbox.name))
        return Session()

    monkeypatch.setattr(workers, "connect", connect)
    monkeypatch.setattr(workers, "prove", lambda server, mailbox: connect(server, mailbox).close())
    workers.preflight(scene.plan("anna", "ben", target={"name": "t", "host": "t.test"}))
    assert logins == [("s1", "anna"), "closed", ("t", "anna-at-target"), "closed"]
