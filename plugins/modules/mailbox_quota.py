#!/usr/bin/python
# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_quota
short_description: Raise quotas at the target while mail is copied, and restore them
version_added: 0.1.0
description:
  - A first copy, and whatever comes before deletions are brought, may take more than a mailbox may hold in the end. So this module raises quotas before
    mail is copied, by IMAP as the target's administrator (RFC 9208), and restores them when the mailbox is cut over.
  - The ledger has what each quota was, from before it is touched. It can be killed and run again at any time.
  - A quota is never lowered by O(state=raised). One that is larger, or absent, is left, and so is one that was restored already.
  - What somebody else changed meanwhile is left, and counted as RV(foreign).
  - Only limits of what messages take (C(STORAGE)) are changed, and only those of a mailbox's own root; those of other resources stay.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._target
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Only reads. How much a mailbox without any limit takes is not known then, so RV(over) may be more in the end.
  diff_mode:
    support: full
    details:
      - The first 100 mailboxes.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  mailboxes:
    description:
      - The mailboxes whose quotas are meant.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the mailbox's owner at the target.
        type: str
        required: true
      quota_mb:
        description:
          - Quota in MB (1024 KiB) that it gets with O(state=restored). Default is that of O(target.quota_mb); V(0) for what it was before.
        type: int
  state:
    description:
      - What to do.
      - V(restored) does so for those that were raised. One that has more in it by now than it may is left as it is, and counted as RV(over), since
        nobody could write to its user any more. Mirapoint then has senders wait for some five days, or refuses their mail, or takes only what goes into
        the inbox, as its policy says.
    type: str
    required: true
    choices: [raised, restored]
  quota_mb:
    description:
      - Quota in MB to which others are raised, V(0) for none at all. Required with O(state=raised).
    type: int
  force:
    description:
      - Whether O(state=restored) is for mailboxes too that have more in them than they may.
    type: bool
    default: false
  name_template:
    description:
      - "How the administrator sees a user's mailbox, with C({mailbox}) and the server's C({separator}) in it."
    type: str
    default: "user{separator}{mailbox}"
  report_path:
    description:
      - File on this host that gets those that were left, as JSON. Not written in check mode.
    type: path
seealso:
  - module: messaging.migration.imap_mailbox
"""

EXAMPLES = r"""
- name: Make room for what is copied
  messaging.migration.mailbox_quota:
    target:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    migration: example
    mailboxes:
      - name: annaberg
      - name: bohansen
    state: raised
    quota_mb: 4000

- name: Restore what was, or was planned
  messaging.migration.mailbox_quota:
    target:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    migration: example
    mailboxes:
      - name: annaberg
        quota_mb: 500
      - name: bohansen
    state: restored
    report_path: /var/lib/messaging_migration/quotas.json
"""

RETURN = r"""
raised:
  description: Mailboxes whose quota was raised.
  returned: success
  type: int
  sample: 2
restored:
  description: Mailboxes whose quota was restored.
  returned: success
  type: int
  sample: 0
as_wanted:
  description: Mailboxes with which nothing was to be done.
  returned: success
  type: int
  sample: 0
foreign:
  description: Mailboxes whose quota somebody else has changed since it was raised; they were left.
  returned: success
  type: int
  sample: 0
over:
  description: Mailboxes that have more in them than they may, and were left as they are.
  returned: success
  type: int
  sample: 0
not_found:
  description: Mailboxes that the target does not have.
  returned: success
  type: int
  sample: 0
refused:
  description: Mailboxes whose quota the target did not let be set, C(mailbox) and C(reason). After 20 of them the module stops. It fails where there is one.
  returned: success
  type: list
  elements: dict
  sample: []
diff:
  description: Quotas that changed, or would in check mode.
  returned: success
  type: dict
  sample:
    before: "annaberg: quota 512000 KiB\n"
    after: "annaberg: quota 4096000 KiB\n"
report_path:
  description: File with the mailboxes that were left, C(foreign), C(over), C(not_found) and C(refused); V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/quotas.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.quotas import mailbox_quota
from ..module_utils._options import LEDGER, target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **target(),
            **LEDGER,
            "mailboxes": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"name": {"type": "str", "required": True}, "quota_mb": {"type": "int"}},
            },
            "state": {"type": "str", "required": True, "choices": ["raised", "restored"]},
            "quota_mb": {"type": "int"},
            "force": {"type": "bool", "default": False},
            "name_template": {"type": "str", "default": "user{separator}{mailbox}"},
            "report_path": {"type": "path"},
        },
        required_if=[("state", "raised", ("quota_mb",))],
        supports_check_mode=True,
    )
    run(module, lambda: mailbox_quota(module.params, module.check_mode))


if __name__ == "__main__":
    main()
