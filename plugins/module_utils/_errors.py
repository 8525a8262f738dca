# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations


class MigrationError(Exception):
    """What a user is told when a job can't do its work.

    what: what happened, and to which host or mailbox.
    safe: what is unharmed.
    next_step: what to do now.
    words: what the server said, where it may ask for a rest (_model/throttle.py); the rest of the text has names of people's choice in it.
    facts: results so far, returned by the module beside its message.
    """

    def __init__(self, what: str, safe: str = "", next_step: str = "", words: str = "", **facts: object) -> None:
        self.what = what
        self.safe = safe
        self.next_step = next_step
        self.words = words
        self.facts = facts
        super().__init__(" ".join(part for part in (what, safe, next_step) if part))


class LoginRefused(MigrationError):
    """The server does not let us into this mailbox."""


class Unreachable(MigrationError):
    """The server does not answer now; it may in a moment."""


class Down(Unreachable):
    """Nobody answers there at all: it is about no mailbox."""


class Stopped(Exception):
    """The time for this step is over, or the window closed; everything done so far is committed."""
