# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._job import mirapoint_lists, mirapoint_users
from ansible_collections.messaging.migration.plugins.module_utils._job.mirapoint_command import command
from ansible_collections.messaging.migration.plugins.module_utils._job.mirapoint_info import info
from ansible_collections.messaging.migration.plugins.module_utils._job.mirapoint_lists import lists
from ansible_collections.messaging.migration.plugins.module_utils._job.mirapoint_users import users
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import admind_service


@pytest.fixture
def served(tmp_path):
    (tmp_path / "server").mkdir()
    with admind_service.running(tmp_path / "server") as running:
        yield running


def user(name, full_name="", password="pw"):
    return {"name": name, "full_name": full_name, "password": password}


def wanted(served, *given, **more):
    return served.options(**{"users": list(given), "state": "present", "on_foreign": "refuse", "time_budget": 0.0, "progress_interval": 15.0, **more})


def events(path):
    return [{key: value for key, value in json.loads(line).items() if key != "at"} for line in path.read_text().splitlines()]


def test_users_are_added_once(served, tmp_path):
    served.backend.add_user("", "ann", "", "Ann")
    report = tmp_path / "users.jsonl"
    options = wanted(served, user("ann", password=None), user("bob", 'Bob "B" Smith'), user("joe", "two\nlines"), report_path=str(report))
    planned, done, again = users(options, check_mode=True), users(options), users(options)
    for result in (planned, done):
        assert (result["changed"], result["added"], result["as_wanted"], result["wanted"], result["finished"]) == (True, 2, 3, 3, True)
        assert result["diff"] == {"before": "bob: absent\njoe: absent\n", "after": "bob: present\njoe: present\n"}
    assert (again["changed"], again["added"], again["as_wanted"]) == (False, 0, 3)
    assert served.backend.users("") == {"ann": "Ann", "bob": 'Bob "B" Smith', "joe": "two\nlines"}
    assert [arguments for _command, arguments in served.mutating()] == [["bob", "***", 'Bob "B" Smith'], ["joe", "***", "two\nlines"]]
    assert events(report) == [{"user": "bob", "outcome": "added"}, {"user": "joe", "outcome": "added"}]


def test_another_full_name_is_told_and_left(served, tmp_path):
    served.backend.add_user("", "bob", "", "Bob")
    report = tmp_path / "users.jsonl"
    result = users(wanted(served, user("bob", "Bob Smith"), report_path=str(report)))
    assert (result["changed"], result["differing"], served.mutating()) == (False, 1, [])
    assert events(report) == [{"user": "bob", "outcome": "differs", "full_name": "Bob"}]


def test_another_person_of_the_same_name_is_refused_or_adopted(served, tmp_path):
    served.backend.add_user("", "aberg", "", "Andreas Berg")
    report = tmp_path / "users.jsonl"
    # Who is there needs no password, whoever he is.
    given = wanted(served, user("aberg", "Anna Berg", password=None), user("joe", "Joe"), report_path=str(report))
    with pytest.raises(MigrationError, match="refuses aberg: the user is there and is called 'Andreas Berg', not 'Anna Berg'.*1 users were added") as caught:
        users(given)
    facts = caught.value.facts
    assert (facts["added"], facts["as_wanted"], [one["name"] for one in facts["refused"]]) == (1, 1, ["aberg"])
    assert [event["outcome"] for event in events(report)] == ["added", "differs", "refused"]
    adopted = users({**given, "on_foreign": "adopt"})
    assert (adopted["changed"], adopted["as_wanted"], adopted["differing"]) == (False, 2, 1)
    assert users({**given, "users": [user("aberg", "Anna Berg")], "state": "absent", "unconfirmed_commands": True})["deleted"] == 1


def test_who_is_there_after_all_is_left(served):
    """Somebody else adds him in between, or the list of users is of another mind."""
    served.quirks(refuse={"USER ADD": {"bob": "already EXISTS"}})
    result = users(wanted(served, user("bob")))
    assert (result["changed"], result["added"], result["as_wanted"], result["refused"]) == (False, 0, 1, [])


def test_a_user_without_password_stops_it_before_anything_is_changed(served):
    with pytest.raises(MigrationError, match="1 users are to be added and have no password, the first is joe. Nothing was changed"):
        users(wanted(served, user("bob"), user("joe", password=None)))
    assert served.mutating() == []


