# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role account_plan, as playbook collect_information runs it, and the mailboxes that an inventory takes out of the plan."""

from __future__ import annotations

import json
import sys

import pytest

EXPORT = """Obj-Class,Directory Name,Display Name,Alias Name,Home-Server,E-mail Addresses,Members
mailbox,ANNAB,Anna Berg,anna.berg,OSLO1,SMTP:anna.berg@example.test%smtp:ab@example.test,
mailbox,BOD,Bo Dahl,bo.dahl,OSLO1,SMTP:bo.dahl@example.test,
dl,ALL,All,all,,SMTP:all@example.test,Recipients/cn=ANNAB%Recipients/cn=BOD
"""
ROLE = {"ansible.builtin.include_role": {"name": "messaging.migration.account_plan"}}
MAILBOXES = "{{ lookup('messaging.migration.planned_mailboxes', 'oslo', path=account_plan_path, also=test_users | default({})) }}"


@pytest.fixture
def plan(tmp_path, run_play):
    """Runs the role, and shows the mailboxes afterwards."""
    export = tmp_path / "export.csv"
    export.write_text(EXPORT)

    def run(check=False, **more):
        variables = {
            "account_plan_path": str(tmp_path / "records" / "account_plan.yml"), "account_plan_domains": ["example.test"],
            "account_plan_directories": [{"name": "oslo", "kind": "exchange_5_5_csv", "path": str(export)}],
            "account_plan_servers": {"OSLO1": "oslo"}, "account_plan_name_replacements": {".": ""},
            "account_plan_station_path": str(tmp_path / "station"), "account_plan_migration": "example",
            "account_plan_ledger": {"url": f"sqlite:///{tmp_path / 'ledger.db'}"}, "account_plan_python": sys.executable,
            "gate_target": {"host": "new.example.test"}, **more,
        }
        show = {"name": "Show", "ansible.builtin.debug": {"msg": MAILBOXES}}
        results = run_play([ROLE, show], variables, check=check)
        return results, {result["task"] for result in results if result["changed"]}

    run.folder, run.export = tmp_path, export
    return run


def test_planned_fetched_and_taken_up(plan):
    results, changed = plan(check=True)
    # It shows what it would plan, but there is no plan yet.
    assert results[-1]["msg"] == [] and "2 accounts, 1 lists and 0 redirected" in results[-2]["msg"]
    assert not (plan.folder / "records").exists() and not (plan.folder / "ledger.db").exists()
    results, changed = plan(test_users={"anna.berg": {"test": True}})
    assert [(mailbox["name"], mailbox["target"], mailbox.get("test")) for mailbox in results[-1]["msg"]] == [
        ("anna.berg", "annaberg", True), ("bo.dahl", "bodahl", None)]
    assert "Plan | Say who gets which account" in changed and "Plan | Fetch it" in changed
    written = json.loads((plan.folder / "records" / "account_plan.yml").read_text())["account_plan"]
    assert written["lists"][0]["members"] == ["anna.berg@example.test", "bo.dahl@example.test"] and written["accounts"][0]["addresses"] == ["ab@example.test"]
    assert (plan.folder / "station").stat().st_mode & 0o777 == 0o700
    results, changed = plan(test_users={"anna.berg": {"test": True}})
    assert changed == set() and not any(result["failed"] for result in results)


def test_all_that_stands_against_it_is_told_and_the_plan_stays(plan):
    plan()
    before = (plan.folder / "records" / "account_plan.yml").read_text()
    plan.export.write_text(EXPORT.replace("SMTP:bo.dahl@example.test", "SMTP:ab@example.test").replace("bo.dahl,OSLO1", "bo.dahl,"))
    results, _changed = plan(account_plan_reserved_names=["annaberg"])
    failed = results[-1]
    assert failed["failed"] and "3 conflicts have to be settled first" in failed["msg"]
    assert str(plan.folder / "records" / "account_conflicts.json") in failed["msg"]
    told = json.loads((plan.folder / "records" / "account_conflicts.json").read_text())["conflicts"]
    assert {conflict["what"] for conflict in told if conflict["blocking"]} == {"address_twice", "name_refused", "no_server"}
    assert (plan.folder / "records" / "account_plan.yml").read_text() == before
    # The operator settles them, and it goes on.
    (plan.folder / "overrides.csv").write_text("who,server,move\nanna.berg,,no\nbo.dahl,oslo,\n")
    results, _changed = plan(account_plan_overrides=str(plan.folder / "overrides.csv"))
    assert not results[-1]["failed"], results[-1]["msg"]
    assert [mailbox["name"] for mailbox in results[-1]["msg"]] == ["bo.dahl"]


def test_without_directories_nothing_is_planned(plan):
    results, changed = plan(account_plan_directories=[])
    assert changed == set() and results[-1]["msg"] == [] and not (plan.folder / "records").exists()


def test_refused_before_anything_is_read(plan):
    results, _changed = plan(account_plan_path="")
    assert results[-1]["failed"] and "Set migration_account_plan to a file" in results[-1]["msg"]
    results, _changed = plan(account_plan_wave_by="colour")
    assert results[-1]["failed"] and "colour" in results[-1]["msg"]
    results, _changed = plan(account_plan_domain=["example.test"])
    assert results[-1]["failed"] and "Unknown variables of account_plan: account_plan_domain" in results[-1]["msg"]
    assert not (plan.folder / "station").exists()
