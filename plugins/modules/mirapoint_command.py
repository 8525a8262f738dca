#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirapoint_command
short_description: Send a command to a Mirapoint appliance
version_added: 0.1.0
description:
  - Sends one command of the administration protocol, for what this collection has no module for.
  - C(LOGIN) and C(LOGOUT) are sent by the module itself. C(EVENT WATCH), which never ends, is refused.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._mirapoint
attributes:
  check_mode:
    support: full
    details:
      - Logs in; sends the command only with O(reads=true), and else reports a change.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - As far as the appliance says what O(unchanged) expects.
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  command:
    description:
      - The command, a word or argument each. Quotes and literals are made where they are needed.
      - "A word that is C({name}) is replaced by the secret of that name in O(secrets)."
    type: list
    elements: str
    required: true
  secrets:
    description:
      - Arguments that appear in no result, log or error, by name.
    type: dict
  reads:
    description:
      - Whether the command only reads. Such a one is sent in check mode as well, and never reports a change.
    type: bool
    default: false
  changed:
    description:
      - Regular expressions. Where there are some, only an answer in which one is found is a change. Default is that each OK is.
      - As with the others, they are looked for in the lines of the answer, fields separated by blanks, and in what follows OK or NO.
    type: list
    elements: str
    default: []
  unchanged:
    description:
      - Regular expressions. An answer in which one is found is neither a change nor a failure, also after NO.
    type: list
    elements: str
    default: ["(?i)already exists"]
  failed:
    description:
      - Regular expressions. An answer in which one is found is a failure, also after OK.
    type: list
    elements: str
    default: []
  most:
    description:
      - How many lines of the answer to return at most.
    type: int
    default: 1000
"""

EXAMPLES = r"""
- name: Look at the licenses
  messaging.migration.mirapoint_command:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    command: [LICENSE, STATUS]
    reads: true

- name: Try how a user is added
  messaging.migration.mirapoint_command:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    command: [USER, ADD, migrationtest, "{password}", Migration test]
    secrets:
      password: "{{ vault_test_password }}"
"""

RETURN = r"""
sent:
  description: Whether the command was sent.
  returned: success
  type: bool
  sample: true
ok:
  description: Whether the answer was OK; V(null) where nothing was sent.
  returned: success
  type: bool
  sample: true
text:
  description: What follows OK or NO.
  returned: success
  type: str
  sample: ""
lines:
  description: Lines of the answer, each a list of its fields.
  returned: success
  type: list
  elements: list
  sample: [[User, "10000"]]
lines_total:
  description: How many lines the answer has.
  returned: success
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.mirapoint_command import command
from ..module_utils._mirapoint.appliance import SERVER
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVER,
            "command": {"type": "list", "elements": "str", "required": True},
            "secrets": {"type": "dict", "no_log": True},
            "reads": {"type": "bool", "default": False},
            "changed": {"type": "list", "elements": "str", "default": []},
            "unchanged": {"type": "list", "elements": "str", "default": ["(?i)already exists"]},
            "failed": {"type": "list", "elements": "str", "default": []},
            "most": {"type": "int", "default": 1000},
        },
        supports_check_mode=True,
    )
    run(module, lambda: command(module.params, module.check_mode))


if __name__ == "__main__":
    main()
