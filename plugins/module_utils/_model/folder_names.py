# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Names of folders as IMAP spells them (modified UTF-7, RFC 3501, 5.1.3), which is how the ledger keeps them."""

from __future__ import annotations

from .._libraries import imapclient


def wire_name(name: str) -> bytes:
    """Undo `listed`: the bytes that the server sent."""
    return name.encode("latin-1")


def decoded(name: str) -> str:
    """Modified UTF-7 to text; a name that is not valid is shown as it is."""
    try:
        return imapclient.imap_utf7.decode(wire_name(name))
    except (UnicodeError, ValueError):
        return name


def encoded(path: str) -> str:
    return imapclient.imap_utf7.encode(path).decode("latin-1")
