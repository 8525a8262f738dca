# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Keeping, signing and reading the records of the phases."""

from __future__ import annotations

from .._errors import MigrationError
from .._ledger import records
from .._ledger.store import NoLedger, open_ledger


def keep(params: dict, check_mode: bool = False) -> dict:
    """The module migration_record; see its RETURN."""
    document = params["document"] if params["document"] is not None else records.canonical(params["content"])
    digest = records.sha256(document)
    signature = params.get("signature")
    if signature and signature["sha256"].lower() != digest:
        raise MigrationError(
            f"{signature['name']} signed a {_title(params)} with SHA-256 {signature['sha256']}; the document is now {digest}.",
            "Nothing was recorded.", "Read the document as it is now and have it signed again.",
        )
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=not check_mode)
    except NoLedger:
        return {"changed": True, "record": _unkept(params, digest)}
    try:
        return _keep(ledger, params, document, digest, signature, check_mode)
    finally:
        ledger.close()


def _keep(ledger, params: dict, document: str, digest: str, signature: dict | None, check_mode: bool) -> dict:
    kind, name, summary = params["kind"], params["name"], params["summary"] or {}
    before = records.latest(ledger, kind, name)
    new_version = before is None or before.sha256 != digest
    signed = bool(signature) and (
        new_version or (before.signed_by, before.signed_role) != (signature["name"], signature["role"])
    )
    if not check_mode:
        if new_version:
            records.add(ledger, kind, name, document, summary)
        if signed:
            records.sign(ledger, records.latest(ledger, kind, name).id, signature["name"], signature["role"])
    after = None if check_mode and (new_version or signed) else records.latest(ledger, kind, name)
    result = {"changed": new_version or signed, "record": records.as_dict(after) if after else _unkept(params, digest)}
    result["diff"] = {
        "before_header": _title(params), "after_header": _title(params),
        "before": (before.document if before else "") + _signature_line(before.signed_by if before else None),
        "after": document + _signature_line(signature["name"] if signature else (before.signed_by if before and not new_version else None)),
    }
    return result


def info(params: dict) -> dict:
    """The module migration_record_info; see its RETURN."""
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=False)
    except NoLedger:
        return {"changed": False, "records": []}
    rows = records.listed(ledger, params.get("kind"), params.get("name"))
    ledger.close()
    found = [records.as_dict(row) for row in rows]
    if params["document"]:
        for record, row in zip(found, rows, strict=True):
            record["document"] = row.document
    return {"changed": False, "records": found}


def _unkept(params: dict, digest: str) -> dict:
    return {
        "kind": params["kind"], "name": params["name"], "sha256": digest, "summary": params["summary"] or {},
        "created_at": None, "signed_by": None, "signed_role": None, "signed_at": None,
    }


def _title(params: dict) -> str:
    return " ".join(part for part in (params["kind"].replace("_", " "), params["name"]) if part)


def _signature_line(name: str | None) -> str:
    return f"-- signed by {name}\n" if name else ""
