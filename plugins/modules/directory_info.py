#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_info
short_description: Look who gets mail, by the directory of the source
version_added: 0.1.0
description:
  - Reads users, groups and contacts with their addresses, limits, forwards and members from Active Directory or the directory of Exchange 5.5, and
    counts them. All of them are in the file O(report_path).
  - Groups of any size are read whole. The filter of a dynamic group is evaluated once, and its members are a list from then on; a filter that is only
    there in the language of Exchange 2007 and later (C(msExchQueryFilter)) is not evaluated, and said so.
  - Where a user has the limits of his store, those are read there.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._directory
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  attributes:
    description: Further attributes of users for the report, by the names that the directory has for them, such as V(department).
    type: list
    elements: str
    default: []
  report_path:
    description:
      - File on this host that gets all users, groups, contacts and remarks as JSON. It is readable by its owner and group only.
    type: path
seealso:
  - module: messaging.migration.account_plan
"""

EXAMPLES = r"""
- name: Look who is in the directory
  messaging.migration.directory_info:
    directories:
      - host: dc1.example.com
        user: reader@example.com
        password: "{{ vault_directory_password }}"
        ca_file: /etc/ssl/certs/example-ca.pem
    report_path: /var/lib/messaging_migration/directory.json

- name: Look into an export of Exchange 5.5
  messaging.migration.directory_info:
    directories:
      - kind: exchange_5_5_csv
        path: /var/lib/messaging_migration/berlin.csv
        encoding: cp1252
"""

RETURN = r"""
directories:
  description: What each directory has.
  returned: success
  type: list
  elements: dict
  sample:
    - name: dc1.example.com
      people: 10000
      mailboxes: 9812
      disabled: 120
      hidden: 310
      forwards: 95
      groups: 640
      lists: 500
      dynamic_lists: 4
      largest_list: 5000
      contacts: 300
      public_folders: 40
      addresses: 21200
      servers: {EXCHANGE1: 5000, EXCHANGE2: 4812}
      remarks: 17
  contains:
    name:
      description: Name of the directory.
      type: str
      returned: success
    people:
      description: Users with a mail address of any kind.
      type: int
      returned: success
    mailboxes:
      description: Of these, users with a mailbox.
      type: int
      returned: success
    disabled:
      description: Users whose account is disabled.
      type: int
      returned: success
    hidden:
      description: Users who are hidden from address lists.
      type: int
      returned: success
    forwards:
      description: Users whose mail goes elsewhere, with or without a copy for themselves.
      type: int
      returned: success
    groups:
      description: Groups, those without an address included.
      type: int
      returned: success
    lists:
      description: Groups with an SMTP address.
      type: int
      returned: success
    dynamic_lists:
      description: Groups whose members a filter says.
      type: int
      returned: success
    largest_list:
      description: Direct members of the largest group.
      type: int
      returned: success
    contacts:
      description: People outside.
      type: int
      returned: success
    public_folders:
      description: Public folders with a mail address of any kind.
      type: int
      returned: success
    addresses:
      description: SMTP addresses of all of them.
      type: int
      returned: success
    servers:
      description: Mailboxes by the server that they are on, as the directory calls it.
      type: dict
      returned: success
    remarks:
      description: What is worth a look, see RV(remarks).
      type: int
      returned: success
remarks:
  description: What is worth a look in all directories, by a word that RV(report_path) explains.
  returned: success
  type: dict
  sample: {filter_frozen: 3, filter_not_evaluated: 1, two_primaries: 2}
remark_examples:
  description: The first 20 of them.
  returned: success
  type: list
  elements: dict
  sample:
    - directory: dc1.example.com
      what: two_primaries
      who: CN=Anna Berg,OU=Berlin,DC=example,DC=com
      detail: anna.berg@example.com, a.berg@example.com
  contains:
    directory:
      description: Name of the directory.
      type: str
      returned: success
    what:
      description: The word.
      type: str
      returned: success
    who:
      description: Which entry.
      type: str
      returned: success
    detail:
      description: More of it.
      type: str
      returned: success
report_path:
  description: File with all of it, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/directory.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.server import DIRECTORIES
from ..module_utils._job.directory import info
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **DIRECTORIES,
            "attributes": {"type": "list", "elements": "str", "default": []},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: info(module.params))


if __name__ == "__main__":
    main()
