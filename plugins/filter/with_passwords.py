# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: with_passwords
short_description: Accounts with a password each
version_added: 0.1.0
author:
  - the messaging.migration contributors (@messaging-migration)
description:
  - Gives each account its password, out of those that M(messaging.migration.initial_passwords) made, or else a random one that nobody will know. That is
    right where the target asks another directory for passwords, and still wants one at creation.
  - A random one is another one each time. M(messaging.migration.mirapoint_user) sets passwords only of users that it adds, so nothing changes by that.
options:
  _input:
    description: Accounts, dictionaries that have a C(target) or a C(name).
    type: list
    elements: dict
    required: true
  known:
    description: Passwords by account.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Make users whose passwords are asked for elsewhere
  messaging.migration.mirapoint_user:
    server: "{{ administration }}"
    domain: example.com
    users: "{{ users | messaging.migration.with_passwords }}"
"""

RETURN = r"""
_value:
  description: The accounts, in their order, each with a C(password).
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.messaging.migration.plugins.module_utils._model.password import password

LENGTH = 32


class FilterModule:
    def filters(self):
        return {"with_passwords": with_passwords}


def with_passwords(accounts, known=None):
    """See DOCUMENTATION."""
    known = known or {}
    try:
        return [{**account, "password": known.get(account.get("target") or account["name"]) or password(LENGTH)} for account in accounts]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError("Accounts are dictionaries that have a target or a name. Nothing was touched.") from error
