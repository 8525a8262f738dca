# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.address_table import (
    KINDS, WAYS, Entry, Ways, distribution_lists, table, text,
)


def account(target, *addresses, server="old", **more):
    return {
        "server": server, "mailbox": target, "target": target, "entry": f"cn={target}", "full_name": target, "primary": addresses[0] if addresses else "",
        "addresses": list(addresses[1:]), "old_addresses": [], "forward_to": "", "keeps_copy": False, "quota_mb": 0, **more,
    }


def one_list(name, *addresses, members=("x@elsewhere.test",), old=()):
    return {
        "name": name, "entry": f"cn={name}", "primary": addresses[0], "addresses": list(addresses[1:]), "old_addresses": list(old), "members": list(members),
    }


def redirect(address, to):
    return {"entry": f"cn={address}", "address": address, "to": to}


def entries(accounts=(), lists=(), redirects=(), **ways):
    made = table(list(accounts), list(lists), list(redirects), Ways("a.test", **ways))
    assert made.clashes == []
    return [(entry.address, entry.to, entry.kind, entry.way) for entry in made.entries]


@pytest.mark.parametrize(("ways", "way"), [
    ({"way": "imap"}, "file"), ({"way": "administration"}, "administration"), ({"way": "directory"}, "file"),
    ({"way": "directory", "aliases_in_directory": True}, "directory"), ({"way": "imap", "servers": {"old": "administration"}}, "administration"),
])
def test_addresses_go_by_the_way_of_their_account(ways, way):
    anna = account("anna", "Anna.Berg@a.test", "ANNA@a.test", "anna@b.test", old_addresses=["IMCEAEX-_O=X@a.test"])
    assert entries([anna], **ways) == [
        ("Anna.Berg@a.test", ("anna@a.test",), "alias", way), ("anna@b.test", ("anna@a.test",), "alias", way),
        ("IMCEAEX-_O=X@a.test", ("anna@a.test",), "old", way),
    ]


@pytest.mark.parametrize(("old_by", "expected"), [
    ("like_others", [("IMCEAEX-_O=X@a.test", "administration"), ("IMCEAEX-_O=Y@a.test", "administration")]),
    ("file", [("IMCEAEX-_O=X@a.test", "file"), ("IMCEAEX-_O=Y@a.test", "file")]), ("none", []),
])
def test_old_addresses_may_go_another_way_than_others(old_by, expected):
    anna = account("anna", "anna@a.test", "a@a.test", old_addresses=["IMCEAEX-_O=X@a.test"])
    found = entries([anna], [one_list("all", "all@a.test", old=["IMCEAEX-_O=Y@a.test"])], way="administration", lists_by="administration", old_by=old_by)
    assert [(address, way) for address, _to, kind, way in found if kind == "old"] == expected
    assert ("a@a.test", ("anna@a.test",), "alias", "administration") in found


@pytest.mark.parametrize(("way", "keeps_copy", "expected"), [
    ("imap", False, (("x@b.test",), "file")), ("imap", True, (("anna@a.test", "x@b.test"), "file")),
    ("administration", False, (("x@b.test",), "file")), ("directory", False, (("x@b.test",), "directory")),
    ("directory", True, (("anna@a.test", "x@b.test"), "file")),
])
def test_forwards(way, keeps_copy, expected):
    to, by = expected
    assert entries([account("anna", "anna@a.test", forward_to="x@b.test", keeps_copy=keeps_copy)], way=way) == [("anna@a.test", to, "forward", by)]


@pytest.mark.parametrize("to", ["ANNA@a.test", "a.berg@a.test", "Anna@b.test"])
def test_a_forward_to_oneself_is_none(to):
    assert "forward" not in [kind for _address, _to, kind, _way in entries([account("anna", "a.berg@a.test", "anna@b.test", forward_to=to)])]


def test_lists_and_redirects_by_the_protocol_and_by_file():
    given = {"lists": [one_list("all", "everybody@b.test", "all@b.test", members=("x@c.test", "y@c.test"), old=("IMCEAEX-all@a.test",))],
             "redirects": [redirect("gone@a.test", "gone@c.test")]}
    assert entries(**given, lists_by="administration") == [
        ("all@a.test", ("x@c.test", "y@c.test"), "list", "administration"), ("all@b.test", ("all@a.test",), "alias", "administration"),
        ("everybody@b.test", ("all@a.test",), "alias", "administration"), ("gone@a.test", ("gone@c.test",), "redirect", "administration"),
        ("IMCEAEX-all@a.test", ("all@a.test",), "old", "administration"),
    ]
    assert entries(**given, lists_by="file") == [
        ("all@b.test", ("everybody@b.test",), "alias", "file"), ("everybody@b.test", ("x@c.test", "y@c.test"), "list", "file"),
        ("gone@a.test", ("gone@c.test",), "redirect", "file"), ("IMCEAEX-all@a.test", ("everybody@b.test",), "old", "file"),
    ]