@pytest.mark.parametrize(("names", "told"), [
    ([""], "the name ''"), (["a", " b"], "' b'"), (["a\n"], "the name"), (["a\x01b"], "the name"), (["a", "a"], "a 2 times"),
])
def test_names_that_can_not_be_meant(served, names, told):
    with pytest.raises(MigrationError, match=f"users has .*{told}.*Nothing was touched"):
        users(wanted(served, *map(user, names)))
    assert served.commands() == []


def test_the_refused_do_not_stop_the_others(served, tmp_path):
    served.quirks(refuse={"USER ADD": {"bad1": "Bad name", "bad2": "Bad name pw"}})
    report = tmp_path / "users.jsonl"
    with pytest.raises(MigrationError, match="refuses bad1: Bad name, and 1 more. By this run 2 users were added and 0 deleted.") as caught:
        users(wanted(served, user("bad1"), user("bob"), user("bad2"), user("joe"), report_path=str(report)))
    facts = caught.value.facts
    assert (facts["added"], facts["as_wanted"], facts["finished"], facts["changed"]) == (2, 2, False, True)
    assert facts["refused"] == [{"name": "bad1", "reason": "Bad name"}, {"name": "bad2", "reason": "Bad name ********"}]
    assert [event["outcome"] for event in events(report)] == ["added", "added", "refused", "refused"]


def test_many_refusals_are_no_longer_about_names(served):
    served.quirks(refuse={"USER ADD": {"*": "License exceeded"}})
    with pytest.raises(MigrationError, match="License exceeded, and 19 more") as caught:
        users(wanted(served, *(user(f"u{number}") for number in range(50))))
    assert len(served.mutating()) == len(caught.value.facts["refused"]) == 20 and caught.value.facts["as_wanted"] == 0


def test_step_by_step(served, monkeypatch):
    monkeypatch.setattr(mirapoint_users, "LEAST_DONE", 4)
    monkeypatch.setattr(mirapoint_users, "LEAST_SHARE", 0)
    served.quirks(refuse={"USER ADD": {"u0": "Bad name"}})
    options = {**wanted(served, *(user(f"u{number}") for number in range(9))), "time_budget": 1e-9}
    first, second = users(options), users(options)
    assert [(step["finished"], step["added"], step["as_wanted"]) for step in (first, second)] == [(False, 3, 3), (False, 3, 6)]
    assert [row["users_done"] for step in (first, second) for row in step["progress"]] == [4, 7]
    with pytest.raises(MigrationError, match="refuses u0: Bad name") as caught:
        users(options)
    assert (caught.value.facts["added"], caught.value.facts["as_wanted"]) == (2, 8)
    assert [arguments[0] for _command, arguments in served.mutating() if arguments[0] != "u0"] == [f"u{number}" for number in range(1, 9)]


def test_a_connection_that_breaks_tells_what_was_done_and_the_next_run_goes_on(served):
    options = wanted(served, *(user(f"u{number}") for number in range(5)))
    # After LOGIN and one page; the third user is added, but nobody hears of it.
    served.quirks(lose_answer=5)
    with pytest.raises(MigrationError, match="broke at USER ADD: it closed the connection. Whether USER ADD was done is not known") as caught:
        users(options)
    assert (caught.value.facts["added"], caught.value.facts["changed"]) == (2, True)
    served.quirks()
    assert users(options)["added"] == 2
    assert sorted(arguments[0] for _command, arguments in served.mutating()) == [f"u{number}" for number in range(5)]


def test_users_are_deleted_only_where_that_is_switched_on(served):
    for name in ("ann", "bob"):
        served.backend.add_user("", name, "", "")
    options = {**wanted(served, user("bob"), user("joe")), "state": "absent"}
    with pytest.raises(MigrationError, match="deleting users needs the command USER DELETE {user}.*put user_delete into"):
        users(options)
    options["unconfirmed_commands"] = True
    planned, done, again = users(options, check_mode=True), users(options), users(options)
    assert planned["deleted"] == done["deleted"] == 1 and not again["changed"] and done["as_wanted"] == 2
    assert (served.mutating(), served.backend.users("")) == ([("USER DELETE", ["bob"])], {"ann": ""})
    assert done["diff"] == {"before": "bob: present\n", "after": "bob: absent\n"}


def test_nobody_deletes_himself(served):
    with pytest.raises(MigrationError, match="users has administrator, by whom this logs in"):
        users({**wanted(served, user("administrator")), "state": "absent", "unconfirmed_commands": True})


def test_a_diff_has_an_end(served):
    result = users(wanted(served, *(user(f"u{number:03}") for number in range(103))), check_mode=True)
    assert result["diff"]["after"].splitlines()[98:] == ["u098: present", "u099: present", "and 3 more"]


