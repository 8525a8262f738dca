# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""user_notice sends by Postfix to users whose mailboxes are at Dovecot."""

from __future__ import annotations

import email
import email.policy
import json
import pathlib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import accounts, mailboxes, notices
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import open_ledger
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "user_notices" / "templates"
NAMES = ("anna.berg", "bo", "carla", "dora", "emil")
HTML = "{% block subject %}Größer & neu{% endblock %}{% block text %}A & B\n.\n..x{% endblock %}{% block html %}<p>{{ values.what }}</p>{% endblock %}"


def shipped(kind):
    return {path.parent.name: path.read_text() for path in ROLE.glob(f"*/{kind}.j2")}


class Site:
    """Five users; `options` are those of the module."""

    def __init__(self, mail_host, folder):
        self.host, self.url, self.report = mail_host, f"sqlite:///{folder}/ledger.sqlite", folder / "report.json"
        self.mailboxes = [{"name": name} for name in NAMES]
        self.opened(lambda ledger: mailboxes.register(ledger, "old", [Mailbox(name, name) for name in (*NAMES, "gone", "later")]))

    def opened(self, work):
        ledger = open_ledger({"url": self.url}, "example")
        try:
            return work(ledger)
        finally:
            ledger.close()

    def options(self, port=None, tls="none", **more):
        server = {"host": "localhost", "port": port or self.host.smtp, "tls": tls, "ca_file": self.host.ca, "timeout": 20}
        return {
            "kind": "announcement", "templates": shipped("announcement"), "migration": "example", "ledger": {"url": self.url},
            "sources": [{"name": "old", "host": "old.example.test", "mailboxes": self.mailboxes}], "address_template": "{mailbox}@example.test",
            "sender": "helpdesk@example.test", "date": "2026-05-12", "values": {"contact": "helpdesk@example.test"}, "per_minute": 0,
            "report_path": str(self.report), **more, "server": {**server, **more.get("server", {})},
        }

    def counts(self):
        self.host.settle()
        return [len(self.host.messages(name)) for name in NAMES]

    def report_of(self, name):
        return next(line for line in json.loads(self.report.read_text())["users"] if line["mailbox"] == name)


@pytest.fixture
def site(mail_host, tmp_path):
    return Site(mail_host, tmp_path)


def parsed(text):
    mail = email.message_from_string(text.replace("\r\n", "\n"), policy=email.policy.default)
    assert mail.defects == [] and all(part.defects == [] for part in mail.walk())
    return mail


def test_each_in_his_language_and_once(site, module):
    site.mailboxes[0]["language"], site.mailboxes[1]["language"] = "de", "fr"
    site.mailboxes[2] |= {"target": "emil-at-target", "address": "carla@example.test"}
    site.opened(lambda ledger: accounts.write(ledger, [
        {"directory": "ad", "entry": "e", "server": "old", "mailbox": "emil", "target": "emil", "wave": "default", "quota_mb": 0,
         "primary": "emil@example.test", "full_name": "Émile Ö"},
    ]))
    planned = module("user_notice", site.options(), check=True)
    assert planned["changed"] and planned["sent"] == 5 and planned["report_path"] is None and site.counts() == [0] * 5
    assert site.host.transactions() == [] and not site.report.exists()
    told = module("user_notice", site.options(sender_name="Help, desk", reply_to="anna.berg@example.test"))
    assert told["changed"] and not told["failed"] and (told["users"], told["sent"], told["sent_before"]) == (5, 5, 0) and told["finished"]
    assert site.counts() == [1] * 5
    german, french, english = (parsed(site.host.messages(name, "")[0]) for name in ("anna.berg", "bo", "emil"))
    assert german["Subject"] == "Ihr Postfach zieht am 12.05.2026 um" and "Nachrichten ziehen mit um. Sie müssen dafür nichts tun." in german.get_content()
    assert german["From"] == '"Help, desk" <helpdesk@example.test>' and german["Reply-To"] == "anna.berg@example.test" and german["Date"].datetime
    assert german["Auto-Submitted"] == "auto-generated" and german["Message-ID"] == site.report_of("anna.berg")["message_id"]
    assert german.get_content_type() == "text/plain" and german["Content-Language"] == "de" and german["To"] == "anna.berg@example.test"
    assert "Bonjour bo@example.test" in french.get_content() and "12 May 2026" in english["Subject"] and "Dear Émile Ö" in english.get_content()
    before = len(site.host.transactions())
    again = module("user_notice", site.options())
    assert not again["changed"] and not again["failed"] and (again["sent"], again["sent_before"]) == (0, 5)
    assert len(site.host.transactions()) == before and site.report_of("bo")["state"] == "sent"
    # Another kind is another notice.
    assert module("user_notice", site.options(kind="done", templates=shipped("done"), only=["bo"]))["sent"] == 1
    assert site.counts() == [1, 2, 1, 1, 1]


