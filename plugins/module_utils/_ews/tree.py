# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which folders are to be moved and what they are called: those of a mailbox, of its archive, of its recoverable items, or public ones."""

from __future__ import annotations

import collections
import dataclasses
import re

from .._errors import MigrationError
from .._libraries import exchangelib
from .._model.folder_names import encoded
from .._model.item_kinds import CALENDAR, CONTACTS, NOTES, TASKS
from .._model.listing import LeftOut
from .._model.server import Mailbox, Server
from .services import Found, classes

MAIL = "mail"
KINDS = {"IPF.Appointment": CALENDAR, "IPF.Contact": CONTACTS, "IPF.Task": TASKS, "IPF.StickyNote": NOTES}
# Folders that a user neither sees nor fills, by their class: some look like address books.
HIDDEN = (
    "IPF.Configuration", "IPF.Files", "IPF.ShortcutFolder", "IPF.Note.SocialConnector", "IPF.Contact.RecipientCache", "IPF.Contact.GalContacts",
    "IPF.Contact.Company", "IPF.Contact.OrganizationalContacts", "IPF.Contact.PeopleCentricConversationBuddies", "IPF.Contact.MOC.",
)
# Those that are left out whatever they hold, and what that is.
NOT_MOVED = {"IPF.Journal": "journal", "IPF.Note.OutlookHomepage": "feeds and web pages"}
UNSEEN = "what no user sees"
# Roles of folders that are remembered, so that they are told from others, and not moved.
NOTHING, UNUSED = "nothing", ("outbox", "journal")
# Well-known folders whose name says nothing, since it is in the language of the mailbox's first user.
WELL_KNOWN = ("inbox", "drafts", "sentitems", "deleteditems", "junkemail", "outbox", "calendar", "contacts", "tasks", "notes", "journal")
# Roles in the catalogue of all folders that lie outside of the mailbox proper.
ARCHIVE, RECOVERABLE, PUBLIC = "archive", "recoverable", "public"
# Microsoft says of public folders both that SyncFolderItems tells their changes and that it does not, and of recoverable items nothing.
COMPARED = (RECOVERABLE, PUBLIC)
# What Exchange answers for an archive that is not there (MS-OXWSCDATA).
ABSENT = ("ErrorFolderNotFound", "ErrorItemNotFound", "ErrorArchiveMailboxNotEnabled")
SEPARATOR = "/"
# A name may hold what separates names.
SOLIDUS = "\uff0f"
# Folders whose children are asked for in one request.
PARENTS = 50


@dataclasses.dataclass(frozen=True)
class _Part:
    """`role` is that of all its folders, empty for the mailbox proper; `below`: the folder at the target in which they lie, or nothing."""

    role: str
    below: str
    folders: list[Found]


