# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What is known of the live source servers, for the report: their calendar, orders, and the evidence of their latency."""

from __future__ import annotations

import json

from .._ledger import pace
from .._model.latency import percentile_of
from . import orders

# So many points draw a line.
POINTS = 150


def live(ledger, names) -> list[dict]:
    """One dict per source server that has windows, limits, an order, or whose latency was watched; times in seconds."""
    paces, ordered = {row.server: row for row in pace.listed(ledger)}, orders.listed(ledger)
    result = []
    for name in names:
        row, order = paces.get(name), ordered.get(name, ordered.get(orders.ALL, ("running", "")))
        if order[0] == "running" and (row is None or not row.calendar and not row.baseline_p95):
            continue
        over, answers = pace.slow_share(ledger, name)
        result.append({
            "server": name,
            "state": order[0],
            "reason": order[1],
            "calendar": row.calendar.splitlines() if row else [],
            "baseline_p95": row.baseline_p95 if row else None,
            "baseline_at": row.baseline_at if row else None,
            "budget": row.budget if row else None,
            "trouble": row.trouble if row else None,
            # While mail was read, since that baseline.
            "p95": percentile_of(json.loads(row.histogram), 0.95) if row else None,
            # In the rests between: the same server without us.
            "rest_p95": percentile_of(json.loads(row.rests), 0.95) if row else None,
            "answers": answers,
            "answers_over": over,
            "points": _thinned(pace.evidence(ledger, name, row.baseline_at)) if row and row.baseline_p95 else [],
        })
    return result


def _thinned(lines) -> list[dict]:
    """No more than POINTS, each the worst latency and the mean of the rest of the lines that it stands for."""
    size = max(1, -(-len(lines) // POINTS))
    groups = [lines[start:start + size] for start in range(0, len(lines), size)]
    return [
        {
            "at": group[0].at,
            "p95": max(line.p95 for line in group),
            "ceiling": sum(line.ceiling for line in group) / len(group),
        }
        for group in groups
    ]
