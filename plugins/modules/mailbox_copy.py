#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_copy
short_description: Copy mailboxes to the target server
version_added: 0.1.0
description:
  - Makes the first pass over mailboxes, by IMAP on both sides. Messages arrive byte for byte, with their flags, keywords and
    dates; folders with their subscriptions.
  - What is about to be sent is written into the ledger first, and what arrived is written after. After any crash the next run
    settles by content what was on its way, so that no message is lost and none is doubled.
  - The source is only read. A mailbox that is copied already is left alone; M(messaging.migration.mailbox_sync) follows its changes.
  - A message that can't be moved becomes an exception with a reason in the ledger.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._source.choice
  - messaging.migration._source.passes
  - messaging.migration._source.long_work
  - messaging.migration._target
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Reads the source and the ledger and counts; opens nothing at the target and writes no ledger.
  diff_mode:
    support: N/A
    details:
      - Messages are too many to be shown; RV(messages) counts them.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
seealso:
  - module: messaging.migration.mailbox_sync
  - module: messaging.migration.mailbox_verify
  - module: messaging.migration.ledger_info
"""

EXAMPLES = r"""
- name: Move one mailbox
  messaging.migration.mailbox_copy:
    sources:
      - host: mail.old.example.com
        admin: migadmin
        password: "{{ vault_source_password }}"
        login: ["{domain}/{admin}/{mailbox}"]
        domain: EXAMPLE
        mailboxes:
          - name: anna.berg
            target: annaberg
    target:
      host: mail.new.example.com
      admin: admin
      password: "{{ vault_target_password }}"
    migration: example
    ledger:
      url: sqlite:////var/tmp/example-ledger.sqlite

- name: Copy all mailboxes of all source servers, shared by all stations
  messaging.migration.mailbox_copy:
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    target: "{{ hostvars[groups['target_servers'][0]].target_server }}"
    migration: example
    ledger:
      url: postgresql+psycopg://migration@station1.example.com/migration?sslmode=verify-full
      password: "{{ vault_ledger_password }}"
    round: copy-2026-11-24
    workers: 4
"""

RETURN = r"""
finished:
  description:
    - Whether every chosen mailbox is through. V(false) when O(time_budget) ran out first, when the source servers that are left may
      not be read now, or when an order stopped it.
  returned: success
  type: bool
  sample: true
waiting_until:
  description:
    - When a source server that is left may be read again, in seconds since 1970; V(null) while one of them may be read.
  returned: success and not in check mode
  type: float
  sample: 1795892400.0
stopped:
  description: Whether an order of M(messaging.migration.migration_control) stopped all that is left.
  returned: success and not in check mode
  type: bool
  sample: false
round:
  description: Name of the round.
  returned: success
  type: str
  sample: copy-1f0c2b9a7d11
mailboxes:
  description: Numbers of mailboxes C(done), C(total) and C(failed).
  returned: success
  type: dict
  sample: {done: 36, total: 36, failed: 0}
messages:
  description: Messages that this call moved.
  returned: success
  type: int
  sample: 6046
bytes:
  description: Bytes that this call moved.
  returned: success
  type: int
  sample: 32512004
flags:
  description: Messages whose flags this call changed at the target.
  returned: success
  type: int
  sample: 12
deleted:
  description: Messages that this call removed at the target because they are gone at the source.
  returned: success
  type: int
  sample: 3
moved:
  description: Messages that this call moved from one folder of the target to another, as at the source.
  returned: success
  type: int
  sample: 7
other_items:
  description:
    - Events, contacts, tasks and notes that this call moved, changed or deleted at the target.
    - In check mode, those that are new, have another version or are gone at the source.
  returned: success
  type: int
  sample: 57
folders_left_out:
  description: Folders of the chosen mailboxes that are not copied since they hold no mail, or are not wanted; see O(sources[].include_folders).
  returned: success
  type: int
  sample: 60
folders:
  description: Folders that this call made, renamed, removed, subscribed or unsubscribed at the target.
  returned: success
  type: int
  sample: 214
skipped_by_filter:
  description: Items that the filter of their source server (O(sources[].filter)) left out in this call. In check mode it is not called.
  returned: success
  type: int
  sample: 0
exceptions_open:
  description: Items of the chosen mailboxes that could not be moved as they are and that nobody approved.
  returned: success
  type: int
  sample: 0
failures:
  description: The first 20 mailboxes that failed, with the reason.
  returned: success
  type: list
  elements: dict
  sample: []
report_path:
  description: File with the state of every chosen mailbox, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/copy.json
progress:
  description: How far each source server is, counted over all stations that share the round.
  returned: success
  type: list
  elements: dict
  sample:
    - server: exchange55
      mailboxes: 12
      mailboxes_done: 7
      mailboxes_failed: 0
      messages: 2104
      bytes: 14233112
      messages_per_second: 310.5
      bytes_per_second: 2100112.0
      eta_seconds: 5.1
      eta_at: "2026-11-24T21:04:00Z"
      window: open until Wed 06:00 CET
  contains:
    server:
      description: Name of the source server.
      type: str
      returned: success
    mailboxes:
      description: Mailboxes chosen on it.
      type: int
      returned: success
    mailboxes_done:
      description: Of these, how many are through.
      type: int
      returned: success
    mailboxes_failed:
      description: Of these, how many failed.
      type: int
      returned: success
    messages:
      description: Messages moved in this round.
      type: int
      returned: success
    bytes:
      description: Bytes moved in this round.
      type: int
      returned: success
    messages_per_second:
      description: Rate of late in messages per second, over the time that was worked.
      type: float
      returned: success
    bytes_per_second:
      description: Rate of late in bytes per second, over the time that was worked.
      type: float
      returned: success
    eta_seconds:
      description: Seconds until the rest is done at this rate, closed hours included; V(null) while nothing is measured.
      type: float
      returned: success
    eta_at:
      description: The same as a time in UTC.
      type: str
      returned: success
    window:
      description: What the server's windows, orders and wishes to be left alone say now.
      type: str
      returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.copy import copy
from ..module_utils._options import LEDGER, choice, long_work, passes, sources, target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **choice(),
            **target(),
            **LEDGER,
            **long_work(),
            **passes(),
        },
        supports_check_mode=True,
    )
    run(module, lambda: copy(module.params, module.check_mode))


if __name__ == "__main__":
    main()
