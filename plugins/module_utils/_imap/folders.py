# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders of a mailbox as both sides see them: names, separators, state."""

from __future__ import annotations

import dataclasses

from .._libraries import imapclient
from .._model.server import WITHOUT_NAMESPACE
from .session import REFUSED, Session

HOLDS_NO_MESSAGES = {b"\\noselect", b"\\nonexistent"}


@dataclasses.dataclass(frozen=True)
class Folder:
    """`name` is as on the wire (modified UTF-7), `path` what a person reads."""

    name: str
    path: str
    separator: str | None
    subscribed: bool
    selectable: bool


@dataclasses.dataclass(frozen=True)
class State:
    """What STATUS or SELECT says of a folder; `modseq` is None where the server has no CONDSTORE."""

    uidvalidity: int
    uidnext: int
    messages: int
    modseq: int | None = None
    permanent_flags: tuple[str, ...] = ()


def wire_name(name: str) -> bytes:
    """Undo `listed`: the bytes that the server sent."""
    return name.encode("latin-1")


def decoded(name: str) -> str:
    """Modified UTF-7 to text; a name that is not valid is shown as it is."""
    try:
        return imapclient.imap_utf7.decode(wire_name(name))
    except (UnicodeError, ValueError):
        return name


def encoded(path: str) -> str:
    return imapclient.imap_utf7.encode(path).decode("latin-1")


def listed(session: Session, pattern: bytes = b"*") -> list[Folder]:
    """All folders below the personal namespace, INBOX first, then by name; parents come before their children."""
    subscribed = {bytes(name) for _flags, _separator, name in session.client.list_sub_folders("", pattern)}
    folders = []
    for flags, separator, name in session.client.list_folders("", pattern):
        name = name if isinstance(name, bytes) else str(name).encode("latin-1")
        text = name.decode("latin-1")
        folders.append(
            Folder(
                name=text,
                path=decoded(text),
                separator=separator.decode("ascii") if separator else None,
                subscribed=name in subscribed,
                selectable=not {bytes(flag).lower() for flag in flags} & HOLDS_NO_MESSAGES,
            )
        )
    return sorted(folders, key=lambda folder: (folder.name.upper() != "INBOX", folder.name))


def status(session: Session, name: str) -> State:
    items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES"] + (["HIGHESTMODSEQ"] if session.has("CONDSTORE") else [])
    answer = session.client.folder_status(wire_name(name), items)
    return State(
        uidvalidity=int(answer[b"UIDVALIDITY"]),
        uidnext=int(answer[b"UIDNEXT"]),
        messages=int(answer[b"MESSAGES"]),
        modseq=int(answer[b"HIGHESTMODSEQ"]) if b"HIGHESTMODSEQ" in answer else None,
    )


def opened(session: Session, name: str, readonly: bool) -> State:
    answer = session.client.select_folder(wire_name(name), readonly=readonly)
    uidnext = answer.get(b"UIDNEXT")
    return State(
        uidvalidity=int(answer[b"UIDVALIDITY"]),
        # Old servers don't tell it at SELECT.
        uidnext=int(uidnext) if uidnext is not None else status(session, name).uidnext,
        messages=int(answer[b"EXISTS"]),
        modseq=int(answer[b"HIGHESTMODSEQ"]) if b"HIGHESTMODSEQ" in answer else None,
        permanent_flags=tuple(bytes(flag).decode("utf-8", "surrogateescape") for flag in answer.get(b"PERMANENTFLAGS", ())),
    )


def namespace(session: Session) -> tuple[str, str | None]:
    """Prefix and separator of the user's own folders.

    Asked by LIST where NAMESPACE is not offered, or does not work.
    """
    if session.has("NAMESPACE") and session.server.profile not in WITHOUT_NAMESPACE:
        try:
            personal = session.client.namespace().personal
        except REFUSED:
            personal = None
        if personal:
            prefix, separator = personal[0]
            return _as_text(prefix) or "", _as_text(separator)
    for _flags, separator, _name in session.client.list_folders("", "INBOX"):
        return "", _as_text(separator)
    return "", None


def _as_text(value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode("latin-1")
