# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Worker processes that take mailbox after mailbox from the ledger until a round is through or time is up.

Any number of stations may do so at once. Each worker leases one mailbox at a time and keeps the lease while it works; a
worker that dies loses it, and another one takes the mailbox over.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
import traceback

from .._errors import MigrationError
from .._imap.session import LOST, REFUSED, LoginRefused, Unreachable, connect
from .._ledger import mailboxes, passes
from .._ledger.store import open_ledger
from .mailbox_pass import Stopped
from .plan import Plan
from .transfer import Counts, LeaseLost

ATTEMPTS = 3
# So many logins refused in a row on one server: something is wrong with the account, and trying on could lock it.
REFUSED_LOGINS = 3
HEARTBEAT_SECONDS = 2.0


def preflight(plan: Plan) -> None:
    """One login on each side before anything is touched: reachable, trusted, the password right."""
    sides = {server: plan.servers[server] for server, _name in plan.names}
    for name, server in sides.items():
        first = next(plan.mailbox(s, m) for s, m in plan.names if s == name)
        connect(server, first).close()
    if plan.target is not None:
        first = plan.mailbox(*plan.names[0])
        connect(plan.target, dataclasses.replace(first, name=first.target, password=first.target_password)).close()


def run(plan: Plan, handler) -> dict:
    """Start the workers and wait for them. `handler(ledger, plan, row, pulse)` makes one pass, counting in `pulse.counts`,
    and returns the columns of the mailbox to set when it is through.

    Returns {"counts": Counts, "fresh": mailboxes that went through, "error": text of a worker's failure or None}.
    """
    context = multiprocessing.get_context("fork")
    children = []
    for number in range(min(plan.workers, len(plan.names))):
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_main, args=(plan, handler, number, there), daemon=True)
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


def _main(plan: Plan, handler, number: int, pipe) -> None:
    worker = _Worker(plan, handler, f"{plan.owner}:{number}")
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
    def __init__(self, plan: Plan, handler, name: str) -> None:
        self.plan, self.handler, self.name = plan, handler, name
        self.counts, self.fresh, self.error = Counts(), 0, None
        self.refused: dict[str, int] = {}

    def loop(self) -> None:
        self.ledger = open_ledger(self.plan.ledger, self.plan.migration)
        bounds = {name: server.connections for name, server in self.plan.servers.items()}
        while not self.plan.late():
            row, others = mailboxes.claim(
                self.ledger, self.plan.names, self.plan.kind, self.plan.round, self.name, self.plan.lease_seconds, bounds
            )
            if row is not None:
                self._one(row)
            elif not others:
                break
            else:
                # Others work on what is left; should one of them die, its mailbox comes here.
                time.sleep(0.5)

    def _one(self, row) -> None:
        number = passes.begin(self.ledger, row.id, self.plan.kind, self.plan.round, self.name)
        pulse = _Pulse(self, row, number)
        columns, failure = self._attempt(row, pulse)
        self.counts.add(pulse.counts)
        passes.update(
            self.ledger, number, seconds=pulse.seconds, finished=failure == "", findings=columns.pop("findings", None),
            **dataclasses.asdict(pulse.counts),
        )
        if failure is None:
            mailboxes.release(self.ledger, row.id, self.name)
        elif failure:
            mailboxes.release(self.ledger, row.id, self.name, round=self.plan.round, failure=failure[:1000])
        else:
            self.fresh += 1
            mailboxes.release(self.ledger, row.id, self.name, round=self.plan.round, failure=None, **columns)

    def _attempt(self, row, pulse) -> tuple[dict, str | None]:
        """The mailbox's new columns, and why it failed: nothing when it is through, None when the time was over first."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                columns = self.handler(self.ledger, self.plan, row, pulse)
                self.refused.pop(row.server, None)
                return columns, ""
            except Stopped:
                return {}, None
            except LoginRefused as error:
                self._count_refusal(row.server)
                return {}, str(error)
            except (Unreachable, *LOST) as error:
                # A server that is restarted must not fail every mailbox that is still to come.
                failure = f"The connection broke {attempt} times while {row.server}/{row.name} was worked on: {error}"
                time.sleep(2 ** attempt)
            except MigrationError as error:
                return {}, str(error)
            except REFUSED as error:
                return {}, f"{row.server}/{row.name}: {error}"
        return {}, failure

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
        self.counts = Counts()
        self.began = self.last = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def __call__(self) -> bool:
        plan, ledger = self.worker.plan, self.worker.ledger
        if time.monotonic() - self.last >= min(HEARTBEAT_SECONDS, plan.lease_seconds / 3):
            self.last = time.monotonic()
            passes.update(ledger, self.number, seconds=self.seconds, **dataclasses.asdict(self.counts))
            if not mailboxes.keep(ledger, self.row.id, self.worker.name, plan.lease_seconds):
                raise LeaseLost(
                    f"The lease of {self.row.server}/{self.row.name} went to another worker.", "It carries on from what was committed.",
                    "Raise lease_seconds if this station is only slow.",
                )
        return plan.late()
