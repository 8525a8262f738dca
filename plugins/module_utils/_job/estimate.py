# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How long the whole copy will take, from what the test migration measured."""

from __future__ import annotations

import datetime
import json

from .._errors import MigrationError
from .._ledger import passes, records
from .._ledger.store import NoLedger, open_ledger
from .._model.estimate import estimate as estimated
from . import plan as plans


def estimate(params: dict, check_mode: bool = False) -> dict:
    """The module migration_estimate; see its RETURN."""
    sources = plans.servers(params["sources"]) if params.get("sources") else None
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger as error:
        if check_mode:
            return {"changed": False, "measured_mailboxes": 0}
        raise MigrationError(f"There is no ledger at {error}.", "", "Run messaging.migration.collect_information first.") from error
    measured = passes.measured(ledger)
    discovered = records.listed(ledger, "discovery")
    if sources is not None:
        discovered = [row for row in discovered if row.name in sources and sources[row.name].mailboxes]
    found = [{**json.loads(row.document)["totals"], "server": row.name} for row in discovered]
    ledger.close()
    if not found or not measured:
        if check_mode:
            return {"changed": False, "measured_mailboxes": len(measured)}
        raise MigrationError(
            "There is nothing to estimate from: " + ("no message of a test mailbox was moved." if found else "no source server was discovered."),
            "Nothing was touched.",
            "Mark mailboxes that hold mail as test mailboxes, and run messaging.migration.collect_information, then test_migration.",
        )
    return {"changed": False, **estimated(measured, found, params["workers"], sources, datetime.datetime.now(datetime.timezone.utc))}