def test_a_report_that_can_not_be_written_is_told_first(served, tmp_path):
    with pytest.raises(MigrationError, match="report .*missing.* can't be written: .*Nothing was touched"):
        users(wanted(served, user("bob"), report_path=str(tmp_path / "missing" / "report")))
    assert served.commands() == []


def test_a_report_whose_disk_is_full_stops_it(served):
    with pytest.raises(MigrationError, match="/dev/full can't be written any more: .*the last is .*'bob'") as caught:
        users(wanted(served, user("bob"), user("joe"), report_path="/dev/full"))
    assert caught.value.facts["added"] == len(served.mutating()) == 1


def lists_wanted(served, *given, **more):
    return served.options(**{"time_budget": 0.0, "connections": 1, "lists": list(given), **more})


def listed(name, *entries):
    return {"name": name, "entries": list(entries)}


def test_lists_are_added_once(served, tmp_path):
    served.backend.add_list("", "sales")
    served.backend.add_entry("", "sales", "ann")
    report = tmp_path / "lists.jsonl"
    given = [listed("sales", "ann", "bob"), listed("empty"), listed("new", "x@elsewhere.test")]
    options = lists_wanted(served, *given, report_path=str(report))
    with pytest.raises(MigrationError, match="adding entries to a list needs the command DLENTRY ADD"):
        lists(options)
    assert served.mutating() == []
    options["unconfirmed_commands"] = ["list_entry_add"]
    planned, done, again = lists(options, check_mode=True), lists(options), lists(options)
    for result in (planned, done):
        assert (result["changed"], result["lists_added"], result["entries_added"], result["wanted"]) == (True, 2, 2, 3)
        assert result["diff"]["after"] == "sales: bob: present\nempty: present\nnew: present\nnew: x@elsewhere.test: present\n"
    assert (planned["as_wanted"], done["as_wanted"], done["finished"]) == (3, 3, True) and not again["changed"]
    assert served.backend.lists() == {"": {"sales": ["ann", "bob"], "empty": [], "new": ["x@elsewhere.test"]}}
    assert len(served.mutating()) == len(events(report)) == 4


def test_entries_beside_those_that_are_wanted_are_told_and_left(served, tmp_path):
    served.backend.add_list("", "sales")
    for entry in ("ANN", "left", "gone"):
        served.backend.add_entry("", "sales", entry)
    report = tmp_path / "lists.jsonl"
    done = lists(lists_wanted(served, listed("sales", "ann"), listed("new"), report_path=str(report)))
    assert (done["surplus"], done["as_wanted"], done["lists_added"]) == (2, 2, 1)
    assert events(report) == [{"list": "new", "outcome": "added"}, *({"list": "sales", "entry": entry, "outcome": "surplus"} for entry in ("left", "gone"))]
    assert served.backend.lists()[""]["sales"] == ["ANN", "left", "gone"]


def test_lists_without_entries_need_nothing_unconfirmed(served):
    assert lists(lists_wanted(served, listed("sales")))["lists_added"] == 1
    assert served.mutating() == [("DL ADD", ["sales"])]


def test_a_list_whose_entries_are_not_told_may_be_there(served):
    served.backend.add_list("", "sales")
    served.quirks(refuse={"DLENTRY LIST": {"*": "Permission denied"}})
    assert not lists(lists_wanted(served, listed("sales")))["changed"]


def test_refused_lists_and_entries(served, tmp_path):
    served.quirks(refuse={"DL ADD": {"bad": "Bad name"}, "DLENTRY ADD": {"half": "Bad entry"}})
    report = tmp_path / "lists.jsonl"
    with pytest.raises(MigrationError, match="refuses bad: Bad name, and 1 more. By this run 2 lists and 1 entries were added") as caught:
        lists(lists_wanted(
            served, listed("bad", "a"), listed("half", "b"), listed("good", "c"), unconfirmed_commands=True, report_path=str(report),
        ))
    assert (caught.value.facts["as_wanted"], caught.value.facts["finished"]) == (1, False)
    assert caught.value.facts["refused"] == [{"name": "bad", "reason": "Bad name"}, {"name": "half: b", "reason": "Bad entry"}]
    assert [event["outcome"] for event in events(report)] == ["added", "added", "added", "refused", "refused"]


OLD = "IMCEAEX-_O=EXAMPLE_OU=BERLIN+20X_CN=RECIPIENTS_CN=ANNA"


