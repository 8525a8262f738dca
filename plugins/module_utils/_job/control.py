# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Pausing, resuming and stopping by order: writing orders, and telling what holds now."""

from __future__ import annotations

from .._errors import MigrationError
from .._ledger import mailboxes, pace
from .._ledger.store import NoLedger, open_ledger
from . import orders


def control(params: dict, check_mode: bool = False) -> dict:
    """The module migration_control; see its RETURN."""
    ledger = _opened(params)
    try:
        server, wanted, reason = params.get("server") or orders.ALL, params["state"], params.get("reason") or ""
        names, before = _servers(ledger), orders.listed(ledger)
        if server and server not in names:
            raise MigrationError(
                f"The ledger has no source server {server}.", "No order was given.",
                f"Name one of {', '.join(names) or 'those that are in it once mail is copied'}, or none for all.",
            )
        after = {orders.ALL: (wanted, reason)} if server == orders.ALL else {**before, server: (wanted, reason)}
        changed = _effective(before, names) != _effective(after, names)
        if changed and not check_mode:
            orders.write(ledger, server, wanted, reason)
        return {
            "changed": changed,
            "servers": _rows(after if changed else before, names),
            "diff": {"before": _text(before, names), "after": _text(after if changed else before, names)},
        }
    finally:
        ledger.close()


def control_info(params: dict) -> dict:
    """The module migration_control_info; see its RETURN."""
    ledger = _opened(params)
    try:
        names, known = _servers(ledger), orders.listed(ledger)
        paces = {row.server: row for row in pace.listed(ledger)}
        return {"changed": False, "servers": [{**row, **_pace(ledger, row["server"], paces.get(row["server"]))} for row in _rows(known, names)]}
    finally:
        ledger.close()


def _opened(params: dict):
    try:
        return open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger as error:
        raise MigrationError(
            f"There is no ledger at {error}.", "Nothing runs that could be told anything.", "Check the ledger's URL; copying makes a ledger.",
        ) from error


def _servers(ledger) -> list[str]:
    return sorted({row.server for row in mailboxes.listed(ledger)})


def _effective(known: dict, names: list[str]) -> dict:
    """Server -> state and reason, ALL among them for those that are still to come."""
    common = known.get(orders.ALL, ("running", ""))
    return {name: known.get(name, common) for name in [orders.ALL, *names]}


def _rows(known: dict, names: list[str]) -> list[dict]:
    found = _effective(known, names)
    return [{"server": name, "state": found[name][0], "reason": found[name][1]} for name in names]


def _text(known: dict, names: list[str]) -> str:
    return "".join(
        f"{name or 'all others'}: {state}{f' ({reason})' if reason else ''}\n" for name, (state, reason) in _effective(known, names).items()
    )


def _pace(ledger, server: str, row) -> dict:
    return {
        "back_off_seconds": round(pace.state(ledger, server).back_off, 1),
        "ceiling": row.ceiling if row else None,
        "latency_budget": row.budget if row else None,
        "baseline_p95": row.baseline_p95 if row else None,
        "latency_p95": row.latency_p95 if row else None,
    }
