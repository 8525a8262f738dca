# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch with a server in memory, whose latency is what a test says; time passes only in answers and waits."""

from __future__ import annotations

import dataclasses
import json
import random
import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import LoginRefused, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Answer
from ansible_collections.messaging.migration.plugins.module_utils._job import orders
from ansible_collections.messaging.migration.plugins.module_utils._ledger import pace as ledger_pace
from ansible_collections.messaging.migration.plugins.module_utils._model import rest
from ansible_collections.messaging.migration.plugins.module_utils._model.latency import percentile_of
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Probe, Server
from ansible_collections.messaging.migration.plugins.module_utils._model.steering import FLOOR, START
from ansible_collections.messaging.migration.plugins.module_utils._pace import live_probe, live_user
from ansible_collections.messaging.migration.plugins.module_utils._pace import pace as paces
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes

PROBE = Probe("probe", password="secret", interval=0.5, baseline_seconds=20)
SERVER = Server(name="s1", host="h", login=("{domain}/{admin}/{mailbox}",), domain="EXAMPLE", admin="migadmin", live_probe=PROBE)


class World:
    """Clock, event, connection and mailbox in one. `stop_after` seconds the watch is told to stop; `read` bytes a second are
    read by workers meanwhile, unless that is more than the ceiling."""

    def __init__(self, ledger) -> None:
        self.ledger, self.now, self.began = ledger, 1_800_000_000.0, None
        self.latency = lambda world: 0.01
        self.stop_after, self.read, self.uids = 60.0, 0.0, list(range(1, 301))
        self.logins, self.fetched, self.fails = [], [], []
        # What of each read was the station's own, in seconds: until it saw the answer, and after.
        self.lain = self.own = 0.0

    # The clock.
    def time(self) -> float:
        return self.now

    monotonic = time

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        row = ledger_pace.row(self.ledger, "s1")
        if self.read and row is not None and row.ceiling is not None and self.began is not None:
            moved = min(self.read, row.ceiling) * seconds
            ledger_pace.set_values(self.ledger, "s1", bytes=row.bytes + round(moved))

    # The event.
    def is_set(self) -> bool:
        return self.began is not None and self.now >= self.began + self.stop_after

    def wait(self, seconds: float) -> bool:
        self.pass_by(seconds)
        return self.is_set()

    # The pipe: workers begin when the baseline is known.
    def send(self, said) -> None:
        self.said, self.began = said, self.now

    # The server.
    def connect(self, server, mailbox):
        self.logins.append((server.login_names(mailbox.name), mailbox.password, server.timeout))
        if self.fails:
            raise self.fails.pop(0)
        return self

    @property
    def client(self):
        return self

    wire = client

    def search(self, _criteria):
        return list(self.uids)

    def start(self, command: bytes) -> bytes:
        if self.fails:
            raise self.fails.pop(0)
        self.fetched.append(command)
        return b"W1"

    def result(self, _tag: bytes):
        self.pass_by(self.latency(self))
        yield Answer("OK", "done")

    # The socket, and what watches it.
    def socket(self, *_arguments):
        return self

    def wait_for(self, _began: float) -> float:
        return self.lain

    def since(self) -> float:
        return self.own

    def close(self) -> None:
        pass


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def world(ledger, monkeypatch):
    world = World(ledger)
    for module in (live_probe, live_user, ledger_pace, paces):
        monkeypatch.setattr(module, "time", world)
    monkeypatch.setattr(live_probe, "random", random.Random(7))
    monkeypatch.setattr(live_user, "connect", world.connect)
    monkeypatch.setattr(live_user, "Arrival", lambda sock, timeout: types.SimpleNamespace(wait=world.wait_for, since=world.since, close=world.close))
    return world


@pytest.fixture
def watched(world, ledger, tmp_path):
    def watched(server=SERVER):
        live_probe.watch(server, options(tmp_path), MIGRATION, world, world)
        return ledger_pace.row(ledger, "s1")

    return watched


def test_the_quiet_server_is_measured_first(world, watched):
    world.stop_after = 0
    row = watched()
    assert world.said is None and (row.baseline_p50, row.baseline_p95) == pytest.approx((0.01, 0.01))
    assert row.baseline_at == pytest.approx(world.now, abs=1) and (row.budget, row.ceiling) == (1.25, START)
    # As often as later, and no message twice.
    assert len(world.fetched) == len(set(world.fetched)) == pytest.approx(40, abs=8)
    assert row.steered_by is None


