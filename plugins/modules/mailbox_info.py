#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_info
short_description: See what mailboxes hold
version_added: 0.1.0
description:
  - Opens mailboxes read-only and counts their folders, messages and bytes.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._source.choice
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  workers:
    description:
      - Mailboxes that are looked at side by side.
    type: int
    default: 4
  report_path:
    description:
      - File on this host that gets every mailbox as JSON - folders, messages, bytes, folder names that may need care.
    type: path
"""

EXAMPLES = r"""
- name: Count what one mailbox holds
  messaging.migration.mailbox_info:
    sources:
      - host: mail.old.example.com
        mailboxes:
          - name: anna.berg
            password: "{{ vault_anna_password }}"
    report_path: /var/tmp/mailboxes.json
"""

RETURN = r"""
servers:
  description: What each source server holds.
  returned: success
  type: list
  elements: dict
  sample:
    - name: exchange55
      host: exchange55.example.test
      profile: exchange_5_5
      product: Microsoft Exchange
      version: 5.5.2653.23
      namespace: {prefix: "", separator: "/"}
      mailboxes: 12
      folders: 96
      messages: 2015
      bytes: 11203344
      largest_mailbox_bytes: 2201004
      largest_message_bytes: 301200
      unreachable: 0
      unreachable_examples: []
  contains:
    name:
      description: Name of the source server.
      type: str
      returned: success
    host:
      description: Host name.
      type: str
      returned: success
    profile:
      description: Version as the inventory states it.
      type: str
      returned: success
    product:
      description: Product as its greeting tells, empty when it does not.
      type: str
      returned: success
    version:
      description: Version as its greeting tells, empty when it does not.
      type: str
      returned: success
    namespace:
      description: Prefix and separator of folder names.
      type: dict
      returned: success
    mailboxes:
      description: Mailboxes that could be opened.
      type: int
      returned: success
    folders:
      description: Folders that hold messages.
      type: int
      returned: success
    messages:
      description: Messages.
      type: int
      returned: success
    bytes:
      description: Their size in bytes, as the server states it.
      type: int
      returned: success
    largest_mailbox_bytes:
      description: Size of the largest mailbox in bytes.
      type: int
      returned: success
    largest_message_bytes:
      description: Size of the largest message in bytes.
      type: int
      returned: success
    unreachable:
      description: Mailboxes that could not be opened.
      type: int
      returned: success
    unreachable_examples:
      description: Up to five of them, with the reason.
      type: list
      elements: str
      returned: success
report_path:
  description: File with every mailbox, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/discovery.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.discover import mailbox_info
from ..module_utils._options import choice, sources
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **choice(),
            "workers": {"type": "int", "default": 4},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: mailbox_info(module.params))


if __name__ == "__main__":
    main()
