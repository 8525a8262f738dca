#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: account_plan
short_description: Plan the accounts of the target, by the directory of the source
version_added: 0.1.0
description:
  - Reads the directories and says for each mailbox which account it gets at the target - name, addresses, quota, wave, forward - and for each group
    which list, with all members of the groups in it.
  - Nothing is made anywhere. The plan is a file, O(path), to be read, signed, and given to the modules that make accounts; the ledger keeps its
    accounts.
  - What stands against the plan is shown first. As long as there is a conflict that blocks, the module fails and writes nothing but the report. Such
    are two owners of one address, a primary address in a domain that does not move, a mailbox without an address, a name that the target can't have
    or that two would have, two users for one mailbox, a mailbox that is to move to another name, and one whose server or name nobody
    knows.
  - Told as well, and no hindrance, are addresses outside the domains, users without mailbox, mailboxes without user, members of lists who do not
    move, groups in a circle, disabled accounts, mailboxes of Exchange itself, and restrictions and delegates that get lost.
  - What M(messaging.migration.directory_routing) has set in a directory, by this ledger, is no forward of a user.
  - Users are held against the mailboxes that the ledger has, which are those of the inventory once M(messaging.migration.mailbox_discover) ran.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._directory
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Reads and compares; writes neither the plan nor the ledger nor the report.
  diff_mode:
    support: full
    details:
      - The first 100 accounts, lists, members of lists and redirected addresses that change.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  path:
    description:
      - File on this host that gets the plan, as JSON, which is YAML as well. Its folder exists. It has one variable C(account_plan) with C(accounts),
        C(lists) and C(redirects), the last being addresses of people outside that led through Exchange.
      - An older plan is replaced; any other file is refused.
    type: path
    required: true
  domains:
    description: Mail domains that move.
    type: list
    elements: str
    required: true
  name_template:
    description:
      - How accounts are named. It may have C({local}) and C({domain}) of the primary address, C({alias}), C({account}), C({first}) and C({last}).
      - Names get small letters, and letters lose their accents. What the target can't have is a conflict then.
    type: str
    default: "{local}"
  list_template:
    description: How lists are named, in the same way; it may have C({local}), C({domain}) and C({alias}).
    type: str
    default: "{local}"
  name_pattern:
    description:
      - Regular expression for the names that the target can have. What a Mirapoint appliance accepts is not public, so the default is careful.
    type: str
    default: "[a-z0-9]([a-z0-9._-]*[a-z0-9])?"
  name_length:
    description: Letters that a name may have.
    type: int
    default: 64
  name_replacements:
    description: What is written for letters before they lose their accents, such as V({"ä":"ae"}).
    type: dict
    default: {}
  reserved_names:
    description: Names that the target has for itself.
    type: list
    elements: str
    default: [administrator, mailer-daemon, postmaster, root]
  mailbox_template:
    description: How a mailbox is called at its source server, where the ledger does not have it, with what O(name_template) may have.
    type: str
    default: "{alias}"
  servers:
    description:
      - A server's name in the directory, to its name in the inventory. Not needed where they differ in upper and lower case only.
    type: dict
    default: {}
  quota_mb:
    description:
      - Quota in MB (1,024 kB) of accounts whose mailbox has no limit, or whose limit is not known; V(0) for none. Others get the size from which their
        mailbox takes no more mail, or else may not send, rounded up.
    type: int
    default: 0
  wave_by:
    description:
      - What decides the wave of a user - the source server (by its name in the inventory), the place in the directory (V(Company/Berlin), which counts
        for all below it as well), or an attribute.
    type: str
    default: none
    choices: [none, server, place, attribute]
  wave_attribute:
    description: The attribute, for O(wave_by=attribute), by the name that the directory has for it.
    type: str
  waves:
    description: What was decided by, to the name of the wave; upper and lower case make no difference. Without it, it is the name.
    type: dict
    default: {}
  default_wave:
    description: Wave of all others.
    type: str
    default: default
  old_name_domains:
    description:
      - Domains in which accounts and lists get an address for each of their names in the directory of Exchange (C(legacyExchangeDN), X500), such as
        C(IMCEAEX-_O=EXAMPLE_OU=BERLIN_CN=RECIPIENTS_CN=ANNA@example.com), so that replies to old mail arrive. Default are O(domains).
      - They are in C(old_addresses) of the plan. They are longer than 64 letters before the @ as a rule; whether a target takes them has to be tried.
    type: list
    elements: str
    default: []
  move_disabled:
    description: Whether mailboxes of disabled accounts move, as shared mailboxes and those of rooms are.
    type: bool
    default: true
  overrides_path:
    description:
      - CSV file on this host with the operator's word on single users and lists, in UTF-8. Its first line names its columns - C(who), by an
        address, the alias, the account or the distinguished name, and any of C(target), C(wave), C(quota_mb), C(move) (C(yes) or C(no)), C(server) and
        C(mailbox) (name of source server and mailbox in the inventory) and C(addresses) (further ones, parted by blanks; the first becomes the
        primary one of who has none). What is empty is as the rules say.
      - What it says is checked like all else. A line about nobody is refused.
    type: path
  report_path:
    description:
      - File on this host that gets all conflicts and remarks as JSON, also when the module fails because of them. Not written in check mode.
    type: path
