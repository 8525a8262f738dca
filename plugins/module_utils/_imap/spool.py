# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Large messages: kept in a file without a name while they pass, so that memory stays flat whatever is sent."""

from __future__ import annotations

import hashlib
import tempfile

PIECE = 262144


class Spooled:
    """Bytes of a message in a temporary file that nobody else sees and that ends with this object."""

    def __init__(self) -> None:
        self._size = 0
        # The file is deleted while it is open: neither a crash nor a kill leaves mail behind.
        self._file = tempfile.TemporaryFile()
        self._digest = hashlib.sha256()

    @classmethod
    def read(cls, size: int, read) -> Spooled:
        """`size` bytes from `read(n)`, which gives up to n, nothing at the end of the stream. EOFError when that comes too early."""
        spooled = cls()
        while len(spooled) < size:
            piece = read(min(size - len(spooled), PIECE))
            if not piece:
                raise EOFError("the server closed the connection inside a message")
            spooled.add(piece)
        return spooled

    def add(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)
        self._size += len(piece)

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    def __len__(self) -> int:
        return self._size

    def pieces(self):
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece
