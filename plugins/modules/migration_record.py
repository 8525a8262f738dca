#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_record
short_description: Keep and sign a document of a phase
version_added: 0.1.0
description:
  - Keeps a document in the ledger with its SHA-256. A changed document is a new version, which nobody has signed yet; earlier versions stay.
  - A signature names the SHA-256 that was signed. It is refused when the document is another one.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  kind:
    description:
      - Kind of the record.
    type: str
    required: true
    choices:
      [questionnaire, discovery, scope_of_work, environment, login_form, estimate, copy, sync, rules, rights, cut_over_plan, mx_before,
       cut_over, roll_back]
  name:
    description:
      - Tells records of one kind apart, for example the name of a source server or a wave.
    type: str
    default: ""
  document:
    description:
      - The document as text.
    type: str
  content:
    description:
      - The document as data; it is kept as JSON with sorted keys.
    type: dict
  summary:
    description:
      - A few values that are returned with the record, without its document.
    type: dict
    default: {}
  signature:
    description:
      - Who signed the document.
    type: dict
    suboptions:
      name:
        description: Name of the person.
        type: str
        required: true
      role:
        description: Role of the person, for example account leader.
        type: str
        required: true
      sha256:
        description: SHA-256 of the document that was signed.
        type: str
        required: true
seealso:
  - module: messaging.migration.migration_record_info
"""

EXAMPLES = r"""
- name: Keep the scope of work with its signature
  messaging.migration.migration_record:
    migration: example
    kind: scope_of_work
    document: "{{ lookup('ansible.builtin.file', 'scope_of_work.md', rstrip=false) }}"
    signature:
      name: Ada Lead
      role: account leader
      sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

RETURN = r"""
record:
  description: The record as it is now.
  returned: success
  type: dict
  sample:
    kind: scope_of_work
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
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.record import keep
from ..module_utils._ledger.records import KINDS
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    signature = {name: {"type": "str", "required": True} for name in ("name", "role", "sha256")}
    module = AnsibleModule(
        argument_spec={
            **LEDGER,
            "kind": {"type": "str", "required": True, "choices": list(KINDS)},
            "name": {"type": "str", "default": ""},
            "document": {"type": "str"},
            "content": {"type": "dict"},
            "summary": {"type": "dict", "default": {}},
            "signature": {"type": "dict", "options": signature},
        },
        mutually_exclusive=[("document", "content")],
        required_one_of=[("document", "content")],
        supports_check_mode=True,
    )
    run(module, lambda: keep(module.params, module.check_mode))


if __name__ == "__main__":
    main()
