# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole migration in the lab, run as `make demo` runs it, and its way back. One lab serves all tests here, in their order."""

from __future__ import annotations

import collections
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import demo
import lab
import office
from people import OLD, People
from phases import play
from wire import Watch

BUILD = lab.ROOT / "build" / "test-lab"


@pytest.fixture(name="summary", scope="module")
def _summary():
    """Figures of the migration; its output is shown when it fails. The lab is taken down when the tests are through."""
    done = subprocess.run(
        [sys.executable, str(lab.ROOT / "tests" / "lab" / "demo.py"), "--build", str(BUILD)],
        env=lab.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    yield json.loads((BUILD / "summary.json").read_text(encoding="utf-8"))
    lab.molecule("destroy", BUILD / "molecule.log")


@pytest.fixture(name="variables", scope="module")
def _variables():
    return {"approve_scope_output": str(BUILD / "records"), "cut_over_output": str(BUILD / "records"),
            "user_settings_output": str(BUILD / "records"), "report_output": str(BUILD / "report.html")}


def test_every_message_is_at_the_target_once_and_unchanged(summary):
    assert demo.faults(summary) == []
    assert summary["messages_at_source"] > 6000
    # What came after the flip is at the target only.
    assert summary["messages_at_target"] > summary["messages_at_source"]
    assert [phase["ok"] for phase in summary["phases"]] == [True] * len(demo.PHASES)


def test_calendars_contacts_tasks_and_notes_are_there_field_by_field(summary):
    assert summary["sources"] == {"exchange55": ["imap", "pst"], "exchange2000": ["imap"], "exchange2003": ["imap"], "exchange2019": ["ews"]}
    assert set(summary["items"]) == {"message", "event", "contact", "distribution_list", "task", "note"}
    for kind, counts in summary["items"].items():
        assert counts["missing"] == counts["doubled"] == counts["altered"] == 0, kind
        assert counts["target"] >= counts["source"] > 0
    # What is not mail, and mail of a PST file, is made anew.
    assert summary["items"]["event"]["converted"] == summary["items"]["event"]["source"]
    assert summary["items_by_server"]["exchange55"]["message"]["converted"] == 40


def test_downtime_is_told(summary):
    assert 0 < summary["downtime_seconds"] < 600


def test_the_report_shows_every_mailbox_and_record(summary):
    html = (BUILD / "report.html").read_text(encoding="utf-8")
    data = json.loads((BUILD / "report.json").read_text(encoding="utf-8"))
    # The audit counts those apart that come from a PST file.
    assert len(data["mailboxes"]) == summary["mailboxes"] + 1
    assert all(mailbox["grade"] == "perfect" for mailbox in data["mailboxes"])
    assert all(mailbox["name"] in html for mailbox in data["mailboxes"])
    signed = {record["kind"] for record in data["records"] if record["signed_by"] == "Ada Lead"}
    assert signed == {"scope_of_work", "cut_over_plan"}


def test_the_report_tells_what_became_of_each_kind(summary):
    """By the ledger, and the audit has counted the same."""
    rows = json.loads((BUILD / "report.json").read_text(encoding="utf-8"))["kinds"]
    for row in rows:
        audited = summary["items_by_server"][row["server"]].get(row["kind"])
        if audited is None:
            assert row["not_moved"] is None and row["reasons"]
            continue
        assert (row["converted"], row["not_moved"]) == (audited["converted"], 0), row
        # Mail that came after the flip was moved by nobody.
        assert audited["source"] <= row["moved"] + row["converted"] <= audited["target"], row
    versions = {f"exchange{version.replace('.', '')}": f"Microsoft Exchange {version}" for version in ("5.5", "2000", "2003", "2019")}
    assert {row["server"]: row["version"] for row in rows} == versions


def test_rules_of_exchange_work_at_the_target(summary):
    user = lab.mailboxes("exchange2019")[2]
    folder = "INBOX.Deleted Items"
    before = lab.subjects(user["target"], folder).count(office.PROBE_OF_RULES)
    lab.send(user["name"], office.PROBE_OF_RULES)
    lab.wait_until(lambda: lab.subjects(user["target"], folder).count(office.PROBE_OF_RULES) > before, 60, "a rule files a message")
    lab.send(user["name"], "Another subject")
    lab.wait_until(lambda: "Another subject" in lab.subjects(user["target"], "INBOX"), 60, "no rule is about this message")


def test_mail_for_every_address_reaches_those_whom_it_is_for(summary):
    assert summary["addresses_not_reached"] == []
    expected = collections.Counter(probe.kind for probe in People().probes())
    assert summary["addresses"] == {kind: {"sent": count, "delivered": count} for kind, count in expected.items()}


def test_accounts_are_made_by_three_ways(summary):
    people = People().by_server
    others = len(people["exchange55"] + people["exchange2019"])
    assert summary["provisioned"] == {"administration": len(people["exchange2000"]), "directory": len(people["exchange2003"]), "imap": others}


def test_quotas_are_those_of_the_directory(summary):
    imap, people = lab.at_target("cyrus"), People()
    found = {person: lab.quota_mb(imap, person) for person in people.quotas()}
    imap.logout()
    assert found == people.quotas()
    assert len(set(found.values())) > 5 and 0 in found.values()


def test_users_who_were_made_with_a_password_log_in_by_it(summary):
    passwords = lab.initial_passwords()
    assert passwords.keys() == {person["target"] for person in People().by_server["exchange2000"]}
    for target, password in passwords.items():
        imap = lab.imap_at_target()
        imap.login(target, password)
        assert imap.select("INBOX", readonly=True)[0] == "OK"
        imap.logout()


def test_the_file_has_the_addresses_that_nobody_else_makes(summary):
    """Those of the accounts that are made by IMAP, and of nobody else."""
    written = lab.on(lab.TARGET, "cat", "/etc/postfix/addresses")
    assert written == (lab.BUILD / "records" / "addresses").read_text(encoding="utf-8")
    known = {re.split(r"[\s:]", line)[0] for line in written.splitlines() if line and not line.startswith("#")}
    people = People()
    for server, expected in (("exchange55", True), ("exchange2019", True), ("exchange2000", False), ("exchange2003", False)):
        for person in people.by_server[server]:
            for address in person.get("aliases", ()):
                assert (f"{address}@{lab.DOMAIN}" in known) == expected, address


def test_the_directory_sends_mail_to_the_target(summary):
    here = [person for server, persons in People().by_server.items() if server != OLD for person in persons]
    assert lab.routes() == {f"{person['name']}@{lab.DOMAIN}": f"SMTP:{person['target']}@mirapoint.{lab.DOMAIN}" for person in here}


def test_no_secret_is_written_anywhere(summary):
    written = [path for path in BUILD.rglob("*") if path.is_file() and "runner" not in path.parts]
    assert any(path.name == "summary.json" for path in written)
    secrets = {**lab.secrets(), **lab.initial_passwords()}
    for name, secret in secrets.items():
        for path in written:
            assert secret.encode() not in path.read_bytes(), f"{name} is in {path}"
    ledger = lab.on("station1", "runuser", "-u", "postgres", "--", "pg_dump", "--data-only", "migration")
    assert "anna.berg" in ledger
    assert not [name for name, secret in secrets.items() if secret in ledger]


def test_a_changed_scope_closes_the_gate(summary, variables):
    run = play("sync_changes", BUILD, quiet=True, **variables, approve_scope_milestones=[{"name": "Another plan", "date": "2026-12-24"}])
    assert not run.ok
    assert "no longer matches" in run.message and "approve_scope" in run.message


def test_an_unknown_variable_is_refused(summary, variables):
    run = play("copy_mailboxes", BUILD, quiet=True, **variables, copy_mailboxes_worker=8)
    assert not run.ok
    assert "copy_mailboxes_worker" in run.message and "Nothing was touched" in run.message


def test_the_way_back(summary, variables):
    watch = Watch(time.time)
    assert play("roll_back", BUILD, check=True, quiet=True, **variables).ok
    assert watch.mutations()[1] == 0
    assert lab.mx() == summary["mx_after"]
    back = play("roll_back", BUILD, quiet=True, **variables)
    assert back.ok, back.message
    assert lab.mx() == summary["mx_before"]
    # The directory says again what it said.
    assert lab.routes() == {}
    # Users are let in again.
    assert all(lab.on(name, "sh", "-c", "test -e /run/gateway/frozen && echo frozen || true") == "" for name in lab.SOURCES)
    again = play("roll_back", BUILD, quiet=True, **variables)
    assert again.ok and again.changed == []