def test_a_program_that_reads_as_regularly_does_not_meet_the_probe_each_time(world, watched):
    moments = []

    def latency(world):
        moments.append(world.now)
        return 0.01

    world.latency, world.stop_after = latency, 0.0
    watched()
    gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
    assert 0.24 < min(gaps) < 0.35 and 0.65 < max(gaps) < 0.76
    # Within his own turns it comes early and late.
    assert {int(moment % PROBE.interval / PROBE.interval * 5) for moment in moments} == {0, 1, 2, 3, 4}


def test_the_user_logs_in_as_himself(world, watched):
    world.stop_after = 0
    watched()
    assert world.logins == [(["probe", "EXAMPLE\\probe"], "secret", 20.0)]


def test_a_young_baseline_is_taken_over_and_an_old_one_is_not(world, watched, ledger):
    world.stop_after = 0
    ledger_pace.set_values(ledger, "s1", baseline_p50=0.5, baseline_p95=0.7, baseline_at=world.now - 3600)
    assert watched().baseline_p95 == 0.7 and world.said is None and not world.fetched
    world.began = None
    world.now += 12 * 3600
    assert watched().baseline_p95 == pytest.approx(0.01) and world.fetched


def test_an_old_baseline_is_better_than_one_of_a_server_that_is_read(world, watched, ledger):
    world.stop_after = 0
    [anna] = with_mailboxes(ledger, "anna")
    with ledger.write() as connection:
        connection.execute(ledger.tables.mailboxes.update().values(lease_owner="w1", lease_until=world.now + 60))
    ledger_pace.set_values(ledger, "s1", baseline_p95=0.7, baseline_at=world.now - 30 * 3600)
    assert watched().baseline_p95 == 0.7 and anna.server == "s1"


def test_what_the_station_took_for_itself_is_not_the_servers(world, watched):
    world.lain, world.own = 0.004, 0.003
    assert watched().baseline_p95 == pytest.approx(0.003, rel=1e-3)


def test_more_and_more_is_allowed_while_users_feel_nothing(world, watched):
    world.read = 10e6
    row = watched()
    assert row.ceiling > 2 * START and row.trouble is None


def test_less_is_allowed_when_they_do_and_the_evidence_is_kept(world, watched, ledger):
    world.read, world.latency = 10e6, lambda world: 0.01 if world.began is None else 0.05
    row = watched()
    assert row.ceiling == FLOOR
    lines = ledger_pace.evidence(ledger, "s1")
    assert len(lines) >= 5 and all((line.p95, line.over) == (pytest.approx(0.05), line.samples) for line in lines)
    over, answers = ledger_pace.slow_share(ledger, "s1")
    assert over == answers == sum(json.loads(row.histogram).values()) > 80
    # The rests are told beside it.
    assert percentile_of(json.loads(row.rests), 0.95) == pytest.approx(0.05, rel=0.01) and sum(json.loads(row.rests).values()) >= 5
    assert row.latency_p95 == pytest.approx(0.05)


def test_a_server_that_gets_slower_by_itself_is_still_read(world, watched):
    """Its users are at work by now: what they feel of us is what comes on top of that."""
    world.read, world.stop_after, world.latency = 10e6, 1800.0, lambda world: 0.01 if world.began is None else 0.02
    assert watched().ceiling > 2 * START


def test_a_server_that_is_slow_only_while_it_is_read_is_left_alone(world, watched):
    def latency(world):
        return 0.02 if world.began is not None and not rest.left(world.now) else 0.01

    world.read, world.stop_after, world.latency = 10e6, 1800.0, latency
    row = watched()
    assert row.ceiling == FLOOR
    assert percentile_of(json.loads(row.histogram), 0.95) == pytest.approx(2 * percentile_of(json.loads(row.rests), 0.95), rel=0.05)


def test_however_slow_it_gets_that_is_not_taken_for_quiet(world, watched):
    world.read, world.stop_after, world.latency = 10e6, 1800.0, lambda world: 0.01 if world.began is None else 0.2
    assert watched().ceiling == FLOOR


