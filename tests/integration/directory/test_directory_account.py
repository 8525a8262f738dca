# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts in a real directory of a target. What the module does in detail is in the unit tests of its job."""

from __future__ import annotations

import importlib
import json
import time

import pytest
import yaml
from servers import tree
from servers.slapd import SUFFIX

PEOPLE = f"ou=people,{SUFFIX}"
FORM = {
    "object_classes": ["top", "person", "organizationalPerson", "inetOrgPerson", "inetLocalMailRecipient", "mirapointUser", "mirapointMailUser"],
    "alias_attribute": "mailLocalAddress", "mail_host": "mp.example.test", "routing_address": "{target}@{mail_host}", "quota_unit": "kb",
    "attributes": {"miService": ["imap", "webmail"]}, "password_attribute": "userPassword",
}


def accounts(count):
    return [{
        "directory": "ad", "entry": f"cn=user {number},dc=example,dc=test", "server": "exchange", "mailbox": f"user{number}", "target": f"user{number:04}",
        "full_name": f"Anna Grün {number}", "primary": f"a.gruen{number}@example.test", "addresses": [f"u{number}@example.test"],
        "old_addresses": [f"IMCEAEX-_O=EXAMPLE_CN=USER{number}@example.test"], "quota_mb": number % 3, "wave": "w", "hidden": False, "disabled": False,
        "forward_to": "x@elsewhere.test" if number % 5 == 0 else "", "keeps_copy": number % 10 == 0, "password": f"pw-{number}",
    } for number in range(count)]


@pytest.fixture
def options(target_directory):
    return lambda count, **more: {"server": target_directory.option(base=PEOPLE), "accounts": accounts(count), **FORM, **more}


@pytest.fixture
def whole(target_directory):
    return lambda: tree.tree(target_directory.option(), SUFFIX)


def test_once_and_again(options, module, whole, tmp_path):
    empty, given = whole(), options(500, report_path=str(tmp_path / "accounts.jsonl"))
    planned = module("directory_account", given, check=True)
    assert (planned["failed"], planned["added"], whole(), list(tmp_path.glob("*.jsonl"))) == (False, 500, empty, [])
    done = module("directory_account", given)
    assert (done["changed"], done["added"], done["as_wanted"], done["forwards_not_expressed"], done["finished"]) == (True, 500, 500, 50, True)
    made = whole()
    assert made[f"uid=user0005,{PEOPLE}"] == {
        "objectClass": sorted(name.encode() for name in FORM["object_classes"]), "uid": [b"user0005"], "cn": ["Anna Grün 5".encode()], "sn": [b"5"],
        "givenName": ["Anna Grün".encode()], "mail": [b"a.gruen5@example.test"], "mailHost": [b"mp.example.test"], "userPassword": [b"pw-5"],
        "mailRoutingAddress": [b"user0005@mp.example.test"], "miMailQuota": [b"2048"], "miService": [b"imap", b"webmail"],
        "mailLocalAddress": [b"IMCEAEX-_O=EXAMPLE_CN=USER5@example.test", b"a.gruen5@example.test", b"u5@example.test"],
        "miForwardingAddress": [b"x@elsewhere.test"], "miDeliveryOption": [b"forward"],
    }
    assert len((tmp_path / "accounts.jsonl").read_text().splitlines()) == 500
    again = module("directory_account", given)
    assert (again["changed"], again["as_wanted"], again["diff"], whole()) == (False, 500, {"before": "", "after": ""}, made)
    assert "pw-" not in json.dumps([planned, done, again]) + (tmp_path / "accounts.jsonl").read_text()


def test_what_others_did_to_it(options, module, whole, target_directory):
    module("directory_account", options(3))
    right = whole()
    dn = f"uid=user0001,{PEOPLE}"
    tree.changed(target_directory.option(), dn, sn=["Berg", "Hill"], mailHost=[], miService=["imap"], description=["mine"],
                 mailLocalAddress=["U1@example.test", "own@example.test"], userPassword=["changed"])
    done = module("directory_account", options(3))
    assert (done["added"], done["corrected"], done["as_wanted"]) == (0, 1, 3) and "pw-" not in json.dumps(done)
    assert whole()[dn] == {
        **right[dn], "description": [b"mine"], "userPassword": [b"changed"],
        "mailLocalAddress": [b"IMCEAEX-_O=EXAMPLE_CN=USER1@example.test", b"U1@example.test", b"a.gruen1@example.test", b"own@example.test"],
    }
    assert not module("directory_account", options(3))["changed"]


