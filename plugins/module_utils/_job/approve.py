# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Approving exceptions by name: the customer agrees to leave an item behind, or as it is."""

from __future__ import annotations

from .._errors import MigrationError
from .._ledger import exceptions
from .._ledger.store import NoLedger, open_ledger
from .._model.folder_names import decoded


def approve(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_exception; see its RETURN."""
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger as error:
        raise MigrationError(f"There is no ledger at {error}.", "Nothing was approved.", "Copy mailboxes first.") from error
    try:
        known = exceptions.listed(ledger)
        wanted, unknown = [], []
        for named in params["exceptions"]:
            found = [row for row in known if _names(named, row)]
            wanted += found
            if not found:
                unknown.append(f"{named['server']}/{named['mailbox']} {named.get('folder') or ''} {named.get('uid') or named.get('sha256') or ''}".strip())
        if unknown:
            raise MigrationError(
                f"No such exception in the ledger: {'; '.join(unknown)}.", "Nothing was approved.",
                "Take server, mailbox, folder and uid from the report.",
            )
        open_ids = [row.id for row in wanted if row.state == "open"]
        approved = len(open_ids) if check_mode else exceptions.approve(ledger, open_ids, params["approved_by"]) if open_ids else 0
    finally:
        ledger.close()
    return {"changed": bool(approved), "approved": approved}


def _names(named: dict, row) -> bool:
    if (named["server"], named["mailbox"]) != (row.server, row.mailbox):
        return False
    if named.get("folder") is not None and named["folder"] not in (row.folder, decoded(row.folder)):
        return False
    if named.get("sha256"):
        return row.sha256 is not None and row.sha256.hex() == named["sha256"].lower()
    return named.get("uid") in (None, row.source_uid) and (named.get("reason") or row.reason) == row.reason
