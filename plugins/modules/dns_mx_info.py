#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_mx_info
short_description: Read the MX records of a domain from each of its name servers
version_added: 0.1.0
description:
  - Asks every authoritative name server of the zone for the MX records of a name, and tells whether they agree.
  - A server that gives no answer is in the result with its error; the module fails only when none answers with authority.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._dns
  - messaging.migration._dns.servers
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  timeout:
    description:
      - How long to wait for each answer, in seconds.
    type: float
    default: 5
seealso:
  - module: messaging.migration.dns_mx
"""

EXAMPLES = r"""
- name: Read the MX records as the zone's own servers have them
  messaging.migration.dns_mx_info:
    zone: example.test
    servers:
      - ns1.example.test
  register: mx_before

- name: Let mail flow there again
  messaging.migration.dns_mx:
    zone: example.test
    server: ns1.example.test
    key_name: migration
    records: "{{ mx_before.records }}"
    ttl: "{{ mx_before.ttl }}"
    on_unknown: replace
"""

RETURN = r"""
records:
  description: The MX records, by preference, from the server with the newest zone.
  returned: success
  type: list
  elements: dict
  contains: &mx
    preference:
      description: Preference, the lowest is tried first.
      returned: success
      type: int
      sample: 10
    exchange:
      description: Full name of the mail host, lower case and with its trailing dot.
      returned: success
      type: str
      sample: exchange2019.example.test.
  sample: [{"preference": 10, "exchange": "exchange2019.example.test."}]
ttl:
  description: TTL of these records, in seconds; V(null) where there are none.
  returned: success
  type: int
  sample: 300
serial:
  description: Serial of the zone that they are from.
  returned: success
  type: int
  sample: 2026010101
consistent:
  description: Whether every server of the zone answered the same records with the same TTL.
  returned: success
  type: bool
  sample: true
servers:
  description: What each authoritative server answered; also returned when none answered with authority.
  returned: success
  type: list
  elements: dict
  contains:
    server:
      description: Name of the server, as the zone's NS records have it.
      returned: success
      type: str
      sample: ns1.example.test.
    records:
      description: Its MX records, by preference.
      returned: success
      type: list
      elements: dict
      contains: *mx
      sample: [{"preference": 10, "exchange": "exchange2019.example.test."}]
    ttl:
      description: TTL of these records, in seconds.
      returned: success
      type: int
      sample: 300
    serial:
      description: Serial of its zone.
      returned: success
      type: int
      sample: 2026010101
    authoritative:
      description: Whether it answered with authority.
      returned: success
      type: bool
      sample: true
    error:
      description: Why it gave no answer, else V(null).
      returned: success
      type: str
      sample: "Name server ns2.example.test. (192.0.2.53 port 53) gave no answer within 5 seconds."
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._dns.options import ZONE_OPTIONS
from ..module_utils._job import mx
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **ZONE_OPTIONS,
            "servers": {"type": "list", "elements": "str"},
            "timeout": {"type": "float", "default": 5},
        },
        supports_check_mode=True,
    )
    run(module, lambda: mx.look(**module.params))


if __name__ == "__main__":
    main()
