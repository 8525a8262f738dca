# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import base64
import binascii

from .._errors import MigrationError
from .._libraries import dns
from .server import NOTHING_CHANGED, Key


def tsig_key(name: str, secret: str, algorithm: str) -> Key:
    try:
        raw = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        # No cause is chained: its text could quote the secret.
        raise MigrationError(
            f"The secret of key {name} isn't base64.", NOTHING_CHANGED, "Give key_secret exactly as the secret in the server's configuration."
        ) from None
    return Key(name, algorithm, dns.tsig.Key(name, raw, algorithm))
