# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import proxy_addresses
from ansible_collections.messaging.migration.plugins.module_utils._model.directory import key

LOCALS = st.from_regex(r"\A[a-z0-9]([a-z0-9._+-]{0,12}[a-z0-9])?\Z").filter(lambda local: ".." not in local)
ADDRESSES = st.tuples(LOCALS, st.sampled_from(["example.com", "mail.example.org"])).map("@".join)


def test_the_primary_address_is_in_capitals_wherever_it_stands():
    values = ["smtp:berg@example.com", "X400:c=US;a= ;p=Example;", "SMTP:Anna.Berg@example.com", "X500:/o=Old/cn=anna", "smtp:BERG@example.com"]
    found, faults = proxy_addresses.read(values, "anna.berg@example.com", ["/o=Example/cn=anna"])
    assert found.primary == "Anna.Berg@example.com" and found.others == ("berg@example.com",)
    assert found.old_names == ("/o=Example/cn=anna", "/o=Old/cn=anna") and found.foreign == ("X400:c=US;a= ;p=Example;",)
    assert faults == []


@pytest.mark.parametrize(("values", "mail", "primary", "fault"), [
    (["SMTP:a@example.com", "SMTP:b@example.com"], "b@example.com", "b@example.com", "two_primaries"),
    (["SMTP:b@example.com", "SMTP:a@example.com"], "", "a@example.com", "two_primaries"),
    (["SMTP:a@example.com"], "b@example.com", "a@example.com", "mail_differs"),
    (["smtp:b@example.com", "smtp:a@example.com"], "b@example.com", "b@example.com", "no_primary"),
    (["X400:c=US"], "", "", "no_address"),
    (["SMTP:a@example.com", "smtp:not an address"], "a@example.com", "a@example.com", "bad_address"),
    (["SMTP:a@example.com"], "a@", "a@example.com", "bad_address"),
])
def test_what_is_wrong_is_told_and_the_rest_is_read(values, mail, primary, fault):
    found, faults = proxy_addresses.read(values, mail)
    assert found.primary == primary and [what for what, _detail in faults] == [fault]


def test_who_has_only_mail_has_that_address():
    assert proxy_addresses.read([], "anna@example.com")[0].all == ("anna@example.com",)


@given(st.lists(ADDRESSES, min_size=1, max_size=8, unique=True), st.randoms())
def test_the_order_in_the_directory_says_nothing(addresses, random):
    values = [f"SMTP:{addresses[0]}", *(f"smtp:{address}" for address in addresses[1:])]
    shuffled = random.sample(values, len(values))
    assert proxy_addresses.read(values) == proxy_addresses.read(shuffled)
    found = proxy_addresses.read(shuffled)[0]
    assert found.primary == addresses[0] and sorted(found.all) == sorted(addresses)


@given(ADDRESSES)
def test_addresses_are_addresses(address):
    assert proxy_addresses.is_smtp(address)
    assert proxy_addresses.target(f"SMTP:{address}") == proxy_addresses.target(address) == address


@pytest.mark.parametrize("text", [
    "", "@", "a@", "@example.com", "a b@example.com", "a@exa mple.com", "a..b@example.com", ".a@example.com", "a@-example.com", "a@example..com",
    "<a@example.com>", "ä@example.com", f"{'a' * 65}@example.com", f"a@{'b' * 64}.com", "a@b@example.com",
])
def test_what_is_no_address(text):
    assert not proxy_addresses.is_smtp(text)


def test_a_forward_to_another_kind_of_address_is_none():
    assert proxy_addresses.target("X400:c=US;a= ;p=Example;") == "" == proxy_addresses.target("NOTES:Anna@Home")


@given(st.text(max_size=40))
def test_any_text_is_read(text):
    found, faults = proxy_addresses.read([text], text, [text])
    assert all(map(proxy_addresses.is_smtp, found.all)) and (found.all or faults)


@pytest.mark.parametrize(("one", "other", "same"), [
    ("CN=Anna,OU=Berlin,DC=example", "cn=anna, ou=berlin, dc=Example", True),
    ("CN=Berg\\, Anna,DC=example", "cn=berg\\, anna,dc=example", True),
    ("CN=Berg\\, Anna,DC=example", "CN=Berg\\,Anna,DC=example", False),
])
def test_names_have_one_spelling(one, other, same):
    assert (key(one) == key(other)) is same
