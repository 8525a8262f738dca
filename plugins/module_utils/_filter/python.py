# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A function of the site's in Python, called in processes that stay: what they run is child.py."""

from __future__ import annotations

import json
import os
import sys

from .._errors import MigrationError
from . import child
from .process import Process, environment
from .verdict import FAIL, Item, Verdict, first_line, judged


class PythonFile:
    def __init__(self, path: str, function: str, seconds: float) -> None:
        # A module's code lies in an archive, which the other interpreter does not look into. It is a fresh one, since a fork would hold
        # our connections.
        source = child.__spec__.loader.get_source(child.__name__)
        self._path, self._function = path, function
        self._argv = [sys.executable, "-I", "-B", "-c", source, path, function, str(seconds)]
        self._idle: list[Process] = []

    def prove(self, seconds: float) -> None:
        if not os.path.isfile(self._path):
            words = "does not exist on this station"
        else:
            process = Process(self._argv, environment())
            # Without a question it only loads the file.
            process.ask(b"", 0, last=True)
            status = process.through(seconds)
            words = f"takes longer than {seconds:g} seconds to load" if status is None else f"can't be used: {first_line(process.err)}" if status else ""
        if words:
            raise MigrationError(
                f"The filter {self._path} {words}.", "Nothing was touched.",
                "Correct the file, let the role migration_station copy it there (migration_station_filters), or correct python and function of filter.",
            )

    def begin(self, item: Item, most: int) -> Process:
        """Raises OSError when it can't be started."""
        while self._idle:
            process = self._idle.pop()
            if process.ended() is None:
                process.forget()
                break
        else:
            process = Process(self._argv, environment())
        about = {"size": len(item.content), "server": item.server, "mailbox": item.mailbox, "folder": item.folder, "kind": item.kind,
                 "received": item.received}
        process.ask(json.dumps(about).encode() + b"\n" + item.content, most)
        return process

    def answer(self, process: Process, item: Item) -> Verdict | None:
        """None while it works."""
        end = process.out.find(b"\n")
        if end >= 0:
            told = json.loads(process.out[:end])
            if len(process.out) - end - 1 == told["size"]:
                self._idle.append(process)
                words = first_line(told["words"].encode("utf-8", "replace"))
                said = first_line(process.err) if told["action"] == FAIL else ""
                return judged(item, told["action"], f"{words}: {said}" if said else words, bytes(process.out[end + 1:]))
        status = process.ended()
        if status is None:
            return None
        words = first_line(process.err)
        return Verdict(FAIL, f"its process ended with {f'signal {-status}' if status < 0 else f'exit status {status}'}" + (f": {words}" if words else ""))
