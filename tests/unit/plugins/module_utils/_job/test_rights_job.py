# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import rights
from ansible_collections.messaging.migration.plugins.module_utils._ledger import grants, items, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._ledger.catalogue import Catalogue
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture

ANNA, BO, CY = "anna@old.test", "bo@old.test", "cy@old.test"


class Target:
    """`acl`: folder -> who -> letters. `dies` after so many changes."""

    supported, old = True, False

    def __init__(self) -> None:
        self.acl = {"INBOX": {"anna": "lrswipkxtea"}, "Projects": {"anna": "lrswipkxtea", "dee": "lr"}}
        self.sent: list[tuple] = []
        self.refuses, self.drops, self.dies = "", "", None

    def read(self, names):
        return {name: dict(self.acl[name]) for name in names if name in self.acl}

    def change(self, name, who, sign, letters):
        if self.refuses:
            return self.refuses
        self.sent.append((name, who, f"{sign}{letters}"))
        before = set(self.acl[name].get(who, ""))
        after = before | set(letters) - set(self.drops) if sign == "+" else before - set(letters)
        self.acl[name][who] = "".join(sorted(after))
        if self.dies is not None:
            self.dies -= 1
            if self.dies < 0:
                raise KeyboardInterrupt
        return ""

    def close(self):
        pass


class World:
    def __init__(self, folder) -> None:
        self.folder, self.target, self.lost = folder, Target(), []
        self.told: list[tuple] = []
        ledger = ledger_fixture.opened(folder)
        [row] = ledger_fixture.with_mailboxes(ledger, ANNA, server="old")
        mailboxes.set_values(ledger, row.id, copied_at=1.0)
        Catalogue(ledger, row.id).keep_folders({
            "I": {"name": "INBOX", "kind": "mail", "role": "inbox"}, "P": {"name": "Projects", "kind": "mail", "role": ""},
            "C": {"name": "Calendar", "kind": "calendar", "role": "calendar"}, "N": {"name": "New", "kind": "mail", "role": ""},
        })
        items.add_folders(ledger, row.id, [
            {"source_name": name, "target_name": name, "source_uidvalidity": 1, "target_uidvalidity": 1} for name in ("INBOX", "Projects")
        ])
        ledger.close()
        self.id = row.id

    def access(self, _folders, targets):
        found = [{"folder": folder, "who": who, "rights": letters, "target": targets.get(who.lower())} for folder, who, letters in self.told]
        return {"rights": found, "lost": self.lost}

    def run(self, *told, check=False, **options):
        self.told = list(told)
        self.target.sent.clear()
        names = {ANNA: "anna", BO: "bo", CY: "cy"}
        source = {"name": "old", "host": "old.test", "protocol": "ews", "mailboxes": [{"name": name, "target": target} for name, target in names.items()]}
        return rights.rights({
            "sources": [source], "only": [ANNA], "target": {"host": "new.test"}, "migration": ledger_fixture.MIGRATION,
            "ledger": ledger_fixture.options(self.folder), "aliases": [], "name_template": "user{separator}{mailbox}", "report_path": None, **options,
        }, check)

    def known(self) -> dict:
        ledger = ledger_fixture.opened(self.folder)
        found = {key: (row.rights, row.sure) for key, row in grants.given(ledger, self.id).items()}
        ledger.close()
        return found


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = World(tmp_path)
    monkeypatch.setattr(rights, "OnExchange", lambda server, mailbox: types.SimpleNamespace(access=world.access))
    monkeypatch.setattr(rights, "AclTarget", lambda server, mailbox, template: world.target)
    return world


def counts(result) -> dict:
    return {key: result[key] for key in ("given", "taken_back", "unchanged", "kept", "lost") if result[key]}


def test_given_once(world):
    told = (("INBOX", BO, "lrs"), ("Projects", BO, "lrswipte"), ("Projects", "Cy@Old.test", "lrs"))
    planned = world.run(*told, check=True)
    assert counts(planned) == {"given": 3} and planned["changed"] and world.target.sent == [] and world.known() == {}
    first = world.run(*told)
    assert counts(first) == {"given": 3} and first["diff"] == planned["diff"]
    assert first["diff"]["after"] == "anna INBOX bo: lrs\nanna Projects bo: lrswipte\nanna Projects cy: lrs\n"
    assert world.target.sent == [("INBOX", "bo", "+lrs"), ("Projects", "bo", "+lrswipte"), ("Projects", "cy", "+lrs")]
    second = world.run(*told)
    assert counts(second) == {"unchanged": 3} and not second["changed"] and world.target.sent == [] and second["diff"] == {"before": "", "after": ""}


def test_a_permission_and_a_delegate_together(world):
    assert counts(world.run(("INBOX", BO, "lrs"), ("INBOX", BO, "lrsip"))) == {"given": 1} and world.target.sent == [("INBOX", "bo", "+lrsip")]


def test_what_others_gave_stays(world):
    world.target.acl["INBOX"]["bo"] = "la"
    world.run(("INBOX", BO, "lrs"))
    assert world.target.sent == [("INBOX", "bo", "+rs")] and world.target.acl["Projects"]["dee"] == "lr"
    # Only what was given is taken back.
    assert counts(world.run()) == {"taken_back": 1} and world.target.sent == [("INBOX", "bo", "-rs")]
    assert world.target.acl["INBOX"]["bo"] == "al" and world.known() == {} and not world.run()["changed"]


