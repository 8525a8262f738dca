#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_sync
short_description: Bring over what changed in mailboxes since the last pass
version_added: 0.1.0
description:
  - Makes passes over mailboxes until little changes between two rounds. New messages are moved, changed flags changed, messages and
    folders that are gone at the source are removed at the target.
  - Only what this migration put at the target is ever removed there. Changes that users made at the target stay.
  - A mailbox that was never copied is copied.
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
      - Messages are too many to be shown; the result counts them.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  deletions:
    description:
      - V(mirror) removes at the target what is gone at the source; right until users work at the target. Once the ledger has the
        record C(cut_over) of a mailbox's wave, nothing is removed there all the same.
      - V(keep) removes nothing.
    type: str
    default: mirror
    choices: [mirror, keep]
  on_emptied:
    description:
      - What to do when a source mailbox has lost more than 100 messages and more than half of all that were moved before.
      - V(refuse) moves what is new, removes nothing at the target, and fails that mailbox; V(mirror) removes them.
    type: str
    default: refuse
    choices: [refuse, mirror]
  remaining:
    description:
      - A round that changed at most so many messages is small enough to stop.
    type: int
    default: 0
  max_rounds:
    description:
      - Stop after so many rounds, even when the last one was not small.
    type: int
    default: 3
seealso:
  - module: messaging.migration.mailbox_copy
  - module: messaging.migration.mailbox_verify
"""

EXAMPLES = r"""
- name: Follow the changes of one mailbox
  messaging.migration.mailbox_sync:
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

- name: Follow the changes of all mailboxes until a round finds no more than 50
  messaging.migration.mailbox_sync:
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    target: "{{ hostvars[groups['target_servers'][0]].target_server }}"
    migration: example
    remaining: 50
    max_rounds: 5
"""

RETURN = r"""
rounds:
  description: Number of the last round.
  returned: success and not in check mode
  type: int
  sample: 2
delta:
  description:
    - What the last round found, over all stations. Messages that were C(new), that changed C(flags), that were C(moved) or
      C(deleted); C(other_items) that are not mail and changed; C(bytes) read and C(seconds) taken.
  returned: success and not in check mode
  type: dict
  sample: {new: 3, flags: 1, moved: 2, deleted: 0, other_items: 4, bytes: 16201, seconds: 1.4}
delta_is_small:
  description: Whether the last round found at most O(remaining) changes.
  returned: success and not in check mode
  type: bool
  sample: true
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

from ..module_utils._job.sync import sync
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
            "deletions": {"type": "str", "default": "mirror", "choices": ["mirror", "keep"]},
            "on_emptied": {"type": "str", "default": "refuse", "choices": ["refuse", "mirror"]},
            "remaining": {"type": "int", "default": 0},
            "max_rounds": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    run(module, lambda: sync(module.params, module.check_mode))


if __name__ == "__main__":
    main()
