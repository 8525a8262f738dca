# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that go away, fill up or stall, and workers that do."""

from __future__ import annotations

import signal

import pytest
from servers import mail


def fill(pair, messages=300, size=1500):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", messages, size)
    client.logout()


def test_source_server_restarted_in_the_middle(pair, module, relay):
    # More than is read and sent ahead.
    fill(pair, 1500)
    source = pair.before()
    between, before_target = relay(pair.source), relay(pair.target)
    # The first batch waits half sent, so that the source has more to give when it goes.
    before_target.hold_sent(after=40, at=700)
    pair.source_port, pair.target_port = between.port, before_target.port
    run = module.start("mailbox_copy", pair.options(workers=1))
    assert before_target.holding.wait(60)
    pair.source.stop()
    between.drop()
    before_target.release()
    # It is still away when the worker comes back for the first time.
    assert between.refused.wait(60)
    pair.source.run()
    copied = run.result()
    assert not copied["failed"] and copied["mailboxes"]["done"] == 1, copied
    assert between.count("LOGIN") >= 3
    assert pair.findings() == {}
    assert not module("mailbox_sync", pair.options())["changed"]
    assert pair.before() == source


def test_target_full_in_the_middle(pair, module):
    fill(pair)
    # About half of it fits.
    pair.target.quota(storage="250k")
    refused = module("mailbox_copy", pair.options())
    assert refused["failed"] and refused["mailboxes"]["failed"] == 1
    assert "quota" in refused["msg"].lower() and "anna.berg" in refused["msg"]
    there = len(mail.contents(pair.target, "anna"))
    assert 0 < there < 300
    # The trouble is the mailbox's, not the messages': no message became an exception.
    assert refused["exceptions_open"] == 0
    pair.target.quota(storage="10M")
    copied = module("mailbox_copy", pair.options())
    assert not copied["failed"] and copied["messages"] == 300 - there
    assert pair.findings() == {}


@pytest.mark.parametrize(("large", "after"), [(False, 240), (True, 300)], ids=["waiting", "frozen"])
def test_slow_worker_whose_mailbox_went_to_another(pair, module, relay, large, after):
    """A worker hangs inside a batch until its lease is over; another one does the work; then the first one goes on."""
    fill(pair)
    if large:
        # More than the buffers on its way hold.
        client = pair.source.client("anna.berg")
        client.append("INBOX", mail.message(1, 14_000_000))
        client.logout()
    stalling = relay(pair.target)
    stalling.hold_sent(after=after, at=700)
    direct = pair.options(lease_seconds=2, workers=1)
    pair.target_port = stalling.port
    first = module.start("mailbox_copy", pair.options(lease_seconds=2, workers=1))
    assert stalling.holding.wait(60)
    if large:
        # It is inside a send then. Elsewhere it could hold SQLite's lock, which frozen processes do not give back.
        first.signal(signal.SIGSTOP)
    taken_over = module("mailbox_copy", direct)
    assert not taken_over["failed"] and taken_over["mailboxes"]["done"] == 1, taken_over
    assert pair.findings() == {}
    stalling.release()
    first.signal(signal.SIGCONT)
    first.result()
    # What the first one had on its way arrived after all: it took that back.
    assert pair.findings() == {}
    pair.target_port = pair.target.port
    assert not module("mailbox_sync", pair.options())["changed"]
