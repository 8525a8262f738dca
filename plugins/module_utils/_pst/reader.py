# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""An Outlook PST file: its folders and items, read by libpff. Nothing here writes to the file."""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._errors import MigrationError
from .._libraries import pypff
from .blocks import Blocks
from .item import ATTACH_METHOD, ATTACHED_DATA, BROKEN, EMBEDDED, Attached, Item, attached_item, first
from .properties import OBJECT, Named, Properties, names

RECORD_KEY, PASSWORD, TOP, DELETED, OUTBOX, SENT = 0x0FF9, 0x67FF, 0x35E0, 0x35E3, 0x35E2, 0x35E4
DISPLAY_NAME, CONTAINER_CLASS, MESSAGE_CLASS = 0x3001, 0x3613, 0x001A
# PidTagIpmAppointmentEntryId and those beside it (MS-OXOSFLD, 2.2.3) -> the folder's role. They stand in the inbox, whatever its name is.
POINTERS = {0x36D0: "calendar", 0x36D1: "contacts", 0x36D2: "journal", 0x36D3: "notes", 0x36D4: "tasks", 0x36D7: "drafts"}
# Of PidTagAdditionalRenEntryIds the fifth is the folder of junk mail.
MORE_POINTERS, JUNK = 0x36D8, 4
ATTACHMENT_NAMES = (0x3707, 0x3704, DISPLAY_NAME)
SEARCH_FOLDER = 0x03
# An item that does not even tell its number gets one that none has, by its place in the folder.
UNREADABLE = 0xFF000000
REPAIR = "Repair a copy of it with Microsoft's scanpst.exe, then run again."


class Found(t.NamedTuple):
    """A folder: its own number, the names on the way to it, its class, its role (inbox, sent, ...) or nothing, and libpff's object."""

    number: int
    path: tuple[str, ...]
    container_class: str
    role: str
    handle: t.Any


