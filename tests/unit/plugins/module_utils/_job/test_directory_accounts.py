# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._directory.server import SERVER
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import directory_accounts
from ansible_collections.messaging.migration.plugins.module_utils._job.directory_accounts import accounts
from ansible_collections.messaging.migration.plugins.module_utils._model.account_entry import ACCOUNTS, FORM, ON_FOREIGN
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_directory import SUFFIX, Ended, FakeDirectory

PEOPLE = f"ou=people,{SUFFIX}"


@pytest.fixture
def directory(monkeypatch):
    made = FakeDirectory()
    monkeypatch.setattr(directory_accounts, "WritingSession", made)
    return made


def account(name, **more):
    defaults = {option: spec.get("default") for option, spec in ACCOUNTS["accounts"]["options"].items()}
    return {**defaults, "target": name, "primary": f"{name}@example.test", "full_name": f"{name.title()} Berg", **more}


def options(*given, base=PEOPLE, **more):
    server = {name: spec.get("default") for name, spec in SERVER["server"]["options"].items()}
    return {
        **{name: spec.get("default") for name, spec in {**FORM, **ON_FOREIGN}.items()}, "accounts": list(given), "report_path": None, "time_budget": 0.0,
        "server": {**server, "host": "ldap", "user": "u", "password": "p", "base": base}, **more,
    }


def test_once_and_again(directory, tmp_path):
    given = options(account("anna"), account("bo", forward_to="x@y", keeps_copy=True), report_path=str(tmp_path / "r.jsonl"))
    planned = accounts(given, check_mode=True)
    assert (planned["added"], directory.writes, list(tmp_path.iterdir())) == (2, 0, [])
    done, tree = accounts(given), directory.snapshot()
    assert {name: done[name] for name in ("changed", "added", "corrected", "wanted", "as_wanted", "forwards_not_expressed", "refused", "finished")} == {
        "changed": True, "added": 2, "corrected": 0, "wanted": 2, "as_wanted": 2, "forwards_not_expressed": 1, "refused": [], "finished": True,
    }
    assert done["diff"] == planned["diff"] and done["diff"]["before"] == "anna: absent\nbo: absent\n" and "mail=bo@example.test" in done["diff"]["after"]
    assert list(tree) == [f"uid=anna,{PEOPLE}", f"uid=bo,{PEOPLE}"]
    again = accounts(given)
    assert (again["changed"], again["as_wanted"], again["diff"], directory.writes) == (False, 2, {"before": "", "after": ""}, 2)
    assert [json.loads(line)["outcome"] for line in (tmp_path / "r.jsonl").read_text().splitlines()] == ["added", "added"]


def test_what_differs_is_corrected_wherever_it_is(directory):
    accounts(options(account("anna"), account("bo")))
    there = directory.entries.pop(f"uid=anna,{PEOPLE}")
    directory.entries[f"uid=anna,ou=old,{PEOPLE}"] = {**there, "uid": ["ANNA"], "sn": ["Hill"], "title": ["Dr."]}
    done = accounts(options(account("anna"), account("bo")))
    assert (done["added"], done["corrected"], done["diff"]) == (0, 1, {"before": "anna: sn=Hill\n", "after": "anna: sn=Berg\n"})
    assert directory.entries[f"uid=anna,ou=old,{PEOPLE}"] == {**there, "uid": ["ANNA"], "sn": ["Berg"], "title": ["Dr."]}


def test_a_name_of_several_entries_is_refused(directory):
    for place in ("a", "b"):
        directory.entries[f"uid=anna,ou={place},{PEOPLE}"] = {"uid": ["anna"], "objectClass": ["person"]}
    with pytest.raises(MigrationError, match=f"anna: 2 entries have this name: uid=anna,ou=a,{PEOPLE}, uid=anna,ou=b") as refused:
        accounts(options(account("anna"), account("bo")))
    assert refused.value.facts["added"] == 1 and refused.value.facts["as_wanted"] == 1 and directory.writes == 1


