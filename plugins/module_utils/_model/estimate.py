# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""From measured copies to the time that the whole data set will take. No I/O."""

from __future__ import annotations

import datetime

from .window import finish, worked

NO_LIMIT = float("inf")


def estimate(measured: list[dict], totals: list[dict], workers: int, servers: dict | None = None, now: datetime.datetime | None = None) -> dict:
    """`measured`: [{messages, bytes, seconds}] of single mailboxes, one worker each; `totals`: [{messages, bytes,
    largest_mailbox_bytes}] of each source server, with its name under `server` where `servers` (Server by name) are given: then their limits hold,
    and their calendar from `now` on tells when it ends.

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
    result = {"measured_mailboxes": len(measured), "messages": messages, "bytes": amount, "largest_mailbox_bytes": largest}
    cases = {"low": fastest, "likely": together, "high": slowest}
    if servers is None:
        none = (workers, NO_LIMIT, NO_LIMIT)
        return {
            **result, **_speed(together, workers, [none]), "hours": {case: _hours(_seconds(result, rates, none)) for case, rates in cases.items()},
        }
    parts = [(servers[total["server"]], total) for total in totals]
    ends = {case: _by_calendar(parts, rates, workers, now) for case, rates in cases.items()}
    return {
        **result,
        **_speed(together, workers, [_widest(server, workers) for server, _total in parts]),
        "hours": {case: _hours(busy) for case, (busy, _end) in ends.items()},
        "elapsed_hours": {case: _hours((end - now).total_seconds()) if end else None for case, (_busy, end) in ends.items()},
        "ends_at": {case: end.strftime("%Y-%m-%dT%H:%M:%SZ") if end else None for case, (_busy, end) in ends.items()},
    }


def _by_calendar(parts, rates: tuple[float, float], workers: int, now: datetime.datetime) -> tuple[float, datetime.datetime | None]:
    """Seconds of open time that it takes, and when it is done: as long as the server that takes longest, or as all workers together need for all."""
    single = sum(max(total["messages"] / rates[0], total["bytes"] / rates[1]) for _server, total in parts) / workers
    # While one server is closed, the workers may be busy with another.
    windows = [window for server, _total in parts for window in server.windows] if all(server.windows for server, _total in parts) else ()
    results = [(single, finish(windows, now, single))]
    for server, total in parts:
        results.append(worked(server.windows, now, lambda window, server=server, total=total: _seconds(total, rates, _limits(server, window, workers))))
    done = [end for _busy, end in results]
    return max(busy for busy, _end in results), None if None in done else max(done)


def _seconds(total: dict, rates: tuple[float, float], limits: tuple[int, float, float]) -> float:
    """How long one server takes by itself: none of its mailboxes is moved by more than one worker."""
    (per_message, per_byte), (workers, most_bytes, most_messages) = rates, limits
    return max(
        total["messages"] / min(per_message * workers, most_messages), total["bytes"] / min(per_byte * workers, most_bytes),
        total["largest_mailbox_bytes"] / per_byte,
    )


def _limits(server, window, workers: int) -> tuple[int, float, float]:
    """Workers, bytes and messages a second that a server allows while `window` is open; its own figures are those of no window."""
    figures = {name: getattr(server, name) for name in ("connections", "bytes_per_second", "messages_per_second")}
    figures |= {name: getattr(window, name) for name in figures if getattr(window, name, None) is not None}
    return min(workers, figures["connections"]), figures["bytes_per_second"] or NO_LIMIT, figures["messages_per_second"] or NO_LIMIT


def _widest(server, workers: int) -> tuple[int, float, float]:
    """The most that a server allows at any time."""
    limits = [_limits(server, window, workers) for window in server.windows or (None,)]
    return max(limit[0] for limit in limits), max(limit[1] for limit in limits), max(limit[2] for limit in limits)


def _speed(rates: tuple[float, float], workers: int, limits) -> dict:
    """What all workers do together where they may."""
    workers = min(workers, sum(most for most, _bytes, _messages in limits))
    return {
        "messages_per_second": round(min(rates[0] * workers, sum(min(rates[0] * most, messages) for most, _bytes, messages in limits)), 1),
        "bytes_per_second": round(min(rates[1] * workers, sum(min(rates[1] * most, size) for most, size, _messages in limits)), 1),
        "workers": workers,
    }


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 3)
