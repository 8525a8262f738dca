#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: imap_mailbox
short_description: Make mailboxes on the target server
version_added: 0.1.0
description:
  - Logs in as the target's administrator by IMAP, creates mailboxes, gives the administrator the rights to write into them
    (RFC 4314), and sets quotas (RFC 9208).
  - A mailbox that is there, such as one that came with its user, is kept; the administrator gets the rights that he lacks there.
  - One call takes thousands of mailboxes and shows how far it is. It can be run again at any time, also after it was killed.
  - Mailboxes are never deleted.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._target
attributes:
  check_mode:
    support: full
    details:
      - Only lists.
  diff_mode:
    support: full
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  mailboxes:
    description:
      - The mailboxes that have to be there.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the mailbox's owner.
        type: str
        required: true
      quota_mb:
        description: Quota in MB (1024 KiB). Default is that of O(target.quota_mb); V(0) leaves the quota alone.
        type: int
  name_template:
    description:
      - "How the administrator sees a user's mailbox, with C({mailbox}) and the server's C({separator}) in it."
    type: str
    default: "user{separator}{mailbox}"
  ledger:
    description:
      - The database of record of the migration. With it, quotas that M(messaging.migration.mailbox_quota) has raised are left until they are restored.
    type: dict
    suboptions:
      url:
        description: SQLAlchemy URL of the database, without a password.
        type: str
        default: sqlite:////var/lib/messaging_migration/ledger.sqlite
      password:
        description:
          - Password for the database. Default is the environment variable E(MIGRATION_LEDGER_PASSWORD).
        type: str
  migration:
    description:
      - Name of the migration to which O(ledger) belongs.
    type: str
  time_budget:
    description:
      - How long to work, in seconds; V(0) until everything is done. It ends when some more mailboxes are through.
    type: float
    default: 0
  first:
    description:
      - How many of O(mailboxes) are passed over, such as those with which an earlier call was RV(through).
    type: int
    default: 0
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since the module is called again each time,
        for the mailboxes that are left.
    type: float
    default: 15
seealso:
  - module: messaging.migration.mailbox_info
  - module: messaging.migration.mailbox_quota
"""

EXAMPLES = r"""
- name: Make two mailboxes
  messaging.migration.imap_mailbox:
    target:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    mailboxes:
      - name: annaberg
        quota_mb: 500
      - name: bohansen
"""

RETURN = r"""
created:
  description: Mailboxes created.
  returned: success
  type: int
  sample: 2
rights_given:
  description: Mailboxes that were there, and in which the administrator was given rights.
  returned: success
  type: int
  sample: 0
quota_set:
  description: Mailboxes whose quota was set.
  returned: success
  type: int
  sample: 1
unchanged:
  description: Mailboxes that were as they should be.
  returned: success
  type: int
  sample: 0
wanted:
  description: Mailboxes in O(mailboxes).
  returned: success
  type: int
  sample: 2
through:
  description: How many of them are as they should be by now, those that O(first) passed over included.
  returned: success
  type: int
  sample: 2
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
  sample: [{server: mirapoint.example.com, mailboxes: 10000, mailboxes_done: 3150, mailboxes_per_second: 210.4, eta_seconds: 32.6}]
  contains:
    server:
      description: Name of the target server.
      type: str
      returned: success
    mailboxes:
      description: Mailboxes in O(mailboxes).
      type: int
      returned: success
    mailboxes_done:
      description: Of these, how many are through.
      type: int
      returned: success
    mailboxes_per_second:
      description: Mailboxes looked at, and made where they lacked, in a second.
      type: float
      returned: success
    eta_seconds:
      description: Seconds until the rest is done at this rate; V(null) while nothing is measured.
      type: float
      returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.accounts import imap_mailbox
from ..module_utils._options import LEDGER, target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **target(),
            "mailboxes": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"name": {"type": "str", "required": True}, "quota_mb": {"type": "int"}},
            },
            "name_template": {"type": "str", "default": "user{separator}{mailbox}"},
            "ledger": {"type": "dict", "options": LEDGER["ledger"]["options"]},
            "migration": {"type": "str"},
            "time_budget": {"type": "float", "default": 0},
            "first": {"type": "int", "default": 0},
            "progress_interval": {"type": "float", "default": 15},
        },
        required_by={"ledger": ("migration",)},
        supports_check_mode=True,
    )
    # What is handed back of thousands of mailboxes is their number.
    params = dict(module.params)
    module.params["mailboxes"] = len(params["mailboxes"])
    run(module, lambda: imap_mailbox(params, module.check_mode))


if __name__ == "__main__":
    main()
