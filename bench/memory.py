# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peak of the resident memory of the module's workers, as the kernel keeps it."""

from __future__ import annotations

import contextlib
import pathlib
import re
import threading
import typing as t

HIGHEST = re.compile(r"VmHWM:\s*(\d+) kB")
# Seconds between two looks. A process keeps its peak until its end, so only what it takes in its last moments can escape.
PAUSE = 0.05


class Peak:
    """with Peak() as peak: ...; `watch` gets the module's process. Its children are its workers."""

    def __init__(self) -> None:
        self.worker_mb = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Peak:
        return self

    def __exit__(self, *_exception) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def watch(self, process: t.Any) -> None:
        self._thread = threading.Thread(target=self._look, args=(process.pid,), daemon=True)
        self._thread.start()

    def _look(self, pid: int) -> None:
        while not self._over.wait(PAUSE):
            self.worker_mb = max([self.worker_mb, *map(highest_mb, descendants(pid))])


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children = [int(child) for child in file.read_text().split()]
            found += [*children, *(deeper for child in children for deeper in descendants(child))]
    return found


def highest_mb(pid: int) -> float:
    """0 when the process has ended."""
    with contextlib.suppress(OSError):
        found = HIGHEST.search(pathlib.Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 / 1e6 if found else 0.0
    return 0.0
