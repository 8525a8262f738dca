# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay before an IMAP server, as a process of its own: it delays each direction, or hides what RFC 3501 does not know.

    relay.py [--delay MS] [--bare] [--log FILE] PORT BEHIND

A delay holds back what was read for that long, without limiting the rate: as much may be under way as fits in memory. With --bare
the server's answers lose APPENDUID, COPYUID and HIGHESTMODSEQ. --log writes ten times a second how many bytes the server has given.
It works in large pieces, so that it costs the machine little.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import re
import socket
import time
import typing as t

EXTRAS = re.compile(rb"\[(?:APPENDUID|COPYUID|HIGHESTMODSEQ) [^\]\r\n]*\] ?")
# So much may wait for a receiver that is slower than the sender, in bytes.
WAITING = 16 << 20


class Side(asyncio.Protocol):
    """One connection of a pair: what arrives here leaves at `other`."""

    # Bytes that servers have given to this process.
    given = 0

    def __init__(self, delay: float, bare: bool, of_server: bool = False) -> None:
        self._of_server = of_server
        self._delay, self._bare = delay, bare
        self._loop = asyncio.get_running_loop()
        self.other: Side | None = None
        self.transport: t.Any = None
        self._early: list[bytes] = []
        self._held: collections.deque[tuple[float, t.Callable[..., None], tuple[bytes, ...]]] = collections.deque()
        self._line = b""

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=WAITING)

    def join(self, other: Side) -> None:
        self.other, early = other, self._early
        for data in early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._early.append(data)
            return
        if self._of_server:
            Side.given += len(data)
        if self._bare:
            data = self._without_extras(data)
        self._later(self.other.transport.write, data)

    def eof_received(self) -> bool:
        self.connection_lost(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self._later(self.other.transport.close)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def _later(self, call: t.Callable[..., None], *arguments: bytes) -> None:
        if not self._delay:
            call(*arguments)
            return
        self._held.append((self._loop.time() + self._delay, call, arguments))
        if len(self._held) == 1:
            self._loop.call_at(self._held[0][0], self._release)

    def _release(self) -> None:
        """What is due, in the order of its arrival."""
        now = self._loop.time()
        while self._held and self._held[0][0] <= now:
            _due, call, arguments = self._held.popleft()
            call(*arguments)
        if self._held:
            self._loop.call_at(self._held[0][0], self._release)

    def _without_extras(self, data: bytes) -> bytes:
        """Whole lines only: the rest waits for its end, which a server never lets wait."""
        data = self._line + data
        end = data.rfind(b"\n") + 1
        self._line = data[end:]
        return EXTRAS.sub(b"", data[:end])


async def log(file: str) -> None:
    with open(file, "w", encoding="ascii") as lines:
        while True:
            print(time.monotonic(), Side.given, file=lines, flush=True)
            await asyncio.sleep(0.1)


async def serve(port: int, behind: int, delay: float, bare: bool, file: str | None) -> None:
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task] = set()

    async def connect(client: Side) -> None:
        _transport, server = await loop.create_connection(lambda: Side(delay, bare, of_server=True), "127.0.0.1", behind)
        client.join(server)
        server.join(client)

    def accept() -> Side:
        client = Side(delay, False)
        task = loop.create_task(connect(client))
        connecting.add(task)
        task.add_done_callback(connecting.discard)
        return client

    server = await loop.create_server(accept, "127.0.0.1", port, backlog=512)
    await asyncio.gather(server.serve_forever(), *([log(file)] if file else []))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--delay", type=float, default=0, help="of each direction, in ms")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--log")
    parser.add_argument("port", type=int)
    parser.add_argument("behind", type=int)
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.behind, options.delay / 1000, options.bare, options.log))


if __name__ == "__main__":
    main()
