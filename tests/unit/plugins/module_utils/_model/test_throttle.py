# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.throttle import Throttled, read


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299499 milliseconds", 299.499),
        ("* BAD Request is throttled. Suggested Backoff Time: 5000 milliseconds.", 5.0),
        ('ErrorServerBusy <Value Name="BackOffMilliseconds">297749</Value>', 297.749),
        ("Server busy, retry after 30 seconds", 30.0),
        ("please try again in 2 minutes", 120.0),
        ("[THROTTLED] try again in 1 hour", 3600.0),
        ("Backoff time: 10", 10.0),
        ("Backoff time: 99999999999 seconds", 86400.0),
    ],
)
def test_a_time_that_is_named(text, seconds):
    assert read(text) == Throttled(pytest.approx(seconds))


@pytest.mark.parametrize(
    "text",
    [
        "[THROTTLED]", "[LIMIT] UID FETCH Rate limit hit.", "Too many simultaneous connections. (Failure)", "Server Unavailable. 15",
        "Account exceeded command or bandwidth limits.", "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
        "The server is busy", "Request is throttled",
    ],
)
def test_a_rest_without_a_time(text):
    assert read(text) == Throttled(None)


@pytest.mark.parametrize(
    "text", ["[INUSE] Mailbox is locked", "[NONEXISTENT] Mailbox doesn't exist", "LOGIN failed.", "Message 4711 is too large", "Command Error. 12", ""],
)
def test_other_trouble(text):
    assert read(text) is None
