# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of the phases: kept, signed, and demanded at the gate."""

from __future__ import annotations

import hashlib
import sys

from servers import mail

SCOPE = "# Scope of work\n\nGrüße: 36 mailboxes.\n"
DIGEST = hashlib.sha256(SCOPE.encode()).hexdigest()


def test_keep_sign_and_demand(pair, direct):
    def record(document, **more):
        return "migration_record", pair.ledger_only(kind="scope_of_work", document=document, **more), {"ignore_errors": True}

    def gate(**more):
        needs = [{"kind": "scope_of_work", "signed": True, **more}, {"kind": "questionnaire", "name": "old"}]
        return "migration_gate", pair.ledger_only(phase="copy_mailboxes", require=needs), {"ignore_errors": True}

    signature = {"name": "Ada Lead", "role": "account leader", "sha256": DIGEST}
    answers = "migration_record", pair.ledger_only(kind="questionnaire", name="old", content={"mailboxes": 36, "a": "é"}, summary={"mailboxes": 36})
    changed = SCOPE + "And one more.\n"
    no_ledger, kept, again, unsigned, forged, signed, signed_again, lacking, _answers, opened, altered, reopened, other, listed = direct([
        gate(), record(SCOPE), record(SCOPE), gate(), record(changed, signature=signature), record(SCOPE, signature=signature),
        record(SCOPE, signature=signature), gate(), answers, gate(sha256=DIGEST), record(changed), gate(), gate(sha256=DIGEST),
        ("migration_record_info", pair.ledger_only(document=True)),
    ])
    assert no_ledger["failed"] and "there is no ledger yet" in no_ledger["msg"]
    assert kept["changed"] and kept["record"]["sha256"] == DIGEST and kept["record"]["signed_by"] is None
    assert not again["changed"]
    assert unsigned["failed"] and "the scope of work is not signed" in unsigned["msg"] and "there is no questionnaire old" in unsigned["msg"]
    assert forged["failed"] and DIGEST in forged["msg"] and "Nothing was recorded" in forged["msg"]
    assert signed["changed"] and signed["record"]["signed_by"] == "Ada Lead" and not signed_again["changed"]
    assert lacking["failed"] and "scope of work" not in lacking["msg"] and "collect_information" in lacking["msg"]
    assert opened["open"]
    # A changed document is a new version, which nobody has signed.
    assert altered["changed"] and altered["record"]["signed_by"] is None
    assert reopened["failed"] and "not signed" in reopened["msg"]
    assert other["failed"] and "no longer matches" in other["msg"]
    records = {entry["kind"]: entry for entry in listed["records"]}
    assert records["scope_of_work"]["document"] == changed and records["questionnaire"]["summary"] == {"mailboxes": 36}
    assert records["questionnaire"]["sha256"] == hashlib.sha256(records["questionnaire"]["document"].encode()).hexdigest()


def test_gate_on_the_state_of_a_wave(pair, direct):
    client = pair.source.client("anna.berg")
    client.append("INBOX", b"Subject: one\r\n\r\n1\r\n")
    client.logout()
    pair.mailboxes = [{"name": "anna.berg", "wave": "first"}, {"name": "bo", "wave": "second"}]

    def gate(**mailboxes):
        return "migration_gate", pair.ledger_only(phase="cut_over", mailboxes=mailboxes), {"ignore_errors": True}

    _copied, first, second, everybody, _synced, synced, verified = direct([
        ("mailbox_copy", pair.options(wave="first")), gate(state="copied", wave="first"), gate(state="copied", wave="second"), gate(state="copied"),
        ("mailbox_sync", pair.options()), gate(state="synced"), gate(state="verified"),
    ])
    assert first["open"] and synced["open"]
    assert second["failed"] and "1 of 1 mailboxes are not copied, for example old/bo" in second["msg"] and "copy_mailboxes" in second["msg"]
    assert everybody["failed"] and "1 of 2 mailboxes" in everybody["msg"]
    assert verified["failed"] and "2 of 2 mailboxes are not verified" in verified["msg"]


def test_a_cut_over_that_was_made_brings_mail_that_came_late(pair, run_play, secrets):
    client = pair.source.client("anna.berg")
    mail.fill(client, "INBOX", 2)
    options = {"sources": [pair.source_option()], "target": pair.target_option(), "ledger": pair.ledger_options, "migration": "example",
               "wave": "default", "python": sys.executable}
    made = {"wave": "default"}
    first = [
        {"messaging.migration.mailbox_copy": pair.options()},
        {"messaging.migration.migration_record": pair.ledger_only(kind="cut_over", name="default", content=made, summary=made)},
    ]
    late = {"ansible.builtin.include_role": {"name": "messaging.migration.cut_over", "tasks_from": "late.yml"}}
    variables = {**secrets, **{f"cut_over_{name}": value for name, value in options.items()}}

    def run(*tasks, check=False):
        results = run_play(list(tasks), variables, check=check)
        assert not any(result["failed"] for result in results), results
        return {result["task"] for result in results if result["changed"]}

    run(*first)
    assert run(late) == set()
    # What is gone at the source stays at the target.
    client.select_folder("INBOX")
    client.delete_messages(client.search()[:1])
    client.expunge()
    mail.fill(client, "INBOX", 1, first=10)
    client.logout()
    assert run(late, check=True) and run(late) == {"Late | Bring what reached the source servers after the last pass"}
    assert pair.findings() == {"extra": 1}
    assert run(late) == set()
