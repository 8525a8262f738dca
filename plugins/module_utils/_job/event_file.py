# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a job did, a line of JSON each, written as soon as it happened: a job that is killed leaves its report up to there."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import typing as t

from .._errors import MigrationError

Write = t.Callable[..., None]


@contextlib.contextmanager
def events(path: str | None, check_mode: bool) -> t.Iterator[Write]:
    """A function that appends an event: write(user="bob", outcome="added"). It does nothing without a path and in check mode."""
    if not path or check_mode:
        yield lambda **event: None
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError as error:
        raise MigrationError(f"The report {path} can't be written: {error}.", "Nothing was touched.", "Correct report_path.") from error

    def write(**event: t.Any) -> None:
        at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = (json.dumps({"at": at, **event}, ensure_ascii=False) + "\n").encode()
        try:
            written = os.write(file, line)
            if written < len(line):
                raise OSError(f"only {written} of {len(line)} octets were written")
        except OSError as error:
            raise MigrationError(
                f"The report {path} can't be written any more: {error}.", f"What it lacks was done nevertheless, the last is {event}.",
                "Make room there, then run again.",
            ) from error

    try:
        yield write
    finally:
        os.close(file)
