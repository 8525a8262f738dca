#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_routing
short_description: Send users' mail to the other side by their entries in a directory, and put it back
version_added: 0.1.0
description:
  - While some users are at the target already and others are not, each side gets mail for users of the other one. This sets the attributes by which
    it sends that on, wave by wave, and puts back what was there before.
  - What an entry had is written to the ledger first. So it can be killed at any time and run again, and V(restored) gives back exactly what
    was there, nothing included.
  - What somebody else changed since is left as it is, counted as RV(foreign) and told. An entry that has the wanted values already, not by this module,
    counts as RV(as_wanted) and is never put back.
  - The directory is read once, by pages, and only entries that differ are written.
  - An entry is found by O(accounts[].entry), else by the primary address in C(proxyAddresses) or C(mail), else by O(name_attribute).
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._directory.server
  - messaging.migration._ledger
attributes:
  check_mode:
    support: full
    details:
      - Logs in and reads; writes neither to the directory nor to the ledger.
  diff_mode:
    support: full
    details:
      - The first 100 accounts.
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  state:
    description:
      - V(routed) sends mail of the accounts to the other side.
      - V(restored) puts back what V(routed) found, for all of whom the ledger knows that it was changed, or those of O(wave) or O(accounts).
    type: str
    default: routed
    choices: [routed, restored]
  method:
    description:
      - How the directory's server is told.
      - V(target_address) is for Active Directory with Exchange. C(targetAddress) of the user becomes C(SMTP:) and O(route_address). Exchange then
        delivers nothing to his mailbox.
      - V(alternate_recipient) is for the same. A contact with that C(targetAddress) is added below O(contacts_base), and C(altRecipient) of the user
        becomes its name. A contact that is there already is taken if it leads to the same address. V(restored) takes away contacts that were added,
        unless somebody changed them, or forwards to them as well. It was never tried with an Exchange; its address lists may need an update before
        it takes a contact for valid.
      - V(mail_host) is for servers that route by C(mailHost), and C(mailRoutingAddress) if O(route_address) is given.
      - V(mirapoint_forwarding) is for the directory of a Mirapoint appliance, with users whose mail arrives there and who are still on Exchange.
        C(miForwardingAddress) becomes O(route_address), and C(miDeliveryOption) becomes C(forward). Both names are public, and how an appliance
        takes them was never tried.
      - An alternate recipient and a forward that a user had are replaced, and put back with the rest.
    type: str
    required: true
    choices: [target_address, alternate_recipient, mail_host, mirapoint_forwarding]
  route_address:
    description:
      - Template of the address at the other side, such as V({target}@mirapoint.example.com). It may have C({target}), C({primary}), and C({local}) and
        C({domain}) of the primary address. The server must know a way to its domain that does not lead back.
    type: str
    default: ""
  mail_host:
    description: Host name for C(mailHost), with O(method=mail_host).
    type: str
    default: ""
  contacts_base:
    description: Distinguished name of the unit for contacts, which exists, with O(method=alternate_recipient).
    type: str
    default: ""
  contact_name:
    description: Template of a contact's C(cn). It has C({target}), and may have what O(route_address) may have.
    type: str
    default: "{target}"
  contact_attributes:
    description:
      - Attributes of a contact beyond C(targetAddress), each with a template or a list of them, which may have C({route_address}) as well. They are added to
        the default ones, or replace those of the same name; an empty text takes one off.
      - Default ones are C(displayName), C(mailNickname), C(mail), C(proxyAddresses) and C(msExchHideFromAddressLists).
    type: dict
    default: {}
  keep_copy:
    description: Whether the mailbox keeps a copy (C(deliverAndRedirect)), with O(method=alternate_recipient).
    type: bool
    default: false
  accounts:
    description:
      - Whose mail is meant. Default are the accounts of O(wave) in the account plan, which M(messaging.migration.account_plan) wrote to the ledger.
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description: Name of the account at the target.
        type: str
        required: true
      primary:
        description: Primary address.
        type: str
        default: ""
      entry:
        description: Distinguished name of the entry.
        type: str
        default: ""
      wave:
        description: Name of the wave.
        type: str
        default: default
  wave:
    description: Only accounts of this wave.
    type: str
  plan_directory:
    description: Only accounts that this directory of the account plan has, by the name that it had there, where there were several.
    type: str
  name_attribute:
    description: Attribute that has the name of the account at the target, such as V(uid), if entries are to be found by that.
    type: str
    default: ""
  on_missing:
    description:
      - What to do with O(state=routed) if an account has no entry, or more than one. V(refuse) fails before anything is changed. V(tell) counts them
        as RV(not_found).
    type: str
    default: refuse
    choices: [refuse, tell]
  report_path:
    description:
      - File on the host that runs the module, to which a line of JSON is appended for everything that was changed, left or refused, as soon as it
        happened. Not written in check mode.
    type: path
