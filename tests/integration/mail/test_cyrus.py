# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A target that is no Dovecot: other names for folders, stricter with messages, accounts and quota made by its administrator."""

from __future__ import annotations

import pytest
from lab import hard_cases
from servers import mail

FOLDERS = ["Projects", "Projects/Alpha", "Projects/Alpha/2019", "Ünïcödé 日本", "Q3.Report v1.0", "R&D (old)", "Hard cases"]


@pytest.fixture
def onto_cyrus(pair, servers, secrets):
    pair.target = servers.cyrus()
    pair.target_port = pair.target.port
    secrets["target_password"] = pair.target.password
    client = pair.source.client("anna.berg")
    for folder in FOLDERS:
        client.create_folder(folder)
    client.subscribe_folder("Projects/Alpha/2019")
    mail.fill(client, "INBOX", 120)
    mail.fill(client, "Projects/Alpha", 15)
    for case in hard_cases.hard_cases():
        mail.append(client, "Hard cases", case)
    client.logout()
    return pair


def accounts(pair, quota_mb):
    return "imap_mailbox", {"target": pair.target_option(), "mailboxes": [{"name": "anna", "quota_mb": quota_mb}]}


def test_mailboxes_step_by_step(onto_cyrus, play):
    """A step ends after some of them, and the next one begins there; by default all steps are made, and what they did adds up."""
    wanted = {"target": onto_cyrus.target_option(), "mailboxes": [{"name": f"u{number}", "quota_mb": 1} for number in range(120)]}
    bad = {**wanted, "mailboxes": [*wanted["mailboxes"][:2], {"name": "x" * 5000}, {"name": "later"}]}
    first, second, rest, again, refused = play([
        ("imap_mailbox", {**wanted, "time_budget": 0.001}), ("imap_mailbox", {**wanted, "time_budget": 0.001, "first": 50}),
        ("imap_mailbox", {**wanted, "progress_interval": 0.001}), ("imap_mailbox", wanted), ("imap_mailbox", bad, {"ignore_errors": True}),
    ])
    assert refused["failed"] and "2 of 4 mailboxes are as they should be; they stay." in refused["msg"]
    assert [(step["created"], step["through"], step["finished"]) for step in (first, second)] == [(50, 50, False), (50, 100, False)]
    assert [(row["mailboxes"], row["mailboxes_done"]) for row in second["progress"]] == [(120, 100)] and second["progress"][0]["eta_seconds"] > 0
    assert (rest["created"], rest["quota_set"], rest["unchanged"], rest["through"], rest["finished"]) == (20, 20, 100, 120, True)
    assert (again["changed"], again["unchanged"], again["wanted"], again["invocation"]["module_args"]["mailboxes"]) == (False, 120, 120, 120)


def test_whole_way(onto_cyrus, play):
    [planned] = play([accounts(onto_cyrus, 1)], check=True)
    refused = [{"server": "old", "mailbox": "anna.berg", "folder": "Hard cases", "reason": "refused_by_target"}]
    made, again, full, approved = play([
        accounts(onto_cyrus, 1), accounts(onto_cyrus, 1), ("mailbox_copy", onto_cyrus.options(), {"ignore_errors": True}),
        ("mailbox_exception", onto_cyrus.ledger_only(exceptions=refused, approved_by="Ada Lead")),
    ])
    assert planned["changed"] and (planned["created"], planned["quota_set"]) == (1, 1)
    assert made["changed"] and (made["created"], made["quota_set"]) == (1, 1)
    assert not again["changed"] and again["unchanged"] == 1
    cases = hard_cases.hard_cases()
    left_behind = sum(case.refused for case in cases)
    assert full["failed"] and full["messages"] == 120 + 15 + len(cases) - left_behind, full
    assert full["exceptions_open"] == approved["approved"] == left_behind > 0

    client = onto_cyrus.source.client("anna.berg")
    mail.fill(client, "Projects", 20, size=100_000)
    client.select_folder("INBOX")
    client.add_flags([1, 2, 3], [b"\\Flagged", b"$Forwarded"])
    client.move(list(range(20, 30)), "Projects/Alpha")
    client.delete_messages([40, 41])
    client.expunge()
    client.unselect_folder()
    client.rename_folder("Projects/Alpha/2019", "Projects/Alpha/2020")
    client.delete_folder("R&D (old)")
    client.logout()
    over, raised, synced, quiet, verified = play([
        ("mailbox_sync", onto_cyrus.options(), {"ignore_errors": True}), accounts(onto_cyrus, 50),
        ("mailbox_sync", onto_cyrus.options()), ("mailbox_sync", onto_cyrus.options()), ("mailbox_verify", onto_cyrus.options()),
    ])
    assert over["failed"] and "quota" in over["msg"].lower() and over["exceptions_open"] == 0
    assert raised["changed"] and raised["quota_set"] == 1 and raised["created"] == 0
    assert not synced["failed"] and not quiet["changed"]
    assert verified["perfect"] == 1 and verified["approved"] == left_behind
    assert onto_cyrus.findings() == {"missing": left_behind}


@pytest.mark.parametrize("verb", ["CREATE", "RENAME"])
def test_killed_before_it_heard_of_a_folder_that_goes_again(onto_cyrus, module, relay, verb):
    onto_cyrus.source_password, onto_cyrus.target_password = onto_cyrus.source.password, onto_cyrus.target.password
    client = onto_cyrus.source.client("anna.berg")
    client.delete_folder("Hard cases")
    made, copied = module(*accounts(onto_cyrus, 50)), module("mailbox_copy", onto_cyrus.options())
    assert made["created"] == 1 and copied["messages"] == 135
    if verb == "CREATE":
        client.create_folder("Projects/Omega")
    else:
        client.rename_folder("Projects/Alpha", "Projects/Omega")
    before_target = relay(onto_cyrus.target)
    before_target.hold_answer(verb)
    direct, onto_cyrus.target_port = onto_cyrus.target_port, before_target.port
    run = module.start("mailbox_sync", onto_cyrus.options(lease_seconds=1))
    assert before_target.holding.wait(60)
    assert run.kill()
    onto_cyrus.target_port = direct
    for name in ["Projects/Omega"] if verb == "CREATE" else ["Projects/Omega/2019", "Projects/Omega"]:
        client.delete_folder(name)
    client.logout()
    synced, quiet = module("mailbox_sync", onto_cyrus.options()), module("mailbox_sync", onto_cyrus.options())
    assert not synced["failed"] and not quiet["failed"] and not quiet["changed"], (synced, quiet)
    assert onto_cyrus.findings() == {}
