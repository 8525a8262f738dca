# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox in an Outlook PST file. Nothing here changes the file; to the passes it looks like ImapSource, beside which it stands."""

from __future__ import annotations

import dataclasses
import typing as t
import zlib

from .._errors import Stopped
from .._model import reasons, well_known
from .._model.folder_names import encoded
from .._model.item_kinds import ItemFolder, Trouble
from .._model.listing import Aside, Batch, Folder, State
from .._model.message import Message
from .._model.server import Mailbox, Server
from .._model.uids import batches
from .._pst import listing, pim
from .._pst.properties import Properties
from .._pst.reader import BROKEN, MESSAGE_CLASS, Found, PstFile
from .._pst.rfc5322 import rebuilt

SEPARATOR = "/"
# A name may hold what separates names.
SOLIDUS = "\uff0f"
INBOX = "INBOX"
# Folders that are of no use where they hold no mail, by role and by class.
HIDDEN_ROLES = ("outbox", "journal")
HIDDEN = ("IPF.Configuration", "IPF.Files", "IPF.Journal", "IPF.Note.OutlookHomepage", "IPF.ShortcutFolder", "IPF.Note.SocialConnector")


class _Row(t.NamedTuple):
    """What a folder's listing tells of an item; `kind` is None for mail, and for what is too broken to tell (`trouble`)."""

    place: int
    kind: str | None
    size: int
    flags: tuple[str, ...]
    date: str
    version: str
    trouble: str = ""


@dataclasses.dataclass
class _Open:
    """A folder with all its items by their numbers; those of mail are the UIDs."""

    found: Found
    path: str
    rows: dict[int, _Row]

    def of(self, kind: str | None) -> dict[int, _Row]:
        return {number: row for number, row in self.rows.items() if row.kind == kind}


