# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  sources:
    description:
      - The source servers with their mailboxes.
    type: list
    elements: dict
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
        default: login
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
          - Password of the administrator. Default is the environment variable E(MIGRATION_SOURCE_PASSWORD).
        type: str
      connections:
        description: How many mailboxes are worked on at the same time on this server, by all stations together.
        type: int
        default: 4
      profile:
        description: Version of the server, for its peculiarities.
        type: str
        default: imap
        choices: [imap, exchange_5_5, exchange_2000, exchange_2003, exchange_2007, exchange_2010, exchange_2013]
      mailboxes:
        description: The mailboxes that leave this server.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The mailbox at the source server, as its login forms want it.
            type: str
            required: true
          target:
            description: The mailbox at the target server. Default is the same name.
            type: str
          wave:
            description: The wave in which the mailbox cuts over.
            type: str
            default: default
          test:
            description: Whether the mailbox belongs to a test user, whose mailbox is moved first and measured.
            type: bool
            default: false
          password:
            description: Password of this mailbox's own user, instead of the administrator's.
            type: str
          target_password:
            description: Password of this mailbox's own user at the target server, instead of the administrator's.
            type: str
          quota_mb:
            description: Quota of the mailbox at the target server in MB; used where accounts are made.
            type: int
requirements:
  - IMAPClient >= 3.0
"""

    # One server, without its mailboxes.
    SERVER = r"""
options:
  server:
    description:
      - The mail server.
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
        default: login
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
          - Password of the administrator. Default is the environment variable E(MIGRATION_SOURCE_PASSWORD).
        type: str
      connections:
        description: How many mailboxes are worked on at the same time on this server, by all stations together.
        type: int
        default: 4
      profile:
        description: Version of the server, for its peculiarities.
        type: str
        default: imap
        choices: [imap, exchange_5_5, exchange_2000, exchange_2003, exchange_2007, exchange_2010, exchange_2013]
requirements:
  - IMAPClient >= 3.0
"""

    # Which of the mailboxes are meant.
    CHOICE = r"""
options:
  only:
    description:
      - Only these mailboxes, by name or as C(server/name). A name that is not in O(sources) is refused.
    type: list
    elements: str
  wave:
    description:
      - Only mailboxes of this wave.
    type: str
  test_only:
    description:
      - Only mailboxes of test users.
    type: bool
    default: false
"""

    # Work that takes long and is shared.
    LONG_WORK = r"""
options:
  workers:
    description:
      - Worker processes on this station. Each works on one mailbox at a time.
    type: int
    default: 2
  time_budget:
    description:
      - Stop cleanly after so many seconds, even if not all is done; RV(finished) tells. V(0) sets no limit.
      - The action plugin of this module calls it in steps of this length to show the progress.
    type: float
    default: 0
  lease_seconds:
    description:
      - A worker that has not been heard of for so many seconds is taken for dead, and its mailbox goes to another one.
    type: float
    default: 120
  round:
    description:
      - Name of this round. Each mailbox goes through a round once, whichever station takes it; stations that are to share
        the work give the same name. Default is a new name.
    type: str
  report_path:
    description:
      - File on this host that gets the details as JSON.
    type: path
"""
