# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._smtp.submission import Host, Lost, Refused, Submission, Unsure
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.smtp_script import ScriptedMailHost

GREETING = "220 smtp.example.test ESMTP"
MESSAGE = b"Subject: x\r\n\r\n.\r\n..y\r\n"


def connect(port, **more):
    return Submission(Host("127.0.0.1", port, **{"tls": "none", "timeout": 2, **more}))


def send(*script, greeting=GREETING, after=None):
    with ScriptedMailHost(greeting, *script) as host:
        session = connect(host.port)
        try:
            session.send("help@example.test", "anna.berg@example.test", MESSAGE)
            if after:
                after(session)
        finally:
            session.close()
        return host.commands


def test_several_by_one_connection():
    commands = send(after=lambda session: session.send("help@example.test", "bo@example.test", MESSAGE))
    # What the message has at the beginning of a line does not end it.
    assert [line.split(" ")[0].split(":")[0] for line in commands] == ["ehlo", "MAIL", "RCPT", "DATA", ".", "MAIL", "RCPT", "DATA", ".", "QUIT"]


@pytest.mark.parametrize(("script", "text"), [
    ([("MAIL", "550 sender unknown")], "550 sender unknown"),
    ([("RCPT", "550-no\r\n550 such user")], "550 no such user"),
    ([("RCPT", "450 greylisted")], "450 greylisted"),
    ([("DATA", "452 disk full")], "452 disk full"),
    ([(".", "554 spam")], "554 spam"),
    ([("RCPT", "550 gone"), ("RSET", None)], "550 gone"),
])
def test_refused(script, text):
    with pytest.raises(Refused, match=f"^{text}$"):
        send(*script)


@pytest.mark.parametrize("script", [
    [("MAIL", None)], [("RCPT", None)], [("DATA", None)], [("MAIL", "421 too many messages")], [(".", "421 going down, and it was not taken")],
])
def test_lost_before_it_was_given(script):
    with pytest.raises(Lost):
        send(*script)


def test_unsure_when_the_last_answer_never_comes():
    with pytest.raises(Unsure):
        send((".", None))


@pytest.mark.parametrize(("greeting", "more", "script", "text"), [
    ("554 go away", {}, [], "does not greet: 554 go away"),
    (GREETING, {"tls": "starttls"}, [], "doesn't offer STARTTLS"),
    (GREETING, {"tls": "starttls"}, [("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "454 not now")], "refuses: 454 not now"),
    (GREETING, {"user": "bo", "password": "secret"}, [], "can't be used"),
    (GREETING, {"user": "bo", "password": "secret"}, [("EHLO", "250-x\r\n250 AUTH PLAIN"), ("AUTH", "535 wrong")], "refuses the login of bo: 535 wrong"),
])
def test_a_host_that_can_not_be_used(greeting, more, script, text):
    with ScriptedMailHost(greeting, *script) as host:
        with pytest.raises(MigrationError, match=text) as raised:
            connect(host.port, **more)
        assert "secret" not in str(raised.value) and not any(line.startswith("MAIL") for line in host.commands)


def test_options():
    given = {"host": "h", "port": None, "tls": "starttls", "ca_file": None, "user": None, "password": None, "timeout": 5}
    assert [Host.from_options({**given, "tls": tls}).port for tls in ("starttls", "implicit", "none")] == [587, 465, 25]
    assert Host.from_options({**given, "port": 2525}).port == 2525
    with pytest.raises(ValueError, match="go together"):
        Host.from_options({**given, "user": "bo"})
    with pytest.raises(ValueError, match="readable"):
        Host.from_options({**given, "tls": "none", "user": "bo", "password": "secret"})
    assert "secret" not in repr(Host("h", 25, password="secret"))
