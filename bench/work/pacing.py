# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How gently a live server is read: whether a limit is kept at every moment, and what its users feel."""

from __future__ import annotations

import os
import pathlib
import random
import re
import statistics
import threading
import time

from .. import corpus
from ..copy_bound import Connection
from ..ends import End, Route, Way
from ..rounds import Row, say
from ..settings import Settings
from ..stage import Failed, Stage
from ..tools import ours

LINES = {
    "pace_limit_worst_slice": "A copy by eight workers at 2 MB/s: bytes that left the source, in each 5 seconds (beginning every half second, without the "
                              "first and the last second), as a multiple of the limit; the slice that is farthest from it.",
    "pace_live": "A copy while a user reads a message every 50 ms: the 95th percentile of his reads during the copy, as a multiple of that on the quiet "
                 "server; and the speed of the copy as a share of what it is without regard for him. The source server and its user have one processor "
                 "to themselves, the workers and the target the other.",
}
RATE = 2_000_000
SLICE = 5.0
USER = "live"
LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


def limit(name: str, settings: Settings) -> list[Row]:
    users = [f"u{number}" for number in range(1, 9)]
    seconds = settings.scaled(60, 15)
    with Stage(settings.memory) as stage:
        source = End(stage, "source", Way())
        corpus.write(source.mail, users, settings.scaled(1500, 300))
        source.hand_over()
        source.warm(users)
        row = Row(name, ours.NAME, "x the limit", [], f"{len(users)} workers, {RATE / 1e6:.0f} MB/s, {seconds} s")
        for number in range(min(settings.rounds, 3)):
            log = stage.folder / "bytes"
            port, relay = stage.relay(source.dovecot.port, "--log", str(log))
            source.port = port
            _paced_copy(stage, source, users, seconds, workers=8, bytes_per_second=RATE, connections=8)
            stage.end(relay)
            row.values.append(worst_slice(log, RATE))
            say(name, number, ours.NAME, row.values[-1], "x the limit")
    return [row]


def worst_slice(log: pathlib.Path, rate: float) -> float:
    """`log`: lines of a time and the bytes that had passed by then."""
    points = [(float(at), int(total)) for at, total in (line.split() for line in log.read_text().splitlines())]
    # Logins and lists of folders are no mail yet.
    first = next(at for at, total in points if total > 200_000) + 1
    last = max(at for at, _total in points) - 1
    worst, start = 1.0, first
    while start + SLICE <= last:
        share = (_passed(points, start + SLICE) - _passed(points, start)) / (rate * SLICE)
        worst = max(worst, share, key=lambda value: abs(value - 1))
        start += 0.5
    return worst


def _passed(points: list[tuple[float, int]], at: float) -> float:
    before = max((point for point in points if point[0] <= at), default=points[0])
    after = min((point for point in points if point[0] > at), default=points[-1])
    span = after[0] - before[0]
    return before[1] + (after[1] - before[1]) * ((at - before[0]) / span if span else 0)