def test_html_by_tls_and_login(site, module):
    own = {"templates": {"en": HTML}, "values": {"what": "<a & b>"}}
    login = {"user": "bo", "password": "annas-password"}
    assert module("user_notice", site.options(only=["bo"], tls="starttls", server=login, **own))["sent"] == 1
    assert module("user_notice", site.options(only=["dora"], tls="implicit", port=site.host.smtps, server=login, **own))["sent"] == 1
    site.host.settle()
    log = site.host.maillog.read_text()
    assert log.count("sasl_username=bo") == 2
    for name in ("bo", "dora"):
        mail = parsed(site.host.messages(name, "")[0])
        assert mail["Subject"] == "Größer & neu" and [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert mail.get_body(("plain",)).get_content() == "A & B\n.\n..x\n" and mail.get_body(("html",)).get_content() == "<p>&lt;a &amp; b&gt;</p>\n"
        assert "with ESMTPSA" in site.host.messages(name)[0]


def test_refusals_are_told_by_user_and_tried_again(site, module):
    site.mailboxes += [{"name": "gone"}, {"name": "later"}, {"name": "old", "public_folder": "/"}]
    sources = [{"name": "old", "host": "old.example.test", "protocol": "ews", "ews": {"public_folder_mailbox": "p@example.test"}, "mailboxes": site.mailboxes}]
    failed = module("user_notice", site.options(sources=sources))
    assert failed["failed"] and failed.get("changed"), failed
    assert (failed["users"], failed["sent"], failed["refused"], failed["unsure"]) == (7, 5, 2, 0)
    reasons = {one["mailbox"]: one["reason"] for one in failed["failures"]}
    assert "550 5.1.1" in reasons["gone"] and "Gone for good" in reasons["gone"] and "450 4.2.0" in reasons["later"]
    assert site.report_of("gone")["state"] == "refused" and "Gone for good" in site.report_of("gone")["reply"] and site.counts() == [1] * 5
    # The same round does not try them again; another one does.
    same = module("user_notice", site.options(sources=sources, round=failed["round"]))
    assert same["failed"] and not same["changed"] and same["sent"] == 5
    again = module("user_notice", site.options(sources=sources))
    assert again["failed"] and again["sent"] == 0 and again["sent_before"] == 5 and len(again["failures"]) == 2
    next(one for one in site.mailboxes if one["name"] == "gone")["address"] = "bo@example.test"
    corrected = module("user_notice", site.options(sources=sources, only=["gone"]))
    assert not corrected["failed"] and corrected["sent"] == 1 and site.counts() == [1, 2, 1, 1, 1]


@pytest.mark.parametrize("step", [b"\r\n.\r\n", b"DATA\r\n"])
def test_killed_before_the_host_said_that_it_took_it(site, module, before_mail_host, step):
    """The third message: in the host's hands, or not even given; nobody can know which."""
    pause = before_mail_host(after=2, step=step)
    run = module.start("user_notice", site.options(pause.port))
    assert pause.paused.wait(30) and run.kill()
    arrived = [1, 1, 1 if step.startswith(b"\r") else 0, 0, 0]
    assert site.counts() == arrived
    settled = module("user_notice", site.options())
    assert settled["failed"] and (settled["sent"], settled["sent_before"], settled["unsure"]) == (2, 2, 1)
    [unsure] = settled["unsure_notices"]
    assert unsure["mailbox"] == "carla" and unsure["message_id"] in settled["msg"] and site.report_of("carla")["state"] == "unsure"
    assert site.counts() == [1, 1, arrived[2], 1, 1]
    assert (unsure["message_id"] in "".join(site.host.messages("carla"))) == bool(arrived[2])
    # Not by itself, however often it is run.
    again = module("user_notice", site.options())
    assert again["failed"] and not again["changed"] and again["unsure"] == 1 and site.counts() == [1, 1, arrived[2], 1, 1]
    # The operator found it in the log, or did not.
    word = "count_as_sent" if arrived[2] else "send"
    planned = module("user_notice", site.options(on_unsure=word), check=True)
    assert planned["changed"] and planned["unsure"] == 0 and planned["sent"] == 1 - arrived[2]
    ended = module("user_notice", site.options(on_unsure=word))
    assert ended["changed"] and not ended["failed"] and ended["sent"] == 1 - arrived[2] and ended["sent_before"] == 4 + arrived[2]
    final = module("user_notice", site.options(on_unsure=word))
    assert not final["changed"] and not final["failed"] and site.counts() == [1] * 5


def test_a_lost_answer_is_one_unsure_and_the_others_are_told(site, module, before_mail_host):
    pause = before_mail_host(after=1)
    run = module.start("user_notice", site.options(pause.port))
    assert pause.paused.wait(30)
    pause.release()
    result = run.result()
    assert result["failed"] and (result["sent"], result["unsure"], result["refused"]) == (4, 1, 0) and pause.connections == 2
    assert [one["mailbox"] for one in result["unsure_notices"]] == ["bo"] and site.counts() == [1] * 5


def test_bad_input_is_refused_before_anything_is_sent(site, module):
    def refused(text, **more):
        result = module("user_notice", site.options(**more))
        assert result["failed"] and text in result["msg"], result["msg"]

    refused("kind is 'Done!'", kind="Done!")
    refused("asks for in values or date", values={})
    refused("'date' is undefined", date=None)
    refused("date is '12.5.2026'", date="12.5.2026")
    refused("no template announcement for the language en", templates={"de": "x"})
    refused("has no block text", templates={"en": "{% block subject %}x{% endblock %}"})
    refused("template announcement (en), line 1", templates={"en": "{% block %}"})
    refused("5 users have no address", address_template="{mailbox}")
    refused("It may have {mailbox} and {target}", address_template="{name}@example.test")
    refused("would be readable", server={"user": "bo", "password": "secret"})
    refused("refuses the login of bo: 535", tls="starttls", server={"user": "bo", "password": "secret"})
    refused("can't be used", tls="starttls", server={"ca_file": None})
    refused("can't be reached", port=1)
    site.mailboxes.append({"name": "nobody"})
    refused("1 mailboxes are not in the ledger, the first is old/nobody")
    site.mailboxes[0]["language"] = "pl"
    refused("language pl, which old/anna.berg has")
    assert site.opened(lambda ledger: notices.listed(ledger, "announcement")) == {} and site.host.transactions() == []


def test_in_steps_with_progress_and_no_secret(site, run_play):
    options = site.options(tls="starttls", server={"user": "bo", "password": "{{ secret }}"}, per_minute=120, progress_interval=1)
    options["templates"] = {"en": f"{{{{ lookup('ansible.builtin.file', '{ROLE / 'en' / 'announcement.j2'}') }}}}"}
    output = []
    [result] = run_play([{"messaging.migration.user_notice": options}], {"secret": "annas-password"}, output=output)
    assert result["changed"] and result["sent"] == 5 and site.counts() == [1] * 5, result
    lines = [line for line in output[0].splitlines() if "/5 users, ETA" in line]
    assert len(lines) > 1 and "localhost: announcement, 5/5 users, ETA 0 s" in lines[-1]
    assert "annas-password" not in output[0] and b"annas-password" not in b"".join(path.read_bytes() for path in site.report.parent.glob("ledger*"))
    times = [row.tried_at for row in sorted(site.opened(lambda ledger: notices.listed(ledger, "announcement")).values(), key=lambda row: row.tried_at)]
    assert all(later - earlier >= 0.49 for earlier, later in zip(times, times[1:]))
