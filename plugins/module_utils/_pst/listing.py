# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a folder's listing tells of a message in a PST file: flags, keywords, date. No I/O."""

from __future__ import annotations

import datetime

from .._model.flags import normal
from .._model.keywords import keyword
from .._model.message import MONTHS
from .common import CATEGORIES, CREATED, MODIFIED
from .properties import Properties
from .rfc5322 import DELIVERED, MESSAGE_CLASS, SUBMITTED

MESSAGE_FLAGS, SIZE, LAST_VERB, FLAG_STATUS = 0x0E07, 0x0E08, 0x1081, 0x1090
READ, UNSENT, FLAGGED = 0x01, 0x08, 2
# PidTagLastVerbExecuted: reply, reply to all, forward.
ANSWERED, FORWARDED = (102, 103), 104
KEYS = (MESSAGE_CLASS, MESSAGE_FLAGS, SIZE, LAST_VERB, FLAG_STATUS, DELIVERED, SUBMITTED, CREATED, MODIFIED, CATEGORIES)
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def flags(properties: Properties) -> tuple[str, ...]:
    """As IMAP has them; Outlook's categories are keywords."""
    state, verb = properties.number(MESSAGE_FLAGS) or 0, properties.number(LAST_VERB)
    found = [keyword(name.strip()) for name in properties.texts(CATEGORIES) if name.strip()]
    found += ["\\Seen"] * bool(state & READ) + ["\\Draft"] * bool(state & UNSENT)
    found += ["\\Flagged"] * (properties.number(FLAG_STATUS) == FLAGGED)
    return normal(found + ["\\Answered"] * (verb in ANSWERED) + ["$Forwarded"] * (verb == FORWARDED))


def internal_date(properties: Properties) -> str:
    when = next((found for found in map(properties.time, (DELIVERED, SUBMITTED, CREATED)) if found), NEVER)
    return f"{when.day:02}-{MONTHS[when.month - 1]}-{when:%Y %H:%M:%S} +0000"


def version(properties: Properties) -> str:
    """Another when the item was changed; some programs write no date of that."""
    changed = properties.time(MODIFIED)
    return changed.isoformat() if changed else f"{properties.number(SIZE)} bytes"
