# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit so low that a message takes longer than a step of the module."""

from __future__ import annotations

import sqlite3

import pytest
from servers import mail

LIMIT = 400_000


# The second one gives no parts of a message.
@pytest.mark.parametrize("profile", ["imap", "exchange_5_5"])
def test_a_message_that_takes_longer_than_a_step_arrives(pair, direct, profile):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 3)
    large = b"From: a@example.test\r\nSubject: large\r\n\r\n" + b"x" * 70 * 1000 + b"\r\n" * 10
    client.append("INBOX", large * 20)
    client.logout()
    source = pair.source_option(bytes_per_second=LIMIT, **({} if profile == "imap" else {"profile": profile}))
    options = pair.options(sources=[source], time_budget=1, workers=1, round="night")
    steps = [direct([("mailbox_copy", options)])[0] for _number in range(3)]
    assert sum(step["messages"] for step in steps) == 4 and steps[-1]["finished"]
    # Begun once, and read to its end: what came twice would have been booked twice.
    booked, = sqlite3.connect(pair.ledger).execute("SELECT bytes FROM pace").fetchone()
    assert booked < 1.1 * sum(step["bytes"] for step in steps)
