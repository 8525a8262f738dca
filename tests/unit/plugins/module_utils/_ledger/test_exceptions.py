# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def anna(ledger):
    return with_mailboxes(ledger, "anna")[0].id


def states(ledger, mailbox_id):
    t = ledger.tables.exceptions
    with ledger.read() as connection:
        return {(row.folder, row.source_uid, row.reason): row.state for row in connection.execute(t.select().where(t.c.mailbox_id == mailbox_id))}


def test_once_per_message_and_reason(ledger, anna):
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "20 bytes, the target accepts 10", b"h" * 32)
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "20 bytes, the target accepts 15", b"h" * 32)
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "flag_dropped", "$Junk")
    first, second = exceptions.unresolved(ledger, anna)
    assert (first.reason, first.detail, first.state, first.sha256) == ("too_large", "20 bytes, the target accepts 15", "open", b"h" * 32)
    assert (second.reason, second.sha256) == ("flag_dropped", None)


def test_long_words_are_cut(ledger, anna):
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "refused_by_target", "x" * 2000)
    assert len(exceptions.unresolved(ledger, anna)[0].detail) == 500


def test_what_is_resolved_may_come_back(ledger, anna):
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "a")
    exceptions.resolve(ledger, anna, "INBOX", [1])
    assert exceptions.unresolved(ledger, anna) == []
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "b")
    [row] = exceptions.unresolved(ledger, anna)
    assert (row.state, row.detail) == ("open", "b")


def test_what_is_approved_stays_so(ledger, anna):
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "a")
    [row] = exceptions.unresolved(ledger, anna)
    assert exceptions.approve(ledger, [row.id], "Ada Lead") == 1
    assert exceptions.approve(ledger, [row.id], "Somebody else") == 0
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "again")
    exceptions.resolve(ledger, anna, "INBOX", [1])
    [row] = exceptions.unresolved(ledger, anna)
    assert (row.state, row.approved_by, row.approved_at is not None) == ("approved", "Ada Lead", True)


@pytest.mark.parametrize(
    ("choice", "closed"),
    [
        ({}, {("INBOX", 1, "too_large"), ("INBOX", 2, "too_large"), ("INBOX", 1, "flag_dropped"), ("Sent", 1, "too_large")}),
        ({"folder": "INBOX"}, {("INBOX", 1, "too_large"), ("INBOX", 2, "too_large"), ("INBOX", 1, "flag_dropped")}),
        ({"folder": "INBOX", "uids": [1]}, {("INBOX", 1, "too_large"), ("INBOX", 1, "flag_dropped")}),
        ({"folder": "INBOX", "uids": {1, 9}, "reasons": ["too_large"]}, {("INBOX", 1, "too_large")}),
        ({"folder": "INBOX", "uids": []}, set()),
        ({"folder": "INBOX", "uids": range(1, 40_000)}, {("INBOX", 1, "too_large"), ("INBOX", 2, "too_large"), ("INBOX", 1, "flag_dropped")}),
    ],
)
def test_resolving(ledger, anna, choice, closed):
    [other] = with_mailboxes(ledger, "ben")
    for mailbox in (anna, other.id):
        for folder, uid, reason in (("INBOX", 1, "too_large"), ("INBOX", 2, "too_large"), ("INBOX", 1, "flag_dropped"), ("Sent", 1, "too_large")):
            exceptions.raise_exception(ledger, mailbox, folder, uid, reason, "")
    exceptions.resolve(ledger, anna, **choice)
    assert {key for key, state in states(ledger, anna).items() if state == "resolved"} == closed
    assert set(states(ledger, other.id).values()) == {"open"}


def test_listed_with_the_names_of_mailboxes(ledger, anna):
    [other] = with_mailboxes(ledger, "ben")
    exceptions.raise_exception(ledger, other.id, "INBOX", 1, "too_large", "")
    exceptions.raise_exception(ledger, anna, "INBOX", 1, "too_large", "")
    exceptions.raise_exception(ledger, anna, "INBOX", 2, "too_large", "")
    exceptions.resolve(ledger, anna, "INBOX", [2])
    assert [(row.server, row.mailbox, row.source_uid) for row in exceptions.listed(ledger)] == [("s1", "anna", 1), ("s1", "ben", 1)]
    assert [row.mailbox for row in exceptions.listed(ledger, [("s1", "ben")])] == ["ben"]
