# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.messaging.migration.plugins.filter.questionnaire_differences import FilterModule

FOUND = {"name": "s1", "product": "Dovecot", "version": "", "mailboxes": 2, "bytes": 0, "largest_mailbox_bytes": 0, "unreachable": 0}


def test_of_a_records_summary():
    compared = FilterModule().filters()["questionnaire_differences"]
    assert compared(FOUND, {"mailboxes": 3, "product": "Dovecot"}) == [{"server": "s1", "field": "mailboxes", "stated": 3, "found": 2}]
    assert compared({}, {"mailboxes": 3}) == []
