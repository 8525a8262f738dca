# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._smtp import mail_exchange
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.smtp_script import ScriptedMailHost

MESSAGE = b"Subject: x\r\n\r\nx\r\n"
GREETING = "220 mirapoint.example.test ESMTP"


def hand_over(host, context=None, message=MESSAGE, timeout=20.0):
    exchange = mail_exchange.MailExchange("mirapoint.example.test", ("127.0.0.1",), host.port)
    mail_exchange.hand_over(exchange, context, timeout, "ada@example.test", "anna.berg@example.test", message)


def test_sent():
    with ScriptedMailHost(GREETING) as host:
        hand_over(host)
        assert [line.split(":")[0].split(" ")[0] for line in host.commands] == ["ehlo", "mail", "rcpt", "data", ".", "QUIT"]


def test_without_a_message_it_is_only_asked():
    with ScriptedMailHost(GREETING) as host:
        hand_over(host, message=None)
        assert [line.split(":")[0].split(" ")[0] for line in host.commands] == ["ehlo", "mail", "rcpt", "rset", "QUIT"]


@pytest.mark.parametrize(
    ("command", "reply", "error", "text"),
    [
        ("MAIL", "550 sender unknown", MigrationError, "refuses: 550 sender unknown. No message was sent."),
        ("RCPT", "550 no such user", MigrationError, "refuses the recipient anna.berg@example.test: 550 no such user. No message was sent."),
        ("RCPT", "450 greylisted", mail_exchange.TryNext, "refuses the recipient anna.berg@example.test: 450 greylisted"),
    ],
)
def test_what_is_refused_shows_without_a_message(command, reply, error, text):
    with ScriptedMailHost(GREETING, (command, reply)) as host:
        with pytest.raises(error, match=text):
            hand_over(host, message=None)
        assert not any(line.upper().startswith("DATA") for line in host.commands)


@pytest.mark.parametrize("reply", ["451 later", None])
def test_the_goodbye_does_not_count(reply):
    with ScriptedMailHost(GREETING, ("QUIT", reply)) as host:
        hand_over(host)


@pytest.mark.parametrize(
    ("greeting", "script", "text"),
    [
        ("421 too busy", [], "421 too busy"),
        (GREETING, [("MAIL", "452 disk full")], "452 disk full"),
        (GREETING, [("RCPT", "450 greylisted")], "refuses the recipient anna.berg@example.test: 450 greylisted"),
        (GREETING, [(".", "451 no queue")], "451 no queue"),
        (GREETING, [("DATA", None)], "can't be used"),
    ],
)
def test_not_now_means_the_next_host(greeting, script, text):
    with ScriptedMailHost(greeting, *script) as host:
        with pytest.raises(mail_exchange.TryNext, match=text):
            hand_over(host)


@pytest.mark.parametrize(
    ("greeting", "script", "text"),
    [
        ("554 go away", [], "554 go away"),
        (GREETING, [("MAIL", "550 sender unknown")], "550 sender unknown"),
        (GREETING, [("RCPT", "550 no such user")], "refuses the recipient anna.berg@example.test: 550 no such user"),
        (GREETING, [(".", "554 spam")], "554 spam"),
    ],
)
def test_never_ends_the_probe(greeting, script, text):
    with ScriptedMailHost(greeting, *script) as host:
        with pytest.raises(MigrationError, match=f"{text}. No message was sent."):
            hand_over(host)


def test_no_tls_offered():
    with ScriptedMailHost(GREETING) as host:
        with pytest.raises(MigrationError, match="doesn't offer STARTTLS"):
            hand_over(host, context=mail_exchange.trust(None))
        assert not any(line.startswith("mail") for line in host.commands)


def test_tls_that_fails_means_the_next_host():
    with ScriptedMailHost(GREETING, ("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "220 go\r\nthis is no TLS")) as host:
        with pytest.raises(mail_exchange.TryNext, match="can't be used"):
            hand_over(host, context=mail_exchange.trust(None))


def test_nobody_listens():
    with ScriptedMailHost(GREETING) as host:
        pass
    with pytest.raises(mail_exchange.TryNext, match="Connection refused"):
        hand_over(host)


def test_the_next_address_is_tried():
    with ScriptedMailHost(GREETING) as host:
        exchange = mail_exchange.MailExchange("mirapoint.example.test", ("127.0.0.9", "127.0.0.1"), host.port)
        mail_exchange.hand_over(exchange, None, 2.0, "ada@example.test", "anna.berg@example.test", MESSAGE)


def test_no_certificates_to_trust(tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(MigrationError, match="can't be read"):
            mail_exchange.trust(str(tmp_path / name))