class PstSource:
    """One mailbox, in the file `mailbox.pst`. Errors: MigrationError.

    UIDs are the file's own numbers of its messages. They stay when a folder is renamed and when a message is moved.
    """

    prefix = ""
    separator = SEPARATOR
    tells_changes = False
    keeps_ids = True
    # Folders that are not copied as mail are never listed.
    aside = Aside()

    def __init__(self, server: Server, mailbox: Mailbox) -> None:
        self.server, self.newest_first = server, False
        self._pace = self._stop = None
        # Parts of the item that was given last which could not be read.
        self.lost: list = []
        self._file = PstFile(mailbox.pst, server.pst_despite_password)
        self._folders: dict[int, _Open] | None = None
        self._opened: _Open | None = None

    def paced(self, pace, stop, at_once) -> None:
        """Read no faster than `pace` (_pace/pace.py) allows; `stop()` ends the waiting."""
        self._pace, self._stop = pace, stop

    def _known(self) -> dict[int, _Open]:
        """All folders by their own numbers, listed once."""
        if self._folders is None:
            found = self._file.folders()
            paths = _paths(found)
            self._folders = {one.number: _Open(one, paths[one.number], self._rows(one)) for one in found}
        return self._folders

    def _rows(self, found: Found) -> dict[int, _Row]:
        return {number: _row(place, told) for number, place, told in self._file.listed(found, *listing.KEYS)}

    def folders(self) -> list[Folder]:
        """Folders that hold mail, INBOX first. A PST file knows no subscriptions: all are."""
        listed = [
            Folder(encoded(one.path), one.path, SEPARATOR, True, True, self._state(one))
            for one in self._known().values() if one.of(None) or _for_mail(one.found)
        ]
        return sorted(listed, key=lambda folder: (folder.name != INBOX, folder.name))

    def _state(self, one: _Open) -> State:
        mail = one.of(None)
        # Another file's folder, or another folder of this file, is told from it by this number, which may not be 0.
        uidvalidity = zlib.crc32(self._file.key + one.found.number.to_bytes(4, "little")) or 1
        return State(uidvalidity, max(mail, default=0) + 1, len(mail))

    def _named(self, name: str) -> _Open:
        return next(one for one in self._known().values() if encoded(one.path) == name)

    def states(self, names: list[str]) -> list[State]:
        return [self._state(self._named(name)) for name in names]

    def open(self, name: str, since: tuple[int, int] | None = None) -> tuple[State, None]:
        """`since` is of no use: a file tells nothing of its changes."""
        self._opened = self._named(name)
        return self._state(self._opened), None

    def opened(self, name: str) -> None:
        """Have this folder open."""
        self._opened = self._named(name)

    def ask_ahead(self, folder: Folder) -> None:
        """There is nobody to ask."""

    def open_whole(self, folder: Folder) -> tuple[State, dict[int, int]]:
        state, _changes = self.open(folder.name)
        return state, self.sizes(self.uids())

    def uids(self) -> list[int]:
        """All UIDs of the open folder, in their order."""
        return sorted(self._opened.of(None))

    def _some(self, uids) -> dict[int, _Row]:
        mail = self._opened.of(None)
        return {uid: mail[uid] for uid in uids if uid in mail}

    def sizes(self, uids) -> dict[int, int]:
        """Sizes by UID as Outlook counts them, which are estimates of what is rebuilt."""
        return {uid: row.size for uid, row in self._some(uids).items()}

    def flags(self, uids) -> dict[int, tuple[str, ...]]:
        return {uid: row.flags for uid, row in self._some(uids).items()}

    def flags_and_dates(self, uids=None) -> dict[int, tuple[tuple[str, ...], str]]:
        return {uid: (row.flags, row.date) for uid, row in self._some(self.uids() if uids is None else uids).items()}

    def still_listed(self, uids: list[int]) -> set[int]:
        return set(self._some(uids))

    def came_from(self, uids) -> dict[int, tuple[str, int]]:
        """Whence messages were moved here; a file does not tell."""
        return {}

    def messages(self, sizes: dict[int, int], when_all_asked=None):
        """Yield Batch after Batch for the UIDs in `sizes` of the open folder. What can't be read is absent, with a refusal."""
        one = self._opened
        for uids in self._batches(sizes):
            batch = Batch(uids, [], [], None)
            for uid in uids:
                row = one.rows.get(uid)
                if row is None:
                    continue
                try:
                    if row.trouble:
                        raise ValueError(row.trouble)
                    lost: list[str] = []
                    body = rebuilt(self._file.item(one.found, row.place), self.server.domain, lost)
                except BROKEN as error:
                    batch.refusal = f"message {uid:#x} of the file is broken: {error}"
                else:
                    batch.messages.append(Message.of(uid, body, row.flags, row.date))
                    if lost:
                        batch.rebuilt[uid] = "; ".join(lost)
            yield batch
        if when_all_asked:
            when_all_asked()

    def _batches(self, sizes: dict[int, int]):
        if self._pace is None or not self._pace.limited:
            yield from batches(sizes, newest_first=self.newest_first)
            return
        for uids in batches(sizes, self._pace.grain_messages(), self._pace.grain(), self.newest_first):
            if not self._pace.take(len(uids), sum(sizes[uid] for uid in uids), self._stop):
                raise Stopped
            yield uids

    def item_folders(self) -> list[ItemFolder]:
        """A folder is listed once for each kind of item in it, whatever it is meant for, since Deleted Items may hold them all."""
        found = []
        for one in self._known().values():
            meant = pim.kind_of_folder(one.found.container_class)
            for kind in sorted({row.kind for row in one.rows.values() if row.kind} | {meant} - {None}):
                default = kind == meant and kind == _role(one.found)
                found.append(ItemFolder(f"{one.found.number}:{kind}", one.path, kind, default))
        return found

    def _items(self, name: str) -> tuple[_Open, dict[int, _Row]]:
        number, _colon, kind = name.partition(":")
        one = self._known()[int(number)]
        return one, one.of(kind)

    def item_versions(self, name: str) -> dict[int, str]:
        """Number -> a text that is another when the item was changed, for the ItemFolder of that name."""
        return {number: row.version for number, row in self._items(name)[1].items()}

    def items(self, name: str, numbers):
        """Yield (number, Event, Contact, DistributionList, Task, Note or Trouble) for those of `numbers` that are there."""
        one, rows = self._items(name)
        for number in numbers:
            if number in rows:
                yield number, self._translated(one, rows[number])

    def _translated(self, one: _Open, row: _Row):
        self.lost = []
        try:
            item = self._file.item(one.found, row.place)
        except BROKEN as error:
            return Trouble(reasons.NO_CONTENT, f"the item can't be read: {error}")
        found = pim.translated(item, self._file.key, self.server.domain)
        if not isinstance(found, Trouble):
            self.lost = pim.lost(item, self.server.domain)
        return found

    def close(self) -> None:
        self._file.close()


def _row(place: int, told: Properties) -> _Row:
    try:
        kind, flags, date = pim.kind_of(told.text(MESSAGE_CLASS)), listing.flags(told), listing.internal_date(told)
        return _Row(place, kind, told.number(listing.SIZE) or 0, flags, date, listing.version(told))
    except BROKEN as error:
        return _Row(place, None, 0, (), listing.internal_date(told), "", f"its properties: {error}")


def _for_mail(found: Found) -> bool:
    if found.container_class.startswith(HIDDEN) or _role(found) in HIDDEN_ROLES:
        return False
    return pim.kind_of_folder(found.container_class) is None


def _role(found: Found) -> str | None:
    """By the file's own pointers, else by its name where every mailbox has such a folder."""
    return found.role or (well_known.role(found.path[0]) if len(found.path) == 1 else None)


def _paths(folders: list[Found]) -> dict[int, str]:
    """Number of a folder -> its path, each another. Parents come before their children."""
    inbox = next((one for one in folders if one.role == "inbox"), None) or next((one for one in folders if _role(one) == "inbox"), None)
    paths: dict[int, str] = {}
    at: dict[tuple[str, ...], str] = {}
    used: set[str] = set()
    for one in folders:
        above = at.get(one.path[:-1], "")
        own = one.path[-1].replace(SEPARATOR, SOLIDUS) or "_"
        base = path = INBOX if one is inbox else f"{above}{SEPARATOR}{own}" if above else own
        number = 1
        while path.casefold() in used or path.upper() == INBOX and one is not inbox:
            number += 1
            path = f"{base} ({number})"
        used.add(path.casefold())
        paths[one.number] = at[one.path] = path
    return paths
