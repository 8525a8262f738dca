# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a message may have been before a server gave it other line ends."""

from __future__ import annotations

import hashlib


def as_sent(body) -> tuple[bytes, bytes, bytes]:
    """SHA-256 of a stored message, three times: without the end of its last line, which Courier adds; with bare LF, of which Dovecot makes
    CRLF; and both. `body` is that of a Message, bytes or in pieces."""
    as_it_is, bare = hashlib.sha256(), hashlib.sha256()
    tail = b""
    for piece in (body,) if isinstance(body, bytes) else body.pieces():
        data = tail + piece
        # No CRLF is cut apart, and what may be the last one is held back.
        cut = max(0, len(data) - 2)
        while cut and data[cut - 1:cut] == b"\r":
            cut -= 1
        head, tail = data[:cut], data[cut:]
        as_it_is.update(head)
        bare.update(head.replace(b"\r\n", b"\n"))
    as_it_is.update(tail.removesuffix(b"\r\n"))
    tail = tail.replace(b"\r\n", b"\n")
    without_end = bare.copy()
    bare.update(tail)
    without_end.update(tail.removesuffix(b"\n"))
    return as_it_is.digest(), bare.digest(), without_end.digest()
