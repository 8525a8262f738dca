# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller against simulated servers whose answers get slower the more is read from them."""

from __future__ import annotations

import random

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.latency import percentile
from ansible_collections.messaging.migration.plugins.module_utils._model.steering import FLOOR, START, Steering

OPEN_SPEED = 10e6
BUDGET = 1.25


def queue(share: float):
    """Waiting grows with the load as in a queue, without end as it nears what the server can do."""
    return lambda load: 1 + share * load / max(0.02, 1 - load)


def copied(slowdown, seed: int, steps: int = 900, start: float = START):
    """(95th percentile as a multiple of the quiet server's, mean share of the open speed), over half an hour."""
    chance = random.Random(seed)

    def answer(load):
        return 0.01 * slowdown(load) * chance.lognormvariate(0, 0.2)

    baseline = percentile([answer(0) for _number in range(200)], 0.95)
    steering, latencies, total = Steering(BUDGET * baseline, start), [], 0.0
    for _number in range(steps):
        moved = min(steering.ceiling, OPEN_SPEED)
        step = [answer(moved / OPEN_SPEED) for _sample in range(10)]
        latencies += step
        total += moved / steps
        steering.step(step, moved)
    return percentile(latencies, 0.95) / baseline, total / OPEN_SPEED


SERVERS = {
    "does not feel it": lambda load: 1.0,
    "a strong queue": queue(0.1),
    "a weak queue": queue(1.0),
    "slower by a fifth": lambda load: 1 + 0.2 * load,
    "twice as slow": lambda load: 1 + load,
    "a cliff": lambda load: 1.0 if load < 0.6 else 3.0,
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("server", SERVERS)
def test_the_budget_is_kept(server, seed):
    p95, _share = copied(SERVERS[server], seed)
    assert p95 <= BUDGET


@pytest.mark.parametrize(("server", "share"), [("does not feel it", 0.9), ("a strong queue", 0.5), ("slower by a fifth", 0.5)])
def test_half_of_the_open_speed_is_reached_where_the_budget_allows_it(server, share):
    assert min(copied(SERVERS[server], seed)[1] for seed in range(3)) >= share


def test_a_start_that_is_too_fast_is_taken_back():
    p95, share = copied(SERVERS["twice as slow"], 1, start=OPEN_SPEED)
    assert p95 <= BUDGET and share >= 0.1


def test_copying_never_stops_entirely():
    steering = Steering(0.01, 1_000_000)
    for _number in range(100):
        steering.step([1.0] * 10, steering.ceiling)
    assert steering.ceiling == FLOOR


def test_a_server_that_does_not_answer_is_left_at_the_floor_and_recovers_step_by_step():
    steering = Steering(0.01, 1_000_000)
    assert steering.lost() == FLOOR
    ceilings = [steering.step([0.005] * 10, steering.ceiling) for _number in range(60)]
    assert ceilings == sorted(ceilings) and ceilings[0] < 200_000 and ceilings[-1] > 800_000


def test_what_is_slow_while_nothing_is_read_changes_nothing():
    steering = Steering(0.01, 1_000_000)
    assert steering.step([1.0] * 10, 0) == 1_000_000 and steering.debt == 0


def test_a_ceiling_that_is_not_used_is_not_raised():
    steering = Steering(0.01, 1_000_000)
    assert steering.step([0.001] * 10, 300_000) == 1_000_000
    assert steering.step([0.001] * 10, 900_000) > 1_000_000


def test_a_cut_starts_from_what_was_really_read():
    steering = Steering(0.01, 10_000_000)
    assert steering.step([1.0] * 10, 400_000) == 200_000


def test_few_answers_decide_nothing():
    steering = Steering(0.01, 1_000_000)
    assert steering.step([1.0] * 4, 900_000) == 1_000_000


def test_what_was_learnt_is_handed_on():
    first = Steering(0.01, 1_000_000)
    first.step([0.02] * 10, 900_000)
    second = Steering(0.01, first.ceiling, first.memory())
    assert second.memory() == first.memory() and second.knee == 900_000 and second.debt > 0
    # Not yet: what was too slow is first to be made up for.
    assert second.step([0.001] * 10, second.ceiling) == first.ceiling


def disturbed(seed: int, harm: float, steps: int = 900):
    """A live server on a machine that others use as well, by turns of a minute: then one answer in seven is slow by itself. Each fifth step begins
    with a rest. (95th percentile as a multiple of that of the rests, mean share of the open speed), over half an hour."""
    chance = random.Random(seed)

    def answer(load, others):
        took = 0.01 * chance.lognormvariate(0, 0.2) + (chance.random() < harm * load) * chance.expovariate(1 / 0.006)
        return took + (chance.random() < others) * chance.expovariate(1 / 0.04)

    baseline = [answer(0, 0) for _number in range(200)]
    steering = Steering(BUDGET * percentile(baseline, 0.95), START, rests=baseline)
    read, rests, total = [], [], 0.0
    for number in range(steps):
        others = 0.15 if number // 30 % 2 else 0.01
        moved = min(steering.ceiling, OPEN_SPEED)
        if number % 5 == 0:
            rested = [answer(0, others) for _sample in range(16)]
            rests += rested
            steering.rested(rested)
        step = [answer(moved / OPEN_SPEED, others) for _sample in range(40)]
        read += step
        total += moved / steps
        steering.step(step, moved)
    return percentile(read, 0.95) / percentile(rests, 0.95), total / OPEN_SPEED


@pytest.mark.parametrize("seed", range(3))
def test_what_others_do_to_the_server_does_not_stop_the_copy(seed):
    p95, share = disturbed(seed, harm=0.1)
    assert share >= 0.5 and p95 <= BUDGET


@pytest.mark.parametrize("seed", range(3))
def test_what_we_do_to_it_is_found_beside_what_others_do(seed):
    _p95, mild = disturbed(seed, harm=0.1)
    _p95, strong = disturbed(seed, harm=1.0)
    assert strong < mild / 2


def slow(number: int, of: int) -> list[float]:
    return [1.0] * number + [0.001] * (of - number)


def test_a_cut_is_taken_back_when_the_rest_is_as_slow():
    steering = Steering(0.01, 1_000_000, rests=slow(0, 48))
    assert steering.step(slow(12, 40), 900_000) == 630_000 and steering.debt > 0
    steering.step(slow(12, 40), 600_000)
    # The first answers of the rest are too few to say.
    assert steering.rested(slow(2, 8)) < 1_000_000
    assert steering.rested(slow(2, 8)) == 1_000_000 and steering.debt == 0 and steering.knee is None


@pytest.mark.parametrize("rested", [slow(0, 16), slow(1, 16), slow(2, 16)])
def test_a_cut_stays_when_the_rest_is_quicker(rested):
    steering = Steering(0.01, 1_000_000, rests=slow(0, 48))
    steering.step(slow(12, 40), 900_000)
    assert steering.rested(rested) == 630_000 and steering.debt > 0
    # A rest that is slow later says nothing of it any more.
    assert steering.rested(slow(16, 16)) == 630_000


def test_a_server_that_broke_off_gets_nothing_back():
    steering = Steering(0.01, 1_000_000, rests=slow(0, 48))
    steering.step(slow(12, 40), 900_000)
    steering.lost()
    assert steering.rested(slow(16, 16)) == FLOOR


def test_as_many_may_be_slow_as_are_without_us():
    strict, knowing = Steering(0.01, 1_000_000), Steering(0.01, 1_000_000, rests=slow(6, 48))
    for _number in range(10):
        strict.step(slow(4, 40), strict.ceiling)
        knowing.step(slow(4, 40), knowing.ceiling)
    assert strict.ceiling < 700_000 and knowing.ceiling > 1_000_000


def test_a_server_in_need_is_spared_whoever_it_is():
    steering = Steering(0.01, 1_000_000, rests=slow(0, 48))
    for _number in range(20):
        steering.rested(slow(10, 16))
        steering.step(slow(25, 40), steering.ceiling)
    assert steering.ceiling == FLOOR