seealso:
  - module: messaging.migration.account_plan
  - module: messaging.migration.directory_account
  - module: messaging.migration.dns_mx
"""

EXAMPLES = r"""
- name: Send mail for the first wave to the appliance
  messaging.migration.directory_routing:
    server: &directory
      host: dc1.example.com
      user: writer@example.com
      password: "{{ vault_directory_password }}"
      ca_file: /etc/ssl/certs/example-ca.pem
    method: target_address
    route_address: "{target}@mirapoint.example.com"
    wave: first
    migration: example
    report_path: /var/lib/messaging_migration/routes.jsonl

- name: Put it back
  messaging.migration.directory_routing:
    server: *directory
    method: target_address
    route_address: "{target}@mirapoint.example.com"
    wave: first
    state: restored
    migration: example

- name: Let mail that arrives at the appliance go on to Exchange for somebody who is still there
  messaging.migration.directory_routing:
    server:
      host: ldap.example.com
      user: cn=admin,dc=example,dc=com
      password: "{{ vault_directory_password }}"
      base: ou=People,dc=example,dc=com
    method: mirapoint_forwarding
    route_address: "{local}@exchange.example.com"
    accounts:
      - target: annaberg
        primary: anna.berg@example.com
    name_attribute: uid
    migration: example
"""

RETURN = r"""
routed:
  description: Accounts whose mail was sent to the other side by this run, or in check mode would be.
  returned: success
  type: int
  sample: 412
restored:
  description: Accounts whose entry got back what it had by this run, or in check mode would.
  returned: success
  type: int
  sample: 0
as_wanted:
  description: Accounts of which nothing had to be changed.
  returned: success
  type: int
  sample: 3
foreign:
  description: Accounts whose entry has values by now that neither were there before nor come from here. They were left.
  returned: success
  type: int
  sample: 1
not_found:
  description: Accounts without an entry, or with more than one.
  returned: success
  type: int
  sample: 0
contacts_added:
  description: Contacts added, or in check mode to be added.
  returned: success
  type: int
  sample: 0
contacts_removed:
  description: Contacts of ours taken away, or in check mode to be taken away.
  returned: success
  type: int
  sample: 0
contacts_left:
  description: Contacts of ours that stay, since somebody changed them or forwards to them.
  returned: success
  type: int
  sample: 0
refused:
  description: Accounts whose change the directory refused, C(name) and C(reason). After 20 of them the module stops. It fails where there is one.
  returned: success
  type: list
  elements: dict
  sample: []
diff:
  description: Of the first 100 accounts, the attributes that change.
  returned: success
  type: dict
  sample:
    before: "annaberg: targetAddress=(none)\n"
    after: "annaberg: targetAddress=SMTP:annaberg@mirapoint.example.com\n"
report_path:
  description: File to which events are appended, V(null) when none was asked for.
  returned: success
  type: str
  sample: /var/lib/messaging_migration/routes.jsonl
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.server import SERVER
from ..module_utils._job.directory_routing import routing
from ..module_utils._model.directory_route import ROUTING
from ..module_utils._options import LEDGER
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={**SERVER, **ROUTING, **LEDGER, "report_path": {"type": "path"}},
        supports_check_mode=True,
    )
    run(module, lambda: routing(module.params, module.check_mode))


if __name__ == "__main__":
    main()
