# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Worker processes that take mailbox after mailbox from the ledger until a round is through or time is up.

Any number of stations may do so at once. Each worker leases one mailbox at a time and keeps the lease while it works; a
worker that dies loses it, and another one takes the mailbox over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import multiprocessing
import os
import time
import traceback

from .._errors import Down, LoginRefused, MigrationError, Stopped, Unreachable
from .._imap.session import LOST, REFUSED, connect
from .._ledger import mailboxes, passes
from .._ledger.known import Known, load
from .._ledger.store import open_ledger
from .._libraries import sqlalchemy as sa
from .._model import throttle
from .._model.server import EXCHANGE_CONNECTIONS
from .._pace import live_probe
from .._pace.pace import SHORT_BACK_OFF, Pace
from .._source.registry import prove
from .deletions import deletions
from .plan import Plan
from .transfer import Counts
from .underway import LeaseLost

ATTEMPTS = 3
# So many logins refused in a row on one server: something is wrong with the account, and trying on could lock it.
REFUSED_LOGINS = 3
HEARTBEAT_SECONDS = 2.0
# How long a worker without a mailbox waits before it looks again, in seconds.
SHORTEST_REST, LONGEST_REST = 0.02, 1.0
# A module's code lies in an archive that a fresh interpreter would not find.
FORK = multiprocessing.get_context("fork")


def preflight(ledger, plan: Plan) -> None:
    """One login on each side before anything is touched: reachable, trusted, the password right. Servers that have nothing left to read, or are
    closed now, are left in peace."""
    begun = passes.begun(ledger, plan.round)
    paces = {name: Pace(ledger, plan.servers[name]) for name in mailboxes.open_servers(ledger, plan.names, plan.kind, plan.round)}
    asked = [name for name, pace in paces.items() if not pace.closed()]
    for name in asked:
        with _given_rest(begun, [paces[name]]):
            mine = [plan.mailbox(s, m) for s, m in plan.names if s == name]
            prove(plan.servers[name], next((mailbox for mailbox in mine if mailbox.of_a_user), mine[0]))
    if asked and plan.target is not None:
        first = plan.mailbox(*plan.names[0])
        with _given_rest(begun, [paces[name] for name in asked]):
            connect(plan.target, dataclasses.replace(first, name=first.target, password=first.target_password)).close()


@contextlib.contextmanager
def _given_rest(begun: bool, paces: list[Pace]):
    """A server that is there and wants a rest gets it from the workers. One that was there when the round began may be restarted just now."""
    try:
        yield
    except MigrationError as error:
        if throttle.asked(error) is not None:
            return
        if not (begun and isinstance(error, Unreachable)):
            raise
        if isinstance(error, Down) and None in [pace.outage() for pace in paces]:
            raise


def run(plan: Plan, handler) -> dict:
    """Start the workers and wait for them. `handler(ledger, plan, row, pulse)` makes one pass, counting in `pulse.counts`,
    and returns the columns of the mailbox to set when it is through.

    Returns {"counts": Counts, "fresh": mailboxes that went through, "error": text of a worker's failure or None}.
    """
    with watched(plan):
        children, through = [], FORK.Pipe(duplex=False)
        for number in range(min(plan.workers, len(plan.names))):
            here, there = FORK.Pipe(duplex=False)
            child = FORK.Process(target=_main, args=(plan, handler, number, through, there))
            child.start()
            there.close()
            children.append((child, here))
        total, fresh, errors = Counts(), 0, []
        for child, here in children:
            try:
                report = here.recv()
            except EOFError:
                report = {"counts": Counts(), "fresh": 0, "error": "a worker process ended without a word; its mailbox is taken over when its lease ends"}
            child.join()
            total.add(report["counts"])
            fresh += report["fresh"]
            if report["error"]:
                errors.append(report["error"])
    return {"counts": total, "fresh": fresh, "error": "; ".join(sorted(set(errors))) or None}


@contextlib.contextmanager
def watched(plan: Plan):
    """Beside the workers: one process for each live source server that has a probe. The quiet baseline is known before they begin."""
    names = {server for server, _name in plan.names}
    stop, watchers = FORK.Event(), []
    for server in plan.servers.values():
        if server.name in names and server.live_probe is not None:
            here, there = FORK.Pipe(duplex=False)
            watcher = FORK.Process(target=live_probe.watch, args=(server, plan.ledger, plan.migration, stop, there), daemon=True)
            watcher.start()
            there.close()
            watchers.append((watcher, here))
    try:
        for _watcher, here in watchers:
            try:
                trouble = here.recv()
            except EOFError:
                trouble = "The process that watches a live server ended without a word. Nothing was copied. Run again."
            if trouble:
                raise MigrationError(trouble)
        yield
    finally:
        stop.set()
        for watcher, _here in watchers:
            watcher.join()


