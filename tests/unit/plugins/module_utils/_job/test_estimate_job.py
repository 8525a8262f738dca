# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.messaging.migration.plugins.module_utils._job.estimate import estimate
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, records
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes


def test_a_server_that_left_the_inventory_does_not_count(tmp_path):
    ledger = opened(tmp_path)
    [anna] = with_mailboxes(ledger, "anna", test=True)
    mailboxes.set_values(ledger, anna.id, copied_at=1.0)
    with ledger.write() as connection:
        connection.execute(ledger.tables.passes.insert().values(
            mailbox_id=anna.id, kind="copy", round="r1", worker="w1", started_at=1.0, seconds=2.0, messages=10, bytes=1000,
        ))
    for name, messages in (("s1", 100), ("dropped", 900)):
        totals = {"messages": messages, "bytes": 100 * messages, "largest_mailbox_bytes": 50}
        records.add(ledger, "discovery", name, records.canonical({"totals": totals}), {})

    def estimated(**more):
        return estimate({"ledger": options(tmp_path), "migration": MIGRATION, "workers": 2, **more})["messages"]

    named, emptied = ({"name": name, "host": "h", "mailboxes": boxes} for name, boxes in (("s1", [{"name": "anna"}]), ("dropped", [])))
    assert estimated(sources=[named]) == 100 == estimated(sources=[named, emptied]) and estimated() == 1000
    sources = [{"name": "s1", "host": "s1.test", "mailboxes": [{"name": "anna"}]}, {"name": "dropped", "host": "dropped.test", "mailboxes": []}]
    assert estimated(sources=sources) == 100
