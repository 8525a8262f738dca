# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords appear nowhere: not in results, console, ledger, reports, journals, nor in what the runner leaves behind."""

from __future__ import annotations

import pytest
from servers import mail


@pytest.fixture
def database(servers):
    return servers.postgresql()


def holding(secrets, folder):
    """Files below `folder` in which one of `secrets` stands, but for what the test itself handed to the runner (env/)."""
    return [
        str(path) for path in folder.rglob("*")
        if path.is_file() and "env" not in path.relative_to(folder).parts and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]


def test_nowhere(pair, play, database, tmp_path, tmp_path_factory):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 3)
    client.logout()
    on_database = {"ledger": {"url": database.url, "password": "{{ ledger_password }}"}}
    own = {"name": "anna.berg", "target": "own", "password": "{{ user_password }}", "target_password": "{{ target_user_password }}"}
    passwords = {"ledger_password": database.password, "user_password": pair.source.user_password, "target_user_password": pair.target.user_password}
    as_himself = {"sources": [{**pair.source_option(), "login": ["{mailbox}"], "mailboxes": [own]}], "only": ["anna.berg"]}
    output = []
    results = play([
        ("mailbox_discover", {**pair.ledger_only(), "sources": [pair.source_option()], "report_path": str(tmp_path / "discovery.json")}),
        ("mailbox_copy", pair.options(report_path=str(tmp_path / "copy.json"))),
        ("mailbox_verify", pair.options(report_path=str(tmp_path / "verify.json"))),
        ("ledger_info", pair.ledger_only(report_path=str(tmp_path / "report.json"))),
        ("mailbox_copy", pair.options(**on_database, **as_himself)),
        # The wrong one must not be told either, nor what stands beside it.
        ("mailbox_copy", pair.options(**on_database, migration="another"), {"ignore_errors": True}),
        ("mailbox_copy", pair.options(ledger={"url": database.url, "password": "wrong-{{ ledger_password }}"}), {"ignore_errors": True}),
        ("mailbox_sync", pair.options(target={**pair.target_option(), "password": "wrong-{{ target_password }}"}), {"ignore_errors": True}),
    ], passwords, output=output, env={"ANSIBLE_VERBOSITY": "3"})
    assert [result["failed"] for result in results] == [False] * 5 + [True] * 3, results
    assert results[1]["messages"] == results[4]["messages"] == 3
    secrets = [pair.source.password, pair.target.password, *passwords.values()]
    assert not [secret for secret in secrets if secret in str(results) or secret in output[0]]
    # The ledger with its journal, the reports, and everything that ansible-runner wrote.
    assert pair.ledger.exists() and len(list(tmp_path.glob("*.json"))) == 4
    assert holding(secrets, tmp_path) == []
    runs = list(tmp_path_factory.getbasetemp().glob("play*"))
    assert any((run / "artifacts").is_dir() for run in runs)
    assert [path for run in runs for path in holding(secrets, run)] == []
    # And the test can see them where they are.
    assert any(pair.source.password in path.read_text() for run in runs for path in (run / "env").rglob("*"))
