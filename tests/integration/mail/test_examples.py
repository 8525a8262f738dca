# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the modules' documentation, run as they stand but for the addresses of servers and the places of files."""

from __future__ import annotations

import importlib

import pytest
import yaml
from servers import mail

# In the order of a migration, since each needs what those before it left behind.
MODULES = [
    "messaging.migration.mail_server_info",
    "messaging.migration.mailbox_info",
    "messaging.migration.mailbox_discover",
    "messaging.migration.migration_record",
    "messaging.migration.migration_record_info",
    "messaging.migration.imap_mailbox",
    "messaging.migration.mailbox_copy",
    "messaging.migration.mailbox_sync",
    "messaging.migration.mailbox_verify",
    "messaging.migration.migration_estimate",
    "messaging.migration.migration_gate",
    "messaging.migration.mailbox_exception",
    "messaging.migration.migration_control",
    "messaging.migration.migration_control_info",
    "messaging.migration.ledger_info",
]
# Tried in test_dns_mx.py, test_smtp_probe.py, test_mailbox_rights.py, sieve/test_mailbox_rules.py, mirapoint and directory,
# against servers of another kind.
ELSEWHERE = [
    "messaging.migration.dns_mx", "messaging.migration.dns_mx_info", "messaging.migration.wait_for_dns", "messaging.migration.smtp_probe",
    "messaging.migration.mailbox_rules", "messaging.migration.mailbox_rights", "messaging.migration.mirapoint_command",
    "messaging.migration.mirapoint_distribution_list", "messaging.migration.mirapoint_info", "messaging.migration.mirapoint_user",
    "messaging.migration.account_plan", "messaging.migration.directory_info", "messaging.migration.initial_passwords",
    "messaging.migration.user_notice", "messaging.migration.directory_account", "messaging.migration.directory_routing",
    "messaging.migration.mailbox_quota",
]


def test_no_module_is_left_out(collections):
    folder = collections / "ansible_collections" / "messaging" / "migration" / "plugins" / "modules"
    assert sorted(MODULES + ELSEWHERE) == sorted(f"messaging.migration.{path.stem}" for path in folder.glob("*.py"))


@pytest.fixture
def examples(collections, monkeypatch):
    monkeypatch.syspath_prepend(str(collections))

    def of(name):
        module = importlib.import_module(f"ansible_collections.messaging.migration.plugins.modules.{name}")
        return [(name, task[f"messaging.migration.{name}"]) for task in yaml.safe_load(module.EXAMPLES)]

    return of


def localized(pair, folder, name, options):
    """The example with this pair's servers, with this test's ledger and files; everything else stays."""
    def server(given, real):
        kept = {key: value for key, value in given.items() if key not in ("login", "domain")}
        return {**kept, **{key: value for key, value in real.items() if key != "mailboxes"}}

    here = {**options, "migration": "example", "ledger": pair.ledger_options}
    if name in ("mail_server_info", "mailbox_info", "imap_mailbox"):
        del here["migration"], here["ledger"]
    if isinstance(here.get("sources"), list):
        here["sources"] = [
            {**server(given, pair.source_option()), "mailboxes": [{**mailbox, "test": True} for mailbox in given["mailboxes"]]} for given in here["sources"]
        ]
    elif "sources" in here:
        here["sources"] = [pair.source_option()]
    if name == "migration_control" and "server" in here:
        here["server"] = "old"
    elif "server" in here:
        here["server"] = server(here["server"], {key: value for key, value in pair.source_option().items() if key != "mailboxes"})
    if "target" in here:
        here["target"] = server(here["target"] if isinstance(here["target"], dict) else {}, pair.target_option())
    if "questionnaires" in here:
        here["questionnaires"] = [{"server": "old", "mailboxes": 2}]
    if "report_path" in here:
        here["report_path"] = str(folder / f"{name}.json")
    if "document" in here and isinstance(here["document"], str):
        here["document"] = here["document"].replace("scope_of_work.md", str(folder / "scope_of_work.md"))
    return here


def test_examples(pair, play, examples, tmp_path):
    pair.mailboxes = [{"name": "anna.berg", "target": "annaberg", "test": True}]
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 5)
    client.logout()
    # The digest in the example's signature is this text's.
    (tmp_path / "scope_of_work.md").write_text("test")
    tasks = []
    for name in [module.rpartition(".")[2] for module in MODULES]:
        if name == "migration_gate":
            tasks.append(("migration_record", pair.ledger_only(kind="estimate", content={"hours": 1})))
        keywords = {"ignore_errors": True} if name == "mailbox_exception" else {}
        # His own password, which the example of mailbox_info uses, is his own only at his own name.
        extra = {"vars": {"vault_anna_password": pair.source.password}}
        tasks += [(module, localized(pair, tmp_path, module, options), {**keywords, **extra}) for module, options in examples(name)]
    results = play(tasks)
    assert len(results) == len(tasks) == len(MODULES) + 4
    by_module = {}
    for (name, _options, _keywords), result in zip([(*task, {})[:3] for task in tasks], results, strict=True):
        by_module.setdefault(name, []).append(result)
        assert not result["failed"] or name == "mailbox_exception", (name, result)
    assert by_module["mail_server_info"][0]["product"] and by_module["mailbox_info"][0]["servers"][0]["messages"] == 5
    assert by_module["mailbox_discover"][0]["differences"] == [{"server": "old", "field": "mailboxes", "stated": 2, "found": 1}]
    assert by_module["migration_record_info"][0]["records"][0]["signed_by"] == "Ada Lead"
    assert by_module["imap_mailbox"][0]["created"] == 2
    assert [result["messages"] for result in by_module["mailbox_copy"]] == [5, 0]
    assert by_module["mailbox_verify"][0]["perfect"] == 1
    assert by_module["migration_estimate"][0]["messages"] == 5
    assert by_module["migration_gate"][0]["open"]
    assert "No such exception in the ledger: exchange55/anna.berg INBOX 4711" in by_module["mailbox_exception"][0]["msg"]
    assert by_module["ledger_info"][0]["totals"]["perfect"] == 1
    assert pair.findings() == {}
