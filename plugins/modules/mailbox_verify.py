#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_verify
short_description: Prove that mailboxes at the target are what the source holds
version_added: 0.1.0
description:
  - Reads the target back and compares every message with what was read from the source - SHA-256, flags, keywords, INTERNALDATE - and
    holds the source's list of messages, its folders and subscriptions against both.
  - The grade of each mailbox goes into the ledger, RV(perfect), RV(good), RV(investigate) or RV(poor). The last two fail the task; what
    was approved by name (M(messaging.migration.mailbox_exception)) counts as if it were as at the source.
  - Events, contacts, tasks and notes are read back from O(target.dav) or O(target.files) as well, and compared with what was sent, by SHA-256.
    A server may write them in its own way (order and folding of lines, names of time zones, properties of its own); what differs in its bytes
    is read from the source once more, and compared by what it says. They have a grade of their own, by the same shares, and the worse of
    the two is the mailbox's. What a user changed at the target since, by its ETag, is counted and no fault.
  - Such an item that says something else at the target becomes an exception with the reason C(altered_by_target), which can be approved.
  - Verify when mailboxes are quiet (other than with O(scope=target)), or sync again first - a message that arrived since the last pass counts as missing.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._source.choice
  - messaging.migration._source.long_work
  - messaging.migration._target
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Compares without writing the grades into the ledger.
  diff_mode:
    support: N/A
    details:
      - Only reads both sides.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  scope:
    description:
      - V(full) reads every message back; V(sample) reads the content of O(sample) messages of each folder, and compares flags and dates of all.
        So it is with what is not mail.
      - V(new) reads the content of those messages that no verification has read back so far, and compares flags and dates of all. What a server
        has under a UID never changes (RFC 9051, 2.3.1.1), so each message was read back once, and the ledger knows which. What is not mail is read
        back as with V(full).
      - V(target) reads the same back and holds it against the ledger alone. The source is not asked, beyond a login, and no grade is given; it fails
        where bytes differ. Done before the cut-over, it leaves little to read for V(new) in the night.
    type: str
    default: full
    choices: [full, sample, new, target]
  sample:
    description:
      - Messages of each folder whose content is read back with O(scope=sample).
    type: int
    default: 20
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since each step logs in anew.
    type: float
    default: 15
seealso:
  - module: messaging.migration.mailbox_exception
"""

EXAMPLES = r"""
- name: Verify one mailbox
  messaging.migration.mailbox_verify:
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
    report_path: /var/tmp/example-verify.json
"""

RETURN = r"""
finished:
  description:
    - Whether every chosen mailbox was verified. V(false) when O(time_budget) ran out first, when the source servers that are left may
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
  sample: verify-0a71be2f9c40
mailboxes:
  description: Mailboxes verified.
  returned: success
  type: int
  sample: 36
perfect:
  description: Of these, how many are the same on both sides, with all content read back.
  returned: success
  type: int
  sample: 36
good:
  description:
    - How many have the same content, but flags or subscriptions of at most 1 in 1,000 messages differ, or only a sample was read back.
  returned: success
  type: int
  sample: 0
investigate:
  description:
    - How many have up to 1 in 100 messages missing, doubled, altered or with another date, or more flags that differ; or as many other items.
  returned: success
  type: int
  sample: 0
poor:
  description: How many have more than that, or lack a folder (or the place of one that holds no mail).
  returned: success
  type: int
  sample: 0
differing:
  description: How many may not cut over, because they are V(investigate) or V(poor).
  returned: success
  type: int
  sample: 0
examples:
  description: Up to five differences in words.
  returned: success
  type: list
  elements: str
  sample: []
failures:
  description: The first 20 mailboxes that could not be verified, with the reason.
  returned: success and not in check mode
  type: list
  elements: dict
  sample: []
progress:
  description: How far each source server is, counted over all stations that share the round.
  returned: success and not in check mode
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
report_path:
  description: File with the findings of every mailbox, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/verify.json
other_items:
  description:
    - What was found of events, contacts, tasks and notes, by their kind. Empty where they stay at the source.
    - C(checked) are as at the source, C(missing) are not at the target, C(doubled) are there twice, C(altered) say something else there,
      C(changed_at_target) were changed by their user there, C(extra) are not from the source or were deleted there since,
      C(approved) were approved by name.
  returned: success
  type: dict
  sample:
    event: {checked: 204, missing: 0, doubled: 0, altered: 0, changed_at_target: 1, extra: 2, approved: 0}
    contact: {checked: 97, missing: 0, doubled: 0, altered: 0, changed_at_target: 0, extra: 0, approved: 0}
checked:
  description: Messages compared.
  returned: success
  type: int
  sample: 6046
missing:
  description:
    - Messages at the source that are not at the target. One that was moved and is not there any more is an exception, C(removed_at_target);
      no later pass sends it again, and M(messaging.migration.mailbox_exception) approves it.
  returned: success
  type: int
  sample: 0
doubled:
  description: Second copies at the target.
  returned: success
  type: int
  sample: 0
altered:
  description: Messages with other bytes at the target than the source gave (SHA-256).
  returned: success
  type: int
  sample: 0
flags_differ:
  description: Messages with other flags or keywords.
  returned: success
  type: int
  sample: 0
dates_differ:
  description: Messages with another INTERNALDATE.
  returned: success
  type: int
  sample: 0
extra:
  description: Messages at the target that this migration did not put there; no fault.
  returned: success
  type: int
  sample: 0
approved:
  description: Messages left behind, or left different, by approval.
  returned: success
  type: int
  sample: 0
folders_missing:
  description: Folders that are not at the target.
  returned: success
  type: int
  sample: 0
subscriptions_differ:
  description: Folders subscribed on one side only, but for those that the target subscribes by itself.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.verify import verify
from ..module_utils._options import LEDGER, choice, long_work, sources, target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **choice(),
            **target(),
            **LEDGER,
            **long_work(),
            "scope": {"type": "str", "default": "full", "choices": ["full", "sample", "new", "target"]},
            "sample": {"type": "int", "default": 20},
            "progress_interval": {"type": "float", "default": 15},
        },
        supports_check_mode=True,
    )
    run(module, lambda: verify(module.params, module.check_mode))


if __name__ == "__main__":
    main()
