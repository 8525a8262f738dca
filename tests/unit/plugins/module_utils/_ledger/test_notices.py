# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import notices
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture


@pytest.fixture
def ledger(tmp_path):
    opened = ledger_fixture.opened(tmp_path)
    yield opened
    opened.close()


def test_from_intent_to_end(ledger):
    anna, bo = ledger_fixture.with_mailboxes(ledger, "anna", "bo")
    assert notices.last_tried(ledger) == 0 and notices.listed(ledger, "done") == {}
    assert notices.begin(ledger, anna.id, "done", "r1", "<1@x>", None)
    row = notices.listed(ledger, "done")[anna.id]
    assert (row.state, row.round, row.message_id, row.sent_at) == (notices.SENDING, "r1", "<1@x>", None) and notices.last_tried(ledger) == row.tried_at
    notices.settle(ledger, anna.id, "done", notices.SENT)
    notices.begin(ledger, bo.id, "done", "r1", "<2@x>", None)
    notices.settle(ledger, bo.id, "done", notices.REFUSED, "550 no")
    rows = notices.listed(ledger, "done")
    assert rows[anna.id].state == notices.SENT and rows[anna.id].sent_at >= row.tried_at
    assert (rows[bo.id].state, rows[bo.id].reply, rows[bo.id].sent_at) == (notices.REFUSED, "550 no", None)
    assert notices.listed(ledger, "announcement") == {}


def test_only_one_of_two_begins(ledger):
    [anna] = ledger_fixture.with_mailboxes(ledger, "anna")
    assert notices.begin(ledger, anna.id, "done", "r1", "<1@x>", None) and not notices.begin(ledger, anna.id, "done", "r2", "<2@x>", None)
    seen = notices.listed(ledger, "done")[anna.id]
    assert seen.message_id == "<1@x>"
    # Both saw the same row; the second comes too late.
    assert notices.begin(ledger, anna.id, "done", "r3", "<3@x>", seen) and not notices.begin(ledger, anna.id, "done", "r4", "<4@x>", seen)
    assert notices.listed(ledger, "done")[anna.id].round == "r3"
