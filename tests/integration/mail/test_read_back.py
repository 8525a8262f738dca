# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each message is read back from the target once, before the cut-over, so that the night has little to read."""

from __future__ import annotations

import os
import re
import time

import pytest
from servers import mail

READ = re.compile(rb"UID FETCH (\S+) \(UID FLAGS INTERNALDATE BODY\.PEEK\[\]\)")


@pytest.fixture(params=["sqlite", "postgresql"])
def copied(request, servers, pair, direct):
    if request.param == "postgresql":
        database = servers.postgresql()
        pair.ledger_options = {"url": database.url, "password": database.password}
    client = pair.source.client("anna.berg")
    client.create_folder("Projects")
    mail.fill(client, "INBOX", 30)
    mail.fill(client, "Projects", 5)
    client.logout()
    [result] = direct([("mailbox_copy", pair.options())])
    assert result["messages"] == 35
    return pair


def read(watcher) -> int:
    """Messages whose content was asked for since the last time."""
    sets = [found[1].decode() for line in watcher.lines if (found := READ.search(line))]
    watcher.lines.clear()
    ranges = [[int(end) for end in part.split(":")] for one in sets for part in one.split(",")]
    return sum(ends[-1] - ends[0] + 1 for ends in ranges)


def rewrite(file, content: bytes) -> None:
    """The date of the file is INTERNALDATE."""
    stat = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_once(copied, direct, relay):
    source, target = relay(copied.source), relay(copied.target)
    copied.source_port, copied.target_port = source.port, target.port
    options = copied.options()
    planned, = direct([("mailbox_verify", {**options, "scope": "target"})], check=True)
    assert (planned["checked"], read(target)) == (35, 35)
    first, = direct([("mailbox_verify", {**options, "scope": "target"})])
    assert (first["checked"], first["altered"], first["mailboxes"], read(target)) == (35, 0, 1, 35)
    assert first["finished"] and not first["changed"] and not any(first[grade] for grade in ("perfect", "good", "investigate", "poor"))
    # The source is in peace, but for one login that proves that it may be asked.
    assert not {"UID FETCH", "FETCH", "STATUS"} & set(source.commands) and source.commands.count("LOGIN") == 1
    target.commands.clear()
    again, = direct([("mailbox_verify", {**options, "scope": "target"})])
    assert (again["checked"], read(target), target.commands.count("LOGIN") + target.commands.count("AUTHENTICATE")) == (0, 0, 1)

    client = copied.source.client("anna.berg")
    mail.fill(client, "INBOX", 2, first=100)
    client.select_folder("INBOX")
    client.move(client.search()[:3], "Projects")
    client.logout()
    direct([("mailbox_sync", options)])
    read(target)
    verified, = direct([("mailbox_verify", {**options, "scope": "new"})])
    # What was moved has another UID there.
    assert (verified["perfect"], verified["checked"], read(target)) == (1, 37, 5)
    whole, = direct([("mailbox_verify", options)])
    assert (whole["perfect"], whole["checked"], read(target)) == (1, 37, 37)
    new, = direct([("mailbox_verify", {**options, "scope": "new"})])
    assert (new["perfect"], new["checked"], read(target)) == (1, 37, 0)


def test_a_new_folder_at_the_target_is_read_again(copied, direct, relay):
    options = copied.options()
    direct([("mailbox_verify", {**options, "scope": "target"})])
    copied.target.new_uidvalidity("anna")
    target = relay(copied.target)
    copied.target_port = target.port
    options = copied.options()
    early, = direct([("mailbox_verify", {**options, "scope": "target"})])
    assert (early["checked"], read(target)) == (0, 0)
    client = copied.source.client("anna.berg")
    mail.fill(client, "INBOX", 1, first=200)
    client.logout()
    direct([("mailbox_sync", options)])
    read(target)
    verified, = direct([("mailbox_verify", {**options, "scope": "new"})])
    assert (verified["perfect"], verified["checked"], read(target)) == (1, 36, 31)


def test_an_order_ends_it_or_lets_it_wait(copied, direct):
    options = copied.options()
    assert direct([("migration_control", copied.ledger_only(state="stopped")), ("mailbox_verify", options)])[1]["stopped"]
    paused, = direct([("migration_control", copied.ledger_only(state="paused")), ("mailbox_verify", {**options, "round": "night"})])[1:]
    assert not paused["finished"] and not paused["stopped"] and paused["waiting_until"] > time.time() and paused["progress"][0]["window"] == "paused"
    on, = direct([("migration_control", copied.ledger_only(state="running")), ("mailbox_verify", {**options, "round": "night"})])[1:]
    assert on["finished"] and on["perfect"] == 1 and on["waiting_until"] is None
    assert (on["progress"][0]["mailboxes_done"], on["progress"][0]["messages"], on["progress"][0]["eta_seconds"]) == (1, 35, 0.0)


def test_what_was_removed_at_the_target_can_be_approved(copied, direct):
    options = copied.options()
    client = copied.target.client("anna")
    client.select_folder("INBOX")
    client.delete_messages(client.search()[:1])
    client.expunge()
    once, info = direct([("mailbox_verify", options, {"ignore_errors": True}), ("ledger_info", copied.ledger_only())])
    assert once["failed"] and once["missing"] == 1 and info["exceptions_open"] == 1
    uid = int(re.search(r"folder INBOX UID (\d+) is not at the target", once["msg"])[1])
    named = {"server": "old", "mailbox": "anna.berg", "folder": "INBOX", "uid": uid}
    approved, synced, again = direct([
        ("mailbox_exception", copied.ledger_only(exceptions=[named], approved_by="Ada Lead")), ("mailbox_sync", options), ("mailbox_verify", options),
    ])
    assert approved["approved"] == 1 and synced["messages"] == 0
    assert (again["missing"], again["approved"], again["perfect"]) == (0, 1, 1)


def test_other_bytes_are_told_and_can_be_approved(copied, direct):
    options = copied.options()
    # Of the same length, so that the server does not see it.
    file = next(path for path in sorted((copied.target.folder / "mail" / "anna" / "cur").iterdir()) if b"Subject: " in path.read_bytes())
    right = file.read_bytes()
    rewrite(file, right.replace(b"Subject: ", b"Sybject: ", 1))
    once, twice = (direct([("mailbox_verify", {**options, "scope": scope})])[0] for scope in ("target", "new"))
    for result in (once, twice):
        assert result["failed"] and result["altered"] == 1, result
    assert "1 messages have other bytes at the target than were sent. For example old/anna.berg folder INBOX UID " in once["msg"]
    assert once["checked"] == 35 and twice["checked"] == 35
    info, = direct([("ledger_info", copied.ledger_only())])
    assert info["exceptions_open"] == 1
    uid = int(re.search(r"folder INBOX UID (\d+)", once["msg"])[1])
    named = {"server": "old", "mailbox": "anna.berg", "folder": "INBOX", "uid": uid}
    approved, target, new = direct([
        ("mailbox_exception", copied.ledger_only(exceptions=[named], approved_by="Ada Lead")),
        ("mailbox_verify", {**options, "scope": "target"}), ("mailbox_verify", {**options, "scope": "new"}),
    ])
    assert approved["approved"] == 1 and (target["altered"], target["approved"]) == (0, 1) == (new["altered"], new["approved"]) and new["perfect"] == 1
    rewrite(file, right)
    healed, info = direct([("mailbox_verify", {**options, "scope": "new"}), ("ledger_info", copied.ledger_only())])
    assert (healed["perfect"], healed["approved"], info["exceptions_open"]) == (1, 0, 0)
