# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox on a source server, read by IMAP. Nothing here changes the source: folders are opened by EXAMINE only."""

from __future__ import annotations

import array
import dataclasses
import imaplib
import re

from .._imap import fetch, folders
from .._imap.gently import Gently
from .._imap.search import all_uids
from .._imap.session import LOST, connect, refusal
from .._imap.unbroken import Unbroken
from .._model import not_mail, throttle
from .._model.folder_names import decoded
from .._model.listing import Aside, Batch
from .._model.server import ESTIMATES_SIZES, TRAILING_BLANK_BREAKS, WITHOUT_PARTS, Mailbox, Server
from .._model.uids import batches, slices, to_set

# A folder of up to so many messages is listed while it is opened.
SMALL_FOLDER = 5000
# Exchange closes a connection at which it has answered some ten commands with an error. After this many there is a new one, and no more than
# that many batches are on their way until that is looked at.
MOST_REFUSALS, PART = 5, 4
# What Exchange gives instead of a message that it can't render comes from a name without an address, such as "Microsoft Exchange Server 2010", and
# is short. Seen in public test data and reports of 2007 and 2010; that it is so in every version and language is not confirmed, so the subject and
# the text are not looked at.
SUBSTITUTE_BYTES, SUBSTITUTE_NAME = 8192, b"Microsoft Exchange Server"
FROM = re.compile(rb"^From:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
HEADER_END = re.compile(rb"\r?\n\r?\n")
SUBSTITUTE = "the server gave a substitute for it, which says that it can't be retrieved by IMAP"
BLANK = "its name ends with a blank, and this version of Exchange closes the connection when such a folder is opened"


class ImapSource:
    """One mailbox. Errors: MigrationError at login, session.REFUSED for a NO, session.LOST when the connection breaks."""

    # A folder is known by its UIDVALIDITY, which two may share.
    keeps_ids = False

    def __init__(self, server: Server, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.session = connect(server, mailbox, folders.listing)
        self.prefix, self.separator = folders.namespace(self.session)
        self.newest_first = False
        self.aside = Aside()
        # The open folder, and its UIDVALIDITY.
        self._open: str | None = None
        self._uidvalidity: int | None = None
        # The folder that is asked for ahead, with the tags of the commands.
        self._ahead: tuple[str, list[bytes]] | None = None
        self._reading = 0
        self._pace: tuple | None = None
        self._gently: Gently | None = None
        self._unbroken = Unbroken(self)

    def paced(self, pace, stop, at_once) -> None:
        """Read no faster than `pace` (_pace/pace.py) allows; `stop()` ends the waiting, and `at_once()` that in the middle of a message."""
        session, profile = self.session, self.session.server.profile
        if self._gently and self._gently.arrival:
            self._gently.arrival.close()
        self._pace = pace, stop, at_once
        self._gently = Gently(
            session.wire, pace, stop, at_once, profile not in WITHOUT_PARTS, pace.arrival(session.client.socket()), profile in ESTIMATES_SIZES,
        )

    def folders(self) -> list[folders.Folder]:
        """Folders of mail; `aside` tells of the others."""
        server, listed = self.session.server, folders.listed(self.session)
        mail, left_out = not_mail.parted(listed, server.exchange, server.include_folders, server.exclude_folders, self.prefix)
        blank = [folder.name for folder in mail if folder.selectable and folder.name.endswith(" ")] if server.profile in TRAILING_BLANK_BREAKS else []
        self.aside = Aside(tuple(left_out), dict.fromkeys(blank, BLANK), tuple(not_mail.unlisted(listed)) if server.exchange else ())
        return [folder for folder in mail if folder.name not in self.aside.unreadable]

    def states(self, names: list[str]) -> list[folders.State | None]:
        """None for a folder that the server does not look at; it is then among the unreadable ones of `aside`."""
        refused: dict[str, str] = {}
        try:
            found = folders.states(self.session, names, refused)
        except LOST:
            if not self.session.server.exchange:
                raise
            # So many folders were refused that the connection was closed.
            refused, found = {}, []
            for low in range(0, len(names), MOST_REFUSALS):
                self._renewed(MOST_REFUSALS if low else 0)
                found += folders.states(self.session, names[low:low + MOST_REFUSALS], refused)
        for name, words in refused.items():
            if throttle.read(words):
                raise refusal(f"looking at the folder {decoded(name)}", words)
        self.aside.unreadable.update(refused)
        return found

    def _renewed(self, most: int = MOST_REFUSALS) -> bool:
        """Have a connection that Exchange does not close for its errors; whether that is a new one."""
        if not self.session.server.exchange or self.session.wire.refusals < most:
            return False
        self.session.close()
        self._connect()
        return True

    def _connect(self) -> None:
        self.session = connect(self.session.server, self.mailbox)
        if self._pace:
            self.paced(*self._pace)

    @property
    def tells_changes(self) -> bool:
        """CONDSTORE: a folder can be asked for what changed since a mod-sequence."""
        return self.session.has("CONDSTORE") or self.session.has("QRESYNC")

    def open(self, name: str, since: tuple[int, int] | None = None) -> tuple[folders.State, folders.Since | None]:
        """`since`: UIDVALIDITY and mod-sequence of the last pass; what changed comes with the state where QRESYNC is in force."""
        self._forget_ahead()
        self._renewed()
        self._open = name
        since = since if self.session.resync else None
        (responses, answer), = self.session.wire.burst([folders.opening(name, True, since)])
        state, changes = folders.opened(self.session, name, responses, answer)
        self._uidvalidity = state.uidvalidity
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
        self._uidvalidity = state.uidvalidity
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
            found |= fetch.asked_for(read(self.session.wire.run(b"UID FETCH %s (%s)" % (to_set(part).encode(), items))), part)
        return found

    def still_listed(self, uids: list[int]) -> set[int]:
        """Which of `uids` the open folder has."""
        self._reopen()
        return set(fetch.listing(self.session.wire, uids, b"UID"))

    def came_from(self, uids) -> dict[int, tuple[str, int]]:
        """Whence messages were moved here: UID -> folder and UID there. No server tells that; they are recognised when they are read."""
        return {}

    def flags_and_dates(self, uids=None) -> dict[int, tuple[tuple[str, ...], str]]:
        self._reopen()
        return fetch.flags_and_dates(self.session.wire, uids)

    def messages(self, sizes: dict[int, int], when_all_asked=None):
        """Yield Batch after Batch for the UIDs in `sizes` of the open folder, also past a break of the connection."""
        self._reading += 1
        for batch in self._unbroken.messages(self._open, sizes, when_all_asked):
            yield _without_substitutes(batch) if self.session.server.exchange else batch
        self._reading -= 1

    def fetched(self, sizes: dict[int, int], when_all_asked=None):
        """The same until the connection breaks."""
        cut = batches(sizes, newest_first=self.newest_first)
        size = PART if self.session.server.exchange else max(1, len(cut))
        for low in range(0, len(cut), size):
            part = cut[low:low + size]
            self._reopen()
            if self._gently:
                yield from self._gently.messages({uid: sizes[uid] for uids in part for uid in uids}, self.newest_first)
            else:
                yield from fetch.messages(self.session.wire, part, when_all_asked=when_all_asked if low + size >= len(cut) else None)

    def back(self) -> None:
        """In the folder that is open, on a new connection. Errors: those of a login, REFUSED, LOST where the folder is another one now."""
        self.session.drop()
        self._ahead = None
        self._connect()
        self._open_again()

    def _reopen(self) -> None:
        """Back to the folder that was open before another one was asked for ahead, or on a new connection."""
        if self._ahead:
            self._forget_ahead()
            self.open(self._open)
        elif self._renewed():
            self._open_again()

    def _open_again(self) -> None:
        before = self._uidvalidity
        if self.open(self._open)[0].uidvalidity != before:
            # Whoever tries again is to be told again.
            self._uidvalidity = before
            raise imaplib.IMAP4.abort(f"the folder {decoded(self._open)} was replaced while it was read")

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


def _without_substitutes(batch: Batch) -> Batch:
    """What Exchange gave only a substitute for is without content."""
    found = {message.uid: SUBSTITUTE for message in batch.messages if len(message.body) < SUBSTITUTE_BYTES and _is_substitute(message.body)}
    if not found:
        return batch
    messages = [message for message in batch.messages if message.uid not in found]
    return dataclasses.replace(batch, messages=messages, empty=[*batch.empty, *found], why=batch.why | found)


def _is_substitute(body) -> bool:
    if not isinstance(body, bytes) or SUBSTITUTE_NAME not in body:
        return False
    sender = FROM.search(HEADER_END.split(body, maxsplit=1)[0])
    return sender is not None and b"@" not in sender[1] and sender[1].strip(b" \t\r\n\"").startswith(SUBSTITUTE_NAME)
