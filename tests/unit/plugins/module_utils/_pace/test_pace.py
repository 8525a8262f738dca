# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pace against a real ledger; time passes only where a test says so."""

from __future__ import annotations

import datetime
import json

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._job import orders
from ansible_collections.messaging.migration.plugins.module_utils._ledger import pace as ledger_pace
from ansible_collections.messaging.migration.plugins.module_utils._model import throttle
from ansible_collections.messaging.migration.plugins.module_utils._model import rest
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Probe, Server
from ansible_collections.messaging.migration.plugins.module_utils._model.steering import FLOOR
from ansible_collections.messaging.migration.plugins.module_utils._model.window import Window
from ansible_collections.messaging.migration.plugins.module_utils._pace import pace as paces
from ansible_collections.messaging.migration.plugins.module_utils._pace.pace import OUTAGE_STEPS, Pace
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened

NIGHT = Window.from_options({"from": "22:00", "to": "06:00", "timezone": "UTC", "connections": 7, "bytes_per_second": 400_000})


class Time:
    """Both clocks of Pace and that of the ledger, and a sleep that makes them go on."""

    def __init__(self) -> None:
        self.now, self.slept = datetime.datetime(2026, 1, 1, 23, tzinfo=datetime.timezone.utc).timestamp(), []

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Time()
    for module in (paces, ledger_pace):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def paced(ledger, clock):
    def paced(**values):
        return Pace(ledger, Server(name="s1", host="h", **values), clock.time)

    return paced


def never() -> bool:
    return False


def test_without_limits_nothing_waits_and_nothing_is_written(paced, ledger, clock):
    pace = paced()
    assert pace.take(5, 10**12, never) and not pace.limited and pace.connections() == 4 and not pace.closed()
    assert clock.slept == [] and ledger_pace.row(ledger, "s1") is None


def test_windows_bound_connections_and_have_their_own_figures(paced, clock):
    pace = paced(windows=(NIGHT,), bytes_per_second=100)
    assert (pace.connections(), pace.closed(), pace.limited, pace.grain()) == (7, False, True, 20_000)
    clock.now += 7 * 3600
    assert (pace.connections(), pace.closed()) == (0, True)
    assert pace.waiting_until() == clock.now + 16 * 3600


def test_a_server_that_never_opens_is_looked_at_again_all_the_same(paced, clock, monkeypatch):
    monkeypatch.setattr(paces, "next_opening", lambda *_arguments: None)
    clock.now += 7 * 3600
    assert paced(windows=(NIGHT,)).waiting_until() == clock.now + 7 * 86400


def test_a_window_without_figures_has_the_servers(paced):
    window = Window.from_options({"from": "00:00", "to": "24:00", "timezone": "UTC"})
    assert paced(windows=(window,), connections=3, messages_per_second=2).grain_messages() == 1
    unlimited = Window.from_options({"from": "00:00", "to": "24:00", "timezone": "UTC", "bytes_per_second": 0})
    assert not paced(windows=(unlimited,), bytes_per_second=100).limited


def test_a_rate_is_shared_and_smooth(paced, clock):
    one, other = paced(bytes_per_second=1_000_000), paced(bytes_per_second=1_000_000)
    begun = clock.now
    for _number in range(10):
        assert one.take(1, 50_000, never) and other.take(1, 50_000, never)
    # The first goes at once, each of the others when the one before has had its time.
    assert clock.now - begun == pytest.approx(0.95)


def test_a_large_amount_is_booked_piece_by_piece(paced, ledger, clock):
    pace = paced(bytes_per_second=1_000_000)
    begun = clock.now
    assert pace.take(0, 1_000_000, never)
    assert clock.now - begun == pytest.approx(0.95) and ledger_pace.row(ledger, "s1").bytes == 1_000_000
    assert max(clock.slept) <= 0.06


def test_no_burst_follows_a_stall(paced, clock):
    pace = paced(bytes_per_second=1_000_000)
    assert pace.take(0, 50_000, never)
    clock.now += 3600
    begun = clock.now
    for _number in range(5):
        assert pace.take(0, 50_000, never)
    assert clock.now - begun == pytest.approx(0.2)


