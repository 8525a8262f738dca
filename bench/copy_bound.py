# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that a program can do to copy mail over IMAP: a yardstick for tools that do more.

    copy_bound.py [--workers 2] [--batch 50] [--ca FILE] SOURCE_PORT TARGET_PORT USER...

It reads two lines: the password of all users at the source, and the one at the target.

Messages arrive with flags and INTERNALDATE. Nothing is checked, noted down, or tried again, and nobody could resume it. Each worker
process takes a mailbox at a time; it asks for ranges some steps ahead, over the ends of folders too, and sends each range as one
APPEND of many messages without waiting for the answers to the ones before. Both servers are on 127.0.0.1 and know LIST-STATUS, MULTIAPPEND and LITERAL+.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import re
import socket
import ssl
import sys

GIVEN = re.compile(rb'\* \d+ FETCH \(.*?FLAGS \(([^)]*)\).*?INTERNALDATE ("[^"]+").*? \{(\d+)\}\r\n$')
HOLDS = re.compile(rb'\* STATUS (".*"|\S+) \(MESSAGES (\d+)\)')
# Ranges that are asked for ahead, and APPENDs whose answer is not awaited.
AHEAD, UNANSWERED = 8, 4


class Connection:
    def __init__(self, port: int, user: str, password: str, ca: str | None = None) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            self._sock = ssl.create_default_context(cafile=ca).wrap_socket(self._sock, server_hostname="127.0.0.1")
        self.answers = self._sock.makefile("rb", 1 << 18)
        self.send(f"do LOGIN {user} {password}\r\n".encode())
        self.until_tagged()

    def send(self, *pieces: bytes) -> None:
        self._sock.sendall(b"".join(pieces))

    def ask(self, command: bytes) -> list[bytes]:
        self.send(b"do ", command, b"\r\n")
        return self.until_tagged()

    def until_tagged(self) -> list[bytes]:
        """Lines before the next tagged answer, which must be OK."""
        before = []
        while (line := self.answers.readline()).startswith((b"* ", b"+ ")):
            before.append(line)
        tagged(line)
        return before

    def held(self) -> list[tuple[bytes, int]]:
        """Folders, with quotes where they need them, and their messages."""
        found = [HOLDS.match(line) for line in self.ask(b'LIST "" "*" RETURN (STATUS (MESSAGES))')]
        return [(match[1], int(match[2])) for match in found if match]


def tagged(line: bytes) -> None:
    if line.split(b" ", 2)[1:2] != [b"OK"]:
        # Not SystemExit: a pool waits for ever for a worker that ends.
        raise OSError(f"answer of a server: {line.decode(errors='replace').strip() or 'connection closed'}")


def connections(options: argparse.Namespace, user: str) -> tuple[Connection, Connection]:
    """To both ends."""
    source, target = options.passwords
    return Connection(options.source_port, user, source, options.ca), Connection(options.target_port, user, target, options.ca)


def copy_mailbox(job: tuple[argparse.Namespace, str]) -> int:
    options, user = job
    source, target = connections(options, user)
    held = source.held()
    target.send(*(b"do CREATE " + folder + b"\r\n" for folder, _messages in held if folder.strip(b'"').upper() != b"INBOX"))
    unanswered = sum(folder.strip(b'"').upper() != b"INBOX" for folder, _messages in held)
    steps = collections.deque(
        (folder, low, min(low + options.batch - 1, messages)) for folder, messages in held for low in range(1, messages + 1, options.batch)
    )
    asked: collections.deque[tuple[bytes, int]] = collections.deque()
    while steps or asked:
        while steps and len(asked) < AHEAD:
            folder, low, high = steps.popleft()
            source.send(*([b"ask EXAMINE ", folder, b"\r\n"] if low == 1 else []), b"ask FETCH %d:%d (FLAGS INTERNALDATE BODY.PEEK[])\r\n" % (low, high))
            asked.append((folder, high - low + 1))
        folder, messages = asked.popleft()
        batch = given(source, messages)
        while unanswered >= UNANSWERED:
            target.until_tagged()
            unanswered -= 1
        target.send(b"put APPEND ", folder, *batch, b"\r\n")
        unanswered += 1
    for _answer in range(unanswered):
        target.until_tagged()
    return sum(messages for _folder, messages in held)


def given(source: Connection, messages: int) -> list[bytes]:
    """The next so many messages, as APPEND wants them. Answers to the commands themselves may come any time after."""
    pieces: list[bytes] = []
    while messages:
        line = source.answers.readline()
        if found := GIVEN.match(line):
            flags = found[1].replace(b"\\Recent", b"").strip()
            pieces += [b" (", flags, b") ", found[2], b" {", found[3], b"+}\r\n", source.answers.read(int(found[3]))]
            source.answers.readline()
            messages -= 1
        elif not line.startswith(b"* "):
            tagged(line)
    return pieces


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=50, help="messages in an APPEND")
    parser.add_argument("--ca", help="file with the certificate authority: both connections by TLS")
    parser.add_argument("source_port", type=int)
    parser.add_argument("target_port", type=int)
    parser.add_argument("user", nargs="+")
    options = parser.parse_args()
    options.passwords = sys.stdin.read().split()
    with multiprocessing.get_context("fork").Pool(options.workers) as pool:
        print(sum(pool.imap_unordered(copy_mailbox, [(options, user) for user in options.user])), "messages")


if __name__ == "__main__":
    main()
