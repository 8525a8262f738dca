# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which faults there are, how often each strikes, and what becomes of a run."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import kills, trouble
from .case import Case


class Kind(t.NamedTuple):
    """`strike` makes one run fail and returns how often its fault struck; `every` and `sample` are numbers of runs, all and a sample."""

    strike: t.Callable[..., int]
    every: int
    sample: int
    # What the target must be (names of FLAVOURS), and how many mailboxes move.
    flavours: tuple[str, ...] = ("full", "full", "full", "pipelined", "bare")
    mailboxes: tuple[int, ...] = (1,)


# Each step once, as many as there are in these passes (stage, flavour). A target that tells no UIDs takes another way.
STEPS = "kill9_step"
STEPPED = (("first", "full"), ("later", "full"), ("first", "bare"))
STAGES = ("first", "later")
# Between sending and knowing: what a crash leaves in doubt. Half of a sample is of these.
IN_DOUBT = re.compile(r"(after begin|before finish|after finish) \d+$")
KINDS = {
    "kill9_random": Kind(kills.anywhere, 40, 5, mailboxes=(1, 1, 2)),
    "kill9_worker": Kind(kills.one_worker, 16, 2, mailboxes=(2,)),
    STEPS: Kind(kills.at_step, 0, 10),
    "cut_given": Kind(trouble.cut_given, 16, 2),
    "cut_sent": Kind(trouble.cut_sent, 16, 2),
    "append_reply_lost": Kind(trouble.append_reply_lost, 12, 2),
    "over_quota": Kind(trouble.over_quota, 8, 2, flavours=("full",)),
    "ledger_disk_full": Kind(trouble.ledger_disk_full, 12, 2),
    "source_drops_after_n_commands": Kind(trouble.source_drops_after_n_commands, 12, 2),
    "source_throttles": Kind(trouble.source_throttles, 12, 3),
    "source_lies_about_sizes": Kind(trouble.source_lies_about_sizes, 10, 2),
    "bad_literal": Kind(trouble.bad_literal, 20, 4),
    "uidvalidity_changed": Kind(trouble.uidvalidity_changed, 12, 2),
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """A run to be made. `number` tells runs of a kind apart; for kill9_step it is the step."""

    kind: str
    number: int
    stage: str
    flavour: str
    mailboxes: int
    seed: str


@dataclasses.dataclass
class Outcome:
    """How a run ended: strikes of its fault, what was found wrong, and the words that go with it."""

    plan: Plan
    struck: int
    found: dict[str, int]
    words: list[str]


def planned(steps: dict[tuple[str, str], tuple[str, ...]], seed: int, whole: bool, only: t.Collection[str] = ()) -> list[Plan]:
    """All runs, or a sample; `steps` names those of a pass, by stage and flavour; `only` names kinds."""
    plans = []
    for name, kind in KINDS.items():
        if only and name not in only:
            continue
        if name == STEPS:
            every = [(key, number, step) for key in STEPPED for number, step in enumerate(steps[key], start=1)]
            if not whole:
                doubtful = [entry for entry in every if IN_DOUBT.search(entry[2])]
                half = kind.sample // 2
                every = _spread(doubtful, half, seed) + _spread([entry for entry in every if entry not in doubtful], kind.sample - half, seed)
            plans += [Plan(name, number, stage, flavour, 1, f"{seed}/{name}/{stage}/{flavour}/{number}") for (stage, flavour), number, _step in every]
            continue
        for number in range(kind.every if whole else kind.sample):
            plans.append(Plan(
                name, number, STAGES[(number + 1) % 2], kind.flavours[number % len(kind.flavours)],
                kind.mailboxes[number % len(kind.mailboxes)], f"{seed}/{name}/{number}",
            ))
    return plans


def _spread(entries: list, count: int, seed: int) -> list:
    """Some of them, as far from each other as can be; others with another seed."""
    gap = max(1, len(entries) // count)
    return entries[seed % gap::gap][:count]


def strike(case: Case, plan: Plan) -> int:
    kind = KINDS[plan.kind]
    return kind.strike(case, plan.number) if plan.kind == STEPS else kind.strike(case)
