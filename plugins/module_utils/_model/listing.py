# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What a source lists, and gives: folders and their state, what changed since, items, and batches of messages."""

from __future__ import annotations

import dataclasses

from .message import Message


@dataclasses.dataclass(frozen=True)
class State:
    """What STATUS or SELECT says of a folder; `modseq` is None where the server has no CONDSTORE."""

    uidvalidity: int
    uidnext: int
    messages: int
    modseq: int | None = None
    permanent_flags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Folder:
    """`name` is as on the wire (modified UTF-7), `path` what a person reads; `state` is there where LIST told it at once. `for_mail`: the
    server says that it holds mail of a certain use (RFC 6154), whatever its name is."""

    name: str
    path: str
    separator: str | None
    subscribed: bool
    selectable: bool
    state: State | None = None
    for_mail: bool = False


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A folder that the source lists and that is not copied as mail: `holds` what, by _model/not_mail.py; `names` of all that have entries,
    it and those below it."""

    name: str
    path: str
    holds: str
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Aside:
    """Of the folders that a source listed, those of which no mail is copied. `unreadable`: folders of mail that the server does not open,
    name -> why; `unlisted`: paths that have to be there and are not listed."""

    left_out: tuple[LeftOut, ...] = ()
    unreadable: dict[str, str] = dataclasses.field(default_factory=dict)
    unlisted: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        return {name for one in self.left_out for name in (one.name, *one.names)} | self.unreadable.keys()


@dataclasses.dataclass
class Since:
    """What a folder told of the time since a mod-sequence (RFC 7162): flags of what is new or changed, and runs of UIDs
    (lowest, highest) that hold what is gone, and may hold what never was."""

    flags: dict[int, tuple[str, ...]]
    vanished: list[tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class Entry:
    """An item as the source lists it: `size` in bytes may be an estimate, `date` is in IMAP's form, `trace` is what an item keeps when it
    is moved, empty where the source has nothing of the kind. `flags` None: only `seen` was told; of what is not mail they hold its class."""

    remote_id: str
    change_key: str = ""
    size: int = 0
    flags: tuple[str, ...] | None = ()
    date: str = ""
    trace: bytes = b""
    seen: bool | None = None
    draft: bool = False


@dataclasses.dataclass
class Batch:
    """What came of one FETCH: messages by UID; UIDs whose content the server could not give; its words when it said NO; of messages that
    are not as the server keeps them, since it could not give them so, UID -> why; of those without content, UID -> why, unless it said NIL."""

    uids: list[int]
    messages: list[Message]
    empty: list[int]
    refusal: str | None
    rebuilt: dict[int, str] = dataclasses.field(default_factory=dict)
    why: dict[int, str] = dataclasses.field(default_factory=dict)

    @property
    def absent(self) -> list[int]:
        """Asked for, and not given: deleted meanwhile, or held back."""
        got = {message.uid for message in self.messages} | set(self.empty)
        return [uid for uid in self.uids if uid not in got]
