# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import pathlib

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import notices as job
from ansible_collections.messaging.migration.plugins.module_utils._job.notice_template import NoticeTemplate
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, notices
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox
from ansible_collections.messaging.migration.plugins.module_utils._smtp.submission import Lost, Refused, Unsure
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture

TEMPLATE = "{% block subject %}To {{ user.mailbox }}{% endblock %}{% block text %}{{ user.target }} in {{ migration }}{% endblock %}"
SHIPPED = pathlib.Path(__file__).resolve().parents[5] / "roles" / "user_notices" / "templates"


class Clock:
    """Time that only goes by when somebody sleeps."""

    def __init__(self):
        self.time, self.slept = 1e10, []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


class MailHost:
    """Instead of a connection: `answers` by recipient are raised, once each."""

    def __init__(self):
        self.sent, self.answers, self.connections = [], {}, 0

    def __call__(self, _host):
        self.connections += 1
        return self

    def send(self, sender, recipient, message):
        for answer in [self.answers[recipient].pop(0)] if self.answers.get(recipient) else []:
            raise answer
        self.sent.append(recipient)

    def close(self):
        pass


@pytest.fixture
def host(monkeypatch):
    made = MailHost()
    monkeypatch.setattr(job, "Submission", made)
    return made


@pytest.fixture
def options(tmp_path):
    def make(names=("a", "b", "c"), **more):
        with_ledger = ledger_fixture.opened(tmp_path)
        mailboxes.register(with_ledger, "s1", [Mailbox(name, name) for name in names])
        with_ledger.close()
        server = {"host": "smtp.example.test", "port": None, "tls": "none", "ca_file": None, "user": None, "password": None, "timeout": 5}
        return {
            "kind": "done", "templates": {"en": TEMPLATE}, "default_language": "en", "address_template": "{target}@example.test", "date": None, "values": {},
            "sender": "help@example.test", "sender_name": None, "reply_to": None, "server": server, "per_minute": 0, "on_unsure": "tell", "time_budget": 0,
            "round": None, "report_path": None, "migration": ledger_fixture.MIGRATION, "ledger": ledger_fixture.options(tmp_path),
            "sources": [{"name": "s1", "host": "s1", "mailboxes": [{"name": name} for name in names]}], **more,
        }

    return make


def test_second_run_changes_nothing(host, options):
    first, second = job.notify(options()), job.notify(options())
    assert first["changed"] and first["sent"] == 3 and host.sent == ["a@example.test", "b@example.test", "c@example.test"] and host.connections == 1
    assert not second["changed"] and (second["sent"], second["sent_before"]) == (0, 3) and host.connections == 1


def test_evenly_and_by_one_run_after_the_other(host, options):
    clock = Clock()
    job.notify(options(per_minute=30), clock=clock)
    assert [round(seconds, 3) for seconds in clock.slept] == [0, 2, 2]


def test_a_clock_that_was_set_back_does_not_hold_it_up(host, options):
    class SetBack(Clock):
        def __init__(self):
            super().__init__()
            self.time = 0

    clock = SetBack()
    host.answers["a@example.test"] = [Refused("450 later")]
    with pytest.raises(MigrationError, match="450 later"):
        job.notify(options())
    assert job.notify(options(per_minute=60), clock=clock)["sent"] == 1
    assert clock.slept == [1]


def test_a_step_ends_in_time_and_the_next_one_goes_on(host, options):
    class Late(Clock):
        def now(self):
            return 0

    ended = job.notify(options(per_minute=0.001, time_budget=0.001, round="r"), clock=Late())
    assert not ended["finished"] and not ended["changed"] and host.sent == []
    assert job.notify(options(round="r"))["finished"] and len(host.sent) == 3


def test_a_connection_that_ended_meanwhile_costs_nothing(host, options):
    host.answers["b@example.test"] = [Lost("421 enough")]
    assert job.notify(options())["sent"] == 3 and host.connections == 2 and len(host.sent) == 3


