# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all runs came to, for people and as a file: the truth also when something was found."""

from __future__ import annotations

import collections
import json
import pathlib

from .kinds import KINDS, Outcome

# What each counts is in the lab's audit; whatever else was found is summed up as `other`.
JUDGED = ("missing", "doubled", "altered")


class Tally:
    def __init__(self, file: pathlib.Path, seed: int) -> None:
        self._file, self._seed = file, seed
        self.runs = self.kills = 0
        self.faults: collections.Counter[str] = collections.Counter({kind: 0 for kind in KINDS})
        self.found: collections.Counter[str] = collections.Counter()
        self.bad: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        if outcome.struck:
            self.runs += 1
            self.faults[outcome.plan.kind] += outcome.struck
            if outcome.plan.kind.startswith("kill9"):
                self.kills += outcome.struck
        self.found.update(outcome.found)
        if outcome.found:
            self.bad.append(outcome)

    def result(self) -> dict:
        return {
            "runs": self.runs, "kills": self.kills, "faults": dict(self.faults), **{kind: self.found[kind] for kind in JUDGED},
            "other": {kind: count for kind, count in sorted(self.found.items()) if kind not in JUDGED}, "runs_with_findings": len(self.bad),
            "seed": self._seed,
        }

    def write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self.result(), indent=1) + "\n")

    def table(self) -> str:
        result = self.result()
        width = max(map(len, KINDS))
        bad = collections.Counter(outcome.plan.kind for outcome in self.bad)
        lines = [f"  {kind:{width}}  {count:4}  {f'{bad[kind]} runs with findings' if bad[kind] else ''}".rstrip() for kind, count in self.faults.items()]
        sums = [f"{key} {result[key]}" for key in ("runs", "kills", *JUDGED)] + [f"{kind} {count}" for kind, count in result["other"].items()]
        return "\n".join(["faults that struck:", *lines, ", ".join(sums)])


def described(outcome: Outcome) -> str:
    """One line for a run with findings, and the words behind it."""
    plan = outcome.plan
    what = f"{plan.kind} number {plan.number}, {plan.stage} pass, target {plan.flavour}, seed {plan.seed}"
    return "\n".join([f"FOUND {outcome.found} in {what}", *(f"    {line}"[:600] for words in outcome.words for line in words.splitlines())])
