#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# All of it is done on the controller, by the action plugin of this name.

from __future__ import annotations

DOCUMENTATION = r"""
module: initial_passwords
short_description: Make passwords to hand out, into a file that ansible-vault encrypts
version_added: 0.1.0
description:
  - Passwords never come out of Exchange. So users for whom the target keeps passwords of its own need a first one, which is handed out to them.
  - Makes a random password for each account that has none in the file yet. Those that are in it are kept, also of accounts that are
    not named any more. To give somebody another one, take his out by C(ansible-vault edit), and run again.
  - All of it happens on the controller. Passwords are in no result, log, ledger or process list; the file, and each version of it, is written
    encrypted and as a whole, readable by its owner only.
  - Hand them out by another way than the mailbox that they open, and let users change them.
  - Where users keep their password, since the target asks Active Directory or another directory for it, none is needed - do not use this there.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
attributes:
  check_mode:
    support: full
    details:
      - Reads the file and counts; writes nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  path:
    description:
      - File on the controller, in a folder that exists. It can be loaded by M(ansible.builtin.include_vars).
      - A file that is there must be encrypted by ansible-vault, by a password that is given. It stays encrypted by that one, and keeps its other
        variables.
    type: path
    required: true
  mailboxes:
    description:
      - Mailboxes as the inventory has them. Only C(name), C(target), C(wave) and C(public_folder) are looked at; passwords are by C(target), or else by
        C(name).
      - One of O(mailboxes) and O(account_plan_path) is required.
    type: list
    elements: dict
  account_plan_path:
    description:
      - The file of M(messaging.migration.account_plan), on the controller.
    type: path
  wave:
    description:
      - Only accounts of this wave.
    type: str
  variable:
    description:
      - Name of the variable in the file, a dictionary of passwords by account.
    type: str
    default: initial_passwords
  length:
    description:
      - Letters of a password, from 8 to 128. Each has a small letter, a capital, and a digit, and none that is easily taken for another (C(i), C(l), C(o),
        C(I), C(O), C(0), C(1)). Fourteen make about 80 bits.
    type: int
    default: 14
  symbols:
    description:
      - Further signs, of which each password has one, such as V(-+). None are needed as a rule, and not every keyboard has each.
    type: str
    default: ""
  vault_id:
    description:
      - Vault id by which a new file is encrypted. Default is the first that Ansible was started with.
    type: str
  vault_password:
    description:
      - Password for the file, instead of those that Ansible was started with. Put C(no_log) on the task as well.
    type: str
  vault_password_file:
    description:
      - File on the controller with that password.
    type: path
seealso:
  - module: messaging.migration.account_plan
  - module: messaging.migration.mirapoint_user
"""

EXAMPLES = r"""
- name: Make passwords for the users of all source servers
  messaging.migration.initial_passwords:
    path: /srv/migration/initial_passwords.yml
    mailboxes: "{{ groups['source_servers'] | map('extract', hostvars, ['source_server', 'mailboxes']) | flatten }}"
  run_once: true

- name: Load them
  ansible.builtin.include_vars:
    file: /srv/migration/initial_passwords.yml
  no_log: true

- name: Make the users with them
  messaging.migration.mirapoint_user:
    server:
      host: mirapoint.example.com
      admin: administrator
      password: "{{ vault_target_password }}"
    users: "{{ initial_passwords | dict2items(key_name='name', value_name='password') }}"
  no_log: true

- name: Make passwords for one wave of the account plan, encrypted by a vault id of their own
  messaging.migration.initial_passwords:
    path: /srv/migration/initial_passwords.yml
    account_plan_path: /srv/migration/account_plan.yml
    wave: first
    vault_id: handout
"""

RETURN = r"""
made:
  description: Accounts that got a password, or would in check mode.
  returned: success
  type: int
  sample: 312
kept:
  description: Accounts that had one.
  returned: success
  type: int
  sample: 9500
others:
  description: Accounts in the file that were not named; they keep theirs.
  returned: success
  type: int
  sample: 0
path:
  description: The file.
  returned: success
  type: str
  sample: /srv/migration/initial_passwords.yml
"""
