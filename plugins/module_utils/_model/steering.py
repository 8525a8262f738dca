# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""How much may be read from a live server so that its users do not feel it: a controller, without I/O and without a clock.

Of the quiet server's answers one in twenty is slower than its 95th percentile, so the budget is kept as long as no more
than one in twenty is slower than the limit, which is the budget times that percentile. The controller counts those. It
raises the ceiling by steps while answers are quick, and cuts it by a share when they are not; the share of slow answers is
carried on as a debt, so that the budget holds over the whole copy and not only now and then.

A server is also slow by itself: its users are many, another machine on its host is busy. In the short rests in which nobody of us
reads (rest.py) that is seen without us. As many answers as are slow then are not ours, and a cut is taken back when the next
rest shows that it was for nothing.
"""

from __future__ import annotations

import collections

# Copying never stops entirely, in bytes per second.
FLOOR = 32_000.0
# Where to begin with a server whose speed nobody has measured, in bytes per second.
START = 500_000.0
# The share of answers that may be slower than the limit: one in twenty, less something for chance.
SLOW_SHARE = 0.046
# Where more are slow in rests: so many beyond those.
BEYOND_OTHERS = 0.012
# In debt, a step with no more than this beyond the share is waited out: it pays back what may have been chance.
WAITED_OUT = 0.014
# Debt and credit, in answers, are forgotten beyond this: a bad night does not hold back the next one.
MOST_CREDIT, MOST_DEBT = 20.0, 12.0
MOST_LEEWAY = 2.0
# The last so many answers of rests tell how slow the server is without us; fewer than ENOUGH do not.
RESTS, ENOUGH = 48, 32
# Answers of rests after a cut by which it is judged. It was for nothing when as many as SAME, of the share that was slow before, are slow
# without us, and it is not just one.
JUDGES, SAME = 12, 0.6
# A server of which so many answers are slow by themselves is in need: it is spared, whoever's doing it is.
IN_NEED = 0.4
# A step with fewer answers decides nothing.
FEWEST = 5
# Beyond the point at which it was last too much the ceiling rises by this share, then faster and faster while all is well: it may
# have been somebody else's doing, or the server may have more to give by now.
CAREFUL, FASTER, FASTEST = 0.03, 1.4, 0.25
FIRST = 2.5
# So many steps are "of late".
STEPS = 5
# A ceiling that is not used to this share is not what holds the workers back, and is not raised.
USED_SHARE = 0.4


def longest_command(median: float, percentile95: float, budget: float, memory: dict) -> float:
    """How long a single command of ours may keep the server from its users, in seconds: as long as a user whose answer usually comes in the
    quiet server's `median` can wait for all of it and is still within the limit; and up to MOST_LEEWAY times that while fewer answers are slow
    than may be. A server answers a long command with less work than several short ones, and what that costs its users is counted as all else."""
    leeway = 1 + (MOST_LEEWAY - 1) * max(0.0, -memory.get("debt", 0.0)) / MOST_CREDIT
    return (budget * percentile95 - median) * leeway


class Steering:
    """`limit` in seconds, which may be set anew at any time; `ceiling` in bytes per second; `memory` what an earlier one had learnt, as `memory()`
    gave it; `rests` latencies of the server without us, the last ones last."""

    def __init__(self, limit: float, ceiling: float, memory: dict | None = None, floor: float = FLOOR, rests=()) -> None:
        self.limit, self.floor = limit, floor
        self.ceiling = max(floor, ceiling)
        known = memory or {}
        self.debt: float = known.get("debt", 0.0)
        # The ceiling at which answers were last too slow; None until then.
        self.knee: float | None = known.get("knee")
        self._growth: float = known.get("growth", CAREFUL)
        self._settling = False
        self._moved: collections.deque[float] = collections.deque(maxlen=STEPS)
        self._rests: collections.deque[float] = collections.deque(rests, maxlen=RESTS)
        self._doubt: _Doubt | None = None

    def memory(self) -> dict:
        """What the next one is to know, when the work goes on in another process: fit for JSON."""
        return {"debt": self.debt, "knee": self.knee, "growth": self._growth}

    def rested(self, latencies) -> float:
        """The new ceiling, after a rest, or some of it, with these `latencies` (seconds)."""
        self._rests.extend(latencies)
        doubt = self._doubt
        if doubt:
            doubt.rests.add(latencies, self.limit)
            if doubt.rests.answers >= JUDGES:
                self._doubt = None
                if doubt.for_nothing():
                    self.ceiling, self.debt, self.knee, self._growth = max(doubt.ceiling, self.ceiling), doubt.debt, doubt.knee, doubt.growth
                    self._settling = False
        return self.ceiling

    def step(self, latencies, moved: float) -> float:
        """The new ceiling, after some seconds with these `latencies` in which `moved` bytes per second were read."""
        if moved <= 0 or len(latencies) < FEWEST:
            # What is slow without us is not ours.
            return self.ceiling
        self._moved.append(moved)
        if self._doubt:
            self._doubt.reading.add(latencies, self.limit)
        if self._settling:
            # What was asked for under the former ceiling is still on its way.
            self._settling = False
            return self.ceiling
        step, allowed = _Share(latencies, self.limit), self._allowed()
        before = (self.ceiling, self.debt, self.knee, self._growth)
        self.debt = min(MOST_DEBT, max(-MOST_CREDIT, self.debt + step.slow - allowed * step.answers))
        if step.share >= 0.5:
            self._cut(0.5)
        elif step.share >= 0.25 and self.debt > 0:
            self._cut(0.7)
        elif step.share > allowed + WAITED_OUT and self.debt > 1:
            self._cut(0.85)
        elif step.share <= allowed and self.debt <= 0 and moved >= USED_SHARE * self.ceiling:
            self._raise()
        if self._settling and not self._doubt:
            self._doubt = _Doubt(*before, step)
        return self.ceiling

    def _allowed(self) -> float:
        """The share of answers that may be slow now."""
        others = _Share(self._rests, self.limit)
        if others.answers < ENOUGH or others.share >= IN_NEED:
            return SLOW_SHARE
        return max(SLOW_SHARE, others.share + BEYOND_OTHERS)

    def lost(self) -> float:
        """The new ceiling when the server does not answer at all."""
        self.knee = self.ceiling if self.knee is None else min(self.knee, self.ceiling)
        self.ceiling, self._growth, self._doubt = self.floor, CAREFUL, None
        return self.ceiling

    def _cut(self, share: float) -> None:
        # A ceiling that nobody reached did no harm: what was really read did, of late, since a server that hesitates gives less.
        used = min(self.ceiling, max(*self._moved, self.floor))
        self.knee = used
        self.ceiling = max(self.floor, used * share)
        self._growth = CAREFUL
        self._settling = True

    def _raise(self) -> None:
        if self.knee is None:
            # Nothing was too much so far.
            self.ceiling *= FIRST
        elif self.ceiling < 0.9 * self.knee:
            self.ceiling = min(0.9 * self.knee, self.ceiling + max(self.floor / 4, 0.08 * self.knee))
        else:
            self.ceiling *= 1 + self._growth
            self.knee = max(self.knee, self.ceiling)
            self._growth = min(FASTEST, self._growth * FASTER)


class _Share:
    """How many of some answers were slow."""

    def __init__(self, latencies=(), limit: float = 0.0) -> None:
        self.answers = self.slow = 0
        self.add(latencies, limit)

    def add(self, latencies, limit: float) -> None:
        self.answers += len(latencies)
        self.slow += sum(value > limit for value in latencies)

    @property
    def share(self) -> float:
        return self.slow / self.answers if self.answers else 0.0


class _Doubt:
    """What was before a cut, and whether those after it were for anything: how many answers were slow since, while mail was read and in rests."""

    def __init__(self, ceiling: float, debt: float, knee: float | None, growth: float, reading: _Share) -> None:
        self.ceiling, self.debt, self.knee, self.growth = ceiling, debt, knee, growth
        self.reading, self.rests = reading, _Share()

    def for_nothing(self) -> bool:
        return self.rests.slow > 1 and SAME * self.reading.share <= self.rests.share < IN_NEED
