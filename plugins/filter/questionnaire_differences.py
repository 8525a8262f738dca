# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: questionnaire_differences
short_description: What a questionnaire states of a source server, and what discovery found there
version_added: 0.1.0
author:
  - the messaging.migration contributors (@messaging-migration)
description:
  - Compares a questionnaire with the summary of a record C(discovery), as M(messaging.migration.mailbox_discover) does when it looks. Role approve_scope
    writes the differences into the scope of work.
options:
  _input:
    description: Summary of the server's record C(discovery). An empty one is no difference.
    type: dict
    required: true
  stated:
    description: The questionnaire. What it leaves out is no difference.
    type: dict
    required: true
seealso:
  - module: messaging.migration.mailbox_discover
  - module: messaging.migration.migration_record_info
"""

EXAMPLES = r"""
- name: Show what differs on one server
  ansible.builtin.debug:
    msg: "{{ discovery.records[0].summary | messaging.migration.questionnaire_differences({'version': '2003', 'mailboxes': 14}) }}"
"""

RETURN = r"""
_value:
  description: The differences, each with C(server), C(field), C(stated) and C(found).
  type: list
  elements: dict
"""

from ansible_collections.messaging.migration.plugins.module_utils._model.questionnaire import differences


class FilterModule:
    def filters(self):
        return {"questionnaire_differences": lambda found, stated: differences(stated, found) if found else []}
