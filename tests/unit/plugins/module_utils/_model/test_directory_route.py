# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.directory import Addresses, Directory, Forward, Person
from ansible_collections.messaging.migration.plugins.module_utils._model.directory_route import (
    AS_WANTED, CHANGE, CONTACT, FOREIGN, RESTORED, ROUTED, ROUTING, Method, Route, as_before, like, put_back, sent,
)

ANNA = {"target": "annaberg", "primary": "anna.berg@example.com"}
CONTACTS = "ou=contacts,dc=example,dc=com"


def method(name, **more):
    return Method.from_options({**{option: spec.get("default") for option, spec in ROUTING.items()}, "method": name, **more})


def test_what_each_method_sets():
    assert method("target_address", route_address="{target}@mp.example.com").values(ANNA) == {"targetAddress": ["SMTP:annaberg@mp.example.com"]}
    assert method("mail_host", mail_host="mp").values(ANNA) == {"mailHost": ["mp"]}
    assert method("mail_host", mail_host="mp", route_address="{local}@mp").values(ANNA) == {"mailHost": ["mp"], "mailRoutingAddress": ["anna.berg@mp"]}
    forwarding = method("mirapoint_forwarding", route_address="{primary}.old@exchange.{domain}".replace("{primary}.", ""))
    assert forwarding.values(ANNA) == {"miForwardingAddress": ["old@exchange.example.com"], "miDeliveryOption": ["forward"]}
    alternate = method("alternate_recipient", route_address="{target}@mp.example.com", contacts_base=CONTACTS, keep_copy=True)
    assert alternate.values(ANNA, f"CN=annaberg,{CONTACTS}") == {"altRecipient": [f"CN=annaberg,{CONTACTS}"], "deliverAndRedirect": ["TRUE"]}
    assert alternate.contact_values(ANNA) == {
        "objectClass": ["top", "contact"], "displayName": ["annaberg"], "mailNickname": ["annaberg"],
        "mail": ["annaberg@mp.example.com"], "proxyAddresses": ["SMTP:annaberg@mp.example.com"], "targetAddress": ["SMTP:annaberg@mp.example.com"],
        "msExchHideFromAddressLists": ["TRUE"],
    }


def test_contacts_by_the_operator():
    own = {name: "" for name in CONTACT if name != "targetAddress"} | {"description": ["moved: {primary}", "{route_address}"]}
    made = method("alternate_recipient", route_address="{target}@mp", contacts_base=CONTACTS, contact_attributes=own).contact_values(ANNA)
    assert {name: values for name, values in made.items() if name != "objectClass"} == {
        "targetAddress": ["SMTP:annaberg@mp"], "description": ["moved: anna.berg@example.com", "annaberg@mp"],
    }


@pytest.mark.parametrize(("name", "options", "word"), [
    ("target_address", {}, "needs route_address"),
    ("target_address", {"route_address": "{target}"}, "no address"),
    ("target_address", {"route_address": "{nobody}@mp"}, "may have {target}"),
    ("target_address", {"route_address": "a@b", "keep_copy": True}, "keep_copy has no meaning"),
    ("target_address", {"route_address": "a@b", "mail_host": "mp"}, "mail_host has no meaning"),
    ("mail_host", {}, "needs mail_host"),
    ("mail_host", {"mail_host": "mp", "name_attribute": "(uid"}, "can't be the name of an attribute"),
    ("alternate_recipient", {"route_address": "a@b"}, "needs contacts_base"),
    ("alternate_recipient", {"route_address": "a@b", "contacts_base": "x", "contact_name": "moved"}, "the same name"),
    ("alternate_recipient", {"route_address": "a@b", "contacts_base": "x", "contact_attributes": {"targetAddress": "c@d"}}, "made of route_address"),
    ("alternate_recipient", {"route_address": "a@b", "contacts_base": "x", "contact_attributes": {"info": 1}}, "no text"),
])
def test_what_makes_no_sense_is_refused(name, options, word):
    with pytest.raises(ValueError, match=word):
        method(name, **options)


def test_names_have_spellings_and_texts_have_none():
    assert like({"altRecipient": ["CN=A, DC=x"], "mailHost": ["a"]}, {"altRecipient": ["cn=a,dc=X"]}) and like({}, {"mailHost": []})
    assert not like({"targetAddress": ["smtp:a@b"]}, {"targetAddress": ["SMTP:a@b"]}) and not like({}, {"mailHost": ["a"]})


