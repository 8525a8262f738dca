# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How far a round of passes is, per source server, from the ledger."""

from __future__ import annotations

import time

from .._ledger import passes
from .._model import progress


def rows(ledger, kind: str, round_: str | None, names=None) -> list[dict]:
    """One dict per source server, as modules return it under `progress`."""
    done = {row.server: row for row in passes.sums(ledger, kind, round_, names)}
    result = []
    for row in passes.counts(ledger, kind, round_ or "", names):
        moved = done.get(row.server)
        messages, amount = (int(moved.messages), int(moved.bytes)) if moved else (0, 0)
        seconds = max(moved.last, moved.first) - moved.first if moved else 0.0
        closed = int(row.mailboxes - row.open)
        # Bytes tell best when discovery counted them; else the number of mailboxes has to do.
        basis = (amount, int(row.bytes)) if row.bytes else (closed, int(row.mailboxes))
        result.append(
            {
                "server": row.server,
                "mailboxes": int(row.mailboxes),
                "mailboxes_done": closed,
                "mailboxes_failed": int(row.failed),
                "messages": messages,
                "bytes": amount,
                "messages_per_second": round(progress.rate(messages, seconds), 1),
                "bytes_per_second": round(progress.rate(amount, seconds), 1),
                "eta_seconds": 0.0 if not row.open else _rounded(progress.eta_seconds(*basis, time.time() - moved.first if moved else 0.0)),
            }
        )
    return result


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
