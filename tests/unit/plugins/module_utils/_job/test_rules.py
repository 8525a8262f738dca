# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import signal
import types

import pytest
from exchangelib import OofSettings
from exchangelib import properties as ews

from ansible_collections.messaging.migration.plugins.module_utils._errors import LoginRefused, MigrationError, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._job import on_exchange, rules
from ansible_collections.messaging.migration.plugins.module_utils._ledger import items, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._ledger.catalogue import Catalogue
from ansible_collections.messaging.migration.plugins.module_utils._sieve.managesieve import Refused
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture

ALL = "body comparator-i;ascii-numeric copy date fileinto imap4flags relational vacation".split()


def rule(name, folder="P", **more):
    move = ews.MoveToFolder(folder_id=ews.FolderId(id=folder)) if folder else None
    return ews.Rule(display_name=name, priority=1, is_enabled=True, actions=ews.Actions(move_to_folder=move, **more))


class Session:
    """Of a ManageSieve server that keeps nothing but our script."""

    where, extensions = "new", frozenset(ALL)
    kept: dict[str, str] = {}

    def scripts(self):
        return {name: True for name in self.kept}

    def get(self, name):
        return self.kept[name]

    def check(self, text):
        pass

    def put(self, name, text):
        self.kept[name] = text

    def activate(self, name):
        pass

    def close(self):
        pass


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the job for mailboxes whose rules are given by name; an exception in their place is raised when the mailbox is opened."""
    asked = []

    def open_mailbox(server, mailbox):
        asked.append(mailbox.name)
        found = run_.rules[mailbox.name]
        if isinstance(found, Exception):
            raise found
        return types.SimpleNamespace(
            address=f"{mailbox.name}@old.test", tells_rules=run_.tells, rules=found, reply=run_.reply,
        )

    def run_(given, check=False, protocol="ews", copied=True, sieve=None, **options):
        run_.rules = given
        asked.clear()
        ledger = ledger_fixture.opened(tmp_path)
        for row in ledger_fixture.with_mailboxes(ledger, *given, server="old") if not mailboxes.listed(ledger) else ():
            if copied:
                mailboxes.set_values(ledger, row.id, copied_at=1.0)
            Catalogue(ledger, row.id).keep_folders({
                "P": {"name": "Größe", "kind": "mail", "role": ""}, "I": {"name": "INBOX", "kind": "mail", "role": "inbox"},
                "C": {"name": "Calendar", "kind": "calendar", "role": "calendar"}, "N": {"name": "New", "kind": "mail", "role": ""},
            })
            items.add_folders(ledger, row.id, [
                {"source_name": name, "target_name": there, "source_uidvalidity": 1, "target_uidvalidity": 1}
                for name, there in (("Gr&APYA3w-e", "INBOX.Gr&APYA3w-e"), ("INBOX", "INBOX"))
            ])
        ledger.close()
        source = {"name": "old", "host": "old.test", "protocol": protocol, "mailboxes": [{"name": name, "target": f"{name}-at-target"} for name in given]}
        return rules.rules({
            "sources": [source], "target": {"host": "new.test", "sieve": sieve}, "migration": ledger_fixture.MIGRATION,
            "ledger": ledger_fixture.options(tmp_path),
            "folder": str(tmp_path), "extensions": ALL, "aliases": [], "colleagues": [], "report_path": None, **options,
        }, check)

    run_.tells, run_.reply, run_.asked, run_.folder = True, None, asked, tmp_path
    monkeypatch.setattr(rules, "OnExchange", open_mailbox)
    return run_


def test_folders_are_named_as_at_the_target_and_what_has_no_folder_is_left_out(run):
    found = [rule("there"), rule("well known", None, delete=True), rule("calendar", "C"), rule("not copied", "N"), rule("gone", "X")]
    result = run({"anna": found}, report_path=f"{run.folder}/report.json")
    assert (result["rules_moved"], result["rules_left_out"], result["scripts"], result["changed"]) == (1, 4, 1, True)
    assert 'fileinto "INBOX.Größe";' in (run.folder / "anna-at-target.sieve").read_text()
    [told] = json.loads((run.folder / "report.json").read_text())["mailboxes"]
    assert [remark["rule"] for remark in told["remarks"]] == ["well known", "calendar", "not copied", "gone"]
    assert told["outcome"] == "written" and "rights" not in told


def test_a_second_run_changes_nothing_and_check_mode_writes_nothing(run):
    found = {"anna": [rule("one")], "bo": []}
    assert run(found, check=True)["scripts"] == 1 and not list(run.folder.glob("*.sieve"))
    first, second = run(found), run(found)
    assert (first["scripts"], first["nothing"], first["changed"]) == (1, 1, True)
    assert (second["scripts"], second["unchanged"], second["nothing"], second["changed"]) == (0, 1, 1, False)


def test_the_reply_knows_the_aliases_and_the_colleagues(run):
    run.reply = OofSettings(state="Enabled", external_audience="All", internal_reply="In", external_reply="Out")
    result = run({"anna": []}, aliases=[{"mailbox": "anna", "addresses": ["a@new.test"]}], colleagues=["corp.test"])
    text = (run.folder / "anna-at-target.sieve").read_text()
    assert result["replies"] == 1 and ':addresses ["anna@old.test", "a@new.test"]' in text and '"corp.test"' in text


def test_exchange_that_tells_no_rules(run):
    run.tells = False
    assert [run({"anna": []})[name] for name in ("mailboxes", "not_readable", "nothing")] == [1, 1, 1]


def test_sources_that_are_not_read_by_ews(run):
    result = run({"anna": []}, protocol="imap")
    assert (result["not_readable"], result["mailboxes"], run.asked) == (1, 0, [])


@pytest.mark.parametrize("error", [Unreachable("gone"), MigrationError("odd")])
def test_one_that_fails_does_not_stop_the_others(run, error):
    with pytest.raises(MigrationError, match="1 of 2 mailboxes failed. The first, old/anna: ") as caught:
        run({"anna": error, "bo": [rule("one")]})
    assert caught.value.facts["scripts"] == 1 and caught.value.facts["changed"] and caught.value.facts["failures"][0]["mailbox"] == "anna"


@pytest.mark.parametrize(("given", "asked"), [
    ({"anna": LoginRefused("no"), "bo": []}, ["anna"]), ({"anna": [], "bo": LoginRefused("no"), "cy": []}, ["anna", "bo", "cy"]),
])
def test_a_refused_login_is_not_tried_for_everybody_until_one_was_right(run, given, asked):
    with pytest.raises(MigrationError, match="refused|no"):
        run(given)
    assert run.asked == asked


FIVE = {name: [rule("one"), rule("gone", "X")] for name in ("anna", "bo", "cy", "dee", "eve")}


def test_several_at_once_are_told_in_the_order_of_the_inventory(run):
    found = {**FIVE, "cy": MigrationError("odd")}
    with pytest.raises(MigrationError, match="1 of 5 mailboxes failed. The first, old/cy: odd") as caught:
        run(found, workers=3, report_path=f"{run.folder}/report.json")
    # The first one is tried alone; the others were asked for by other processes.
    assert caught.value.facts["scripts"] == caught.value.facts["rules_moved"] == caught.value.facts["rules_left_out"] == 4 and run.asked == []
    assert [one["mailbox"] for one in json.loads((run.folder / "report.json").read_text())["mailboxes"]] == ["anna", "bo", "dee", "eve"]
    assert {path.stem for path in run.folder.glob("*.sieve")} == {f"{name}-at-target" for name in ("anna", "bo", "dee", "eve")}
    again = run(FIVE, workers=3)
    assert (again["scripts"], again["unchanged"]) == (1, 4)


def test_after_a_refused_login_the_others_are_not_tried(run):
    with pytest.raises(MigrationError, match="5 of 5 mailboxes failed. The first, old/anna: no") as caught:
        run({**FIVE, "anna": LoginRefused("no")}, workers=3)
    assert {one["reason"] for one in caught.value.facts["failures"]} == {"no", "not tried, since old refused the login before."}
    assert not list(run.folder.glob("*.sieve"))


def test_a_process_that_dies_is_told(run, monkeypatch):
    alive = rules.OnExchange

    def opened(server, mailbox):
        if mailbox.name == "dee":
            os.kill(os.getpid(), signal.SIGKILL)
        return alive(server, mailbox)

    monkeypatch.setattr(rules, "OnExchange", opened)
    with pytest.raises(MigrationError, match="ended without a word.*Run again"):
        run(FIVE, workers=2)


def test_a_source_that_may_not_be_read_now(run, monkeypatch):
    monkeypatch.setattr(on_exchange, "Pace", lambda ledger, server: types.SimpleNamespace(closed=lambda: True, connections=lambda: 0))
    with pytest.raises(MigrationError, match="old may not be read now"):
        run({"anna": []})
    assert run.asked == []


def test_mailboxes_that_were_never_copied(run):
    assert run({"anna": []}, check=True, copied=False)["mailboxes"] == 0
    with pytest.raises(MigrationError, match="never copied"):
        run({"anna": []}, copied=False)
    assert run.asked == []


def test_the_service_is_that_of_the_target_unless_another_is_given(run, monkeypatch):
    servers = []
    monkeypatch.setattr(rules.managesieve, "connect", lambda server, mailbox: servers.append((server, mailbox.target)) or Session())
    options = {"folder": None, "sieve": {"host": None, "port": 4190, "tls": "starttls", "ca_file": "ca.pem"}}
    result = run({"anna": [rule("one")]}, **options)
    [(server, mailbox)] = servers
    assert (server.host, server.port, server.tls, server.ca_file, mailbox) == ("new.test", 4190, "starttls", "ca.pem", "anna-at-target")
    assert result["scripts"] == 1 and list(Session.kept) == ["exchange-rules"]
    Session.kept["exchange-rules"] += "stop;\n"
    kept = run({"anna": [rule("one")]}, **options)
    assert (kept["kept"], kept["rules_moved"], kept["changed"]) == (1, 0, False)


def test_a_server_that_refuses_is_the_failure_of_that_mailbox(run, monkeypatch):
    def connect(server, mailbox):
        raise Refused("no scripts here")

    monkeypatch.setattr(rules.managesieve, "connect", connect)
    with pytest.raises(MigrationError, match="old/anna: no scripts here"):
        run({"anna": []}, folder=None, sieve={"port": 4190})


def test_nowhere_to_put_them(run):
    with pytest.raises(MigrationError, match="new.test has no `sieve`.*Give target.sieve, or folder"):
        run({"anna": [rule("one")]}, folder=None)
    assert run.asked == []


def test_files_go_before_the_service(run, monkeypatch):
    monkeypatch.setattr(rules.managesieve, "connect", lambda server, mailbox: pytest.fail("asked for nothing"))
    assert run({"anna": [rule("one")]}, sieve={"port": 4190})["scripts"] == 1 and (run.folder / "anna-at-target.sieve").exists()


def test_what_is_to_be_expected_before_anything_is_there(monkeypatch):
    found = [rule("moves"), rule("calendar", "C"), rule("gone", "X")]
    reply = OofSettings(state="Enabled", external_audience="All", internal_reply="In", external_reply="Out")
    monkeypatch.setattr(rules, "OnExchange", lambda server, mailbox: types.SimpleNamespace(address="a@old.test", tells_rules=True, rules=found, reply=reply))
    folders = [types.SimpleNamespace(remote_id="P", name="Projects", kind="mail", role=""),
               types.SimpleNamespace(remote_id="C", name="C", kind="calendar", role="")]
    assert rules.expected(None, None, folders) == {"rules": 3, "rules_left_out": 2, "replies": 1, "rules_told": True}
