#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirapoint_distribution_list
short_description: Make distribution lists on a Mirapoint appliance
version_added: 0.1.0
description:
  - Adds distribution lists (C(DL ADD)) and entries that they lack, by the administration protocol. Nothing is ever taken away.
  - All lists are asked for their entries first (C(DLENTRY LIST)). A list for which the appliance refuses that is taken as one that is not there;
    one that it then says to have already is left as it is.
  - One call takes thousands of lists, such as one of one entry for each further address of a user, and shows how far it is. It can be run again at any
    time, also after it was killed, and goes on with what is left.
  - That each line of the answer begins with the entry is inferred from the list of users.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._mirapoint
  - messaging.migration._mirapoint.switch
  - messaging.migration._mirapoint.report
attributes:
  check_mode:
    support: full
    details:
      - Logs in and asks for entries; sends no command that changes anything.
  diff_mode:
    support: full
    details:
      - The first 100 lists and entries.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  lists:
    description:
      - The lists that have to be there.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the list.
        type: str
        required: true
      entries:
        description:
          - Entries that have to be in it. Adding one needs V(list_entry_add) in O(unconfirmed_commands). Others that it has stay there, and are
            counted as RV(surplus).
        type: list
        elements: str
        default: []
  time_budget:
    description:
      - How long to work, in seconds; V(0) until everything is done. It ends after a list, never before 100 of them, and never before four times as long
        as asking for entries took.
    type: float
    default: 0
  connections:
    description:
      - By how many connections the appliance is asked for entries, since it works on one command at a time on each; changes go by one.
      - Fewer are used for few lists, and where the appliance refuses to let in more. How many one takes is not public.
    type: int
    default: 2
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since the module is called again each time.
    type: float
    default: 15
seealso:
  - module: messaging.migration.mirapoint_info
"""

EXAMPLES = r"""
- name: Make two lists
  messaging.migration.mirapoint_distribution_list:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    domain: example.com
    lists:
      - name: sales
        entries: [annaberg, partner@elsewhere.example]
      - name: everybody
    unconfirmed_commands: [list_entry_add]
"""

RETURN = r"""
lists_added:
  description: Lists added, or in check mode to be added.
  returned: success
  type: int
  sample: 2
entries_added:
  description: Entries added, or in check mode to be added.
  returned: success
  type: int
  sample: 2
surplus:
  description: Entries of the lists in O(lists) that are there and that O(lists) does not have; the report names them.
  returned: success
  type: int
  sample: 0
wanted:
  description: Lists in O(lists).
  returned: success
  type: int
  sample: 2
as_wanted:
  description: Of these, how many are there now with all entries; in check mode, would be.
  returned: success
  type: int
  sample: 2
refused:
  description: Lists, or lists with an entry, that the appliance refused, C(name) and C(reason). After 20 of them the module stops. It fails where there is one.
  returned: success
  type: list
  elements: dict
  sample: []
finished:
  description: Whether nothing is left to do.
  returned: success
  type: bool
  sample: true
progress:
  description: How far it is.
  returned: success
  type: list
  elements: dict
  sample: [{server: mirapoint.example.com, lists: 4000, lists_done: 1250, lists_per_second: 110.2, eta_seconds: 25.0}]
  contains:
    server:
      description: Name of the appliance.
      type: str
      returned: success
    lists:
      description: Lists in O(lists).
      type: int
      returned: success
    lists_done:
      description: Of these, how many are through, refused ones included.
      type: int
      returned: success
    lists_per_second:
      description: Lists brought up to date in a second.
      type: float
      returned: success
    eta_seconds:
      description: Seconds until the rest is done at this rate; V(null) while nothing is measured.
      type: float
      returned: success
report_path:
  description: File to which events are appended, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/lists.jsonl
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.mirapoint_lists import lists
from ..module_utils._mirapoint.appliance import LISTS, SERVER, SWITCH
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVER,
            **SWITCH,
            **LISTS,
            "time_budget": {"type": "float", "default": 0},
            "connections": {"type": "int", "default": 2},
            "progress_interval": {"type": "float", "default": 15},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    # What is handed back of thousands of lists is their number.
    params = dict(module.params)
    module.params["lists"] = len(params["lists"])
    run(module, lambda: lists(params, module.check_mode))


if __name__ == "__main__":
    main()