def test_what_is_slow_while_nobody_reads_changes_nothing(world, watched, ledger):
    world.latency = lambda world: 0.01 if world.began is None else 0.05
    row = watched()
    assert row.ceiling == START and json.loads(row.histogram) == {} and ledger_pace.slow_share(ledger, "s1") == (0, 0)


def test_a_server_that_does_not_answer_is_left_at_the_floor_and_looked_for_again(world, watched):
    world.read = 10e6
    ceilings = []

    def latency(world):
        if world.began is not None and not ceilings:
            world.fails = [OSError("gone"), Unreachable("away"), Unreachable("away")]
            ceilings.append(ledger_pace.row(world.ledger, "s1").ceiling)
        return 0.01

    world.latency = latency
    row = watched()
    assert row.trouble is None and len(world.logins) == 4 and row.ceiling > FLOOR


def test_a_login_that_is_refused_later_is_not_tried_again(world, watched):
    world.read = 1e6

    def latency(world):
        if world.began is not None and len(world.logins) == 1:
            world.fails = [OSError("gone"), LoginRefused("no more")]
        return 0.01

    world.latency = latency
    row = watched()
    assert len(world.logins) == 2 and row.trouble == "LoginRefused: no more" and row.steered_by is None


def refused(text="s1 refuses the login for mailbox probe."):
    return LoginRefused(text, "Each form was tried once, so no account is locked.", "Check the password.")


def test_the_next_step_tries_a_refused_login_once_and_ends_before_workers_begin(world, watched):
    watched()
    # The user changes the password. The first step finds out while the workers are at work.
    world.began, world.fails = None, [refused()]
    first = watched()
    assert world.said is None and len(world.logins) == 2 and first.trouble.startswith("LoginRefused: s1 refuses the login")
    world.began, world.fails = None, [refused()]
    second = watched()
    assert world.said == str(refused()) and len(world.logins) == 3
    assert (second.trouble, second.steered_by) == (first.trouble, None)
    # It is corrected: one login is enough to be proved by, and to read by.
    world.began, world.stop_after = None, 20.0
    third = watched()
    assert world.said is None and len(world.logins) == 4 and third.trouble is None


def test_a_refused_login_is_remembered_until_one_succeeds(world, watched, ledger):
    young = {"baseline_p95": 0.01, "baseline_at": world.now}
    ledger_pace.set_values(ledger, "s1", trouble=f"LoginRefused: {refused()}", **young)
    # A server that is away says nothing about the password.
    world.fails = [Unreachable("away") for _number in range(100)]
    row = watched()
    assert world.said is None and len(world.logins) > 2 and row.trouble == f"LoginRefused: {refused()}"
    # Nor does one that is closed.
    orders.write(ledger, "s1", "paused")
    world.began = None
    assert watched().trouble == row.trouble and world.said is None
    orders.write(ledger, "s1", "running")
    world.began, world.fails = None, [Unreachable("away"), Unreachable("away")]
    assert watched().trouble is None


def test_what_else_ended_an_earlier_watch_asks_for_no_proof(world, watched, ledger):
    ledger_pace.set_values(ledger, "s1", trouble="OSError: gone", baseline_p95=0.01, baseline_at=world.now)
    world.stop_after = 0.0
    assert watched().trouble is None and world.said is None and not world.logins


def test_a_login_that_another_station_was_refused_just_now_is_not_tried_too(world, watched, ledger):
    ledger_pace.set_values(ledger, "s1", baseline_p95=0.01, baseline_at=world.now)
    assert ledger_pace.steer(ledger, "s1", "another", 3600)
    wait = world.wait

    def until(seconds):
        ledger_pace.leave(ledger, "s1", "another", f"LoginRefused: {refused()}")
        return wait(seconds)

    world.wait = until
    row = watched()
    assert world.said is None and not world.logins and row.trouble == f"LoginRefused: {refused()}"


def test_short_steps_together_follow_a_server_that_gets_slower_by_itself(world, watched, ledger):
    server = dataclasses.replace(SERVER, live_probe=dataclasses.replace(PROBE, interval=0.2))
    world.stop_after = 0.0
    watched(server)
    # Hours later it is day. A step alone sees too few rests.
    world.now += 4 * 3600
    world.read, world.stop_after, world.latency = 10e6, 80.0, lambda world: 0.013
    for _step in range(7):
        world.began = None
        row = watched(server)
    last = ledger_pace.evidence(ledger, "s1")[-1]
    assert (last.p95, last.over) == (pytest.approx(0.013), 0) and row.ceiling > 2 * START
    # Every worker reads it each second.
    assert len(json.loads(row.steering)["quiet"]) >= live_probe.ENOUGH and len(row.steering) < 3000


