# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import quotas
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture


@pytest.fixture
def ledger(tmp_path):
    opened = ledger_fixture.opened(tmp_path)
    yield opened
    opened.close()


def known(ledger):
    return {name: (row.before_kb, row.raised_kb, row.state) for name, row in quotas.listed(ledger).items()}


def test_what_was_before_stays(ledger):
    assert known(ledger) == {}
    quotas.begin(ledger, 4000, {"anna": 100, "bo": 200})
    quotas.settle(ledger, ["anna"], quotas.RAISED)
    assert known(ledger) == {"anna": (100, 4000, "raised"), "bo": (200, 4000, "raising")}
    quotas.begin(ledger, 5000, {"anna": 4000, "carl": 2**40})
    assert known(ledger) == {"anna": (100, 5000, "raising"), "bo": (200, 4000, "raising"), "carl": (2**40, 5000, "raising")}
    quotas.settle(ledger, ["anna", "bo"], quotas.RESTORED)
    assert [state for _before, _raised, state in known(ledger).values()] == ["restored", "restored", "raising"]