@pytest.mark.parametrize(("accounts", "lists", "clash"), [
    # Mail for bo would go to bo's alias of anna.
    ([account("anna", "bo@a.test"), account("bo", "b.dahl@a.test")], [], "bo@a.test, which is of b.dahl@a.test (cn=bo) and of bo@a.test (cn=anna)"),
    ([account("anna", "anna@a.test", "sales@a.test")], [one_list("sales", "s@b.test")],
     "sales@a.test, which is of s@b.test (cn=sales) and of anna@a.test (cn=anna)"),
    ([account("anna", "anna@a.test", "x@b.test")], [one_list("l", "X@b.test")], "X@b.test, which is of anna@a.test (cn=anna) and of X@b.test (cn=l)"),
])
def test_an_address_of_two_is_told(accounts, lists, clash):
    assert table(accounts, lists, [], Ways("a.test", lists_by="administration")).clashes == [clash]


def test_as_lists_of_the_protocol_and_as_a_file():
    rows = [Entry("a+b@A.test", ("x@a.test",), "alias", "file"), Entry("c@b.test", ("x@a.test", "y@a.test"), "list", "file"),
            Entry("d@a.test", (), "list", "file")]
    assert distribution_lists(rows) == [
        {"domain": "a.test", "lists": [{"name": "a+b", "entries": ["x@a.test"]}, {"name": "d", "entries": []}]},
        {"domain": "b.test", "lists": [{"name": "c", "entries": ["x@a.test", "y@a.test"]}]},
    ]
    assert text(rows) == "a+b@A.test x@a.test\nc@b.test x@a.test, y@a.test\n"


NAMES = [f"{letter}{number}" for letter in "ab" for number in range(8)]


@st.composite
def plans(draw):
    """Addresses that nobody has twice, as a plan that can be carried out has them; names may be anybody's."""
    free = [f"{name}@{domain}" for name in draw(st.permutations(NAMES)) for domain in ("a.test", "b.test")]

    def take(least, most):
        return [free.pop() for _number in range(draw(st.integers(least, min(most, len(free)))))]

    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    cut = draw(st.integers(0, len(names)))
    accounts = [
        account(name, *take(1, 3), server=draw(st.sampled_from(["s1", "s2", "s3"])), old_addresses=take(0, 1), keeps_copy=draw(st.booleans()),
                forward_to=draw(st.sampled_from(["", "x@elsewhere.test"]))) for name in names[:cut]
    ]
    lists = [one_list(name, *take(1, 2), old=take(0, 1), members=draw(st.sampled_from([(), ("x@c.test",)]))) for name in names[cut:]]
    ways = Ways(
        "a.test", draw(st.sampled_from(WAYS)), draw(st.dictionaries(st.sampled_from(["s1", "s2"]), st.sampled_from(WAYS))),
        draw(st.sampled_from(["administration", "file"])), draw(st.booleans()),
    )
    return accounts, lists, [redirect(address, "x@elsewhere.test") for address in take(0, 2)], ways


@given(plans())
def test_each_address_once_and_to_its_own(given_plan):
    accounts, lists, redirects, ways = given_plan
    made = table(*given_plan)
    counted = collections.Counter(entry.address.casefold() for entry in made.entries)
    names = {ways.own(account["target"]): account for account in accounts}
    if not made.clashes:
        assert set(counted.values()) <= {1}
    reached = {entry.address: entry for entry in made.entries if entry.kind != "forward"}
    claimed = {clash.partition(",")[0] for clash in made.clashes}
    for one in (*accounts, *lists):
        main = ways.own(one["name"]) if "name" in one and ways.lists_by == "administration" else one["primary"] if "name" in one else ways.own(one["target"])
        for address in (one["primary"], *one["addresses"], *one["old_addresses"]):
            if address in claimed or address in names and names[address] is one:
                continue
            to = tuple(one["members"]) if address == main else (main,)
            assert reached[address].to == to and reached[address].kind in KINDS
    for one in redirects:
        assert one["address"] in claimed or reached[one["address"]].to == (one["to"],)
    by_file = [line.partition(" ")[0] for line in text(made.by("file")).splitlines()]
    by_protocol = [f"{one['name']}@{part['domain']}" for part in distribution_lists(made.by("administration")) for one in part["lists"]]
    by_entry = [entry.address for entry in made.by("directory")]
    empty = [entry.address for entry in made.by("file") if not entry.to]
    assert sorted(by_file + by_protocol + by_entry + empty) == sorted(entry.address for entry in made.entries)