def test_names_that_old_mail_has_are_sent_as_they_are(served):
    names = [OLD, "IMCEAEX-_o=Ex+28am+29ple_cn=o'neil", "a{1}", "back\\slash", 'quo"te']
    done = lists(lists_wanted(
        served, *(listed(name, "anna@example.test") for name in names), unconfirmed_commands=["list_entry_add"], domain="example.test",
    ))
    assert done["entries_added"] == len(names) and served.backend.lists() == {"example.test": {name: ["anna@example.test"] for name in names}}


def test_entries_are_the_same_in_any_case(served):
    served.backend.add_list("", "sales")
    served.backend.add_entry("", "sales", "Ann@example.test")
    assert not lists(lists_wanted(served, listed("sales", "ann@EXAMPLE.test")))["changed"]


def test_lists_step_by_step(served, monkeypatch):
    monkeypatch.setattr(mirapoint_lists, "LEAST_DONE", 4)
    monkeypatch.setattr(mirapoint_lists, "LEAST_SHARE", 0)
    served.quirks(refuse={"DL ADD": {"l0": "Name too long"}})
    options = lists_wanted(served, *(listed(f"l{number}", "ann") for number in range(9)), time_budget=1e-9, unconfirmed_commands=True)
    first, second = lists(options), lists(options)
    assert [(step["finished"], step["lists_added"], step["as_wanted"]) for step in (first, second)] == [(False, 3, 3), (False, 3, 6)]
    assert [row["lists_done"] for step in (first, second) for row in step["progress"]] == [4, 7]
    with pytest.raises(MigrationError, match="refuses l0: Name too long. By this run 2 lists and 2 entries were added") as caught:
        lists(options)
    assert (caught.value.facts["as_wanted"], caught.value.facts["finished"], len(served.backend.lists()[""])) == (8, False, 8)


def test_entries_that_can_not_be_meant(served):
    with pytest.raises(MigrationError, match="entries of sales has a 2 times"):
        lists(lists_wanted(served, listed("sales", "a", "a")))
    assert served.commands() == []


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr(mirapoint_lists, "WORTH_A_LOGIN", 4)


def logins(served):
    return [command for command, _arguments in served.commands()].count("LOGIN")


