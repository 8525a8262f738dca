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
  - With O(sources) no source server is reckoned to let more mailboxes be worked on, or more be read in a second, than it allows, and the time
    during which its windows are closed counts for when it ends. With several it takes as long as the one that takes longest, or as all workers
    together need for all.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
  - messaging.migration._source
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  workers:
    description:
      - Worker processes of all stations together that will copy.
    type: int
    default: 2
  sources:
    description:
      - The source servers, whose limits and windows then hold; what was discovered of others is left out. None of them is logged in to.
      - Without it, all workers are reckoned to work at their full speed at any time.
    required: false
"""

EXAMPLES = r"""
- name: Estimate with two stations of four workers
  messaging.migration.migration_estimate:
    migration: example
    workers: 8
    sources:
      - name: exchange55
        host: exchange55.example.com
        admin: migadmin
        password: "{{ vault_source_password }}"
        connections: 4
        windows:
          - from: '20:00'
            to: '06:00'
            timezone: Europe/Berlin
            connections: 8
            bytes_per_second: 20000000
        mailboxes:
          - name: anna.berg
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
  description: Expected rate of all workers in messages per second; where windows differ, in the widest of each server.
  returned: success
  type: float
  sample: 610.2
bytes_per_second:
  description: Expected rate of all workers in bytes per second, likewise.
  returned: success
  type: float
  sample: 3300120.5
workers:
  description: Workers reckoned with; with O(sources) no more than the servers let work at the same time.
  returned: success
  type: int
  sample: 2
hours:
  description:
    - Hours of copying, without those in which windows are closed - C(likely) at the mean rate, C(low) and C(high) at the rates of the fastest and
      slowest test mailbox.
  returned: success
  type: dict
  sample: {low: 0.002, likely: 0.003, high: 0.008}
elapsed_hours:
  description: Hours from now to RV(ends_at), with those in which windows are closed; null where it takes longer than about two years.
  returned: when O(sources) is given
  type: dict
  sample: {low: 20.5, likely: 39.25, high: 86.0}
ends_at:
  description: When the copy ends at the earliest if it begins now, by the calendar of windows, in UTC; null where it takes longer than about two years.
  returned: when O(sources) is given
  type: dict
  sample: {low: "2026-03-02T03:30:00Z", likely: "2026-03-02T22:15:00Z", high: "2026-03-04T21:00:00Z"}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.estimate import estimate
from ..module_utils._options import LEDGER, sources
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **LEDGER, "workers": {"type": "int", "default": 2},
            "sources": {**sources()["sources"], "required": False},
        },
        supports_check_mode=True,
    )
    run(module, lambda: estimate(module.params, module.check_mode))


if __name__ == "__main__":
    main()
