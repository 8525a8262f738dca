# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job.gate import gate
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, mailboxes, records
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def ask(tmp_path):
    def ask(*require, **mailboxes_):
        return gate({"ledger": options(tmp_path), "migration": MIGRATION, "phase": "cut_over", "require": list(require), "mailboxes": mailboxes_ or None})

    return ask


@pytest.fixture
def closed(ask):
    def closed(*require, **mailboxes_):
        with pytest.raises(MigrationError, match="^The gate of cut_over is closed: ") as caught:
            ask(*require, **mailboxes_)
        assert str(caught.value).endswith(". Nothing was touched. Do what is missing, then run this playbook again.")
        return caught.value.facts["missing"]

    return closed


def test_no_ledger_yet(closed, tmp_path):
    [text] = closed()
    assert text == f"there is no ledger yet at {tmp_path}/ledger.sqlite: run messaging.migration.collect_information first"
    assert list(tmp_path.iterdir()) == []


def test_open(ledger, ask):
    records.add(ledger, "estimate", "", "text", {})
    records.sign(ledger, records.latest(ledger, "estimate").id, "Ada Lead", "account leader")
    wanted = {"kind": "estimate", "signed": True, "sha256": records.sha256("text").upper()}
    assert ask(wanted) == {"changed": False, "open": True} == ask()


@pytest.mark.parametrize(
    ("need", "text"),
    [
        ({"kind": "scope_of_work"}, "there is no scope of work (run messaging.migration.approve_scope)"),
        ({"kind": "discovery", "name": "s1"}, "there is no discovery s1 (run messaging.migration.collect_information)"),
        ({"kind": "copy"}, "there is no copy (run messaging.migration.copy_mailboxes)"),
        ({"kind": "estimate", "signed": True}, "the estimate is not signed (run messaging.migration.test_migration with its signature)"),
        (
            {"kind": "estimate", "sha256": "abc"},
            f"the estimate no longer matches: the recorded one has SHA-256 {records.sha256('text')}, what is in force now abc "
            "(run messaging.migration.test_migration and have it signed again)",
        ),
    ],
)
def test_what_is_missing_and_where_it_comes_from(ledger, closed, need, text):
    records.add(ledger, "estimate", "", "text", {})
    assert closed(need) == [text]


def test_everything_that_is_missing_is_named(ledger, closed):
    assert len(closed({"kind": "questionnaire", "name": "s1"}, {"kind": "estimate"}, state="copied")) == 3


def test_a_changed_document_needs_another_signature(ledger, ask, closed):
    for document in ("first", "second"):
        records.add(ledger, "scope_of_work", "", document, {})
        if document == "first":
            records.sign(ledger, records.latest(ledger, "scope_of_work").id, "Ada Lead", "account leader")
            assert ask({"kind": "scope_of_work", "signed": True})["open"]
    assert "is not signed" in closed({"kind": "scope_of_work", "signed": True})[0]


def test_a_cut_over_that_was_taken_back_does_not_count(ledger, ask, closed):
    need = {"kind": "cut_over", "name": "first"}
    records.add(ledger, "cut_over", "first", "made", {})
    made = records.latest(ledger, "cut_over", "first").sha256
    # Of another wave, and as old ledgers have it: by the name of the zone.
    records.add(ledger, "roll_back", "second", "back", {"wave": "second", "cut_over": "0123"})
    assert ask(need)["open"]
    records.add(ledger, "roll_back", "example.test", "back", {"wave": "first", "cut_over": made})
    assert closed(need) == ["the cut over first was taken back (run messaging.migration.cut_over)"]
    records.add(ledger, "cut_over", "first", "made again", {})
    assert ask(need)["open"]


def test_mailboxes_that_are_not_far_enough(ledger, ask, closed):
    assert closed(state="copied") == ["the ledger knows no mailbox (run messaging.migration.copy_mailboxes)"]
    anna, *_others = with_mailboxes(ledger, "anna", "ben", "carl", "dora", "emil", wave="first")
    assert closed(state="synced", wave="second") == ["the ledger knows no mailbox of wave second (run messaging.migration.copy_mailboxes)"]
    mailboxes.set_values(ledger, anna.id, synced_at=1.0)
    assert closed(state="synced") == [
        "4 of 5 mailboxes are not synced, for example s1/ben, s1/carl, s1/dora (run messaging.migration.sync_changes; if some of them left the inventory, "
        "name the others in mailboxes.only)"
    ]
    with_mailboxes(ledger, "zoe", wave="second")
    for name in ("ben", "carl", "dora", "emil"):
        mailboxes.set_values(ledger, mailboxes.find(ledger, "s1", name).id, synced_at=1.0)
    assert ask(state="synced", wave="first")["open"]
    assert "1 of 6" in closed(state="synced")[0]


def test_who_left_the_inventory_is_not_waited_for_and_who_came_is(ledger, ask, closed):
    anna, gone = with_mailboxes(ledger, "anna", "gone", wave="first")
    mailboxes.set_values(ledger, anna.id, synced_at=1.0)
    exceptions.raise_exception(ledger, gone.id, "INBOX", 7, "too_large", "")
    assert ask(state="synced", wave="first", only=["s1/anna"])["open"]
    assert closed(state="synced", wave="first", only=["s1/anna", "s1/zoe"]) == [
        "1 of 2 mailboxes are not synced, for example s1/zoe (run messaging.migration.sync_changes)"
    ]
    assert closed(state="synced", wave="first", only=[]) == ["the ledger knows no mailbox of wave first (run messaging.migration.copy_mailboxes)"]


def test_exceptions_keep_it_closed_until_they_are_approved(ledger, ask, closed):
    [anna] = with_mailboxes(ledger, "anna")
    mailboxes.set_values(ledger, anna.id, copied_at=1.0)
    exceptions.raise_exception(ledger, anna.id, "INBOX", 7, "too_large", "")
    [text] = closed(state="copied")
    assert text.startswith("1 exceptions are open, for example s1/anna folder INBOX UID 7: too_large (correct and sync again, or approve")
    exceptions.approve(ledger, [row.id for row in exceptions.listed(ledger)], "Ada Lead")
    assert ask(state="copied")["open"]
    assert "open or approved" in closed(state="copied", approved_exceptions_ok=False)[0]