OLD, WANTED, OTHER, LATER = ({"mailHost": [name]} for name in ("old", "wanted", "other", "later"))


def route(state=ROUTED, before=OLD, ours=(WANTED,)):
    return Route("ad", "mail_host", "cn=a", "a", "a@x", "w", state, before, list(ours))


@pytest.mark.parametrize(("row", "current", "wanted", "expected"), [
    (None, OLD, WANTED, (CHANGE, OLD, [WANTED])),
    (None, {}, WANTED, (CHANGE, {"mailHost": []}, [WANTED])),
    # Somebody else's doing, which is nothing to put back.
    (None, WANTED, WANTED, (AS_WANTED, {}, [])),
    (route(), WANTED, WANTED, (AS_WANTED, {}, [])),
    # Killed before it was set.
    (route(), OLD, WANTED, (CHANGE, OLD, [WANTED])),
    (route(), OTHER, WANTED, (FOREIGN, OLD, [WANTED])),
    # Other options: what was before is not what came from here.
    (route(), WANTED, LATER, (CHANGE, OLD, [WANTED, LATER])),
    (route(ours=[WANTED, LATER]), WANTED, LATER, (CHANGE, OLD, [WANTED, LATER])),
    (route(), WANTED, {**WANTED, "mailRoutingAddress": ["x"]}, (
        CHANGE, {**OLD, "mailRoutingAddress": []}, [WANTED, {**WANTED, "mailRoutingAddress": ["x"]}],
    )),
    # A way forward again.
    (route(RESTORED), OTHER, WANTED, (CHANGE, OTHER, [WANTED])),
])
def test_to_the_other_side(row, current, wanted, expected):
    assert sent(row, current, wanted) == expected


@pytest.mark.parametrize(("row", "current", "expected"), [
    (route(), WANTED, CHANGE), (route(), OLD, AS_WANTED), (route(), OTHER, FOREIGN), (route(), {}, FOREIGN),
    (route(ours=[WANTED, LATER]), LATER, CHANGE), (route(before={"mailHost": []}), {}, AS_WANTED),
])
def test_and_back(row, current, expected):
    assert put_back(row, current) == expected


BO = "cn=bo,dc=example,dc=com"
TO_TARGET = Forward(address="bo@mp.example.com")
SET = {"targetAddress": ["SMTP:bo@mp.example.com"]}
BY_CONTACT = {"altRecipient": [f"CN=Bo, {CONTACTS}"], "deliverAndRedirect": ["TRUE"]}


@pytest.mark.parametrize(("forward", "before", "ours", "expected"), [
    (TO_TARGET, {"targetAddress": []}, [SET], None),
    # It was a forward of his own before.
    (TO_TARGET, {"targetAddress": ["SMTP:bo@home.example"]}, [SET], Forward(address="bo@home.example")),
    (Forward(key=f"cn=bo,{CONTACTS}", keeps_copy=True), {"altRecipient": [], "deliverAndRedirect": []}, [BY_CONTACT], None),
    # Somebody has changed it since, or it was never ours.
    (Forward(address="bo@elsewhere.example"), {"targetAddress": []}, [SET], Forward(address="bo@elsewhere.example")),
    (None, {"targetAddress": ["SMTP:bo@home.example"]}, [SET], None),
])
def test_what_sends_mail_to_the_other_side_is_no_forward_of_a_user(forward, before, ours, expected):
    people = [Person(BO, "Bo", Addresses("bo@example.com"), forward=forward), Person("cn=anna", "Anna", Addresses(), forward=TO_TARGET)]
    set_ = Route("ad", "target_address", BO.upper(), "bo", "bo@example.com", "default", ROUTED, before, ours)
    assert [person.forward for person in as_before(Directory("ad", people), [set_]).people] == [expected, TO_TARGET]


@pytest.mark.parametrize(("addresses", "expected"), [
    (Addresses("bo@example.com"), None), (Addresses("bo.dahl@example.com", ("BO@example.com",)), None), (Addresses("other@example.com"), TO_TARGET),
])
def test_it_is_none_either_where_the_entry_has_another_name_by_now(addresses, expected):
    set_ = Route("ad", "target_address", BO, "bo", "bo@example.com", "default", ROUTED, {"targetAddress": []}, [SET])
    [bo] = as_before(Directory("ad", [Person("cn=bo,ou=new,dc=example,dc=com", "Bo", addresses, forward=TO_TARGET)]), [set_]).people
    assert bo.forward == expected
