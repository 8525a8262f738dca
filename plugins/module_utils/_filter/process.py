# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A process of the site's, talked to through pipes that never make us wait."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time

# What is read or written at once, and what is kept of what it writes to stderr.
PIECE, KEPT = 65536, 4096
# A pipe holds a MiB at most.
MOST_LEFT = 1 << 20
# What a process gets to know of its surroundings. Of ours much more is set, passwords among it.
SURROUNDINGS = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ")


def environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in SURROUNDINGS if name in os.environ} | more


class Process:
    """`pump` moves what can be moved now; `out` and the beginning of `err` are what it wrote."""

    def __init__(self, argv: list[str], variables: dict[str, str]) -> None:
        # A session of its own: what it has started ends with it. A module's run_command waits for the end of what it runs.
        self._popen = subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables, cwd="/", start_new_session=True,
        )
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
        self.out, self.err = bytearray(), bytearray()
        self._rest, self._last = memoryview(b""), False
        self._most = 0

    @property
    def _pipes(self) -> tuple:
        return self._popen.stdin, self._popen.stdout, self._popen.stderr

    def ask(self, question: bytes, most: int, last: bool = False) -> None:
        """Begin to write `question`; `most`: bytes that may come back. The process gets no other one if this is the `last`."""
        self._rest, self._last, self._most = memoryview(question), last, most

    def forget(self) -> None:
        """What it said is about the question before."""
        self._read(self._popen.stderr, self.err, KEPT)
        self.out.clear()
        self.err.clear()

    @property
    def too_much(self) -> bool:
        return len(self.out) > self._most

    def waits_for(self) -> list[tuple[int, int]]:
        """File descriptors, with the events of `selectors` that are worth a `pump`."""
        stdin, *outputs = self._pipes
        wanted = [(pipe.fileno(), selectors.EVENT_READ) for pipe in outputs if not pipe.closed]
        return wanted + [(stdin.fileno(), selectors.EVENT_WRITE)] if self._writes else wanted

    @property
    def _writes(self) -> bool:
        return not self._popen.stdin.closed and bool(self._rest or self._last)

    @property
    def silent(self) -> bool:
        """It will not write any more."""
        return self._popen.stdout.closed and self._popen.stderr.closed

    def pump(self) -> None:
        if self._writes:
            self._write()
        self._read(self._popen.stdout, self.out, self._most + 1)
        self._read(self._popen.stderr, self.err, KEPT)

    def _write(self) -> None:
        stdin = self._popen.stdin
        try:
            while self._rest:
                self._rest = self._rest[os.write(stdin.fileno(), self._rest[:PIECE]):]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # It has read enough.
            self._rest, self._last = memoryview(b""), True
        if self._last:
            stdin.close()

    @staticmethod
    def _read(pipe, into: bytearray, most: int) -> None:
        """One piece, lest who writes without end keep us here."""
        if pipe.closed:
            return
        try:
            piece = os.read(pipe.fileno(), PIECE)
        except BlockingIOError:
            return
        if not piece:
            pipe.close()
        into += piece[:max(0, most - len(into))]

    def ended(self) -> int | None:
        """Its exit status, below 0 for a signal; with it ends what it has started."""
        if self._popen.returncode is None:
            # Not reaped yet, so that nothing else can have its number.
            if os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self._signal()
            # What it wrote before its end.
            for _number in range(MOST_LEFT // PIECE + 1):
                self.pump()
            self.kill()
        return self._popen.returncode

    def _signal(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def through(self, seconds: float) -> int | None:
        """Wait for its end, but no longer than this: None, and it was killed."""
        deadline = time.monotonic() + seconds
        while (status := self.ended()) is None and time.monotonic() < deadline:
            self.pump()
            time.sleep(0.01)
        if status is None:
            self.kill()
        return status

    def kill(self) -> None:
        if self._popen.returncode is None:
            self._signal()
            self._popen.wait()
        for pipe in self._pipes:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
