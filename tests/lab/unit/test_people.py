# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom an address has to reach, which the demonstration is measured by."""
from __future__ import annotations

import csv
import io

import people
import pytest
import yaml

LAB = {
    "people": {
        "exchange55": [{"name": "anna.berg", "target": "annaberg", "aliases": ["anna"], "forward": "bo", "quota_mb": 5}, {"name": "bo", "target": "bo"}],
        "exchange2003": [{"name": "carl", "target": "carl", "old_names": ["/o=Old/cn=C"]}],
        "exchange2019": [{"name": "dora", "target": "dora", "disabled": True}],
    },
    "servers": {
        "exchange55": {"place": "Oslo", "quota_mb": 0}, "exchange2003": {"place": "Lyon", "quota_mb": 7}, "exchange2019": {"place": "Kiel", "quota_mb": 0},
    },
    "contacts": [{"name": "partner", "to": "p@elsewhere.test", "inside": True}, {"name": "other", "to": "o@elsewhere.test", "inside": False}],
    "groups": [
        {"name": "north", "members": ["south", "anna.berg", "other"]}, {"name": "south", "members": ["north", "dora"]},
        {"name": "lyon", "everybody_in": "Lyon"}, {"name": "oslo", "server": "exchange55", "members": ["bo"], "aliases": ["team"]},
    ],
}


@pytest.fixture(name="lab")
def _lab(tmp_path):
    (tmp_path / "people.yml").write_text(yaml.safe_dump(LAB))
    return people.People(tmp_path / "people.yml")


@pytest.fixture(name="reached")
def _reached(lab):
    return {probe.address.removesuffix("@example.test"): (probe.kind, set(probe.targets), set(probe.outside)) for probe in lab.probes()}


def test_a_forward_reaches_both(reached):
    for address in ("anna.berg", "annaberg", "anna"):
        assert reached[address] == ("alias", {"annaberg", "bo"}, set())
    assert reached["bo"] == ("alias", {"bo"}, set())


def test_groups_in_a_circle_have_the_same_members(reached):
    assert reached["north"] == reached["south"] == ("list", {"annaberg", "bo", "dora"}, {"o@elsewhere.test"})


def test_a_group_of_a_place_has_all_who_sit_there(reached):
    assert reached["lyon"] == ("list", {"carl"}, set()) and reached["team"] == ("list", {"bo"}, set())


def test_names_of_old_mail_reach_their_owner(reached):
    carl = reached["IMCEAEX-_o=Example_ou=First+20Administrative+20Group_cn=Recipients_cn=carl"]
    assert reached["IMCEAEX-_o=Old_cn=C"] == carl == ("imceaex", {"carl"}, set())
    assert reached["IMCEAEX-_o=Example_ou=First+20Administrative+20Group_cn=Recipients_cn=anna+2Eberg"][1] == {"annaberg", "bo"}


def test_only_addresses_inside_are_written_to(reached):
    assert reached["partner"] == ("alias", set(), {"p@elsewhere.test"}) and "other" not in reached


def test_limits_are_ones_own_or_those_of_the_store(lab):
    assert lab.quotas() == {"annaberg": 5, "bo": 0, "carl": 7, "dora": 0}


def test_every_name_in_active_directory_is_there(lab):
    entries = dict(lab.active_directory())
    assert len(entries) == len(lab.active_directory())
    for attributes in entries.values():
        for attribute in ("member", "altRecipient", "homeMDB"):
            assert set(attributes.get(attribute, ())) <= entries.keys()
    # Somebody of the other directory is a contact here.
    [anna] = [attributes for name, attributes in entries.items() if name.startswith("CN=anna.berg,")]
    assert anna["targetAddress"] == ["SMTP:anna.berg@example.test"] and "contact" in anna["objectClass"]
    assert [attributes["userAccountControl"] for attributes in entries.values() if "user" in attributes["objectClass"]] == [["544"], ["546"]]


def test_the_export_has_those_of_the_old_server(lab):
    rows = {row["Directory Name"]: row for row in csv.DictReader(io.StringIO(lab.exchange_5_5()))}
    assert rows.keys() == {"anna.berg", "bo", "oslo"}
    assert (rows["anna.berg"]["DXA-Task"], rows["anna.berg"]["Alt-Recipient"], rows["oslo"]["Members"]) == ("5120", "Recipients/cn=bo", "Recipients/cn=bo")


def test_the_lab_has_no_address_twice():
    addresses = [probe.address.lower() for probe in people.People().probes()]
    assert len(addresses) == len(set(addresses)) > 150
