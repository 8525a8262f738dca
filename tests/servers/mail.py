# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes to migrate, and a judgement of the outcome that takes no word of the collection: both ends are read and compared."""

from __future__ import annotations

import collections
import datetime
import hashlib
import random
import typing as t

from lab import audit

from .dovecot import LOGIN

FLAGS = ((), (b"\\Seen",), (b"\\Seen", b"\\Answered"), (b"\\Flagged", b"$Label1"), (b"\\Draft",), (b"\\Seen", b"Custom"))


def message(number: int, size: int = 600, seed: str = "") -> bytes:
    body = random.Random(f"{seed}{number}").randbytes(size // 2).hex()
    lines = "\r\n".join(body[at:at + 70] for at in range(0, len(body), 70))
    return f"From: a@example.test\r\nSubject: {number}\r\nMessage-ID: <{number}.{seed}@example.test>\r\n\r\n{lines}\r\n".encode()


def when(number: int) -> datetime.datetime:
    return datetime.datetime(2019, 2, 1 + number % 27, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=number % 5 - 2)))


def fill(client, folder: str, count: int, size: int = 600, first: int = 0) -> None:
    """`count` messages that differ in everything."""
    numbers = range(first, first + count)
    client.multiappend(folder, [
        {"msg": message(number, size, folder), "flags": FLAGS[number % len(FLAGS)], "date": when(number)} for number in numbers
    ])
    # Dovecot counts a folder's changes (CONDSTORE) only from when somebody first asks for them.
    client.folder_status(folder, ["HIGHESTMODSEQ"])


def append(client, folder: str, case) -> None:
    """One of the lab's hard cases, by the library beneath, which takes the date as it is written."""
    answer = client._imap.append(f'"{folder}"', f"({' '.join(case.flags)})", f'"{case.date}"', case.data)
    assert answer[0] == "OK", answer


def snapshot(server, mailbox: str) -> dict[str, t.Any]:
    """Everything that a client can see: UIDs, UIDVALIDITY, bytes, flags, dates, subscriptions."""
    client = server.client(mailbox)
    seen: dict[str, t.Any] = {"subscribed": sorted(name for _flags, _separator, name in client.list_sub_folders())}
    for flags, _separator, name in client.list_folders():
        if b"\\Noselect" in flags:
            continue
        state = client.select_folder(name, readonly=True)
        found = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
        seen[name] = (state[b"UIDVALIDITY"], {
            uid: (hashlib.sha256(data[b"BODY[]"]).hexdigest(), sorted(set(data[b"FLAGS"]) - {b"\\Recent"}), data[b"INTERNALDATE"])
            for uid, data in found.items()
        })
    client.logout()
    return seen


def contents(server, mailbox: str, folder: str = "INBOX") -> list[bytes]:
    """The bodies of a folder."""
    client = server.client(mailbox)
    client.select_folder(folder, readonly=True)
    found = [data[b"BODY[]"] for data in client.fetch(client.search(), ["BODY.PEEK[]"]).values()]
    client.logout()
    return found


def findings(sources: dict[str, tuple[t.Any, list[dict[str, str]]]], target) -> dict[str, int]:
    """What the lab's auditor has to complain about `sources` (name -> server, mailboxes), by kind; empty when all is perfect."""
    config = {"target": _end(target, getattr(target, "audit_login", LOGIN.replace("{mailbox}", "{target}")))}
    kinds: collections.Counter[str] = collections.Counter()
    for server, mailboxes in sources.values():
        for mailbox in mailboxes:
            both = {"name": mailbox["name"], "target": mailbox.get("target") or mailbox["name"]}
            result = audit.audit_mailbox(config, {"name": "source", **_end(server, LOGIN)}, both, frozenset())
            # An audit that saw nothing proves nothing.
            assert result["messages_at_source"] or result["findings"], result
            kinds.update(finding["kind"] for finding in result["findings"])
    return dict(kinds)


def _end(server, login: str) -> dict[str, t.Any]:
    return {"host": "127.0.0.1", "port": server.port, "tls": False, "admin": server.admin, "password": server.password,
            "login": login.replace("{admin}", server.admin), "mechanism": getattr(server, "mechanism", "login")}
