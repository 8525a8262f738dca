# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How far a round of passes is, per source server, from the ledger, and when it will end by the calendar of windows."""

from __future__ import annotations

import datetime

from .._ledger import pace, passes, spans
from .._model import progress
from .._model.window import finish


def rows(ledger, kind: str, round_: str | None, names=None, servers=None) -> list[dict]:
    """One dict per source server, as modules return it under `progress`. `servers`: Server by name, for their windows."""
    done = {row.server: row for row in passes.sums(ledger, kind, round_, names)}
    result = []
    for row in passes.counts(ledger, kind, round_ or "", names):
        moved = done.get(row.server)
        work = spans.recent(ledger, row.server, kind, round_, names)
        server = (servers or {}).get(row.server)
        result.append(
            {
                "server": row.server,
                "mailboxes": int(row.mailboxes),
                "mailboxes_done": int(row.mailboxes - row.open),
                "mailboxes_failed": int(row.failed),
                "messages": int(moved.messages) if moved else 0,
                "bytes": int(moved.bytes) if moved else 0,
                "messages_per_second": round(progress.rate(work.messages, work.seconds), 1),
                "bytes_per_second": round(progress.rate(work.bytes, work.seconds), 1),
                **_end(ledger, row, kind, round_, names, work, server.windows if server else ()),
            }
        )
    return result


def _end(ledger, row, kind: str, round_: str | None, names, work, windows) -> dict:
    """`eta_seconds` from now by the clock on the wall, `eta_at` in UTC, and what the source server's calendar says now."""
    if not row.open:
        return {"eta_seconds": 0.0, "eta_at": None, "window": None}
    now, state = datetime.datetime.now(datetime.timezone.utc), pace.state(ledger, row.server)
    end, text = None, progress.window_text(windows, now)
    if state.order != "running":
        # Nobody knows when it goes on.
        text = state.order
    else:
        if state.back_off >= 1:
            text = f"left alone for {progress.human_seconds(state.back_off)}, as it asked"
        seconds = progress.seconds_left(spans.left(ledger, row.server, kind, round_ or "", names), work)
        if seconds is not None:
            end = finish(windows, now + datetime.timedelta(seconds=state.back_off), seconds)
    return {
        "eta_seconds": progress.tenths((end - now).total_seconds()) if end else None,
        "eta_at": end.strftime("%Y-%m-%dT%H:%M:%SZ") if end else None,
        "window": text,
    }