def test_what_the_source_gives_less_of(world):
    world.run(("Projects", BO, "lrswipte"))
    assert counts(world.run(("Projects", BO, "lrs"))) == {"taken_back": 1} and world.target.sent == [("Projects", "bo", "-wipte")]
    assert world.known() == {("Projects", "bo"): ("lrs", True)}


def test_what_somebody_took_away_is_not_given_again(world):
    world.run(("Projects", BO, "lrs"))
    world.target.acl["Projects"]["bo"] = "l"
    assert counts(world.run(("Projects", BO, "lrs"))) == {"kept": 1} and world.target.sent == []
    assert counts(world.run(("Projects", BO, "lrsi"))) == {"kept": 1, "given": 1} and world.target.sent == [("Projects", "bo", "+i")]
    del world.target.acl["Projects"]["bo"]
    assert not world.run()["changed"] and world.known() == {}


def test_a_run_that_broke_off_is_finished(world):
    world.target.dies = 0
    with pytest.raises(KeyboardInterrupt):
        world.run(("INBOX", BO, "lrs"))
    assert world.known() == {("INBOX", "bo"): ("lrs", False)}
    world.target.dies = None
    assert counts(world.run(("INBOX", BO, "lrs"))) == {"unchanged": 1} and world.known() == {("INBOX", "bo"): ("lrs", True)}
    # Before the change.
    world.target.acl["INBOX"]["bo"] = ""
    ledger = ledger_fixture.opened(world.folder)
    grants.write(ledger, world.id, {("INBOX", "bo"): "lrs"}, False)
    ledger.close()
    assert counts(world.run(("INBOX", BO, "lrs"))) == {"given": 1} and world.target.acl["INBOX"]["bo"] == "lrs"


def test_what_can_not_be_given_is_told(world):
    world.lost = [{"folder": "INBOX", "who": BO, "what": "sending on behalf of the user"}]
    result = world.run(
        ("INBOX", "anyone", "lrs"), ("INBOX", "guest@elsewhere.test", "lrs"), ("Calendar", BO, "lrs"), ("New", BO, "lrs"), ("INBOX", ANNA, "lrs"),
        report_path=f"{world.folder}/rights.json",
    )
    assert counts(result) == {"lost": 5} and world.target.sent == []
    [told] = json.loads((world.folder / "rights.json").read_text())["mailboxes"]
    assert told["counts"] == {"rights": 0, "kept": 0, "lost": 5}
    assert [(one["folder"], one["who"], one["what"].partition(": ")[2]) for one in told["lost"]] == [
        ("Calendar", BO, "the target has them for folders of mail only"), ("INBOX", "anyone", "only single users are given some"),
        ("INBOX", BO, ""), ("INBOX", "guest@elsewhere.test", "no mailbox at the target is known to be of this user"),
        ("New", BO, "the folder is not at the target"),
    ]


def test_an_alias_names_its_user(world):
    result = world.run(("INBOX", "b@new.test", "lrs"), aliases=[{"mailbox": BO, "addresses": ["B@new.test"]}])
    assert counts(result) == {"given": 1} and world.target.sent == [("INBOX", "bo", "+lrs")]


def test_a_target_without_rights(world):
    world.target.supported = False
    assert counts(world.run(("INBOX", BO, "lrs"))) == {"lost": 1} and world.target.sent == [] and world.known() == {}


def test_a_target_that_knows_the_old_letters_only(world):
    world.target.old = True
    told = (("INBOX", BO, "lrswipkte"), ("Projects", CY, "lrswipkxtea"))
    assert counts(world.run(*told)) == {"given": 2, "lost": 1}
    assert world.target.sent == [("INBOX", "bo", "+lrswipd"), ("Projects", "cy", "+lrswipacd")]
    assert counts(world.run(*told)) == {"unchanged": 2, "lost": 1}


def test_a_folder_that_is_gone(world):
    world.run(("Projects", BO, "lrs"))
    del world.target.acl["Projects"]
    assert counts(world.run(("Projects", BO, "lrs"))) == {"lost": 1} and world.known() == {}


def test_a_target_that_refuses(world):
    world.target.refuses = "no such user"
    assert counts(world.run(("INBOX", BO, "lrs"))) == {"lost": 1} and world.known() == {}
    world.target.refuses = ""
    world.run(("INBOX", BO, "lrs"))
    world.target.refuses = "not now"
    assert counts(world.run()) == {"lost": 1} and world.known() == {("INBOX", "bo"): ("lrs", True)}


def test_a_target_that_makes_something_else_of_it(world):
    world.target.drops = "s"
    assert counts(world.run(("INBOX", BO, "lrs"))) == {"given": 1, "lost": 1} and world.known() == {("INBOX", "bo"): ("lrs", True)}
    assert counts(world.run(("INBOX", BO, "lrs"))) == {"kept": 1} and world.target.sent == []


def test_without_a_ledger(tmp_path):
    params = {"sources": [{"name": "old", "host": "h", "protocol": "ews", "mailboxes": [{"name": ANNA}]}], "target": {"host": "new.test"},
              "migration": "m", "ledger": ledger_fixture.options(tmp_path), "aliases": [], "report_path": None}
    assert not rights.rights(params, True)["changed"]
    with pytest.raises(MigrationError, match="There is no ledger"):
        rights.rights(params)
