# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes of a server that wants to be left alone now and then."""

from __future__ import annotations

import dataclasses
import time
import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import LoginRefused
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._job import survey
from ansible_collections.messaging.migration.plugins.module_utils._model.listing import Aside, LeftOut
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_mail import FakeSource, Store

SERVER, ANNA = Server(name="s1", host="s1.test", profile="exchange_2010"), Mailbox("anna", "anna")
THROTTLED = "Request is throttled. Suggested Backoff Time: {} milliseconds"


@pytest.fixture
def look(monkeypatch):
    """look(source, troubles): what is found in a mailbox whose logins fail so often first, and for how long it was left alone meanwhile."""

    def run(source, *troubles):
        waiting, slept = list(troubles), []

        def opened(*_args):
            if waiting:
                raise waiting.pop(0)
            return source

        monkeypatch.setattr(survey, "open_source", opened)
        monkeypatch.setattr(survey, "time", types.SimpleNamespace(sleep=slept.append))
        return survey._mailbox((SERVER, ANNA))[1], slept

    return run


@pytest.fixture
def source():
    source = FakeSource(Store())
    source.held.boxes["INBOX"].add(b"12345")
    return source


def throttled(milliseconds: int) -> LoginRefused:
    return LoginRefused("it was refused: " + THROTTLED.format(milliseconds), words=THROTTLED.format(milliseconds))


def test_a_server_that_asks_for_a_rest_gets_it(look, source):
    found, slept = look(source, throttled(500), REFUSED("Server Unavailable. 15"))
    assert (found["messages"], found["bytes"], slept) == (1, 5, [0.5, survey.SHORT_REST])


def test_but_not_for_ever(look, source):
    found, slept = look(source, *[throttled(100)] * 3)
    assert "throttled" in found["reason"] and slept == [0.1] * 3
    found, slept = look(source, throttled(300_000))
    assert "300000" in found["reason"] and slept == []


def test_what_is_wrong_is_told_at_once(look, source):
    found, slept = look(source, LoginRefused("wrong password", "", ""))
    assert "wrong password" in found["reason"] and slept == []


def test_what_a_server_is_tells_a_mailbox_of_its_own(monkeypatch):
    def described_by(_server, mailbox):
        raise LoginRefused(f"into {mailbox.name}")

    monkeypatch.setattr(survey, "described_by", described_by)
    server = dataclasses.replace(SERVER, mailboxes=(Mailbox("file", "file", pst="/srv/file.pst"), Mailbox("public", "public", public_folder="/"), ANNA))
    with pytest.raises(LoginRefused, match="into anna"):
        survey.survey({"s1": server}, [("s1", mailbox.name) for mailbox in server.mailboxes], 1)


def test_what_no_mail_is_copied_of_is_counted(look, source):
    source.held.create("Calendar").add(b"entry")
    source.held.create("Calendar/Team").add(b"entry")
    left = LeftOut("Calendar", "Calendar", "calendar", ("Calendar", "Calendar/Team"))
    source.aside = Aside((left,), {"Old ": "its name ends with a blank"}, ("Above",))
    listed = source.folders
    source.folders = lambda: [folder for folder in listed() if not folder.name.startswith("Calendar")]
    found, _slept = look(source)
    assert found["left_out"] == [{"folder": "Calendar", "holds": "calendar", "folders": 2, "entries": 2}] and found["messages"] == 1
    assert found["unreadable_folders"] == [{"folder": "Old ", "reason": "its name ends with a blank"}] and found["unlisted_folders"] == ["Above"]
    totals = survey.totals([found, found])
    assert (totals["left_out_folders"], totals["left_out_entries"], totals["unreadable_folders"], totals["unlisted_folders"]) == (2, 4, 2, 2)


def timed(job):
    began = time.monotonic()
    time.sleep(0.05)
    return job[0].name, {"name": job[1].name, "began": began, "ended": time.monotonic()}


def broken(_job):
    return 1 / 0


def test_no_more_mailboxes_side_by_side_than_a_server_has_connections_for(monkeypatch):
    names = [f"user{number}" for number in range(6)]
    servers = {
        name: Server(name=name, host="h.test", connections=connections, mailboxes=tuple(Mailbox(mailbox, mailbox) for mailbox in names))
        for name, connections in (("narrow", 2), ("wide", 4))
    }
    monkeypatch.setattr(survey, "_mailbox", timed)
    monkeypatch.setattr(survey, "described_by", lambda *_args: {})
    monkeypatch.setattr(survey, "totals", len)
    narrow, wide = survey.survey(servers, [(name, mailbox) for name in servers for mailbox in names], 6)
    assert [found["name"] for found in narrow["mailboxes"]] == names == [found["name"] for found in wide["mailboxes"]]

    def most(found):
        return max(sum(other["began"] <= one["began"] < other["ended"] for other in found) for one in found)

    # The other server keeps no worker waiting.
    assert most(narrow["mailboxes"]) <= 2 < most(narrow["mailboxes"] + wide["mailboxes"])
    monkeypatch.setattr(survey, "_mailbox", broken)
    with pytest.raises(ZeroDivisionError):
        survey.survey(servers, [("narrow", "user1")], 6)