class Tree:
    """As the server listed it when this was made. `memory`: the mailbox's catalogue, as in _ledger/catalogue.py."""

    def __init__(self, server: Server, mailbox: Mailbox, account, memory) -> None:
        self._server, self._mailbox, self._account, self._memory = server, mailbox, account, memory
        # As `wanted` found them: (path, what it holds, how many) of each folder that is told of and not moved.
        self._left_out: list[tuple[str, str, int]] = []
        if mailbox.public_folder:
            self._parts = [_Part(PUBLIC, "", self._public(mailbox.public_folder))]
            return
        self._parts = [_Part("", "", self._below("msgfolderroot"))]
        if archive := self._optional(ARCHIVE, mailbox.archive, server.ews.archive, lambda: self._below("archivemsgfolderroot")):
            self._parts.append(_Part(ARCHIVE, *archive))
        if dumpster := self._optional(RECOVERABLE, mailbox.recoverable_items, server.ews.recoverable_items, self._recoverable):
            folder, found = dumpster
            above, _separator, name = folder.rpartition(SEPARATOR)
            self._parts.append(_Part(RECOVERABLE, above, [dataclasses.replace(found[0], name=name), *found[1:]]))

    @property
    def tags(self) -> dict[str, str | None]:
        """Folder id -> what tells that it has not changed; None where only a comparison does."""
        return {found.id: None if part.role in COMPARED else found.tag for part in self._parts for found in part.folders}

    def _root(self, name: str):
        properties = exchangelib.properties
        return properties.DistinguishedFolderId(id=name, mailbox=properties.Mailbox(email_address=self._account.primary_smtp_address))

    def _below(self, root: str) -> list[Found]:
        return classes().folders(account=self._account).listed([self._root(root)])

    def _recoverable(self) -> list[Found]:
        root = "recoverableitemsdeletions"
        return [classes().folder(account=self._account).found(self._root(root)), *self._below(root)]

    def _optional(self, role: str, named: str | None, wished: str, read) -> tuple[str, list[Found]] | None:
        """The folder at the target, and what lies in it; `named` is said of this mailbox, `wished` of all mailboxes of the server."""
        folder = wished if named is None else named
        if not folder:
            return None
        where, what = f"{self._server.name}/{self._mailbox.name}", {ARCHIVE: "archive", RECOVERABLE: "folder of recoverable items"}[role]
        try:
            return folder, read()
        except exchangelib.errors.ErrorSchemaValidation as error:
            raise MigrationError(
                f"{where}: the server knows of no {what}, which came with Exchange 2010 SP1: {error}", "Nothing was changed there.",
                "Take that option out of the inventory.",
            ) from error
        except exchangelib.errors.EWSError as error:
            words = f"{type(error).__name__}: {error}"
            if not any(code in words for code in ABSENT):
                raise
            if any(row.role == role for row in self._memory.folders().values()):
                raise MigrationError(
                    f"{where}: the {what}, which was moved before, is not there any more ({words}).",
                    "Nothing of this mailbox was changed at the target.",
                    "Find out what happened at the source. If it is to be so, turn that option off for this mailbox.",
                ) from error
            if named:
                raise MigrationError(
                    f"{where} has no {what} ({words}), although the inventory asks this mailbox for it.", "Nothing was changed there.",
                    "Take that option out of the inventory of this mailbox.",
                ) from error
            return None

    def _public(self, path: str) -> list[Found]:
        """The public folder of that path with all below it. Nobody may ask for a tree of public folders at once."""
        # That root takes no mailbox; the library drops one, but no longer knows the root again then.
        here = exchangelib.properties.DistinguishedFolderId(id="publicfoldersroot")
        service, found = classes().folders(account=self._account), []
        for part in path.strip(SEPARATOR).split(SEPARATOR) if path != SEPARATOR else ():
            listed = service.listed([here], deep=False)
            found = [one for one in listed if _own(one).casefold() == part.casefold()]
            if not found:
                there = ", ".join(sorted(_own(one) for one in listed)[:10]) or "no folder that the account may see"
                raise MigrationError(
                    f"{self._server.name}/{self._mailbox.name}: there is no public folder {path}; where {part} should be is {there}.",
                    "Nothing was changed there.", "Correct public_folder in the inventory, or give the account the right to see it.",
                )
            here = _id(found[0])
        above = [here]
        while above:
            listed = []
            for at in range(0, len(above), PARENTS):
                listed += service.listed(above[at:at + PARENTS], deep=False)
            found += listed
            above = [_id(one) for one in listed]
        return found

    def _roles(self) -> dict[str, str]:
        """Folder id -> its well-known name; asked for once a mailbox."""
        known = {row.remote_id: row.role for row in self._memory.folders().values() if row.role in WELL_KNOWN}
        if known or self._mailbox.public_folder:
            return known
        found = classes().well_known(account=self._account).ids([self._root(name) for name in WELL_KNOWN])
        return {remote_id: name for name, remote_id in zip(WELL_KNOWN, found, strict=True) if remote_id}

    def wanted(self) -> dict[str, dict]:
        """Folder id -> its columns in the catalogue (name, kind, role), of what holds anything for users."""
        self._left_out.clear()
        roles, wanted, known = self._roles(), {}, self._memory.folders()
        paths = _paths(self._parts, {remote_id for remote_id, role in roles.items() if role == "inbox"}, known)
        for part in self._parts:
            for one in part.folders:
                role = part.role or roles.get(one.id, "")
                kind = next((kind for prefix, kind in KINDS.items() if one.folder_class.startswith(prefix)), MAIL)
                holds = next((holds for prefix, holds in NOT_MOVED.items() if one.folder_class.startswith(prefix)), None)
                # What has a role is shown, whatever it says.
                if one.hidden and not role and not holds and not one.folder_class.startswith(HIDDEN):
                    # Caches that look like address books are nobody's loss, mail may be.
                    holds = UNSEEN if one.folder_class.startswith("IPF.Note") or not one.folder_class else ""
                if holds:
                    self._left_out.append((paths[one.id], holds, one.total))
                if role in UNUSED:
                    kind = NOTHING
                elif holds is not None or one.folder_class.startswith(HIDDEN):
                    continue
                wanted[one.id] = {"name": paths[one.id], "kind": kind, "role": role}
        return wanted

    def left_out(self) -> list[LeftOut]:
        """Folders that hold something and are not moved, after `wanted`: each under the highest one of its kind."""
        found: dict[tuple[str, str], list[str]] = {}
        for path, holds, total in sorted(self._left_out):
            top = next((one for one in found if one[1] == holds and path.startswith(one[0] + SEPARATOR)), (path, holds))
            found.setdefault(top, []).extend([encoded(path)] if total else [])
        return [LeftOut(encoded(path), path, holds, tuple(names)) for (path, holds), names in found.items() if names]

    def entries(self) -> dict[str, int]:
        """Name of such a folder -> how many it holds."""
        return {encoded(path): total for path, _holds, total in self._left_out}


