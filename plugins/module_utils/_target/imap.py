# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox on the target server, written by IMAP."""

from __future__ import annotations

import dataclasses
import re

from .._imap import append, fetch, folders
from .._imap.session import REFUSED, connect
from .._model.message import Message
from .._model.server import Mailbox, Server
from .._model.uids import batches, slices, to_set

LIMIT = re.compile(r"APPENDLIMIT=(\d+)")


@dataclasses.dataclass(frozen=True)
class Stored:
    """A message as the target serves it back."""

    sha256: bytes
    flags: tuple[str, ...]
    internal_date: str
    size: int


class ImapTarget:
    """One mailbox. Errors as in _source/imap.py."""

    def __init__(self, server: Server, mailbox: Mailbox) -> None:
        # The target's own name for the mailbox is what the login forms are about.
        self.session = connect(server, dataclasses.replace(mailbox, name=mailbox.target, password=mailbox.target_password))
        self.prefix, self.separator = folders.namespace(self.session)
        self._appender = append.Appender(self.session.wire, self.session.capabilities)

    @property
    def largest_message(self) -> int | None:
        """Bytes that the server says it takes (RFC 7889); None when it does not say."""
        limits = [int(found[1]) for found in map(LIMIT.match, self.session.capabilities) if found]
        return min(limits) if limits else None

    def folders(self) -> list[folders.Folder]:
        # Other users' folders, which an administrator may see, are none of this mailbox.
        own = [folder for folder in folders.listed(self.session) if folder.name.upper() == "INBOX" or folder.name.startswith(self.prefix)]
        return own

    def status(self, name: str) -> folders.State:
        return folders.status(self.session, name)

    def open(self, name: str, readonly: bool = False) -> folders.State:
        return folders.opened(self.session, name, readonly=readonly)

    def create(self, name: str) -> None:
        self.session.client.create_folder(folders.wire_name(name))

    def subscribe(self, name: str, wanted: bool) -> None:
        change = self.session.client.subscribe_folder if wanted else self.session.client.unsubscribe_folder
        change(folders.wire_name(name))

    def remove_folder(self, name: str) -> None:
        self.session.client.delete_folder(folders.wire_name(name))

    def begin(self, name: str, messages: list[Message], flags: dict[int, tuple[str, ...]]) -> None:
        self._appender.begin(_quoted(name), messages, flags)

    def finish(self) -> append.Outcome:
        return self._appender.finish()

    def contents(self, from_uid: int = 1, uids: list[int] | None = None) -> dict[int, Stored]:
        """Read the open folder back: UID -> Stored, for all UIDs from `from_uid` on, or for `uids`."""
        client = self.session.client
        # UID n:* always names the last message, even when its UID is lower (RFC 9051, 6.4.9).
        found = fetch.listing(self.session.wire, items=b"UID RFC822.SIZE") if uids is None else fetch.listing(
            self.session.wire, uids, b"UID RFC822.SIZE")
        sizes = {uid: int(a.get(b"RFC822.SIZE") or 0) for uid, a in found.items() if uid >= from_uid}
        stored = {}
        for batch in fetch.messages(self.session.wire, batches(sizes)):
            if batch.refusal:
                raise REFUSED(f"reading back from {client.host}: {batch.refusal}")
            for message in batch.messages:
                stored[message.uid] = Stored(message.sha256, message.flags, message.internal_date, len(message.body))
        return stored

    def flags_and_dates(self) -> dict[int, tuple[tuple[str, ...], str]]:
        found = fetch.listing(self.session.wire, items=b"UID FLAGS INTERNALDATE")
        return {uid: (fetch.flags_of(a), fetch.text_of(a, b"INTERNALDATE")) for uid, a in found.items()}

    def store(self, uids: list[int], add, remove) -> None:
        """Change flags of messages in the open folder."""
        for run in slices(uids):
            for sign, names in ((b"+", add), (b"-", remove)):
                if names:
                    flags = " ".join(names).encode("utf-8", "surrogateescape")
                    self._command(b"UID STORE %s %sFLAGS.SILENT (%s)" % (to_set(run).encode(), sign, flags))

    def delete(self, uids: list[int]) -> None:
        """Remove messages from the open folder for good, and no others."""
        if not uids:
            return
        self.store(uids, ["\\Deleted"], [])
        if self.session.has("UIDPLUS"):
            for run in slices(uids):
                self._command(b"UID EXPUNGE " + to_set(run).encode())
            return
        # EXPUNGE takes whatever is marked: what others marked must wait.
        doomed = set(uids)
        others = [uid for uid in self.session.client.search("DELETED") if uid not in doomed]
        if others:
            self.store(others, [], ["\\Deleted"])
        self._command(b"EXPUNGE")
        if others:
            self.store(others, ["\\Deleted"], [])

    def _command(self, command: bytes) -> None:
        *_untagged, answer = self.session.wire.run(command)
        if not answer.ok:
            raise REFUSED(f"{command.split(b' (')[0][:60].decode('ascii', 'replace')}: {answer.text}")

    def close(self) -> None:
        self.session.close()


def _quoted(name: str) -> bytes:
    return b'"' + folders.wire_name(name).replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
