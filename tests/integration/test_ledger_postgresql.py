# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger on PostgreSQL, as several stations share it: a server of its own on a Unix socket."""

from __future__ import annotations

import dataclasses
import importlib
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types
import typing as t

import pytest

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
# PostgreSQL refuses to run as root.
USER = "postgres" if os.geteuid() == 0 else None


@pytest.fixture(scope="module")
def cluster() -> t.Iterator[pathlib.Path]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ledger-"))
    if USER:
        shutil.chown(folder, USER)

    def run(program: str, *arguments: str) -> None:
        subprocess.run([PROGRAMS / program, *arguments], check=True, user=USER, cwd=folder, env={"LC_ALL": "C.UTF-8"}, stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    run("initdb", "--pgdata", data, "--username=migration", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    run("pg_ctl", "start", "--pgdata", data, "--wait", "--log", str(folder / "log"), "--options", options)
    yield folder
    run("pg_ctl", "stop", "--pgdata", data, "--mode=immediate")
    shutil.rmtree(folder)


@pytest.fixture
def database(cluster, request) -> dict:
    """Options of a ledger in a database of its own."""
    name = request.node.name.removeprefix("test_")[:60]
    subprocess.run([PROGRAMS / "createdb", "--host", cluster, "--username=migration", name], check=True)
    return {"url": f"postgresql+psycopg://migration@/{name}?host={cluster}"}


@pytest.fixture
def engine(collections) -> types.SimpleNamespace:
    """The collection's ledger, by module."""
    if str(collections) not in sys.path:
        sys.path.insert(0, str(collections))
    base = "ansible_collections.messaging.migration.plugins.module_utils"
    names = {"store": "_ledger", "mailboxes": "_ledger", "items": "_ledger", "exceptions": "_ledger", "records": "_ledger", "passes": "_ledger",
             "routes": "_ledger", "quotas": "_ledger", "message": "_model", "server": "_model"}
    loaded = {name: importlib.import_module(f"{base}.{package}.{name}") for name, package in names.items()}
    return types.SimpleNamespace(errors=importlib.import_module(f"{base}._errors"), **loaded)


def together(target, *arguments) -> list:
    """The results of three processes that do the same at once."""
    context, running = multiprocessing.get_context("fork"), []
    for number in range(3):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=target, args=(*arguments, number, there))
        process.start()
        running.append((process, here))
    results = []
    for process, here in running:
        assert here.poll(60)
        results.append(here.recv())
        process.join(60)
    return results


def opens(engine, database, number, pipe):
    ledger = engine.store.open_ledger(database, "example")
    engine.records.add(ledger, "discovery", f"s{number}", "text", {})
    pipe.send(len(engine.records.listed(ledger)))


def test_stations_may_start_at_the_same_moment(engine, database):
    together(opens, engine, database)
    ledger = engine.store.open_ledger(database, "example", create=False)
    assert len(engine.records.listed(ledger)) == 3
    with pytest.raises(engine.errors.MigrationError, match="belongs to the migration 'example', not to 'other'"):
        engine.store.open_ledger(database, "other")
    ledger.close()


def test_a_reader_makes_no_ledger(engine, database):
    with pytest.raises(engine.store.NoLedger):
        engine.store.open_ledger(database, "example", create=False)


def claims(engine, database, number, pipe):
    ledger, mine = engine.store.open_ledger(database, "example"), []
    while True:
        claimed, _others = engine.mailboxes.claim(ledger, None, "copy", "r1", f"w{number}", 60, {"s1": 2, "s2": 1})
        if not claimed:
            pipe.send(mine)
            return
        mine += [(row.server, row.name) for row, _number in claimed]


def test_claimers_never_get_the_same_mailbox_nor_more_than_a_server_bears(engine, database):
    ledger = engine.store.open_ledger(database, "example")
    mailbox = engine.server.Mailbox
    engine.mailboxes.register(ledger, "s1", [mailbox(f"user{number}", f"t{number}") for number in range(20)])
    engine.mailboxes.register(ledger, "s2", [mailbox("a", "a"), mailbox("b", "b")])
    claimers = together(claims, engine, database)
    taken = [name for mine in claimers for name in mine]
    assert len(taken) == len(set(taken)) >= 3
    # Workers, each with a connection, whatever they hold.
    assert sum(any(server == "s1" for server, _name in mine) for mine in claimers) == 2
    assert sum(server == "s2" for server, _name in taken) == 1
    with pytest.raises(engine.errors.MigrationError, match="Two mailboxes have the same target"):
        engine.mailboxes.register(ledger, "s3", [mailbox("c", "a")])
    ledger.close()


def test_a_list_that_was_corrected(engine, database):
    ledger, mailbox = engine.store.open_ledger(database, "example"), engine.server.Mailbox
    engine.mailboxes.register(ledger, "s1", [mailbox("anna", "a"), mailbox("ben", "b"), mailbox("karl", "c")])
    assert engine.mailboxes.register(ledger, "s1", [mailbox("anna", "b"), mailbox("ben", "a"), mailbox("carl", "c")])
    assert [(row.name, row.target) for row in engine.mailboxes.listed(ledger)] == [("anna", "b"), ("ben", "a"), ("carl", "c")]
    ledger.close()


def test_a_pass_and_its_crash(engine, database):
    ledger = engine.store.open_ledger(database, "example")
    engine.mailboxes.register(ledger, "s1", [engine.server.Mailbox("anna", "anna")])
    anna = engine.mailboxes.find(ledger, "s1", "anna")
    folder = engine.items.add_folders(ledger, anna.id, [
        {"source_name": "INBOX", "target_name": "INBOX", "source_uidvalidity": 4294967295, "target_uidvalidity": 4294967295}
    ])["INBOX"]
    messages = [engine.message.Message.of(uid, b"body", ("\\Seen",), "02-Jan-2019 03:04:05 +0100") for uid in (1, 4294967295)]
    journal = engine.items.Journal(ledger, folder, 4294967295, 1)
    journal.settled(journal.intend(messages[:1]), {1: 4294967294})
    journal.intend(messages[1:])
    known = {row.source_uid: (row.target_uid, row.sha256) for row in engine.items.items(ledger, folder.id)}
    assert known == {1: (4294967294, messages[0].sha256)}
    [intent] = engine.items.open_intents(ledger, folder)
    assert [(message.source_uid, message.sha256) for message in intent.messages] == [(4294967295, messages[1].sha256)]
    engine.mailboxes.set_values(ledger, anna.id, lease_owner="another")
    with pytest.raises(engine.items.TakenOver):
        engine.items.Journal(ledger, folder, 4294967295, 1, "w1").intend(messages)
    engine.mailboxes.set_values(ledger, anna.id, lease_owner=None)
    with ledger.write() as connection:
        engine.items.settle_intent(ledger, connection, folder, intent.id, intent.messages, {})
    with pytest.raises(engine.items.TakenOver), ledger.write() as connection:
        engine.items.settle_intent(ledger, connection, folder, intent.id, intent.messages, {})
    assert [(row.messages, row.bytes) for row in engine.passes.at_target(ledger)] == [(1, 4)]
    [(_row, number)], _others = engine.mailboxes.claim(ledger, None, "copy", "sync_1.1", "w1", 60, {"s1": 1})
    engine.passes.update(ledger, number, messages=1, bytes=2**40)
    engine.mailboxes.close_passes(ledger, "w1", [(number, {"seconds": 1.5}, anna.id, {"failure": "none yet"})])
    assert (engine.passes.sums(ledger, "copy", None)[0].bytes, engine.passes.last_round(ledger, "sync_1.")) == (2**40, "sync_1.1")
    assert engine.passes.counts(ledger, "copy", "r1")[0].open == 1
    engine.exceptions.raise_exception(ledger, anna.id, "INBOX", 4294967295, "too_large", "", b"\x00" * 32)
    assert [row.mailbox for row in engine.exceptions.listed(ledger, [("s1", "anna")])] == ["anna"]
    # What a site's filter changed, and sent elsewhere.
    place = engine.routes.add(ledger, folder, "Receipts", 7)
    journal = engine.items.Journal(ledger, place, 7, 1)
    made = dataclasses.replace(messages[1], source_sha256=b"\x01" * 32)
    journal.settled(journal.intend([made]), {4294967295: 1})
    journal.flush()
    journal.intend([dataclasses.replace(made, uid=5)])
    [found] = engine.items.at(ledger, place)
    assert (found.source_uid, found.source_sha256, found.sha256) == (4294967295, b"\x01" * 32, messages[1].sha256)
    assert [row.source_uid for row in engine.items.at(ledger, folder)] == [1]
    assert engine.items.open_intents(ledger, place)[0].messages[0].source_sha256 == b"\x01" * 32 and engine.items.open_intents(ledger, folder) == []
    assert list(engine.items.target_uids(ledger, anna.id, "Receipts", 7)) == [1] and not engine.items.target_uids(ledger, anna.id, "Receipts", 8)
    assert engine.items.with_content(ledger, anna.id, "Receipts", [found.sha256, b"x"]) == {found.sha256}
    engine.items.replace_at(ledger, place, [], 9)
    [place] = engine.routes.routes(ledger, [anna.id])
    assert place.target_uidvalidity == 9 and engine.items.at(ledger, place) == [] and len(engine.items.at(ledger, folder)) == 1
    engine.exceptions.leave_out(ledger, anna.id, "INBOX", [(9, "a receipt", b"\x00" * 32)], "left_out_by_filter", "filter of s1")
    assert [(row.source_uid, row.state) for row in engine.exceptions.listed(ledger)][-1:] == [(9, "approved")]
    engine.items.drop_folder(ledger, folder.id)
    ledger.close()


def test_quotas_beyond_four_terabytes(engine, database):
    ledger = engine.store.open_ledger(database, "example")
    engine.quotas.begin(ledger, 2**40, {"anna": 2**35, "bo": 100})
    engine.quotas.settle(ledger, ["anna"], engine.quotas.RAISED)
    engine.quotas.begin(ledger, 2**41, {"anna": 2**40})
    rows = {name: (row.before_kb, row.raised_kb, row.state) for name, row in engine.quotas.listed(ledger).items()}
    assert rows == {"anna": (2**35, 2**41, "raising"), "bo": (100, 2**40, "raising")}
    ledger.close()
