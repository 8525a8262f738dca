# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import orders, progress, report_file
from ansible_collections.messaging.migration.plugins.module_utils._ledger import mailboxes, pace, spans
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Server
from ansible_collections.messaging.migration.plugins.module_utils._model.window import Window, next_opening
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    return opened(tmp_path)


def worked(ledger, row, kind="copy", round_="r1", worker=None, **values):
    """A pass; each has a worker of its own unless one is named."""
    with ledger.write() as connection:
        connection.execute(
            ledger.tables.passes.insert().values(mailbox_id=row.id, kind=kind, round=round_, worker=worker or f"of {row.name}", **values)
        )


def test_nothing_measured_yet(ledger):
    with_mailboxes(ledger, "anna")
    [row] = progress.rows(ledger, "copy", "r1")
    assert row == {
        "server": "s1", "mailboxes": 1, "mailboxes_done": 0, "mailboxes_failed": 0, "messages": 0, "bytes": 0, "messages_per_second": 0.0,
        "bytes_per_second": 0.0, "eta_seconds": None, "eta_at": None, "window": None,
    }


def test_rates_are_of_the_busy_time_and_bytes_tell_how_far_it_is(ledger):
    anna, ben = with_mailboxes(ledger, "anna", "ben")
    mailboxes.set_values(ledger, anna.id, source_bytes=100, round="r1", copied_at=1.0)
    mailboxes.set_values(ledger, ben.id, source_bytes=300)
    begun = time.time() - 10
    for row in (anna, ben):
        worked(ledger, row, messages=5, bytes=50, started_at=begun, seconds=5.0)
    [row] = progress.rows(ledger, "copy", "r1")
    assert (row["mailboxes_done"], row["messages"], row["messages_per_second"], row["bytes_per_second"]) == (1, 10, 2.0, 20.0)
    # 250 bytes of ben's are left.
    assert row["eta_seconds"] == pytest.approx(12.5, abs=0.1)
    mailboxes.set_values(ledger, ben.id, round="r1", copied_at=1.0)
    assert progress.rows(ledger, "copy", "r1")[0]["eta_seconds"] == 0.0


def test_without_counts_of_bytes_mailboxes_tell(ledger):
    anna, *_others = with_mailboxes(ledger, "anna", "ben", "carl")
    mailboxes.set_values(ledger, anna.id, round="r1", copied_at=1.0)
    worked(ledger, anna, started_at=time.time() - 10, seconds=10.0, finished=True)
    assert progress.rows(ledger, "copy", "r1")[0]["eta_seconds"] == pytest.approx(20, abs=0.1)


def test_what_a_first_pass_moved_before_it_was_cut_short_is_not_left(ledger):
    anna, *_others = with_mailboxes(ledger, "anna")
    mailboxes.set_values(ledger, anna.id, source_bytes=1000, source_messages=10)
    now = time.time()
    worked(ledger, anna, round_="r0", bytes=600, messages=6, started_at=now - 90, seconds=6.0)
    assert progress.rows(ledger, "copy", "r1")[0]["eta_seconds"] is None
    worked(ledger, anna, bytes=200, messages=2, started_at=now - 10, seconds=4.0)
    assert progress.rows(ledger, "copy", "r1")[0]["eta_seconds"] == pytest.approx(4, abs=0.1)


def test_rounds_that_look_at_mailboxes_go_by_what_those_hold(ledger):
    anna, ben, carl = with_mailboxes(ledger, "anna", "ben", "carl")
    for row, held in ((anna, 99), (ben, 299), (carl, 99)):
        mailboxes.set_values(ledger, row.id, source_messages=held, source_bytes=10**9, copied_at=1.0)
    mailboxes.set_values(ledger, anna.id, round="r1")
    worked(ledger, anna, "sync", started_at=time.time() - 10, seconds=5.0, finished=True)
    assert progress.rows(ledger, "sync", "r1")[0]["eta_seconds"] == pytest.approx(20, abs=0.1)


def test_what_a_later_round_moved_says_nothing_of_what_is_left(ledger):
    anna, ben = with_mailboxes(ledger, "anna", "ben")
    for row in (anna, ben):
        mailboxes.set_values(ledger, row.id, source_messages=1_000_000, source_bytes=10**11, copied_at=1.0)
    mailboxes.set_values(ledger, anna.id, round="r1")
    worked(ledger, anna, "sync", messages=3, bytes=10_000, started_at=time.time() - 10, seconds=5.0, finished=True)
    assert progress.rows(ledger, "sync", "r1")[0]["eta_seconds"] == pytest.approx(5, abs=0.1)


