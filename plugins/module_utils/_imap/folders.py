# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Folders of a mailbox as both sides see them: names, separators, state."""

from __future__ import annotations

import re

from .._model.flags import from_wire
from .._model.folder_names import decoded, wire_name
from .._model.listing import Folder, Since, State
from .._model.server import WITHOUT_NAMESPACE
from .._model.uids import runs
from . import fetch
from .session import Session, refusal
from .wire import Answer, quoted, values

HOLDS_NO_MESSAGES = {b"\\noselect", b"\\nonexistent"}
# RFC 6154.
FOR_MAIL = {b"\\all", b"\\archive", b"\\drafts", b"\\flagged", b"\\junk", b"\\sent", b"\\trash"}
COUNTERS = (b"UIDVALIDITY", b"UIDNEXT", b"MESSAGES", b"HIGHESTMODSEQ")
CODE = re.compile(rb"\* OK \[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) (\d+)\]", re.IGNORECASE)
PERMANENT = re.compile(rb"\* OK \[PERMANENTFLAGS \(([^)]*)\)\]", re.IGNORECASE)
# How most servers write what is below; all else is left to the reader of all forms.
ROW = re.compile(rb'\* LIST \(([^()"]*)\) (?:"([^"\\])"|NIL) (?:"([^"\\]*)"|([^\s"(){}\\]+))\r\n\Z')
STATUS = re.compile(rb'\* STATUS (?:"([^"\\]*)"|([^\s"(){}\\]+)) \(([\w ]*)\)\r\n\Z')
# Of a folder whose name is not quoted although it has blanks or parentheses (GNU Mailutils).
COUNTED = re.compile(rb"\* STATUS .* \(([\w ]+)\) *\r\n\Z", re.IGNORECASE)
EXISTS = re.compile(rb"\* (\d+) EXISTS", re.IGNORECASE)
VANISHED = re.compile(rb"\* VANISHED \(EARLIER\) ([\d:,]+)", re.IGNORECASE)


def listing(session: Session) -> list[bytes]:
    """Commands that list all folders: one, which also tells each folder's state, where the server has LIST-EXTENDED and LIST-STATUS
    (RFC 5258, RFC 5819)."""
    if session.has("LIST-EXTENDED") and session.has("LIST-STATUS"):
        return [b'LIST "" "*" RETURN (SUBSCRIBED STATUS (%s))' % b" ".join(COUNTERS if session.has("CONDSTORE") else COUNTERS[:3])]
    return [b'LIST "" "*"', b'LSUB "" "*"']


def listed(session: Session) -> list[Folder]:
    """All folders below the personal namespace, INBOX first, then by name; parents come before their children.

    Where they were listed with the login, that is taken, once.
    """
    results, session.ahead = session.ahead or session.wire.burst(listing(session)), []
    for (_responses, answer), doing in zip(results, ("listing the folders", "listing the subscribed folders"), strict=False):
        _checked(answer, doing)
    found, subscribed, states = _rows(results[0][0])
    if len(results) > 1:
        # One above a subscribed folder may be told as well, for the sake of what is below it (RFC 3501, 6.3.9).
        subscribed = {name for name, (attributes, _separator) in _rows(results[1][0], b"LSUB")[0].items() if b"\\noselect" not in attributes}
    folders = []
    for name, (flags, separator) in found.items():
        text = name.decode("latin-1")
        folders.append(
            Folder(
                name=text,
                path=decoded(text),
                separator=separator.decode("ascii") if separator else None,
                subscribed=name in subscribed,
                selectable=not flags & HOLDS_NO_MESSAGES,
                state=states.get(name),
                for_mail=bool(flags & FOR_MAIL),
            )
        )
    return sorted(folders, key=lambda folder: (folder.name.upper() != "INBOX", folder.name))


def _rows(responses, verb: bytes = b"LIST") -> tuple[dict, set[bytes], dict[bytes, State]]:
    """From untagged LIST (or LSUB) and STATUS: name -> (attributes, separator); names that are subscribed; name -> State."""
    found: dict[bytes, tuple[set[bytes], bytes | None]] = {}
    subscribed, states = set(), {}
    for parts in responses:
        if usual := verb == b"LIST" and ROW.match(parts[0]):
            name = usual[3] or usual[4] or b""
            found[name] = {flag.lower() for flag in usual[1].split()} | found.get(name, (set(), None))[0], usual[2]
            if b"\\subscribed" in found[name][0]:
                subscribed.add(name)
            continue
        if usual := STATUS.match(parts[0]):
            state = _state(usual[3].split())
            if state:
                states[usual[1] or usual[2] or b""] = state
            continue
        head = parts[0].split(b" ", 2)
        kind = head[1].upper() if len(head) == 3 else b""
        if kind == verb:
            flags, separator, name, *_extended = values(parts, len(head[0]) + len(kind) + 2)
            # A folder may be called NIL.
            name = b"NIL" if name is None else bytes(name)
            attributes = {(flag or b"nil").lower() for flag in flags}
            # A server may list a folder twice, once for each reason.
            found[name] = (attributes | found.get(name, (set(), None))[0], separator)
            if b"\\subscribed" in attributes:
                subscribed.add(name)
        elif kind == b"STATUS":
            name, counters, *_rest = values(parts, len(head[0]) + len(kind) + 2)
            state = _state(counters)
            if state:
                states[b"NIL" if name is None else bytes(name)] = state
    return found, subscribed, states


