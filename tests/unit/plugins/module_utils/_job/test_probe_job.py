# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import imaplib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._dns import server
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import probe
from ansible_collections.messaging.migration.plugins.module_utils._job.wait_for_dns import Clock
from ansible_collections.messaging.migration.plugins.module_utils._smtp.mail_exchange import MailExchange, TryNext
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.dns_script import Script, query


class FakeInbox:
    """Finds the message at the given try; 0 never."""

    def __init__(self, arrives_at=1, error=None):
        self.arrives_at, self.error = arrives_at, error
        self.asked, self.removed, self.closed = 0, [], False

    def find(self, message_id):
        self.asked += 1
        if self.error:
            raise self.error
        return self.asked == self.arrives_at

    def remove(self, message_id):
        self.removed.append(message_id)

    def close(self):
        self.closed = True


@pytest.fixture
def run(monkeypatch):
    """Runs the job; .sent is what was handed over to whom."""

    def go(inbox=None, answers=(None,), **options):
        go.sent = []
        time = [0.0]
        replies = iter(answers)

        def hand_over(host, _context, _timeout, sender, recipient, message):
            if error := next(replies):
                raise error
            go.sent.append((host.name, sender, recipient, message))

        monkeypatch.setattr(probe, "hand_over", hand_over)
        hosts = [MailExchange(name, ("192.0.2.1",), 25) for name in ("first.example.test", "second.example.test")]
        monkeypatch.setattr(probe, "mail_exchanges", lambda *_args: hosts)
        own = {
            "sender": "ada@example.test",
            "recipient": "anna.berg@example.test",
            "via": None,
            "nameserver": None,
            "port": 53,
            "smtp_port": 25,
            "tls": "none",
            "ca_file": None,
            "target": {"host": "mirapoint.example.test"},
            "mailbox": None,
            "timeout": 10,
            "remove": False,
            "check_mode": False,
        }

        def open_inbox(_target, mailbox):
            go.mailbox = mailbox
            return inbox or FakeInbox()

        clock = Clock(lambda: time[0], lambda seconds: time.__setitem__(0, time[0] + seconds))
        return probe.probe_delivery(**{**own, **options}, clock=clock, open_inbox=open_inbox)

    return go


def test_arrives_and_is_removed(run):
    inbox = FakeInbox(arrives_at=3)
    result = run(inbox, remove=True)
    assert result["changed"] and result["removed"] and result["seconds"] == 1.25 and result["exchange"] == "first.example.test"
    assert inbox.removed == [result["message_id"]] and inbox.closed and run.mailbox == "anna.berg"
    [(_host, sender, recipient, message)] = run.sent
    assert (sender, recipient) == ("ada@example.test", "anna.berg@example.test") and result["message_id"].encode() in message


def test_check_mode_has_no_message(run):
    inbox = FakeInbox()
    result = run(inbox, check_mode=True, remove=True)
    assert result["changed"] and result["message_id"] is None and not result["removed"]
    assert run.sent[0][3] is None and inbox.asked == 0 and inbox.closed


def test_the_next_host(run):
    result = run(answers=(TryNext("first is busy"), None))
    assert result["exchange"] == "second.example.test" and result["tried"] == ["first is busy"]


def test_no_host(run):
    inbox = FakeInbox()
    with pytest.raises(MigrationError, match="No mail host takes the message. first is busy second is down No message was sent.") as caught:
        run(inbox, answers=(TryNext("first is busy"), TryNext("second is down")))
    assert caught.value.facts["tried"] == ["first is busy", "second is down"] and inbox.closed


def test_never_arrives(run):
    inbox = FakeInbox(arrives_at=0)
    with pytest.raises(MigrationError, match="wasn't in the INBOX of anna.berg@example.test at mirapoint.example.test after 10 seconds") as caught:
        run(inbox)
    assert caught.value.facts["accepted_at"] and caught.value.facts["arrived_at"] is None and inbox.closed


@pytest.mark.parametrize("error", [imaplib.IMAP4.abort("gone"), imaplib.IMAP4.error("NO"), OSError("reset")])
def test_the_target_fails_while_waiting(run, error):
    inbox = FakeInbox(error=error)
    with pytest.raises(MigrationError, match="failed while looking for the probe .*The message was sent") as caught:
        run(inbox)
    assert caught.value.facts["message_id"] and inbox.closed


def test_nothing_is_sent_to_no_address(run):
    with pytest.raises(MigrationError, match="isn't a plain mail address"):
        run(recipient="nobody")
    assert run.sent == []


@pytest.fixture
def script(monkeypatch):
    scripts = []

    def play(*calls):
        scripts.append(Script(*calls))
        monkeypatch.setattr(server, "send", scripts[-1].send)

    yield play
    for played in scripts:
        played.done()


def test_exchanges_by_preference(script):
    script(
        query("example.test. MX", "20 backup.example.test.", "5 mirapoint.example.test.", at="192.0.2.1"),
        query("mirapoint.example.test. A", "192.0.2.20"),
        query("mirapoint.example.test. AAAA"),
        query("backup.example.test. A"),
        query("backup.example.test. AAAA", "2001:db8::1"),
    )
    assert probe.mail_exchanges("example.test", None, "192.0.2.1", 53, 25) == [
        MailExchange("mirapoint.example.test", ("192.0.2.20",), 25),
        MailExchange("backup.example.test", ("2001:db8::1",), 25),
    ]


def test_via_asks_for_addresses_only(script):
    script(query("mirapoint.example.test. A", "192.0.2.20"), query("mirapoint.example.test. AAAA"))
    assert probe.mail_exchanges("example.test", "mirapoint.example.test", "192.0.2.1", 53, 25) == [MailExchange("mirapoint.example.test", ("192.0.2.20",), 25)]
    assert probe.mail_exchanges("example.test", "127.0.0.1", None, 53, 25) == [MailExchange("127.0.0.1", ("127.0.0.1",), 25)]


@pytest.mark.parametrize(("records", "text"), [([], "has no MX record"), (["0 ."], "null MX")])
def test_domains_without_mail(script, records, text):
    script(query("example.test. MX", *records))
    with pytest.raises(MigrationError, match=text):
        probe.mail_exchanges("example.test", None, "192.0.2.1", 53, 25)
