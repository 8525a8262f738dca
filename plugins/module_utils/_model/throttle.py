# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a server says when it wants to be left alone for a while. Plain text in, seconds out."""

from __future__ import annotations

import dataclasses
import re

# "Suggested Backoff Time: 299499 milliseconds" (Exchange by IMAP), BackOffMilliseconds (Exchange by EWS), "retry after 30 seconds".
NAMED = re.compile(
    r"(?:\bback[ -]?off(?:[ _-]?time)?\s*(?P<before>milliseconds)?(?![a-z])\D{0,20}|(?:re)?try (?:again )?(?:after|in) )(?P<number>\d+)\s*(?P<unit>[a-z]*)",
    re.IGNORECASE,
)
# [LIMIT] is Yahoo's word for its rates. [INUSE] is not among them: one mailbox is locked, the server has no trouble.
WORDS = re.compile(
    r"\[THROTTLED\]|\[LIMIT\]|throttl|too many|server[ -]?(?:is )?(?:too )?busy|server unavailable|rate limit|bandwidth limit"
    r"|maximum number of connections|connection limit|exceeded (?:the )?(?:command|bandwidth|connection)",
    re.IGNORECASE,
)
# A server that names more than this is asked again after it, in seconds.
LONGEST = 86400.0


@dataclasses.dataclass(frozen=True)
class Throttled:
    """`seconds` that the server named, or None."""

    seconds: float | None


def asked(error: Exception) -> Throttled | None:
    """What an error asks for, by the server's own words in it: ours have names of servers, mailboxes and folders in them, and may say anything."""
    return read(getattr(error, "words", str(error)))


def read(text: str) -> Throttled | None:
    """What `text`, a server's NO, BAD or BYE, asks for; None when it is about something else."""
    named = NAMED.search(text)
    if named is not None:
        return Throttled(min(LONGEST, int(named["number"]) * _unit(named["before"] or named["unit"])))
    return Throttled(None) if WORDS.search(text) else None


def _unit(word: str) -> float:
    word = word.lower()
    if word.startswith(("ms", "milli")):
        return 0.001
    if word.startswith("min"):
        return 60.0
    return 3600.0 if word.startswith("h") else 1.0
