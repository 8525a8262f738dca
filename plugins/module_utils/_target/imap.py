# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox on the target server, written by IMAP."""

from __future__ import annotations

import array
import dataclasses
import re

from .._imap import append, fetch, folders
from .._imap.search import all_uids
from .._imap.session import connect, refusal
from .._imap.wire import quoted
from .._model.flags import to_wire
from .._model.folder_names import decoded, wire_name
from .._model.line_ends import as_sent
from .._model.message import Message
from .._model.server import Mailbox, Server
from .._model.uids import batches, from_set, slices, to_set

LIMIT = re.compile(r"APPENDLIMIT=(\d+)")
COPYUID = re.compile(r"\[COPYUID (\d+) ([\d:,]+) ([\d:,]+)\]", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Stored:
    """A message as the target serves it back."""

    sha256: bytes
    flags: tuple[str, ...]
    internal_date: str
    size: int


class ImapTarget:
    """One mailbox. Errors as in _source/imap.py."""

    # Batches on their way at once, each of them with an intent in the ledger.
    depth = 3

    def __init__(self, server: Server, mailbox: Mailbox) -> None:
        # The target's own name for the mailbox is what the login forms are about.
        own = dataclasses.replace(mailbox, name=mailbox.target, password=mailbox.target_password)
        self.session = connect(server, own, folders.listing)
        self.prefix, self.separator = folders.namespace(self.session)
        self._appender = append.Appender(self.session.wire, self.session.capabilities)
        # The folder that is open, and whether only for reading.
        self._open: tuple[str, bool] | None = None

    @property
    def _wire(self):
        """For commands whose answer is awaited: among answers to messages on their way they would take those for nothing."""
        if self._appender.busy:
            raise RuntimeError("a command to the target while messages are on their way")
        return self.session.wire

    @property
    def largest_message(self) -> int | None:
        """Bytes that the server says it takes (RFC 7889); None when it does not say."""
        limits = [int(found[1]) for found in map(LIMIT.match, self.session.capabilities) if found]
        return min(limits) if limits else None

    def folders(self) -> list[folders.Folder]:
        # Other users' folders, which an administrator may see, are none of this mailbox.
        own = [folder for folder in folders.listed(self.session) if folder.name.upper() == "INBOX" or folder.name.startswith(self.prefix)]
        return own

    def states(self, names: list[str]) -> list[folders.State]:
        return folders.states(self.session, names)

    def open(self, name: str, readonly: bool = False) -> folders.State:
        return self.open_each([name], readonly)[0]

    def open_each(self, names: list[str], readonly: bool = False) -> list[folders.State]:
        """Open one folder after the other, in one round trip, for what only an open folder tells: which flags it keeps."""
        found = []
        commands = [folders.opening(name, readonly) for name in names]
        for name, (responses, answer) in zip(names, self._wire.burst(commands), strict=True):
            self._open = None
            found.append(folders.opened(self.session, name, responses, answer)[0])
            self._open = name, readonly
        return found

    def opened(self, name: str) -> folders.State | None:
        """Have this folder open for changes; its state, or None where it was open already."""
        return self.open(name) if self._open != (name, False) else None

    def create(self, names: list[str]) -> dict[str, str]:
        """Make folders, all in one round trip; the server's words for each that it refused."""
        answers = self._wire.burst([b"CREATE " + quoted(wire_name(name)) for name in names])
        return {name: answer.text for name, (_untagged, answer) in zip(names, answers, strict=True) if not answer.ok}

    def subscribe(self, names: list[str], wanted: bool) -> None:
        verb = b"SUBSCRIBE " if wanted else b"UNSUBSCRIBE "
        for name, (_untagged, answer) in zip(names, self._wire.burst([verb + quoted(wire_name(name)) for name in names]), strict=True):
            if not answer.ok:
                raise refusal(f"{verb.decode()}{decoded(name)}", answer.text)

    def remove_folder(self, name: str) -> None:
        self._command(b"DELETE " + quoted(wire_name(name)))

    def rename(self, name: str, to: str) -> None:
        # A folder that is open, and what is above it, can't be renamed on some servers (Courier).
        self._open = None
        self._commands([folders.opening("INBOX", True), b"RENAME %s %s" % (quoted(wire_name(name)), quoted(wire_name(to)))])
        self._open = "INBOX", True

    def begin(self, name: str, messages: list[Message], flags: dict[int, tuple[str, ...]]) -> None:
        if self._open != (name, False):
            # Some servers look through all of a folder at each APPEND, unless it is open.
            self.session.wire.start(folders.opening(name, False))
            self._open = name, False
        self._appender.begin(quoted(wire_name(name)), messages, flags)

    def finish(self) -> append.Outcome:
        return self._appender.finish()

    def send_alone(self, name: str, message: Message, flags: tuple[str, ...]) -> append.Outcome:
        return self._appender.alone(quoted(wire_name(name)), message, flags)

    def copy(self, uids: list[int], to: str) -> tuple[dict[int, int], bool]:
        """Copy messages of the open folder to the folder `to`: UID -> UID there, and whether the server told (UIDPLUS)."""
        pairs, told = {}, False
        for run in slices(uids):
            *_untagged, answer = self._wire.run(b"UID COPY %s %s" % (to_set(run).encode(), quoted(wire_name(to))))
            if not answer.ok:
                raise refusal(f"copying {len(run)} messages to {decoded(to)}", answer.text)
            where = COPYUID.search(answer.text)
            if where:
                told = True
                pairs |= dict(zip(from_set(where[2]), from_set(where[3]), strict=True))
        return pairs, told

    def contents(self, from_uid: int = 1, uids: list[int] | None = None) -> dict[int, Stored]:
        """Read the open folder back: UID -> Stored, for all UIDs from `from_uid` on, or for `uids`."""
        return {
            message.uid: Stored(message.sha256, message.flags, message.internal_date, len(message.body))
            for message in self._read_back(from_uid, uids)
        }

    def other_line_ends(self, uids: list[int]) -> dict[int, tuple[bytes, ...]]:
        """Of messages in the open folder: the hashes of what may have been sent, see _model/line_ends.py."""
        hashes = {message.uid: as_sent(message.body) for message in self._read_back(1, uids)}
        # Gone since: nobody's.
        return {uid: hashes.get(uid) or as_sent(b"") for uid in uids}

    def _read_back(self, from_uid: int, uids: list[int] | None):
        wire = self._wire
        # UID n:* always names the last message, even when its UID is lower (RFC 9051, 6.4.9).
        wanted = [b"%d:*" % from_uid] if uids is None else [to_set(run).encode() for run in slices(uids)]
        sizes: dict[int, int] = {}
        for part in wanted:
            sizes |= fetch.sizes_of(wire.run(b"UID FETCH %s (UID RFC822.SIZE)" % part))
        if uids is not None:
            sizes = fetch.asked_for(sizes, sorted(set(uids)))
        for batch in fetch.messages(wire, batches({uid: size for uid, size in sizes.items() if uid >= from_uid})):
            if batch.refusal:
                raise refusal(f"reading back from {self.session.client.host}", batch.refusal)
            yield from batch.messages

    def uids(self) -> array.array:
        """All UIDs of the open folder, in their order."""
        return all_uids(self.session)

    def flags_and_dates(self, uids: list[int]) -> dict[int, tuple[tuple[str, ...], str]]:
        return fetch.flags_and_dates(self.session.wire, uids)

    def store(self, uids: list[int], add, remove) -> None:
        """Change flags of messages in the open folder."""
        for run in slices(uids):
            for sign, names in ((b"+", add), (b"-", remove)):
                if names:
                    self._command(b"UID STORE %s %sFLAGS.SILENT (%s)" % (to_set(run).encode(), sign, to_wire(names)))

    def delete(self, uids: list[int]) -> None:
        """Remove messages from the open folder for good, and no others."""
        if not uids:
            return
        if self.session.has("UIDPLUS"):
            for run in slices(uids):
                which = to_set(run).encode()
                self._commands([b"UID STORE %s +FLAGS.SILENT (\\Deleted)" % which, b"UID EXPUNGE " + which])
            return
        self.store(uids, ["\\Deleted"], [])
        # EXPUNGE takes whatever is marked: what others marked must wait.
        doomed = set(uids)
        others = [uid for uid in self.session.client.search("DELETED") if uid not in doomed]
        if others:
            self.store(others, [], ["\\Deleted"])
        self._command(b"EXPUNGE")
        if others:
            self.store(others, ["\\Deleted"], [])

    def _command(self, command: bytes) -> None:
        self._commands([command])

    def _commands(self, commands: list[bytes]) -> None:
        """All in one round trip."""
        for command, (_untagged, answer) in zip(commands, self._wire.burst(commands), strict=True):
            if not answer.ok:
                raise refusal(command.split(b" (")[0][:60].decode("ascii", "replace"), answer.text)

    def close(self) -> None:
        self.session.close()
