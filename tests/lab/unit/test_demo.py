# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a demonstration, which has to be bad whenever something is."""
from __future__ import annotations

import copy

import demo
import office
import pytest

ZERO = ("missing", "doubled", "altered", "misplaced", "flags_differ", "dates_differ", "subscriptions_differ", "folders_missing", "extra",
        "exceptions_open", "second_run_changed", "check_mode_mutations")
GOOD = {
    **dict.fromkeys(ZERO, 0), "audit_clean": True, "audit_findings": [],
    "source_servers": 4, "mailboxes": 46, "messages_at_source": 6000, "check_mode_commands_seen": 1,
    "items": {kind: {"source": 1, "missing": 0, "doubled": 0, "altered": 0} for kind in ("message", *office.KINDS)},
    "live_messages_sent": 9, "live_messages_at_target": 9, "mx_before": ["10 old."], "mx_after": ["10 mirapoint.example.test."],
    "addresses": {kind: {"sent": 2, "delivered": 2} for kind in ("alias", "list", "imceaex")},
    "provisioned": {"administration": 1, "directory": 1, "imap": 1}, "changes_seen": {**dict.fromkeys(demo.CHANGED, 1), "ews": 0},
}


def test_a_good_migration():
    assert demo.faults(GOOD) == []


@pytest.mark.parametrize(("place", "value", "said"), [
    (("addresses", "list", "delivered"), 1, "1 of 2 messages to addresses of kind list"),
    (("addresses", "imceaex"), {"sent": 0, "delivered": 0}, "0 of 0 messages to addresses of kind imceaex"),
    (("addresses", "alias"), {}, "0 of 0 messages to addresses of kind alias"),
    (("provisioned", "directory"), 0, "no account was made by way directory"),
    (("changes_seen", "active_directory"), 0, "nobody saw what the migration changed by active_directory"),
    (("changes_seen", "ews"), 1, "changed something by EWS"),
    (("live_messages_at_target",), 8, "8 of 9 live messages"),
    (("check_mode_mutations",), 1, "check_mode_mutations is 1"),
])
def test_a_bad_one(place, value, said):
    summary = copy.deepcopy(GOOD)
    inner = summary
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    [fault] = demo.faults(summary)
    assert said in fault


def test_what_the_audit_found_is_told():
    [fault] = demo.faults({**GOOD, "audit_clean": False, "audit_findings": [{"kind": "altered", "mailbox": "anna.berg", "message": "<1@example.test>"}]})
    assert "altered" in fault and "anna.berg" in fault and "<1@example.test>" in fault
