# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Processes that take folders of one mailbox, while its own worker works on another folder of it.

At the end of a round few mailboxes are left, and the longest of them would keep the others' workers waiting.
"""

from __future__ import annotations

import multiprocessing
import os
import time

from .._errors import MigrationError, Stopped
from .._imap.session import LOST, REFUSED
from .._model import throttle
from .transfer import Counts

# As in workers.py: a module's code lies in an archive that a fresh interpreter would not find.
FORK = multiprocessing.get_context("fork")
# How often a helper tells what it has moved, in seconds.
TELL_SECONDS = 1.0


class Helpers:
    """`bring(folder name, pulse)` does the work of one folder in a new process, with connections and a ledger of its own;
    `counts` are the pass's, to which what helpers moved is added."""

    def __init__(self, bring, counts: Counts) -> None:
        self._bring, self._counts = bring, counts
        self._running: list[tuple] = []
        self._trouble: list[Exception] = []

    def __len__(self) -> int:
        return len(self._running)

    def start(self, name: str, late) -> None:
        """`late()` tells a helper to stop."""
        here, there = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_main, args=(self._bring, name, late, os.getpid(), there), daemon=False)
        process.start()
        there.close()
        self._running.append((process, here))

    def poll(self) -> None:
        """Hear what the helpers have to say now."""
        for process, here in list(self._running):
            while here.poll():
                try:
                    said = here.recv()
                except EOFError:
                    self._ended(process, here)
                    break
                if isinstance(said, Counts):
                    self._counts.add(said)
                else:
                    self._trouble.append(said)

    def _ended(self, process, here) -> None:
        process.join()
        self._running.remove((process, here))
        if process.exitcode and not self._trouble:
            self._trouble.append(LOST[0]("a process that helped with a folder ended without a word"))

    def finish(self, pulse) -> None:
        """Wait until all have ended. Raises what stopped one of them: its folder goes on in the next attempt or pass."""
        while self._running:
            pulse()
            self.poll()
            time.sleep(0.05)
        if self._trouble:
            raise self._trouble[0]


class _Pulse:
    """A helper's: it works under the lease of the worker that started it, keeps none, and ends with it."""

    owner = pace = None

    def __init__(self, late, parent: int, pipe) -> None:
        self.counts, self._late, self._parent, self._pipe = Counts(), late, parent, pipe
        self._told = time.monotonic()

    def throttled(self, words: str) -> bool:
        """As a worker's: written down for all workers of the server, and no fault of the messages."""
        return self.pace is not None and self.pace.back_off(throttle.read(words)) is not None

    def spare(self) -> int:
        return 0

    def known(self, mailbox_id: int):
        return None

    def tell(self) -> None:
        self._pipe.send(self.counts)
        self.counts.clear()
        self._told = time.monotonic()

    def __call__(self) -> bool:
        if time.monotonic() - self._told > TELL_SECONDS:
            self.tell()
        return self.at_once() or self._late()

    def at_once(self) -> bool:
        return os.getppid() != self._parent or (self.pace is not None and self.pace.closed())


def _main(bring, name: str, late, parent: int, pipe) -> None:
    pulse = _Pulse(late, parent, pipe)
    try:
        bring(name, pulse)
    except (MigrationError, Stopped) as error:
        pipe.send(error)
    except (*LOST, REFUSED) as error:
        told = LOST[0](str(error)) if isinstance(error, LOST) else REFUSED(str(error))
        told.words = getattr(error, "words", str(error))
        pipe.send(told)
    except Exception as error:
        # The worker fails with it, as it would with its own.
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))
    pulse.tell()
    pipe.close()
