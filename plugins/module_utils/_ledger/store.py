# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Opening the ledger: SQLite on one station, PostgreSQL when several stations share the work."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time

from .._errors import MigrationError
from .._libraries import sqlalchemy as sa
from . import schema

DEFAULT_URL = "sqlite:////var/lib/messaging_migration/ledger.sqlite"
# How long a worker waits for another one's commit, in seconds.
BUSY_SECONDS = 60
# SQLITE_BUSY and SQLITE_LOCKED, without what says more of them.
HELD_BY_OTHERS = (5, 6)


class Ledger:
    """One process's way to the ledger. Never carried over a fork: every worker opens its own."""

    def __init__(self, engine, url) -> None:
        self.engine = engine
        self.url = url
        self.tables = schema.tables()
        # The mailboxes of the last long list of names; see mailboxes.chosen.
        self.choice: tuple | None = None
        self._compiled: dict = {}
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connections: dict = {}

    @contextlib.contextmanager
    def write(self):
        """A transaction that is on disk when the block ends."""
        with _told(self.url), self._kept("writer", self.engine) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def read(self):
        with _told(self.url), self._kept("reader", self._reading) as connection:
            yield connection

    def _kept(self, use: str, engine):
        """A connection to a server may break and is looked at each time; one to a file is kept, since taking it from the pool and
        giving it back takes longer than most statements."""
        if self.url.get_backend_name() != "sqlite":
            return engine.connect()
        if use not in self._connections:
            self._connections[use] = engine.connect()
        return contextlib.nullcontext(self._connections[use])

    def many(self, connection, statement, columns: tuple[str, ...], rows: list[tuple]) -> None:
        """Execute `statement`, whose parameters are `columns`, for each of `rows`: straight to the driver, since what SQLAlchemy
        does for each row takes longer than the database."""
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = self._compiled[statement] = statement.compile(dialect=connection.dialect)
        if compiled.positional:
            places = [columns.index(name) for name in compiled.positiontup]
            rows = rows if places == list(range(len(columns))) else [tuple(row[place] for place in places) for row in rows]
        else:
            rows = [dict(zip(columns, row, strict=True)) for row in rows]
        if rows:
            connection.exec_driver_sql(compiled.string, rows)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections = {}
        self.engine.dispose()


def open_ledger_again(ledger: Ledger) -> Ledger:
    """The same ledger for a process that was forked off. The parent's connection stays as it is: it must not be closed here."""
    return Ledger(_engine(ledger.url), ledger.url)


def passing_ledger() -> Ledger:
    """One in memory, for who only looks."""
    url = sa.engine.make_url("sqlite://")
    ledger = Ledger(sa.create_engine(url, poolclass=sa.pool.StaticPool), url)
    ledger.tables.meta.create_all(ledger.engine)
    return ledger


class NoLedger(Exception):
    """There is no ledger yet, and the caller only wanted to read."""


def open_ledger(options: dict, migration: str, create: bool = True) -> Ledger:
    """`options`: `url` (SQLAlchemy), `password`. A ledger of another migration is refused, a missing one is made,
    unless `create` is off: then NoLedger tells that there is none."""
    url = _url(options)
    if url.get_backend_name() == "sqlite":
        folder = os.path.dirname(url.database or "") or "."
        if not create and not os.path.exists(url.database or ""):
            raise NoLedger(url.database)
        if not os.path.isdir(folder):
            raise MigrationError(
                f"The ledger's folder {folder} does not exist.",
                "Nothing was touched.",
                "Create it, or let the role migration_station prepare the station.",
            )
    ledger = Ledger(_engine(url), url)
    with _told(url):
        _belongs_to(ledger, migration, create)
    return ledger


def _url(options: dict):
    text = (options or {}).get("url") or DEFAULT_URL
    try:
        url = sa.engine.make_url(text)
    except sa.exc.ArgumentError as error:
        raise MigrationError(
            "The ledger's URL can't be read.", "Nothing was touched.",
            "Give a SQLAlchemy URL such as sqlite:////var/lib/messaging_migration/ledger.sqlite.",
        ) from error
    if (options or {}).get("password"):
        url = url.set(password=options["password"])
    return url


def _engine(url):
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, pool_size=1, max_overflow=2)
    # One connection a process is kept: making one takes longer than most of what it is asked.
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        poolclass=sa.pool.QueuePool, pool_size=1, max_overflow=4,
    )

    @sa.event.listens_for(engine, "connect")
    def _settings(connection, _record):
        _write_ahead(connection)
        # FULL: an intent that is not on disk before its message is sent could mean a doubled message after a power cut.
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection):
        # Two readers that both want to write would each wait for the other; the write lock is taken at once.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection) -> None:
    """Switch a new database to write-ahead logging. SQLite does not wait for others that do the same at this moment."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # A full disk stays full: only what others hold is waited for.
            if error.sqlite_errorcode & 0xFF not in HELD_BY_OTHERS or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _belongs_to(ledger: Ledger, migration: str, create: bool) -> None:
    t = ledger.tables
    with ledger.read() as connection:
        known = _has_tables(connection)
    if not known:
        if not create:
            raise NoLedger(ledger.url.render_as_string(hide_password=True))
        with ledger.write() as connection:
            # Several stations may start at the same moment.
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7203170)"))
            if not _has_tables(connection):
                t.meta.create_all(connection, checkfirst=False)
                connection.execute(t.migration.insert().values(name=migration, schema_version=schema.VERSION, created_at=time.time()))
    with ledger.read() as connection:
        row = connection.execute(sa.select(t.migration)).first()
    if row is None or row.name != migration:
        raise MigrationError(
            f"The ledger belongs to the migration {row.name if row else '(none)'!r}, not to {migration!r}.",
            "Nothing was touched.",
            "Give the ledger of this migration, or correct the migration's name.",
        )
    if row.schema_version != schema.VERSION:
        raise MigrationError(
            f"The ledger has schema version {row.schema_version}, this release of the collection needs {schema.VERSION}.",
            "Nothing was touched.",
            "Use the release that made the ledger.",
        )


def _has_tables(connection) -> bool:
    if connection.dialect.name == "sqlite":
        # What SQLAlchemy asks for the same takes it longer than all else that a module does before it begins.
        return connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'migration'").first() is not None
    return sa.inspect(connection).has_table("migration")


@contextlib.contextmanager
def _told(url):
    """Database errors in the user's words; the password is never part of them."""
    try:
        yield
    except sa.exc.OperationalError as error:
        raise MigrationError(
            f"The ledger {url.render_as_string(hide_password=True)} can't be used: {error.orig}",
            "What was committed before stays; messages on their way are settled by the next pass.",
            "Check that the database runs and that this host may use it, then run again.",
        ) from error
