# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""TLS as all protocols want it: certificates are always verified."""

from __future__ import annotations

import ssl


def context(ca_file: str | None, legacy: bool = False) -> ssl.SSLContext:
    """`ca_file`: authorities that are trusted instead of the system's. `legacy`: for servers that know no TLS 1.2. OSError when it can't be read."""
    made = ssl.create_default_context(cafile=ca_file)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if legacy:
        # Certificates are verified all the same, but as it was usual when they were made.
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.set_ciphers("DEFAULT:@SECLEVEL=0")
        made.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made