def test_messages_have_a_rate_of_their_own(paced, clock):
    pace = paced(messages_per_second=10)
    begun = clock.now
    assert pace.take(5, 10**9, never) and clock.now - begun == pytest.approx(0.4)
    # A piece of a message that was counted already waits for no other message.
    assert pace.take(0, 10**6, never) and clock.now - begun == pytest.approx(0.4)


def test_stop_is_asked_at_least_twice_a_second(paced, clock):
    asked = []
    pace = paced(bytes_per_second=1000)
    assert pace.take(0, 16384, never)
    assert not pace.take(0, 16384, lambda: asked.append(clock.now) or len(asked) > 5)
    assert max(clock.slept) <= 0.5 and len(asked) == 6


def test_the_end_of_a_window_ends_a_wait(paced, clock):
    pace = paced(windows=(NIGHT,), bytes_per_second=1000)
    clock.now += 7 * 3600 - 1
    assert not pace.take(0, 10**9, never) and clock.slept and sum(clock.slept) < 3


@pytest.mark.parametrize(("order", "closed"), [("running", False), ("paused", True), ("stopped", True)])
def test_orders_are_obeyed_within_a_second(paced, ledger, clock, order, closed):
    pace = paced()
    assert not pace.closed()
    orders.write(ledger, orders.ALL, order)
    clock.now += 1
    assert pace.closed() is closed and pace.order() == order and pace.connections() == (0 if closed else 4)
    assert pace.waiting_until() == (clock.now + 15 if order == "paused" else None)


def test_a_servers_own_order_goes_before_the_one_for_all(paced, ledger):
    orders.write(ledger, "s1", "running")
    orders.write(ledger, "other", "stopped")
    assert not paced().closed()
    orders.write(ledger, orders.ALL, "paused")
    orders.write(ledger, "s1", "running")
    assert not paced().closed() and orders.state(ledger, "other") == "paused"


def test_a_named_rest_is_kept_by_all_workers(paced, clock):
    one, other = paced(), paced()
    assert one.back_off(throttle.read("Request is throttled. Suggested Backoff Time: 60000 milliseconds")) == pytest.approx(60)
    assert one.closed() and other.closed() and other.waiting_until() == pytest.approx(clock.now + 60)
    clock.now += 56
    assert not other.closed()
    begun = clock.now
    assert other.take(1, 1, never) and clock.now - begun == pytest.approx(4)


def test_a_server_that_nobody_reaches_is_waited_for_and_then_no_more(paced, clock):
    rests = []
    while (rest := paced().outage()) is not None:
        rests.append(rest)
        clock.now += rest + 1
    assert len(rests) == OUTAGE_STEPS and 1800 < sum(rests) < 3600
    # Another night, another outage.
    clock.now += ledger_pace.FORGIVEN
    assert paced().outage() == pytest.approx(1)


def test_other_words_are_no_rest(paced):
    pace = paced()
    assert pace.back_off(throttle.read("[INUSE] locked")) is None and not pace.closed()


