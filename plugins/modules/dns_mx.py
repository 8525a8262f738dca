#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_mx
short_description: Change the MX records of a domain, safely
version_added: 0.1.0
description:
  - Makes the MX records of a name exactly O(records), by one dynamic update (RFC 2136) to the primary name server.
  - Reads the records from the primary itself, never from a cache, and refuses to change anything when an MX record is
    there that neither O(records) nor O(expected) names.
  - The update carries the condition that the records are still what was read, so the server refuses it when somebody
    changed them in between.
  - Afterwards the records are read again and must be the wanted ones.
  - Use M(messaging.migration.wait_for_dns) to wait until every name server of the zone has them.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._dns
  - messaging.migration._dns.key
attributes:
  check_mode:
    support: full
    details:
      - Reads and compares, signed with the same key as the update, so that a wrong key shows; sends no update.
  diff_mode:
    support: full
  idempotent:
    support: full
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  server:
    description:
      - The primary name server of the zone, its address or host name.
    type: str
    required: true
  records:
    description:
      - The wanted MX records, at least one. Their order doesn't matter.
    type: list
    elements: dict
    required: true
    suboptions: &mx
      preference:
        description:
          - Preference, from 0 to 65535; senders try the lowest first.
        type: int
        required: true
      exchange:
        description:
          - Full name of the mail host.
        type: str
        required: true
  expected:
    description:
      - The MX records that may be there now besides O(records), typically the state before a cut-over.
      - They may also be missing.
    type: list
    elements: dict
    default: []
    suboptions: *mx
  on_unknown:
    description:
      - What to do when an MX record is there that neither O(records) nor O(expected) names.
      - V(refuse) fails and changes nothing.
      - V(replace) replaces it like the others.
    type: str
    default: refuse
    choices:
      - refuse
      - replace
  ttl:
    description:
      - Time to live of the records, in seconds. Another TTL alone is a change too.
      - Default is the TTL that they have, or V(3600) where there are none.
    type: int
  timeout:
    description:
      - How long to wait for each answer of the server, in seconds.
    type: float
    default: 10
seealso:
  - module: messaging.migration.dns_mx_info
  - module: messaging.migration.wait_for_dns
"""

EXAMPLES = r"""
- name: Lower the TTL a week before the cut-over
  messaging.migration.dns_mx:
    zone: example.test
    server: ns1.example.test
    key_name: migration
    key_secret: "{{ vault_tsig_secret }}"
    records:
      - preference: 10
        exchange: exchange2019.example.test
    ttl: 300

- name: Let mail flow to the target server
  messaging.migration.dns_mx:
    zone: example.test
    server: ns1.example.test
    key_name: migration
    key_secret: "{{ vault_tsig_secret }}"
    records:
      - preference: 10
        exchange: mirapoint.example.test
    expected:
      - preference: 10
        exchange: exchange2019.example.test
"""

RETURN = r"""
before:
  description: The MX records that were there, by preference; also returned when an unknown one made the module refuse.
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
before_ttl:
  description: TTL of the records that were there, in seconds; V(null) where there were none.
  returned: success
  type: int
  sample: 300
after:
  description: The MX records that are there now, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains: *mx
  sample: [{"preference": 10, "exchange": "mirapoint.example.test."}]
after_ttl:
  description: TTL of these records, in seconds.
  returned: success
  type: int
  sample: 300
diff:
  description: Records before and after, as lines of a zone file.
  returned: success
  type: dict
  sample:
    before: "example.test. 300 IN MX 10 exchange2019.example.test.\n"
    after: "example.test. 300 IN MX 10 mirapoint.example.test.\n"
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._dns.options import KEY_OPTIONS, MX_OPTIONS, ZONE_OPTIONS
from ..module_utils._job import mx
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **ZONE_OPTIONS,
            **KEY_OPTIONS,
            "server": {"type": "str", "required": True},
            "records": {"type": "list", "elements": "dict", "required": True, "options": MX_OPTIONS},
            "expected": {"type": "list", "elements": "dict", "default": [], "options": MX_OPTIONS},
            "on_unknown": {"type": "str", "default": "refuse", "choices": ["refuse", "replace"]},
            "ttl": {"type": "int"},
            "timeout": {"type": "float", "default": 10},
        },
        required_by={"key_name": ["key_secret"]},
        supports_check_mode=True,
    )
    run(module, lambda: mx.change(**module.params, check_mode=module.check_mode))


if __name__ == "__main__":
    main()
