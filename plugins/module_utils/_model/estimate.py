# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""From measured copies to the time that the whole data set will take. No I/O."""

from __future__ import annotations


def estimate(measured: list[dict], totals: list[dict], workers: int) -> dict:
    """`measured`: [{messages, bytes, seconds}] of single mailboxes, one worker each; `totals`: [{messages, bytes,
    largest_mailbox_bytes}] of each source server.

    A mailbox takes as long as the slower of its messages and its bytes. `likely` uses the rate over all measured
    mailboxes, `low` and `high` those of the fastest and the slowest; none is shorter than the largest mailbox alone.
    """
    messages = sum(total["messages"] for total in totals)
    amount = sum(total["bytes"] for total in totals)
    largest = max(total["largest_mailbox_bytes"] for total in totals)
    seconds = sum(m["seconds"] for m in measured)
    together = (sum(m["messages"] for m in measured) / seconds, sum(m["bytes"] for m in measured) / seconds)
    # A mailbox of a few messages measures the login, not the copy.
    heavy = sorted(measured, key=lambda m: -m["bytes"])[: max(1, (len(measured) + 1) // 2)]
    singles = [(m["messages"] / m["seconds"], m["bytes"] / m["seconds"]) for m in heavy]
    fastest = (max([*(s[0] for s in singles), together[0]]), max([*(s[1] for s in singles), together[1]]))
    slowest = (min([*(s[0] for s in singles), together[0]]), min([*(s[1] for s in singles), together[1]]))

    def hours(rates: tuple[float, float]) -> float:
        per_message, per_byte = rates
        all_ = max(messages / per_message, amount / per_byte) / workers
        return round(max(all_, largest / per_byte) / 3600, 3)

    return {
        "measured_mailboxes": len(measured),
        "messages": messages,
        "bytes": amount,
        "largest_mailbox_bytes": largest,
        "messages_per_second": round(together[0] * workers, 1),
        "bytes_per_second": round(together[1] * workers, 1),
        "workers": workers,
        "hours": {"low": hours(fastest), "likely": hours(together), "high": hours(slowest)},
    }
