# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Our script among those of a user, by ManageSieve or as a file for whoever brings scripts in another way.

What a user wrote is never overwritten and never switched off. Our script begins with the hash of its text: one that the user changed
since is the user's.
"""

from __future__ import annotations

import hashlib
import pathlib

from .. import _files
from .._errors import MigrationError
from .managesieve import Refused

NAME = "exchange-rules"
MARK = "# exchange-rules sha256:"
# What became of our script.
NOTHING, ACTIVE, BESIDE, KEPT = "nothing", "active", "beside", "kept"
EXPLAINED = {
    NOTHING: "there are no rules to move",
    ACTIVE: "the script is there and active",
    BESIDE: "the script is there, but the user has an active script of his own, which was left so",
    KEPT: "the user has changed the script at the target since, and that was kept",
}


def sealed(text: str) -> str:
    """`text` as it is stored, with the line by which it is known to be ours and unchanged."""
    return f"{MARK}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def ours(stored: str) -> bool:
    line, _end, text = stored.partition("\n")
    return line.startswith(MARK) and stored == sealed(text)


def upload(session, text: str, check: bool = False) -> tuple[str, bool]:
    """Store the script and make it the active one, unless the user has another. Returns what became of it, and whether that changed
    anything. `check`: have it compiled, and only tell what would become of it.

    When nothing is active, ours becomes so even if it was stored before: a run may have broken off in between.
    """
    scripts = session.scripts()
    if not text and NAME not in scripts:
        return NOTHING, False
    stored, wanted = session.get(NAME) if NAME in scripts else None, sealed(text)
    if stored is not None and not ours(stored):
        return KEPT, False
    others = any(active for name, active in scripts.items() if name != NAME)
    outcome, put, activate = BESIDE if others else ACTIVE, stored != wanted, not others and not scripts.get(NAME)
    try:
        if check and put:
            session.check(wanted)
        if put and not check:
            session.put(NAME, wanted)
        if activate and not check:
            session.activate(NAME)
    except Refused as error:
        raise MigrationError(
            f"{session.where} refuses the script {NAME}: {error}", "The user's own scripts are as they were.",
            "Have the cause removed there, such as a quota or an extension that is switched off, then run again.",
        ) from error
    return outcome, put or activate


def write(folder: str, mailbox: str, text: str, check: bool = False) -> bool:
    """Write the script to `<mailbox>.sieve` in `folder`, all or nothing, readable by its owner only; returns whether that changed the file.
    No script, no file, but one that was there is emptied of its rules. `check`: only tell."""
    path = pathlib.Path(folder) / f"{_files.name_for(mailbox)}.sieve"
    data = sealed(text).encode()
    try:
        before = path.read_bytes() if path.exists() else None
        if before == data or (before is None and not text):
            return False
        if check:
            return True
        _files.write(path, data)
    except OSError as error:
        raise MigrationError(
            f"The script {path} can't be written: {error}.", "The rules are still in Exchange.", "Have the folder made, with room and rights, then run again.",
        ) from error
    return True
