# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.account_plan import EXPLAINED, Conflict, Known, plan
from ansible_collections.messaging.migration.plugins.module_utils._model.account_rules import Override, Rules
from ansible_collections.messaging.migration.plugins.module_utils._model.directory import (
    Addresses, Contact, Directory, Forward, Group, Person, PublicFolder, Quota,
)

RULES = Rules.from_options({"domains": ["example.com", "example.org"], "old_name_domains": ["example.com"], "quota_mb": 500})


def person(name: str, *others: str, domain: str = "example.com", **more) -> Person:
    addresses = Addresses(f"{name}@{domain}", others, (f"/o=Example/cn={name}",))
    return Person(**{"key": f"cn={name}", "name": name.title(), "addresses": addresses, "alias": name, "server": "EXCHANGE1", **more})


def group(name: str, *members: str, **more) -> Group:
    return Group(**{"key": f"cn={name}", "name": name, "addresses": Addresses(f"{name}@example.com"), "members": tuple(f"cn={one}" for one in members), **more})


def planned(*entries, rules: Rules = RULES, mailboxes=(), overrides=()):
    directory = Directory("ad")
    for entry in entries:
        {
            Person: directory.people, Group: directory.groups, Contact: directory.contacts, PublicFolder: directory.public_folders,
        }[type(entry)].append(entry)
    return plan([directory], rules, list(mailboxes), {("ad", f"cn={override.who}"): override for override in overrides})


def words(made) -> list[str]:
    return [conflict.what for conflict in made.conflicts]


def test_an_account_has_all_of_its_user():
    made = planned(
        person("anna", "a.berg@example.org", quota=Quota(102401), hidden=True, forward=Forward(key="cn=bo", keeps_copy=True)), person("bo"),
        mailboxes=[Known("exchange1", "Anna", "anna"), Known("exchange1", "bo", "bo")],
    )
    assert made.conflicts == [] and made.accounts[0] == {
        "directory": "ad", "entry": "cn=anna", "server": "exchange1", "mailbox": "Anna", "full_name": "Anna", "target": "anna",
        "primary": "anna@example.com", "addresses": ["a.berg@example.org"], "old_addresses": ["IMCEAEX-_o=Example_cn=anna@example.com"],
        "quota_mb": 101, "wave": "default", "hidden": True, "disabled": False, "forward_to": "bo@example.com", "keeps_copy": True,
    }


@pytest.mark.parametrize(("entries", "what", "who"), [
    ((person("anna", "info@example.com"), person("bo", "INFO@example.com")), "address_twice", "info@example.com"),
    ((person("anna", "all@example.com"), group("all", "anna")), "address_twice", "all@example.com"),
    ((person("anna"), Contact("cn=c", "C", Addresses("anna@example.com"), "c@elsewhere.com")), "address_twice", "anna@example.com"),
    ((person("anna", domain="example.net"),), "primary_outside", "anna@example.net"),
    ((dataclasses.replace(person("anna"), addresses=Addresses()),), "no_address", "cn=anna"),
    ((person("anna_"),), "name_refused", "anna_@example.com"),
    ((person("anna"), person("anna2", alias="b", addresses=Addresses("anna@example.org"))), "name_twice", "anna"),
    ((person("anna"), person("bo", alias="ANNA")), "mailbox_twice", "exchange1/anna"),
    ((person("anna", server=""),), "no_server", "anna@example.com"),
    ((person("anna", alias=""),), "mailbox_unnamed", "anna@example.com"),
])
def test_what_blocks(entries, what, who):
    assert [(conflict.what, conflict.who) for conflict in planned(*entries).blocked if conflict.what == what] == [(what, who)]


