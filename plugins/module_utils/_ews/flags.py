# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What Exchange knows of a message beside its text, as IMAP flags and keywords."""

from __future__ import annotations

from .._model.flags import normal
from .._model.keywords import keyword

# PidTagLastVerbExecuted (MS-OXOMSG, 2.2.1.3): only the last thing that was done is known.
ANSWERED, FORWARDED = (102, 103), (104,)
# PidTagFlagStatus (MS-OXOFLAG, 2.2.1.1): 1 is a flag whose matter is done, 2 one that is still open.
FLAGGED = 2


def imap_flags(*, is_read: bool, last_verb: int = 0, flag_status: int = 0, is_draft: bool = False, categories=()) -> tuple[str, ...]:
    """`last_verb` is property 0x1081, `flag_status` 0x1090; 0 where a message has none. Categories as _model/keywords.py has them."""
    told = (
        ("\\Seen", is_read),
        ("\\Answered", last_verb in ANSWERED),
        ("$Forwarded", last_verb in FORWARDED),
        ("\\Flagged", flag_status == FLAGGED),
        ("\\Draft", is_draft),
    )
    return normal([*(flag for flag, is_set in told if is_set), *(keyword(name.strip()) for name in categories or () if name.strip())])
