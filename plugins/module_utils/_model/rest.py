# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Short rests in which a watched server is left alone, so that what its users feel is held against the same server without us, and not
against the quiet hour in which it was measured first. All workers of all stations know them by the clock.

Times are seconds since 1970, by the ledger's clock.
"""

from __future__ import annotations

import math

# Of each CYCLE seconds the first REST are free of us. What was asked for before may still be on its way for SETTLING.
CYCLE, REST, SETTLING = 10.0, 1.0, 0.2


def left(at: float) -> float:
    """Seconds until the rest is over in which `at` falls; 0 outside."""
    return max(0.0, REST - at % CYCLE)


def is_quiet(at: float) -> bool:
    """Whether nobody of us reads at that moment."""
    return SETTLING <= at % CYCLE < REST


def seconds_between(began: float, ended: float) -> float:
    """How much of that time was rest."""
    return _until(ended) - _until(began)


def _until(at: float) -> float:
    return math.floor(at / CYCLE) * REST + min(REST, at % CYCLE)
