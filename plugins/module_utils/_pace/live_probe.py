# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Watching a live server as one of its users sees it, and holding the workers back so that users do not feel them.

A process beside the workers reads message after message of an ordinary user's mailbox: first while nobody else of ours
reads (the quiet baseline), then all the time. What the latency allows is written into the ledger, where every worker of
the server, on whichever station, finds it.
"""

from __future__ import annotations

import collections
import json
import os
import random
import socket
import time
import traceback

from .._errors import LoginRefused, MigrationError, Unreachable
from .._imap.session import LOST, REFUSED
from .._ledger import pace, spans
from .._ledger.store import open_ledger
from .._model import rest
from .._model.latency import counted, percentile, with_gaps
from .._model.server import Server
from .._model.steering import START, Steering
from .live_user import EwsUser, ImapUser, open_user
from .pace import Pace

# A younger baseline is taken over, in seconds.
BASELINE_LASTS = 12 * 3600
# The controller decides so often, or after so many reads, and a line of evidence is written so often, in seconds.
STEP_SECONDS, STEP_READS = 2.0, 10
# The last so many answers that came while nobody of us read tell how slow the quiet server's slow ones are; fewer than ENOUGH do not. The
# last LATELY of them tell whether it has become slower or quicker since. However slow, it is not taken for more than MOST_DRIFT times what it was.
QUIET_ANSWERS, ENOUGH, LATELY, MOST_DRIFT = 240, 60, 32, 3.0
# Each step of a long module has a new watcher, which would not see enough of them: they are handed on, unless the last of them is older, in seconds.
QUIET_LASTS = 1800.0
LINE_SECONDS = 6.0
# Who steers says so at each step; after this time without a word another station takes over, in seconds.
STEERING_SECONDS = 30.0


def watch(server: Server, ledger_options: dict, migration: str, stop, ready) -> None:
    """The body of a process: watch `server` (which has a live_probe) until the event `stop` is set.

    `ready` is a pipe that gets one object: None when the baseline is known and the workers may begin, or a text that says
    why it can't be known.
    """
    try:
        watcher = _Watcher(server, open_ledger(ledger_options, migration), stop)
        watcher.baseline()
    except (*LOST, REFUSED) as error:
        ready.send(f"{server.name} broke off while its quiet latency was measured: {error}. Nothing was copied. Run again.")
        return
    except MigrationError as error:
        # What an answer alone was made of says neither what is safe nor what to do.
        ready.send(str(error) if error.next_step else f"{str(error).rstrip('.')}. Nothing was copied. Run again, at a time when fewer people are at work.")
        return
    except Exception:
        # As with workers: whoever waits is told, and nothing is printed into the module's result.
        ready.send(traceback.format_exc())
        return
    ready.send(None)
    try:
        watcher.follow()
    except Exception as error:
        # Without a watcher the workers fall back to the floor; the report says why.
        watcher.trouble = f"{type(error).__name__}: {error}"
    finally:
        watcher.close()


class _Watcher:
    def __init__(self, server: Server, ledger, stop) -> None:
        self.server, self.probe, self.ledger, self.stop = server, server.live_probe, ledger, stop
        self.pace = Pace(ledger, server)
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self.user: ImapUser | EwsUser | None = None
        # Stays written down until a login succeeds.
        self.trouble = _refusal(pace.row(ledger, server.name))
        self.quiet: collections.deque[float] = collections.deque(maxlen=QUIET_ANSWERS)
        # When the last of them came, by the ledger's clock.
        self.quiet_at = 0.0

    def baseline(self) -> None:
        """Measure the quiet server, unless somebody did so of late, or mail is read from it now, or it is closed: then its users
        are at work, and it is not quiet."""
        while not self.stop.is_set() and not self.pace.closed():
            row = pace.row(self.ledger, self.server.name)
            known = row is not None and row.baseline_p95
            if known and (time.time() - row.baseline_at < BASELINE_LASTS or pace.readers(self.ledger, self.server.name)):
                pace.set_values(self.ledger, self.server.name, budget=self.probe.latency_budget)
                self.trouble = _refusal(row)
                # Before the workers look, or they would begin at the floor.
                if pace.steer(self.ledger, self.server.name, self.owner, STEERING_SECONDS) and self.trouble:
                    self._prove()
                return
            if pace.steer(self.ledger, self.server.name, self.owner, self.probe.baseline_seconds + STEERING_SECONDS):
                self._measure()
                return
            self.stop.wait(0.5)

    def _prove(self) -> None:
        """Log in where that was refused of late. If it still is, the module fails: each further step would try it again, until the account is locked."""
        try:
            self._log_in()
        except LoginRefused:
            # Whoever corrects the password and runs again need not wait until we are forgotten.
            pace.leave(self.ledger, self.server.name, self.owner, self.trouble)
            raise
        except (Unreachable, *LOST, REFUSED):
            # It says nothing about the login; follow() tries again.
            pass

    def _log_in(self) -> None:
        self.user = open_user(self.server)
        if self.trouble:
            self.trouble = None
            pace.set_values(self.ledger, self.server.name, trouble=None)

    def _measure(self) -> None:
        if self.user is None:
            self._log_in()
        values = [took for _quiet, took in self._sampled(self.probe.baseline_seconds, self.probe.interval)]
        if not values:
            raise MigrationError(
                f"{self.server.name} answered none of the reads by which its quiet latency is measured.", "Nothing was copied.",
                "Check the mailbox of live_probe, then run again.",
            )
        self.quiet.extend(values)
        self.quiet_at = self._now()
        pace.set_values(
            self.ledger, self.server.name, baseline_p50=percentile(values, 0.5), baseline_p95=percentile(values, 0.95), baseline_at=time.time(),
            budget=self.probe.latency_budget, histogram="{}", rests="{}", latency_p95=None, ceiling=self._start(), steering=self._memory({}),
        )

    def follow(self) -> None:
        """Steer while the server may be read, until it is told to stop; where another station does so already, be ready to take over."""
        while not self.stop.is_set():
            if self.pace.closed() or not pace.steer(self.ledger, self.server.name, self.owner, self.probe.baseline_seconds + STEERING_SECONDS):
                self.stop.wait(STEP_SECONDS)
            else:
                self._steer()

    def close(self) -> None:
        if self.user is not None:
            self.user.close()
        pace.leave(self.ledger, self.server.name, self.owner, self.trouble)
        self.ledger.close()

    def _start(self) -> float:
        """Half of the speed that was measured while nothing held the workers back."""
        rate = spans.best_rate(self.ledger, self.server.name)
        return START if rate is None else rate / 2

    def _steer(self) -> None:
        row = pace.row(self.ledger, self.server.name)
        refusal = _refusal(row)
        if self.user is None and refusal and refusal != self.trouble:
            # Another station was refused just now: one try is enough for all.
            raise LoginRefused(refusal.partition(": ")[2])
        if not row.baseline_p95:
            # It was closed before. Until this is known the workers read at the floor.
            self._measure()
            row = pace.row(self.ledger, self.server.name)
        memory = json.loads(row.steering)
        self._recall(memory)
        steering = Steering(self._limit(row), row.ceiling or self._start(), memory, rests=self.quiet)
        evidence = _Evidence(self.ledger, self.server.name, steering, row)
        while not self.stop.is_set() and not self.pace.closed():
            evidence.add(*self._step(steering))
            steering.limit = self._limit(row)
            if not pace.steer(self.ledger, self.server.name, self.owner, STEERING_SECONDS):
                return
        evidence.write()

    def _limit(self, row) -> float:
        """What an answer may take, in seconds: by what the server is like now without us."""
        quiet = row.baseline_p95
        if len(self.quiet) >= ENOUGH:
            lately = percentile(list(self.quiet)[-LATELY:], 0.5) / percentile(self.quiet, 0.5)
            quiet = min(percentile(self.quiet, 0.95) * lately, MOST_DRIFT * quiet)
        return quiet * self.probe.latency_budget

    def _recall(self, memory: dict) -> None:
        """What the watcher before us, here or on another station, saw while nobody of us read."""
        if memory.get("quiet_at", 0.0) > self.quiet_at:
            self.quiet.clear()
            self.quiet.extend(micro / 1e6 for micro in memory["quiet"])
            self.quiet_at = memory["quiet_at"]
        if self._now() - self.quiet_at > QUIET_LASTS:
            self.quiet.clear()

    def _step(self, steering: Steering) -> tuple[list[float], list[float]]:
        """Latencies of one step, while mail was read and in a rest, after which the controller has decided."""
        before, began = pace.row(self.ledger, self.server.name).bytes, self._now()
        try:
            if self.user is None:
                self._log_in()
            samples = self._sampled(max(STEP_SECONDS, STEP_READS * self.probe.interval), self.probe.interval)
        except LoginRefused:
            # Not tried again here, and by the next step once, before workers begin: so no account is locked.
            raise
        except (Unreachable, *LOST, REFUSED):
            self.user = None
            steering.lost()
            self._write(steering)
            self.stop.wait(STEP_SECONDS)
            return [], []
        ended = self._now()
        moved = pace.row(self.ledger, self.server.name).bytes - before
        rested = [took for quiet, took in samples if quiet]
        values = [took for quiet, took in samples if quiet is False]
        if rested:
            self.quiet.extend(rested)
            self.quiet_at = ended
        if samples:
            steering.rested(rested)
            steering.step(values, moved / max(STEP_SECONDS / 2, ended - began - rest.seconds_between(began, ended)))
        else:
            steering.lost()
        self._write(steering)
        return values, rested

    def _write(self, steering: Steering) -> None:
        pace.set_values(self.ledger, self.server.name, ceiling=steering.ceiling, steering=self._memory(steering.memory()))

    def _memory(self, steering: dict) -> str:
        """As it is written down: what steering has learnt, and with it the quiet answers, in whole microseconds, since every worker reads it each second."""
        return json.dumps({**steering, "quiet": [round(value * 1e6) for value in self.quiet], "quiet_at": self.quiet_at})

    def _now(self) -> float:
        """By the ledger's clock."""
        return time.time() + pace.state(self.ledger, self.server.name).ahead

    def _sampled(self, seconds: float, interval: float) -> list[tuple[bool | None, float]]:
        """Answers that were asked for at that interval, by and large: whether the server was quiet (None: as we went to rest), and seconds.

        Were it kept exactly, a user whose program reads as regularly would meet us each time, or never: then he would wait for the probe, and
        the probe for him.
        """
        samples: list[tuple[bool | None, float]] = []
        ahead = self._now() - time.time()
        end = due = time.monotonic()
        end += seconds
        while time.monotonic() < end and not self.stop.is_set():
            at = time.time() + ahead
            quiet = True if rest.is_quiet(at) else None if rest.left(at) else False
            took = self.user.read()
            if took is not None:
                samples += ((quiet, value) for value in with_gaps(took, interval))
            due = max(due + interval * random.uniform(0.5, 1.5), time.monotonic())
            self.stop.wait(max(0.0, min(due, end) - time.monotonic()))
        return samples


