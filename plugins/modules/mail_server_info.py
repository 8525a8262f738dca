#!/usr/bin/python

# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_server_info
short_description: See who a mail server is and what it can do
version_added: 0.1.0
description:
  - Connects by IMAP, verifies the certificate, and logs in once - as the administrator, or into O(mailbox) to prove the login form.
  - Returns the server's identity, its capabilities, and how it names folders.
extends_documentation_fragment:
  - messaging.migration._attributes
  - messaging.migration._attributes.info_module
  - messaging.migration._attributes.actiongroup_migration
  - messaging.migration._source.server
author:
  - the messaging.migration contributors (@messaging-migration)
options:
  mailbox:
    description:
      - Mailbox whose INBOX proves the login form.
    type: str
  mailbox_password:
    description:
      - Password of this mailbox's own user, instead of the administrator's. Not with O(server.ews.auth=oauth).
    type: str
"""

EXAMPLES = r"""
- name: Find out which login form an Exchange server takes
  messaging.migration.mail_server_info:
    server:
      host: exchange.example.com
      admin: migadmin
      domain: EXAMPLE
      password: "{{ vault_source_password }}"
      login:
        - "{domain}/{admin}/{mailbox}"
        - '{domain}\{admin}\{mailbox}'
    mailbox: anna.berg
"""

RETURN = r"""
greeting:
  description: The server's greeting.
  returned: success
  type: str
  sample: "The Microsoft Exchange IMAP4 service is ready."
product:
  description: Product as the greeting tells, empty when it does not.
  returned: success
  type: str
  sample: Microsoft Exchange 2010 or later
version:
  description: Version as the greeting tells, empty when it does not.
  returned: success
  type: str
  sample: 5.5.2653.23
capabilities:
  description: Capabilities after login.
  returned: success
  type: list
  elements: str
  sample: [IMAP4REV1, LITERAL+, UIDPLUS]
id:
  description: What the server says of itself by ID (RFC 2971).
  returned: success
  type: dict
  sample: {name: "Cyrus IMAP"}
namespace:
  description: C(prefix) and C(separator) of a user's own folders.
  returned: success
  type: dict
  sample: {prefix: "INBOX.", separator: "."}
tls:
  description: C(version), C(cipher), and the certificate's C(subject) and C(not_after); empty without TLS.
  returned: success
  type: dict
  sample: {version: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384, subject: mail.example.com, not_after: "Nov 24 12:00:00 2027 GMT"}
login:
  description: The login name that worked for O(mailbox), empty without one.
  returned: success
  type: str
  sample: EXAMPLE/migadmin/anna.berg
login_form:
  description: The form of O(server.login) that it was made by, empty without O(mailbox).
  returned: success
  type: str
  sample: "{domain}/{admin}/{mailbox}"
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._job.server_info import server_info
from ..module_utils._options import source_connection
from ..module_utils._run import run


def main():
    module = AnsibleModule(
        argument_spec={
            "server": {"type": "dict", "required": True, "options": source_connection()},
            "mailbox": {"type": "str"},
            "mailbox_password": {"type": "str", "no_log": True},
        },
        required_by={"mailbox_password": ["mailbox"]},
        supports_check_mode=True,
    )
    run(module, lambda: server_info(module.params["server"], module.params["mailbox"], module.params["mailbox_password"]))


if __name__ == "__main__":
    main()