def test_what_is_somebody_elses_is_refused_or_adopted(directory, tmp_path):
    theirs, others = f"uid=anna,ou=old,{PEOPLE}", {"uid": ["anna"], "objectClass": ["person"], "mail": ["anna.zorn@example.test"], "cn": ["Anna Zorn"]}
    # The second has one of its account's addresses, and of the third nothing is known.
    for name, mail in (("bo", ["Old@example.test"]), ("cleo", [])):
        directory.entries[f"uid={name},{PEOPLE}"] = {"uid": [name], "objectClass": ["person"], **({"mail": mail} if mail else {})}
    directory.entries[theirs] = dict(others)
    given = options(account("anna"), account("bo", addresses=["old@example.test"]), account("cleo"), report_path=str(tmp_path / "r.jsonl"))
    with pytest.raises(MigrationError, match=f"refuses anna: its entry {theirs} is somebody else's: it has the address anna.zorn@example.test") as refused:
        accounts(given)
    facts = refused.value.facts
    assert (facts["corrected"], facts["as_wanted"], [one["name"] for one in facts["refused"]]) == (2, 2, ["anna"])
    assert directory.entries[theirs] == others and "somebody else's" in (tmp_path / "r.jsonl").read_text().splitlines()[-1]
    done = accounts({**given, "on_foreign": "adopt"})
    assert (done["corrected"], directory.entries[theirs]["mail"]) == (1, ["anna@example.test"]) and not accounts(given)["changed"]


def test_an_address_of_the_operators_template_is_the_accounts_own(directory):
    given = options(account("anna"), attributes={"MAIL": "{local}@other.test"})
    assert accounts(given)["added"] == 1 and not accounts(given)["changed"]


def test_whose_an_entry_is_its_aliases_tell_too(directory):
    directory.entries[f"uid=anna,{PEOPLE}"] = {"uid": ["anna"], "objectClass": ["person"], "mail": ["a@old.test"], "mailLocalAddress": ["ANNA@example.test"]}
    assert accounts(options(account("anna"), alias_attribute="mailLocalAddress"))["corrected"] == 1


def test_a_forward_that_is_not_the_plans_is_left_and_told(directory, tmp_path):
    accounts(options(account("anna", forward_to="x@y.test"), account("bo", forward_to="bo@y.test"), account("cleo"), account("dora", forward_to="d@y.test")))
    # Cleo delivers to her mailbox, whatever address stands there.
    directory.entries[f"uid=cleo,{PEOPLE}"] |= {"miForwardingAddress": ["c@y.test"], "miDeliveryOption": ["mailbox"]}
    before, report = directory.snapshot(), tmp_path / "r.jsonl"
    given = [account("anna"), account("bo", forward_to="bo@y.test", keeps_copy=True), account("cleo"), account("dora", forward_to="d@y.test"), account("eve")]
    done = accounts(options(*given[:4], report_path=str(report)))
    assert (done["changed"], done["forwards_left"], done["forwards_not_expressed"], directory.snapshot()) == (False, 2, 1, before)
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(line["account"], line["outcome"], line["forward_to"]) for line in told] == [
        ("anna", "forward_left", ["x@y.test"]), ("bo", "forward_left", ["bo@y.test"]),
    ]
    assert accounts(options(*given, attributes={"miForwardingAddress": "x@y.test"}))["forwards_left"] == 0


def test_an_address_of_another_entry_is_refused(directory):
    form = {"alias_attribute": "mailLocalAddress"}
    accounts(options(account("anna", addresses=["info@example.test"]), account("bo"), **form))
    before = directory.snapshot()
    for given in (account("bo", addresses=["INFO@example.test"]), account("cleo", addresses=["Anna@example.test"])):
        name = given["target"]
        with pytest.raises(MigrationError, match=f"refuses {name}: the entry uid=anna,{PEOPLE} has the address {given['addresses'][0]}"):
            accounts(options(account("anna"), given, **form))
    # What is there already is nothing that this adds.
    directory.entries[f"uid=bo,{PEOPLE}"]["mailLocalAddress"].append("info@example.test")
    assert not accounts(options(account("bo", addresses=["info@example.test"]), **form))["changed"] and directory.writes == 2
    del directory.entries[f"uid=bo,{PEOPLE}"]["mailLocalAddress"][-1]
    assert directory.snapshot() == before


