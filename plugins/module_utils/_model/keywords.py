# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Categories of Outlook as IMAP keywords.

A keyword is an atom in ASCII (RFC 9051, 9), and servers may change its case. So a category is written in the "Q" encoding of RFC 2047,
4.2, whose hexadecimal digits bear that: letters, digits, "-" and "." stay, a blank becomes "_", every other octet of the UTF-8 text "=" and
two digits. "Project A" is Project_A, "Büro" is B=C3=BCro. "$" is encoded too, since it begins the keywords that have a meaning to
servers and clients. The same category gives the same keyword for ever, and the keyword gives it back, but for its case.
"""

from __future__ import annotations

import re
import string

PLAIN = frozenset((string.ascii_letters + string.digits + "-.").encode())
ENCODED = re.compile(rb"=([0-9A-Fa-f]{2})")


def keyword(category: str) -> str:
    """The keyword of a category that has a name."""
    return "".join(chr(octet) if octet in PLAIN else "_" if octet == 0x20 else f"={octet:02X}" for octet in category.encode())


def category(keyword: str) -> str:
    """The category of a keyword that `keyword` made. Raises UnicodeError for one that it can't have made."""
    return ENCODED.sub(lambda found: bytes([int(found[1], 16)]), keyword.encode("ascii").replace(b"_", b" ")).decode()
