# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: plans, but sends no command that changes anything, and leaves no ledger. Counted on the wire."""

from __future__ import annotations

import pytest
from servers import mail


@pytest.fixture
def watched(pair, relay):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 15)
    client.create_folder("Sent")
    mail.fill(client, "Sent", 3)
    client.logout()
    pair.watched = [relay(pair.source), relay(pair.target)]
    pair.source_port, pair.target_port = (watcher.port for watcher in pair.watched)
    return pair


def test_before_the_first_pass(watched, play):
    record = watched.ledger_only(kind="environment", content={"a": 1})
    owner = {"target": watched.target_option(), "name_template": "{mailbox}", "mailboxes": [{"name": "anna", "quota_mb": 10}]}
    unknown = watched.ledger_only(exceptions=[{"server": "old", "mailbox": "anna.berg"}], approved_by="Ada Lead")
    copied, synced, verified, kept, made, approved = play([
        ("mailbox_copy", watched.options()), ("mailbox_sync", watched.options()), ("mailbox_verify", watched.options()),
        ("migration_record", record), ("imap_mailbox", owner), ("mailbox_exception", unknown, {"ignore_errors": True}),
    ], check=True)
    assert copied["changed"] and (copied["messages"], copied["folders"]) == (18, 2)
    assert synced["changed"] and synced["messages"] == 18
    assert kept["changed"] and made["changed"] and made["created"] == 1
    assert not verified["changed"] and approved["failed"] and "no ledger" in approved["msg"]
    assert [watcher.mutating() for watcher in watched.watched] == [[], []]
    # Only imap_mailbox had to see the target; and nobody wrote a ledger.
    assert watched.watched[1].count("AUTHENTICATE") == 1
    assert not watched.ledger.exists() and not list(watched.ledger.parent.glob("ledger*"))


def test_between_two_passes(watched, play):
    watched.target.quota(largest="4k")
    client = watched.source.client("anna.berg")
    client.append("INBOX", mail.message(1, 20_000))
    refused, = play([("mailbox_copy", watched.options(), {"ignore_errors": True})])
    assert refused["exceptions_open"] == 1
    client.select_folder("INBOX")
    client.add_flags([1, 2], [b"\\Flagged", b"\\Seen"])
    client.delete_messages([5])
    client.expunge()
    mail.fill(client, "Sent", 4, first=50)
    client.logout()
    before = watched.ledger.read_bytes(), mail.snapshot(watched.target, "anna")
    sent = [len(watcher.mutating()) for watcher in watched.watched]
    named = [{"server": "old", "mailbox": "anna.berg"}]
    synced, copied, approved, kept = play([
        ("mailbox_sync", watched.options()), ("mailbox_copy", watched.options()),
        ("mailbox_exception", watched.ledger_only(exceptions=named, approved_by="Ada Lead")),
        ("migration_record", watched.ledger_only(kind="environment", content={"a": 1})),
    ], check=True)
    # The message that was refused would be tried again.
    assert synced["changed"] and (synced["messages"], synced["flags"], synced["deleted"]) == (5, 2, 1)
    assert not copied["changed"]
    assert approved["changed"] and approved["approved"] == 1 and kept["changed"]
    assert [len(watcher.mutating()) for watcher in watched.watched] == sent
    assert (watched.ledger.read_bytes(), mail.snapshot(watched.target, "anna")) == before