def _refusal(row) -> str | None:
    """The trouble of a server's row, where it is a login that was refused."""
    return row.trouble if row is not None and (row.trouble or "").startswith(LoginRefused.__name__) else None


class _Evidence:
    """What was seen, for the report: a line every few seconds, and all samples counted by latency, those while mail was read and those of rests."""

    def __init__(self, ledger, server: str, steering: Steering, row) -> None:
        self.ledger, self.server, self.steering = ledger, server, steering
        self.histogram, self.rests = json.loads(row.histogram), json.loads(row.rests)
        self.bytes, self.written = row.bytes, time.monotonic()
        self.values: list[float] = []
        self.rested: list[float] = []

    def add(self, values: list[float], rested: list[float]) -> None:
        self.values += values
        self.rested += rested
        if time.monotonic() - self.written >= LINE_SECONDS:
            self.write()

    def write(self) -> None:
        if not self.values:
            return
        total = pace.row(self.ledger, self.server).bytes
        moved = total - self.bytes
        if moved:
            self.histogram, self.rests = counted(self.histogram, self.values), counted(self.rests, self.rested)
        p95 = percentile(self.values, 0.95)
        line = {
            "p50": percentile(self.values, 0.5), "p95": p95, "samples": len(self.values), "bytes": moved,
            "over": sum(value > self.steering.limit for value in self.values), "ceiling": self.steering.ceiling,
        }
        pace.witness(self.ledger, self.server, line, latency_p95=p95, histogram=json.dumps(self.histogram), rests=json.dumps(self.rests))
        self.bytes, self.written, self.values, self.rested = total, time.monotonic(), [], []
