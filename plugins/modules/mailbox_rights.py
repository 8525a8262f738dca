#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_rights
short_description: Give users the rights in other users' folders that they had at the source
version_added: 0.1.0
description:
  - Reads folder permissions and delegates of mailboxes on Exchange by EWS, and gives the same rights at the target by IMAP (RFC 4314, or
    RFC 2086 where the server knows no more), as the folder's owner, or as the administrator where the owner may not.
  - Rights are given in folders of mail that are at the target, so mailboxes are copied first, and to users whose mailbox is in O(sources), by its
    name at the target. Nobody gets more than he had.
  - What can't be given is in the file O(report_path), for each user - rights in calendars, of everybody, of groups and of people without a mailbox at
    the target, seeing when a calendar is free, sending on behalf of somebody, and changing only what one wrote oneself.
  - The ledger keeps what was given. That is taken back when Exchange does not give it any more. Rights that others gave at the target stay, and
    what somebody took away there is not given again.
  - How users reach folders of others there is the business of the server and its clients.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._source.choice
  - messaging.migration._target
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Reads both sides and counts; mailboxes that were never copied are left out.
  diff_mode:
    support: full
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  name_template:
    description:
      - "How the administrator sees a user's mailbox, with C({mailbox}) and the server's C({separator}) in it."
    type: str
    default: "user{separator}{mailbox}"
  aliases:
    description:
      - Further SMTP addresses of mailboxes, by which permissions may name their users.
    type: list
    elements: dict
    default: []
    suboptions:
      mailbox:
        description: Name of the mailbox in O(sources).
        type: str
        required: true
      addresses:
        description: Its addresses beyond the one by which it is opened.
        type: list
        elements: str
        required: true
  workers:
    description:
      - Mailboxes that are worked on at once, each in a process of its own. No more than the windows of their source servers allow connections.
      - At each source server the first mailbox is tried alone, so that a wrong password costs one attempt.
    type: int
    default: 2
  report_path:
    description:
      - File on this host that gets rights and what was lost, for each user, as JSON. Not written in check mode.
    type: path
seealso:
  - module: messaging.migration.mailbox_copy
  - module: messaging.migration.mailbox_rules
"""

EXAMPLES = r"""
- name: Give all users the rights that they had
  messaging.migration.mailbox_rights:
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    target: "{{ hostvars[groups['target_servers'][0]].target_server }}"
    migration: example
    report_path: /var/lib/messaging_migration/rights.json
"""

RETURN = r"""
mailboxes:
  description: Mailboxes whose permissions are done.
  returned: success
  type: int
  sample: 36
not_readable:
  description: Mailboxes whose permissions cannot be read, those on source servers that are not read by EWS.
  returned: success
  type: int
  sample: 2
given:
  description: How often a user was given rights in a folder.
  returned: success
  type: int
  sample: 14
taken_back:
  description: How often rights that this module had given were taken back, as they are at the source.
  returned: success
  type: int
  sample: 0
unchanged:
  description: How often a user had the rights in a folder that he should have.
  returned: success
  type: int
  sample: 3
kept:
  description: How often rights were not given again, since somebody took them away at the target.
  returned: success
  type: int
  sample: 0
lost:
  description: Permissions, or parts of them, that the target has no rights for; RV(report_path) says which.
  returned: success
  type: int
  sample: 9
diff:
  description: Rights that changed, or would in check mode.
  returned: success
  type: dict
  sample:
    before: "annaberg Projects bohansen: \n"
    after: "annaberg Projects bohansen: lrs\n"
failures:
  description: The first 20 mailboxes that failed, with the reason.
  returned: success
  type: list
  elements: dict
  sample: []
report_path:
  description: File with rights and what was lost for each user, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/rights.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.rights import rights
from ..module_utils._options import ALIASES, LEDGER, choice, sources, target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **choice(),
            **target(),
            **LEDGER,
            **ALIASES,
            "name_template": {"type": "str", "default": "user{separator}{mailbox}"},
            "workers": {"type": "int", "default": 2},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: rights(module.params, module.check_mode))


if __name__ == "__main__":
    main()
