# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Whether a mailbox at the target still follows what is deleted at the source."""

from __future__ import annotations

import json

from .._ledger import records


def deletions(ledger, wave: str, wanted: str) -> str:
    """After its wave has cut over a mailbox belongs to its user at the target: nothing is deleted there any more, whatever
    was asked for, unless the cut-over was taken back."""
    cut_over = records.latest(ledger, "cut_over", wave)
    # Taking back one wave leaves the users of earlier ones at the target.
    back = max((row.id for row in records.listed(ledger, "roll_back") if json.loads(row.summary).get("wave") in (None, wave)), default=0)
    return "keep" if cut_over is not None and cut_over.id > back else wanted
