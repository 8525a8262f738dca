#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: wait_for_dns
short_description: Wait until every name server of a zone has the wanted records
version_added: 0.1.0
description:
  - Asks each authoritative name server of the zone, at growing intervals, until all of them answer exactly O(records).
  - A server that answered them once isn't asked again.
  - Resolvers elsewhere may keep the old records for as long as their old TTL; that can't be seen from here.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._dns
  - messaging.migration._dns.servers
attributes:
  check_mode:
    details:
      - Asks each server once and doesn't wait, since the change that it would wait for wasn't made.
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  type:
    description:
      - Type of the records.
    type: str
    default: MX
    choices:
      - A
      - AAAA
      - CNAME
      - MX
      - NS
      - TXT
  records:
    description:
      - All records of that name and type, in any order; an empty list waits until there are none.
      - Each is its value as in a zone file, names written in full, for example V(10 mirapoint.example.test).
      - For O(type=MX) each may also be a dictionary with C(preference) and C(exchange), as M(messaging.migration.dns_mx) has them.
      - For O(type=TXT) each is the text itself, without quotes.
    type: list
    elements: raw
    required: true
  ttl:
    description:
      - The TTL that the records must have, in seconds. Default is any.
    type: int
  timeout:
    description:
      - How long to wait in all, in seconds. Then the module fails, and returns what it has so far.
    type: float
    default: 300
  query_timeout:
    description:
      - How long to wait for each answer, in seconds.
    type: float
    default: 5
  max_sleep:
    description:
      - The longest pause between two rounds, in seconds. The first is half a second.
    type: float
    default: 10
seealso:
  - module: messaging.migration.dns_mx
"""

EXAMPLES = r"""
- name: Wait until all name servers send mail to the target server
  messaging.migration.wait_for_dns:
    zone: example.test
    servers:
      - ns1.example.test
    records:
      - 10 mirapoint.example.test

- name: Wait for the sender policy
  messaging.migration.wait_for_dns:
    zone: example.test
    type: TXT
    records:
      - v=spf1 mx -all
    timeout: 900
"""

RETURN = r"""
completed:
  description: Whether all servers answered the wanted records.
  returned: success or timeout
  type: bool
  sample: true
seconds:
  description: How long that took, in seconds.
  returned: success or timeout
  type: float
  sample: 4.2
servers:
  description: Each authoritative server.
  returned: success or timeout
  type: list
  elements: dict
  contains:
    server:
      description: Name of the server, as the zone's NS records have it.
      returned: always
      type: str
      sample: ns1.example.test.
    done:
      description: Whether it answered the wanted records.
      returned: always
      type: bool
      sample: true
    checks:
      description: How often it was asked.
      returned: always
      type: int
      sample: 3
    records:
      description: What it answered last.
      returned: always
      type: list
      elements: str
      sample: ["10 mirapoint.example.test."]
    ttl:
      description: TTL of these records, in seconds.
      returned: always
      type: int
      sample: 300
    error:
      description: Why the last answer doesn't count, else V(null).
      returned: always
      type: str
      sample: without authority
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._dns.options import ZONE_OPTIONS
from ..module_utils._job import wait_for_dns
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **ZONE_OPTIONS,
            "servers": {"type": "list", "elements": "str"},
            "type": {"type": "str", "default": "MX", "choices": ["A", "AAAA", "CNAME", "MX", "NS", "TXT"]},
            "records": {"type": "list", "elements": "raw", "required": True},
            "ttl": {"type": "int"},
            "timeout": {"type": "float", "default": 300},
            "query_timeout": {"type": "float", "default": 5},
            "max_sleep": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    run(module, lambda: wait_for_dns.wait(**module.params, check_mode=module.check_mode))


if __name__ == "__main__":
    main()