class PstFile:
    """Errors: MigrationError for a file that can't be read as a whole, those of BROKEN for a part of it.

    The password of a PST file is no key: the store keeps a CRC of it, and nothing is encrypted by it. Outlook asks for it, so we don't
    read past it unless `despite_password` says so.
    """

    def __init__(self, path: str, despite_password: bool = False) -> None:
        self.path = path
        self._named: dict = {}
        with contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(open(path, "rb"))
            except OSError as error:
                raise _unusable(path, f"can't be opened: {error.strerror}", "Correct `files` of this source server, or the file's rights.") from error
            try:
                self._blocks = Blocks(file)
                size = os.fstat(file.fileno()).st_size
                # The end of a file may be free space, which some programs leave out.
                if size < self._blocks.length and size < self._blocks.used():
                    raise _unusable(path, f"is cut off: it has {size} of {self._blocks.length} bytes", "Copy it again from where it comes from.")
                self._pff = pypff.file()
                self._pff.open(path)
                opened.callback(self._pff.close)
                self._read_store(despite_password)
            except BROKEN as error:
                raise _unusable(path, f"is no PST file, or a broken one ({first(error)})", REPAIR) from error
            self._opened = opened.pop_all()

    def _read_store(self, despite_password: bool) -> None:
        streams = self._properties(self._pff.get_name_to_id_map())
        # Outlook's own numbers of named properties, which libpff leaves as they are.
        self._named = names(*(streams.data(stream) for stream in (2, 3, 4)))
        self.store = self._properties(self._pff.get_message_store())
        if self.store.number(PASSWORD) and not despite_password:
            raise _unusable(
                self.path, "has a password", "Remove it in Outlook, or allow for this source server that files are read despite their password.",
            )
        self.key = self.store.data(RECORD_KEY)
        if not self.key:
            raise ValueError("the store has no record key")

    def _make(self, values: dict) -> Properties:
        return Properties(values, self._named, self._pff.get_ascii_codepage() or "cp1252")

    def _properties(self, handle) -> Properties:
        if handle is None:
            raise ValueError("a part of the file is missing")
        return self._make(_values(handle.get_record_set(0)) if handle.get_number_of_record_sets() else {})

    def folders(self) -> list[Found]:
        """All folders below the top of what a user sees, parents first; searches that are kept as folders are left out.

        One that is broken stops all: to leave it out would look as if it had been deleted.
        """
        try:
            return self._listed_folders()
        except BROKEN as error:
            raise _unusable(self.path, f"has folders that can't be listed ({first(error)})", REPAIR) from error

    def _listed_folders(self) -> list[Found]:
        root = self._pff.get_root_folder()
        top = self._top(root)
        roles = self._roles(root, top)
        found: list[Found] = []
        self._gather(top, (), roles, found)
        if top.number_of_sub_messages:
            # Outlook puts nothing there, but other programs do.
            own = self._properties(top)
            found.append(Found(top.identifier, (own.text(DISPLAY_NAME),), own.text(CONTAINER_CLASS), "", top))
        return found

    def _top(self, root):
        wanted = _number_in(self.store.data(TOP))
        return next((folder for folder in _below(root) if folder.identifier == wanted), root)

    def _roles(self, root, top) -> dict[int, str]:
        roles = {_number_in(self.store.data(key)): role for key, role in ((DELETED, "deleted"), (OUTBOX, "outbox"), (SENT, "sent"))}
        pointing = self._properties(root)
        for folder in _below(top):
            own = self._properties(folder)
            if any(key in own for key in POINTERS):
                roles[folder.identifier], pointing = "inbox", own
                break
        roles |= {_number_in(pointing.data(key)): role for key, role in POINTERS.items()}
        more = pointing.many(MORE_POINTERS)
        if len(more) > JUNK:
            roles[_number_in(more[JUNK])] = "junk"
        roles.pop(0, None)
        return roles

    def _gather(self, above, path: tuple[str, ...], roles: dict[int, str], found: list[Found]) -> None:
        for folder in _below(above):
            if folder.identifier & 0x1F == SEARCH_FOLDER:
                continue
            own = self._properties(folder)
            here = (*path, own.text(DISPLAY_NAME))
            found.append(Found(folder.identifier, here, own.text(CONTAINER_CLASS), roles.get(folder.identifier, ""), folder))
            self._gather(folder, here, roles, found)

    def listed(self, folder: Found, *keys: int | Named) -> t.Iterator[tuple[int, int, Properties]]:
        """Each item of a folder: its own number, its place, and of its properties those of `keys`; none where it is broken."""
        wanted = {self._named.get(key) if isinstance(key, Named) else key for key in keys}
        try:
            places = range(folder.handle.number_of_sub_messages)
        except BROKEN as error:
            raise _unusable(self.path, f"has a folder, {'/'.join(folder.path)}, that can't be listed ({first(error)})", REPAIR) from error
        for place in places:
            number, values = UNREADABLE | place, {}
            with contextlib.suppress(*BROKEN):
                # What is wrong is told when the item is read.
                handle = folder.handle.get_sub_message(place)
                number = handle.identifier
                values = _values(handle.get_record_set(0), wanted)
            yield number, place, self._make(values)

    def item(self, folder: Found, place: int) -> Item:
        """The whole item at `place`, as `listed` says it."""
        handle = folder.handle.get_sub_message(place)
        recipients = ()
        if getattr(handle, "recipients", None) is not None:
            rows = handle.recipients
            recipients = tuple(self._make(_values(rows.get_record_set(row))) for row in range(rows.get_number_of_record_sets()))
        places = range(getattr(handle, "number_of_attachments", 0))
        attachments = tuple(self._attached_or_why_not(handle, place) for place in places)
        return Item(handle.identifier, self._properties(handle), recipients, attachments)

    def _attached_or_why_not(self, holder, place: int) -> Attached:
        handle = None
        try:
            handle = holder.get_attachment(place)
            return self._attached(holder, handle)
        except BROKEN as error:
            own: dict = {}
            with contextlib.suppress(AttributeError, *BROKEN):
                # At least what it is called.
                own = _values(handle.get_record_set(0), ATTACHMENT_NAMES)
            return Attached(self._make(own), broken=first(error))

    def _attached(self, holder, handle) -> Attached:
        own = self._properties(handle)
        if own.number(ATTACH_METHOD) == EMBEDDED:
            node = self._blocks.node(holder.identifier)
            return Attached(own, item=attached_item(self._blocks, node, handle.identifier, self._make))
        kind, content = own.raw(ATTACHED_DATA) or (0, b"")
        if kind == OBJECT:
            handle.seek_offset(0, os.SEEK_SET)
            content = handle.read_buffer(handle.get_size())
        return Attached(own, content)

    def close(self) -> None:
        self._opened.close()


def _values(record, wanted=None) -> dict[int, tuple[int, bytes]]:
    """Of all properties, or of those that are wanted. libpff's own search by number does not find those that have a name."""
    return {
        entry.entry_type: (entry.value_type, entry.data or b"")
        for entry in record.entries
        if entry.entry_type is not None and entry.value_type is not None and (wanted is None or entry.entry_type in wanted)
    }


def _below(folder) -> t.Iterator:
    return (folder.get_sub_folder(number) for number in range(folder.number_of_sub_folders))


def _number_in(entry_id: bytes) -> int:
    """An entry id of a PST file ends in the object's number (MS-PST, 2.4.3.2)."""
    return int.from_bytes(entry_id[20:24], "little")


def _unusable(path: str, what: str, advice: str) -> MigrationError:
    return MigrationError(f"The PST file {path} {what}.", "Nothing was changed.", advice)
