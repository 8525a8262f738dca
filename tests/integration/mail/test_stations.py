# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two stations that take mailbox after mailbox from one ledger: every message arrives once, whoever took it."""

from __future__ import annotations

import pytest
from servers import mail

MAILBOXES = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(pair, servers, request):
    if request.param == "postgresql":
        database = servers.postgresql()
        pair.ledger_options = {"url": database.url, "password": database.password}
    pair.mailboxes = [{"name": f"user{number}"} for number in range(MAILBOXES)]
    for number, mailbox in enumerate(pair.mailboxes):
        client = pair.source.client(mailbox["name"])
        mail.fill(client, "INBOX", 60 + 30 * number)
        client.logout()
    return pair


def test_two_stations_one_ledger(shared, module, relay):
    stations = [relay(shared.target), relay(shared.target)]
    runs = []
    for station in stations:
        shared.target_port = station.port
        runs.append(module.start("mailbox_copy", shared.options(round="together", workers=2)))
    first, second = (run.result() for run in runs)
    total = sum(60 + 30 * number for number in range(MAILBOXES))
    assert not first["failed"] and not second["failed"], (first, second)
    assert first["messages"] + second["messages"] == total
    # Each tells how far all of it is, not only its own part.
    assert first["mailboxes"] == second["mailboxes"] == {"done": MAILBOXES, "total": MAILBOXES, "failed": 0}
    assert shared.findings() == {}

    for mailbox in shared.mailboxes:
        client = shared.source.client(mailbox["name"])
        mail.fill(client, "INBOX", 5, first=900)
        client.select_folder("INBOX")
        client.delete_messages(client.search()[:2])
        client.expunge()
        client.logout()
    runs = [module.start("mailbox_sync", shared.options(round="evening", workers=1)) for _station in stations]
    first, second = (run.result() for run in runs)
    assert not first["failed"] and not second["failed"], (first, second)
    assert first["messages"] + second["messages"] == 5 * MAILBOXES
    assert first["deleted"] + second["deleted"] == 2 * MAILBOXES
    assert shared.findings() == {}
    assert not module("mailbox_copy", shared.options())["changed"]