@pytest.mark.parametrize(("age", "heeded"), [(60, True), (40 * 60, False)])
def test_what_another_station_saw_in_rests_is_taken_over_while_it_is_fresh(world, watched, ledger, age, heeded):
    memory = json.dumps({"debt": 0.0, "quiet": [13_000] * live_probe.ENOUGH, "quiet_at": world.now - age})
    ledger_pace.set_values(ledger, "s1", baseline_p95=0.01, baseline_at=world.now)
    assert ledger_pace.steer(ledger, "s1", "another", 10)
    wait = world.wait

    def until(seconds):
        # It is written down only after we began.
        if ledger_pace.row(ledger, "s1").steered_by == "another":
            ledger_pace.set_values(ledger, "s1", steering=memory)
        return wait(seconds)

    world.wait, world.read, world.latency = until, 10e6, lambda world: 0.013
    assert (watched().ceiling > START) is heeded


def test_what_was_measured_is_handed_on(world, watched):
    world.stop_after = 0.0
    known = json.loads(watched().steering)
    assert known["quiet"] == [10_000] * len(world.fetched) and known["quiet_at"] == pytest.approx(world.now, abs=1)


def test_one_station_steers(world, watched, ledger):
    ledger_pace.set_values(ledger, "s1", baseline_p95=0.01, baseline_at=world.now, ceiling=123_456.0)
    assert ledger_pace.steer(ledger, "s1", "another", 3600)
    row = watched()
    assert (row.ceiling, row.steered_by) == (123_456.0, "another") and not world.fetched


def test_the_next_step_of_a_long_module_knows_what_the_last_one_learnt(world, watched):
    world.read, world.stop_after, world.latency = 10e6, 20.0, lambda world: 0.01 if world.began is None else 0.05
    first = watched()
    learnt = json.loads(first.steering)
    assert learnt["debt"] > 0 and learnt["knee"]
    # The next one begins, is told to stop at once, and leaves all as it was.
    world.began, world.stop_after = None, 0.0
    second = watched()
    assert (second.ceiling, second.steering, second.baseline_at) == (first.ceiling, first.steering, first.baseline_at)


def test_a_server_is_measured_and_watched_only_while_it_is_open(world, watched, ledger, monkeypatch):
    orders.write(ledger, "s1", "paused")
    assert watched() is None and world.said is None and not world.fetched
    # The order is lifted while the workers are about.
    world.began = None
    world.stop_after = 120.0

    def connect(server, mailbox, connect=world.connect):
        assert orders.state(ledger, "s1") == "running"
        return connect(server, mailbox)

    monkeypatch.setattr(live_user, "connect", connect)
    wait = world.wait

    def until(seconds):
        if world.now > world.began + 30:
            orders.write(ledger, "s1", "running")
        return wait(seconds)

    world.wait = until
    row = watched()
    assert row.baseline_p95 == pytest.approx(0.01) and row.baseline_at > world.began + 30 and row.trouble is None


def test_one_takes_over_when_the_other_is_silent(world, watched, ledger):
    ledger_pace.set_values(ledger, "s1", baseline_p95=0.01, baseline_at=world.now, ceiling=123_456.0)
    assert ledger_pace.steer(ledger, "s1", "another", 10)
    world.read = 10e6
    assert watched().ceiling > 123_456


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (MigrationError("The certificate is not trusted."), "The certificate is not trusted."),
        (OSError("cut"), "s1 broke off while its quiet latency was measured: cut. Nothing was copied."),
        (ZeroDivisionError("a fault of ours"), "ZeroDivisionError: a fault of ours"),
    ],
)
def test_whoever_waits_for_the_baseline_is_told_why_there_is_none(world, watched, fault, text):
    world.fails = [fault]
    watched()
    assert text in world.said


def test_a_mailbox_without_messages_tells_nothing(world, watched):
    world.uids = []
    watched()
    assert "The INBOX of probe on s1, by which its latency is to be watched, has no messages." in world.said
