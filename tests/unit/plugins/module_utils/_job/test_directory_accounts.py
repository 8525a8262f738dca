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
from ansible_collections.messaging.migration.plugins.module_utils._model.account_entry import ACCOUNTS, FORM
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
        **{name: spec.get("default") for name, spec in FORM.items()}, "accounts": list(given), "report_path": None, "time_budget": 0.0,
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
