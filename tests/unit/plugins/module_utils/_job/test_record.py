# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import record
from ansible_collections.messaging.migration.plugins.module_utils._ledger.records import canonical, sha256
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, options


@pytest.fixture
def keep(tmp_path):
    def keep(document="text", check_mode=False, signature=None, **values):
        if signature == "valid":
            signature = {"name": "Ada Lead", "role": "account leader", "sha256": sha256(document)}
        own = {"kind": "scope_of_work", "name": "", "document": document, "content": None, "summary": None, "signature": signature}
        return record.keep({"ledger": options(tmp_path), "migration": MIGRATION, **own, **values}, check_mode)

    return keep


def info(folder, **values):
    return record.info({"ledger": options(folder), "migration": MIGRATION, "document": False, **values})["records"]


def test_a_document_is_kept_once(keep, tmp_path):
    first = keep()
    assert first["changed"] and first["record"]["sha256"] == sha256("text") and first["diff"]["after"] == "text"
    assert not keep()["changed"]
    assert [row["kind"] for row in info(tmp_path)] == ["scope_of_work"] and "document" not in info(tmp_path)[0]
    assert info(tmp_path, document=True)[0]["document"] == "text"


def test_content_is_kept_in_its_canonical_form(keep, tmp_path):
    keep(document=None, content={"b": 1, "a": 2})
    assert not keep(document=None, content={"a": 2, "b": 1})["changed"]
    assert info(tmp_path, document=True)[0]["document"] == canonical({"a": 2, "b": 1})


def test_a_signature_holds_for_the_document_that_was_signed(keep):
    keep()
    signed = keep(signature="valid")
    assert signed["changed"] and signed["record"]["signed_by"] == "Ada Lead"
    assert signed["diff"]["before"] == "text" and signed["diff"]["after"] == "text-- signed by Ada Lead\n"
    assert not keep(signature="valid")["changed"]
    # Recorded again without a signature, it stays signed; changed, it is not.
    assert keep()["record"]["signed_by"] == "Ada Lead"
    assert keep("changed")["record"]["signed_by"] is None


def test_another_signer_is_a_change(keep):
    keep(signature="valid")
    second = keep(signature={"name": "Bo Next", "role": "account leader", "sha256": sha256("text").upper()})
    assert second["changed"] and second["record"]["signed_by"] == "Bo Next"


def test_a_signature_for_another_document_is_refused(keep, tmp_path):
    with pytest.raises(MigrationError, match=f"Ada Lead signed a scope of work with SHA-256 abc; the document is now {sha256('text')}. Nothing was recorded."):
        keep(signature={"name": "Ada Lead", "role": "account leader", "sha256": "abc"})
    assert list(tmp_path.iterdir()) == []


def test_check_mode_keeps_nothing(keep, tmp_path):
    foreseen = keep(check_mode=True)
    assert foreseen["changed"] and foreseen["record"]["sha256"] == sha256("text") and list(tmp_path.iterdir()) == []
    keep()
    assert keep("other", check_mode=True)["changed"] and keep(signature="valid", check_mode=True)["changed"]
    assert not keep(check_mode=True)["changed"]
    assert [row["sha256"] for row in info(tmp_path)] == [sha256("text")] and info(tmp_path)[0]["signed_by"] is None


def test_without_a_ledger_there_are_no_records(tmp_path):
    assert info(tmp_path) == []
