# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model import progress
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Server
from ansible_collections.messaging.migration.plugins.module_utils._model.window import Window


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0 B"), (999, "999 B"), (1536, "1.5 kB"), (2_000_000, "2.0 MB"), (7_250_000_000, "7.2 GB"), (3e12, "3.0 TB"), (5e15, "5000.0 TB")],
)
def test_bytes(amount, text):
    assert progress.human_bytes(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0, "0 s"), (59.4, "59 s"), (59.5, "1 min 00 s"), (3599, "59 min 59 s"), (3725, "1 h 02 min"), (90000, "1 d 01 h")],
)
def test_seconds(seconds, text):
    assert progress.human_seconds(seconds) == text


def work(**values):
    return types.SimpleNamespace(**{"seconds": 0.0, "bytes": 0, "messages": 0, "mailboxes": 0, "held": 0, **values})


@pytest.mark.parametrize(
    ("left", "done", "seconds"),
    [
        (work(), work(), 0.0),
        (work(mailboxes=1, bytes=10), work(), None),
        (work(mailboxes=1, bytes=10), work(seconds=20, bytes=5), 40.0),
        # Many small messages take longer than their bytes.
        (work(mailboxes=1, bytes=10, messages=100), work(seconds=20, bytes=5, messages=10), 200.0),
        (work(mailboxes=3, held=30, bytes=10), work(seconds=5, mailboxes=1, held=10), 15.0),
        (work(mailboxes=3, held=30), work(seconds=5), None),
    ],
)
def test_seconds_left(left, done, seconds):
    assert progress.seconds_left(left, done) == seconds


WORKDAYS = Window.from_options({"days": ["mon", "tue"], "from": "19:00", "to": "06:00", "timezone": "Europe/Berlin", "bytes_per_second": 2_000_000})


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-11-24T20:00", "open until 06:00 CET"),
        ("2026-11-24T15:00", "closed until 19:00 CET"),
        ("2026-11-29T12:00", "closed until Mon 19:00 CET"),
        ("2026-11-25T06:00", "closed until Mon 19:00 CET"),
        ("2026-07-06T18:00", "open until 06:00 CEST"),
    ],
)
def test_what_the_calendar_says(when, text):
    assert progress.window_text((WORKDAYS,), datetime.datetime.fromisoformat(f"{when}:00+00:00")) == text


def test_windows_that_are_none_and_that_never_close():
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    assert progress.window_text((), now) is None
    always = Window.from_options({"from": "00:00", "to": "24:00", "timezone": "UTC"})
    assert progress.window_text((always,), now) == "always open"
    assert progress.clock_text(now + datetime.timedelta(days=7), now, "UTC") == "2026-01-08 00:00 UTC"


def test_a_calendar_in_words():
    server = Server(name="s", host="h", windows=(WORKDAYS,), messages_per_second=0.5)
    assert progress.calendar(server) == "mon tue 19:00-06:00 Europe/Berlin, 2.0 MB/s\nat any time, 4 connections, 0.5 messages/s"
    assert progress.calendar(Server(name="s", host="h")) == ""


def test_rate():
    assert progress.rate(10, 4) == 2.5 and progress.rate(10, 0) == 0.0


def test_an_end_that_is_near_is_not_told_as_reached():
    assert progress.eta_seconds(0, 0) == progress.eta_seconds(0, 5) == 0.0
    assert progress.eta_seconds(20, 100_000) == 0.1 and progress.eta_seconds(100, 8) == 12.5
    assert progress.eta_seconds(5, 0) is None


def test_a_line():
    row = {
        "server": "exchange55", "mailboxes_done": 2, "mailboxes": 12, "messages": 3400, "bytes": 81_000_000,
        "messages_per_second": 412.4, "bytes_per_second": 9_800_000, "eta_seconds": 61,
    }
    expected = "exchange55: 2/12 mailboxes, 3400 messages, 81.0 MB, 412 messages/s (9.8 MB/s), ETA 1 min 01 s"
    assert progress.line(row) == expected
    assert progress.line({**row, "eta_seconds": None}).endswith("ETA unknown")
    longer = {**row, "eta_seconds": 90_000, "eta_at": "2026-11-25T05:30:00Z", "window": "open until 06:00 CET"}
    assert progress.line(longer).endswith("ETA 1 d 01 h (2026-11-25 05:30 UTC), open until 06:00 CET")
