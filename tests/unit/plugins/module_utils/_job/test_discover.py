# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import discover, survey
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, records
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes


def found(servers, _names, _workers):
    boxes = [{"name": "anna", "target": "anna", "wave": "default", "test": False, "messages": 3, "bytes": 30}]
    totals = dict(dict.fromkeys(survey.totals([]), 0), mailboxes=1, messages=3, bytes=30)
    return [
        {"name": name, "host": "h", "profile": "imap", "product": "Dovecot", "version": "", "mailboxes": boxes, "unreachable": [], "totals": totals}
        for name in servers
    ]


@pytest.fixture
def look(tmp_path, monkeypatch):
    monkeypatch.setattr(discover, "survey", found)

    def look(*names, target="anna", **more):
        boxes = [{"name": name, "target": target} for name in names]
        sources = [{"name": "s1", "host": "h", "mailboxes": boxes}]
        return discover.discover(
            {"sources": sources, "ledger": options(tmp_path), "migration": MIGRATION, "workers": 1, "growth": 0.25, **more}
        )

    return look


def test_no_record_of_mailboxes_that_the_ledger_refuses(look, tmp_path):
    ledger = opened(tmp_path)
    with_mailboxes(ledger, "anna", server="other")
    with pytest.raises(MigrationError, match="Two mailboxes have the same target"):
        look("anna", target="anna-at-target")
    assert records.latest(ledger, "discovery", "s1") is None
    assert look("anna")["changed_servers"] == ["s1"] and mailboxes.find(ledger, "s1", "anna").source_messages == 3


def test_a_questionnaire_of_no_server_is_refused_before_anything_is_written(look, tmp_path):
    with pytest.raises(MigrationError, match="unknown source servers: s9. Nothing was written"):
        look("anna", questionnaires=[{"server": "s9"}])
    assert list(tmp_path.iterdir()) == []
    assert look("anna", questionnaires=[{"server": "s1", "product": "GroupWise"}])["differences"] == [
        {"server": "s1", "field": "product", "stated": "GroupWise", "found": "Dovecot"}
    ]
