# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role test_migration estimates by what the source servers allow, and says when the copy ends by the calendar."""

from __future__ import annotations

import datetime
import sys

from servers import mail


def test_the_estimate_goes_by_limits_and_windows(pair, run_play, secrets):
    mail.fill(pair.source.client("anna.berg"), "INBOX", 5)
    pair.mailboxes = [{"name": "anna.berg", "target": "anna", "test": True}]
    # One mailbox at a time, whatever the stations could do; always open.
    source = pair.source_option(connections=1, messages_per_second=4, windows=[{"from": "00:00", "to": "24:00", "timezone": "UTC"}])
    variables = {
        "test_migration_sources": [source], "test_migration_target": pair.target_option(), "test_migration_ledger": pair.ledger_options,
        "test_migration_migration": "example", "test_migration_python": sys.executable, "test_migration_copy_workers": 8, "gate_scope": False,
    }
    before = datetime.datetime.now(datetime.timezone.utc)
    results = run_play([
        {"messaging.migration.migration_record": pair.ledger_only(kind="environment", content={})},
        {"messaging.migration.mailbox_discover": pair.ledger_only(sources=[source])},
        {"ansible.builtin.include_role": {"name": "messaging.migration.test_migration"}, "vars": variables},
        {"messaging.migration.migration_record_info": pair.ledger_only(kind="estimate")},
    ], secrets)
    assert [result for result in results if result["failed"]] == []
    estimate = results[-1]["records"][0]["summary"]
    assert estimate["messages"] == 5 and estimate["workers"] == 1 and 0 < estimate["messages_per_second"] <= 4
    assert estimate["hours"]["likely"] == estimate["elapsed_hours"]["likely"] >= round(5 / 4 / 3600, 3)
    end = datetime.datetime.fromisoformat(estimate["ends_at"]["likely"])
    assert before <= end < before + datetime.timedelta(hours=1)
    shown = next(result["msg"] for result in results if result["task"] == "Estimate | Show it")
    assert any(line.startswith("Working time: ") for line in shown), shown
    assert f"Begun now, it ends by the calendar: {end:%Y-%m-%d %H:%M} UTC, 0.0 hours from now" in shown, shown
    assert not [result for result in results if pair.source.password in str(result)]
