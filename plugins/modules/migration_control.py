#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_control
short_description: Pause, resume or stop what is being copied
version_added: 0.1.0
description:
  - Writes an order into the ledger, which the workers of all stations obey within seconds. A pass is ended cleanly, with nothing lost and
    nothing doubled, and goes on where it was.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  state:
    description:
      - V(running) lifts the order that was given before.
      - V(paused) lets modules wait until they may go on.
      - V(stopped) lets modules end, with C(finished) false. Those that are started later end at once, until the order is lifted.
    type: str
    required: true
    choices: [running, paused, stopped]
  server:
    description:
      - Name of the source server for which the order is. It holds whatever is ordered for the others.
      - Default is all of them, in place of what was ordered for single ones.
    type: str
  reason:
    description:
      - Why, for whoever reads the report.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Leave exchange55 alone while its store is repaired
  messaging.migration.migration_control:
    migration: example
    server: exchange55
    state: paused
    reason: The store is being repaired

- name: Go on everywhere
  messaging.migration.migration_control:
    migration: example
    state: running
"""

RETURN = r"""
servers:
  description: Every source server of the ledger with its C(state) and C(reason).
  returned: success
  type: list
  elements: dict
  sample:
    - server: exchange55
      state: paused
      reason: The store is being repaired
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.control import control
from ..module_utils._job.orders import STATES
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **LEDGER,
            "state": {"type": "str", "required": True, "choices": list(STATES)},
            "server": {"type": "str"},
            "reason": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    run(module, lambda: control(module.params, module.check_mode))


if __name__ == "__main__":
    main()
