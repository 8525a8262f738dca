# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A program that is started once for each item: its bytes on stdin, what is known of it in the environment."""

from __future__ import annotations

import os

from .._errors import MigrationError
from .process import Process, environment
from .verdict import CHANGE, FAIL, LEAVE, ROUTE, SKIP, Item, Verdict, first_line, judged

# Exit statuses, apart from those that programs and shells use for their own troubles.
STATUSES = {0: CHANGE, 80: LEAVE, 81: SKIP, 82: ROUTE}


class Program:
    def __init__(self, argv: tuple[str, ...]) -> None:
        self._argv = list(argv)

    def prove(self, _seconds: float) -> None:
        path = self._argv[0]
        if not os.path.isfile(path) or not os.access(path, os.X_OK):
            what = "can't be executed" if os.path.isfile(path) else "does not exist"
            raise MigrationError(
                f"The filter program {path} {what} on this station.", "Nothing was touched.",
                "Let the role migration_station copy it there (migration_station_filters), or correct program of filter.",
            )

    def begin(self, item: Item, most: int) -> Process:
        """Raises OSError when it can't be started."""
        variables = {name: getattr(item, name.lower()) for name in ("SERVER", "MAILBOX", "FOLDER", "KIND", "RECEIVED")}
        process = Process(self._argv, environment(**{f"MIGRATION_{name}": text for name, text in variables.items()}))
        process.ask(item.content, most, last=True)
        return process

    def answer(self, process: Process, item: Item) -> Verdict | None:
        """None while it works."""
        status = process.ended()
        if status is None:
            return None
        if status not in STATUSES:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            words = first_line(process.err)
            return Verdict(FAIL, f"it ended with {how}" + (f": {words}" if words else ""))
        action, content, words = STATUSES[status], bytes(process.out), first_line(process.err)
        if action == ROUTE:
            folder, _newline, content = content.partition(b"\n")
            words = first_line(folder)
        return judged(item, action, words, content)
