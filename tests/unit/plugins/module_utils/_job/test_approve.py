# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job.approve import approve
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes

HASH = b"\xab" * 32


@pytest.fixture
def ledger(tmp_path):
    ledger = opened(tmp_path)
    [anna] = with_mailboxes(ledger, "anna")
    for folder, uid, reason in (("INBOX", 1, "too_large"), ("INBOX", 1, "flag_dropped"), ("R&AOk-sum&AOk-", 2, "too_large")):
        exceptions.raise_exception(ledger, anna.id, folder, uid, reason, "", HASH if folder != "INBOX" else None)
    return ledger


@pytest.fixture
def ask(tmp_path):
    def ask(*named, check_mode=False):
        own = {"server": "s1", "mailbox": "anna"}
        return approve(
            {"ledger": options(tmp_path), "migration": MIGRATION, "approved_by": "Ada Lead", "exceptions": [{**own, **one} for one in named]}, check_mode
        )

    return ask


def approved(ledger):
    return {(row.folder, row.reason) for row in exceptions.listed(ledger) if row.state == "approved"}


@pytest.mark.parametrize(
    ("named", "which"),
    [
        ({"folder": "INBOX", "uid": 1}, {("INBOX", "too_large"), ("INBOX", "flag_dropped")}),
        ({"folder": "INBOX", "uid": 1, "reason": "flag_dropped"}, {("INBOX", "flag_dropped")}),
        ({"folder": "Résumé", "uid": 2}, {("R&AOk-sum&AOk-", "too_large")}),
        ({"folder": "R&AOk-sum&AOk-", "uid": 2}, {("R&AOk-sum&AOk-", "too_large")}),
        ({"sha256": HASH.hex().upper()}, {("R&AOk-sum&AOk-", "too_large")}),
        ({"reason": "too_large"}, {("INBOX", "too_large"), ("R&AOk-sum&AOk-", "too_large")}),
    ],
)
def test_named_ones_are_approved_once(ledger, ask, named, which):
    assert ask(named, check_mode=True) == {"changed": True, "approved": len(which)} and approved(ledger) == set()
    assert ask(named) == {"changed": True, "approved": len(which)} and approved(ledger) == which
    assert ask(named) == {"changed": False, "approved": 0}


def test_one_unknown_name_approves_none(ledger, ask):
    with pytest.raises(MigrationError, match="No such exception in the ledger: s1/anna INBOX 9. Nothing was approved."):
        ask({"folder": "INBOX", "uid": 1}, {"folder": "INBOX", "uid": 9})
    assert approved(ledger) == set()


def test_without_a_ledger(ask, tmp_path):
    with pytest.raises(MigrationError, match="There is no ledger at .*Nothing was approved. Copy mailboxes first."):
        ask({"uid": 1})
    assert list(tmp_path.iterdir()) == []
