# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that real mailboxes hold and that migrations lose, double or alter."""
from __future__ import annotations

import random
from typing import NamedTuple

FLAGS = ("\\Seen", "\\Flagged", "Custom")
DATE = "15-Feb-2019 03:04:05 +0200"


class HardCase(NamedTuple):
    name: str
    data: bytes
    flags: tuple[str, ...] = FLAGS
    date: str = DATE
    refused: bool = False  # Cyrus takes no such message by APPEND: it has to end as an exception, not in the target


def _message(name: str, body: bytes = b"Body\r\n", headers: bytes = b"", message_id: str = "") -> bytes:
    return (b"From: Hard Case <hard.case@example.test>\r\nTo: somebody@example.test\r\nSubject: %s\r\n"
            b"Date: Fri, 15 Feb 2019 03:04:05 +0200\r\n%s%s\r\n%s"
            % (name.encode(), f"Message-ID: <{message_id or name.replace(' ', '.')}@example.test>\r\n".encode(), headers, body))


def hard_cases(large: bool = False, seed: int = 1) -> list[HardCase]:
    """All cases; the 25 MB message only where asked for."""
    no_id = b"From: nobody@example.test\r\nSubject: no Message-ID\r\n\r\nWho am I?\r\n"
    twin, triplet = _message("exact duplicate twice"), _message("exact duplicate three times")
    cases = [
        HardCase("no Message-ID", no_id),
        HardCase("same Message-ID, content one", _message("same id", b"The first.\r\n", message_id="same.id")),
        HardCase("same Message-ID, content two", _message("same id", b"The second, another one.\r\n", message_id="same.id")),
        HardCase("exact duplicate 1 of 2", twin),
        HardCase("exact duplicate 2 of 2", twin),
        HardCase("exact duplicate 1 of 3", triplet),
        HardCase("exact duplicate 2 of 3", triplet, ("\\Answered",), "16-Feb-2019 03:04:05 -0800"),
        HardCase("exact duplicate 3 of 3", triplet, (), "17-Feb-2019 23:59:59 +0545"),
        HardCase("no headers at all", b"\r\nOnly a body.\r\n"),
        HardCase("8-bit headers", _message("8-bit headers", headers="X-Latin: Grüße\r\n".encode("latin-1") + "X-Utf8: Grüße 日本\r\n".encode())),
        HardCase("8-bit body", _message("8-bit body", bytes(range(128, 256)) + b"\r\n")),
        # Cyrus would refuse these two, but Dovecot serves them with 0x80 for NUL and with CRLF for a bare LF.
        HardCase("NUL bytes", _message("NUL bytes", b"before \0 after\r\n\0\0\r\n")),
        HardCase("bare LF", _message("bare LF", b"one\ntwo\nthree\r\n")),
        HardCase("invalid header", b"This is no header line\r\n\r\nBody\r\n", refused=True),
        HardCase("lines of 20,000 characters", _message("long lines", (b"x" * 20000 + b"\r\n") * 3)),
        HardCase("bare CR", _message("bare CR", b"one\rtwo\r\rthree\r\n")),
        HardCase("empty message", b"\r\n"),
        HardCase("header only", _message("header only", b"")),
        HardCase("60 kB header", _message("60 kB header", headers=b"X-Long: " + b"\r\n ".join([b"y" * 70] * 830) + b"\r\n")),
        HardCase("many received lines", _message("many received", headers=b"Received: from a by b; Fri, 15 Feb 2019 03:04:05 +0200\r\n" * 120)),
        HardCase("no final newline", _message("no final newline", b"The end")),
        HardCase("looks like IMAP", _message("looks like IMAP", b"* 1 FETCH (RFC822.SIZE 5 BODY[] {3}\r\n)\r\na1 OK done {5}\r\n* BYE\r\n.\r\n")),
        HardCase("looks like mbox", _message("looks like mbox", b"From somebody Fri Feb 15 03:04:05 2019\r\n>From quoted\r\n")),
        HardCase("first of time", _message("first of time"), (), "01-Jan-1990 00:00:00 +0000"),
        HardCase("leap day at half an hour", _message("leap day"),
                 ("\\Seen", "\\Answered", "\\Flagged", "$Label1", "$Forwarded"), "29-Feb-2004 23:59:59 -0330"),
    ]
    if large:
        text = random.Random(seed).randbytes(38 * 336_000).hex().encode()
        cases.append(HardCase("25 MB", _message("25 MB", b"\r\n".join(text[start:start + 76] for start in range(0, len(text), 76)) + b"\r\n")))
    return cases
