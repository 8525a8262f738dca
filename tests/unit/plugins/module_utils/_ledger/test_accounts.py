# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import sqlalchemy as sa

from ansible_collections.messaging.migration.plugins.module_utils._ledger import accounts
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture


def account(name: str, **more) -> dict:
    values = {"directory": "ad", "entry": f"cn={name}", "server": "s1", "mailbox": name, "target": name, "wave": "default", "quota_mb": 0}
    return {**values, "addresses": [f"{name}@example.com"], **more}


@pytest.fixture
def ledger(tmp_path):
    opened = ledger_fixture.opened(tmp_path)
    yield opened
    opened.close()


def test_a_plan_is_written_as_a_whole(ledger):
    accounts.write(ledger, [account("bo"), account("anna", hidden=True)])
    assert accounts.listed(ledger) == [account("anna", hidden=True), account("bo")]
    accounts.write(ledger, [account("carl")])
    assert accounts.listed(ledger) == [account("carl")]
    accounts.write(ledger, [])
    assert accounts.listed(ledger) == []


def test_names_may_change_places(ledger):
    accounts.write(ledger, [account("anna"), account("bo")])
    swapped = [account("anna", target="bo"), account("bo", target="anna")]
    accounts.write(ledger, swapped)
    assert accounts.listed(ledger) == swapped


def test_a_name_is_given_once_or_nothing_is_written(ledger):
    accounts.write(ledger, [account("anna")])
    with pytest.raises(sa.exc.IntegrityError):
        accounts.write(ledger, [account("bo"), account("carl", target="bo")])
    assert accounts.listed(ledger) == [account("anna")]
