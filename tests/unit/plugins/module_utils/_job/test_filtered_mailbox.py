# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox of test_mailbox_pass.py, with a site's filter between that changes, leaves out and routes."""

from __future__ import annotations

import collections
from unittest import mock

from hypothesis import HealthCheck, settings

from ansible_collections.messaging.migration.plugins.module_utils._filter.verdict import CHANGE, LEAVE, ROUTE, SKIP, Verdict
from ansible_collections.messaging.migration.plugins.module_utils._job import mailbox_pass
from ansible_collections.messaging.migration.plugins.module_utils._ledger import exceptions, items, mailboxes
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils._job import test_mailbox_pass as unfiltered

# A folder that users make and rename, too.
ELSEWHERE = "Sent"
VERDICTS = {b"a": Verdict(CHANGE, "", b"A"), b"b": Verdict(SKIP, "not wanted"), b"c": Verdict(ROUTE, ELSEWHERE)}


class Pool:
    def run(self, asked, _stop):
        return [VERDICTS.get(item.content, Verdict(LEAVE)) for item in asked]


class FilteredMigration(unfiltered.Migration):
    def run_pass(self, pulse, withheld=()):
        with mock.patch.object(mailbox_pass, "open_filter", lambda *_: Pool()):
            super().run_pass(pulse, withheld)

    def sides_are_equal(self):
        known = items.folders(self.ledger, mailboxes.find(self.ledger, "s1", "anna").id)
        elsewhere = self.target_store.prefix + ELSEWHERE
        assert known.keys() == self.source_store.boxes.keys()
        assert {row.target_name for row in known.values()} | {"INBOX", elsewhere} == self.target_store.boxes.keys() | {elsewhere}
        wanted, left = collections.defaultdict(list), set()
        for name, box in self.source_store.boxes.items():
            assert self.target_store.boxes[known[name].target_name].subscribed == box.subscribed or known[name].target_name == elsewhere
            for uid, message in box.messages.items():
                verdict = VERDICTS.get(message.body, Verdict(LEAVE))
                if verdict.action == SKIP or len(message.body) > unfiltered.LIMIT:
                    left.add((name, uid))
                    continue
                at = elsewhere if verdict.action == ROUTE else known[name].target_name
                wanted[at].append((verdict.content or message.body, message.flags, message.internal_date))
        for name, box in self.target_store.boxes.items():
            assert box.mail() == sorted(wanted[name]), f"folder {name}"
        assert {(row.folder, row.source_uid) for row in exceptions.listed(self.ledger)} == left


FilteredMigration.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
TestFilteredMigration = FilteredMigration.TestCase
