# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators get wrong: told in their words, before anything is touched, and with one attempt to log in."""

from __future__ import annotations

import sys

import pytest
from servers import mail


@pytest.fixture
def small(pair):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 3)
    client.logout()
    return pair


def test_refused_before_anything_is_touched(small, direct, free_port):
    good = small.options()
    source, target = small.source_option(), small.target_option()
    elsewhere = {**source, "name": "second", "mailboxes": [{"name": "carl", "target": "ANNA"}]}
    cases = [
        ({**good, "worker": 2}, "Unsupported parameters"),
        ({**good, "workers": "many"}, "workers"),
        ({**good, "on_foreign": "delete"}, "value of on_foreign must be one of"),
        ({**good, "sources": [source, elsewhere]}, "Named more than once in the list of mailboxes: target anna"),
        ({**good, "sources": [{**source, "mailboxes": source["mailboxes"] * 2}]}, "old/anna.berg"),
        ({**good, "sources": [source, source]}, "Two source servers are named old"),
        ({**good, "only": ["old/ann.berg"]}, "No such mailbox in sources: old/ann.berg"),
        ({**good, "wave": "third"}, "No mailbox is chosen"),
        ({**good, "ledger": {"url": "sqlite:////nonexistent/ledger.sqlite"}}, "folder /nonexistent does not exist"),
        ({**good, "ledger": {"url": "no url"}}, "URL can't be read"),
        ({**good, "sources": [{**source, "port": free_port()}]}, "can't be reached"),
        ({**good, "sources": [{**source, "host": "nowhere.invalid"}]}, "nowhere.invalid (old) can't be resolved"),
        ({**good, "sources": [{**source, "tls": "implicit"}]}, "TLS with old"),
        ({**good, "target": {**target, "port": free_port()}}, "new (127.0.0.1:"),
    ]
    results = direct([("mailbox_copy", options, {"ignore_errors": True}) for options, _text in cases])
    for (_options, text), result in zip(cases, results, strict=True):
        assert result["failed"] and text in result["msg"], (text, result)
    assert mail.contents(small.target, "anna") == []


def test_wrong_password_costs_one_attempt(small, direct):
    def wrong(side, option, others):
        before = [len(server.attempts()) for server in (small.source, small.target)]
        [refused] = direct([("mailbox_copy", small.options(**{side: option}, workers=3), {"ignore_errors": True})])
        after = [len(server.attempts()) for server in (small.source, small.target)]
        assert refused["failed"] and "refuses the login for mailbox" in refused["msg"] and "wrong-" not in refused["msg"]
        assert [now - then for now, then in zip(after, before, strict=True)] == others

    small.mailboxes += [{"name": name} for name in ("bo", "carl", "dora")]
    # The target is not even asked when the source refuses.
    wrong("sources", [{**small.source_option(), "password": "wrong-password"}], [1, 0])
    wrong("target", {**small.target_option(), "password": "wrong-password"}, [1, 1])
    assert mail.contents(small.target, "anna") == []


def test_interpreter_without_the_libraries(small, play, tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    keywords = {"ignore_errors": True, "vars": {"ansible_python_interpreter": str(bare)}}
    copied, told = play([
        ("mailbox_copy", small.options(), keywords),
        ("mail_server_info", {"server": {"host": "127.0.0.1", "port": small.source.port, "tls": "none"}, "mailbox": "anna.berg"}, keywords),
    ])
    assert copied["failed"] and "Failed to import the required Python library (SQLAlchemy >= 2.0)" in copied["msg"]
    assert told["failed"] and "Failed to import the required Python library (IMAPClient >= 3.0)" in told["msg"]
    assert str(bare) in told["msg"] or "python" in told["msg"]


def test_ledger_of_another_migration(small, direct):
    [_copied, *others] = direct([
        ("mailbox_copy", small.options()),
        ("mailbox_copy", small.options(migration="another"), {"ignore_errors": True}),
        ("ledger_info", small.ledger_only(migration="another"), {"ignore_errors": True}),
        ("migration_record", small.ledger_only(migration="another", kind="environment", content={}), {"ignore_errors": True}),
    ])
    for other in others:
        assert other["failed"] and "belongs to the migration 'example', not to 'another'" in other["msg"]


def test_target_that_changes_its_name_after_the_copy(small, direct):
    direct([("mailbox_copy", small.options())])
    small.mailboxes = [{"name": "anna.berg", "target": "berg"}]
    [moved] = direct([("mailbox_sync", small.options(), {"ignore_errors": True})])
    assert moved["failed"] and "was copied to anna; the inventory now says berg" in moved["msg"]
    assert mail.contents(small.target, "berg") == []
