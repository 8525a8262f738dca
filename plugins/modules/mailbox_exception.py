#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_exception
short_description: Approve what could not be moved as it was
version_added: 0.1.0
description:
  - An item that could not be moved as it was is an exception, and a mailbox with open exceptions does not cut over. Approving one by
    name states that the customer agrees to leave it behind, or as it is.
  - An approved item is not tried again.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - The number of approved exceptions says it all.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  exceptions:
    description:
      - The exceptions, each by name. One that the ledger does not know is refused, and then none is approved.
    type: list
    elements: dict
    required: true
    suboptions:
      server:
        description: Name of the source server.
        type: str
        required: true
      mailbox:
        description: The mailbox at the source server.
        type: str
        required: true
      folder:
        description: The folder at the source server. Default is every folder.
        type: str
      uid:
        description: UID of the message at the source server. Default is every one.
        type: int
      sha256:
        description: SHA-256 of the message, instead of O(exceptions[].uid).
        type: str
      reason:
        description: Only exceptions with this reason.
        type: str
  approved_by:
    description:
      - Name of the person who agrees.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Leave one message behind, as agreed
  messaging.migration.mailbox_exception:
    migration: example
    exceptions:
      - server: exchange55
        mailbox: anna.berg
        folder: INBOX
        uid: 4711
    approved_by: Ada Lead
"""

RETURN = r"""
approved:
  description: Exceptions that were open and are approved now.
  returned: success
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.approve import approve
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    named = {
        "server": {"type": "str", "required": True},
        "mailbox": {"type": "str", "required": True},
        "folder": {"type": "str"},
        "uid": {"type": "int"},
        "sha256": {"type": "str"},
        "reason": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={
            **LEDGER,
            "exceptions": {"type": "list", "elements": "dict", "required": True, "options": named},
            "approved_by": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    run(module, lambda: approve(module.params, module.check_mode))


if __name__ == "__main__":
    main()
