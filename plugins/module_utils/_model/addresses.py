# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Addresses of Exchange in the form of SMTP."""

from __future__ import annotations

# What a mail server would never be asked for (RFC 2606): an address of a directory that is left behind.
NOWHERE = "pst.invalid"


def smtp(kind: str, address: str, domain: str = "") -> str:
    """The SMTP form of an address. One of the Exchange directory is encapsulated as Exchange does it itself (IMCEAEX)."""
    kind = kind.upper()
    if not address or kind == "SMTP" or not kind and "@" in address:
        return address.strip()
    encoded = "".join(
        chr(byte) if byte < 128 and (chr(byte).isalnum() or chr(byte) in "-=") else "_" if byte == 0x2F else f"+{byte:02X}"
        for byte in address.encode("utf-8")
    )
    return f"IMCEA{kind or 'UNKNOWN'}-{encoded}@{domain or NOWHERE}"
