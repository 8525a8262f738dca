#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_rules
short_description: Move inbox rules and automatic replies to the target
version_added: 0.1.0
description:
  - Reads the inbox rules and the automatic reply of mailboxes on Exchange by EWS, and makes a Sieve script (RFC 5228) of them for the
    target, by ManageSieve (RFC 5804) or as a file.
  - A rule is moved as a whole or not at all. What is not moved, and why, is in the file O(report_path), for each user.
  - Scripts of a user's own are never overwritten and never switched off, and a script of this module that the user changed is his.
  - Folders that rules name have to be at the target, so mailboxes are copied first.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source
  - messaging.migration._source.choice
  - messaging.migration._target
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Reads the source, has scripts compiled by the target, and counts; mailboxes that were never copied are left out.
  diff_mode:
    support: N/A
    details:
      - Rules are private; the result counts them.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  folder:
    description:
      - Folder on this host, which exists. It gets a file C(MAILBOX.sieve) for each mailbox, by its name at the target, readable only by the account
        that runs the module.
      - With it, O(target.sieve) is not used; without both the task fails.
    type: path
  extensions:
    description:
      - With O(folder), the extensions that the target's Sieve offers. A rule that needs another one is left out. With O(target.sieve) the server is asked.
    type: list
    elements: str
    default: [body, comparator-i;ascii-numeric, copy, date, fileinto, imap4flags, relational, vacation]
  aliases:
    description:
      - Further SMTP addresses of mailboxes, for rules about mail to the user himself, and since nobody gets an automatic reply to mail for an
        address that is not known to be the user's.
    type: list
    elements: dict
    default: []
    suboptions:
      mailbox:
        description: Name of the mailbox in O(sources).
        type: str
        required: true
      addresses:
        description: Its addresses beyond the one by which it is opened.
        type: list
        elements: str
        required: true
  colleagues:
    description:
      - Mail domains whose senders get the automatic reply for inside. Default are the domains of the mailbox's own addresses.
    type: list
    elements: str
    default: []
  workers:
    description:
      - Mailboxes that are worked on at once, each in a process of its own. No more than the windows of their source servers allow connections.
      - At each source server the first mailbox is tried alone, so that a wrong password costs one attempt.
    type: int
    default: 2
  report_path:
    description:
      - File on this host that gets the remarks for each user as JSON. Not written in check mode.
    type: path
seealso:
  - module: messaging.migration.mailbox_copy
  - module: messaging.migration.mailbox_rights
"""

EXAMPLES = r"""
- name: Move the rules of all mailboxes
  messaging.migration.mailbox_rules:
    sources: "{{ groups['source_servers'] | map('extract', hostvars, 'source_server') | list }}"
    target: "{{ hostvars[groups['target_servers'][0]].target_server | combine({'sieve': {'port': 4190}}) }}"
    migration: example
    report_path: /var/lib/messaging_migration/rules.json

- name: Write the rules of one mailbox to a file
  messaging.migration.mailbox_rules:
    sources:
      - host: mail.old.example.com
        protocol: ews
        ews:
          url: https://mail.old.example.com/EWS/Exchange.asmx
        admin: migadmin
        password: "{{ vault_source_password }}"
        mailboxes:
          - name: anna.berg@example.com
            target: annaberg
    target:
      host: mail.new.example.com
      admin: admin
      password: "{{ vault_target_password }}"
    migration: example
    ledger:
      url: sqlite:////var/tmp/example-ledger.sqlite
    folder: /var/lib/messaging_migration/sieve
    extensions: [fileinto, vacation]
    aliases:
      - mailbox: anna.berg@example.com
        addresses: [a.berg@example.com]
"""

RETURN = r"""
mailboxes:
  description: Mailboxes whose rules and reply are done.
  returned: success
  type: int
  sample: 36
not_readable:
  description:
    - Mailboxes whose rules cannot be read, those on source servers that are not read by EWS, and those on Exchange before 2010 SP1, of which
      only the automatic reply is moved.
  returned: success
  type: int
  sample: 2
scripts:
  description: Scripts that were stored or switched on.
  returned: success
  type: int
  sample: 30
unchanged:
  description: Scripts that were as they should be.
  returned: success
  type: int
  sample: 1
beside:
  description: Scripts, also counted above, that are not active because the user has an active script of his own.
  returned: success
  type: int
  sample: 1
kept:
  description: Scripts that the user has changed at the target since, and that were left so.
  returned: success
  type: int
  sample: 0
nothing:
  description: Mailboxes with neither a rule nor a reply to move.
  returned: success
  type: int
  sample: 5
rules_moved:
  description: Rules that are in the scripts.
  returned: success
  type: int
  sample: 112
rules_left_out:
  description: Rules that are not; RV(report_path) says why.
  returned: success
  type: int
  sample: 9
replies:
  description: Automatic replies that are in the scripts.
  returned: success
  type: int
  sample: 4
failures:
  description: The first 20 mailboxes that failed, with the reason.
  returned: success
  type: list
  elements: dict
  sample: []
report_path:
  description: File with the remarks for each user, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/rules.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.rules import EXTENSIONS, rules
from ..module_utils._options import ALIASES, LEDGER, choice, sources, target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **sources(),
            **choice(),
            **target(),
            **LEDGER,
            **ALIASES,
            "folder": {"type": "path"},
            "extensions": {"type": "list", "elements": "str", "default": list(EXTENSIONS)},
            "colleagues": {"type": "list", "elements": "str", "default": []},
            "workers": {"type": "int", "default": 2},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: rules(module.params, module.check_mode))


if __name__ == "__main__":
    main()
