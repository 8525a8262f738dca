# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Items as files, for targets that can only import: a folder for each mailbox, a file for each of its folders.

anna@example.test/
    calendar.ics  contacts.vcf  tasks.ics  notes.ics    the default folders
    calendar-Team-1a2b3c4d.ics                          others
    .items/                                             item by item what those are made of

Items are kept one by one, so that a pass that is broken off loses none and a later one need not read what others have written. The files are
made of them when the target is closed: the same items give the same bytes, and a file that would not change is not written.
"""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import re

from .. import _files
from .._errors import MigrationError
from .._items.bundle import bundled, pieces
from .._items.formats import FORMATS, HELD
from .._model.item_kinds import CALENDAR, CONTACTS, NOTES, TASKS, ItemFolder

# Kind of folder -> format.
DEFAULT_FORMATS = {CALENDAR: "ics", CONTACTS: "vcf", TASKS: "ics", NOTES: "ics"}
UNREADABLE = re.compile(r"[^\w@+ -]+")


class FileTarget:
    """`folder` is where the mailboxes' folders are made, `formats` what differs from DEFAULT_FORMATS, such as {"calendar": "vcs"}.
    Raises MigrationError when it can't be written to."""

    batch = 200

    def __init__(self, folder: str, mailbox: str, formats: dict[str, str] | None = None) -> None:
        self._formats = {**DEFAULT_FORMATS, **(formats or {})}
        self.formats = {kind: self._formats[folder_kind] for folder_kind, kinds in HELD.items() for kind in kinds}
        self._own = pathlib.Path(folder) / _files.name_for(mailbox)
        self._items = self._own / ".items"
        self._looked_at: set[str] = set()
        # Who only reads back asks for no place, and leaves the files as they are.
        self._writes = False
        with self._told():
            # Made by whoever runs the migration, so that a slip of the pen is no folder.
            pathlib.Path(folder).stat()

    def make_folder(self, folder: ItemFolder, known: str | None = None) -> tuple[str, bool]:
        name, extension = folder.kind, f".{self._formats[folder.kind]}"
        if not folder.default:
            # Names may differ in what a file name can't hold.
            name += f"-{UNREADABLE.sub('_', folder.path)[:40]}-{hashlib.sha256(folder.name.encode()).hexdigest()[:8]}"
        # It stays where it is, also under another path at the source, unless another format is wanted now.
        place = known if known and known.endswith(extension) else f"{name}{extension}"
        new = known != place or not (self._items / place).is_dir()
        with self._told():
            for made in (self._own, self._items, self._items / place):
                made.mkdir(mode=0o700, exist_ok=True)
        self._writes = True
        self._looked_at.add(place)
        return place, new

    def put(self, place: str, name: str, kind: str, data: bytes) -> str:
        with self._told():
            _files.write(self._items / place / name, data)
        return hashlib.sha256(data).hexdigest()

    def delete(self, place: str, name: str, etag: str | None = None) -> None:
        path = self._items / place / name
        with self._told():
            if path.exists() and etag in (None, _etag(path)):
                path.unlink()

    def listed(self, place: str) -> dict[str, str | None]:
        self._looked_at.add(place)
        with self._told():
            return {path.name: _etag(path) for path in self._kept(place)}

    def contents(self, place: str, names) -> dict[str, bytes]:
        """What is not in the file that is imported is not there."""
        form, path = FORMATS[place.rpartition(".")[2]], self._own / place
        with self._told():
            imported = set(pieces(form, path.read_bytes())) if path.exists() else set()
            kept = {path.name: path.read_bytes() for path in self._kept(place) if path.name in set(names)}
        return {name: data for name, data in kept.items() if imported.issuperset(pieces(form, data))}

    def close(self) -> None:
        """Make the files of all folders that were looked at; none of an empty one."""
        with self._told():
            for place in sorted(self._looked_at) if self._writes else ():
                path, parts = self._own / place, [path.read_bytes() for path in self._kept(place)]
                data = bundled(FORMATS[place.rpartition(".")[2]], parts)
                if not parts:
                    path.unlink(missing_ok=True)
                elif not path.exists() or path.read_bytes() != data:
                    _files.write(path, data)

    def _kept(self, place: str) -> list[pathlib.Path]:
        # Not those that a broken pass left half written.
        folder = self._items / place
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []

    @contextlib.contextmanager
    def _told(self):
        try:
            yield
        except OSError as error:
            raise MigrationError(
                f"Items can't be written to {self._own}: {error}", "What was written before stays; nothing is lost at the source.",
                "Have the folder made, with room and rights for the user that runs the migration, then run again.",
            ) from error


def _etag(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
