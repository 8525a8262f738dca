# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""When and how fast a source server may be read now: its windows, orders, rates and back-off, for one worker process."""

from __future__ import annotations

import datetime
import math
import time

from .._ledger import pace
from .._model import rest, throttle
from .._model.progress import calendar
from .._model.steering import FLOOR
from .._model.window import is_open, next_opening, open_window
from .arrival import Arrival

# How long what the ledger said is taken for true, in seconds.
FRESH_SECONDS = 1.0
# A back-off that is longer ends the pass, so that no connection idles through it.
SHORT_BACK_OFF = 5.0
# Of a server that can't be reached so many rests are waited out, together some 40 minutes.
OUTAGE_STEPS = 15
# How often a worker that waits asks whether it shall stop, and how often a pause is looked at again, in seconds.
SLICE_SECONDS = 0.5
PAUSE_SECONDS = 15.0
# A server whose windows do not open within so many days is looked at again after this time, in seconds.
FAR_SECONDS = 7 * 86400.0
# What is read at once, in seconds of the rate: with eight workers that all read at a bad moment it is 8 percent of five seconds.
GRAIN_SECONDS = 0.05
SMALLEST_GRAIN = 16384
MOST_AT_ONCE = 100
# Commands after which that is looked at again.
JUDGED = 16


