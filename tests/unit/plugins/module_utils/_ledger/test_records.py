# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import records
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.mark.parametrize("document", ["", "Größe: 5 µm\n", "a\r\nb", records.canonical({"b": [1, "ü"], "a": None})])
def test_the_hash_is_what_sha256sum_prints(tmp_path, document):
    file = tmp_path / "document"
    file.write_bytes(document.encode())
    assert subprocess.run(["sha256sum", file], check=True, capture_output=True, text=True).stdout.split()[0] == records.sha256(document)


def test_the_same_content_is_the_same_document():
    assert records.canonical({"b": 1, "a": {"d": "ü", "c": 2}}) == records.canonical({"a": {"c": 2, "d": "ü"}, "b": 1})
    assert records.canonical({"a": "ü"}) == '{\n  "a": "ü"\n}\n'


def test_a_changed_document_is_a_new_version_without_signature(ledger):
    records.add(ledger, "scope_of_work", "", "first", {"mailboxes": 2})
    records.sign(ledger, records.latest(ledger, "scope_of_work").id, "Ada Lead", "account leader")
    signed = records.as_dict(records.latest(ledger, "scope_of_work"))
    assert (signed["signed_by"], signed["signed_role"], signed["summary"]) == ("Ada Lead", "account leader", {"mailboxes": 2})
    assert signed["signed_at"] >= signed["created_at"] and signed["sha256"] == records.sha256("first")
    records.add(ledger, "scope_of_work", "", "second", {})
    row = records.latest(ledger, "scope_of_work")
    assert (row.document, row.signed_by) == ("second", None)
    # What was signed stays readable.
    with ledger.read() as connection:
        assert [r.signed_by for r in connection.execute(ledger.tables.records.select().order_by(ledger.tables.records.c.id))] == ["Ada Lead", None]


def test_listed_are_the_latest_of_each_kind_and_name(ledger):
    for kind, name, document in (("discovery", "s1", "1"), ("discovery", "s2", "2"), ("discovery", "s1", "3"), ("copy", "", "4")):
        records.add(ledger, kind, name, document, {})
    assert [row.document for row in records.listed(ledger)] == ["2", "3", "4"]
    assert [row.document for row in records.listed(ledger, "discovery")] == ["2", "3"]
    assert [row.document for row in records.listed(ledger, "discovery", "s1")] == ["3"]
    assert records.listed(ledger, "estimate") == [] and records.latest(ledger, "discovery") is None
