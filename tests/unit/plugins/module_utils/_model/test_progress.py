# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model import progress


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


@pytest.mark.parametrize(
    ("done", "total", "seconds", "eta"),
    [(0, 10, 5, None), (0, 0, 5, 0.0), (5, 10, 20, 20.0), (10, 10, 20, 0.0), (12, 10, 20, 0.0), (5, 10, 0, None)],
)
def test_eta(done, total, seconds, eta):
    assert progress.eta_seconds(done, total, seconds) == eta


def test_rate():
    assert progress.rate(10, 4) == 2.5 and progress.rate(10, 0) == 0.0


def test_a_line():
    row = {
        "server": "exchange55", "mailboxes_done": 2, "mailboxes": 12, "messages": 3400, "bytes": 81_000_000,
        "messages_per_second": 412.4, "bytes_per_second": 9_800_000, "eta_seconds": 61,
    }
    expected = "exchange55: 2/12 mailboxes, 3400 messages, 81.0 MB, 412 messages/s (9.8 MB/s), ETA 1 min 01 s"
    assert progress.line(row) == expected
    assert progress.line({**row, "eta_seconds": None}).endswith("ETA unknown")