seealso:
  - module: messaging.migration.directory_info
  - module: messaging.migration.mailbox_discover
  - module: messaging.migration.mailbox_rules
"""

EXAMPLES = r"""
- name: Plan the accounts
  messaging.migration.account_plan:
    directories:
      - name: ad
        host: dc1.example.com
        user: reader@example.com
        password: "{{ vault_directory_password }}"
        ca_file: /etc/ssl/certs/example-ca.pem
    domains: [example.com, example.org]
    servers:
      EXCHSRV01: exchange2003
    wave_by: place
    waves:
      Company/Berlin: first
      Company: second
    quota_mb: 2000
    name_replacements:
      ä: ae
      ö: oe
      ü: ue
    overrides_path: /var/lib/messaging_migration/overrides.csv
    migration: example
    path: /var/lib/messaging_migration/account_plan.yml
    report_path: /var/lib/messaging_migration/account_conflicts.json

# overrides.csv
#
# who,target,wave,quota_mb,move
# anna.berg@example.com,annaberg,second,5000,
# old-scanner@example.com,,,,no
"""

RETURN = r"""
accounts:
  description: Accounts in the plan.
  returned: success
  type: int
  sample: 9812
lists:
  description: Lists in the plan.
  returned: success
  type: int
  sample: 500
redirects:
  description: Addresses in domains that move, whose mail goes outside.
  returned: success
  type: int
  sample: 300
waves:
  description: Accounts by wave.
  returned: success
  type: dict
  sample: {first: 3271, second: 6541}
blocking:
  description: Conflicts that have to be settled, V(0) where the module does not fail.
  returned: success
  type: int
  sample: 0
conflicts:
  description: All conflicts by a word that RV(report_path) explains; also returned when the module fails because of them.
  returned: success
  type: dict
  sample: {address_outside: 12, cycle: 1, member_stays: 3, restriction_lost: 40}
conflict_examples:
  description: The first 20 of them, those that block first.
  returned: success
  type: list
  elements: dict
  sample:
    - what: address_outside
      who: anna.berg@example.com
      detail: anna@example.local
      blocking: false
  contains:
    what:
      description: The word.
      type: str
      returned: success
    who:
      description: Which user, list, address, name or mailbox.
      type: str
      returned: success
    detail:
      description: More of it.
      type: str
      returned: success
    blocking:
      description: Whether it has to be settled.
      type: bool
      returned: success
remarks:
  description: What was worth a look in the directories, as M(messaging.migration.directory_info) tells it.
  returned: success
  type: dict
  sample: {filter_frozen: 3}
plan_path:
  description: File with the plan.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/account_plan.yml
diff:
  description: What is other in the plan than in the file before.
  returned: success
  type: dict
  sample:
    before: ""
    after: "redirects: {\"address\": \"bo@example.com\", \"directory\": \"ad\", \"entry\": \"cn=bo,dc=example,dc=com\", \"to\": \"bo@example.net\"}\n"
report_path:
  description: File with all conflicts and remarks, V(null) when none was asked for, and in check mode.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/account_conflicts.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.server import DIRECTORIES
from ..module_utils._job.account_plan import account_plan
from ..module_utils._model.account_rules import RULES
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **DIRECTORIES,
            **LEDGER,
            **RULES,
            "path": {"type": "path", "required": True},
            "overrides_path": {"type": "path"},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: account_plan(module.params, module.check_mode))


if __name__ == "__main__":
    main()
