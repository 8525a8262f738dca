#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirapoint_info
short_description: See what a Mirapoint appliance has
version_added: 0.1.0
description:
  - Logs in by the administration protocol and returns version, status of licenses and backup, users, and entries of distribution lists.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._mirapoint
  - messaging.migration._mirapoint.page_size
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  user_pattern:
    description:
      - Which users to return, as the appliance understands patterns; an empty one is for all. Without it none are.
    type: str
  most:
    description:
      - How many users, and how many entries of each list, to return at most.
    type: int
    default: 1000
  distribution_lists:
    description:
      - Distribution lists whose entries to return.
    type: list
    elements: str
    default: []
seealso:
  - module: messaging.migration.mirapoint_user
  - module: messaging.migration.mirapoint_distribution_list
"""

EXAMPLES = r"""
- name: See who is on the appliance
  messaging.migration.mirapoint_info:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    domain: example.com
    user_pattern: ""
    distribution_lists: [sales]
"""

RETURN = r"""
host:
  description: Name that the appliance gives itself in its greeting.
  returned: success
  type: str
  sample: mirapoint.example.com
admind_version:
  description: Version in the greeting.
  returned: success
  type: str
  sample: 4.4.4
version:
  description: Answer to C(VERSION), a string for each line; V(null) where it was refused.
  returned: success
  type: list
  elements: str
  sample: [4.4.4]
license_status:
  description: Answer to C(LICENSE STATUS), a string for each line; V(null) where it was refused.
  returned: success
  type: list
  elements: str
  sample: [User 10000]
backup_status:
  description: Answer to C(BACKUP STATUS), a string for each line; V(null) where it was refused.
  returned: success
  type: list
  elements: str
  sample: [Backup-10000 Done]
refused:
  description: What the appliance said where it refused one of these, by the name of the value.
  returned: success
  type: dict
  sample: {}
users:
  description: Users that O(user_pattern) matches.
  returned: success
  type: list
  elements: dict
  sample: [{name: annaberg, full_name: Anna Berg}]
  contains:
    name:
      description: Name of the user.
      type: str
      returned: success
    full_name:
      description: Full name.
      type: str
      returned: success
users_truncated:
  description: Whether there are more than O(most).
  returned: success
  type: bool
  sample: false
distribution_lists:
  description: The lists that were asked for.
  returned: success
  type: list
  elements: dict
  sample: [{name: sales, exists: true, entries: [annaberg, partner@elsewhere.example], entries_total: 2}]
  contains:
    name:
      description: Name of the list.
      type: str
      returned: success
    exists:
      description: Whether the appliance tells its entries.
      type: bool
      returned: success
    entries:
      description: Entries.
      type: list
      elements: str
      returned: success
    entries_total:
      description: How many entries it has.
      type: int
      returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.mirapoint_info import info
from ..module_utils._mirapoint.appliance import PAGE_SIZE, SERVER
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVER,
            **PAGE_SIZE,
            "user_pattern": {"type": "str"},
            "most": {"type": "int", "default": 1000},
            "distribution_lists": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    run(module, lambda: info(module.params))


if __name__ == "__main__":
    main()
