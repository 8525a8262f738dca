# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox on a source server, read by IMAP. Nothing here changes the source: folders are opened by EXAMINE only."""

from __future__ import annotations

import array

from .._imap import fetch, folders
from .._imap.gently import Gently
from .._imap.search import all_uids
from .._imap.session import connect
from .._model.server import Mailbox, Server
from .._model.uids import batches, slices, to_set

# A folder of up to so many messages is listed while it is opened.
SMALL_FOLDER = 5000


class ImapSource:
    """One mailbox. Errors: MigrationError at login, session.REFUSED for a NO, session.LOST when the connection breaks."""

    # A folder is known by its UIDVALIDITY, which two may share.
    keeps_ids = False

    def __init__(self, server: Server, mailbox: Mailbox) -> None:
        self.session = connect(server, mailbox, folders.listing)
        self.prefix, self.separator = folders.namespace(self.session)
        self.newest_first = False
        self._open: str | None = None
        # The folder that is asked for ahead, with the tags of the commands.
        self._ahead: tuple[str, list[bytes]] | None = None
        self._reading = 0
        self._gently: Gently | None = None

    def paced(self, pace, stop) -> None:
        """Read no faster than `pace` (_pace/pace.py) allows; `stop()` ends the waiting."""
        session = self.session
        self._gently = Gently(session.wire, pace, stop, session.server.profile != "exchange_5_5", pace.arrival(session.client.socket()))

    def folders(self) -> list[folders.Folder]:
        return folders.listed(self.session)

    def states(self, names: list[str]) -> list[folders.State]:
        return folders.states(self.session, names)

    @property
    def tells_changes(self) -> bool:
        """CONDSTORE: a folder can be asked for what changed since a mod-sequence."""
        return self.session.has("CONDSTORE") or self.session.has("QRESYNC")

    def open(self, name: str, since: tuple[int, int] | None = None) -> tuple[folders.State, folders.Since | None]:
        """`since`: UIDVALIDITY and mod-sequence of the last pass; what changed comes with the state where QRESYNC is in force."""
        self._forget_ahead()
        self._open = name
        since = since if self.session.resync else None
        (responses, answer), = self.session.wire.burst([folders.opening(name, True, since)])
        state, changes = folders.opened(self.session, name, responses, answer)
        return state, changes if since and state.uidvalidity == since[0] else None

    def opened(self, name: str) -> None:
        """Have this folder open; no command when it is."""
        if self._ahead or self._open != name:
            self.open(name)

    def ask_ahead(self, folder: folders.Folder) -> None:
        """Send for `folder`, which is opened next, while the last messages of this one are still coming."""
        if folder.state and 0 < folder.state.messages <= SMALL_FOLDER and self._ahead is None and self.session.server.profile == "imap":
            wire = self.session.wire
            self._ahead = folder.name, [wire.start(folders.opening(folder.name, True)), wire.start(b"UID FETCH 1:* (UID RFC822.SIZE)")]

    def open_whole(self, folder: folders.Folder) -> tuple[folders.State, dict[int, int] | None]:
        """Open a folder of which everything is wanted: its state, and all sizes by UID (None where there are too many)."""
        if not self._ahead or self._ahead[0] != folder.name:
            self._forget_ahead()
            self.ask_ahead(folder)
        if not self._ahead:
            state, _changes = self.open(folder.name)
            return state, {} if not state.messages else None
        name, (opening, listing) = self._ahead
        self._ahead, self._open = None, name
        *responses, answer = self.session.wire.result(opening)
        sizes = self.session.wire.result(listing)
        if not answer.ok:
            for _response in sizes:
                pass
        # An unselected folder's sizes are refused as well.
        found = fetch.sizes_of(sizes) if answer.ok else None
        state, _changes = folders.opened(self.session, name, responses, answer)
        return state, found

    def uids(self) -> array.array:
        """All UIDs of the open folder, in their order."""
        self._reopen()
        return all_uids(self.session)

    def sizes(self, uids) -> dict[int, int]:
        """Sizes by UID; servers may estimate them."""
        return self._each(uids, b"UID RFC822.SIZE", fetch.sizes_of)

    def flags(self, uids) -> dict[int, tuple[str, ...]]:
        return self._each(uids, b"UID FLAGS", fetch.flags_in)

    def flags_since(self, modseq: int) -> dict[int, tuple[str, ...]]:
        """Flags of what is new or changed its flags after `modseq` (RFC 7162, 3.1.4.1)."""
        self._reopen()
        return fetch.flags_in(self.session.wire.run(b"UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE %d)" % modseq))

    def _each(self, uids, items: bytes, read) -> dict:
        self._reopen()
        found: dict = {}
        for part in slices(uids):
            found |= read(self.session.wire.run(b"UID FETCH %s (%s)" % (to_set(part).encode(), items)))
        return found

    def still_listed(self, uids: list[int]) -> set[int]:
        """Which of `uids` the open folder has."""
        self._reopen()
        return set(fetch.listing(self.session.wire, uids, b"UID")) & set(uids)

    def came_from(self, uids) -> dict[int, tuple[str, int]]:
        """Whence messages were moved here: UID -> folder and UID there. No server tells that; they are recognised when they are read."""
        return {}

    def flags_and_dates(self, uids=None) -> dict[int, tuple[tuple[str, ...], str]]:
        self._reopen()
        return fetch.flags_and_dates(self.session.wire, uids)

    def messages(self, sizes: dict[int, int], when_all_asked=None):
        """Yield fetch.Batch after fetch.Batch for the UIDs in `sizes` of the open folder."""
        self._reopen()
        self._reading += 1
        if self._gently:
            yield from self._gently.messages(sizes, self.newest_first)
        else:
            yield from fetch.messages(self.session.wire, batches(sizes, newest_first=self.newest_first), when_all_asked=when_all_asked)
        self._reading -= 1

    def _reopen(self) -> None:
        """Back to the folder that was open before another one was asked for ahead."""
        if self._ahead:
            self._forget_ahead()
            self.open(self._open)

    def _forget_ahead(self) -> None:
        if self._ahead:
            for tag in self._ahead[1]:
                for _response in self.session.wire.result(tag):
                    pass
            self._ahead = None

    def item_folders(self) -> list:
        """IMAP has mail only."""
        return []

    def close(self) -> None:
        # What nobody will read may be much: the connection ends at once.
        if self._reading or self._ahead:
            self.session.drop()
        else:
            self.session.close()