def _state(counters: list) -> State | None:
    told = {bytes(key).upper(): int(value) for key, value in zip(counters[::2], counters[1::2], strict=False) if key and value}
    if not {b"UIDVALIDITY", b"UIDNEXT", b"MESSAGES"} <= told.keys():
        return None
    return State(told[b"UIDVALIDITY"], told[b"UIDNEXT"], told[b"MESSAGES"], told.get(b"HIGHESTMODSEQ") or None)


def states(session: Session, names: list[str], refused: dict[str, str] | None = None) -> list[State | None]:
    """STATUS of several folders in one round trip. Into `refused` goes what the server says of a folder that it does not look at, whose
    state is then None; without it that is an error."""
    items = b" ".join(COUNTERS if session.has("CONDSTORE") else COUNTERS[:3])
    found = []
    commands = [b"STATUS %s (%s)" % (quoted(wire_name(name)), items) for name in names]
    for name, (responses, answer) in zip(names, session.wire.burst(commands), strict=True):
        if refused is not None and not answer.ok:
            refused[name] = answer.text
            found.append(None)
            continue
        _checked(answer, f"looking at the folder {decoded(name)}")
        told = [state for state in _rows(responses)[2].values() if state]
        # Only one folder was asked for, so this is about it, however it is spelled.
        told = told or [state for parts in responses if (line := COUNTED.match(parts[0])) and (state := _state(line[1].split()))]
        if not told:
            raise refusal(f"looking at the folder {decoded(name)}", "the server tells no UIDVALIDITY and UIDNEXT")
        found.append(told[0])
    return found


def opening(name: str, readonly: bool, since: tuple[int, int] | None = None) -> bytes:
    """The command that opens a folder; `since` (UIDVALIDITY, mod-sequence) asks for the changes, where QRESYNC is enabled."""
    more = b" (QRESYNC (%d %d))" % since if since else b""
    return (b"EXAMINE " if readonly else b"SELECT ") + quoted(wire_name(name)) + more


def opened(session: Session, name: str, responses, answer: Answer) -> tuple[State, Since]:
    """What a folder said as it was opened. Errors: REFUSED."""
    _checked(answer, f"opening the folder {decoded(name)}")
    told: dict[bytes, int] = {}
    permanent: tuple[str, ...] = ()
    since = Since({}, [])
    fetched = []
    for parts in responses:
        line = parts[0]
        if code := CODE.match(line):
            told[code[1].upper()] = int(code[2])
        elif exists := EXISTS.match(line):
            told[b"MESSAGES"] = int(exists[1])
        elif flags := PERMANENT.match(line):
            permanent = from_wire(flags[1].split())
        elif gone := VANISHED.match(line):
            since.vanished += runs(gone[1].decode())
        elif b" FETCH " in line:
            fetched.append(parts)
    since.flags = fetch.flags_in(fetched)
    if b"UIDVALIDITY" not in told:
        raise refusal(f"opening the folder {decoded(name)}", "the server tells no UIDVALIDITY")
    if b"UIDNEXT" not in told:
        # Old servers don't tell it at SELECT.
        told[b"UIDNEXT"] = states(session, [name])[0].uidnext
    state = State(told[b"UIDVALIDITY"], told[b"UIDNEXT"], told.get(b"MESSAGES", 0), told.get(b"HIGHESTMODSEQ") or None, permanent)
    return state, since


def open_folder(session: Session, name: str, readonly: bool) -> State:
    (responses, answer), = session.wire.burst([opening(name, readonly)])
    return opened(session, name, responses, answer)[0]


def namespace(session: Session) -> tuple[str, str | None]:
    """Prefix and separator of the user's own folders.

    Asked by LIST where NAMESPACE is not offered, or does not work.
    """
    results = session.proof[1:]
    if not results:
        asked = session.has("NAMESPACE") and session.server.profile not in WITHOUT_NAMESPACE
        results = session.wire.burst([b'LIST "" "INBOX"'] + ([b"NAMESPACE"] if asked else []))
    for parts in results[1][0] if len(results) > 1 else ():
        if parts[0][:12].upper() == b"* NAMESPACE ":
            personal = (values(parts, 12) or [None])[0]
            if personal:
                prefix, separator = personal[0][:2]
                return _as_text(prefix) or "", _as_text(separator)
    for _flags, separator in _rows(results[0][0])[0].values():
        return "", _as_text(separator)
    return "", None


def _checked(answer: Answer, doing: str) -> None:
    if not answer.ok:
        raise refusal(doing, answer.text)


def _as_text(value) -> str | None:
    return None if value is None else bytes(value).decode("latin-1")
