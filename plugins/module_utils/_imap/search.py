# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""All UIDs of the open folder, as numbers in an array: a folder may have hundreds of thousands."""

from __future__ import annotations

import array
import re

from .._model.uids import runs
from .session import REFUSED, Session
from .wire import Answer

FOUND = re.compile(rb"\* SEARCH((?: \d+)*) *\r\n\Z", re.IGNORECASE)
# RFC 4731: as a set, which is short where there are few gaps.
FOUND_RUNS = re.compile(rb"\* ESEARCH .*?\bALL ([\d:,]+)", re.IGNORECASE)


def all_uids(session: Session) -> array.array:
    """In their order. Errors: REFUSED."""
    found = array.array("Q")
    for response in session.wire.run(b"UID SEARCH RETURN (ALL) ALL" if session.has("ESEARCH") else b"UID SEARCH ALL"):
        if isinstance(response, Answer):
            if not response.ok:
                raise REFUSED(f"listing the messages of a folder: {response.text}")
        elif few := FOUND.match(response[0]):
            found.extend(int(number) for number in few[1].split())
        elif many := FOUND_RUNS.match(response[0]):
            for low, high in runs(many[1].decode()):
                found.extend(range(low, high + 1))
    return array.array("Q", sorted(found))
