# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds, in which tools take turns, and what they measured."""

from __future__ import annotations

import dataclasses
import statistics
import time
import typing as t


@dataclasses.dataclass
class Row:
    """Of the results: what a tool reached in a line of work, a value for each round."""

    work: str
    tool: str
    unit: str
    values: list[float]
    note: str = ""

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "work": self.work, "tool": self.tool, "median": rounded(statistics.median(self.values)), "unit": self.unit, "rounds": len(self.values),
            "values": [rounded(value) for value in self.values], "note": self.note,
        }


def rounded(value: float) -> float:
    return round(value, 1 if value >= 100 else 2 if value >= 10 else 3)


def turns(tools: t.Sequence[t.Any], number: int) -> list[t.Any]:
    """The order in that round: each is begun by another tool, so that a machine that slows down slows all alike."""
    shift = number % len(tools)
    return [*tools[shift:], *tools[:shift]]


def timed(work: t.Callable[[], t.Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def say(work: str, number: int, tool: str, value: float, unit: str) -> None:
    print(f"{work:18} round {number + 1}  {tool:20} {rounded(value):>10} {unit}", flush=True)
