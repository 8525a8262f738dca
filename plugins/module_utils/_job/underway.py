# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What is on its way to a target mailbox: batches of one folder after another, in the order in which they were sent.

While the last batches of a folder are still on their way, the next folder already goes on: with a round trip of 20 ms, waiting at the
end of each folder would take longer than the mail.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses

from .._errors import MigrationError
from .._ledger.items import TakenOver


class LeaseLost(MigrationError):
    """Another worker has taken the mailbox over."""


@dataclasses.dataclass
class Batch:
    """`transfer` (transfer.py) sent it under `intent`; `flags`: source UID -> flags as sent."""

    transfer: object
    intent: int
    messages: list
    flags: dict[int, tuple[str, ...]]


class Underway:
    def __init__(self, target) -> None:
        self.target = target
        self._queue: collections.deque[Batch] = collections.deque()
        # Transfers whose outcome is not yet written down in full.
        self._open: list = []

    def make_room(self) -> None:
        while len(self._queue) >= self.target.depth:
            self._finish()

    def add(self, batch: Batch) -> None:
        self._queue.append(batch)
        if batch.transfer not in self._open:
            self._open.append(batch.transfer)

    def drain(self) -> None:
        """Hear what became of everything, and write it down."""
        while self._queue:
            self._finish()
        for transfer in list(self._open):
            self._close(transfer)

    def collect(self) -> list[tuple]:
        """(Batch, outcome) of everything on its way, for the caller to deal with."""
        found = []
        while self._queue:
            found.append((self._queue.popleft(), self.target.finish()))
        return found

    def heard(self, batch: Batch, outcome) -> None:
        batch.transfer.heard(batch, outcome)
        self.through(batch.transfer)

    def through(self, transfer) -> None:
        """Close a transfer that was left, if all of it has arrived."""
        if transfer.left and not any(batch.transfer is transfer for batch in self._queue):
            self._close(transfer)

    def _finish(self) -> None:
        batch = self._queue.popleft()
        self.heard(batch, self.target.finish())

    def _close(self, transfer) -> None:
        transfer.journal.flush()
        self._open = [other for other in self._open if other is not transfer]
        then, transfer.left = transfer.left, None
        if then:
            then()

    @contextlib.contextmanager
    def kept(self):
        """Turns TakenOver into LeaseLost: frozen or cut off for longer than its lease, this worker sent what another one has sent too.
        Nothing of it is to stay at the target that the ledger does not know."""
        try:
            yield
        except TakenOver as error:
            for batch, outcome in self.collect():
                batch.transfer.journal.settled(batch.intent, outcome.uids)
            names = [transfer.folder.target_name for transfer in self._open]
            for transfer in self._open:
                doubled = transfer.journal.disowned()
                if doubled:
                    self.target.opened(transfer.folder.target_name)
                    self.target.delete(doubled)
            self._open = []
            where = f" while mail was written to {', '.join(names)}" if names else ""
            raise LeaseLost(
                f"Another worker took over{where}.",
                "What was sent twice was taken back, where the target tells UIDs; mailbox_verify counts what was not.",
                "Raise lease_seconds if this station is only slow.",
            ) from error
