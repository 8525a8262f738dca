# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's memory: one SQLite file of mailboxes, folders and items. All changes are numbered by one clock, `seq`, which is what sync states name."""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3
import typing as t

SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0);
INSERT OR IGNORE INTO clock (one, seq) VALUES (1, 1);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (
  name TEXT PRIMARY KEY, password TEXT NOT NULL, mailbox TEXT, impersonates INTEGER NOT NULL, full_access INTEGER NOT NULL, disabled INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mailbox (
  id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, name TEXT NOT NULL, rules TEXT, oof TEXT, delegates TEXT, refreshed REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS folder (
  id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL REFERENCES mailbox, parent INTEGER REFERENCES folder, name TEXT NOT NULL,
  class TEXT, distinguished TEXT, created INTEGER NOT NULL, changed INTEGER NOT NULL, gone INTEGER, epoch INTEGER NOT NULL DEFAULT 0,
  committed TEXT NOT NULL, path TEXT, uidvalidity INTEGER, uidnext INTEGER, modseq INTEGER, permissions TEXT);
CREATE INDEX IF NOT EXISTS folder_mailbox ON folder (mailbox, parent);
CREATE TABLE IF NOT EXISTS item (
  id INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL REFERENCES folder, element TEXT NOT NULL, class TEXT NOT NULL, subject TEXT,
  received TEXT, created TEXT NOT NULL, modified TEXT NOT NULL, size INTEGER NOT NULL, is_read INTEGER NOT NULL DEFAULT 1, is_draft INTEGER NOT NULL DEFAULT 0,
  categories TEXT NOT NULL DEFAULT '', flag TEXT NOT NULL DEFAULT '', verb INTEGER, search_key TEXT NOT NULL, message_id TEXT,
  attached INTEGER NOT NULL DEFAULT 0, xml TEXT NOT NULL, trouble TEXT, uid INTEGER,
  entered INTEGER NOT NULL, touched INTEGER NOT NULL, changed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS item_entered ON item (folder, entered);
CREATE INDEX IF NOT EXISTS item_changed ON item (folder, changed);
CREATE INDEX IF NOT EXISTS item_uid ON item (folder, uid);
CREATE TABLE IF NOT EXISTS mime (item INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE ON UPDATE CASCADE, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attachment (
  id INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE ON UPDATE CASCADE, xml TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS attachment_item ON attachment (item);
CREATE TABLE IF NOT EXISTS tombstone (folder INTEGER NOT NULL, item INTEGER NOT NULL, entered INTEGER NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, account TEXT NOT NULL, ends REAL NOT NULL);
CREATE TABLE IF NOT EXISTS login (kind TEXT NOT NULL, name TEXT NOT NULL, scope TEXT, accepted INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS tombstone_seq ON tombstone (folder, seq);
"""


class Database:
    """One connection. `tick` opens a transaction and gives the next number of the clock."""

    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "exchange.sqlite", isolation_level=None, timeout=60, cached_statements=512, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = OFF", "foreign_keys = ON", "mmap_size = 1000000000"):
            self._connection.execute(f"PRAGMA {pragma}")
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'tombstone_seq'"):
            self._connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        self._within = 0

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: t.Any) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: t.Any) -> sqlite3.Row | None:
        return self._connection.execute(sql, values).fetchone()

    def run(self, sql: str, *values: t.Any) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def insert(self, table: str, **values: t.Any) -> int:
        names = ", ".join(values)
        made = self.run(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", *values.values())
        assert made.lastrowid is not None
        return made.lastrowid

    def seq(self) -> int:
        return self.rows("SELECT seq FROM clock")[0][0]

    @contextlib.contextmanager
    def transaction(self) -> t.Iterator[None]:
        """May be nested; the outermost one commits."""
        if not self._within:
            self.run("BEGIN IMMEDIATE")
        self._within += 1
        try:
            yield
        except BaseException:
            self._within -= 1
            if not self._within:
                self.run("ROLLBACK")
            raise
        self._within -= 1
        if not self._within:
            self.run("COMMIT")

    @contextlib.contextmanager
    def tick(self) -> t.Iterator[int]:
        with self.transaction():
            yield self.run("UPDATE clock SET seq = seq + 1 RETURNING seq").fetchone()[0]