def test_killed_in_the_middle_and_run_again(options, module, whole, tmp_path):
    report = tmp_path / "accounts.jsonl"
    run = module.start("directory_account", options(500, report_path=str(report)))
    while run.running and (not report.exists() or report.read_text().count("\n") < 100):
        time.sleep(0.005)
    assert run.kill() and 100 <= len(whole()) < 500
    assert module("directory_account", options(500))["as_wanted"] == 500
    after = whole()
    assert len([dn for dn in after if dn.startswith("uid=user")]) == 500 and not module("directory_account", options(500))["changed"]


def test_refused_ones(options, module, whole):
    given = options(3)
    # Not within IA5.
    given["accounts"][1]["primary"] = "grün@example.test"
    refused = module("directory_account", given)
    assert refused["failed"] and refused["added"] == 2 and [one["name"] for one in refused["refused"]] == ["user0001"]
    assert "invalidAttributeSyntax" in refused["msg"] and "By this run 2 accounts were added" in refused["msg"]
    assert f"uid=user0001,{PEOPLE}" not in whole()
    lost = module("directory_account", {**options(3), "server": {**options(3)["server"], "base": f"ou=nowhere,{SUFFIX}"}})
    assert lost["failed"] and "refuses to search" in lost["msg"] and "Nothing was changed" in lost["msg"]


def test_names_of_all_kinds(target_directory, module, whole):
    names = ["Berg, Anna", "#1+1=2;", '"<x>"', "Grün\\e"]
    given = {"server": target_directory.option(base=PEOPLE), "accounts": [{"target": name, "primary": "x@example.test"} for name in names]}
    assert module("directory_account", given)["added"] == 4 and not module("directory_account", given)["changed"]
    assert sorted(entry["uid"][0].decode() for dn, entry in whole().items() if dn.endswith(PEOPLE) and "uid" in entry) == sorted(names)


def test_progress_is_shown_and_secrets_are_not(options, run_play, target_directory):
    output = []
    given = {**options(350, progress_interval=0.0001), "server": {**target_directory.option(base=PEOPLE), "password": "{{ secret }}"}}
    done, again = run_play(
        [{"messaging.migration.directory_account": given}] * 2, {"secret": target_directory.password}, diff=True, output=output, env={"ANSIBLE_VERBOSITY": "3"},
    )
    assert (done["changed"], done["added"], done["as_wanted"], done["finished"], again["changed"]) == (True, 350, 350, True, False)
    shown = [line.strip().partition(" accounts, ")[0] for line in output[0].splitlines() if " accounts, " in line]
    assert shown[0] == "slapd: 100/350" and shown[-2:] == ["slapd: 350/350"] * 2
    assert not [secret for secret in ("pw-7", target_directory.password) if secret in output[0] + json.dumps([done, again])]


def test_the_certificate_has_to_be_trusted(options, module):
    given = options(1)
    mistrusted = module("directory_account", {**given, "server": {**given["server"], "ca_file": None}})
    assert mistrusted["failed"] and "is not trusted" in mistrusted["msg"] and "No password was sent" in mistrusted["msg"]


def test_examples(collections, monkeypatch, target_directory, run_play, whole, tmp_path):
    monkeypatch.syspath_prepend(str(collections))
    made = importlib.import_module("ansible_collections.messaging.migration.plugins.modules.directory_account")
    tasks = yaml.safe_load(made.EXAMPLES)
    for task in tasks:
        given = task["messaging.migration.directory_account"]
        given["server"] = target_directory.option(base=PEOPLE)
        if "report_path" in given:
            given["report_path"] = str(tmp_path / "accounts.jsonl")
    plan = {"accounts": [{name: value for name, value in one.items() if name != "password"} for one in accounts(2)]}
    results = run_play(tasks, {"vault_anna_password": "secret-of-anna", "account_plan": plan})
    assert [result["added"] for result in results] == [2, 1] and whole()[f"uid=annaberg,{PEOPLE}"]["mailLocalAddress"] == [
        b"anna.berg@example.com", b"anna@example.com",
    ]