def test_failures_are_those_of_the_round(ledger):
    anna, _ben = with_mailboxes(ledger, "anna", "ben")
    mailboxes.set_values(ledger, anna.id, copied_at=1.0, round="sync-1", failure="The target is full.")
    # Copied it is all the same, and a copy says nothing of it.
    assert [progress.rows(ledger, "copy", "copy-2")[0][key] for key in ("mailboxes_done", "mailboxes_failed")] == [1, 0]
    assert progress.rows(ledger, "sync", "sync-1")[0]["mailboxes_failed"] == 1
    assert progress.rows(ledger, "sync", None)[0]["mailboxes_failed"] == 1


def test_nights_between_do_not_count_and_the_calendar_does(ledger):
    anna, ben = with_mailboxes(ledger, "anna", "ben")
    mailboxes.set_values(ledger, anna.id, source_bytes=100, round="r1", copied_at=1.0)
    mailboxes.set_values(ledger, ben.id, source_bytes=7200)
    worked(ledger, anna, messages=5, bytes=100, started_at=time.time() - 50_000, seconds=50.0, finished=True)
    worked(ledger, ben, messages=5, bytes=100, started_at=time.time() - 60, seconds=50.0)
    now = datetime.datetime.now(datetime.timezone.utc)
    # Open for an hour of each day, and the hour of today is over.
    hour = (now - datetime.timedelta(hours=2)).hour
    night = Window.from_options({"from": f"{hour:02d}:00", "to": f"{(hour + 1) % 24:02d}:00", "timezone": "UTC"})
    server = Server(name="s1", host="h", windows=(night,))
    [row] = progress.rows(ledger, "copy", "r1", servers={"s1": server})
    assert row["bytes_per_second"] == 2.0 and row["window"].startswith("closed until ")
    # 7100 bytes at two a second: just within the next hour that it is open.
    opening = next_opening(server.windows, now)
    assert row["eta_at"] == (opening + datetime.timedelta(seconds=3550)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert row["eta_seconds"] == pytest.approx((opening - now).total_seconds() + 3550, abs=2)


def test_mailboxes_that_a_worker_took_at_once_were_worked_on_one_after_the_other(ledger):
    begun = time.time() - 100
    for row in with_mailboxes(ledger, "anna", "ben", "carl"):
        worked(ledger, row, worker="w1", messages=10, bytes=100, started_at=begun, seconds=2.0)
    assert progress.rows(ledger, "copy", "r1")[0]["messages_per_second"] == 5.0


def test_an_order_leaves_the_end_open(ledger):
    [anna] = with_mailboxes(ledger, "anna")
    mailboxes.set_values(ledger, anna.id, source_bytes=100)
    worked(ledger, anna, messages=5, bytes=50, started_at=time.time() - 60, seconds=50.0)
    orders.write(ledger, "s1", "paused")
    row = progress.rows(ledger, "copy", "r1")[0]
    assert (row["window"], row["eta_seconds"], row["eta_at"]) == ("paused", None, None)
    orders.write(ledger, "s1", "running")
    pace.back_off(ledger, "s1", 100.0)
    row = progress.rows(ledger, "copy", "r1")[0]
    assert row["window"].startswith("left alone for 1 min 40 s") and row["eta_seconds"] == pytest.approx(150, abs=1)


def test_the_speed_that_nothing_held_back(ledger):
    [anna] = with_mailboxes(ledger, "anna")
    assert spans.best_rate(ledger, "s1") is None
    for round_, size, seconds in (("r1", 4_000_000, 4.0), ("r2", 30_000_000, 10.0), ("r3", 900_000, 3.0), ("r4", 9_000_000, 0.1)):
        worked(ledger, anna, round_=round_, bytes=size, started_at=time.time(), seconds=seconds)
    assert spans.best_rate(ledger, "s1") == pytest.approx(3_000_000)


def test_a_report_is_written_whole_or_not_at_all(tmp_path):
    path = str(tmp_path / "report.json")
    assert report_file.write(None, {"a": 1}) is None
    assert report_file.write(path, {"b": "ü", "a": 1}) == path
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == '{\n "a": 1,\n "b": "ü"\n}\n'
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]
    with pytest.raises(MigrationError, match="The report .* can't be written.*The work itself is done and in the ledger. Correct report_path."):
        report_file.write(str(tmp_path / "none" / "report.json"), {})
