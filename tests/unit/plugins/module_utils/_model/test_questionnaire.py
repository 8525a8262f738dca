# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model import questionnaire

FOUND = {
    "name": "exchange2019",
    "host": "exchange2019.example.test",
    "product": "Microsoft Exchange",
    "version": "2007",
    "profile": "exchange_2007",
    "capabilities": ["IMAP4REV1"],
    "mailboxes": [{"name": "anna", "target": "anna", "wave": "all", "test": False}, {"name": "ben", "target": "ben", "wave": "all", "test": False}],
    "unreachable": [],
    "totals": {"mailboxes": 2, "messages": 1000, "bytes": 100_000_000, "largest_mailbox_bytes": 60_000_000},
}


def found(**values):
    return {**copy.deepcopy(FOUND), **values}


def fields(stated, there=None):
    there = there or FOUND
    summary = {**there, **there["totals"], "unreachable": len(there["unreachable"])}
    return {row["field"]: (row["stated"], row["found"]) for row in questionnaire.differences(stated, summary)}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, {}),
        ({"mailboxes": 2, "data_mb": 100, "largest_mailbox_mb": 60, "version": "2007"}, {}),
        ({"mailboxes": 3}, {"mailboxes": (3, 2)}),
        ({"data_mb": 130}, {}),
        ({"data_mb": 140}, {"data_mb": (140, 100)}),
        ({"data_mb": 70}, {"data_mb": (70, 100)}),
        ({"largest_mailbox_mb": 10}, {"largest_mailbox_mb": (10, 60)}),
        ({"version": "5.5", "product": "Exchange"}, {"version": ("Exchange 5.5", "Microsoft Exchange 2007")}),
        ({"mailboxes": None, "data_mb": None, "version": None}, {}),
    ],
)
def test_what_is_worth_a_question(stated, expected):
    assert fields(stated) == expected


def test_a_megabyte_is_no_difference():
    assert fields({"data_mb": 1}, found(totals={**FOUND["totals"], "bytes": 100_000})) == {}


def test_a_greeting_without_a_version_is_believed():
    assert fields({"version": "2019"}, found(product="Microsoft Exchange 2010 or later", version="")) == {}
    assert fields({"version": "2019"}, found(product="", version="")) == {}


@pytest.mark.parametrize(
    ("version", "differs"), [("5.5", True), ("2000", True), ("2003 SP2", True), ("2007", True), ("2010", False), ("2016", False), ("15.5", False)],
)
def test_a_version_that_can_not_be_2010_or_later(version, differs):
    expected = {"version": (f"Exchange {version}", "Microsoft Exchange 2010 or later")} if differs else {}
    assert fields({"product": "Exchange", "version": version}, found(product="Microsoft Exchange 2010 or later", version="")) == expected


@pytest.mark.parametrize(
    ("stated", "identified", "differs"),
    [
        ("Microsoft Exchange", "Microsoft Exchange Server 2019", False),
        ("MS Exchange Server", "Microsoft Exchange", False),
        ("Exchange 2007", "Microsoft Exchange", False),
        ("Microsoft Exchange", "Dovecot", True),
        ("Cyrus IMAP server", "Dovecot", True),
        ("Microsoft Mail", "Microsoft Exchange", True),
        ("GroupWise", "", False),
        ("Microsoft Exchange", "PST file", False),
    ],
)
def test_another_product(stated, identified, differs):
    there = found(product=identified, version="")
    assert fields({"product": stated}, there) == ({"product": (stated, identified)} if differs else {})


def test_exchange_2003_by_its_number():
    there = found(product="Microsoft Exchange", version="6.5.7638.1")
    assert fields({"version": "2003"}, there) == {} and "version" in fields({"version": "2007"}, there)


def test_a_file_is_no_version_of_a_server():
    assert fields({"product": "Microsoft Exchange", "version": "2003"}, found(product="PST file", version="")) == {}


def test_unreachable_mailboxes_are_told():
    there = found(unreachable=[{"name": "carl", "reason": "no rights"}])
    assert fields({"mailboxes": 3}, there) == {"reachable mailboxes": (3, 2)}


@pytest.mark.parametrize(
    ("values", "material"),
    [
        ({}, False),
        ({"host": "other.example.test"}, True),
        ({"version": "2003"}, True),
        ({"capabilities": []}, True),
        ({"mailboxes": FOUND["mailboxes"][:1]}, True),
        ({"mailboxes": [{**FOUND["mailboxes"][0], "wave": "second"}, FOUND["mailboxes"][1]]}, True),
        ({"unreachable": [{"name": "carl", "reason": ""}]}, True),
        ({"totals": {**FOUND["totals"], "messages": 1200}}, False),
        ({"totals": {**FOUND["totals"], "messages": 1300}}, True),
        ({"totals": {**FOUND["totals"], "bytes": 60_000_000}}, True),
        ({"totals": {**FOUND["totals"], "events": 1}}, False),
        ({"totals": {**FOUND["totals"], "events": 30}}, True),
        ({"totals": {**FOUND["totals"], "rules_untold": 2}}, True),
        ({"greeting": "another time of day"}, False),
    ],
)
def test_what_is_a_new_discovery(values, material):
    assert questionnaire.material_change(json.dumps(FOUND), found(**values), 0.25) is material


def material(key, before, after, growth=0.25):
    there = [found(totals={**FOUND["totals"], key: number}) for number in (before, after)]
    return questionnaire.material_change(json.dumps(there[0]), there[1], growth)


@pytest.mark.parametrize("key", ["left_out_folders", "events", "contacts", "tasks", "notes", "rules", "rules_left_out"])
def test_what_users_make_on_a_day_is_not_material(key):
    assert not any(material(key, *numbers) for numbers in ((0, 1), (1, 0), (4, 9), (100, 125), (4000, 5000)))
    assert material(key, 0, 26) and material(key, 4000, 5001) and material(key, 4000, 0)


@pytest.mark.parametrize("key", ["unreadable_folders", "unlisted_folders", "items_untold", "rules_untold"])
def test_what_the_scope_of_work_says_of_rights_is_material(key):
    assert not material(key, 10, 12) and material(key, 10, 13) and material(key, 10, 7)
    # Something where there was nothing, and the other way round, however much may grow.
    assert material(key, 0, 1, 2.0) and material(key, 1, 0, 2.0) and not material(key, 1, 2, 2.0)
