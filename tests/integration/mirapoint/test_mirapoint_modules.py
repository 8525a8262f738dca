# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for an appliance, against the service of the tests. What they do in detail is in the unit tests of their jobs."""

from __future__ import annotations

import importlib
import json
import time

import pytest
import yaml
from servers.appliance import Appliance

SERVER = {"tls": "none", "ca_file": None}


def users(count):
    return [{"name": f"user{number:05}", "full_name": f"Üser {number}", "password": f"pw {number}"} for number in range(count)]


def of(appliance, count, **more):
    return {"server": appliance.option(), "users": users(count), **more}


def test_once_and_again(appliance, module, tmp_path):
    options = of(appliance, 500, report_path=str(tmp_path / "users.jsonl"), page_size=100)
    planned = module("mirapoint_user", options, check=True)
    assert (planned["failed"], planned["changed"], planned["added"], appliance.mutating()) == (False, True, 500, [])
    assert not (tmp_path / "users.jsonl").exists()
    done = module("mirapoint_user", options)
    assert (done["changed"], done["added"], done["as_wanted"], done["finished"]) == (True, 500, 500, True)
    assert len(appliance.mutating()) == len((tmp_path / "users.jsonl").read_text().splitlines()) == 500
    again = module("mirapoint_user", options)
    assert (again["changed"], again["added"], again["as_wanted"], len(appliance.mutating())) == (False, 0, 500, 500)
    found = module("mirapoint_info", {"server": appliance.option(), "user_pattern": "user0000*", "page_size": 4})
    assert found["users"] == [{"name": user["name"], "full_name": user["full_name"]} for user in users(10)]


def test_killed_in_the_middle_and_run_again(appliance, module):
    appliance.quirks(delay=0.003)
    run = module.start("mirapoint_user", of(appliance, 500))
    while len(appliance.mutating()) < 100 and run.running:
        time.sleep(0.02)
    assert run.kill()
    before = len(appliance.mutating())
    appliance.quirks()
    done = module("mirapoint_user", of(appliance, 500))
    assert 100 <= before < 500 and (done["as_wanted"], done["refused"]) == (500, [])
    # The command that was under way is done or not, and none is sent twice.
    sent = [arguments[0] for _command, arguments in appliance.mutating()]
    assert sorted(set(sent)) == [user["name"] for user in users(500)] and len(sent) <= 501


def test_a_connection_that_ends(appliance, module):
    appliance.quirks(cut_after=50)
    broken = module("mirapoint_user", of(appliance, 100))
    assert broken["failed"] and broken["changed"] and "broke at USER ADD" in broken["msg"]
    appliance.quirks()
    done = module("mirapoint_user", of(appliance, 100))
    assert broken["added"] + done["added"] == 100 == len(appliance.mutating())


@pytest.mark.parametrize("quirks", [{"literals": True}, {"literals": True, "blank": False}, {"first": 1}, {"largest_page": 7}])
def test_moods(appliance, module, quirks):
    appliance.quirks(**quirks)
    given = [{"name": "ann", "full_name": "two\nlines\n", "password": "x\ny"}, {"name": "bob", "full_name": "", "password": '"\\'}, *users(20)]
    assert module("mirapoint_user", {"server": appliance.option(), "users": given})["added"] == 22
    again = module("mirapoint_user", {"server": appliance.option(), "users": given})
    assert (again["failed"], again["changed"], again["differing"]) == (False, False, 0)


def test_progress_is_shown(appliance, run_play):
    appliance.quirks(delay=0.002)
    output = []
    options = {**of(appliance, 350, progress_interval=0.0001), "server": {**appliance.option(), "password": "{{ secret }}"}}
    done, again = run_play([{"messaging.migration.mirapoint_user": options}] * 2, {"secret": appliance.password}, diff=True, output=output)
    assert (done["changed"], done["added"], done["as_wanted"], done["finished"]) == (True, 350, 350, True)
    shown = [line.strip() for line in output[0].splitlines() if " users, " in line]
    assert [line.partition(" users, ")[0] for line in shown] == [f"mirapoint: {count}/350" for count in (100, 200, 300, 350, 350)]
    assert len(done["diff"]) == 4 and "user00349: present" in done["diff"][-1]["after"]
    assert not again["changed"] and len(appliance.mutating()) == 350


def test_lists(appliance, module):
    options = {"server": appliance.option(), "lists": [{"name": "sales", "entries": ["ann", "x@elsewhere.test"]}, {"name": "all"}]}
    refused = module("mirapoint_distribution_list", options)
    assert refused["failed"] and "list_entry_add" in refused["msg"]
    options["unconfirmed_commands"] = True
    planned = module("mirapoint_distribution_list", options, check=True)
    assert planned["changed"] and appliance.mutating() == []
    done, again = module("mirapoint_distribution_list", options), module("mirapoint_distribution_list", options)
    assert (done["lists_added"], done["entries_added"], again["changed"], len(appliance.mutating())) == (2, 2, False, 4)
    options["lists"][0]["entries"] = ["ann"]
    assert (again["surplus"], module("mirapoint_distribution_list", options)["surplus"], len(appliance.mutating())) == (0, 1, 4)


