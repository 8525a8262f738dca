# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""smtp_probe against Postfix, which delivers to Dovecot by LMTP; the way there is found at BIND."""

from __future__ import annotations

import datetime

import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest


@pytest.fixture
def probe(named, mail_host):
    def task(ignore_errors=False, target=None, **options):
        own = {
            "sender": "ada@example.test",
            "recipient": "anna.berg@example.test",
            "nameserver": named.server,
            "port": named.port,
            "smtp_port": mail_host.smtp,
            "ca_file": mail_host.ca,
            "timeout": 20,
            "target": {"host": "localhost", "port": mail_host.imaps, "ca_file": mail_host.ca, "admin": "migadmin", "password": "{{ admin }}", **(target or {})},
        }
        merged = {name: value for name, value in {**own, **options}.items() if value is not None}
        return {"messaging.migration.smtp_probe": merged, "ignore_errors": ignore_errors}

    return task


@pytest.fixture
def mx(named):
    def replace(*records):
        update = dns.update.UpdateMessage("example.test", keyring=dns.tsig.Key("migration", named.secret, "hmac-sha256"))
        update.replace("@", 60, "MX", *records)
        assert dns.query.tcp(update, named.server, port=named.port, timeout=5).rcode() == dns.rcode.NOERROR

    return replace


SECRETS = {"admin": "masters-password"}


def test_message_arrives(run_play, probe, mail_host, mx):
    mx("10 mirapoint.example.test.")
    output = []
    kept, removed = run_play([probe(), probe(target={"mechanism": "login", "login": ["{mailbox}*{admin}"]}, remove=True)], SECRETS, output=output)
    assert kept["changed"] and kept["exchange"] == "mirapoint.example.test" and kept["tried"] == []
    assert 0 <= kept["seconds"] < 20 and not kept["removed"]
    accepted, arrived = (datetime.datetime.fromisoformat(kept[key]) for key in ("accepted_at", "arrived_at"))
    assert accepted <= arrived and accepted.utcoffset() == datetime.timedelta(0)
    assert removed["changed"] and removed["removed"] and removed["message_id"] != kept["message_id"]
    [headers] = mail_host.messages()
    assert f"Message-ID: {kept['message_id']}" in headers and "Auto-Submitted: auto-generated" in headers
    assert "with ESMTPS" in headers
    assert len(mail_host.transactions()) == 2
    assert SECRETS["admin"] not in output[0]


def test_check_mode_sends_nothing(run_play, probe, mail_host, mx):
    mx("10 mirapoint.example.test.")
    [planned] = run_play([probe()], SECRETS, check=True)
    assert planned["changed"] and planned["exchange"] == "mirapoint.example.test"
    assert planned["message_id"] is None and planned["accepted_at"] is None and planned["arrived_at"] is None
    assert mail_host.messages() == [] and mail_host.transactions() == []
    assert "starttls=1" in mail_host.maillog.read_text() and "noop=1" in mail_host.maillog.read_text()


def test_next_exchange_when_the_first_is_down(run_play, probe, mx):
    # Nothing listens at 127.0.0.3.
    mx("5 third.example.test.", "10 mirapoint.example.test.")
    [sent] = run_play([probe()], SECRETS)
    assert sent["exchange"] == "mirapoint.example.test"
    assert len(sent["tried"]) == 1 and "third.example.test" in sent["tried"][0] and "Connection refused" in sent["tried"][0]


def test_refusals(run_play, probe, mail_host, mx):
    mx("10 mirapoint.example.test.")
    cases = [
        (probe(recipient="someone@elsewhere.test", via="mirapoint.example.test", mailbox="anna.berg"), "Relay access denied"),
        (probe(ca_file=None), "certificate of mail host mirapoint.example.test"),
        (probe(via="deep.mail.example.test"), "Hostname mismatch"),
        (probe(via="127.0.0.3"), "No mail host takes the message."),
        (probe(target={"password": "wrong"}), "refuses the login for mailbox anna.berg"),
        (probe(recipient="nobody@lists.example.test"), "lists.example.test has no MX record."),
        (probe(recipient="Anna <anna.berg@example.test>"), "isn't a plain mail address"),
        (probe(timeout=3, recipient="missing@example.test", mailbox="anna.berg"), "wasn't in the INBOX of missing@example.test at localhost after 3 seconds"),
    ]
    results = run_play([{**task, "ignore_errors": True} for task, _text in cases], SECRETS)
    for (task, text), result in zip(cases, results, strict=True):
        assert result["failed"] and text in result["msg"], (text, result)
    assert results[-1]["message_id"] and results[-1]["accepted_at"] and not results[-1]["arrived_at"]
    assert mail_host.messages() == []