def _paths(parts: list[_Part], inboxes: set[str], known: dict) -> dict[str, str]:
    """Folder id -> its path, another one for each. Where several want the same, the one that has it in the catalogue keeps it."""
    folders = {found.id: (found, part.below) for part in parts for found in part.folders}
    paths: dict[str, str] = {}
    taken: set[str] = set()
    while len(paths) < len(folders):
        # One level after the other: an archive's first may be the mailbox's third.
        ready = {remote_id: _path(found, paths.get(found.parent, below)) for remote_id, (found, below) in folders.items()
                 if remote_id not in paths and (found.parent not in folders or found.parent in paths)}
        level = min(path.count(SEPARATOR) for path in ready.values())
        ready = {remote_id: "INBOX" if remote_id in inboxes else path for remote_id, path in ready.items() if path.count(SEPARATOR) == level}
        wishes = collections.Counter(path.casefold() for path in ready.values())
        had = {remote_id: known[remote_id].name for remote_id, path in ready.items()
               if remote_id in known and _numbered(known[remote_id].name, path, wishes[path.casefold()] > 1)}
        for remote_id in sorted(ready, key=lambda remote_id: remote_id not in had):
            path = paths[remote_id] = _free(had.get(remote_id, ready[remote_id]), taken)
            taken.add(path.casefold())
    return paths


def _path(found: Found, above: str) -> str:
    return f"{above}{SEPARATOR}{_own(found)}" if above else _own(found)


def _numbered(name: str, path: str, contested: bool) -> bool:
    """Whether that name was made of this path."""
    return name == path or contested and re.fullmatch(re.escape(path) + r" \(\d+\)", name) is not None


def _free(path: str, taken: set[str]) -> str:
    name, number = path, 1
    while name.casefold() in taken:
        number += 1
        name = f"{path} ({number})"
    return name


def _own(found: Found) -> str:
    return found.name.replace(SEPARATOR, SOLIDUS)


def _id(found: Found):
    return exchangelib.properties.FolderId(id=found.id)
