# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that can't be moved: counted, named, approved by name, and only then no obstacle any more."""

from __future__ import annotations

import hashlib

import pytest
from servers import mail

LARGE = mail.message(1, 60_000, "large")


@pytest.fixture
def mixed(pair):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 20)
    client.append("INBOX", LARGE)
    mail.fill(client, "INBOX", 20, first=100)
    client.logout()
    return pair


def gate(pair, **more):
    return "migration_gate", pair.ledger_only(phase="cut_over", mailboxes={"state": "copied", **more}), {"ignore_errors": True}


@pytest.mark.parametrize("told", [True, False], ids=["APPENDLIMIT", "refused"])
def test_from_refusal_to_approval(mixed, direct, tmp_path, told):
    if told:
        # After a mere reload a process of before may take the next login, and tell no limit.
        mixed.target.stop()
        mixed.target.configure("imap_capability = +APPENDLIMIT=20000")
        mixed.target.run()
    else:
        mixed.target.quota(largest="20k")
    report = tmp_path / "report.json"
    lax, copied, closed, info, verified = direct([
        ("mailbox_copy", mixed.options(fail_on_exceptions=False)),
        ("mailbox_copy", mixed.options(), {"ignore_errors": True}),
        gate(mixed),
        ("ledger_info", mixed.ledger_only(report_path=str(report))),
        ("mailbox_verify", mixed.options(), {"ignore_errors": True}),
    ])
    assert lax["messages"] == 40 and lax["exceptions_open"] == 1
    assert copied["failed"] and copied["exceptions_open"] == 1 and copied["msg"].startswith("1 messages or folders could not be moved")
    assert closed["failed"] and "1 exceptions are open" in closed["msg"] and "old/anna.berg folder INBOX UID 21" in closed["msg"]
    assert info["exceptions_open"] == 1 and ("too_large" if told else "refused_by_target") in report.read_text()
    assert verified["failed"] and verified["missing"] == 1
    assert mixed.findings() == {"missing": 1}

    named = {"server": "old", "mailbox": "anna.berg", "folder": "INBOX"}
    by_uid = {**named, "uid": 21}
    by_hash = {**named, "sha256": hashlib.sha256(LARGE).hexdigest()}
    wrong, approved, again, opened, synced, verified = direct([
        ("mailbox_exception", mixed.ledger_only(exceptions=[by_uid, {**named, "uid": 20}], approved_by="Ada Lead"), {"ignore_errors": True}),
        ("mailbox_exception", mixed.ledger_only(exceptions=[by_hash if told else by_uid], approved_by="Ada Lead")),
        ("mailbox_exception", mixed.ledger_only(exceptions=[by_uid], approved_by="Ada Lead")),
        gate(mixed),
        ("mailbox_sync", mixed.options()),
        ("mailbox_verify", mixed.options()),
    ])
    # One wrong name and nothing is approved.
    assert wrong["failed"] and "No such exception in the ledger: old/anna.berg INBOX 20" in wrong["msg"]
    assert approved["changed"] and approved["approved"] == 1
    assert not again["changed"] and opened["open"]
    assert not synced["changed"] and synced["messages"] == 0
    assert verified["approved"] == 1 and verified["perfect"] == 1
    assert mixed.findings() == {"missing": 1}


def test_moved_after_all_or_deleted_at_the_source(mixed, play):
    """An exception closes by itself when its cause has gone."""
    client = mixed.source.client("anna.berg")
    client.append("INBOX", mail.message(2, 60_000, "large"))
    mixed.target.quota(largest="20k")
    [copied] = play([("mailbox_copy", mixed.options(), {"ignore_errors": True})])
    assert copied["exceptions_open"] == 2
    client.select_folder("INBOX")
    client.delete_messages([21])
    client.expunge()
    client.logout()
    [synced] = play([("mailbox_sync", mixed.options(), {"ignore_errors": True})])
    assert synced["failed"] and synced["exceptions_open"] == 1
    mixed.target.quota()
    synced, again, verified = play([("mailbox_sync", mixed.options()), ("mailbox_sync", mixed.options()), ("mailbox_verify", mixed.options())])
    assert synced["exceptions_open"] == 0 and synced["messages"] == 1 and not again["changed"]
    assert verified["perfect"] == 1
    assert mixed.findings() == {}
