# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, passes
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


def done(ledger, row, kind="copy", round_="r1", **values):
    with ledger.write() as connection:
        number = connection.execute(ledger.tables.passes.insert().values(
            mailbox_id=row.id, kind=kind, round=round_, worker="w1", started_at=time.time()
        )).inserted_primary_key[0]
    passes.update(ledger, number, **{"seconds": 0.0, **values})
    return number


def test_when_the_last_pass_of_each_mailbox_ended(ledger):
    anna, ben, _idle = with_mailboxes(ledger, "anna", "ben", "idle")
    for started in (100.0, 300.0, 200.0):
        done(ledger, anna, started_at=started, seconds=5.0)
    done(ledger, ben, started_at=50.0)
    assert passes.last_ended(ledger) == {anna.id: 305.0, ben.id: 50.0}


def test_sums_of_a_round_per_server(ledger):
    anna, ben = with_mailboxes(ledger, "anna", "ben")
    [carl] = with_mailboxes(ledger, "carl", server="s2")
    done(ledger, anna, messages=3, bytes=30, seconds=2.0)
    done(ledger, ben, messages=4, bytes=40, seconds=1.0, started_at=100.0)
    done(ledger, carl, messages=5, bytes=50)
    done(ledger, anna, round_="r2", messages=100)
    first, second = passes.sums(ledger, "copy", "r1")
    assert (first.server, first.messages, first.bytes, first.seconds, first.first) == ("s1", 7, 70, 3.0, 100.0)
    assert first.last > 100.0 and (second.server, second.messages) == ("s2", 5)
    assert [row.messages for row in passes.sums(ledger, None, None, [("s1", "anna")])] == [103]
    assert passes.sums(ledger, "sync", None) == []


def test_counts_of_a_round(ledger):
    anna, ben, _carl = with_mailboxes(ledger, "anna", "ben", "carl")
    mailboxes.set_values(ledger, anna.id, round="r1", copied_at=1.0, source_messages=5, source_bytes=50)
    mailboxes.set_values(ledger, ben.id, round="r1", failure="no rights", source_bytes=7)
    [row] = passes.counts(ledger, "copy", "r1")
    assert (row.mailboxes, row.open, row.failed, row.messages, row.bytes) == (3, 1, 1, 5, 57)
    # In the next round what failed is open again, what is copied is not.
    assert passes.counts(ledger, "copy", "r2")[0].open == 2
    assert passes.counts(ledger, "sync", "r2")[0].open == 3


def test_the_last_round_of_a_series(ledger):
    [anna] = with_mailboxes(ledger, "anna")
    for round_ in ("sync.1", "sync.2", "sync_x.9", "syncx.3"):
        done(ledger, anna, "sync", round_)
    assert passes.last_round(ledger, "sync.") == "sync.2"
    assert passes.last_round(ledger, "sync_") == "sync_x.9"
    assert passes.last_round(ledger, "none.") is None
    assert passes.last_round(ledger, "sync.", [("s1", "ben")]) is None


def test_only_finished_passes_of_a_round_have_findings(ledger):
    anna, ben = with_mailboxes(ledger, "anna", "ben")
    done(ledger, ben, finished=True, findings="{}")
    done(ledger, anna)
    assert [(row.mailbox, row.findings) for row in passes.of_round(ledger, "r1")] == [("ben", "{}")]
    assert [row.mailbox for row in passes.newest(ledger, 1)] == ["anna"]


def test_estimates_rest_on_whole_copies_of_test_mailboxes(ledger):
    [anna] = with_mailboxes(ledger, "anna", test=True)
    [ben] = with_mailboxes(ledger, "ben")
    for row in (anna, ben):
        done(ledger, row, messages=10, bytes=100, seconds=2.0)
        done(ledger, row, messages=5, bytes=50, seconds=1.0)
        done(ledger, row, "sync", "r2", messages=1, bytes=1, seconds=1.0)
    assert passes.measured(ledger) == []
    for row in (anna, ben):
        mailboxes.set_values(ledger, row.id, copied_at=1.0)
    assert passes.measured(ledger) == [{"seconds": 3.0, "messages": 15, "bytes": 150}]
