#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_discover
short_description: Record what the source servers hold, beside what their questionnaires say
version_added: 0.1.0
description:
  - Opens every mailbox of the source servers read-only, counts, and keeps what it found as the record C(discovery) of each server.
  - Compares with the questionnaires and returns the differences.
  - The record is renewed only when another server, other mailboxes, or an amount that differs by more than O(growth) is found, or when folders or mailboxes
    that can't be read are none any more, or some now. The counts of a live server move all day; that alone is no change.
  - The ledger gets the mailboxes. One that O(sources) no longer names on its server is forgotten, unless something was done for it. A server that is to be
    forgotten is named once more with an empty list of mailboxes.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Looks and compares, and writes no ledger.
  diff_mode:
    support: N/A
    details:
      - The record is too long to be shown; RV(changed_servers) names what was renewed.
  idempotent:
    support: full
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
      - File on this host that gets every mailbox as JSON - folders, messages, bytes, folder names that may need care, folders that are left out
        or can't be read.
    type: path
  growth:
    description:
      - Share by which the number or the bytes of a server's messages, and its counts of folders that are not copied, of other items and of rules, may
        differ from its record before it is renewed. Of folders, items and rules, that is a share of a hundred where there are fewer.
    type: float
    default: 0.25
  questionnaires:
    description:
      - What the IT staff of the source servers stated. Keys that are compared are C(server), C(product), C(version), C(mailboxes), C(data_mb) and
        C(largest_mailbox_mb); others are kept as they are.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Discover the source servers
  messaging.migration.mailbox_discover:
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    questionnaires: "{{ groups['source_servers'] | map('extract', hostvars, 'questionnaire') | list }}"
    migration: example
"""

RETURN = r"""
changed_servers:
  description: Servers whose record is new or was renewed.
  returned: success
  type: list
  elements: str
  sample: [exchange55]
differences:
  description: What the questionnaires state and what was found.
  returned: success
  type: list
  elements: dict
  sample:
    - server: exchange55
      field: mailboxes
      stated: 14
      found: 12
  contains:
    server:
      description: Name of the source server.
      type: str
      returned: success
    field:
      description: What differs.
      type: str
      returned: success
    stated:
      description: What the questionnaire states.
      type: raw
      returned: success
    found:
      description: What was found.
      type: raw
      returned: success
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
      left_out_folders: 60
      left_out_entries: 1204
      unreadable_folders: 0
      unlisted_folders: 0
      events: 0
      contacts: 0
      tasks: 0
      notes: 0
      items_untold: 12
      rules: 0
      rules_left_out: 0
      replies: 0
      rules_untold: 12
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
    left_out_folders:
      description: Folders that are left out of the copying of mail, each with all below it, as the server's profile and C(exclude_folders) say.
      type: int
      returned: success
    left_out_entries:
      description: What lies in them, by the server's own count.
      type: int
      returned: success
    unreadable_folders:
      description: Folders of mail that the server lists and does not open. Their mail can't be copied.
      type: int
      returned: success
    unlisted_folders:
      description: Folders that the server does not list although it lists others below them, as Exchange does with a slash in the name.
      type: int
      returned: success
    events:
      description: Appointments and meetings, as far as servers tell what is not mail.
      type: int
      returned: success
    contacts:
      description: Contacts and distribution lists.
      type: int
      returned: success
    tasks:
      description: Tasks.
      type: int
      returned: success
    notes:
      description: Notes.
      type: int
      returned: success
    items_untold:
      description: Mailboxes that are read by IMAP alone, which tells nothing of what is not mail.
      type: int
      returned: success
    rules:
      description: Inbox rules.
      type: int
      returned: success
    rules_left_out:
      description: Those that Sieve has no words for.
      type: int
      returned: success
    replies:
      description: Automatic replies that are switched on.
      type: int
      returned: success
    rules_untold:
      description: Mailboxes whose rules can't be read, all of those that are not read by EWS.
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

from ..module_utils._job.discover import discover
from ..module_utils._options import LEDGER, sources
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **LEDGER,
            "questionnaires": {"type": "list", "elements": "dict", "default": []},
            "growth": {"type": "float", "default": 0.25},
            "workers": {"type": "int", "default": 4},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: discover(module.params, module.check_mode))


if __name__ == "__main__":
    main()
