# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox on a source server, read by IMAP. Nothing here changes the source: folders are opened by EXAMINE only."""

from __future__ import annotations

from .._imap import fetch, folders
from .._imap.session import connect
from .._model.server import Mailbox, Server
from .._model.uids import batches


class ImapSource:
    """One mailbox. Errors: MigrationError at login, session.REFUSED for a NO, session.LOST when the connection breaks."""

    def __init__(self, server: Server, mailbox: Mailbox) -> None:
        self.session = connect(server, mailbox)
        self.prefix, self.separator = folders.namespace(self.session)

    def folders(self) -> list[folders.Folder]:
        return folders.listed(self.session)

    def status(self, name: str) -> folders.State:
        return folders.status(self.session, name)

    def open(self, name: str) -> folders.State:
        return folders.opened(self.session, name, readonly=True)

    def listing(self, state: folders.State) -> tuple[dict[int, tuple[str, ...]], dict[int, int]]:
        """Flags and sizes by UID of the open folder; sizes may be estimates."""
        if not state.messages:
            return {}, {}
        found = fetch.listing(self.session.wire)
        flags = {uid: fetch.flags_of(attributes) for uid, attributes in found.items()}
        return flags, {uid: int(attributes.get(b"RFC822.SIZE") or 0) for uid, attributes in found.items()}

    def still_listed(self, uids: list[int]) -> set[int]:
        """Which of `uids` the open folder has."""
        return set(fetch.listing(self.session.wire, uids, b"UID")) & set(uids)

    def flags_and_dates(self, state: folders.State) -> dict[int, tuple[tuple[str, ...], str]]:
        if not state.messages:
            return {}
        found = fetch.listing(self.session.wire, items=b"UID FLAGS INTERNALDATE")
        return {uid: (fetch.flags_of(a), fetch.text_of(a, b"INTERNALDATE")) for uid, a in found.items()}

    def messages(self, sizes: dict[int, int]):
        """Yield fetch.Batch after fetch.Batch for the UIDs in `sizes` of the open folder."""
        return fetch.messages(self.session.wire, batches(sizes))

    def close(self) -> None:
        self.session.close()