def test_rests_without_a_time_grow_and_are_forgiven(paced, ledger, clock):
    rests = []
    for _number in range(11):
        rests.append(paced().back_off(throttle.read("[THROTTLED]")))
        # Who is told at the same moment means the same rest.
        assert paced().back_off(throttle.read("[THROTTLED]")) == pytest.approx(rests[-1])
        clock.now += rests[-1] + 1
    assert rests == pytest.approx([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    clock.now += 700
    assert paced().back_off(throttle.read("[THROTTLED]")) == pytest.approx(1)


def test_a_shorter_rest_does_not_end_a_longer_one(paced, clock):
    paced().back_off(throttle.read("Backoff Time: 100 seconds"))
    assert paced().back_off(throttle.read("Backoff Time: 5 seconds")) == pytest.approx(100)


def test_steering_holds_the_rate_and_nobody_watching_means_the_floor(paced, ledger, clock):
    pace = paced(live_probe=Probe("probe"))
    assert pace.limited and pace.grain() == 16384
    ledger_pace.set_values(ledger, "s1", ceiling=2_000_000.0)
    assert ledger_pace.steer(ledger, "s1", "w1", 30) and not ledger_pace.steer(ledger, "s1", "w2", 30)
    clock.now += 1
    assert pace._rates() == (2_000_000, 0) and pace.grain() == 100_000
    clock.now += 31
    assert pace._rates() == (FLOOR, 0) and ledger_pace.steer(ledger, "s1", "w2", 30)
    ledger_pace.leave(ledger, "s1", "w1")
    assert not ledger_pace.steer(ledger, "s1", "w1", 30)


def test_a_fixed_limit_below_the_ceiling_holds(paced, ledger):
    ledger_pace.set_values(ledger, "s1", ceiling=2_000_000.0)
    ledger_pace.steer(ledger, "s1", "w1", 30)
    assert paced(live_probe=Probe("probe"), bytes_per_second=500)._rates() == (500, 0)


def test_the_calendar_is_written_down_for_the_report(paced, ledger, clock):
    paced(windows=(NIGHT,), messages_per_second=5).closed()
    assert ledger_pace.row(ledger, "s1").calendar == "daily 22:00-06:00 UTC, 7 connections, 400.0 kB/s\nat any time, 4 connections, 5 messages/s"
    paced().closed()
    assert ledger_pace.row(ledger, "s1").calendar == ""


def test_evidence_counts_only_what_was_seen_while_mail_was_read(ledger):
    line = {"p50": 0.01, "p95": 0.02, "samples": 30, "over": 2, "ceiling": 1e6}
    for moved in (0, 500):
        ledger_pace.witness(ledger, "s1", {**line, "bytes": moved}, latency_p95=0.02)
    assert ledger_pace.slow_share(ledger, "s1") == (2, 30) and ledger_pace.slow_share(ledger, "s2") == (0, 0)
    assert [row.bytes for row in ledger_pace.evidence(ledger, "s1")] == [0, 500]


def test_a_watched_server_has_its_rests(paced, clock):
    watched, other = paced(live_probe=Probe("probe")), paced(bytes_per_second=1_000_000)
    clock.now = 1_800_000_000.25
    assert other.take(1, 1000, never) and clock.now == 1_800_000_000.25
    assert watched.take(1, 100, never) and clock.now == pytest.approx(1_800_000_001.0)
    # What may be read only in a rest waits for its end.
    clock.now = 1_800_000_009.9
    assert watched.take(0, 100_000, never) and rest.left(clock.now) == 0 and clock.now >= 1_800_000_011


def test_commands_ask_for_as_much_as_users_do_not_feel(paced, ledger):
    ledger_pace.set_values(ledger, "s1", baseline_p50=0.02, baseline_p95=0.02, budget=1.25)
    pace = paced(live_probe=Probe("probe"))
    pace.take(1, 1, never)
    assert pace.few() == 1

    def answered(seconds: float, times: int = paces.JUDGED) -> int:
        for _number in range(times):
            pace.took(pace.few(), seconds)
        return pace.few()

    # There and back takes 10 ms, a message 1 ms; by 5 ms others may be kept waiting.
    for few in (2, 3, 4):
        assert answered(0.010 + 0.001 * pace.few()) == few
    # A few that were late by chance, or had fewer messages, change nothing.
    assert answered(0.5, 3) == 4 and answered(0.0145) == 4
    pace.took(1, 0.5)
    assert answered(0.030) == 3 and paced().few() == paces.MOST_AT_ONCE


def test_commands_may_take_longer_while_few_answers_are_slow(paced, ledger):
    ledger_pace.set_values(ledger, "s1", baseline_p50=0.015, baseline_p95=0.02, budget=1.25)

    def room(debt: float) -> float:
        ledger_pace.set_values(ledger, "s1", steering=json.dumps({"debt": debt}))
        return ledger_pace.state(ledger, "s1").room

    assert [room(debt) for debt in (12.0, 0.0, -10.0, -20.0)] == pytest.approx([0.01, 0.01, 0.015, 0.02])
