# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import multiprocessing

from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import open_ledger


def test_workers_that_start_at_the_same_moment_make_one_ledger(tmp_path):
    """A new SQLite file refuses whoever switches it to write-ahead logging beside another one."""
    context = multiprocessing.get_context("fork")
    for number in range(12):
        start, answers = context.Barrier(4), context.SimpleQueue()
        url = f"sqlite:///{tmp_path}/{number}.sqlite"
        workers = [context.Process(target=_open, args=(url, start, answers)) for _worker in range(4)]
        for worker in workers:
            worker.start()
        assert [answers.get() for _worker in workers] == ["opened"] * 4
        for worker in workers:
            worker.join()


def _open(url: str, start, answers) -> None:
    start.wait()
    try:
        open_ledger({"url": url}, "together").close()
        answers.put("opened")
    except Exception as error:  # pylint: disable=broad-exception-caught
        # The parent has to hear of it, whatever it is.
        answers.put(str(error))
