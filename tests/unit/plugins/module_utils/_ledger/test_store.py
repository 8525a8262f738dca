# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import multiprocessing
import sqlite3

import pytest
import sqlalchemy as sa

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._ledger import records, store
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import NoLedger, open_ledger
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import options, opened


def test_a_ledger_is_made_once_and_kept(tmp_path):
    records.add(opened(tmp_path), "copy", "", "text", {})
    assert records.latest(opened(tmp_path), "copy").document == "text"


def test_a_reader_makes_none(tmp_path):
    with pytest.raises(NoLedger, match="ledger.sqlite"):
        open_ledger(options(tmp_path), "example", create=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_no_ledger_for_a_reader(tmp_path):
    sqlite3.connect(tmp_path / "ledger.sqlite").close()
    with pytest.raises(NoLedger):
        open_ledger(options(tmp_path), "example", create=False)


@pytest.mark.parametrize("create", [True, False])
def test_the_ledger_of_another_migration_is_refused(tmp_path, create):
    opened(tmp_path)
    with pytest.raises(MigrationError, match="belongs to the migration 'example', not to 'other'. Nothing was touched."):
        open_ledger(options(tmp_path), "other", create=create)


def test_another_schema_is_refused(tmp_path):
    ledger = opened(tmp_path)
    with ledger.write() as connection:
        connection.execute(ledger.tables.migration.update().values(schema_version=99))
    with pytest.raises(MigrationError, match="has schema version 99.*Use the release that made the ledger"):
        opened(tmp_path)


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(MigrationError, match="The ledger's folder .*/none does not exist.*role migration_station"):
        opened(tmp_path / "none")


def test_an_url_that_is_none():
    with pytest.raises(MigrationError, match="The ledger's URL can't be read.*Give a SQLAlchemy URL") as caught:
        open_ledger({"url": "secret@nowhere"}, "example")
    assert "secret" not in str(caught.value)


def test_a_database_that_is_down_is_told_without_its_password():
    url = "postgresql+psycopg://migration@127.0.0.1:1/migration?connect_timeout=2"
    with pytest.raises(MigrationError, match="(?s)can't be used.*What was committed before stays") as caught:
        open_ledger({"url": url, "password": "s3cret"}, "example")
    assert "s3cret" not in str(caught.value) + repr(caught.value)


def test_a_commit_is_on_disk_and_a_failure_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_engine", store._engine.__wrapped__)
    ledger = opened(tmp_path)
    with ledger.read() as connection:
        settings = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with pytest.raises(ZeroDivisionError), ledger.write() as connection:
        connection.execute(ledger.tables.records.insert().values(kind="copy", document="", sha256="", created_at=1 / 0))
    assert records.latest(ledger, "copy") is None


def test_links_between_tables_hold(tmp_path):
    ledger = opened(tmp_path)
    with pytest.raises(sa.exc.IntegrityError), ledger.write() as connection:
        connection.execute(ledger.tables.folders.insert().values(mailbox_id=99, source_name="a", target_name="a"))


def _adds(folder, number):
    ledger = open_ledger(options(folder), "example")
    for count in range(10):
        records.add(ledger, "copy", f"{number}-{count}", "", {})


def test_several_processes_may_make_it_and_write_at_once(tmp_path):
    workers = [multiprocessing.get_context("fork").Process(target=_adds, args=(tmp_path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(records.listed(opened(tmp_path))) == 30
