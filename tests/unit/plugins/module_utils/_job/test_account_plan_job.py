# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job.account_plan import account_plan
from ansible_collections.messaging.migration.plugins.module_utils._ledger import accounts
from ansible_collections.messaging.migration.plugins.module_utils._model.account_rules import RULES
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture

EXPORT = """Obj-Class,Directory Name,Display Name,Alias Name,Home-Server,E-mail Addresses,Members
mailbox,anna,Anna,anna,S1,SMTP:anna@example.com,
mailbox,bo,Bo,bo,S1,SMTP:bo@example.com%smtp:info@example.com,
dl,all,All,all,,SMTP:all@example.com,anna%bo
"""


@pytest.fixture
def params(tmp_path):
    """Options of a plan for two users and a list; the ledger has their mailboxes."""
    (tmp_path / "export.csv").write_text(EXPORT)
    ledger = ledger_fixture.opened(tmp_path)
    ledger.close()
    return {
        **{name: option.get("default") for name, option in RULES.items()},
        "directories": [{"name": "old", "kind": "exchange_5_5_csv", "path": str(tmp_path / "export.csv")}],
        "domains": ["example.com"], "path": str(tmp_path / "plan.yml"), "report_path": str(tmp_path / "conflicts.json"), "overrides_path": None,
        "migration": ledger_fixture.MIGRATION, "ledger": ledger_fixture.options(tmp_path),
    }


def in_ledger(tmp_path) -> list[str]:
    ledger = ledger_fixture.opened(tmp_path)
    try:
        return [account["target"] for account in accounts.listed(ledger)]
    finally:
        ledger.close()


def test_the_plan_is_in_the_file_and_in_the_ledger(params, tmp_path):
    result = account_plan(params)
    assert (result["changed"], result["accounts"], result["lists"], result["waves"]) == (True, 2, 1, {"default": 2})
    written = json.loads((tmp_path / "plan.yml").read_text())["account_plan"]
    assert [account["target"] for account in written["accounts"]] == ["anna", "bo"] == in_ledger(tmp_path)
    assert written["lists"][0]["members"] == ["anna@example.com", "bo@example.com"]
    assert "member of all@example.com: bo@example.com\n" in result["diff"]["after"] and result["diff"]["before"] == ""


def test_a_second_run_changes_nothing(params):
    account_plan(params)
    again = account_plan(params)
    assert not again["changed"] and again["diff"] == {"before": "", "after": ""}


def test_check_mode_writes_nothing_and_says_what_would_be(params, tmp_path):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    checked = account_plan(params, check_mode=True)
    assert checked["changed"] and {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert checked["diff"] == account_plan(params)["diff"]


def test_check_mode_works_without_a_ledger(params, tmp_path):
    (tmp_path / "ledger.sqlite").unlink()
    assert account_plan(params, check_mode=True)["changed"] and not (tmp_path / "ledger.sqlite").exists()


def test_what_is_gone_is_gone(params, tmp_path):
    account_plan(params)
    (tmp_path / "export.csv").write_text(EXPORT.replace("mailbox,bo", "remote,bo"))
    result = account_plan(params)
    assert result["changed"] and in_ledger(tmp_path) == ["anna"] and "mailbox" in result["diff"]["before"]


def test_an_empty_directory_takes_nothing_away(params, tmp_path):
    account_plan(params)
    before = (tmp_path / "plan.yml").read_bytes()
    (tmp_path / "export.csv").write_text(EXPORT.splitlines()[0] + "\n")
    with pytest.raises(MigrationError, match="None of 0 users"):
        account_plan(params)
    assert (tmp_path / "plan.yml").read_bytes() == before and in_ledger(tmp_path) == ["anna", "bo"]


def test_conflicts_stand_before_everything(params, tmp_path):
    (tmp_path / "export.csv").write_text(EXPORT.replace("smtp:info", "smtp:anna"))
    with pytest.raises(MigrationError, match="address_twice") as refused:
        account_plan(params)
    assert refused.value.facts["conflicts"] == {"address_twice": 1, "name_is_address": 1, "quota_not_known": 2} and refused.value.facts["changed"] is False
    assert not (tmp_path / "plan.yml").exists() and in_ledger(tmp_path) == []
    report = json.loads((tmp_path / "conflicts.json").read_text())
    assert report["conflicts"][0]["who"] == "anna@example.com" and report["explained"]["address_twice"]


def test_conflicts_are_settled_by_the_operator(params, tmp_path):
    (tmp_path / "export.csv").write_text(EXPORT.replace("SMTP:bo", "SMTP:anna"))
    (tmp_path / "overrides.csv").write_text("who,move,wave,quota_mb\ninfo@example.com,no,,\nanna@example.com,,first,\n")
    with pytest.raises(MigrationError, match=r"overrides\.csv, line 3: several are named anna@example"):
        account_plan({**params, "overrides_path": str(tmp_path / "overrides.csv")})
    (tmp_path / "overrides.csv").write_text("who,move,wave,quota_mb\ninfo@example.com,no,,\nRecipients/cn=anna,,first,77\n")
    result = account_plan({**params, "overrides_path": str(tmp_path / "overrides.csv")})
    assert result["waves"] == {"first": 1} and "stays" in result["conflicts"]


@pytest.mark.parametrize(("text", "word"), [
    ("target\nanna\n", "no column who"),
    ("who,colour\nanna,red\n", "column 'colour'"),
    ("who,who\nanna,bo\n", "column 'who'"),
    ("who,move\nanna\n", "line 2: it has 1 values for 2 columns"),
    ("who,move\nanna,perhaps\n", "line 2: move"),
    ("who\nnobody\n", "line 2: nobody is named nobody"),
    ('who\n"anna', "can't be read"),
    ("", "no column who"),
])
def test_a_file_of_the_operator_that_makes_no_sense_is_refused(params, tmp_path, text, word):
    (tmp_path / "overrides.csv").write_text(text)
    with pytest.raises(MigrationError, match=word):
        account_plan({**params, "overrides_path": str(tmp_path / "overrides.csv")})
    assert not (tmp_path / "plan.yml").exists() and not (tmp_path / "conflicts.json").exists()


@pytest.mark.parametrize("text", ["hosts: all\n", "{}", '{"other": 1}', "[1]"])
def test_another_file_is_never_replaced(params, tmp_path, text):
    (tmp_path / "plan.yml").write_text(text)
    with pytest.raises(MigrationError, match="no account plan"):
        account_plan(params)
    assert (tmp_path / "plan.yml").read_text() == text


def test_a_missing_folder_is_told_before_anything_is_read(params, tmp_path):
    with pytest.raises(MigrationError, match="does not exist"):
        account_plan({**params, "path": str(tmp_path / "none" / "plan.yml"), "directories": [{"kind": "exchange_5_5_csv", "path": "/none"}]})


def test_mailboxes_of_the_ledger_are_compared(params, tmp_path):
    ledger = ledger_fixture.opened(tmp_path)
    ledger_fixture.with_mailboxes(ledger, "anna", "dora")
    ledger.close()
    with pytest.raises(MigrationError, match="target_differs") as refused:
        account_plan(params)
    assert {"mailbox_not_found", "mailbox_without_user", "target_differs"} <= refused.value.facts["conflicts"].keys()
