#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_account
short_description: Make accounts in the directory of the target
version_added: 0.1.0
description:
  - Adds an entry for each account to the directory that a Mirapoint appliance takes its users from, and corrects entries that are there.
  - It reads all entries first and writes only where something lacks or differs. So it can be run again at any time, also after it was killed, and goes
    on with what is left. One call takes thousands of accounts and shows how far it is.
  - Of an entry that is there, the attributes of O(attributes) that have a value get exactly that. Object classes and addresses are added and never
    taken away, and all other attributes stay. Nothing is ever deleted.
  - An entry whose relative distinguished name has an attribute of O(attributes) keeps that value beside the wanted one.
  - Object classes and attributes are those that the schema of an appliance is publicly known to have. Which values C(miService) takes, in which
    unit C(miMailQuota) is, and which attribute has further addresses is not public; so they are not written until an option says so. It was never
    tried against an appliance.
  - The mailbox itself with its rights is the business of M(messaging.migration.imap_mailbox).
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._directory.server
attributes:
  check_mode:
    support: full
    details:
      - Logs in and reads; writes nothing.
  diff_mode:
    support: full
    details:
      - The first 100 accounts, without their passwords.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  accounts:
    description:
      - The accounts, as the C(accounts) of a plan that M(messaging.migration.account_plan) wrote. What of them is not described as used here is let
        by.
    type: list
    elements: dict
    required: true
    suboptions:
      target:
        description: Name of the account. An entry that has it in O(name_attribute) is its entry, wherever it is below O(server.base).
        type: str
        required: true
      primary:
        description: Primary address.
        type: str
        default: ""
      full_name:
        description: Full name. Default is the name of the account.
        type: str
        default: ""
      addresses:
        description: Further addresses, for O(alias_attribute).
        type: list
        elements: str
        default: []
      old_addresses:
        description: Addresses for names in old mail, for O(alias_attribute).
        type: list
        elements: str
        default: []
      quota_mb:
        description: Quota in MB of 1,024 kB, V(0) for no limit.
        type: int
        default: 0
      forward_to:
        description:
          - Address to which all mail goes. It becomes C(miForwardingAddress), and C(miDeliveryOption) becomes C(forward).
          - A forward that the entry has, and the account has not or not any more, is left and counted as RV(forwards_left), since it may be the user's own
            or one of M(messaging.migration.directory_routing).
        type: str
        default: ""
      keeps_copy:
        description:
          - Whether the account keeps a copy of what it forwards. How a directory says so is not public, so such a forward is not written, and
            counted as RV(forwards_not_expressed).
        type: bool
        default: false
      password:
        description: Password for an entry that is added, if O(password_attribute) names its attribute.
        type: str
      directory:
        description: Not used.
        type: str
      entry:
        description: Not used.
        type: str
      server:
        description: Not used.
        type: str
      mailbox:
        description: Not used.
        type: str
      wave:
        description: Not used.
        type: str
      hidden:
        description: Not used.
        type: bool
      disabled:
        description: Not used.
        type: bool
  name_attribute:
    description: Attribute with the name of the account. New entries are called by it, directly below O(server.base).
    type: str
    default: uid
  object_classes:
    description:
      - Object classes that an entry has. Others known of such directories are C(ipUser) and C(mailrecipient).
    type: list
    elements: str
    default: [top, person, organizationalPerson, inetOrgPerson, mirapointUser, mirapointMailUser]
  attributes:
    description:
      - Attributes, each with a template or a list of them. They are added to the default ones, or replace those of the same name.
      - A template may have C({target}), C({primary}), C({local}) and C({domain}) of the primary address, C({full_name}), C({first}), C({last}),
        C({mail_host}), C({routing_address}) and C({quota}). One that comes out empty is not written, and an attribute without a value is left as it is;
        so an empty text takes one of the default ones off.
      - Default ones are C(cn) (V({full_name})), C(sn) (V({last})), C(givenName) (V({first})), C(mail) (V({primary})), C(mailHost) (V({mail_host})),
        C(mailRoutingAddress) (V({routing_address})) and C(miMailQuota) (V({quota})).
      - An attribute that M(messaging.migration.directory_routing) changes in the same directory should be taken off here.
    type: dict
    default: {}
  alias_attribute:
    description:
      - Attribute that gets all addresses of an account, the primary one too. Empty for none, and then addresses have to be made otherwise.
      - No attribute of an appliance is publicly known for this. C(mailLocalAddress) of the Internet draft on C(inetLocalMailRecipient), from which
        C(mailHost) and C(mailRoutingAddress) come as well, is a guess that nobody confirmed; it needs that class in O(object_classes).
    type: str
    default: ""
  password_attribute:
    description:
      - Attribute that gets the password of an entry that is added, such as V(userPassword). Passwords of entries that are there are never changed.
      - Empty for none, as where the appliance asks Active Directory for passwords.
    type: str
    default: ""
  mail_host:
    description: Host that has the mailboxes, for C({mail_host}).
    type: str
    default: ""
  routing_address:
    description: Template for C({routing_address}), such as V({target}@{mail_host}).
    type: str
    default: ""
  quota_unit:
    description:
      - Unit of C({quota}). Empty, C({quota}) is empty and no quota is written. It is empty for accounts without limit as well.
    type: str
    default: ""
    choices: ["", bytes, kb, mb]
  on_foreign:
    description:
      - What to do where the entry of an account is somebody else's, which is one that has addresses in C(mail) or O(alias_attribute), and none of the
        account's.
      - With V(refuse) the account is refused. V(adopt) makes the entry that of the account, for people whose addresses have all changed.
    type: str
    default: refuse
    choices: [refuse, adopt]
  time_budget:
    description:
      - How long to work, in seconds; V(0) until everything is done. It ends after an account, never before 100 of them, and never before four times as
        long as reading the entries took.
    type: float
    default: 0
  progress_interval:
    description:
      - How soon to show how far it is, in seconds. Each further time takes twice as long, up to two minutes, since the module is called again each time.
    type: float
    default: 15
  report_path:
    description:
      - File on the host that runs the module, to which a line of JSON is appended for everything that was done or refused, as soon as it happened.
        Not written in check mode.
    type: path
