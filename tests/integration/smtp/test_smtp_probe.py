# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""smtp_probe against Postfix, which delivers to Dovecot by LMTP; the way there is found at BIND."""

from __future__ import annotations

import datetime
import sys

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
    assert len([line for line in mail_host.maillog.read_text().splitlines() if "disconnect from" in line and " data=1 " in line]) == 2
    assert len(mail_host.transactions()) == 2
    assert SECRETS["admin"] not in output[0]


def test_check_mode_sends_nothing(run_play, probe, mail_host, mx):
    mx("10 mirapoint.example.test.")
    [planned] = run_play([probe()], SECRETS, check=True)
    assert planned["changed"] and planned["exchange"] == "mirapoint.example.test"
    assert planned["message_id"] is None and planned["accepted_at"] is None and planned["arrived_at"] is None
    assert mail_host.messages() == []
    [ended] = [line for line in mail_host.maillog.read_text().splitlines() if "disconnect from" in line and "starttls=1" in line]
    assert "rcpt=1 rset=1" in ended and "data=" not in ended


def test_check_mode_shows_who_is_refused(run_play, probe, mail_host):
    [refused] = run_play([probe(recipient="gone@example.test", via="mirapoint.example.test", mailbox="anna.berg", ignore_errors=True)], SECRETS, check=True)
    assert refused["failed"] and "refuses the recipient gone@example.test: 550 5.1.1" in refused["msg"] and "No message was sent." in refused["msg"]


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


def test_the_cut_over_asks_before_anybody_is_kept_off(run_play, named, mail_host, tmp_path):
    target = {"host": "localhost", "port": mail_host.imaps, "ca_file": mail_host.ca, "admin": "migadmin", "password": "{{ admin }}"}
    options = {
        "wave": "default", "zone": "example.test", "dns_servers": [named.server], "dns_port": named.port, "dns_key_name": named.key_name,
        "dns_key_secret": named.secret, "python": sys.executable, "ledger": {"url": f"sqlite:///{tmp_path}/ledger.sqlite"}, "migration": "example",
        "mx_before": [{"preference": 10, "exchange": "exchange2019.example.test."}], "mx_after": [{"preference": 10, "exchange": "mirapoint.example.test."}],
        "ttl_age": 0, "target": target, "probe_smtp_port": mail_host.smtp,
    }
    tasks = [{"ansible.builtin.include_role": {"name": "messaging.migration.cut_over", "tasks_from": file}} for file in ("known.yml", "zone.yml")]
    for address, text in (("anna.berg@example.test", ""), ("gone@example.test", "refuses the recipient gone@example.test: 550 5.1.1")):
        sources = [{"name": "old", "mailboxes": [{"name": "anna@old.example.test", "address": address, "target": "anna.berg"}]}]
        variables = {**SECRETS, **{f"cut_over_{name}": value for name, value in options.items()}, "cut_over_sources": sources}
        last = run_play(tasks, variables)[-1]
        assert last["task"] == "Zone | See that the new mail host takes the message that proves the way"
        assert last["failed"] == bool(text) and text in last.get("msg", "") and not last["changed"]
    assert mail_host.messages() == []
