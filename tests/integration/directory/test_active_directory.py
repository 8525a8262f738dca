# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a real Active Directory, by LDAP as it speaks it: pages, ranges, groups in groups."""

from __future__ import annotations

import json

import pytest
from servers import organisation


@pytest.fixture
def read(module, active_directory, tmp_path):
    """The module's result, and its report, by name of user, group or contact."""

    def made(**more):
        path = tmp_path / "directory.json"
        result = module("directory_info", {"directories": [active_directory.option(**more)], "report_path": str(path), "attributes": ["department"]})
        assert not result["failed"], result
        [directory] = json.loads(path.read_text())["directories"]
        return result, {entry["name"]: entry for kind in ("people", "groups", "contacts") for entry in directory[kind]}

    return made


def test_everybody_is_found(read, active_directory):
    result, found = read()
    [counts] = result["directories"]
    assert (counts["people"], counts["mailboxes"], counts["contacts"], counts["lists"]) == (30, 30, 1600, 13)
    assert counts["servers"] == {"EXCHANGE1": 15, "EXCHANGE2": 15}
    anna = found["User 10"]
    assert anna["addresses"]["primary"] == "first10.last10@example.test" and anna["addresses"]["others"] == ["user10@example.test"]
    assert anna["addresses"]["old_names"] == [f"{organisation.ORGANISATION}/cn=Recipients/cn=user10"]
    assert (anna["alias"], anna["account"], anna["place"], anna["attributes"]) == ("user10", "user10", "People/Oslo", {"department": "Oslo"})
    assert anna["quota"] == {"limit_kb": 102410, "known": True} and not anna["disabled"]
    assert found[anna["name"]]["forward"]["keeps_copy"] and found["User 9"]["key"] == anna["forward"]["key"]
    # The store's.
    assert found["User 11"]["quota"]["limit_kb"] == 204801
    assert found["User 7"]["hidden"] and found["Contact 3"]["target"] == "contact3@elsewhere.test"


@pytest.mark.parametrize("sizes", [{"page_size": 7, "range_size": 100}, {"page_size": 1000, "range_size": 3}, {"tls": "starttls"}])
def test_pages_and_ranges_of_any_size_give_the_same(read, sizes):
    _result, whole = read()
    # More than any version of Windows gives at once.
    assert len(set(whole["List 0"]["members"])) == 1601
    _result, found = read(**sizes)
    assert found.keys() == whole.keys()
    for name, entry in found.items():
        assert {**entry, "members": sorted(entry.get("members", ()))} == {**whole[name], "members": sorted(whole[name].get("members", ()))}


def test_a_dynamic_group_is_frozen_and_said_so(read):
    result, found = read()
    assert result["remarks"] == {"filter_frozen": 1} and len(found["All Berlin"]["members"]) == 10
    assert "10 members" in result["remark_examples"][0]["detail"]


def test_the_certificate_has_to_be_trusted(module, active_directory):
    for tls in ("implicit", "starttls"):
        result = module("directory_info", {"directories": [active_directory.option(ca_file=None, tls=tls)]})
        assert result["failed"] and "is not trusted" in result["msg"] and "No password was sent" in result["msg"]


def test_a_wrong_password_is_tried_once(module, active_directory):
    result = module("directory_info", {"directories": [active_directory.option(password="wrong-one")]})
    assert result["failed"] and "refuses the login" in result["msg"] and "tried once" in result["msg"]
    assert "wrong-one" not in json.dumps(result)


def test_a_plan_for_a_real_directory(module, active_directory, tmp_path):
    options = {
        "directories": [active_directory.option()], "domains": ["example.test"], "path": str(tmp_path / "plan.yml"), "wave_by": "place",
        "waves": {"People/Berlin": "first", "People": "second"}, "ledger": {"url": f"sqlite:///{tmp_path}/ledger.sqlite"},
    }
    first, second = (module("account_plan", options) for _run in range(2))
    assert first["changed"] and not first["failed"] and first["waves"] == {"first": 10, "second": 20} and first["conflicts"] == {"cycle": 1}
    assert not second["changed"] and second["diff"] == {"before": "", "after": ""}
    plan = json.loads((tmp_path / "plan.yml").read_text())["account_plan"]
    lists = {one["name"]: one for one in plan["lists"]}
    assert len(lists["list0"]["members"]) == 1600
    # The chain ends in a circle, so all of it have the same members.
    assert {tuple(lists[f"list{number}"]["members"]) for number in range(6, 12)} == {tuple(lists["list6"]["members"])}
    assert active_directory.password not in json.dumps([first, second]) + (tmp_path / "plan.yml").read_text()
