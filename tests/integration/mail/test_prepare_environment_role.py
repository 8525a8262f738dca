# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role prepare_environment leaves a record of how each server lets in whom."""

from __future__ import annotations

import sys

from servers import mail
from servers.exchange import ADMIN, Exchange
from servers.fixtures import Tools


def test_login_forms_are_recorded_and_shown(pair, run_play, secrets, tmp_path):
    mail.fill(pair.source.client("anna.berg"), "INBOX", 1)
    # The first form is refused.
    source = {**pair.source_option(), "login": ["{admin}/{mailbox}", "{mailbox}*{admin}"]}
    variables = {
        "prepare_environment_sources": [source], "prepare_environment_target": pair.target_option(), "prepare_environment_ledger": pair.ledger_options,
        "prepare_environment_migration": "example", "prepare_environment_python": sys.executable, "gate_scope": False,
    }
    report = {"report_output": str(tmp_path / "report.html"), "report_station_path": str(tmp_path / "report-data.json"), "report_python": sys.executable,
              "report_ledger": pair.ledger_options, "report_migration": "example"}
    records = {"messaging.migration.migration_record_info": {"ledger": pair.ledger_options, "migration": "example", "kind": "login_form"}}

    def prepared(**more):
        role = {"ansible.builtin.include_role": {"name": "messaging.migration.prepare_environment"}, "vars": variables}
        results = run_play([role, records, *more.pop("then", [])], secrets, **more)
        assert not any(result["failed"] for result in results), results
        told = next(result["records"] for result in results if "records" in result)
        return {result["task"] for result in results if result["changed"]}, {record["name"]: record["summary"] for record in told}

    changed, recorded = prepared(check=True)
    assert "Record how each server lets in whom" in changed and recorded == {}
    changed, recorded = prepared(then=[{"ansible.builtin.include_role": {"name": "messaging.migration.report"}, "vars": report}])
    assert recorded == {
        "old": {"name": "old", "login_form": "{mailbox}*{admin}", "mechanism": "login"},
        "new": {"name": "new", "login_form": "{mailbox}", "mechanism": "plain"},
    }
    assert "<tr><td>login form<td>old: {mailbox}*{admin}<td>" in (tmp_path / "report.html").read_text()
    assert prepared() == (set(), recorded)


def test_mailboxes_with_passwords_of_their_own_behind_files_and_public_folders(pair, run_play, scratch, start, free_port, wait_for_port, tmp_path):
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port))
    exchange.store.create_mailbox("cara@example.test")
    for user in ("ben", "dora"):
        mail.fill(pair.source.client(user), "INBOX", 1)
    secrets = {"user_password": pair.source.user_password, "target_user_password": pair.target.user_password, "exchange_password": exchange.password}
    file = {"name": "old.file", "target": "file", "pst": "/srv/old.pst", "target_password": "{{ target_user_password }}"}
    where = {"host": "127.0.0.1", "tls": "none"}
    sources = [
        # Nobody is an administrator here.
        {**where, "name": "old", "port": pair.source.port, "mailboxes": [
            file, {"name": "ben", "password": "{{ user_password }}"}, {"name": "dora", "password": "{{ user_password }}"},
        ]},
        {**where, "name": "exchange", "protocol": "ews", "admin": ADMIN, "password": "{{ exchange_password }}",
         "ews": {"url": exchange.url, "auth": "basic", "public_folder_mailbox": "cara@example.test"},
         "mailboxes": [{"name": "public", "public_folder": "/"}, {"name": "cara@example.test", "pst": "/srv/cara.pst", "pst_items_only": True}]},
        # Nobody listens there.
        {**where, "name": "files", "port": 9, "mailboxes": [{"name": "older.file", "pst": "/srv/older.pst"}]},
    ]
    variables = {
        "prepare_environment_sources": sources, "prepare_environment_target": {**where, "name": "new", "port": pair.target.port},
        "prepare_environment_ledger": pair.ledger_options, "prepare_environment_migration": "example", "prepare_environment_python": sys.executable,
        "gate_scope": False,
    }
    output = []
    results = run_play([
        {"ansible.builtin.include_role": {"name": "messaging.migration.prepare_environment"}, "vars": variables},
        {"messaging.migration.migration_record_info": {"ledger": pair.ledger_options, "migration": "example"}},
    ], secrets, output=output, env={"ANSIBLE_VERBOSITY": "3"})
    assert [result for result in results if result["failed"]] == []
    records = {(record["kind"], record["name"]): record["summary"] for record in results[-1]["records"]}
    assert records["environment", ""]["source_servers"] == {
        "old": "Dovecot", "exchange": "Microsoft Exchange Server 2016", "files": "no login: only PST files or public folders",
    }
    assert {name for kind, name in records if kind == "login_form"} == {"old", "exchange", "new"}
    logins = {one["login"] for result in results if result["task"].startswith("Log in at") for one in result.get("results", [result])}
    assert logins == {"ben", "cara@example.test", "file"}
    assert not [secret for secret in secrets.values() if secret in str(results) or secret in output[0]]