def test_refused_ones_are_told_and_the_others_are_made(directory, tmp_path):
    directory.refuses[f"uid=bo,{PEOPLE}"] = "constraintViolation (no)"
    given = options(*map(account, ("anna", "bo", "cleo")), report_path=str(tmp_path / "r.jsonl"))
    with pytest.raises(MigrationError, match="ldap:636.* refuses bo: constraintViolation.*2 accounts were added and 0 corrected") as refused:
        accounts(given)
    facts = refused.value.facts
    assert (facts["changed"], facts["added"], facts["refused"]) == (True, 2, [{"name": "bo", "reason": "constraintViolation (no)"}])
    assert "refused" in (tmp_path / "r.jsonl").read_text().splitlines()[-1]
    directory.refuses.clear()
    assert accounts(given)["added"] == 1


def test_after_twenty_refusals_it_stops(directory):
    given = [account(f"u{number:02}") for number in range(30)]
    directory.refuses = {f"uid={one['target']},{PEOPLE}": "no" for one in given}
    with pytest.raises(MigrationError, match="and 19 more"):
        accounts(options(*given))
    assert directory.writes == 20


@pytest.mark.parametrize("moment", ["ends_before", "ends_after"])
def test_killed_anywhere_and_run_again(directory, moment):
    given = options(*(account(f"u{number}") for number in range(6)))
    directory.entries[f"uid=u3,{PEOPLE}"] = {"uid": ["u3"], "objectClass": ["person"], "title": ["Dr."]}
    untouched = {name: dict(entry) for name, entry in directory.entries.items()}
    accounts(given)
    whole = directory.snapshot()
    for number in range(1, 7):
        directory.entries, directory.writes = {name: dict(entry) for name, entry in untouched.items()}, 0
        setattr(directory, moment, number)
        with pytest.raises(Ended):
            accounts(given)
        assert directory.snapshot() != whole or (number, moment) == (6, "ends_after")
        accounts(given)
        assert directory.snapshot() == whole and accounts(given)["changed"] is False


def test_in_steps(directory, monkeypatch):
    monkeypatch.setattr(directory_accounts, "LEAST_DONE", 3)
    given = options(*(account(f"u{number}") for number in range(8)), time_budget=1e-9)
    monkeypatch.setattr(directory_accounts, "LEAST_SHARE", 0)
    steps = [accounts(given) for _step in range(4)]
    seen = [(step["added"], step["finished"], step["progress"][0]["accounts_done"]) for step in steps]
    assert seen == [(3, False, 3), (3, False, 6), (2, True, 8), (0, True, 8)]
    # Read once a step, not entry by entry.
    assert directory.searches == ["(uid=*)"] * 4


def test_passwords_are_for_those_who_are_added(directory):
    form = {"password_attribute": "userPassword"}
    with pytest.raises(MigrationError, match="1 accounts are to be added and have no password, the first is bo.*Nothing was changed"):
        accounts(options(account("anna", password="secret"), account("bo"), **form))
    assert directory.writes == 0
    done = accounts(options(account("anna", password="secret"), **form))
    assert directory.entries[f"uid=anna,{PEOPLE}"]["userPassword"] == ["secret"] and "secret" not in str(done)
    assert not accounts(options(account("anna", password="another"), **form))["changed"] and not accounts(options(account("anna"), **form))["changed"]


@pytest.mark.parametrize(("given", "word"), [
    (options(account("anna"), base=None), "no base"),
    (options(account("anna"), account("anna")), "anna 2 times"),
    (options(account(" anna")), "' anna'"),
    (options(account("anna"), attributes={"mail": "{nobody}"}), "may have"),
])
def test_refused_before_anybody_is_called(directory, given, word):
    with pytest.raises(MigrationError, match=f"{word}.*Nothing was touched"):
        accounts(given)
    assert directory.searches == []
