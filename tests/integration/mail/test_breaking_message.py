# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message at which the source server ends the connection, each time that it is read. All others are copied."""

from __future__ import annotations

import json

import pytest
from servers import mail

UID = 31


# With a rate, messages are asked for in another way.
@pytest.mark.parametrize("rate", [{}, {"messages_per_second": 2000}], ids=["fast", "paced"])
def test_one_message_that_breaks_the_connection(pair, direct, relay, tmp_path, rate):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 60)
    client.create_folder("Sent")
    mail.fill(client, "Sent", 10)
    client.logout()
    before = pair.before()
    between, report = relay(pair.source), tmp_path / "report.json"
    between.break_at(UID)
    pair.source_port = between.port
    options = pair.options(sources=[pair.source_option(**rate)], fail_on_exceptions=False)
    copied, info = direct([("mailbox_copy", options), ("ledger_info", pair.ledger_only(report_path=str(report)))])
    assert copied["finished"] and copied["messages"] == 69 and copied["exceptions_open"] == 1 and info["exceptions_open"] == 1
    [found] = json.loads(report.read_text())["exceptions"]
    assert (found["folder"], found["uid"], found["reason"], found["state"]) == ("INBOX", UID, "no_content_at_source", "open")
    assert "the connection broke at this message each time it was asked for alone" in found["detail"]
    assert pair.findings() == {"missing": 1}
    # It is asked for again each time, and that is bounded.
    logins = between.count("LOGIN")
    [again] = direct([("mailbox_sync", options)])
    assert again["finished"] and again["messages"] == 0 and again["exceptions_open"] == 1 and between.count("LOGIN") - logins < 10
    between.heal()
    [healed] = direct([("mailbox_sync", options)])
    assert healed["messages"] == 1 and healed["exceptions_open"] == 0
    assert pair.findings() == {} and pair.before() == before
