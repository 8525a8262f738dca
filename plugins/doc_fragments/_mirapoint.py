# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  server:
    description:
      - The appliance, by the port of its administration protocol.
      - It speaks the protocol as the vendor's own client does. What the vendor did not publish was never tried against an appliance by this
        collection; its tests use a server of their own.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the server in messages. Default is its host.
        type: str
      host:
        description: Host name; the server's certificate must be valid for it.
        type: str
        required: true
      port:
        description: TCP port. Default is 10243 with TLS, and 10143 without.
        type: int
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(implicit) is TLS from the first byte; the protocol knows no STARTTLS.
          - V(none) sends passwords in clear text.
        type: str
        default: implicit
        choices: [implicit, none]
      ca_file:
        description:
          - File with the certificate authorities that are trusted, PEM. Default is the system's.
          - A certificate that signs itself is its own authority.
        type: path
      legacy_tls:
        description:
          - Whether versions of TLS before 1.2 and old ciphers are accepted, as old appliances need it. Certificates are verified nevertheless.
        type: bool
        default: false
      timeout:
        description: How long a complete answer of the server may take, in seconds.
        type: float
        default: 60
      admin:
        description: Account that may administer.
        type: str
        required: true
      password:
        description: Its password. Default is the environment variable E(MIGRATION_TARGET_PASSWORD).
        type: str
  domain:
    description:
      - Domain whose users and lists are meant (C(DOMAIN SETCURRENT)). Default is the one that the account is in.
    type: str
"""

    PAGE_SIZE = r"""
options:
  page_size:
    description:
      - Users in a page of the list of users (C(USER LIST) with start and count).
      - V(0) asks for all at once, which is for appliances that do not take start and count as it is meant here; the module says so where it shows.
    type: int
    default: 1000
"""

    SWITCH = r"""
options:
  unconfirmed_commands:
    description:
      - Commands that may be sent although their form is not public, and nobody confirmed it.
      - V(true) for all of them, or a list of names of V(user_delete) (C(USER DELETE user)) and V(list_entry_add) (C(DLENTRY ADD list entry)).
      - Try a command at one example by M(messaging.migration.mirapoint_command) first.
    type: raw
    default: []
"""

    REPORT = r"""
options:
  report_path:
    description:
      - File on the host that runs the module, to which a line of JSON is appended for everything that was done or refused, as soon as it happened.
        Not written in check mode.
    type: path
"""
