# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn from the ledger: the scope of work and the report."""

from __future__ import annotations

import re
import sys

import pytest
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, records
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import open_ledger
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox

SUMMARY = {"name": "old", "product": "Microsoft Exchange 2010 or later", "version": "", "mailboxes": 2, "messages": 7, "bytes": 700, "folders": 2,
           "largest_mailbox_bytes": 400, "unreachable": 1, "items_untold": 2, "rules_untold": 2}
MAILBOXES = [{"name": "zoe", "wave": "first"}, {"name": 4711, "wave": 1}, {"name": "anna", "target": "anna.berg", "wave": "first"}]


@pytest.fixture
def ledger(tmp_path):
    return {"url": f"sqlite:///{tmp_path}/ledger.sqlite"}


@pytest.fixture
def scope(run_play, tmp_path, ledger):
    """scope(stated, options of the source server...): the scope of work as Markdown and as HTML, and the SHA-256 that is signed."""

    def write(stated=None, **source):
        role = {
            "approve_scope_domain": "example.test", "approve_scope_account_leader": {"name": "Ada Lead"}, "approve_scope_migration": "example",
            "approve_scope_questionnaires": [stated or {}], "approve_scope_target": {"host": "new.test"}, "approve_scope_ledger": ledger,
            "approve_scope_sources": [{"name": "old", "host": "old.test", "mailboxes": MAILBOXES, **source}],
            "approve_scope_python": sys.executable, "approve_scope_station_group": "all", "approve_scope_output": str(tmp_path),
        }
        record = {"ledger": ledger, "migration": "example", "kind": "discovery", "name": "old", "content": SUMMARY, "summary": SUMMARY}
        tasks = [{"messaging.migration.migration_record": record}]
        tasks += [
            {"ansible.builtin.include_role": {"name": "messaging.migration.approve_scope", "tasks_from": name}, "vars": role} for name in ("check", "documents")
        ]
        results = run_play([*tasks, {"ansible.builtin.debug": {"msg": "{{ approve_scope_sha256 }}"}}])
        assert not any(result["failed"] for result in results), results
        return (tmp_path / "scope_of_work.md").read_text(), (tmp_path / "scope_of_work.html").read_text(), results[-1]["msg"]

    return write


def test_folders_that_are_copied_or_left_out_change_what_is_signed(scope):
    plain, _html, signed = scope()
    assert "by their paths" not in plain
    text, html, other = scope(include_folders=["Calendar/Mail"], exclude_folders=["Spam", "Old & gone", 2019])
    left, taken = "folders that are left out of every mailbox, by their paths: 2019, Old & gone, Spam", "by their paths: Calendar/Mail"
    moves, stays = text.index("## What moves"), text.index("## What does not move")
    assert moves < text.index(taken) < stays < text.index(f"- old: {left}") and taken in html and left.replace("&", "&amp;") in html
    assert signed != other == scope(include_folders=["Calendar/Mail"], exclude_folders=["Old & gone", 2019, "Spam"])[2]


def test_names_that_are_numbers_stand_beside_others(scope):
    text, html, _signed = scope()
    assert "- old (waves 1, first): 4711, anna to anna.berg, zoe\n" in text and "4711, anna → anna.berg, zoe" in html


def test_stated_and_found(scope):
    text, html, _signed = scope({"product": "GroupWise <8>", "version": "5.5", "mailboxes": 4})
    rows = re.findall(r"^\| old \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text.partition("## Stated and found")[2], re.MULTILINE)
    assert rows == [
        ("Mailboxes", "4", "3"),
        ("Product", "GroupWise <8>", "Microsoft Exchange 2010 or later"),
        ("Version", "GroupWise <8> 5.5", "Microsoft Exchange 2010 or later"),
        ("Mailboxes that could be opened", "3", "2"),
    ]
    assert '<td>Version<td class="n">GroupWise &lt;8&gt; 5.5<td' in html


@pytest.fixture
def report(run_play, tmp_path, ledger):
    def draw():
        variables = {"report_output": str(tmp_path / "report.html"), "report_station_path": str(tmp_path / "station.json"),
                     "report_python": sys.executable, "report_ledger": ledger, "report_migration": "example"}
        results = run_play([{"ansible.builtin.include_role": {"name": "messaging.migration.report"}, "vars": variables}])
        assert not any(result["failed"] for result in results), results
        html = (tmp_path / "report.html").read_text()
        return html, re.findall(r'<li class="(\w*)"><small>\d</small><b>[^<]*</b><span class="state">([^<]*)</span>', html)

    return draw


def test_a_report_without_a_ledger_is_empty(report, tmp_path):
    (tmp_path / "station.json").write_text('{"mailboxes": ["of earlier times"]}')
    html, phases = report()
    assert "nothing was recorded yet" in html and phases[0] == ("now", "to do") and phases[3] == ("", "0 of 0")


def test_a_phase_is_done_once_all_mailboxes_are_through(report, ledger):
    opened = open_ledger(ledger, "example")
    mailboxes.register(opened, "old", [Mailbox("anna", "anna", "first"), Mailbox("ben", "ben", "second")])

    def recorded(kind, name=""):
        records.add(opened, kind, name, f"{kind} {name}", {})

    def through(name):
        mailboxes.set_values(opened, mailboxes.find(opened, "old", name).id, copied_at=1.0, synced_at=2.0)

    through("anna")
    for kind, name in (("estimate", ""), ("copy", ""), ("sync", ""), ("cut_over_plan", "first"), ("cut_over", "first")):
        recorded(kind, name)
    _html, phases = report()
    assert phases[3:] == [("now", "1 of 2"), ("now", "1 of 2"), ("now", "1 of 2 waves")]
    through("ben")
    assert report()[1][3:5] == [("done", "done"), ("now", "2 of 2")]
    recorded("cut_over", "second")
    assert report()[1][3:] == [("done", "done")] * 3
