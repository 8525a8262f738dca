#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_record_info
short_description: Read records of a migration
version_added: 0.1.0
description:
  - Returns the latest version of records in the ledger. Without a ledger there are none.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  kind:
    description:
      - Only records of this kind.
    type: str
    choices:
      [questionnaire, discovery, scope_of_work, environment, login_form, estimate, copy, sync, rules, rights, cut_over_plan, mx_before,
       cut_over, roll_back]
  name:
    description:
      - Only records of this name.
    type: str
  document:
    description:
      - Whether to return the documents too; they may be long.
    type: bool
    default: false
seealso:
  - module: messaging.migration.migration_record
"""

EXAMPLES = r"""
- name: Who signed the scope of work?
  messaging.migration.migration_record_info:
    migration: example
    kind: scope_of_work
"""

RETURN = r"""
records:
  description: The records, in the order in which they were kept.
  returned: success
  type: list
  elements: dict
  sample:
  - kind: scope_of_work
    name: ""
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    summary: {mailboxes: 36}
    created_at: 1795500000.5
    signed_by: Ada Lead
    signed_role: account leader
    signed_at: 1795503600.2
  contains:
    kind:
      description: Kind of the record.
      type: str
      returned: success
    name:
      description: Name among records of its kind.
      type: str
      returned: success
    sha256:
      description: SHA-256 of the document, as C(sha256sum) prints it.
      type: str
      returned: success
    summary:
      description: What was kept beside the document.
      type: dict
      returned: success
    created_at:
      description: When this version was kept, in seconds since 1970 (UTC).
      type: float
      returned: success
    signed_by:
      description: Who signed this version, V(null) when nobody did.
      type: str
      returned: success
    signed_role:
      description: The role of who signed.
      type: str
      returned: success
    signed_at:
      description: When it was signed, in seconds since 1970 (UTC).
      type: float
      returned: success
    document:
      description: The document.
      type: str
      returned: when O(document=true)
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.record import info
from ..module_utils._ledger.records import KINDS
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **LEDGER,
            "kind": {"type": "str", "choices": list(KINDS)},
            "name": {"type": "str"},
            "document": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, lambda: info(module.params))


if __name__ == "__main__":
    main()
