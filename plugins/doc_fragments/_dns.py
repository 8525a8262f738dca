# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    DOCUMENTATION = r"""
options:
  zone:
    description:
      - The DNS zone, for example V(example.test).
      - As with every name of this module, a trailing dot and upper or lower case make no difference.
    type: str
    required: true
  name:
    description:
      - The name whose records are meant, written in full.
      - Default is the name of the zone itself.
    type: str
  port:
    description:
      - Port of the name servers, UDP and TCP.
    type: int
    default: 53
requirements:
  - dnspython >= 2.6
"""

    KEY = r"""
options:
  key_name:
    description:
      - Name of the TSIG key that signs the messages.
      - Without a key they are unsigned, which a server accepts only where it trusts addresses.
    type: str
  key_secret:
    description:
      - Secret of the TSIG key, base64, as in the server's configuration.
      - Default is the value of the environment variable E(MIGRATION_TSIG_SECRET).
    type: str
  key_algorithm:
    description:
      - Algorithm of the TSIG key; it is part of the key, so it must be the one in the server's configuration.
    type: str
    default: hmac-sha256
    choices:
      - hmac-sha1
      - hmac-sha224
      - hmac-sha256
      - hmac-sha384
      - hmac-sha512
"""

    SERVERS = r"""
options:
  servers:
    description:
      - Name servers (addresses or host names) that are asked for the NS records of the zone and for the addresses of
        the hosts in them.
      - Default is this system's resolvers, which are always asked at port 53.
    type: list
    elements: str
"""
