#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_gate
short_description: Let a phase start only when earlier ones have left what it needs
version_added: 0.1.0
description:
  - Fails unless the ledger holds the required records and the mailboxes have reached the required state. All that is missing is named at once,
    with the playbook that provides it.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  phase:
    description:
      - Name of the phase that wants to start, for the message.
    type: str
    required: true
  require:
    description:
      - Records that must be there.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Kind of the record.
        type: str
        required: true
        choices:
          [questionnaire, discovery, scope_of_work, environment, login_form, estimate, copy, sync, rules, rights, cut_over_plan, mx_before,
           cut_over, roll_back]
      name:
        description: Name of the record.
        type: str
        default: ""
      signed:
        description: Whether it must be signed.
        type: bool
        default: false
      sha256:
        description: SHA-256 that the recorded document must have, for example that of the document as it would be written now.
        type: str
  mailboxes:
    description:
      - State that mailboxes must have reached.
    type: dict
    suboptions:
      state:
        description: The state.
        type: str
        required: true
        choices: [copied, synced, verified]
      wave:
        description: Only mailboxes of this wave.
        type: str
      only:
        description:
          - Only these mailboxes, each as C(server/mailbox), so that those of the inventory count and no others. One that the ledger does not know has not
            reached the state.
        type: list
        elements: str
      approved_exceptions_ok:
        description: Whether exceptions that were approved by name are no obstacle. Open ones always are.
        type: bool
        default: true
"""

EXAMPLES = r"""
- name: Copy only what was approved
  messaging.migration.migration_gate:
    migration: example
    phase: copy_mailboxes
    require:
      - kind: scope_of_work
        signed: true
      - kind: estimate
"""

RETURN = r"""
open:
  description: Always V(true); a closed gate fails.
  returned: success
  type: bool
  sample: true
missing:
  description: What is missing, each in words.
  returned: failure
  type: list
  elements: str
  sample: ["the scope of work is not signed (run messaging.migration.approve_scope with its signature)"]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.gate import REACHED, gate
from ..module_utils._ledger.records import KINDS
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    record = {
        "kind": {"type": "str", "required": True, "choices": list(KINDS)},
        "name": {"type": "str", "default": ""},
        "signed": {"type": "bool", "default": False},
        "sha256": {"type": "str"},
    }
    mailboxes = {
        "state": {"type": "str", "required": True, "choices": list(REACHED)},
        "wave": {"type": "str"},
        "only": {"type": "list", "elements": "str"},
        "approved_exceptions_ok": {"type": "bool", "default": True},
    }
    module = AnsibleModule(
        argument_spec={
            **LEDGER,
            "phase": {"type": "str", "required": True},
            "require": {"type": "list", "elements": "dict", "default": [], "options": record},
            "mailboxes": {"type": "dict", "options": mailboxes},
        },
        supports_check_mode=True,
    )
    run(module, lambda: gate(module.params))


if __name__ == "__main__":
    main()
