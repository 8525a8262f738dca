#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ledger_info
short_description: See how far a migration is
version_added: 0.1.0
description:
  - Returns totals of the ledger, and writes everything it knows of mailboxes, exceptions, records and passes into a file.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._ledger
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  report_path:
    description:
      - File on this host that gets the details as JSON.
    type: path
"""

EXAMPLES = r"""
- name: How far are we?
  messaging.migration.ledger_info:
    migration: example
    report_path: /var/lib/messaging_migration/report.json
"""

RETURN = r"""
exists:
  description: Whether there is a ledger. Without one all counts are zero.
  returned: success
  type: bool
  sample: true
migration:
  description: Name of the migration.
  returned: success
  type: str
  sample: example
servers:
  description:
    - Per source server, C(mailboxes) and how many of them are C(copied), C(synced), C(verified), C(perfect) or C(failed); C(messages) and C(bytes) at
      the target; C(source_messages) and C(source_bytes) at the source when last looked at; C(exceptions_open) and C(exceptions_approved);
      C(messages_per_second) of the first pass.
  returned: success
  type: list
  elements: dict
  sample:
    - server: exchange55
      mailboxes: 12
      copied: 12
      synced: 12
      verified: 12
      perfect: 12
      failed: 0
      messages: 2015
      bytes: 11203344
      source_messages: 2015
      source_bytes: 11203344
      exceptions_open: 0
      exceptions_approved: 0
      messages_per_second: 310.5
totals:
  description: The same counts over all source servers.
  returned: success
  type: dict
  sample:
    mailboxes: 36
    copied: 36
    synced: 36
    verified: 36
    perfect: 36
    failed: 0
    messages: 6046
    bytes: 32512004
    exceptions_open: 0
    exceptions_approved: 0
exceptions_open:
  description: Exceptions that nobody approved.
  returned: success
  type: int
  sample: 0
exceptions_approved:
  description: Exceptions that were approved by name.
  returned: success
  type: int
  sample: 0
records:
  description: Number of records of each kind.
  returned: success
  type: dict
  sample: {discovery: 3, scope_of_work: 1}
report_path:
  description: The file with the details, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/report.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.overview import ledger_info
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(argument_spec={**LEDGER, "report_path": {"type": "path"}}, supports_check_mode=True)
    run(module, lambda: ledger_info(module.params))


if __name__ == "__main__":
    main()
