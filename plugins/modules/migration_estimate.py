#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_estimate
short_description: Estimate how long the whole copy takes, from measured test mailboxes
version_added: 0.1.0
description:
  - Takes the rates that the copies of the test users' mailboxes reached, and the amounts that discovery recorded.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  workers:
    description:
      - Worker processes of all stations together that will copy.
    type: int
    default: 2
"""

EXAMPLES = r"""
- name: Estimate with two stations of four workers
  messaging.migration.migration_estimate:
    migration: example
    workers: 8
"""

RETURN = r"""
measured_mailboxes:
  description: Test mailboxes that the estimate rests on.
  returned: success
  type: int
  sample: 6
messages:
  description: Messages to move.
  returned: success
  type: int
  sample: 6046
bytes:
  description: Bytes to move.
  returned: success
  type: int
  sample: 32512004
largest_mailbox_bytes:
  description: Bytes of the largest mailbox, which one worker moves.
  returned: success
  type: int
  sample: 28201004
messages_per_second:
  description: Expected rate of all workers in messages per second.
  returned: success
  type: float
  sample: 610.2
bytes_per_second:
  description: Expected rate of all workers in bytes per second.
  returned: success
  type: float
  sample: 3300120.5
workers:
  description: Workers reckoned with.
  returned: success
  type: int
  sample: 2
hours:
  description: Hours of copying - C(likely) at the mean rate, C(low) and C(high) at the rates of the fastest and slowest test mailbox.
  returned: success
  type: dict
  sample: {low: 0.002, likely: 0.003, high: 0.008}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.estimate import estimate
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(argument_spec={**LEDGER, "workers": {"type": "int", "default": 2}}, supports_check_mode=True)
    run(module, lambda: estimate(module.params, module.check_mode))


if __name__ == "__main__":
    main()
