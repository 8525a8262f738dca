#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_control_info
short_description: See what is ordered for source servers, and what holds them back
version_added: 0.1.0
description:
  - Returns for every source server of the ledger whether it runs, is paused or stopped, and how its live latency is.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
author:
  - the messaging.migration contributors (@messaging-migration)
"""

EXAMPLES = r"""
- name: What holds the copy back?
  messaging.migration.migration_control_info:
    migration: example
"""

RETURN = r"""
servers:
  description:
    - Every source server with its C(state) and the C(reason) of the order; C(back_off_seconds) for which it still wants to be left alone.
    - Where its latency is watched, C(ceiling) is what may be read in bytes per second, C(baseline_p95) the 95th percentile of the quiet server in
      seconds, C(latency_p95) that of late, and C(latency_budget) how many times C(baseline_p95) that may be. All are V(null) where it is not.
  returned: success
  type: list
  elements: dict
  sample:
    - server: exchange55
      state: running
      reason: ""
      back_off_seconds: 0.0
      ceiling: 4200000.0
      latency_budget: 1.25
      baseline_p95: 0.021
      latency_p95: 0.024
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.control import control_info
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(argument_spec=dict(LEDGER), supports_check_mode=True)
    run(module, lambda: control_info(module.params))


if __name__ == "__main__":
    main()
