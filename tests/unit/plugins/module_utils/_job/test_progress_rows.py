# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import progress, report_file
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, passes
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


def worked(ledger, row, **values):
    passes.update(ledger, passes.begin(ledger, row.id, "copy", "r1", "w1"), **values)


def test_nothing_measured_yet(ledger):
    with_mailboxes(ledger, "anna")
    [row] = progress.rows(ledger, "copy", "r1")
    assert row == {
        "server": "s1", "mailboxes": 1, "mailboxes_done": 0, "mailboxes_failed": 0, "messages": 0, "bytes": 0, "messages_per_second": 0.0,
        "bytes_per_second": 0.0, "eta_seconds": None,
    }


def test_rates_are_of_the_wall_time_and_bytes_tell_how_far_it_is(ledger):
    anna, ben = with_mailboxes(ledger, "anna", "ben")
    mailboxes.set_values(ledger, anna.id, source_bytes=100, round="r1", copied_at=1.0)
    mailboxes.set_values(ledger, ben.id, source_bytes=300)
    begun = time.time() - 10
    for row in (anna, ben):
        worked(ledger, row, messages=5, bytes=50, started_at=begun, seconds=5.0)
    [row] = progress.rows(ledger, "copy", "r1")
    assert (row["mailboxes_done"], row["messages"], row["messages_per_second"], row["bytes_per_second"]) == (1, 10, 2.0, 20.0)
    # A quarter took about ten seconds.
    assert row["eta_seconds"] == pytest.approx(30, abs=3)
    mailboxes.set_values(ledger, ben.id, round="r1", copied_at=1.0)
    assert progress.rows(ledger, "copy", "r1")[0]["eta_seconds"] == 0.0


def test_without_counts_of_bytes_mailboxes_tell(ledger):
    anna, *_others = with_mailboxes(ledger, "anna", "ben", "carl")
    mailboxes.set_values(ledger, anna.id, round="r1", copied_at=1.0)
    worked(ledger, anna, started_at=time.time() - 10, seconds=10.0)
    assert progress.rows(ledger, "copy", "r1")[0]["eta_seconds"] == pytest.approx(20, abs=3)


def test_a_report_is_written_whole_or_not_at_all(tmp_path):
    path = str(tmp_path / "report.json")
    assert report_file.write(None, {"a": 1}) is None
    assert report_file.write(path, {"b": "ü", "a": 1}) == path
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == '{\n "a": 1,\n "b": "ü"\n}\n'
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]
    with pytest.raises(MigrationError, match="The report .* can't be written.*The work itself is done and in the ledger. Correct report_path."):
        report_file.write(str(tmp_path / "none" / "report.json"), {})