@pytest.mark.parametrize(("connections", "logged_in"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_lists_are_asked_for_by_several_connections(served, few_are_many, connections, logged_in):
    """As many as the number of lists is worth; each list is asked for once, and what it lacks is its own."""
    for number in range(0, 11, 2):
        served.backend.add_list("", f"l{number}")
        served.backend.add_entry("", f"l{number}", f"a{number}@b.test")
    given = [listed(f"l{number}", f"a{number}@b.test") for number in range(11)]
    done = lists(lists_wanted(served, *given, connections=connections, unconfirmed_commands=True))
    assert (done["lists_added"], done["entries_added"], done["as_wanted"], logins(served)) == (5, 5, 11, logged_in)
    assert sorted(arguments[0] for command, arguments in served.commands() if command == "DLENTRY LIST") == sorted(one["name"] for one in given)
    assert served.backend.lists()[""] == {one["name"]: one["entries"] for one in given}


def test_who_is_not_let_in_a_second_time_asks_alone(served, few_are_many, monkeypatch):
    entered = []

    def administered(params, original=mirapoint_lists.mirapoint.administered):
        if entered:
            raise Unreachable("new: there are too many connections.", "Nothing was changed.", "Wait.")
        entered.append(params)
        return original(params)

    monkeypatch.setattr(mirapoint_lists.mirapoint, "administered", administered)
    done = lists(lists_wanted(served, *(listed(f"l{number}") for number in range(9)), connections=3))
    assert (done["lists_added"], logins(served)) == (9, 1)


def test_a_connection_that_breaks_while_it_asks_ends_the_others(served, few_are_many):
    served.quirks(cut_after=5, delay=0.005)
    with pytest.raises(MigrationError, match="DLENTRY LIST changes nothing"):
        lists(lists_wanted(served, *(listed(f"l{number}") for number in range(200)), connections=2))
    assert served.mutating() == [] and len(served.commands()) < 50


def test_without_a_connection_nothing_can_be_asked(served):
    with pytest.raises(MigrationError, match="connections is 0. Nothing was touched"):
        lists(lists_wanted(served, listed("l"), connections=0))


def asked(served, **more):
    return {**served.options(user_pattern=None, most=1000, distribution_lists=[]), **more}


def test_info(served):
    for number in range(12):
        served.backend.add_user("", f"u{number:02}", "", f"User {number}")
    served.backend.add_list("", "sales")
    for entry in "abc":
        served.backend.add_entry("", "sales", entry)
    result = info(asked(served))
    assert (result["host"], result["admind_version"], result["version"]) == ("mirapoint.example.test", "4.4.4", ["4.4.4-GA"])
    assert (result["license_status"], result["backup_status"]) == (["User 10000"], ["Backup-10000 Error", "Backup-10000 Done"])
    assert (result["users"], result["users_truncated"], result["refused"], result["changed"]) == ([], False, {}, False)
    assert "session" not in str(result)
    result = info(asked(served, user_pattern="u0*", most=2, page_size=2, distribution_lists=["sales", "none"]))
    assert result["users"] == [{"name": "u00", "full_name": "User 0"}, {"name": "u01", "full_name": "User 1"}] and result["users_truncated"]
    assert result["distribution_lists"] == [
        {"name": "sales", "exists": True, "entries": ["a", "b"], "entries_total": 3}, {"name": "none", "exists": False, "entries": [], "entries_total": 0},
    ]
    assert len(info(asked(served, user_pattern=""))["users"]) == 12 and not info(asked(served, user_pattern="", most=12))["users_truncated"]


def test_info_tells_what_it_is_refused(served):
    served.quirks(refuse={"LICENSE STATUS": {"*": "Permission denied"}})
    result = info(asked(served))
    assert (result["license_status"], result["refused"]) == (None, {"license_status": "Permission denied"})
    served.quirks(refuse={"USER LIST": {"*": "Permission denied"}})
    with pytest.raises(MigrationError, match="refuses: Permission denied. Nothing was changed"):
        info(asked(served, user_pattern="", page_size=0))
    with pytest.raises(MigrationError, match="most is 0"):
        info(asked(served, most=0))


def sent(served, *words, **more):
    return {**served.options(command=list(words), secrets=None, reads=False, changed=[], unchanged=["(?i)already exists"], failed=[], most=1000), **more}


def test_a_command_that_reads(served):
    options = sent(served, "BACKUP", "STATUS", reads=True, most=1)
    result = command(options)
    assert (result["changed"], result["ok"], result["lines"], result["lines_total"]) == (False, True, [["Backup-10000", "Error"]], 2)
    assert command(options, check_mode=True) == result


def test_a_command_that_changes(served):
    options = sent(served, "USER", "ADD", "bob", "{password}", "Bob Smith", secrets={"password": "s3 cret"})
    assert command(options, check_mode=True) == {"changed": True, "sent": False, "ok": None, "text": "", "lines": [], "lines_total": 0}
    assert served.mutating() == []
    assert command(options)["changed"]
    again = command(options)
    assert (again["changed"], again["ok"], again["text"]) == (False, False, "Already exists")
    assert served.backend.users("") == {"bob": "Bob Smith"} and "s3 cret" not in str(served.commands())


@pytest.mark.parametrize(("patterns", "outcome"), [
    ({}, True), ({"changed": ["Done$"]}, True), ({"changed": ["Nothing"]}, False), ({"unchanged": ["Backup-10000 Done"]}, False),
    ({"failed": ["Error"]}, "answers OK to BACKUP STATUS. What of it was done is not known"), ({"failed": ["Error"], "unchanged": ["Done"]}, False),
])
def test_patterns(served, patterns, outcome):
    options = sent(served, "BACKUP", "STATUS", **patterns)
    if isinstance(outcome, bool):
        assert command(options)["changed"] == outcome
    else:
        with pytest.raises(MigrationError, match=outcome) as caught:
            command(options)
        assert caught.value.facts["lines_total"] == 2


def test_a_no_is_a_failure(served):
    with pytest.raises(MigrationError, match="new .* answers NO Unknown command .* to QUOTA SET. It was not done") as caught:
        command(sent(served, "QUOTA", "SET", "bob"))
    assert caught.value.facts["ok"] is False


@pytest.mark.parametrize(("words", "more", "told"), [
    ([], {}, "no words"), (["login", "a", "b"], {}, "begins with LOGIN"), (["EVENT", "watch", "Login"], {}, "begins with EVENT WATCH"),
    (["LOGOUT"], {}, "begins with LOGOUT"), (["DL", "add", "x"], {"reads": True}, "DL add changes something"),
    (["USER", "ADD", "bob", "{pasword}"], {"secrets": {"password": "x"}}, "secrets has no pasword"), (["VERSION"], {"failed": ["("]}, "no regular expression"),
])
def test_commands_that_are_not_sent(served, words, more, told):
    with pytest.raises(MigrationError, match=f"{told}.*Nothing was touched"):
        command(sent(served, *words, **more))
    assert served.commands() == []
