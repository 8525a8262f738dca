# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  directories:
    description:
      - The directories that know the users of the source servers. They are only read.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name in messages and in the account plan. Default is the host, or the path of the file.
        type: str
      kind:
        description:
          - What it is.
          - V(active_directory) is one with Exchange 2000 or later in it. Each domain of a forest is a directory of its own. Public folders with an
            address are looked for in the whole domain.
          - V(exchange_5_5) is the directory of Exchange 5.5 by LDAP. It was never tried against an Exchange 5.5; the tests use another LDAP server
            with entries as they are described for it. Limits of its stores are not read.
          - V(exchange_5_5_csv) is a file that C(Directory Export) of its Administrator program, or C(admin /e), wrote. It needs the columns
            C(Obj-Class), C(Directory Name) and C(E-mail Addresses); of use are C(Display Name), C(Alias Name), C(First Name), C(Last name),
            C(Primary Windows NT Account), C(Home-Server), C(E-mail address), C(Members), C(Obj-Container), C(Hide from AB), C(Obj-Dist-Name),
            C(MDB-Use-Defaults), C(DXA-Task), C(MDB-Over-Quota-Limit), C(Alt-Recipient) and C(Deliver-And-Redirect). Do not restrict the export
            to a server, or lists and custom recipients are missing.
          - Of members and forwards that such a file tells with their site (C(/o=Example/ou=Berlin/cn=Recipients/cn=anna)), those of its own site are
            found in it, which it knows by C(Obj-Dist-Name), else by C(Obj-Container) or C(Home-Server) where these have the site. Those of other
            sites are found in a directory of theirs, which for a file needs C(Obj-Dist-Name) as well.
        type: str
        default: active_directory
        choices: [active_directory, exchange_5_5, exchange_5_5_csv]
      host:
        description: Host name of the LDAP server; its certificate must be valid for it.
        type: str
      port:
        description: TCP port. Default is 636 with O(directories[].tls=implicit), else 389.
        type: int
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(implicit) is TLS from the first byte (LDAPS).
          - V(none) sends the password in clear text, which a domain controller may refuse.
        type: str
        default: implicit
        choices: [implicit, starttls, none]
      ca_file:
        description: File with the certificate authorities that are trusted, PEM. Default is the system's.
        type: path
      legacy_tls:
        description:
          - Whether versions of TLS before 1.2 and old ciphers are accepted, as Windows 2003 needs it. Certificates are verified nevertheless.
        type: bool
        default: false
      timeout:
        description: How long to wait for each answer, in seconds.
        type: float
        default: 60
      auth:
        description:
          - How to log in. It is tried once, so that no account is locked.
          - V(kerberos) uses the ticket of the account that runs the module, and needs the Python library gssapi. It was never tried by the tests.
          - V(anonymous) sees only a part of most directories.
        type: str
        default: simple
        choices: [simple, kerberos, anonymous]
      user:
        description:
          - Account that may read, for O(directories[].auth=simple). For Active Directory C(user@domain) or its distinguished name, for Exchange
            5.5 such as V(cn=reader, cn=NTDOMAIN).
        type: str
      password:
        description: Its password. Default is the environment variable E(MIGRATION_DIRECTORY_PASSWORD).
        type: str
      base:
        description:
          - Distinguished name below which is looked. Default for Active Directory is the server's domain; Exchange 5.5 needs one, such as V(o=Example).
        type: str
      filter:
        description: LDAP filter that entries must match in addition, such as V((company=Example\)).
        type: str
      page_size:
        description: Entries that are asked for at once (RFC 2696), from 1 to 1000.
        type: int
        default: 500
      range_size:
        description: Members of a group that are asked for at once, from 1 to 1000; Windows 2000 gives no more than 1000, later ones 1500.
        type: int
        default: 1000
      path:
        description: File on this host, for O(directories[].kind=exchange_5_5_csv).
        type: path
      encoding:
        description: Character set of the file, such as V(cp1252). One that begins with a mark of Unicode says so itself.
        type: str
        default: utf-8
requirements:
  - ldap3 >= 2.9
  - gssapi (Kerberos only)
"""

    SERVER = r"""
options:
  server:
    description:
      - The directory, by LDAP. Name the same server each time where there are several of them, such as domain controllers, since what is written to
        one takes a while to be seen at the others.
    type: dict
    required: true
    suboptions:
      name:
        description:
          - Name in messages. Default is the host.
          - What the ledger keeps of a directory is under this name; without one it is under the directory's own base, so that it is the same by
            whichever host.
        type: str
      host:
        description: Host name of the LDAP server; its certificate must be valid for it.
        type: str
        required: true
      port:
        description: TCP port. Default is 636 with O(server.tls=implicit), else 389.
        type: int
      tls:
        description:
          - How the connection is encrypted. Certificates are always verified.
          - V(implicit) is TLS from the first byte (LDAPS).
          - V(none) sends passwords in clear text.
        type: str
        default: implicit
        choices: [implicit, starttls, none]
      ca_file:
        description: File with the certificate authorities that are trusted, PEM. Default is the system's.
        type: path
      legacy_tls:
        description:
          - Whether versions of TLS before 1.2 and old ciphers are accepted, as old servers need it. Certificates are verified nevertheless.
        type: bool
        default: false
      timeout:
        description: How long to wait for each answer, in seconds.
        type: float
        default: 60
      auth:
        description:
          - How to log in. It is tried once, so that no account is locked.
          - V(kerberos) uses the ticket of the account that runs the module, and needs the Python library gssapi. It was never tried by the tests.
        type: str
        default: simple
        choices: [simple, kerberos]
      user:
        description: Account that may write, for O(server.auth=simple), such as its distinguished name, or C(user@domain) for Active Directory.
        type: str
      password:
        description: Its password. Default is the environment variable E(MIGRATION_DIRECTORY_PASSWORD).
        type: str
      base:
        description: Distinguished name below which is looked. Default for Active Directory is the server's domain.
        type: str
      filter:
        description: LDAP filter that entries must match in addition, such as V((company=Example\)).
        type: str
      page_size:
        description: Entries that are asked for at once (RFC 2696), from 1 to 1000.
        type: int
        default: 500
requirements:
  - ldap3 >= 2.9
  - gssapi (Kerberos only)
"""