def test_two_that_end_are_the_hosts_trouble_and_leave_nothing_in_doubt(host, options):
    host.answers["b@example.test"] = [Lost("x"), Lost("y")]
    with pytest.raises(MigrationError, match="ended two connections before it took the notice to b@example.test: y") as raised:
        job.notify(options())
    facts = raised.value.facts
    assert facts["changed"] and facts["sent"] == 1 and facts["unsure"] == 0 and not facts["finished"]
    assert job.notify(options())["sent"] == 2 and host.sent == ["a@example.test", "b@example.test", "c@example.test"]


def test_unsure_is_never_sent_again_by_itself(host, options):
    host.answers["b@example.test"] = [Unsure("cut")]
    with pytest.raises(MigrationError, match="1 notices it is not known whether they were sent. The first, s1/b, is <notice.") as raised:
        job.notify(options(round="r"))
    assert raised.value.facts["sent"] == 2 and host.connections == 2
    for word in ("tell", "send"):
        # `send` is about earlier rounds: a step of the same one must not send again what it has just sent.
        with pytest.raises(MigrationError, match="not known"):
            job.notify(options(round="r", on_unsure=word))
    assert "b@example.test" not in host.sent
    assert job.notify(options(on_unsure="send"))["sent"] == 1 and host.sent[-1] == "b@example.test"


def test_many_refusals_in_a_row_end_it(host, options):
    names = [f"u{number:02}" for number in range(30)]
    host.answers = {f"{name}@example.test": [Refused("554 not you")] for name in names[1:]}
    with pytest.raises(MigrationError, match="refused 20 notices in a row, at last that to u20@example.test: 554 not you") as raised:
        job.notify(options(names))
    assert raised.value.facts["sent"] == 1 and raised.value.facts["refused"] == 20 and len(raised.value.facts["failures"]) == 20


def test_check_mode_before_there_is_a_ledger(host, options, tmp_path):
    given = options()
    given["ledger"] = {"url": f"sqlite:///{tmp_path}/none.sqlite"}
    assert job.notify(given, check_mode=True)["sent"] == 3 and not (tmp_path / "none.sqlite").exists() and host.connections == 0
    with pytest.raises(MigrationError, match="There is no ledger"):
        job.notify(given)


def test_a_ledger_that_fails_after_sending_leaves_it_unsure(host, options, monkeypatch, tmp_path):
    def fails(*_arguments):
        raise MigrationError("disk full")

    settle = notices.settle
    monkeypatch.setattr(notices, "settle", fails)
    with pytest.raises(MigrationError, match="disk full"):
        job.notify(options())
    monkeypatch.setattr(notices, "settle", settle)
    with pytest.raises(MigrationError, match="not known") as raised:
        job.notify(options())
    assert raised.value.facts["unsure"] == 1 and host.sent == ["a@example.test", "b@example.test", "c@example.test"]


@pytest.mark.parametrize("language", ["de", "en", "fr"])
@pytest.mark.parametrize("kind", ["announcement", "day_before", "done"])
def test_templates_of_the_role(language, kind):
    user = {"mailbox": "anna.berg", "target": "annaberg", "address": "anna@example.test", "full_name": ""}
    given = {"user": user, "date": datetime.date(2026, 5, 12), "migration": "m", "values": {"contact": "help@example.test", "web_address": "https://w.test"}}
    text = NoticeTemplate((SHIPPED / language / f"{kind}.j2").read_text(), "template").of(given, "anna")
    assert "anna@example.test" in text.text and text.text.rstrip().endswith("help@example.test") and "\n" not in text.subject
    assert ("2026" in text.subject) == (kind != "done") and ("https://w.test" in text.text and "annaberg" in text.text) == (kind == "done")
    given["values"]["organisation"] = "Ex"
    signed = NoticeTemplate((SHIPPED / language / f"{kind}.j2").read_text(), "template").of(given, "anna")
    assert signed.text.rstrip().endswith("help@example.test\n\nEx")


def test_a_template_reaches_nothing_else():
    reaching = "{% block subject %}x{% endblock %}{% block text %}{{ user.__class__.__mro__[1].__subclasses__() }}{% endblock %}"
    with pytest.raises(MigrationError, match="SecurityError"):
        NoticeTemplate(reaching, "template").of({"user": {}}, "anna")
    with pytest.raises(MigrationError, match="leaves subject or text of anna empty"):
        NoticeTemplate("{% block subject %}x{% endblock %}{% block text %} {% endblock %}", "template").of({}, "anna")