@pytest.mark.parametrize(("entries", "conflict"), [
    ((person("anna", "anna@example.local"),), Conflict("address_outside", "anna@example.com", "anna@example.local")),
    ((person("anna", has_mailbox=False),), Conflict("user_without_mailbox", "anna@example.com", "Anna")),
    ((person("anna", has_mailbox=False, forward=Forward(key="cn=bo")),), Conflict("user_without_mailbox", "anna@example.com", "Anna")),
    ((person("anna", disabled=True),), Conflict("disabled", "anna@example.com", "moves")),
    ((person("healthmailbox1"),), Conflict("system_mailbox", "healthmailbox1@example.com", "Healthmailbox1")),
    ((person("anna", quota=Quota(known=False)),), Conflict("quota_not_known", "anna@example.com", "500 MB")),
    ((person("anna", restrictions=("authOrig",)),), Conflict("restriction_lost", "anna@example.com", "authOrig")),
    ((person("anna", delegates=("cn=bo",)),), Conflict("delegates_lost", "anna@example.com", "1 delegates")),
    ((person("anna", forward=Forward(key="cn=gone")),), Conflict("forward_unknown", "anna@example.com", "cn=gone")),
    ((group("all"),), Conflict("empty_list", "all@example.com", "")),
    ((person("anna"), group("all", "anna", "gone")), Conflict("member_left_out", "all@example.com", "1 of 2: cn=gone")),
    ((group("a", "b"), group("b", "a")), Conflict("cycle", "a@example.com", "a@example.com > b@example.com > a@example.com")),
    ((Contact("cn=c", "C", Addresses("c@example.com"), "c@example.com"),), Conflict("address_stays", "c@example.com", "c@example.com")),
    ((PublicFolder("cn=p", "News", Addresses("p@example.net", ("p@example.com",))),),
     Conflict("address_stays", "p@example.net", "p@example.com (public folder News)")),
    ((PublicFolder("cn=p", "News", Addresses("p@example.com")), group("all", "p")), Conflict("member_stays", "all@example.com", "1 of 1: p@example.com")),
    ((person("anna"), person("bo", "x@example.com", addresses=Addresses("bo@example.com", ("anna@example.org",)))),
     Conflict("name_is_address", "anna", "anna@example.com; the address is of bo@example.com")),
])
def test_what_is_told(entries, conflict):
    made = planned(*entries)
    assert conflict in made.conflicts and not conflict.blocking and made.blocked == []


def test_mailboxes_are_held_against_those_that_are_to_move():
    made = planned(
        person("anna"), person("bo"), person("carl", server="OTHER"),
        mailboxes=[Known("exchange1", "anna", "annaberg"), Known("exchange1", "dora", "dora")],
    )
    assert [(conflict.what, conflict.who) for conflict in made.conflicts] == [
        ("target_differs", "anna@example.com"), ("mailbox_not_found", "bo@example.com"), ("mailbox_without_user", "exchange1/dora"),
    ]
    # Of a server without any, nothing is known yet.
    assert [account["mailbox"] for account in made.accounts] == ["anna", "bo", "carl"]


@pytest.mark.parametrize("name", ["anna@example.com", "ANNA", "a.berg@example.org", "aberg"])
def test_a_mailbox_may_be_called_in_any_of_its_users_ways(name):
    made = planned(person("anna", "a.berg@example.org", account="aberg"), mailboxes=[Known("exchange1", name, "anna")])
    assert made.conflicts == [] and made.accounts[0]["mailbox"] == name


def test_lists_have_everybody_below_them():
    made = planned(
        person("anna"), person("bo"), Contact("cn=c", "C", Addresses("c@example.com"), "c@elsewhere.com"),
        group("all", "inner", "anna"), group("inner", "deep", "c"), Group("cn=deep", "Rights only", Addresses(), members=("cn=bo", "cn=anna")),
    )
    assert made.conflicts == [] and [(one["name"], one["members"]) for one in made.lists] == [
        ("all", ["anna@example.com", "bo@example.com", "c@elsewhere.com"]), ("inner", ["anna@example.com", "bo@example.com", "c@elsewhere.com"]),
    ]
    assert made.redirects == [{"directory": "ad", "entry": "cn=c", "address": "c@example.com", "to": "c@elsewhere.com"}]


def test_lists_have_a_template_of_their_own():
    rules = dataclasses.replace(RULES, name_template="{first}.{last}", list_template="l-{alias}")
    made = planned(person("anna", first="Anna", last="Berg"), group("all", "anna", alias="everybody"), rules=rules)
    assert (made.accounts[0]["target"], made.lists[0]["name"], made.conflicts) == ("anna.berg", "l-everybody", [])