def test_another_person_of_the_same_name(appliance, module):
    andreas, anna = ([{"name": "aberg", "full_name": name, "password": "pw"}] for name in ("Andreas Berg", "Anna Berg"))
    assert module("mirapoint_user", {"server": appliance.option(), "users": andreas})["added"] == 1
    refused = module("mirapoint_user", {"server": appliance.option(), "users": anna})
    assert refused["failed"] and "is called 'Andreas Berg', not 'Anna Berg'" in refused["msg"]
    adopted = module("mirapoint_user", {"server": appliance.option(), "users": anna, "on_foreign": "adopt"})
    assert (adopted["failed"], adopted["differing"], len(appliance.mutating())) == (False, 1, 1)


def test_a_certificate_that_nobody_signed_for(appliance, module):
    mistrusted = module("mirapoint_info", {"server": {**appliance.option(), "ca_file": None}})
    assert mistrusted["failed"] and "is not trusted" in mistrusted["msg"] and "No password was sent" in mistrusted["msg"]
    clear = module("mirapoint_info", {"server": {**appliance.option(), **SERVER, "timeout": 1}})
    assert clear["failed"] and "the connection broke at the greeting" in clear["msg"]
    assert appliance.commands() == []


def test_clear_text_only_where_it_is_asked_for(tmp_path, tools, module):
    appliance = Appliance(tmp_path / "clear", tools)
    option = appliance.option()
    del option["tls"]
    encrypted = module("mirapoint_info", {"server": option})
    assert encrypted["failed"] and "TLS with mirapoint" in encrypted["msg"] and appliance.commands() == []
    assert module("mirapoint_info", {"server": appliance.option()})["host"] == "mirapoint.example.test"


def test_old_tls_only_where_it_is_asked_for(tmp_path, tools, certificate, module):
    appliance = Appliance(tmp_path / "old", tools, certificate, ["--tls1"])
    refused = module("mirapoint_info", {"server": appliance.option()})
    assert refused["failed"] and "legacy_tls" in refused["msg"]
    accepted = module("mirapoint_info", {"server": appliance.option(legacy_tls=True)})
    assert not accepted["failed"] and accepted["host"] == "mirapoint.example.test"
    mistrusted = module("mirapoint_info", {"server": appliance.option(legacy_tls=True, ca_file=None)})
    assert mistrusted["failed"] and "is not trusted" in mistrusted["msg"]


def test_secrets_appear_nowhere(appliance, run_play, tmp_path, tmp_path_factory):
    secrets = {"admin_password": appliance.password, "user_password": 'us3r "secret"', "test_password": "hush-4711"}
    # It repeats what it was sent, as a server in trouble may.
    appliance.quirks(refuse={"USER ADD": {"bad": 'Bad password "us3r \\"secret\\""', "worse": "Bad password hush-4711"}})
    server = {**appliance.option(), "password": "{{ admin_password }}"}
    bad = {"name": "bad", "password": "{{ user_password }}"}
    output = []
    results = run_play([
        {"messaging.migration.mirapoint_user": {"server": server, "users": [{"name": "good", "password": "{{ user_password }}"}]}},
        {"messaging.migration.mirapoint_user": {"server": server, "users": [bad], "report_path": str(tmp_path / "r.jsonl")}, "ignore_errors": True},
        {"messaging.migration.mirapoint_command": {
            "server": server, "command": ["USER", "ADD", "worse", "{x}", ""], "secrets": {"x": "{{ test_password }}"}}, "ignore_errors": True},
        {"messaging.migration.mirapoint_info": {"server": {**server, "password": "wrong-{{ admin_password }}"}}, "ignore_errors": True},
    ], secrets, output=output, env={"ANSIBLE_VERBOSITY": "3"})
    assert [result["failed"] for result in results] == [False, True, True, True]
    kept = [*tmp_path.glob("*.jsonl"), *(tmp_path / "appliance").glob("*.jsonl")]
    runs = [path for run in tmp_path_factory.getbasetemp().glob("play*") for path in run.rglob("*") if "env" not in path.parts and path.is_file()]
    texts = [output[0], str(results), *(path.read_text(errors="replace") for path in kept + runs)]
    assert len(kept) == 3 and runs
    hidden = [*secrets.values(), json.dumps(secrets["user_password"])[1:-1]]
    assert not [secret for secret in hidden for text in texts if secret in text]


@pytest.fixture
def examples(collections, monkeypatch):
    monkeypatch.syspath_prepend(str(collections))

    def of_module(name):
        module = importlib.import_module(f"ansible_collections.messaging.migration.plugins.modules.{name}")
        return yaml.safe_load(module.EXAMPLES)

    return of_module


def test_examples(appliance, run_play, examples, tmp_path):
    names = ("mirapoint_user", "mirapoint_distribution_list", "mirapoint_info", "mirapoint_command")
    passwords = {"vault_anna_password": "a", "vault_bo_password": "b", "vault_test_password": "t"}
    tasks = []
    for name in names:
        for task in examples(name):
            options = task[f"messaging.migration.{name}"]
            options["server"] = appliance.option()
            if "report_path" in options:
                options["report_path"] = str(tmp_path / "users.jsonl")
            tasks.append(task)
    results = run_play(tasks, passwords)
    assert [result["failed"] for result in results] == [False] * 6
    assert (results[0]["added"], results[1]["deleted"], results[2]["lists_added"]) == (2, 0, 2)
    assert [user["name"] for user in results[3]["users"]] == ["annaberg", "bohansen"]
    assert results[3]["distribution_lists"] == [{"name": "sales", "exists": True, "entries": ["annaberg", "partner@elsewhere.example"], "entries_total": 2}]
    assert results[4]["lines"] == [["User", "10000"]] and not results[4]["changed"] and results[5]["changed"]
