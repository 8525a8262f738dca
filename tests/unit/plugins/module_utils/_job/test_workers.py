# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import os
import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import Down, LoginRefused, MigrationError, Stopped, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import LOST, REFUSED, refusal
from ansible_collections.messaging.migration.plugins.module_utils._job import orders, plan, workers
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, pace, passes
from ansible_collections.messaging.migration.plugins.module_utils._pace.pace import OUTAGE_STEPS
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

    def odd(ledger, plan_, row, pulse):
        return handler(ledger, plan_, row, pulse) if row.name == "anna" else moves(ledger, plan_, row, pulse)

    result = scene.run(odd, "anna", "ben")
    assert (result["fresh"], result["error"]) == (1, None)
    assert scene.rows()["anna"].failure.startswith("s1/anna: an error of this collection") and "ZeroDivisionError" in scene.rows()["anna"].failure


def test_a_ledger_in_trouble_is_no_mailboxs_fault(scene):
    def handler(ledger, plan_, row, pulse):
        raise workers.sa.exc.OperationalError("INSERT", {}, OSError("disk I/O error"))

    assert "disk I/O error" in scene.run(handler, "anna", workers=1)["error"]
    assert scene.rows()["anna"].failure is None


def test_a_server_that_nobody_reaches_fails_no_mailbox_for_a_while(scene):
    def handler(ledger, plan_, row, pulse):
        raise Down("s1 can't be reached.")

    plan_ = scene.plan("anna", "ben", workers=1)
    late = iter([False, False])
    object.__setattr__(plan_, "late", lambda: next(late, True))
    workers.run(plan_, handler)
    assert {row.failure for row in scene.rows().values()} == {None} and pace.state(scene.ledger, "s1").back_off > 0
    # Some 40 minutes later it has been so for too long.
    pace.set_values(scene.ledger, "s1", back_off_step=OUTAGE_STEPS, back_off_until=time.time() - 1)
    workers.run(scene.plan("anna", "ben"), handler)
    assert scene.rows()["anna"].failure == "The connection broke 3 times while s1/anna was worked on: s1 can't be reached."


def test_a_name_that_sounds_like_a_rest_is_none(scene):
    def handler(ledger, plan_, row, pulse):
        if row.name == "carl":
            raise refusal("opening the folder Back office 2023", "no such folder")
        raise MigrationError("The target mailbox backoff 1234 holds 12 messages, too many.", "", "Check its connection limits.")

    scene.run(handler, "anna", "carl")
    assert pace.state(scene.ledger, "s1").back_off == 0
    rows = scene.rows()
    assert "holds 12 messages" in rows["anna"].failure and "Back office 2023: no such folder" in rows["carl"].failure


def test_the_servers_words_are_heard(scene):
    def handler(ledger, plan_, row, pulse):
        raise Unreachable("s1 closed the connection.", words="Too many connections")

    plan_ = scene.plan("anna", workers=1)
    late = iter([False, False])
    object.__setattr__(plan_, "late", lambda: next(late, True))
    workers.run(plan_, handler)
    assert scene.rows()["anna"].failure is None and pace.state(scene.ledger, "s1").back_off > 0


def test_a_step_that_ends_does_not_end_what_would_have_to_begin_anew(scene):
    seen = []

    def handler(ledger, plan_, row, pulse):
        object.__setattr__(plan_, "late", lambda: True)
        seen.append((pulse(), pulse.at_once()))
        orders.write(ledger, "s1", "paused")
        pulse.pace._read_at = None
        seen.append((pulse(), pulse.at_once()))
        raise MigrationError(repr(seen))

    scene.run(handler, "anna", workers=1)
    assert scene.rows()["anna"].failure == "[(True, False), (True, True)]"


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
    made = scene.plan("anna", "ben", target={"name": "t", "host": "t.test"})
    workers.preflight(scene.ledger, made)
    assert logins == [("s1", "anna"), "closed", ("t", "anna-at-target"), "closed"]
    # Nobody is asked who is closed, or has nothing left to read.
    orders.write(scene.ledger, "s1", "paused")
    workers.preflight(scene.ledger, made)
    orders.write(scene.ledger, "s1", "running")
    workers.run(scene.plan("anna", "ben"), moves)
    workers.preflight(scene.ledger, made)
    assert len(logins) == 4


@pytest.mark.parametrize("other", [{"pst": "/srv/old.pst"}, {"public_folder": "/Sales"}])
def test_the_first_login_is_into_a_mailbox_of_the_server(monkeypatch, scene, other):
    proved = []
    monkeypatch.setattr(workers, "prove", lambda _server, mailbox: proved.append(mailbox.name))
    made = scene.plan("anna", "ben")
    server = made.servers["s1"]
    anna, ben = server.mailboxes
    made.servers["s1"] = dataclasses.replace(server, mailboxes=(dataclasses.replace(anna, **other), ben))
    workers.preflight(scene.ledger, made)
    # Mail of his is on the server, whatever comes from his file.
    made.servers["s1"] = dataclasses.replace(server, mailboxes=(dataclasses.replace(anna, pst="/srv/old.pst", pst_items_only=True), ben))
    workers.preflight(scene.ledger, made)
    # There is nothing else.
    made.servers["s1"] = dataclasses.replace(server, mailboxes=tuple(dataclasses.replace(one, **other) for one in server.mailboxes))
    workers.preflight(scene.ledger, made)
    assert proved == ["ben", "anna", "anna"]


def preflight(monkeypatch, scene, error) -> None:
    def prove(_server, _mailbox):
        raise error

    monkeypatch.setattr(workers, "prove", prove)
    workers.preflight(scene.ledger, scene.plan("anna", "ben"))


def test_a_rest_at_the_first_login_is_left_to_the_workers(monkeypatch, scene):
    preflight(monkeypatch, scene, LoginRefused("no", words="Request is throttled. Suggested Backoff Time: 300 milliseconds"))
    with pytest.raises(LoginRefused, match="wrong password"):
        preflight(monkeypatch, scene, LoginRefused("wrong password"))


def test_a_server_that_is_restarted_in_the_night_ends_nothing(monkeypatch, scene):
    with pytest.raises(Down):
        preflight(monkeypatch, scene, Down("can't be reached"))
    workers.run(scene.plan("anna", "ben", workers=1, only=["anna"]), moves)
    preflight(monkeypatch, scene, Down("can't be reached"))
    assert pace.state(scene.ledger, "s1").back_off > 0
    pace.set_values(scene.ledger, "s1", back_off_step=OUTAGE_STEPS, back_off_until=time.time() - 1)
    with pytest.raises(Down):
        preflight(monkeypatch, scene, Down("can't be reached"))