def test_members_who_do_not_move_are_told_few_by_name():
    staying = [person(f"user{number}") for number in range(8)]
    made = planned(*staying, group("all", *(f"user{number}" for number in range(8))), overrides=[Override(2, one.alias, move=False) for one in staying])
    [told] = [conflict for conflict in made.conflicts if conflict.what == "member_stays"]
    assert told.detail == "8 of 8: " + ", ".join(f"user{number}@example.com" for number in range(5)) + " and 3 more"
    assert made.accounts == [] and len(made.lists[0]["members"]) == 8


def test_a_user_who_is_only_forwarded_is_redirected():
    made = planned(person("anna", has_mailbox=False, forward=Forward(address="anna@elsewhere.com")), group("all", "anna"))
    assert made.accounts == [] and made.conflicts == []
    assert made.redirects[0]["to"] == "anna@elsewhere.com" == made.lists[0]["members"][0]


def test_the_operator_has_the_last_word_and_is_checked_as_well():
    over = Override(2, "anna", target="annaberg", wave="last", quota_mb=0, mailbox="BERG", server="old")
    made = planned(person("anna", quota=Quota(1024)), overrides=[over])
    assert made.conflicts == [] and {name: made.accounts[0][name] for name in ("target", "wave", "quota_mb", "mailbox", "server")} == {
        "target": "annaberg", "wave": "last", "quota_mb": 0, "mailbox": "BERG", "server": "old",
    }
    assert words(planned(person("anna"), overrides=[Override(2, "anna", target="Anna!")])) == ["name_refused"]
    assert words(planned(person("anna"), person("bo"), overrides=[Override(2, "anna", target="bo")])) == ["name_twice"]
    assert words(planned(person("anna"), overrides=[Override(2, "anna", addresses=("a@example.local",))])) == ["address_outside"]
    assert words(planned(group("all"), overrides=[Override(2, "all", move=False)])) == ["stays"]


def test_a_disabled_account_moves_when_the_rules_or_the_operator_say_so():
    stay = dataclasses.replace(RULES, move_disabled=False)
    assert planned(person("anna", disabled=True), rules=stay).accounts == []
    assert len(planned(person("anna", disabled=True), rules=stay, overrides=[Override(2, "anna", move=True)]).accounts) == 1


def test_an_old_name_of_two_is_nobodys():
    made = planned(person("anna"), person("bo", addresses=Addresses("bo@example.com", (), ("/O=EXAMPLE/CN=ANNA", "/o=Example/cn=bo"))))
    assert words(made) == ["old_name_twice"]
    assert [account["old_addresses"] for account in made.accounts] == [[], ["IMCEAEX-_o=Example_cn=bo@example.com"]]


@given(st.from_regex(r"\A/o=[A-Za-z0-9 ()&.,_+ä\u674e-]{1,20}/ou=[A-Za-z ]{1,10}/cn=[A-Za-z0-9_$'-]{1,20}\Z"))
def test_an_old_address_says_the_old_name(name):
    [account] = planned(person("anna", addresses=Addresses("anna@example.com", (), (name,)))).accounts
    [address] = account["old_addresses"]
    local, _at, domain = address.rpartition("@")
    assert domain == "example.com" and re.fullmatch(r"IMCEAEX-[A-Za-z0-9_+=-]+", local)
    spelled = re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), local.removeprefix("IMCEAEX-").replace("_", "/"))
    assert spelled.encode("latin-1").decode() == name


def test_a_contact_that_stands_for_somebody_of_another_directory_is_no_conflict():
    here = Directory("here", [person("anna")])
    there = Directory("there", contacts=[Contact("cn=x", "Anna", Addresses("anna@example.com"), "anna@example.com")], groups=[group("all", "x")])
    made = plan([here, there], RULES, [], {})
    assert made.conflicts == [] and made.lists[0]["members"] == ["anna@example.com"]


