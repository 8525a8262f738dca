# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
import json

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.messaging.migration.plugins.filter.address_table import FilterModule

ENTRIES = ["list_entry_add"]


def account(server, mailbox, **more):
    name = mailbox.partition("@")[0].replace(".", "")
    return {
        "directory": "ad", "entry": f"cn={name}", "server": server, "mailbox": mailbox, "full_name": mailbox.title(), "target": name,
        "primary": f"{mailbox}@a.test", "addresses": [], "old_addresses": [], "quota_mb": 500, "wave": "first", "hidden": False, "disabled": False,
        "forward_to": "", "keeps_copy": False, **more,
    }


PLAN = {
    "accounts": [
        account("s1", "anna.berg", forward_to="x@b.test", keeps_copy=True), account("s2", "bo.dahl", quota_mb=0),
        account("s3", "carl.x", forward_to="x@b.test"), account("s3", "carl.y", forward_to="carl.y@a.test"), account("s1", "gone"),
    ],
    "lists": [{"name": "all", "entry": "cn=all", "primary": "all@a.test", "addresses": [], "old_addresses": [], "members": ["anna.berg@a.test"]}],
    "redirects": [{"entry": "cn=r", "address": "r@a.test", "to": "r@b.test"}],
}
SOURCES = [
    {"name": "s1", "mailboxes": [{"name": "Anna.Berg", "target": "annaberg", "quota_mb": 7}, {"name": "public", "public_folder": "/x"}]},
    {"name": "s2", "mailboxes": [{"name": "bo.dahl", "target": "bodahl"}]},
    {"host": "s3", "mailboxes": [{"name": "carl.x", "target": "carlx"}, {"name": "carl.y", "target": "carly"}]},
]
WAYS = {"s2": "administration", "s3": "directory"}


@pytest.fixture
def made(tmp_path):
    def called(plan=None, **options):
        path = tmp_path / "account_plan.yml"
        path.write_text(json.dumps({"account_plan": PLAN if plan is None else plan}))
        return FilterModule().filters()["address_table"]("" if plan == {} else str(path), **{"sources": SOURCES, "domain": "a.test", **options})

    return called


def test_three_ways(made):
    carried_out = functools.partial(made, ways=WAYS, administration=True, directory=True, unconfirmed_commands=ENTRIES)
    found = carried_out()
    assert found["problems"] == [] and found["beside"] == 1
    assert found["accounts"] == {"imap": 1, "administration": 1, "directory": 2}
    assert found["users"] == [{"name": "bodahl", "full_name": "Bo.Dahl"}]
    # A forward to oneself would never end.
    assert [(one["target"], one["forward_to"]) for one in found["directory"]] == [("carlx", "x@b.test"), ("carly", "")]
    assert found["mailboxes"] == [
        {"name": "annaberg", "quota_mb": 7}, {"name": "bodahl", "quota_mb": 0}, {"name": "carlx", "quota_mb": 500}, {"name": "carly", "quota_mb": 500},
        {"name": "public"},
    ]
    assert found["lists"] == [{"domain": "a.test", "lists": [
        {"name": "all", "entries": ["anna.berg@a.test"]}, {"name": "bo.dahl", "entries": ["bodahl@a.test"]}, {"name": "r", "entries": ["r@b.test"]},
    ]}]
    assert found["text"] == (
        "anna.berg@a.test annaberg@a.test\nannaberg@a.test annaberg@a.test, x@b.test\ncarl.x@a.test carlx@a.test\ncarl.y@a.test carly@a.test\n"
    )
    assert found["lines"] == 4
    assert found["addresses"] == {"alias": 4, "forward": 2, "list": 1, "redirect": 1} and found["by_way"] == {"administration": 3, "directory": 1, "file": 4}
    assert carried_out(alias_attribute="mailLocalAddress")["by_way"] == {"administration": 3, "directory": 3, "file": 2}


def test_without_a_plan_there_are_mailboxes_and_nothing_else(made):
    found = made({}, domain="")
    assert found["problems"] == [] and [one["name"] for one in found["mailboxes"]] == ["annaberg", "bodahl", "carlx", "carly", "public"]
    assert found["mailboxes"][0] == {"name": "annaberg", "quota_mb": 7} and found["mailboxes"][1] == {"name": "bodahl"}
    assert (found["users"], found["directory"], found["lists"], found["text"], found["addresses"]) == ([], [], [], "", {})


@pytest.mark.parametrize(("options", "told"), [
    ({"way": "carrier pigeon"}, ["way is 'carrier pigeon', not one of imap, administration, directory"]),
    ({"ways": {"s1": "x", "s9": "imap"}, "lists_by": "hand", "old_by": "x"}, [
        "the way of s1 is 'x', not one of imap, administration, directory", "ways has s9, which is no source server",
        "lists_by is 'hand', not one of administration, file", "old_by is 'x', not one of like_others, file, none",
    ]),
    ({"ways": WAYS, "domain": ""}, [
        "it is not said how the administration protocol is reached", "it is not said how the directory is reached", "the domain of the accounts is not said",
        "addresses by the administration protocol need list_entry_add, a command that is not confirmed and not switched on in unconfirmed_commands; "
        "lists_by: file, and another way, do without it",
    ]),
    ({"lists_by": "administration", "unconfirmed_commands": True}, ["it is not said how the administration protocol is reached"]),
    ({"lists_by": "administration", "administration": True, "unconfirmed_commands": ["fly"]}, [
        "unconfirmed_commands has fly. Say true, false, or a list of these: list_entry_add, user_delete",
    ]),
    ({"plan": {}, "ways": WAYS}, ["there is no account plan, without which all accounts are made by imap"]),
    ({"plan": {**PLAN, "redirects": [{"entry": "cn=r", "address": "bodahl@a.test", "to": "r@b.test"}]}}, [
        "mail would reach the wrong one at bodahl@a.test, which is of bo.dahl@a.test (cn=bodahl) and of cn=r (redirected to r@b.test): "
        "give one of them another name in the account plan",
    ]),
])
def test_what_can_not_be_carried_out_is_told_at_once(made, options, told):
    assert made(**options)["problems"] == told


@pytest.mark.parametrize("options", [{"plan": {"accounts": []}}, {"plan": {**PLAN, "accounts": ["anna"]}}, {"sources": [{"name": "s1"}]}])
def test_what_is_no_plan_is_refused(made, options):
    with pytest.raises(AnsibleFilterError, match="is not as it should be: .*Nothing was touched"):
        made(**options)


@pytest.mark.parametrize("text", [None, "accounts: []", "{}", "[]", '{"account_plan": {}'])
def test_what_is_no_file_of_a_plan_is_refused(tmp_path, text):
    path = tmp_path / "account_plan.yml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(AnsibleFilterError, match="account_plan.yml is no account plan: .*Nothing was touched"):
        FilterModule().filters()["address_table"](str(path), sources=SOURCES, domain="a.test")
