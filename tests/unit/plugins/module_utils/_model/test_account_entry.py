# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.account_entry import ACCOUNTS, CLASSES, FORM, Form, another_person, names

DN = "uid=annaberg,ou=people,dc=example,dc=com"


def form(**more):
    return Form.from_options({**{name: option.get("default") for name, option in FORM.items()}, **more})


def account(**more):
    defaults = {name: option.get("default") for name, option in ACCOUNTS["accounts"]["options"].items()}
    return {**defaults, "target": "annaberg", "primary": "anna.berg@example.com", "full_name": "Anna Berg", **more}


def test_what_is_public_is_written():
    assert form().entry(account(addresses=["a@example.com"], quota_mb=5, forward_to="x@example.net", keeps_copy=True, password="secret")) == {
        "objectClass": list(CLASSES), "uid": ["annaberg"], "cn": ["Anna Berg"], "sn": ["Berg"], "givenName": ["Anna"], "mail": ["anna.berg@example.com"],
    }


def test_what_the_operator_says_is_written_too():
    made = form(
        attributes={"miService": ["imap", "web-{target}"], "MAIL": "{local}@other.example", "givenName": ""}, alias_attribute="mailLocalAddress",
        password_attribute="userPassword", mail_host="mp.example.com", routing_address="{target}@{mail_host}", quota_unit="kb",
    ).entry(account(addresses=["a@example.com"], old_addresses=["IMCEAEX-_O=X@example.com"], quota_mb=5, forward_to="x@example.net", password="secret"))
    assert made == {
        "objectClass": list(CLASSES), "uid": ["annaberg"], "cn": ["Anna Berg"], "sn": ["Berg"], "MAIL": ["anna.berg@other.example"],
        "mailHost": ["mp.example.com"], "mailRoutingAddress": ["annaberg@mp.example.com"], "miMailQuota": ["5120"], "miService": ["imap", "web-annaberg"],
        "mailLocalAddress": ["anna.berg@example.com", "a@example.com", "IMCEAEX-_O=X@example.com"], "userPassword": ["secret"],
        "miForwardingAddress": ["x@example.net"], "miDeliveryOption": ["forward"],
    }


@pytest.mark.parametrize(("unit", "quota_mb", "written"), [("bytes", 2, ["2097152"]), ("mb", 2, ["2"]), ("", 2, None), ("kb", 0, None)])
def test_the_quota_has_a_unit_or_is_not_written(unit, quota_mb, written):
    assert form(quota_unit=unit).entry(account(quota_mb=quota_mb)).get("miMailQuota") == written


def test_an_entry_as_it_was_made_needs_nothing():
    for made in (form(), form(alias_attribute="mailLocalAddress", quota_unit="mb", password_attribute="userPassword")):
        given = account(quota_mb=3, password="secret", addresses=["a@example.com"])
        there = made.entry(given)
        assert made.corrected(given, DN, lambda name, there=there: there.get(name, [])) == ({}, {})


def test_what_is_ours_is_corrected_and_what_others_added_stays():
    made, given = form(alias_attribute="mailLocalAddress"), account(addresses=["a@example.com"])
    there = {**made.entry(given), "sn": ["Hill"], "mailLocalAddress": ["A@Example.com", "own@example.com"], "description": ["x"],
             "objectClass": ["TOP", "person", "posixAccount"], "mailHost": ["others.example.com"]}
    before, after = made.corrected(given, DN, lambda name: there.get(name, []))
    assert before == {"sn": ["Hill"], "mailLocalAddress": ["A@Example.com", "own@example.com"], "objectClass": ["TOP", "person", "posixAccount"]}
    assert after == {
        "sn": ["Berg"], "mailLocalAddress": ["A@Example.com", "own@example.com", "anna.berg@example.com"],
        "objectClass": ["TOP", "person", "posixAccount", *CLASSES[2:]],
    }


def test_what_an_entry_is_called_by_stays_in_its_attribute():
    made, there = form(), {**form().entry(account()), "cn": ["Berg, Anna"]}
    _before, after = made.corrected(account(), "CN=Berg\\, Anna,ou=people,dc=example,dc=com", lambda name: there.get(name, []))
    assert after == {"cn": ["Berg, Anna", "Anna Berg"]}


def test_another_attribute_may_have_the_name():
    assert "cn" not in form(name_attribute="cn").attributes
    assert form(name_attribute="cn").entry(account())["cn"] == ["annaberg"]


@pytest.mark.parametrize(("full_name", "first", "last"), [
    ("Anna Maria Berg", "Anna Maria", "Berg"), ("Berg, Anna Maria", "Anna Maria", "Berg"), ("Prince", "", "Prince"), (", Anna", ",", "Anna"),
])
def test_names(full_name, first, last):
    assert names(full_name) == (first, last)


@pytest.mark.parametrize(("full_name", "there", "another"), [
    ("Anna Berg", "Berg, Anna", False), ("Anna Berg", "Dr. Anna Maria Berg", False), ("Anna Maria Berg", "anna berg", False), ("Anna Berg", "", False),
    ("Anna Müller", "Anna M?ller", False), ("Anna Berg", "Andreas Berg", True), ("Anna Müller", "Andreas Müller", True), ("", "Anna Berg", False),
])
def test_who_is_called_otherwise_is_another_person(full_name, there, another):
    assert another_person(full_name, there) is another


@pytest.mark.parametrize(("options", "word"), [
    ({"attributes": {"mail": "{primery}"}}, "may have {target}"),
    ({"attributes": {"mail": "{primary"}}, "can't be read"),
    ({"attributes": {"mail": None}}, "no text"),
    ({"attributes": {"mail": ["{primary}", 7]}}, "no text"),
    ({"attributes": {"my mail": "x"}}, "can't be the name of an attribute"),
    ({"attributes": {"UID": "x"}}, "an option of its own"),
    ({"attributes": {"objectClass": ["top"]}}, "an option of its own"),
    ({"attributes": {"mailLocalAddress": "x"}, "alias_attribute": "mailLocalAddress"}, "an option of its own"),
    ({"name_attribute": ""}, "name_attribute"),
    ({"alias_attribute": "*"}, "alias_attribute"),
    ({"routing_address": "{quota}"}, "routing_address"),
    ({"object_classes": []}, "object_classes"),
])
def test_what_makes_no_sense_is_refused(options, word):
    with pytest.raises(ValueError, match=word):
        form(**options)
