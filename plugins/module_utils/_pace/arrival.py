# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""When an answer came, by the kernel's word: on a station whose processors are busy with mail, whoever waits for an answer also waits for
his turn to read it, and that is nothing that a user of the server feels."""

from __future__ import annotations

import os
import select
import socket
import struct
import time

# Linux: the time at which data came is told with the data (socket(7)). Python has no name for it.
SO_TIMESTAMPNS = 35
TIME = struct.Struct("qq")
# Linux: struct tcp_info of linux/tcp.h, bytes that came since the connection began.
RECEIVED = struct.Struct("128xQ")


class Arrival:
    """Beside the connection `sock`, also where that is encrypted."""

    def __init__(self, sock, timeout: float) -> None:
        self._sock = socket.socket(fileno=os.dup(sock.fileno()))
        self._milliseconds = timeout * 1000
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN)
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        except OSError:
            # Not told here: then `wait` finds no time.
            pass
        # What had come when `wait` ended, and when that was.
        self._received, self._seen = -1, 0.0

    def wait(self, began: float) -> float:
        """Wait for data, which is left unread. Returns the seconds for which it had lain there when this process got to see it; what is
        older than `began` (seconds since 1970) was no answer. TimeoutError when nothing comes."""
        if not self._poll.poll(self._milliseconds):
            raise TimeoutError("no answer")
        seen = time.time()
        # In this order: what comes in between is then no longer all there, and nothing of it is taken for ours.
        self._received, self._seen = self._came(), time.monotonic()
        try:
            _data, told, _flags, _address = self._sock.recvmsg(1, socket.CMSG_SPACE(TIME.size), socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0.0
        for level, kind, data in told:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) == TIME.size:
                seconds, nanoseconds = TIME.unpack(data)
                came = seconds + nanoseconds / 1e9
                return seen - came if began <= came <= seen else 0.0
        return 0.0

    def since(self) -> float:
        """Seconds since `wait` ended, where the whole answer was there by then and is read by now: they were this process's own. Else 0."""
        return time.monotonic() - self._seen if 0 <= self._received == self._came() else 0.0

    def _came(self) -> int:
        """Bytes, as they travelled; -1 where that is not told."""
        try:
            told = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RECEIVED.size)
        except OSError:
            return -1
        return RECEIVED.unpack(told)[0] if len(told) == RECEIVED.size else -1

    def close(self) -> None:
        self._sock.close()
