# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories of some size, of Exchange 5.5, and what a server may refuse."""

from __future__ import annotations

import json
import sqlite3

import pytest
from servers import old_organisation, organisation
from servers.slapd import SUFFIX


@pytest.fixture
def options(openldap, tmp_path):
    return {
        "directories": [openldap.option()], "domains": ["example.test"], "path": str(tmp_path / "plan.yml"), "report_path": str(tmp_path / "conflicts.json"),
        "ledger": {"url": f"sqlite:///{tmp_path}/ledger.sqlite"}, "wave_by": "attribute", "wave_attribute": "department",
    }


def test_a_plan_is_made_once(module, options, tmp_path):
    checked = module("account_plan", options, check=True)
    assert checked["changed"] and list(tmp_path.iterdir()) == []
    first = module("account_plan", options)
    assert (first["changed"], first["accounts"], first["lists"], first["redirects"], first["blocking"]) == (True, 400, 63, 20, 0)
    assert first["waves"] == {"Berlin": 134, "Oslo": 133, "Wien": 133} and first["conflicts"] == {"cycle": 1, "empty_list": 2}
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    second = module("account_plan", options)
    assert not second["changed"] and {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    with sqlite3.connect(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.execute("SELECT count(*), count(DISTINCT target) FROM accounts").fetchone() == (400, 400)
    assert not module("account_plan", options, check=True)["changed"]


def test_by_a_playbook(run_play, options, openldap):
    """The password comes from the environment."""
    directory = {name: value for name, value in openldap.option().items() if name != "password"}
    environment = {"MIGRATION_DIRECTORY_PASSWORD": openldap.password}
    task = {"messaging.migration.account_plan": {**options, "directories": [directory]}}
    [checked] = run_play([task], check=True, diff=True, env=environment)
    [made, again] = run_play([task, task], env=environment)
    assert checked["changed"] and made["changed"] and not again["changed"] and checked["diff"]["after"]
    assert openldap.password not in json.dumps([checked, made, again])


def test_lists_have_all_members_of_the_groups_in_them(module, options, tmp_path):
    module("account_plan", options)
    lists = {one["name"]: one["members"] for one in json.loads((tmp_path / "plan.yml").read_text())["account_plan"]["lists"]}
    entries = dict(organisation.entries(SUFFIX, users=400, groups=60, contacts=20, largest=350))

    def below(name: str, seen: set[str]) -> set[str]:
        if "member" not in entries[name]:
            return {entries[name].get("targetAddress", entries[name]["mail"])[0].removeprefix("SMTP:")}
        seen.add(name)
        return {address for member in entries[name]["member"] if member not in seen for address in below(member, seen)}

    for number in range(60):
        assert set(lists[f"list{number}"]) == below(organisation.group_name(SUFFIX, number), set())


def test_filters_that_can_not_be_evaluated_are_told(module, openldap):
    result = module("directory_info", {"directories": [openldap.option()]})
    assert result["remarks"] == {"filter_frozen": 1, "filter_not_evaluated": 2}
    told = {remark["who"].split(",")[0]: remark["detail"] for remark in result["remark_examples"]}
    assert told["cn=All Oslo"] == "Department -eq 'Oslo'" and "is not valid" in told["cn=All Wien"]


def test_a_plan_in_a_ledger_that_stations_share(module, options, servers):
    database = servers.postgresql()
    shared = {**options, "ledger": {"url": database.url, "password": database.password}}
    assert module("account_plan", shared)["changed"] and not module("account_plan", shared)["changed"]
    changed = module("account_plan", {**shared, "default_wave": "later", "waves": {"berlin": "first"}})
    assert changed["changed"] and changed["waves"] == {"first": 134, "later": 266}
    assert database.password not in json.dumps(changed)


def test_a_second_owner_of_an_address_is_told_before_anything_is_done(module, options, tmp_path):
    (tmp_path / "overrides.csv").write_text("who,addresses\nuser1,user2@example.test\n")
    refused = module("account_plan", {**options, "overrides_path": str(tmp_path / "overrides.csv")})
    assert refused["failed"] and refused["blocking"] == 1 and refused["conflict_examples"][0]["what"] == "address_twice"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conflicts.json", "overrides.csv"]
    (tmp_path / "overrides.csv").write_text("who,target,wave,quota_mb\nuser1,userone,last,77\n")
    assert not module("account_plan", {**options, "overrides_path": str(tmp_path / "overrides.csv")})["failed"]
    accounts = {account["mailbox"]: account for account in json.loads((tmp_path / "plan.yml").read_text())["account_plan"]["accounts"]}
    assert {name: accounts["user1"][name] for name in ("target", "wave", "quota_mb")} == {"target": "userone", "wave": "last", "quota_mb": 77}


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_the_certificate_has_to_be_trusted(module, openldap, tls):
    port = {"implicit": openldap.tls_port, "starttls": openldap.port}[tls]
    result = module("directory_info", {"directories": [openldap.option(ca_file=None, tls=tls, port=port)]})
    assert result["failed"] and "is not trusted" in result["msg"] and "No password was sent" in result["msg"]
    assert not module("directory_info", {"directories": [openldap.option(tls=tls, port=port)]})["failed"]


def test_a_host_that_the_certificate_does_not_name(module, openldap):
    # Another way to write 127.0.0.1.
    result = module("directory_info", {"directories": [openldap.option(host="127.1")]})
    assert result["failed"] and "is not trusted: Hostname mismatch" in result["msg"]


def test_without_encryption_where_the_operator_says_so(module, openldap):
    result = module("directory_info", {"directories": [openldap.option(tls="none", port=openldap.port, ca_file=None)]})
    assert not result["failed"] and result["directories"][0]["people"] == 400


def test_a_server_that_gives_only_a_part_is_not_believed(module, openldap):
    result = module("directory_info", {"directories": [openldap.option(user=f"cn=reader,{SUFFIX}", page_size=50)]})
    assert result["failed"] and "only a part" in result["msg"]


@pytest.mark.parametrize(("more", "words"), [
    ({"password": "wrong"}, "refuses the login"),
    ({"base": "dc=nowhere"}, "refuses to search"),
    ({"filter": "(cn=*"}, "is not valid"),
    ({"port": 1}, "can't be reached"),
])
def test_what_goes_wrong_is_told(module, openldap, more, words):
    result = module("directory_info", {"directories": [openldap.option(**more)]})
    assert result["failed"] and words in result["msg"]


def test_a_filter_leaves_the_others_out(module, openldap):
    result = module("directory_info", {"directories": [openldap.option(filter="(mailNickname=user1*)")]})
    assert result["directories"][0]["people"] == 111


def test_entries_of_exchange_5_5(module, openldap, tmp_path):
    option = openldap.option(suffix=old_organisation.NAME, kind="exchange_5_5", name="old")
    result = module("directory_info", {"directories": [option], "report_path": str(tmp_path / "directory.json")})
    assert result["remarks"] == {"no_address": 1} and result["directories"][0]["servers"] == {"EXCH55": 2}
    [directory] = json.loads((tmp_path / "directory.json").read_text())["directories"]
    anna, bo = sorted(directory["people"], key=lambda person: person["key"])
    assert anna["addresses"] == {
        "primary": "Anna.Berg@example.test", "others": ["berg@example.test"], "foreign": ["MS$EXAMPLE/BERLIN/ANNA"],
        "old_names": ["/o=Example/ou=Berlin/cn=Recipients/cn=anna"],
    }
    assert (anna["alias"], anna["account"], anna["place"], anna["quota"]) == ("annab", "aberg", "Example/Berlin/Recipients", {"limit_kb": 51200, "known": True})
    assert bo["hidden"] and bo["quota"] == {"limit_kb": None, "known": False}
    assert len(directory["groups"][0]["members"]) == 3
    plan = {"directories": [option], "domains": ["example.test"], "path": str(tmp_path / "plan.yml"), "ledger": {"url": f"sqlite:///{tmp_path}/ledger.sqlite"}}
    refused = module("account_plan", plan)
    assert refused["failed"] and refused["conflict_examples"][0]["what"] == "no_address"
    (tmp_path / "overrides.csv").write_text(f'who,addresses\n"cn=bo,{old_organisation.RECIPIENTS}",bo@example.test\n')
    assert not module("account_plan", {**plan, "overrides_path": str(tmp_path / "overrides.csv")})["failed"]
    written = json.loads((tmp_path / "plan.yml").read_text())["account_plan"]
    assert [(account["target"], account["forward_to"], account["keeps_copy"]) for account in written["accounts"]] == [
        ("anna.berg", "r@elsewhere.test", True), ("bo", "", False),
    ]
    assert written["lists"][0]["members"] == ["Anna.Berg@example.test", "bo@example.test", "r@elsewhere.test"]
