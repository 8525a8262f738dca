# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox on an Exchange server, read by EWS. Nothing here changes the source.

The catalogue in the ledger (_ledger/catalogue.py) gives its items numbers and remembers what was listed; to the passes this looks
like ImapSource, beside which it stands.
"""

from __future__ import annotations

import time
import zoneinfo

from .._errors import Stopped
from .._ews import account as connection
from .._ews import rebuild
from .._ews.common import NotReadable, Reading
from .._ews.items import field_paths, translated
from .._ews.services import classes
from .._ews.tree import COMPARED, MAIL, SEPARATOR, Tree
from .._ledger.catalogue import Catalogue
from .._libraries import exchangelib
from .._model.folder_names import encoded
from .._model.item_kinds import CALENDAR, CONTACT, CONTACTS, DISTRIBUTION_LIST, EVENT, NOTE, NOTES, TASK, TASKS, ItemFolder
from .._model.listing import Aside, Batch, Folder, Since, State
from .._model.message import Message, instant
from .._model.server import Mailbox, Server
from .._model.uids import batches

# Items of one GetItem. Microsoft advises ten, and each is converted on the fly.
MOST_ITEMS, MOST_BYTES = 10, 2_000_000
ITEM_CLASSES = {"IPM.Appointment": EVENT, "IPM.Contact": CONTACT, "IPM.DistList": DISTRIBUTION_LIST, "IPM.Task": TASK, "IPM.StickyNote": NOTE}
DEFAULT_KINDS = {CALENDAR: EVENT, CONTACTS: CONTACT, TASKS: TASK, NOTES: NOTE}


class EwsSource:
    """One mailbox. Errors: MigrationError, among them LoginRefused, Busy and Unreachable."""

    # Ids stay, so a folder that is renamed need not be looked into.
    keeps_ids = True
    tells_changes = True
    prefix = ""
    separator = SEPARATOR

    def __init__(self, server: Server, mailbox: Mailbox, memory: Catalogue) -> None:
        self.server, self.mailbox, self.memory = server, mailbox, memory
        self.newest_first = False
        self._pace = self._stop = self._at_once = None
        self._open = None
        self.aside = Aside()
        # Parts of the item that was given last which could not be read.
        self.lost: list = []
        with connection.told(server, mailbox.name, proved=False):
            self.account = connection.account(server, mailbox)
            self._listed_at = time.time()
            self._tree = Tree(server, mailbox, self.account, memory)
        self._tags = self._tree.tags

    def identity(self) -> dict:
        """Product, version and namespace, as mail_server_info returns them."""
        version = self.account.version
        return {
            "product": version.fullname, "version": ".".join(str(part) for part in (version.build.major_version, version.build.minor_version)),
            "namespace": {"prefix": "", "separator": SEPARATOR},
        }

    def paced(self, pace, stop, at_once) -> None:
        """Read no faster than `pace` (_pace/pace.py) allows; `stop()` ends the waiting, and `at_once()` that for something large."""
        self._pace, self._stop, self._at_once = pace, stop, at_once

    def folders(self) -> list[Folder]:
        """Folders that hold mail, INBOX first, each with its state after what the server had to tell of it; `aside` tells what is left out."""
        rows = self._refresh()
        self.aside = Aside(tuple(self._tree.left_out()))
        found = []
        for row in rows.values():
            if row.kind == MAIL:
                row = self._up_to_date(row)
                found.append(Folder(encoded(row.name), row.name, SEPARATOR, True, True, self._state(row)))
        return sorted(found, key=lambda folder: (folder.name != "INBOX", folder.name))

    def _refresh(self) -> dict:
        with connection.told(self.server, self.mailbox.name):
            return self.memory.keep_folders(self._tree.wanted())

    def _up_to_date(self, row):
        return row if row.at_rest and row.tag == self._tags.get(row.remote_id) else self._synced(row)

    def _synced(self, row):
        """Ask for all that changed in a folder since it was asked last."""
        if row.role in COMPARED:
            return self._compared(row)
        service, last = classes().changes(account=self.account), False
        while not last:
            with connection.told(self.server, self.mailbox.name):
                try:
                    page = service.page(row.remote_id, row.sync_state, row.kind == MAIL)
                except exchangelib.errors.ErrorInvalidSyncStateData:
                    if not row.sync_state:
                        raise
                    row = self.memory.anew(row)
                    continue
            last = page.last
            row = self.memory.page(row, page.state, last, page.listed, page.gone, self._tags.get(row.remote_id), self._listed_at)
        return row

    def _compared(self, row):
        """The same of a folder that tells no changes: all of it is listed, and what is not listed counts as gone if it can't be found either."""
        known = {item.remote_id: item for item in self.memory.some(row.id, self.memory.numbers(row.id)).values()}
        with connection.told(self.server, self.mailbox.name):
            listed = classes().listing(account=self.account).all(row.remote_id, row.kind == MAIL)
            missing = sorted(known.keys() - {entry.remote_id for entry in listed})
            gone = classes().items(account=self.account).gone(missing, row.remote_id)
        changed = [entry for entry in listed if _told(known.get(entry.remote_id)) != (entry.change_key, entry.size, " ".join(entry.flags))]
        return self.memory.page(row, "", True, changed, gone) if changed or gone or not row.complete else row

    def _state(self, row) -> State:
        # The row's number is never given again, so another folder of the same name is told from it.
        return State(row.id, row.high, self.memory.count(row.id), row.modseq)

    def states(self, names: list[str]) -> list[State]:
        left_out = self._tree.entries()
        return [State(1, 1, left_out[name]) if name in left_out else self._state(self._row(name)) for name in names]

    def _row(self, name: str):
        return next(row for row in self.memory.folders().values() if row.kind == MAIL and encoded(row.name) == name)

    def open(self, name: str, since: tuple[int, int] | None = None) -> tuple[State, Since | None]:
        self._open = self._synced(self._row(name))
        state = self._state(self._open)
        if not since or since[0] != state.uidvalidity:
            return state, None
        changed = self.memory.since(self._open.id, since[1])
        return state, Since(
            {number: tuple(flags.split()) for number, flags, gone in changed if not gone}, [(number, number) for number, _flags, gone in changed if gone]
        )

    def opened(self, name: str) -> None:
        if self._open is None or encoded(self._open.name) != name:
            self._open = self._row(name)

    def open_whole(self, folder: Folder) -> tuple[State, dict[int, int] | None]:
        self._open = self._row(folder.name)
        return self._state(self._open), self.sizes(self.memory.numbers(self._open.id))

    def ask_ahead(self, folder: Folder) -> None:
        """Requests are answered one by one."""

    def uids(self) -> list[int]:
        return self.memory.numbers(self._open.id)

    def sizes(self, uids) -> dict[int, int]:
        return self.memory.sizes(self._open.id, uids)

    def flags(self, uids) -> dict[int, tuple[str, ...]]:
        return {number: tuple(row.flags.split()) for number, row in self.memory.some(self._open.id, uids).items()}

    def flags_since(self, modseq: int) -> dict[int, tuple[str, ...]]:
        return {number: tuple(flags.split()) for number, flags, gone in self.memory.since(self._open.id, modseq) if not gone}

    def still_listed(self, uids: list[int]) -> set[int]:
        return set(self.memory.some(self._open.id, uids))

    def flags_and_dates(self, uids=None) -> dict[int, tuple[tuple[str, ...], str]]:
        rows = self.memory.some(self._open.id, self.uids() if uids is None else uids)
        return {number: (tuple(row.flags.split()), row.internal_date) for number, row in rows.items()}

    def came_from(self, uids) -> dict[int, tuple[str, int]]:
        """Of these, what was moved here from another folder: UID -> the other folder, and the UID there."""
        return {uid: (encoded(name), number) for uid, (name, number) in self.memory.came_from(self._open.id, uids).items()}

    def messages(self, sizes: dict[int, int], when_all_asked=None):
        """Yield Batch after Batch for the UIDs in `sizes` of the open folder."""
        service = classes().contents(account=self.account)
        for uids in self._portions(sizes, self.newest_first):
            yield self._batch(service, uids)
        if when_all_asked:
            when_all_asked()

    def _portions(self, sizes: dict[int, int], newest_first: bool = False):
        """What of `sizes` (number -> bytes) may be asked for at once, one portion after the other. Stopped when a wait for it was ended."""
        left = sorted(sizes, reverse=newest_first)
        while left:
            most, grain = MOST_ITEMS, MOST_BYTES
            if self._pace is not None and self._pace.limited:
                most, grain = min(most, self._pace.grain_messages()), min(grain, self._pace.grain())
            part = batches({number: sizes[number] for number in left[:most]}, most, grain, newest_first)[0]
            size = sum(sizes[number] for number in part)
            if self._pace is not None and not self._taken(len(part), size, grain):
                raise Stopped
            yield part
            left = left[len(part):]

    def _taken(self, count: int, size: int, grain: int) -> bool:
        if size <= grain:
            return self._pace.take(count, size, self._stop)
        # It stands alone, and is not begun in vain: at a low rate it may take longer than a step.
        return self._pace.take(count, 0, self._stop) and self._pace.take(0, size, self._at_once)

    def _batch(self, service, uids: list[int]) -> Batch:
        rows = self.memory.some(self._open.id, uids)
        asked = [uid for uid in uids if uid in rows]
        with connection.told(self.server, self.mailbox.name):
            answers = service.mimes([rows[uid].remote_id for uid in asked]) if asked else []
        batch, deleted = Batch(uids, [], [], None), []
        for uid, answer in zip(asked, answers, strict=True):
            if not answer or isinstance(answer, rebuild.unrendered()):
                answer, why = self._rebuilt(rows[uid].remote_id, answer)
                if why:
                    batch.rebuilt[uid] = why
            if isinstance(answer, exchangelib.errors.ErrorItemNotFound):
                deleted.append(uid)
            elif isinstance(answer, Exception):
                batch.refusal = _words(answer)
            elif not answer:
                batch.empty.append(uid)
            else:
                date = rows[uid].internal_date
                body = rebuild.as_message(answer, instant(date), self.account.primary_smtp_address)
                batch.messages.append(Message.of(uid, body, tuple(rows[uid].flags.split()), date))
        if deleted:
            self._open = self.memory.lose(self._open, deleted)
        return batch

    def _rebuilt(self, remote_id: str, answer) -> tuple[bytes | Exception, str]:
        """The message from its properties, and why it is needed; where that fails too, `answer`, which came instead of its MIME."""
        service, reading = classes().items(account=self.account), self._reading()
        with connection.told(self.server, self.mailbox.name):
            try:
                item, = service.read([remote_id], rebuild.field_paths(self.account.version))
                if isinstance(item, exchangelib.errors.ErrorItemNotFound):
                    return item, ""
                body = rebuild.rebuilt(item, reading)
            except (NotReadable, exchangelib.errors.EWSError) as error:
                # What is no mail may lack the properties of mail (ErrorInvalidPropertyRequest), and what is broken can be so in many ways.
                if not isinstance(error, NotReadable) and connection.of_server(error):
                    raise
                return answer, ""
        why = _words(answer) if isinstance(answer, Exception) else "the server gives no content for it"
        return body, "; ".join([why, *(trouble.detail for trouble in reading.lost)])

    def item_folders(self) -> list[ItemFolder]:
        """Folders that hold no mail."""
        rows = sorted(self._refresh().values(), key=lambda row: row.name)
        return [ItemFolder(row.name, row.name, row.kind, row.role == row.kind) for row in rows if row.kind in DEFAULT_KINDS]

    def item_versions(self, name: str) -> dict[int, str]:
        """Number -> change key, of the items of such a folder."""
        row = self._up_to_date(self._item_row(name))
        return {number: item.change_key for number, item in self.memory.some(row.id, self.memory.numbers(row.id)).items()}

    def _item_row(self, name: str):
        return next(row for row in self.memory.folders().values() if row.kind in DEFAULT_KINDS and row.name == name)

    def items(self, name: str, numbers: list[int]):
        """Yield (number, value of _model/item_kinds.py or Trouble); `lost` says afterwards what of it could not be read."""
        service = classes().items(account=self.account)
        events, folder = field_paths(EVENT, self.account.version), self._item_row(name)
        reading = self._reading(lambda one: service.read([one.id], events)[0])
        self.lost = reading.lost
        by_kind: dict[str, list[int]] = {}
        rows = self.memory.some(folder.id, numbers)
        for number in numbers:
            if number in rows:
                kind = next((kind for start, kind in ITEM_CLASSES.items() if rows[number].flags.startswith(start)), DEFAULT_KINDS[folder.kind])
                by_kind.setdefault(kind, []).append(number)
        for kind, some in by_kind.items():
            fields = field_paths(kind, self.account.version)
            for part in self._portions({number: rows[number].size for number in some}):
                with connection.told(self.server, self.mailbox.name):
                    for number, item in zip(part, service.read([rows[one].remote_id for one in part], fields), strict=True):
                        if not isinstance(item, exchangelib.errors.ErrorItemNotFound):
                            yield number, translated(item, reading)

    def _reading(self, fetch=None) -> Reading:
        return Reading(fetch, zoneinfo.ZoneInfo(self.server.ews.timezone), self.account.primary_smtp_address)

    def close(self) -> None:
        """The HTTP session is kept for the next mailbox of the same server."""


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _told(item) -> tuple:
    """By what an item that the catalogue has is told from a changed one."""
    return (item.change_key, item.size, item.flags) if item is not None else ()
