# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Latencies and their percentiles. Counts are kept in classes two percent wide, so that weeks of samples stay small."""

from __future__ import annotations

import collections
import math

WIDTH = math.log(1.02)


def percentile(values, share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed; 0 when there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def with_gaps(seconds: float, interval: float) -> list[float]:
    """A sample, and those that could not be taken because it was still on: whoever had come meanwhile would have waited for
    the rest of it."""
    missed = min(500, int(seconds / interval))
    return [seconds, *(seconds - number * interval for number in range(1, missed + 1))]


def counted(histogram: dict[str, int], values) -> dict[str, int]:
    """`histogram` with `values` (seconds) added: class -> number of samples; fit for JSON."""
    counts = collections.Counter(histogram)
    counts.update(str(round(math.log(max(value, 1e-6)) / WIDTH)) for value in values)
    return dict(counts)


def percentile_of(histogram: dict[str, int], share: float) -> float | None:
    """As `percentile`, of counted values, within one percent; None when there are none."""
    total, seen = sum(histogram.values()), 0
    for number in sorted(histogram, key=int):
        seen += histogram[number]
        if seen >= share * total:
            return math.exp(int(number) * WIDTH)
    return None
