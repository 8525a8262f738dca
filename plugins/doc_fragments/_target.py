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
      legacy_tls:
        description:
          - Whether versions of TLS before 1.2 and old ciphers are accepted, as old Mirapoint appliances need it. Certificates are verified nevertheless.
          - It holds for the service of O(target.sieve) as well.
        type: bool
        default: false
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
      dav:
        description:
          - Where calendars, contacts, tasks and notes go by CalDAV and CardDAV. Without it and O(target.files) they stay at the source.
          - Nobody is invited again by what is written.
        type: dict
        suboptions:
          url:
            description: Any address of the service, such as V(https://mail.example.com/dav/). A user's collections are asked for (RFC 6764).
            type: str
            required: true
          principal:
            description:
              - "Path of a user's principal, with C({mailbox}) in it, for an administrator who acts for all users."
              - Default is that of whoever logs in.
            type: str
          login:
            description: "Form of the login name, with C({mailbox}) and C({admin}) in it."
            type: str
            default: "{mailbox}"
          admin:
            description: Account that may write for every user. Default is O(target.admin).
            type: str
          password:
            description: Password. Default is that of the mailbox's own user, else O(target.password).
            type: str
          ca_file:
            description: File with the certificate authorities that are trusted, PEM. Default is O(target.ca_file).
            type: path
      files:
        description:
          - Where calendars, contacts, tasks and notes are written as files, a folder for each mailbox, for targets that only import.
          - Nobody but the account that runs the module can read them.
        type: dict
        suboptions:
          path:
            description: Folder on the station, which exists. With several stations, one that they share.
            type: path
            required: true
          formats:
            description: Formats that differ from iCalendar and vCard.
            type: dict
            default: {}
            suboptions:
              calendar:
                description: V(vcs) is vCalendar 1.0, in which Mirapoint's WebCal exports; that it imports it is not confirmed.
                type: str
                default: ics
                choices: [ics, vcs]
              contacts:
                description: V(ldif) is the form in which Mirapoint's address book exports; that it imports it is not confirmed.
                type: str
                default: vcf
                choices: [vcf, ldif]
      sieve:
        description:
          - The server's ManageSieve service, to which M(messaging.migration.mailbox_rules) brings inbox rules and automatic replies. The login is that
            of O(target), as the administrator who acts for the mailbox.
        type: dict
        suboptions:
          host:
            description: Host name; the server's certificate must be valid for it. Default is O(target.host).
            type: str
          port:
            description: TCP port.
            type: int
            default: 4190
          tls:
            description:
              - How the connection is encrypted. Certificates are always verified.
              - V(none) sends passwords in clear text.
            type: str
            default: starttls
            choices: [implicit, starttls, none]
          ca_file:
            description: File with the certificate authorities that are trusted, PEM. Default is O(target.ca_file).
            type: path
requirements:
  - IMAPClient >= 3.0
  - caldav >= 3.6, icalendar >= 6.0 and vobject >= 0.9.8, where calendars and contacts move
"""