def live(_name: str, settings: Settings) -> list[Row]:
    """The source server and its user have a processor of their own, as a live server is a machine of its own; the workers and the target
    share the others. There is more to copy than the time allows."""
    each, copies = settings.scaled(3000, 200), settings.scaled(250, 4)
    quiet_seconds, copy_seconds = settings.scaled(20, 5), settings.scaled(120, 10)
    cpus = sorted(os.sched_getaffinity(0))
    servers, others = {cpus[0]}, set(cpus[1:] or cpus)
    with Stage(settings.memory) as stage:
        os.sched_setaffinity(0, servers)
        source = End(stage, "source", Way())
        os.sched_setaffinity(0, others)
        corpus.write(source.mail, [USER], 300, folders={"": 1})
        users = corpus.multiply(source.mail, "u", each, copies, corpus.Sizes(median=1200, spread=0.6))
        source.hand_over()
        source.warm([USER, *users])
        ratio = Row("pace_live_p95_ratio", ours.NAME, "x the quiet server", [], f"{copy_seconds} s; also in ms: ")
        share = Row("pace_speed_share", ours.NAME, "x the speed without", [], "")
        for number in range(min(settings.rounds, 3)):
            with User(source, servers) as user:
                quiet = user.p95(quiet_seconds)
            # As long as half of what it is held against: a machine may be quicker for some seconds than for a minute.
            free = _paced_copy(stage, source, users, copy_seconds / 2).rate
            with User(source, servers) as user:
                moved = _paced_copy(
                    stage, source, users, copy_seconds,
                    live_probe={"mailbox": USER, "password": source.password, "interval": 0.05, "latency_budget": 1.25, "baseline_seconds": 30},
                )
                busy = user.p95_while_moving(moved)
            ratio.values.append(busy / quiet)
            share.values.append(moved.rate / free)
            ratio.note += f"{quiet * 1000:.2f} -> {busy * 1000:.2f}  "
            share.note += f"{free / 1e6:.1f} -> {moved.rate / 1e6:.1f} MB/s  "
            say(ratio.work, number, ours.NAME, ratio.values[-1], ratio.unit)
            say(share.work, number, ours.NAME, share.values[-1], share.unit)
    return [ratio, share]


class Moved:
    """What a copy moved, and when it did."""

    def __init__(self, began: float, ended: float, amount: int) -> None:
        self.began, self.ended, self.amount = began, ended, amount

    @property
    def rate(self) -> float:
        return self.amount / (self.ended - self.began)


def _paced_copy(stage: Stage, source: End, users, seconds: float, workers: int = 2, **pace) -> Moved:
    """A copy that is ended after `seconds`, or when all is copied."""
    target = End(stage, "target", Way(), is_target=True)
    state = stage.folder / "state"
    state.mkdir()
    try:
        route = Route(source, target, users, state)
        first = ours.options(route)["sources"][0]
        began = time.monotonic()
        # The quiet server is measured before the time for the copy begins to count.
        measured = pace.get("live_probe", {}).get("baseline_seconds", 0)
        result = ours.module("mailbox_copy", route, workers=workers, time_budget=seconds + measured, wait_for_window=False, sources=[{**first, **pace}])
        return Moved(began + measured, time.monotonic(), result["bytes"])
    finally:
        target.stop()
        stage.wipe(state)


class User:
    """An ordinary user's mail program: it reads one message after the other, at a steady pace. Not the engine's own probe."""

    INTERVAL = 0.05

    def __init__(self, source: End, cpus: set[int]) -> None:
        self._cpus = cpus
        self._connection = Connection(source.dovecot.port, USER, source.password)
        self._connection.ask(b'EXAMINE "INBOX"')
        self._stop = threading.Event()
        self._samples: list[tuple[float, float]] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> User:
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.ask(b"LOGOUT")

    def _read(self) -> None:
        os.sched_setaffinity(0, self._cpus)
        chance, due = random.Random(7), time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            # Whoever comes late has waited since he wanted to come.
            wanted, due = due, due + self.INTERVAL
            self._fetch(chance.randint(1, 300))
            self._samples.append((wanted, time.monotonic() - wanted))

    def _fetch(self, number: int) -> None:
        self._connection.send(b"one FETCH %d (FLAGS BODY.PEEK[]<0.8192>)\r\n" % number)
        while not (line := self._connection.answers.readline()).startswith(b"one "):
            if literal := LITERAL.search(line):
                self._connection.answers.read(int(literal[1]))
        if not line.startswith(b"one OK"):
            raise Failed(f"the user's FETCH: {line.decode(errors='replace')}")

    def p95(self, seconds: float) -> float:
        time.sleep(seconds)
        return percentile95([took for _at, took in self._samples])

    def p95_while_moving(self, moved: Moved) -> float:
        return percentile95([took for at, took in self._samples if moved.began <= at <= moved.ended])


def percentile95(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[94]
