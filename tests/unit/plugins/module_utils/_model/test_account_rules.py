# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.account_rules import Override, Rules, by_entry, completed, values
from ansible_collections.messaging.migration.plugins.module_utils._model.directory import Addresses, Directory, Group, Person


def rules(**options) -> Rules:
    return Rules.from_options({"domains": ["example.com"], **options})


def person(**more) -> Person:
    return Person(**{"key": "cn=anna", "name": "Anna Berg", "addresses": Addresses("anna.berg@example.com"), "alias": "anna", **more})


@pytest.mark.parametrize(("options", "word"), [
    ({"domains": []}, "domains is empty"),
    ({"domains": ["exa mple"]}, "no mail domain"),
    ({"name_template": "{mailbox}"}, "name_template"),
    ({"name_template": "anna"}, "name_template"),
    ({"name_template": "{alias.__class__}"}, "name_template"),
    ({"name_template": "{alias:{first}}"}, "name_template"),
    ({"mailbox_template": "{"}, "mailbox_template"),
    ({"list_template": "{first}"}, "list_template"),
    ({"name_pattern": "["}, "name_pattern"),
    ({"wave_by": "attribute"}, "wave_attribute"),
    ({"quota_mb": -1}, "quota_mb"),
])
def test_rules_that_make_no_sense_are_refused(options, word):
    with pytest.raises(ValueError, match=word):
        rules(**options)


@pytest.mark.parametrize(("first", "replacements", "name"), [
    ("René", {}, "rene"), ("Jürgen", {"Ü": "ue"}, "juergen"), ("Jürgen", {}, "jurgen"), ("Strauß", {}, "strauss"), ("Ju\u0308rgen", {"ü": "ue"}, "juergen"),
])
def test_names_lose_what_the_target_has_not(first, replacements, name):
    made = rules(name_template="{first}", name_replacements=replacements)
    assert made.spelled(made.name_template, values(person(first=first))) == name and made.refusal(name) == ""


@pytest.mark.parametrize("name", ["", "Ørsted", "a b", "a/b", ".a", "a.", "a" * 65, "root", "李"])
def test_names_that_the_target_can_not_have(name):
    assert rules(reserved_names=["root"]).refusal(name)


@given(st.text(max_size=30))
@example("𝐀ᴬ\U0001d790")
def test_a_name_is_as_the_target_can_have_it_or_refused(text):
    made = rules(name_template="{first}")
    name = made.spelled(made.name_template, values(person(first=text)))
    assert name == made.spelled(made.name_template, values(person(first=name)))
    assert made.refusal(name) or re.fullmatch(made.name_pattern, name)


@pytest.mark.parametrize(("options", "wave"), [
    ({}, "default"),
    ({"wave_by": "server"}, "exchange1"),
    ({"wave_by": "server", "waves": {"EXCHANGE1": "first"}}, "first"),
    ({"wave_by": "server", "waves": {"other": "first"}, "default_wave": "last"}, "last"),
    ({"wave_by": "place", "waves": {"company": "second", "Company/Berlin": "first"}}, "first"),
    ({"wave_by": "place", "waves": {"company": "second"}}, "second"),
    ({"wave_by": "place", "waves": {"company/berlin/cellar": "first", "Comp": "second"}}, "default"),
    ({"wave_by": "attribute", "wave_attribute": "department"}, "Sales"),
])
def test_waves(options, wave):
    anna = person(place="Company/Berlin", attributes={"department": "Sales"})
    assert rules(**options).wave(anna, "exchange1") == wave


@pytest.mark.parametrize(("row", "word"), [
    ({"who": "", "target": "anna"}, "who is meant"),
    ({"who": "anna", "quota_mb": "1.5"}, "quota_mb"),
    ({"who": "anna", "move": "maybe"}, "move"),
    ({"who": "anna", "addresses": "anna@example.com,berg@example.com"}, "SMTP address"),
])
def test_lines_that_make_no_sense_are_refused(row, word):
    with pytest.raises(ValueError, match=f"line 7: .*{word}"):
        Override.from_row(7, row)


ANNA = person(account="aberg")
BO = person(key="cn=bo", addresses=Addresses("bo@example.com"), alias="bo", account="anna")
ALL = Group("cn=all", "All", Addresses("all@example.com"))
DIRECTORY = Directory("ad", [ANNA, BO], [ALL])


@pytest.mark.parametrize("who", ["ABERG", "anna.berg@EXAMPLE.com", "CN=Anna"])
def test_users_are_named_in_any_way(who):
    assert list(by_entry([Override(2, who)], [DIRECTORY])) == [("ad", "cn=anna")]


@pytest.mark.parametrize(("overrides", "word"), [
    ([Override(2, "carl")], "line 2: nobody is"),
    ([Override(2, "anna")], "line 2: several are"),
    ([Override(2, "aberg"), Override(3, "cn=anna")], "lines 2 and 3"),
    ([Override(2, "all@example.com", quota_mb=5)], "line 2: .* is a list"),
])
def test_words_about_nobody_or_about_too_many_are_refused(overrides, word):
    with pytest.raises(ValueError, match=word):
        by_entry(overrides, [DIRECTORY])


def test_addresses_of_the_operator_complete_those_of_the_directory():
    bare = person(addresses=Addresses(foreign=("X400:c=US",)))
    assert completed(bare, Override(2, "anna", addresses=("a@example.com", "b@example.com"))).addresses.all == ("a@example.com", "b@example.com")
    more = Override(2, "anna", addresses=("ANNA.berg@example.com", "b@example.com"))
    assert completed(ANNA, more).addresses.all == ("anna.berg@example.com", "b@example.com")
