#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirapoint_user
short_description: Make users on a Mirapoint appliance
version_added: 0.1.0
description:
  - Adds users by the administration protocol (C(USER ADD)), or deletes them.
  - It asks for the list of users first and sends commands only for those who lack, or with O(state=absent) for those who are there. So it can be run
    again at any time, also after it was killed, and goes on with what is left.
  - One call takes thousands of users and shows how far it is.
  - Names are compared as they are written. A user who is there is left as he is, or is refused where O(on_foreign) says so.
  - Passwords are set where a user is added, and never changed.
  - The mailbox with its quota and rights is the business of M(messaging.migration.imap_mailbox).
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._mirapoint
  - messaging.migration._mirapoint.page_size
  - messaging.migration._mirapoint.switch
  - messaging.migration._mirapoint.report
attributes:
  check_mode:
    support: full
    details:
      - Logs in and lists users; sends no command that changes anything.
  diff_mode:
    support: full
    details:
      - The first 100 users.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  users:
    description:
      - The users that have to be there, or not. Others are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the user.
        type: str
        required: true
      full_name:
        description:
          - Full name, for a user that is added. One who is there with another is left so and counted as RV(differing), see also O(on_foreign).
        type: str
        default: ""
      password:
        description: Password for a user that is added, who must have one.
        type: str
  state:
    description:
      - Whether the users have to be there.
      - V(absent) deletes them, with what that means for their mail on the appliance, and needs V(user_delete) in O(unconfirmed_commands).
    type: str
    default: present
    choices: [present, absent]
  on_foreign:
    description:
      - What to do where a user is there and is called otherwise, so that he seems to be another person. That is when each of both full names has a
        word that the other lacks; words with letters beyond ASCII tell nothing, since it is not public how an appliance keeps them.
      - With V(refuse) the user is refused. With V(adopt) he is taken for the same person and left as he is.
    type: str
    default: refuse
    choices: [refuse, adopt]
  time_budget:
    description:
      - How long to work, in seconds; V(0) until everything is done. It ends after a user, never before 100 of them, and never before four times as long
        as the list of users took.
    type: float
    default: 0
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since the module is called again each time.
    type: float
    default: 15
seealso:
  - module: messaging.migration.imap_mailbox
  - module: messaging.migration.mirapoint_info
"""

EXAMPLES = r"""
- name: Make the users
  messaging.migration.mirapoint_user:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
      ca_file: /etc/ssl/certs/mirapoint.pem
    domain: example.com
    users:
      - name: annaberg
        full_name: Anna Berg
        password: "{{ vault_anna_password }}"
      - name: bohansen
        full_name: Bo Hansen
        password: "{{ vault_bo_password }}"
    report_path: /var/lib/messaging_migration/users.jsonl

- name: Delete a test user
  messaging.migration.mirapoint_user:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    users:
      - name: migrationtest
    state: absent
    unconfirmed_commands: [user_delete]
"""

RETURN = r"""
added:
  description: Users added, or in check mode to be added.
  returned: success
  type: int
  sample: 2
deleted:
  description: Users deleted, or in check mode to be deleted.
  returned: success
  type: int
  sample: 0
wanted:
  description: Users in O(users).
  returned: success
  type: int
  sample: 2
as_wanted:
  description: Of these, how many are there now, or with O(state=absent) not there; in check mode, would be.
  returned: success
  type: int
  sample: 2
differing:
  description: Of these, how many were there before and have another full name; the report has their names.
  returned: success
  type: int
  sample: 0
refused:
  description:
    - Users that the appliance refused, C(name) and C(reason), or who are there as another person. After 20 of them the module stops. It fails where
      there is one.
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
  sample: [{server: mirapoint.example.com, users: 10000, users_done: 3120, users_per_second: 48.5, eta_seconds: 141.9}]
  contains:
    server:
      description: Name of the appliance.
      type: str
      returned: success
    users:
      description: Users in O(users).
      type: int
      returned: success
    users_done:
      description: Of these, how many are through, refused ones included.
      type: int
      returned: success
    users_per_second:
      description: Users added or deleted in a second.
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
  sample: /var/lib/messaging_migration/users.jsonl
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.mirapoint_users import users
from ..module_utils._mirapoint.appliance import PAGE_SIZE, SERVER, SWITCH, USERS
from ..module_utils._model.account_entry import ON_FOREIGN
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVER,
            **PAGE_SIZE,
            **SWITCH,
            **USERS,
            **ON_FOREIGN,
            "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
            "time_budget": {"type": "float", "default": 0},
            "progress_interval": {"type": "float", "default": 15},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    # Ansible looks for each secret in each option that it logs or hands back, which takes minutes with thousands of users. So `users` is declared
    # a secret as a whole, which is not logged, its passwords are what is taken out of results, and what is handed back of it is its length.
    params = dict(module.params)
    module.params["users"] = len(params["users"])
    module.no_log_values = {password for password in (params["server"]["password"], *(user["password"] for user in params["users"])) if password}
    run(module, lambda: users(params, module.check_mode))


if __name__ == "__main__":
    main()
