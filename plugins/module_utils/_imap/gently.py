# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Reading from a server that others need: never more at once than its pace allows, and nothing asked for before it may come.

What has been asked for can't be held back any more: it would pile up in buffers on the way, and come as a burst.
"""

from __future__ import annotations

import collections
import re
import time

from .._errors import Stopped
from .._model.message import Message
from .._model.uids import batches
from . import fetch
from .spool import Spooled
from .wire import LARGE, Answer, Wire, fetch_attributes

# Without a limit this much is read before the pace is looked at again, in batches that are asked for ahead.
OPEN_BATCHES = 8
# Messages that are booked at once under a limit.
MOST = 100
PIECE = re.compile(rb"BODY\[\]<\d+>")


class Gently:
    """`pace` is a _pace.pace.Pace, `stop()` ends a wait, and `at_once()` one in the middle of a message. `partial`: the server gives
    parts of a message as they are asked for. `arrival` tells when answers came, or is None. `estimates`: the sizes that the server tells are estimates."""

    def __init__(self, wire: Wire, pace, stop, at_once, partial: bool, arrival=None, estimates: bool = False) -> None:
        self.wire, self.pace, self.stop, self.at_once = wire, pace, stop, at_once
        self.partial, self.arrival, self.estimates = partial, arrival, estimates

    def messages(self, sizes: dict[int, int], newest_first: bool):
        """Yield fetch.Batch after fetch.Batch. Stopped when a wait was ended."""
        left = sorted(sizes, reverse=newest_first)
        while left:
            if not self.pace.limited:
                part = {uid: sizes[uid] for uid in left[:OPEN_BATCHES * 100]}
                # In the order of batches(): what does not fit into them waits for the next turn.
                cut = batches(part, newest_first=newest_first)[:OPEN_BATCHES]
                self._take(sum(map(len, cut)), 0)
                yield from fetch.messages(self.wire, cut)
            else:
                grain, most = self.pace.grain(), min(MOST, self.pace.grain_messages())
                cut = batches({uid: sizes[uid] for uid in left[:most]}, most, grain, newest_first)[:1]
                yield from self._portion(cut[0], sizes, grain)
            left = left[sum(map(len, cut)):]

    def _portion(self, uids: list[int], sizes: dict[int, int], grain: int):
        """What may be read at once by the limits; asked for in as many commands as the server's other users need."""
        size = sum(sizes[uid] for uid in uids)
        if size > grain:
            # One message alone. It is not begun in vain: at a low rate it may take longer than a step.
            self._take(1, 0)
            message = self._in_pieces(uids[0], sizes[uids[0]], grain) if self.partial else None
            if message is not None:
                yield fetch.Batch(uids, [message], [], None)
                return
            self._take_whole(size)
        else:
            self._take(len(uids), size)
        if self.arrival is None:
            yield from fetch.messages(self.wire, [uids])
            return
        asked_at, lain = collections.deque(), []

        def parts():
            left = uids
            while left:
                few = self.pace.few()
                part, left = left[:few], left[few:]
                asked_at.append(time.time())
                yield part

        # One command at a time, but the next one is asked for before the messages of the last one are worked on.
        for batch in fetch.messages(self.wire, parts(), ahead=1, before_reading=lambda: lain.append(self.arrival.wait(asked_at[0]))):
            self.pace.took(len(batch.uids), (asked_at[1] if len(asked_at) > 1 else time.time()) - asked_at.popleft() - lain.pop())
            yield batch

    def _in_pieces(self, uid: int, size: int, grain: int) -> Message | None:
        """A message that is larger than what may be read at once. None when its pieces do not add up to what the server says of
        its size: then it is read in one, which is sure. Where that size is an estimate, a message ends with a piece that is shorter
        than what was asked for, and has nothing behind it."""
        pieces, given, last, attributes = _Pieces(size), 0, grain, {}
        while self.estimates or given < size:
            self._take_whole(max(1, min(grain, size - given)))
            items = b"UID FLAGS INTERNALDATE " if not given else b"UID "
            found, refused = {}, None
            for response in self.wire.run(b"UID FETCH %d (%sBODY.PEEK[]<%d.%d>)" % (uid, items, given, grain)):
                if isinstance(response, Answer):
                    refused = not response.ok
                elif (told := fetch_attributes(response)) and told.get(b"UID") == b"%d" % uid:
                    found |= told
            piece = next((value for name, value in found.items() if PIECE.fullmatch(name)), None)
            if self.estimates and last < grain and piece == b"" and not refused:
                break
            if refused or not isinstance(piece, bytes) or not piece:
                return None
            self.wire.held = 0
            attributes = attributes or found
            pieces.add(piece)
            last = len(piece)
            given += last
        if given != size and not self.estimates:
            return None
        return Message.of(uid, pieces.whole(), fetch.flags_of(attributes), fetch.text_of(attributes, b"INTERNALDATE"))

    def _take(self, messages: int, size: int) -> None:
        if not self.pace.take(messages, size, self.stop):
            raise Stopped

    def _take_whole(self, size: int) -> None:
        if not self.pace.take(0, size, self.at_once):
            raise Stopped


class _Pieces:
    """Kept in memory, or in a file where there is much to come."""

    def __init__(self, size: int) -> None:
        self._spooled = Spooled() if size > LARGE else None
        self._parts: list[bytes] = []

    def add(self, piece: bytes) -> None:
        if self._spooled is None:
            self._parts.append(piece)
        else:
            self._spooled.add(piece)

    def whole(self):
        return b"".join(self._parts) if self._spooled is None else self._spooled
