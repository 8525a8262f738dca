# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Reading on where the connection broke, past a message at which the server breaks it every time.

Exchange 2000 is known to do that at a message that is damaged (KB 896898). Such a message must hold back no other one.
"""

from __future__ import annotations

import imaplib
import ssl
import time

from .._model import throttle
from .._model.listing import Batch
from .._model.uids import batches

# The server, or something between, ended the connection or fell silent. Other trouble of this host, such as a full disk, is no message's.
BROKEN = (imaplib.IMAP4.abort, EOFError, ConnectionError, TimeoutError, ssl.SSLError)
# So often a message has to break a connection that was made for it alone.
TRIES = 3
# After so many breaks with nothing to show for them it is the server's trouble. A message in a batch of 200 is found by 8 of them.
MOST_BREAKS = 15
# Messages of which that is believed, one after the other, while the server gives no other message of the folder.
MOST_UNPROVED = 5
# Others that are asked for as a proof.
WITNESSES = 3
# Before each new connection, growing as long as it goes on; in seconds.
SHORTEST_REST, LONGEST_REST = 0.5, 2.0


class Unbroken:
    """`source` is an ImapSource: `fetched(sizes, when_all_asked)` yields Batch after Batch and may break, `back()` makes a new connection to
    the folder that is open, `uids()` and `sizes(uids)` tell of it."""

    def __init__(self, source) -> None:
        self._source = source
        # Messages in a row that broke the connection without anything that proves it is them.
        self._unproved = 0
        # By folder: the last message that was given, with its size; and all that break the connection.
        self._given: dict[str, tuple[int, int]] = {}
        self._bad: dict[str, set[int]] = {}

    def messages(self, folder: str, sizes: dict[int, int], when_all_asked=None):
        """Yield Batch after Batch for the UIDs in `sizes` of `folder`, which is open. After a break that is one without UIDs at first,
        so that whoever reads can keep a lease, or stop.

        After a break what did not come is asked for one message at first, then two, four and so on, as long as no connection breaks:
        servers give messages in order, so the one at which they break is mostly the first that did not come. What breaks TRIES connections
        of its own, while another message of the folder comes, is without content. Errors: BROKEN as it was where that is not so, or where
        it goes on, and what `back` raises: it is the server's trouble then.
        """
        left, suspects, few, breaks, alone = dict(sizes), [], 1, 0, 0
        while left:
            part, broke = {uid: left[uid] for uid in suspects[:few]} if suspects else dict(left), None
            only = suspects[0] if suspects and few == 1 else None
            try:
                for batch in self._source.fetched(part, None if suspects else when_all_asked):
                    if batch.messages:
                        self._note(folder, batch)
                    for uid in batch.uids:
                        left.pop(uid, None)
                    yield batch
            except BROKEN as error:
                broke = error
            if broke is None:
                if not suspects:
                    return
                suspects, few, alone = suspects[few:], few * 2, 0
                breaks = breaks if suspects else 0
                continue
            breaks += 1
            if throttle.asked(broke) is not None or breaks > MOST_BREAKS:
                raise broke
            yield Batch([], [], [], None)
            alone = alone + 1 if only in left else 0
            # None where all had come, and only the end of the answer had not.
            suspects = [uid for uid in suspects or sorted(next(iter(batches(left, newest_first=self._source.newest_first)), [])) if uid in left]
            few = 1
            time.sleep(min(SHORTEST_REST * 2 ** (breaks - 1), LONGEST_REST))
            self._source.back()
            if alone == TRIES:
                bad = suspects.pop(0)
                self._bad.setdefault(folder, set()).add(bad)
                if not (yield from self._proved(folder)):
                    raise broke
                del left[bad]
                breaks = alone = 0
                yield Batch([bad], [], [bad], None, why={bad: f"the connection broke at this message each time it was asked for alone: {broke}"})

    def _note(self, folder: str, batch: Batch) -> None:
        self._unproved = 0
        self._given[folder] = batch.messages[-1].uid, len(batch.messages[-1].body)

    def _proved(self, folder: str):
        """Returns whether it is the message and not the server: another one of the folder is given. Where none is, that is believed of a few.
        Yields a Batch without UIDs after each that is not."""
        for uid, size in self._witnesses(folder).items():
            try:
                if any(batch.messages for batch in self._source.fetched({uid: size}, None)):
                    self._unproved = 0
                    return True
            except BROKEN:
                self._source.back()
            yield Batch([], [], [], None)
        self._unproved += 1
        return self._unproved <= MOST_UNPROVED

    def _witnesses(self, folder: str) -> dict[int, int]:
        if folder in self._given:
            return dict([self._given[folder]])
        others = [uid for uid in self._source.uids() if uid not in self._bad[folder]]
        # Far from each other: what is damaged often lies together.
        some = sorted({others[(len(others) - 1) * number // (WITNESSES - 1)] for number in range(WITNESSES)}) if others else []
        return self._source.sizes(some)
