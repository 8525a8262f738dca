# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is drawn from."""

from __future__ import annotations

import json

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._job import overview
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes


@pytest.fixture
def report(tmp_path):
    def read():
        path = tmp_path / "report.json"
        told = overview.ledger_info({"ledger": options(tmp_path), "migration": MIGRATION, "report_path": str(path)})
        return told, json.loads(path.read_text())

    return read


def test_without_a_ledger_an_earlier_report_is_not_taken_for_a_new_one(report, tmp_path):
    (tmp_path / "report.json").write_text('{"mailboxes": ["of earlier times"]}')
    told, empty = report()
    assert told["exists"] is False and told["report_path"] == str(tmp_path / "report.json")
    assert empty["mailboxes"] == [] and empty["totals"]["mailboxes"] == 0 and not (tmp_path / "ledger.sqlite").exists()
    opened(tmp_path)
    assert report()[1].keys() == empty.keys()


def test_the_last_pass_of_a_mailbox_may_be_long_ago(report, tmp_path, monkeypatch):
    monkeypatch.setattr(overview, "NEWEST_PASSES", 1)
    ledger = opened(tmp_path)
    for number, row in enumerate(with_mailboxes(ledger, "anna", "ben")):
        with ledger.write() as connection:
            connection.execute(ledger.tables.passes.insert().values(
                mailbox_id=row.id, kind="copy", round="r1", worker="w1", started_at=100.0 * (number + 1), seconds=5.0,
            ))
    _told, drawn = report()
    assert [row["last_pass"] for row in drawn["mailboxes"]] == [105.0, 205.0] and len(drawn["passes"]) == 1 and drawn["generated_from"] == 205.0
