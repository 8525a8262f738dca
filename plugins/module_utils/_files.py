# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
import pathlib
import tempfile
import urllib.parse


def write(path: pathlib.Path, data: bytes, mode: int = 0o600) -> None:
    """All of it or nothing, and on disk when it returns: others will rely on it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def name_for(mailbox: str) -> str:
    """A name that leads out of no folder, is not hidden there, and is no other mailbox's."""
    return urllib.parse.quote(mailbox, safe="@+= ").replace(".", "%2E", mailbox.startswith("."))
