# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Several items at a time through a filter. Whatever it does, it costs no more than its time: what is late, or writes without end, is killed."""

from __future__ import annotations

import collections
import selectors
import time

from .._errors import Stopped
from .verdict import FAIL, Item, Verdict

# What a filter may give back beyond the size of the item, in bytes.
GROWTH = 16_000_000
# How long to wait before `stop` is asked again, and for the end of a process that will not write any more, in seconds.
LOOK_SECONDS, END_SECONDS = 0.5, 0.002


class Pool:
    """`kind` starts processes and reads their answers: Program or PythonFile. `timeout` in seconds for each item."""

    def __init__(self, kind, processes: int, timeout: float) -> None:
        self.kind, self._processes, self._timeout = kind, processes, timeout

    def run(self, items: list[Item], stop) -> list[Verdict]:
        """A verdict for each item, in their order. Raises Stopped as soon as `stop()` is true."""
        verdicts: list = [None] * len(items)
        waiting = collections.deque(enumerate(items))
        busy: dict[int, tuple] = {}
        try:
            while waiting or busy:
                while waiting and len(busy) < self._processes:
                    number, item = waiting.popleft()
                    try:
                        busy[number] = self.kind.begin(item, len(item.content) + GROWTH), time.monotonic() + self._timeout
                    except OSError as error:
                        verdicts[number] = Verdict(FAIL, f"it can't be started: {error.strerror}")
                self._wait(list(busy.values()))
                for number, (process, deadline) in list(busy.items()):
                    process.pump()
                    verdicts[number] = self._verdict(process, deadline, items[number])
                    if verdicts[number]:
                        del busy[number]
                if busy and stop():
                    raise Stopped
        finally:
            for process, _deadline in busy.values():
                process.kill()
        return verdicts

    def _verdict(self, process, deadline: float, item: Item) -> Verdict | None:
        """None while it works."""
        verdict = None if process.too_much else self.kind.answer(process, item)
        # Also its last words may be too many.
        if process.too_much:
            words = f"it wrote more than {len(item.content) + GROWTH} bytes"
        elif verdict or time.monotonic() < deadline:
            return verdict
        else:
            words = f"it took longer than {self._timeout:g} seconds"
        process.kill()
        return Verdict(FAIL, words)

    @staticmethod
    def _wait(busy: list[tuple]) -> None:
        if not busy:
            return
        least = min(deadline for _process, deadline in busy) - time.monotonic()
        seconds = END_SECONDS if any(process.silent for process, _deadline in busy) else LOOK_SECONDS
        with selectors.DefaultSelector() as selector:
            for process, _deadline in busy:
                for descriptor, events in process.waits_for():
                    selector.register(descriptor, events)
            selector.select(max(0, min(least, seconds)))