def _main(plan: Plan, handler, number: int, through, pipe) -> None:
    # What was loaded before the fork stays: it need not be looked through for garbage again and again.
    gc.freeze()
    worker = _Worker(plan, handler, f"{plan.owner}:{number}", through)
    try:
        worker.loop()
    except MigrationError as error:
        worker.error = str(error)
    except Exception:
        # The parent reports it; nothing may be printed into the module's result.
        worker.error = traceback.format_exc()
    pipe.send({"counts": worker.counts, "fresh": worker.fresh, "error": worker.error})
    pipe.close()


class _Worker:
    """`through`: a pipe that all workers of this call share. Who finds nothing left to do writes into it, so that those who wait for a
    mailbox need not; nobody reads, and nobody's death can hold it up."""

    def __init__(self, plan: Plan, handler, name: str, through) -> None:
        self.plan, self.handler, self.name, self.through = plan, handler, name, through
        self.counts, self.fresh, self.error = Counts(), 0, None
        # Of this process, and of those that help it.
        self.parents = (os.getppid(), os.getpid())
        self.refused: dict[str, int] = {}
        self.known: dict[int, Known] = {}
        self.waves: dict[str, str] = {}
        self._done: list[tuple[int, dict, int, dict]] = []

    def loop(self) -> None:
        plan = self.plan
        self.ledger = open_ledger(plan.ledger, plan.migration)
        self.paces = {name: Pace(self.ledger, server) for name, server in plan.servers.items()}
        rest = SHORTEST_REST
        while not plan.late():
            bounds = {name: pace.connections() for name, pace in self.paces.items()}
            claimed, others = mailboxes.claim(self.ledger, plan.names, plan.kind, plan.round, self.name, plan.lease_seconds, bounds)
            self.known = load(self.ledger, [row.id for row, _number in claimed]) if claimed else {}
            for row, number in claimed:
                if plan.late() or self.paces[row.server].closed():
                    # Given back as it was.
                    self._done.append((number, {"seconds": 0.0}, row.id, {}))
                else:
                    self._one(row, number)
            self._write_down()
            self.waves.clear()
            if claimed:
                rest = SHORTEST_REST
            elif not others:
                self.through[1].send(self.name)
                break
            else:
                # Others work on what is left; should one of them die, its mailbox comes here.
                self.through[0].poll(rest)
                rest = min(rest * 1.5, LONGEST_REST)

    def _one(self, row, number: int) -> None:
        pulse, began = _Pulse(self, row, number), time.time()
        columns, failure = self._attempt(row, pulse)
        self.counts.add(pulse.counts)
        found = {"started_at": began, "seconds": pulse.seconds, "finished": failure == "", "findings": columns.pop("findings", None)}
        if failure is None:
            columns = {}
        elif failure:
            columns = {"round": self.plan.round, "failure": failure[:1000]}
        else:
            self.fresh += 1
            columns = {"round": self.plan.round, "failure": None, **columns}
        self._done.append((number, found | dataclasses.asdict(pulse.counts), row.id, columns))
        if pulse.seconds > HEARTBEAT_SECONDS:
            self._write_down()

    def _write_down(self) -> None:
        if self._done:
            mailboxes.close_passes(self.ledger, self.name, self._done)
            self._done = []

    def _attempt(self, row, pulse) -> tuple[dict, str | None]:
        """The mailbox's new columns, and why it failed: nothing when it is through, None when the time was over first."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                columns = self.handler(self.ledger, self.plan, row, pulse)
                self.refused.pop(row.server, None)
                return columns, ""
            except Stopped:
                return {}, None
            except (MigrationError, REFUSED, *LOST) as error:
                if pulse.throttled(error):
                    # Not the mailbox's fault: it is taken again when the server has had its rest.
                    return {}, None
                if isinstance(error, LoginRefused):
                    self._count_refusal(row.server)
                    return {}, str(error)
                if isinstance(error, (Unreachable, *LOST)):
                    # A server that is restarted must not fail every mailbox that is still to come.
                    failure = f"The connection broke {attempt} times while {row.server}/{row.name} was worked on: {error}"
                    time.sleep(2 ** attempt)
                    down = isinstance(error, Down)
                elif isinstance(error, MigrationError):
                    return {}, str(error)
                else:
                    return {}, (
                        f"A server refused a command: {str(error).rstrip('.')}. What was moved stays; nothing is lost at the source. "
                        "See in its log why, then run again."
                    )
            except sa.exc.OperationalError:
                # The ledger's database is in trouble, which is about no mailbox.
                raise
            except Exception:
                # Whatever else it is, all other mailboxes go on.
                return {}, f"{row.server}/{row.name}: an error of this collection, please report it: {traceback.format_exc()[-800:]}"
        # Nor does a server that is switched off for a while.
        return {}, None if down and pulse.pace.outage() is not None else failure

    def _count_refusal(self, server: str) -> None:
        self.refused[server] = self.refused.get(server, 0) + 1
        if self.refused[server] >= REFUSED_LOGINS:
            raise MigrationError(
                f"{server} refused {REFUSED_LOGINS} logins in a row.", "No further login was tried, so that no account is locked.",
                "Check the administrator's account and rights there, then run again.",
            )


class _Pulse:
    """Called after each batch: renews the lease, shows the progress to others, and says whether to stop."""

    def __init__(self, worker: _Worker, row, number: int) -> None:
        self.worker, self.row, self.number = worker, row, number
        self.owner = worker.name
        self.pace = worker.paces[row.server]
        self.counts = Counts()
        self.began = self.last = time.monotonic()
        self._asked, self._spare = -HEARTBEAT_SECONDS, 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def late(self) -> bool:
        """Whether to stop, without a word to anybody: for those who help this worker."""
        return self.worker.plan.late() or self._alone()

    def _alone(self) -> bool:
        """A module that was killed has nobody left to report to."""
        return os.getppid() not in self.worker.parents

    def known(self, mailbox_id: int):
        """What was read of the mailbox when it was claimed; only once, since a pass changes it."""
        return self.worker.known.pop(mailbox_id, None)

    def deletions(self, wave: str, wanted: str) -> str:
        """See copy.deletions; looked up once for the mailboxes that were claimed together."""
        if wave not in self.worker.waves:
            self.worker.waves[wave] = deletions(self.worker.ledger, wave, wanted)
        return self.worker.waves[wave]

    def spare(self) -> int:
        """Worker processes of this station that find no mailbox any more, shared among the mailboxes that are still worked on."""
        if time.monotonic() - self._asked > HEARTBEAT_SECONDS:
            self._asked = time.monotonic()
            free, busy, held = mailboxes.occupation(self.worker.ledger, self.worker.plan, self.row.server)
            # Workers are this station's; connections are shared with other stations, which have helpers as well.
            idle = 0 if free else min((self.worker.plan.workers - busy) // max(1, busy), (self.pace.connections() - held) // max(1, held))
            most = EXCHANGE_CONNECTIONS - 1 if self.worker.plan.servers[self.row.server].exchange else idle
            self._spare = max(0, min(idle, most))
        return self._spare

    def throttled(self, error: Exception | str) -> bool:
        """Whether a server asks for a rest; all workers of this source server then take it. Of a target, too: what is not read needs no room there."""
        seconds = self.pace.back_off(throttle.read(error) if isinstance(error, str) else throttle.asked(error))
        if seconds is None:
            return False
        # A longer rest closes the server for a while; see Pace.closed.
        time.sleep(min(seconds, SHORT_BACK_OFF))
        return True

    def __call__(self) -> bool:
        self._keep()
        return self.late() or self.pace.closed()

    def at_once(self) -> bool:
        """Whether to stop in the middle of what would have to begin anew, such as a large message: the end of a step does not stop that, or,
        where it takes longer than a step, it would never be done."""
        self._keep()
        return self._alone() or self.pace.closed()

    def _keep(self) -> None:
        plan, ledger = self.worker.plan, self.worker.ledger
        if time.monotonic() - self.last >= min(HEARTBEAT_SECONDS, plan.lease_seconds / 3):
            self.last = time.monotonic()
            passes.update(ledger, self.number, seconds=self.seconds, **dataclasses.asdict(self.counts))
            if not mailboxes.keep(ledger, self.row.id, self.worker.name, plan.lease_seconds):
                raise LeaseLost(
                    f"The lease of {self.row.server}/{self.row.name} went to another worker.", "It carries on from what was committed.",
                    "Raise lease_seconds if this station is only slow.",
                )
