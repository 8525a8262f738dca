#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_probe
short_description: Send a message to a mailbox and see it arrive
version_added: 0.1.0
description:
  - Sends a small message by SMTP to the mail host that the MX records of the recipient's domain name, as a sender on the
    internet would, and waits until it is in the recipient's INBOX at the target server.
  - Mail hosts are tried by preference; the next one is tried when a host can't be reached or answers that it can't take
    mail now (4xx). A final refusal (5xx), missing TLS or a certificate that isn't trusted ends the probe.
  - The message has a Message-ID of its own, by which it is found, and is marked as automatic, so that nobody's
    out-of-office assistant answers it.
  - The mailbox is entered before anything is sent, as administrator of O(target), by IMAP.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._target
attributes:
  check_mode:
    support: full
    details:
      - Finds the mail host, greets it and starts TLS, names sender and recipient to it so that a refusal shows, and enters the mailbox; sends no message.
  diff_mode:
    support: N/A
    details:
      - A message arrives, nothing is changed.
  idempotent:
    support: N/A
    details:
      - Each run sends a message, so each is a change.
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  sender:
    description:
      - Address of the sender; refusals to deliver go there.
    type: str
    required: true
  recipient:
    description:
      - Address of the recipient.
    type: str
    required: true
  via:
    description:
      - The mail host that gets the message. Default is what the MX records name.
    type: str
  nameserver:
    description:
      - Name server, address or host name, that is asked for the MX records and the addresses of the mail hosts.
      - Give an authoritative one to see a change of MX records before caches do.
      - Default is this system's resolvers, which are always asked at port 53.
    type: str
  port:
    description:
      - Port of O(nameserver).
    type: int
    default: 53
  smtp_port:
    description:
      - Port of the mail host.
    type: int
    default: 25
  tls:
    description:
      - V(starttls) insists on TLS and verifies the certificate.
      - V(none) sends in clear text.
    type: str
    default: starttls
    choices:
      - starttls
      - none
  ca_file:
    description:
      - File with the certificates that are trusted for the mail host, PEM. Default is the system's.
    type: path
  mailbox:
    description:
      - Name of the recipient's mailbox at the target server. Default is the part of O(recipient) before the C(@).
    type: str
  timeout:
    description:
      - How long to wait until the message arrives, in seconds.
    type: float
    default: 300
  remove:
    description:
      - Whether to delete the message from the mailbox afterwards.
    type: bool
    default: false
requirements:
  - dnspython >= 2.6
seealso:
  - module: messaging.migration.dns_mx
"""

EXAMPLES = r"""
- name: See that mail arrives at the target server
  messaging.migration.smtp_probe:
    sender: ada@example.test
    recipient: anna.berg@example.test
    nameserver: ns1.example.test
    ca_file: /etc/messaging_migration/ca.pem
    target: "{{ target_server }}"
    remove: true

- name: See that the target server itself takes mail, whatever the MX records say
  messaging.migration.smtp_probe:
    sender: ada@example.test
    recipient: anna.berg@example.test
    via: mirapoint.example.test
    ca_file: /etc/messaging_migration/ca.pem
    target: "{{ target_server }}"
"""

RETURN = r"""
message_id:
  description: Message-ID of the message; V(null) in check mode.
  returned: success or timeout
  type: str
  sample: <migration-probe.7d9c2e1a-5b0e-4c53-9a5c-3d1f0a3f6b52@example.test>
exchange:
  description: The mail host that took the message.
  returned: success or timeout
  type: str
  sample: mirapoint.example.test
tried:
  description: Why mail hosts of a better preference didn't take it.
  returned: success or timeout, or when no mail host took it
  type: list
  elements: str
  sample: []
accepted_at:
  description: When the mail host took the message, UTC in ISO 8601; V(null) in check mode.
  returned: success or timeout
  type: str
  sample: "2026-01-31T18:04:11+00:00"
arrived_at:
  description: When the message was seen in the mailbox, UTC in ISO 8601; V(null) when it wasn't, and in check mode.
  returned: success or timeout
  type: str
  sample: "2026-01-31T18:04:12+00:00"
seconds:
  description: Time from being taken to being seen, in seconds; V(null) where O(ignore:arrived_at) is.
  returned: success or timeout
  type: float
  sample: 0.52
removed:
  description: Whether the message was deleted afterwards.
  returned: success or timeout
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job import probe
from ..module_utils._options import target
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            **target(),
            "sender": {"type": "str", "required": True},
            "recipient": {"type": "str", "required": True},
            "via": {"type": "str"},
            "nameserver": {"type": "str"},
            "port": {"type": "int", "default": 53},
            "smtp_port": {"type": "int", "default": 25},
            "tls": {"type": "str", "default": "starttls", "choices": ["starttls", "none"]},
            "ca_file": {"type": "path"},
            "mailbox": {"type": "str"},
            "timeout": {"type": "float", "default": 300},
            "remove": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, lambda: probe.probe_delivery(**module.params, check_mode=module.check_mode))


if __name__ == "__main__":
    main()
