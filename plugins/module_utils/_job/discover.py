# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Discovery: what the source servers really hold, beside what the questionnaires say."""

from __future__ import annotations

from .._errors import MigrationError
from .._ledger import mailboxes, records
from .._ledger.store import NoLedger, open_ledger
from .._model import questionnaire
from . import plan as plans
from .report_file import write
from .survey import survey

DETAILS = ("mailboxes", "unreachable", "capabilities", "greeting", "id", "tls")


def mailbox_info(params: dict) -> dict:
    """The module mailbox_info; see its RETURN."""
    servers = plans.servers(params["sources"])
    found = survey(servers, plans.chosen(servers, params.get("only"), params.get("wave"), params.get("test_only", False)), params["workers"])
    return {"changed": False, "servers": [short(server) for server in found], "report_path": write(params.get("report_path"), {"servers": found})}


def discover(params: dict, check_mode: bool = False) -> dict:
    """The module mailbox_discover; see its RETURN.

    The record of a server is renewed when what was found differs materially: identity, mailboxes, or volume by more than
    `growth`. A live server's counts move all day; that alone is no new discovery.
    """
    servers = plans.servers(params["sources"])
    names = plans.chosen(servers)
    stated = {q["server"]: q for q in params.get("questionnaires") or ()}
    unknown = sorted(stated.keys() - servers.keys())
    if unknown:
        raise MigrationError(
            f"Questionnaires of unknown source servers: {', '.join(unknown)}.", "Nothing was written.", "Correct the field server in them.",
        )
    try:
        ledger = open_ledger(params.get("ledger") or {}, params["migration"], create=not check_mode)
    except NoLedger:
        ledger = None
    if not check_mode:
        # No record of mailboxes that the ledger refuses, which would be no news the next time.
        mailboxes.register_all(ledger, [(server.name, server.mailboxes, server.protocol) for server in servers.values()])
    found = survey(servers, names, params["workers"])
    differences, changed = [], []
    for server in found:
        differences += questionnaire.differences(stated.get(server["name"], {}), short(server))
        document = {key: server[key] for key in server if key != "tls"}
        before = records.latest(ledger, "discovery", server["name"]) if ledger else None
        if before is None or questionnaire.material_change(before.document, document, params["growth"]):
            changed.append(server["name"])
            if not check_mode:
                records.add(ledger, "discovery", server["name"], records.canonical(document), short(server))
        if not check_mode:
            _note(ledger, server)
    if ledger:
        ledger.close()
    return {
        "changed": bool(changed),
        "changed_servers": changed,
        "servers": [short(server) for server in found],
        "differences": differences,
        "report_path": write(params.get("report_path"), {"servers": found}),
    }


def short(server: dict) -> dict:
    """What fits into a module's result: no list that grows with the number of mailboxes."""
    return {
        **{key: value for key, value in server.items() if key not in DETAILS and key != "totals"},
        **server["totals"],
        "unreachable": len(server["unreachable"]),
        "unreachable_examples": [f"{m['name']}: {m['reason']}" for m in server["unreachable"][:5]],
    }


def _note(ledger, found: dict) -> None:
    """Give the ledger the counts that estimates and progress start from."""
    for mailbox in found["mailboxes"]:
        row = mailboxes.find(ledger, found["name"], mailbox["name"])
        # Another station may have brought another list since.
        if row and (row.source_messages, row.source_bytes) != (mailbox["messages"], mailbox["bytes"]):
            mailboxes.set_values(ledger, row.id, source_messages=mailbox["messages"], source_bytes=mailbox["bytes"])