class Pace:
    """One for each worker process and source server. `clock` gives seconds since 1970."""

    def __init__(self, ledger, server, clock=time.time) -> None:
        self.ledger, self.server, self.clock = ledger, server, clock
        self._state = pace.State()
        self._calendar = calendar(server)
        self._read_at: float | None = None
        # Messages of one command; what quick commands took, which is mostly the way there and back; and what the last ones took.
        self._few, self._way = 1, float("inf")
        self._took: list[float] = []

    def connections(self) -> int:
        """How many mailboxes of this server may be worked on at the same time, by all stations together."""
        if self.closed():
            return 0
        window = self._window()
        return (window and window.connections) or self.server.connections

    def closed(self) -> bool:
        """Whether a pass has to stop here: the window is over, an order says so, or the server asked for a long rest."""
        return self.order() != "running" or self._back_off() > SHORT_BACK_OFF or not is_open(self.server.windows, self._now())

    def order(self) -> str:
        """running, paused or stopped."""
        self._refresh()
        return self._state.order

    def waiting_until(self) -> float | None:
        """When it is worth looking at this server again, in seconds since 1970: None while it may be read, and when it is stopped."""
        if not self.closed() or self.order() == "stopped":
            return None
        opening = next_opening(self.server.windows, self._now())
        if opening is None:
            return self.clock() + FAR_SECONDS
        pause = PAUSE_SECONDS if self.order() == "paused" else 0.0
        return max(opening.timestamp(), self.clock() + max(self._back_off(), pause))

    @property
    def may_limit(self) -> bool:
        """Whether this server is ever read slower than it can."""
        server = self.server
        return bool(server.bytes_per_second or server.messages_per_second or server.windows or server.live_probe)

    @property
    def limited(self) -> bool:
        """Whether a rate is in force now, so that what is read at once has to be small."""
        return any(self._rates())

    def grain(self) -> int:
        """Bytes that may be read at once so that the rate stays smooth."""
        size, _messages = self._rates()
        return max(SMALLEST_GRAIN, int(size * GRAIN_SECONDS)) if size else SMALLEST_GRAIN * 1024

    def grain_messages(self) -> int:
        """Messages that may be read at once so that the rate stays smooth."""
        _size, messages = self._rates()
        return max(1, int(messages * GRAIN_SECONDS)) if messages else 1024

    def arrival(self, sock) -> Arrival | None:
        """Tells when answers came, where that matters."""
        return None if self.server.live_probe is None else Arrival(sock, self.server.timeout)

    def few(self) -> int:
        """Messages to ask for with one command. Whoever comes to a live server while it answers us waits for that answer, so it has
        to be over within what its latency may grow by."""
        return self._few if self.server.live_probe is not None and self._state.room is not None else MOST_AT_ONCE

    def took(self, messages: int, seconds: float) -> None:
        """A command for so many messages was answered in `seconds`: later ones may ask for more, or for less."""
        room = self._state.room
        if room is None:
            return
        if messages < self._few:
            return
        self._took.append(seconds)
        if len(self._took) < JUDGED:
            return
        usual = sorted(self._took)[JUDGED // 2]
        self._took = []
        self._way = min(self._way, usual)
        busy = usual - self._way
        if busy > room:
            self._few = max(1, self._few * 3 // 4)
        elif busy < room / 2:
            self._few = min(MOST_AT_ONCE, self._few + 1)

    def take(self, messages: int, size: int, stop) -> bool:
        """Wait until `messages` and `size` bytes may be read. False when `stop()` said so meanwhile, or the server was closed.

        More than a grain is booked piece by piece, so that other workers are not kept waiting for it, and so that a limit
        that changes meanwhile holds.
        """
        while messages > 0 or size > 0:
            if not self._wait(max(self._back_off(), self._rest()), stop):
                return False
            byte_rate, message_rate = self._rates()
            if not byte_rate and not message_rate:
                return True
            pieces = max(1, math.ceil(size / self.grain()) if byte_rate else 0, math.ceil(messages / self.grain_messages()) if message_rate else 0)
            now_messages, now_size = math.ceil(messages / pieces), math.ceil(size / pieces)
            if not self._wait(
                pace.book(self.ledger, self.server.name, now_messages, now_size, _seconds(message_rate), _seconds(byte_rate)), stop
            ):
                return False
            if not self._wait(self._rest(), stop):
                return False
            messages, size = messages - now_messages, size - now_size
        return True

    def back_off(self, asked: throttle.Throttled | None) -> float | None:
        """Seconds for which the server wants to be left alone, by its own words or growing from time to time; written down for
        all workers. None when nothing was `asked`."""
        if asked is None:
            return None
        seconds = pace.back_off(self.ledger, self.server.name, asked.seconds)
        self._read_at = None
        return seconds

    def outage(self) -> float | None:
        """Seconds for which a server that nobody reaches is left alone, longer each time; written down for all workers. None when it has been so
        for too long."""
        seconds = pace.back_off(self.ledger, self.server.name, None, OUTAGE_STEPS)
        self._read_at = None
        return seconds

    def _wait(self, seconds: float, stop) -> bool:
        end = time.monotonic() + seconds
        while True:
            if stop() or self.closed():
                return False
            left = end - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(left, SLICE_SECONDS))

    def _rates(self) -> tuple[float, float]:
        """Bytes and messages per second; 0 where there is no limit."""
        self._refresh()
        window, server = self._window(), self.server
        size, messages = server.bytes_per_second, server.messages_per_second
        if window is not None:
            size = size if window.bytes_per_second is None else window.bytes_per_second
            messages = messages if window.messages_per_second is None else window.messages_per_second
        if server.live_probe is not None:
            # Nobody watches what the users feel: as little as ever.
            ceiling = self._state.ceiling if self._state.steered and self._state.ceiling else FLOOR
            size = min(size or ceiling, ceiling)
        return size, messages

    def _back_off(self) -> float:
        self._refresh()
        return max(0.0, self._state.back_off - (time.monotonic() - self._read_at))

    def _rest(self) -> float:
        """Seconds for which a watched server is left alone now; see _model/rest.py."""
        if self.server.live_probe is None:
            return 0.0
        self._refresh()
        return rest.left(self.clock() + self._state.ahead)

    def _window(self):
        return open_window(self.server.windows, self._now())

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.clock(), datetime.timezone.utc)

    def _refresh(self) -> None:
        now = time.monotonic()
        if self._read_at is None or now - self._read_at >= FRESH_SECONDS:
            self._state, self._read_at = pace.state(self.ledger, self.server.name), now
            if self._state.calendar != self._calendar:
                pace.set_values(self.ledger, self.server.name, calendar=self._calendar)


def _seconds(rate: float) -> float:
    return 1 / rate if rate else 0.0
