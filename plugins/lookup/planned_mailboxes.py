# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: planned_mailboxes
short_description: Mailboxes of a source server, by the account plan
version_added: 0.1.0
author:
  - the messaging.migration contributors (@messaging-migration)
description:
  - Gives the mailboxes of a source server as C(source_server.mailboxes) of the inventory wants them, out of the file that
    M(messaging.migration.account_plan) wrote. So nobody writes them down a second time, and all phases go by the plan.
  - Each has C(name), C(target), C(wave), C(quota_mb) and C(address), in the order of the plan.
options:
  _terms:
    description: Name of the source server, one.
    type: list
    elements: str
    required: true
  path:
    description: The plan, a file on the controller. While it is not there, there are no mailboxes.
    type: path
    required: true
  also:
    description:
      - What the plan does not know of single mailboxes, by name, target or primary address - a dictionary of what C(mailboxes) may have, such as V(test),
        V(priority), V(pst) or V(language). One that the plan does not have on this server is refused.
    type: dict
    default: {}
"""

EXAMPLES = r"""
# host_vars/exchange2003/source_server.yml
source_server:
  name: exchange2003
  host: exchange2003.example.com
  mailboxes: "{{ lookup('messaging.migration.planned_mailboxes', 'exchange2003', path=migration_account_plan, also=exchange2003_mailboxes) }}"

# The mailboxes of the test migration, and one that Outlook has put into a file.
exchange2003_mailboxes:
  anna.berg@example.com: {test: true}
  archive: {pst: /srv/pst/archive.pst}
"""

RETURN = r"""
_raw:
  description: One list of mailboxes.
  type: list
  elements: list
  sample: [[{name: anna.berg, target: annaberg, wave: first, quota_mb: 500, address: anna.berg@example.com}]]
"""

import functools
import json
import os

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        path, also = self.get_option("path"), self.get_option("also")
        if len(terms) != 1:
            raise AnsibleError(f"planned_mailboxes wants the name of one source server, not {len(terms)}.")
        try:
            accounts = [account for account in _accounts(path, os.stat(path).st_mtime_ns) if account["server"] == terms[0]]
        except FileNotFoundError:
            return [[]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnsibleError(f"{path} is no account plan: {error}. Nothing was touched. Correct the path, or plan anew.") from error
        unknown = sorted(set(also) - {name for account in accounts for name in _names(account)})
        if unknown:
            raise AnsibleError(f"{path} has no {', '.join(unknown)} on {terms[0]}. Nothing was touched. Correct what is said of it, or the plan.")
        return [[_mailbox(account, also) for account in accounts]]


@functools.lru_cache(maxsize=2)
def _accounts(path: str, _changed: int) -> list[dict]:
    """Variables are looked up anew wherever they are used; a plan of thousands is read once."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)["account_plan"]["accounts"]


def _names(account: dict) -> tuple[str, ...]:
    return account["mailbox"], account["target"], account["primary"]


def _mailbox(account: dict, also: dict) -> dict:
    mailbox = {"name": account["mailbox"], **{name: account[name] for name in ("target", "wave", "quota_mb")}, "address": account["primary"]}
    for name in _names(account):
        mailbox.update(also.get(name, {}))
    return mailbox
