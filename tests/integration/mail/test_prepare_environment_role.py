# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role prepare_environment leaves a record of how each server lets in whom."""

from __future__ import annotations

import sys

from servers import mail


def test_login_forms_are_recorded_and_shown(pair, run_play, secrets, tmp_path):
    mail.fill(pair.source.client("anna.berg"), "INBOX", 1)
    # The first form is refused.
    source = {**pair.source_option(), "login": ["{admin}/{mailbox}", "{mailbox}*{admin}"]}
    variables = {
        "prepare_environment_sources": [source], "prepare_environment_target": pair.target_option(), "prepare_environment_ledger": pair.ledger_options,
        "prepare_environment_migration": "example", "prepare_environment_python": sys.executable, "gate_scope": False,
    }
    report = {"report_output": str(tmp_path / "report.html"), "report_station_path": str(tmp_path / "report-data.json"), "report_python": sys.executable,
              "report_ledger": pair.ledger_options, "report_migration": "example"}
    records = {"messaging.migration.migration_record_info": {"ledger": pair.ledger_options, "migration": "example", "kind": "login_form"}}

    def prepared(**more):
        role = {"ansible.builtin.include_role": {"name": "messaging.migration.prepare_environment"}, "vars": variables}
        results = run_play([role, records, *more.pop("then", [])], secrets, **more)
        assert not any(result["failed"] for result in results), results
        told = next(result["records"] for result in results if "records" in result)
        return {result["task"] for result in results if result["changed"]}, {record["name"]: record["summary"] for record in told}

    changed, recorded = prepared(check=True)
    assert "Record how each server lets in whom" in changed and recorded == {}
    changed, recorded = prepared(then=[{"ansible.builtin.include_role": {"name": "messaging.migration.report"}, "vars": report}])
    assert recorded == {
        "old": {"name": "old", "login_form": "{mailbox}*{admin}", "mechanism": "login"},
        "new": {"name": "new", "login_form": "{mailbox}", "mechanism": "plain"},
    }
    assert "<tr><td>login form<td>old: {mailbox}*{admin}<td>" in (tmp_path / "report.html").read_text()
    assert prepared() == (set(), recorded)
