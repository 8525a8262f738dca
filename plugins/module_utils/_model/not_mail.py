# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders that Exchange shows by IMAP beside mail: what lies in them are calendar items, contacts and the like, put into the form of
messages, or mail that every user sees. At another server neither is of any use, so they are left out of the copying of mail.

IMAP has no word for such folders, so their names have to do: of folders at the top only, since what a user called so below another folder is his.
"""

from __future__ import annotations

from . import well_known
from .folder_map import is_inbox, split
from .listing import Folder, LeftOut

ITEMS = ("calendar", "contacts", "tasks", "notes", "journal")


def parted(folders: list[Folder], exchange: bool, include=(), exclude=(), prefix: str = "") -> tuple[list[Folder], list[LeftOut]]:
    """Folders of mail, and what is left out. `include` and `exclude` are paths as the operator names them, which hold in any case: of two
    that fit, the longer one. `prefix` is that of the mailbox's own folders."""
    if not exchange and not exclude:
        return folders, []
    wanted = {_folded(path): None for path in include} | {_folded(path): "not wanted" for path in exclude}
    mail, aside = [], {}
    for folder in folders:
        parts = split(folder.path[len(prefix):] if prefix and folder.path.startswith(prefix) else folder.path, folder.separator)
        depth, holds = 1, _holds(folder, parts[0]) if exchange else None
        for size in range(1, len(parts) + 1):
            above = _folded("/".join(parts[:size]))
            if above in wanted:
                depth, holds = size, wanted[above]
        # Without an INBOX there would be no mailbox.
        if holds is None or is_inbox(folder.name):
            mail.append(folder)
        else:
            aside.setdefault((_folded("/".join(parts[:depth])), holds), []).append((folder, parts[:depth]))
    return mail, [_left_out(members, holds) for (_top, holds), members in aside.items() if any(folder.selectable for folder, _top in members)]


def _holds(folder: Folder, top: str) -> str | None:
    if folder.for_mail:
        return None
    role = well_known.role(top)
    return role if role in ITEMS else well_known.beside(top)


def _left_out(members: list, holds: str) -> LeftOut:
    """Under the name of the folder that is above all the others, or of the first one where the server lists only what is below it."""
    folder, top = members[0]
    return LeftOut(folder.name, (folder.separator or "").join(top), holds, tuple(member.name for member, _top in members if member.selectable))


def _folded(path: str) -> str:
    return path.strip("/").casefold()


def unlisted(folders: list[Folder]) -> list[str]:
    """Paths that have folders below them and are themselves not listed, not even as a mere name: the server may hide them, as Exchange
    hides folders with a slash in their name (KB 234395)."""
    known = {folder.path.casefold() for folder in folders}
    gaps = {}
    for folder in folders:
        parts = split(folder.path, folder.separator)
        for size in range(1, len(parts)):
            above = (folder.separator or "").join(parts[:size])
            if above.casefold() not in known:
                gaps.setdefault(above.casefold(), above)
    return sorted(gaps.values())