seealso:
  - module: messaging.migration.account_plan
  - module: messaging.migration.directory_routing
  - module: messaging.migration.mirapoint_user
"""

EXAMPLES = r"""
- name: Make the accounts of the plan
  messaging.migration.directory_account:
    server:
      host: ldap.example.com
      user: cn=admin,dc=example,dc=com
      password: "{{ vault_directory_password }}"
      ca_file: /etc/ssl/certs/example-ca.pem
      base: ou=People,dc=example,dc=com
    accounts: "{{ account_plan.accounts }}"
    mail_host: mirapoint.example.com
    routing_address: "{target}@{mail_host}"
    report_path: /var/lib/messaging_migration/directory_accounts.jsonl

- name: Make an account with what this site's appliance knows
  messaging.migration.directory_account:
    server:
      host: ldap.example.com
      user: cn=admin,dc=example,dc=com
      password: "{{ vault_directory_password }}"
      base: ou=People,dc=example,dc=com
    accounts:
      - target: annaberg
        primary: anna.berg@example.com
        full_name: Anna Berg
        addresses: [anna@example.com]
        quota_mb: 2000
        password: "{{ vault_anna_password }}"
    attributes:
      miService: [imap, webmail]
    alias_attribute: mailLocalAddress
    object_classes: [top, person, organizationalPerson, inetOrgPerson, inetLocalMailRecipient, mirapointUser, mirapointMailUser]
    password_attribute: userPassword
    quota_unit: kb
"""

RETURN = r"""
added:
  description: Entries added, or in check mode to be added.
  returned: success
  type: int
  sample: 2
corrected:
  description: Entries that were there and got other values, or in check mode would.
  returned: success
  type: int
  sample: 0
wanted:
  description: Accounts in O(accounts).
  returned: success
  type: int
  sample: 2
as_wanted:
  description: Of these, how many are as they should be now; in check mode, would be.
  returned: success
  type: int
  sample: 2
forwards_not_expressed:
  description: Of these, how many forward and keep a copy, which was not written.
  returned: success
  type: int
  sample: 0
forwards_left:
  description:
    - Of these, how many forward all their mail although O(accounts) does not say so, or says that they keep a copy. The report has their names and
      where it goes.
  returned: success
  type: int
  sample: 0
refused:
  description:
    - Accounts that the directory refused, C(name) and C(reason), whose name several entries have, whose entry is somebody else's, or who would get a
      further address that another entry has. After 20 of them the module stops. It fails where there is one.
  returned: success
  type: list
  elements: dict
  sample: []
finished:
  description: Whether nothing is left to do.
  returned: success
  type: bool
  sample: true
progress:
  description: How far it is.
  returned: success
  type: list
  elements: dict
  sample: [{server: ldap.example.com, accounts: 10000, accounts_done: 3120, accounts_per_second: 480.5, eta_seconds: 14.3}]
  contains:
    server:
      description: Name of the directory.
      type: str
      returned: success
    accounts:
      description: Accounts in O(accounts).
      type: int
      returned: success
    accounts_done:
      description: Of these, how many are through, refused ones included.
      type: int
      returned: success
    accounts_per_second:
      description: Entries added or corrected in a second.
      type: float
      returned: success
    eta_seconds:
      description: Seconds until the rest is done at this rate; V(null) while nothing is measured.
      type: float
      returned: success
diff:
  description: Of the first 100 accounts, the attributes that change.
  returned: success
  type: dict
  sample:
    before: "annaberg: mail=anna@example.com\n"
    after: "annaberg: mail=anna.berg@example.com\n"
report_path:
  description: File to which events are appended, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/directory_accounts.jsonl
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.server import SERVER
from ..module_utils._job.directory_accounts import accounts
from ..module_utils._model.account_entry import ACCOUNTS, FORM, ON_FOREIGN
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVER,
            **ACCOUNTS,
            **FORM,
            **ON_FOREIGN,
            "time_budget": {"type": "float", "default": 0},
            "progress_interval": {"type": "float", "default": 15},
            "report_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    # Ansible looks for each secret in each option that it logs or hands back, which takes minutes with thousands of accounts. So `accounts` is
    # declared a secret as a whole, which is not logged, its passwords are what is taken out of results, and what is handed back of it is its length.
    params = dict(module.params)
    module.params["accounts"] = len(params["accounts"])
    module.no_log_values = {secret for secret in (params["server"]["password"], *(account["password"] for account in params["accounts"])) if secret}
    run(module, lambda: accounts(params, module.check_mode))


if __name__ == "__main__":
    main()
