# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  target:
    description:
      - The target server.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the server in the ledger and in messages. Default is its host.
        type: str
      protocol:
        description: Protocol by which the server is talked to.
        type: str
        default: imap
        choices: [imap]
      host:
        description: Host name; the server's certificate must be valid for it.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 993
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(none) sends passwords and mail in clear text.
        type: str
        default: implicit
        choices: [implicit, starttls, none]
      ca_file:
        description: File with the certificate authorities that are trusted, PEM. Default is the system's.
        type: path
      timeout:
        description: How long an answer of the server may take, in seconds.
        type: float
        default: 60
      login:
        description:
          - "Forms of the login name, with C({mailbox}), C({admin}) and C({domain}) in them."
          - They are tried in this order, each once, and proved by opening INBOX.
        type: list
        elements: str
        default: ["{mailbox}"]
      mechanism:
        description:
          - V(login) logs in by the name that the form gives.
          - V(plain) logs in as the administrator and acts for the name that the form gives (SASL PLAIN, RFC 4616).
        type: str
        default: plain
        choices: [login, plain]
      domain:
        description: "Value of C({domain}) in the login forms, for example a Windows domain."
        type: str
        default: ""
      admin:
        description: Account that may open every mailbox.
        type: str
      password:
        description:
          - Password of the administrator. Default is the environment variable E(MIGRATION_TARGET_PASSWORD).
        type: str
      connections:
        description: How many mailboxes are worked on at the same time on this server, by all stations together.
        type: int
        default: 4
      compress:
        description:
          - Whether to compress what goes over the network, where the server offers C(COMPRESS=DEFLATE).
          - It pays on links below some 50 Mbit/s; on faster ones the processor is the narrower place.
        type: bool
        default: false
      quota_mb:
        description: Quota of new accounts in MB, V(0) for none; used where accounts are made.
        type: int
        default: 0
requirements:
  - IMAPClient >= 3.0
"""