def test_members_and_forwards_are_found_in_all_directories_that_were_read():
    here = Directory("here", [person("anna", forward=Forward(key="cn=bo")), person("carl", forward=Forward(key="cn=inner"))], [group("all", "anna", "inner")])
    there = Directory("there", [person("bo")], [group("inner", "bo", "deep")], [Contact("cn=c", "C", Addresses("c@example.com"), "c@elsewhere.com")])
    last = Directory("last", groups=[group("deep", "c", "inner")])
    made = plan([here, there, last], RULES, [], {})
    assert [(conflict.what, conflict.who) for conflict in made.conflicts] == [("cycle", made.conflicts[0].who)]
    assert [(one["name"], one["members"]) for one in made.lists] == [
        ("all", ["anna@example.com", "bo@example.com", "c@elsewhere.com"]), ("deep", ["bo@example.com", "c@elsewhere.com"]),
        ("inner", ["bo@example.com", "c@elsewhere.com"]),
    ]
    assert [account["forward_to"] for account in made.accounts] == ["bo@example.com", "", "inner@example.com"]


def test_its_own_directory_comes_first():
    here, there = (Directory(name, [person("anna", addresses=Addresses(f"{name}@example.com"), alias=name)]) for name in ("here", "there"))
    for directory in (here, there):
        directory.groups.append(group(f"all{directory.name}", "anna"))
    assert [one["members"] for one in plan([here, there], RULES, [], {}).lists] == [["here@example.com"], ["there@example.com"]]


def test_names_that_mean_something_in_one_site_alone():
    """Those of the export of a site. Who is of another one is called by all of his name."""
    berlin, oslo = (Directory(name, [person(f"{name}er", key="recipients/cn=anna")], relative=True) for name in ("berlin", "oslo"))
    everybody = Group("recipients/cn=all", "all", Addresses("all@example.com"), members=("/o=example/cn=osloer", "recipients/cn=anna"))
    far = Directory("far", groups=[everybody], relative=True)
    made = plan([berlin, oslo, far], RULES, [], {})
    assert made.lists[0]["members"] == ["osloer@example.com"]
    assert made.conflicts == [Conflict("member_left_out", "all@example.com", "1 of 2: recipients/cn=anna")]


@pytest.mark.parametrize("target", ["anna@example.com", "anna@here.local", "A.BERG@example.org"])
def test_a_copy_of_somebody_who_moves_redirects_nothing(target):
    here = Directory("here", [person("anna", "a.berg@example.org", "anna@here.local")], [group("all", "anna")])
    there = Directory("there", contacts=[
        Contact("cn=x", "Anna", Addresses("anna@example.com", ("a.berg@example.org",)), target),
        Contact("cn=y", "All", Addresses("all@example.com"), "all@example.com"),
    ])
    made = plan([there, here], RULES, [], {})
    assert made.redirects == [] and words(made) == ["address_outside"]


PEOPLE = st.lists(
    st.builds(
        lambda number, local, other, disabled: person(f"p{number}", other, addresses=Addresses(local, (other,)), disabled=disabled),
        st.integers(0, 20), st.sampled_from(["a@example.com", "b@example.com", "C@example.com", "c@example.org", "d@example.net", ""]),
        st.sampled_from(["x@example.com", "y@example.com", "a@example.com", "z@example.net"]), st.booleans(),
    ),
    max_size=5, unique_by=lambda one: one.key,
)


@given(PEOPLE, st.randoms())
def test_a_plan_that_nothing_blocks_is_free_of_doubles(people, random):
    made = planned(*people)
    assert set(words(made)) <= EXPLAINED.keys()
    again = planned(*random.sample(people, len(people)))
    assert json.dumps(dataclasses.asdict(again)) == json.dumps(dataclasses.asdict(made))
    if not made.blocked:
        addresses = [address.casefold() for account in made.accounts for address in (account["primary"], *account["addresses"])]
        targets = [account["target"] for account in made.accounts]
        assert len(set(addresses)) == len(addresses) and len(set(targets)) == len(targets)
        assert all(RULES.moves(address) for address in addresses)
