# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble on request, and what was asked: shared by all processes of the server and the test, in a file beside the store.

    control = Control(folder)
    control.fault("http_503", count=2, retry_after=1)                     # the next two requests
    control.fault("cut", operation="GetItem", skip=3, after=5000)         # the fourth GetItem: 5000 bytes of the answer, then nothing
    control.requests("SyncFolderItems")                                   # how many there were
"""

from __future__ import annotations

import json
import pathlib
import sqlite3
import typing as t

# Kind: what a fault of it may say more.
KINDS = {
    "http_503": "retry_after, seconds; none: no such header",
    "http_500_busy": "back_off, milliseconds: a SOAP fault ErrorServerBusy",
    "inner_busy": "ErrorServerBusy in the response messages of HTTP 200",
    "http_401": "as of a server that has too much to do",
    "tokens_end": "HTTP 401, and no token that was given so far is accepted any more",
    "connections": "a SOAP fault ErrorExceededConnectionCount",
    "cut": "after, bytes of the answer's body that still come",
    "deletes": "items, their ids: they are deleted before the answer, which tells of no trouble",
    "soap_fault": "code, a ResponseCode; text",
}
SCHEMA = """
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, operation TEXT, mailbox TEXT, skip INTEGER NOT NULL, count INTEGER NOT NULL,
  detail TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS request (operation TEXT NOT NULL, mailbox TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (operation, mailbox));
CREATE TABLE IF NOT EXISTS limits (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""


class Control:
    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "control.sqlite", isolation_level=None, timeout=60, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {pragma}")
        if not self._database.execute("SELECT 1 FROM sqlite_master WHERE name = 'limits'").fetchone():
            self._database.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    def close(self) -> None:
        self._database.close()

    def fault(self, kind: str, operation: str | None = None, mailbox: str | None = None, skip: int = 0, count: int = 1, **detail: t.Any) -> int:
        """For the next `count` requests (of an operation, of a mailbox) after `skip` of them. Returns a number for `seen`."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is none of {', '.join(KINDS)}.")
        made = self._database.execute("INSERT INTO fault (kind, operation, mailbox, skip, count, detail) VALUES (?, ?, ?, ?, ?, ?)",
                                      (kind, operation, mailbox and mailbox.lower(), skip, count, json.dumps(detail)))
        return t.cast(int, made.lastrowid)

    def seen(self, fault: int) -> int:
        """How often it struck."""
        return self._database.execute("SELECT seen FROM fault WHERE id = ?", (fault,)).fetchone()[0]

    def clear(self) -> None:
        """No more faults, counts from zero."""
        self._database.executescript("DELETE FROM fault; DELETE FROM request; DELETE FROM limits;")

    def limit(self, **limits: float) -> None:
        """delay: seconds that each request takes longer; concurrent: requests at a time, more are refused."""
        for name, value in limits.items():
            if name not in ("delay", "concurrent"):
                raise ValueError(name)
            self._database.execute("INSERT OR REPLACE INTO limits VALUES (?, ?)", (name, value))

    def limits(self) -> dict[str, float]:
        return dict(self._database.execute("SELECT name, value FROM limits").fetchall())

    def requests(self, operation: str | None = None, mailbox: str | None = None) -> int:
        found = self._database.execute(
            "SELECT coalesce(sum(count), 0) FROM request WHERE operation = coalesce(?, operation) AND mailbox = coalesce(?, mailbox)",
            (operation, mailbox and mailbox.lower()),
        )
        return found.fetchone()[0]

    def counts(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT operation, sum(count) FROM request GROUP BY operation").fetchall())

    def arrived(self, operation: str, mailbox: str) -> tuple[str, dict[str, t.Any]] | None:
        """Counts a request; gives the fault that it gets."""
        database = self._database
        database.execute("INSERT INTO request VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1", (operation, mailbox))
        where = "count > 0 AND coalesce(operation, ?1) = ?1 AND coalesce(mailbox, ?2) = ?2"
        if not database.execute(f"SELECT 1 FROM fault WHERE {where}", (operation, mailbox)).fetchone():
            return None
        database.execute("BEGIN IMMEDIATE")
        try:
            struck = database.execute(f"SELECT id, kind, detail FROM fault WHERE {where} AND skip = 0 ORDER BY id LIMIT 1", (operation, mailbox)).fetchone()
            database.execute(f"UPDATE fault SET skip = skip - 1 WHERE {where} AND skip > 0", (operation, mailbox))
            if struck:
                database.execute("UPDATE fault SET count = count - 1, seen = seen + 1 WHERE id = ?", (struck[0],))
        finally:
            database.execute("COMMIT")
        return (struck[1], json.loads(struck[2])) if struck else None
