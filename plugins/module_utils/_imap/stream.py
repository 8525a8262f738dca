# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The bytes of an IMAP connection: one buffer for all who read from it, compressed (RFC 4978) on request."""

from __future__ import annotations

import io
import socket
import zlib

# Large enough that a batch of small messages is a few reads.
BUFFER = 262144
# Whoever sends his answers in small pieces (RFC 896) waits for a sign that the last piece came, which Linux gives after 40 ms unless it is told to
# give it at once. It forgets that as soon as something is sent. Other systems do not know it.
AT_ONCE = getattr(socket, "TCP_QUICKACK", None)
# Sent at once. The timeout is for all that is sent at once, and a slow line takes its time for a large message.
PART = 262144
# Fast rather than small: mail is text or already compressed, and the processor is shared.
LEVEL = 1


class Stream:
    """`reader` is a buffered binary file. The library on the same connection is made to use it too."""

    def __init__(self, connection) -> None:
        self._socket = connection.sock
        self._raw = _Raw(self._socket)
        self._deflate = None
        self.reader = io.BufferedReader(self._raw, BUFFER)
        # Small messages, and answers to the library, travel through the same door.
        connection.read, connection.readline, connection.send = self.reader.read, self.reader.readline, self.send

    def send(self, data: bytes) -> None:
        if self._deflate is not None:
            data = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        parts = memoryview(data)
        for start in range(0, len(parts), PART):
            self._socket.sendall(parts[start:start + PART])
        if AT_ONCE is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, AT_ONCE, 1)

    def compress(self) -> None:
        """From now on both ways are deflated; nothing may be on its way."""
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._raw.inflate = zlib.decompressobj(-zlib.MAX_WBITS)


class _Raw(io.RawIOBase):
    def __init__(self, sock) -> None:
        super().__init__()
        self.socket = sock
        self.inflate = None
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self.socket.recv_into(buffer) if self.inflate is None else self._inflated(buffer)

    def _inflated(self, buffer) -> int:
        while not self._plain:
            data = self.socket.recv(BUFFER // 4)
            if not data:
                return 0
            # It may be a piece of a block, which gives nothing yet.
            self._plain = memoryview(self.inflate.decompress(data))
        got = min(len(buffer), len(self._plain))
        buffer[:got], self._plain = self._plain[:got], self._plain[got:]
        return got
