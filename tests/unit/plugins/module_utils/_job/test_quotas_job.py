# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of a server that is a dictionary, and a run that ends at any of its steps."""

from __future__ import annotations

import json
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap.quota import Quota
from ansible_collections.messaging.migration.plugins.module_utils._job import quotas as job
from ansible_collections.messaging.migration.plugins.module_utils._ledger import quotas as known
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture

MB = 1024


class Killed(BaseException):
    """Nothing that is caught: the process ends."""


class Server:
    """`limits` and `used` in KiB by mailbox. `steps` counts what changes something, and `ends_at` is the one that ends the run before it is made,
    or, where `lost`, after it."""

    def __init__(self, monkeypatch, folder, **limits) -> None:
        self.limits, self.used, self.refuses = dict(limits), dict.fromkeys(limits, 10), set()
        self.steps, self.ends_at, self.lost, self.set = 0, None, False, []
        self.connected, self.capable = 0, True
        self.folder = folder
        monkeypatch.setattr(job, "connect", self._connect)
        monkeypatch.setattr(job, "as_administrator", lambda session, template, mailboxes: [f"user.{name}" for name in mailboxes])
        monkeypatch.setattr(job, "quotas", lambda session, names: [self._quota(name.removeprefix("user.")) for name in names])
        monkeypatch.setattr(job, "set_quotas", lambda session, wanted: self._step(lambda: self._set(wanted)))
        for name in ("begin", "settle"):
            monkeypatch.setattr(job.known, name, self._stepped(getattr(known, name)))

    def _connect(self, server):
        self.connected += 1
        return types.SimpleNamespace(server=server, has=lambda capability: self.capable, close=lambda: None)

    def _quota(self, name):
        return (Quota(self.limits[name], self.used[name] if self.limits[name] is not None else 0), "") if name in self.limits else (None, "no such mailbox")

    def _set(self, wanted):
        for name, (_quota, limit) in wanted.items():
            if name not in self.refuses:
                self.limits[name.removeprefix("user.")] = limit
                self.set.append((name, limit))
        return {name: "Permission denied" for name in wanted if name in self.refuses}

    def _stepped(self, call):
        return lambda *args: self._step(lambda: call(*args))

    def _step(self, call):
        self.steps += 1
        if self.steps == self.ends_at and not self.lost:
            raise Killed
        done = call()
        if self.steps == self.ends_at:
            raise Killed
        return done

    def run(self, state, quota_mb=None, check=False, planned=None, **more):
        mailboxes = [{"name": name, "quota_mb": (planned or {}).get(name)} for name in self.limits]
        return job.mailbox_quota({
            "target": {"host": "new", "admin": "admin", "password": "x", "quota_mb": 0}, "ledger": ledger_fixture.options(self.folder), "migration": "example",
            "mailboxes": mailboxes, "state": state, "quota_mb": quota_mb, "force": False, "name_template": "user.{mailbox}", "report_path": None, **more,
        }, check)


@pytest.fixture
def served(monkeypatch, tmp_path):
    return lambda **limits: Server(monkeypatch, tmp_path, **limits)


def counts(result):
    return {name: result[name] for name in job.COUNTS if result[name]}


def test_raised_and_restored(served):
    server = served(anna=500 * MB, bo=9000 * MB, carl=None, dora=100 * MB)
    planned = server.run("raised", 4000, check=True)
    assert counts(planned) == {"raised": 2, "as_wanted": 2} and planned["changed"] and server.set == [] and not list(server.folder.iterdir())
    done, again = server.run("raised", 4000), server.run("raised", 4000)
    assert counts(done) == counts(planned) and done["diff"]["before"] == "anna: quota 512000 KiB\ndora: quota 102400 KiB\n"
    assert done["diff"]["after"] == "anna: quota 4096000 KiB\ndora: quota 4096000 KiB\n"
    assert (counts(again), again["changed"]) == ({"as_wanted": 4}, False)
    assert server.limits == {"anna": 4000 * MB, "bo": 9000 * MB, "carl": None, "dora": 4000 * MB}
    plan = {"dora": 300, "bo": 1}
    checked, restored, again = (server.run("restored", planned=plan, check=check) for check in (True, False, False))
    assert counts(checked) == counts(restored) == {"restored": 2, "as_wanted": 2} and not again["changed"]
    # Nobody raised what bo has.
    assert server.limits == {"anna": 500 * MB, "bo": 9000 * MB, "carl": None, "dora": 300 * MB}
    connected = server.connected
    assert not server.run("restored", planned=plan)["changed"] and server.connected == connected
    # A mailbox that was cut over is not raised by the next setup.
    assert counts(server.run("raised", 4000)) == {"as_wanted": 4}


def test_no_limit_at_all(served):
    server = served(anna=500 * MB, bo=500 * MB)
    assert counts(server.run("raised", 0)) == {"raised": 2} and server.limits == {"anna": None, "bo": None}
    assert not server.run("raised", 0)["changed"]
    # How much there is in it is told only where there is a limit.
    server.used["bo"] = 600 * MB
    for _time in range(2):
        assert counts(server.run("restored")) == {"restored": 1, "over": 1} if not _time else {"as_wanted": 1, "over": 1}
    assert server.limits == {"anna": 500 * MB, "bo": job.NO_LIMIT_KB}
    assert counts(server.run("raised", 0)) == {"as_wanted": 2} and server.limits["bo"] == job.NO_LIMIT_KB
    server.used["bo"] = 500 * MB
    assert counts(server.run("restored")) == {"restored": 1, "as_wanted": 1} and server.limits["bo"] == 500 * MB


def test_raised_once_more(served):
    server = served(anna=500 * MB)
    server.run("raised", 4000)
    assert counts(server.run("raised", 3000)) == {"as_wanted": 1}
    assert counts(server.run("raised", 5000)) == {"raised": 1}
    server.run("restored")
    assert server.limits == {"anna": 500 * MB}


@pytest.mark.parametrize("limit", [3000 * MB, 6000 * MB, None])
def test_what_somebody_else_changed_is_left(served, tmp_path, limit):
    server = served(anna=500 * MB)
    server.run("raised", 4000)
    server.limits["anna"] = limit
    raised = server.run("raised", 4000)
    assert counts(raised) == ({"foreign": 1} if limit == 3000 * MB else {"as_wanted": 1})
    for _time in range(2):
        restored = server.run("restored", report_path=str(tmp_path / "report.json"))
        assert counts(restored) == {"foreign": 1} and not restored["changed"] and server.limits["anna"] == limit
    assert json.loads((tmp_path / "report.json").read_text())["foreign"] == [{"mailbox": "anna", "limit_kb": limit, "raised_kb": 4000 * MB}]


def test_too_much_in_it_is_left_unless_forced(served, tmp_path):
    server = served(anna=500 * MB)
    server.run("raised", 4000)
    server.used["anna"] = 501 * MB
    assert counts(server.run("restored", report_path=str(tmp_path / "report.json"))) == {"over": 1} and server.limits["anna"] == 4000 * MB
    assert json.loads((tmp_path / "report.json").read_text())["over"] == [{"mailbox": "anna", "used_kb": 501 * MB, "quota_kb": 500 * MB}]
    assert counts(server.run("restored", force=True)) == {"restored": 1} and server.limits["anna"] == 500 * MB


def test_mailboxes_that_are_not_there(served):
    server = served(anna=500 * MB)
    result = server.run("raised", 4000, mailboxes=[{"name": "nobody", "quota_mb": None}, {"name": "anna", "quota_mb": None}])
    assert counts(result) == {"raised": 1, "not_found": 1}


def test_the_refused_keep_what_they_had(served):
    server = served(anna=500 * MB, bo=500 * MB)
    server.refuses.add("user.bo")
    with pytest.raises(MigrationError, match="refuses a quota of bo: Permission denied. Those keep what they had") as caught:
        server.run("raised", 4000)
    assert (caught.value.facts["raised"], caught.value.facts["refused"]) == (1, [{"mailbox": "bo", "reason": "Permission denied"}])
    server.refuses.clear()
    assert counts(server.run("raised", 4000)) == {"raised": 1, "as_wanted": 1} and counts(server.run("restored")) == {"restored": 2}


def test_a_server_without_quotas(served):
    server = served(anna=500 * MB)
    server.capable = False
    with pytest.raises(MigrationError, match="offers no quotas by IMAP"):
        server.run("raised", 4000)


@pytest.mark.parametrize(("more", "told"), [
    ({"quota_mb": -1}, "quota_mb is -1"), ({"quota_mb": 2**31}, "quota_mb is"), ({"mailboxes": [{"name": "a", "quota_mb": -1}]}, "quota_mb of a is -1"),
    ({"mailboxes": [{"name": "a", "quota_mb": 1}] * 2}, "mailboxes has a 2 times"),
])
def test_what_can_not_be_meant(served, more, told):
    server = served(anna=500 * MB)
    with pytest.raises(MigrationError, match=f"{told}.*Nothing was touched"):
        server.run("raised", **{"quota_mb": 1, **more})
    assert server.connected == 0


@settings(max_examples=30)
@given(st.data())
def test_killed_at_any_step_and_run_again(tmp_path_factory, data):
    limits = {"a": 500 * MB, "b": 800 * MB, "c": None, "d": 9000 * MB}
    goal = data.draw(st.sampled_from([0, 4000]))
    with pytest.MonkeyPatch.context() as monkeypatch:
        server = Server(monkeypatch, tmp_path_factory.mktemp("ledger"), **limits)
        for state in ("raised", "restored"):
            for _time in range(data.draw(st.integers(0, 3))):
                server.steps, server.ends_at, server.lost = 0, data.draw(st.integers(1, 4)), data.draw(st.booleans())
                try:
                    server.run(state, goal, planned={"b": 700})
                except Killed:
                    continue
            server.ends_at = None
            if state == "restored" or data.draw(st.booleans()):
                server.run(state, goal, planned={"b": 700})
                assert not server.run(state, goal, planned={"b": 700})["changed"]
    raised = server.limits["b"] != limits["b"]
    assert server.limits == {**limits, "b": 700 * MB if raised else 800 * MB}
    assert raised or not any(name == "user.b" for name, _limit in server.set)
