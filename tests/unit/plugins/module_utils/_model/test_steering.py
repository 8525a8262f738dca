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
