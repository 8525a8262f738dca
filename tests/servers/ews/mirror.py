# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes whose mail is that of a Dovecot: looked at before each request, at most once a second, and read from there.

A message that moves in IMAP is another message there; its PR_SEARCH_KEY stays the same here, as Exchange keeps it.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import imaplib
import re
import sqlite3
import time
import typing as t

from . import items, mime
from .store import Store, categories_of, estimate

FIELDS = "SUBJECT MESSAGE-ID FROM SENDER TO CC DATE IN-REPLY-TO REFERENCES CONTENT-TYPE"
WELL_KNOWN = {"INBOX": "inbox", "Sent": "sentitems", "Sent Items": "sentitems", "Drafts": "drafts", "Trash": "deleteditems", "Deleted Items": "deleteditems",
              "Junk": "junkemail", "Junk E-mail": "junkemail"}
LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?P<separator>[^"]*)"|NIL) (?P<name>.*)')
T = t.TypeVar("T")
REFRESH_EVERY = 1.0
BATCH = 500


@dataclasses.dataclass(frozen=True)
class Dovecot:
    """`login` names the mailbox by {mailbox}, the part before the @, or by {address}, and the administrator by {admin}. Only addresses in
    `domain` are looked up there, if it is given."""

    host: str
    port: int
    admin: str
    password: str = dataclasses.field(repr=False)
    login: str = "{mailbox}*{admin}"
    domain: str | None = None


class Mirror:
    """For one connection of a client."""

    def __init__(self, store: Store, dovecot: Dovecot) -> None:
        self._store, self._dovecot = store, dovecot
        self._address: str | None = None
        self._client: imaplib.IMAP4 | None = None
        self._selected: str | None = None
        self._uidvalidity = 0

    def close(self) -> None:
        if self._client:
            self._client.shutdown()
            self._client = None

    def _open(self, address: str) -> imaplib.IMAP4:
        if self._client and self._address == address:
            return self._client
        self.close()
        client = imaplib.IMAP4(self._dovecot.host, self._dovecot.port)
        client.login(self._dovecot.login.format(mailbox=address.partition("@")[0], address=address, admin=self._dovecot.admin), self._dovecot.password)
        self._address, self._client, self._selected = address, client, None
        return client

    def adopt(self, address: str) -> None:
        """Makes the mailbox here if Dovecot has it."""
        if self._dovecot.domain and not address.endswith(f"@{self._dovecot.domain}"):
            return
        try:
            self._open(address)
        except imaplib.IMAP4.error:
            return
        with self._store.transaction():
            if not self._store.row("SELECT 1 FROM mailbox WHERE address = ?", address):
                self._store.create_mailbox(address)

    def refresh(self, mailbox: int) -> None:
        """In one transaction, so that a second process waits for the whole."""
        seen, address = self._store.rows("SELECT refreshed, address FROM mailbox WHERE id = ?", mailbox)[0]
        if seen > time.time() - REFRESH_EVERY or "@" not in address:
            return

        def look() -> None:
            with self._store.transaction():
                if self._store.rows("SELECT refreshed FROM mailbox WHERE id = ?", mailbox)[0][0] == seen:
                    self._folders(mailbox, self._open(address))
                    self._store.run("UPDATE mailbox SET refreshed = ? WHERE id = ?", time.time(), mailbox)

        self._again(look)

    def _again(self, work: t.Callable[[], T]) -> T:
        """Once more on a new connection where Dovecot ends the old one or cannot go on, as when a folder was repaired."""
        try:
            return work()
        except imaplib.IMAP4.abort:
            self.close()
            return work()

    def _folders(self, mailbox: int, client: imaplib.IMAP4) -> None:
        self._leave(client)
        listed = {}
        for line in client.list()[1]:
            flags, separator, name = LISTED.match(line).group("flags", "separator", "name")
            if name.startswith(b'"'):
                name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
            listed[name.decode()] = (separator or b"/").decode(), b"\\Noselect" in flags or b"\\NonExistent" in flags
        known = {row["path"]: row for row in self._store.rows("SELECT * FROM folder WHERE mailbox = ? AND path IS NOT NULL AND gone IS NULL", mailbox)}
        states = {path: _status(client, path) for path, (_separator, empty) in listed.items() if not empty}
        renamed = self._renamed(known, states)
        for path in sorted(listed):
            if path not in known:
                self._appeared(mailbox, path, listed[path][0], states.get(path), renamed)
        for path in known.keys() - listed.keys():
            if known[path]["distinguished"]:
                self._store.delete_items("folder = ?", known[path]["id"])
                self._store.run("UPDATE folder SET path = NULL WHERE id = ?", known[path]["id"])
            else:
                self._store.delete_folder(known[path]["id"])
        for row in self._store.rows("SELECT * FROM folder WHERE mailbox = ? AND path IS NOT NULL AND gone IS NULL", mailbox):
            if state := states.get(row["path"]):
                self._messages(row, state, client)
        self._leave(client)

    def _renamed(self, known: dict[str, sqlite3.Row], states: dict[str, dict[str, int]]) -> dict[int, int]:
        """UIDVALIDITY -> folder, of those that have another name now; taken out of `known`, since another folder may have their old name."""
        found = {}
        there = {state["UIDVALIDITY"] for state in states.values()}
        for path, row in list(known.items()):
            stayed = path in states and states[path]["UIDVALIDITY"] == row["uidvalidity"]
            if not stayed and not row["distinguished"] and row["uidvalidity"] in there:
                found[row["uidvalidity"]] = known.pop(path)["id"]
                # Its name is free for another one at once.
                self._store.rename_folder(row["id"], f"folder {row['id']}")
        return found

    def _leave(self, client: imaplib.IMAP4) -> None:
        """Of a selected folder Dovecot's STATUS tells only what this session has seen of it."""
        if client.state == "SELECTED":
            _ok(client.unselect())
            self._selected = None

    def _appeared(self, mailbox: int, path: str, separator: str, state: dict[str, int] | None, renamed: dict[int, int]) -> None:
        above, _separator, name = path.rpartition(separator)
        parent = self._store.rows("SELECT id FROM folder WHERE mailbox = ? AND path = ? AND gone IS NULL", mailbox, above) if above else []
        if not parent:
            parent = self._store.rows("SELECT id FROM folder WHERE mailbox = ? AND distinguished = 'msgfolderroot'", mailbox)
        shown = _decoded(name)
        if state and state["UIDVALIDITY"] in renamed:
            folder = renamed.pop(state["UIDVALIDITY"])
            self._store.rename_folder(folder, shown)
            self._store.move_folder(folder, parent[0][0])
        elif not above and path in WELL_KNOWN:
            folder = self._store.rows("SELECT id FROM folder WHERE mailbox = ? AND distinguished = ?", mailbox, WELL_KNOWN[path])[0][0]
        else:
            try:
                folder = self._store.new_folder(parent[0][0], shown, "IPF.Note")
            except FileExistsError:
                # Dovecot tells names apart by case, Exchange does not.
                folder = self._store.new_folder(parent[0][0], f"{shown} ({state['UIDVALIDITY'] if state else 0})", "IPF.Note")
        self._store.run("UPDATE folder SET path = ? WHERE id = ?", path, folder)

    def _messages(self, row: sqlite3.Row, state: dict[str, int], client: imaplib.IMAP4) -> None:
        have = self._store.rows("SELECT count(*) FROM item WHERE folder = ? AND uid IS NOT NULL", row["id"])[0][0]
        if (row["uidvalidity"], row["uidnext"], row["modseq"], have) == (state["UIDVALIDITY"], state["UIDNEXT"], state["HIGHESTMODSEQ"], state["MESSAGES"]):
            return
        first = row["uidnext"] or 1
        if row["uidvalidity"] not in (None, state["UIDVALIDITY"]):
            self._store.delete_items("folder = ?", row["id"])
            first = 1
        self._select(client, row["path"])
        uids = [int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()]
        if first > 1:
            self._vanished(row["id"], set(uids))
            self._flags(row["id"], client.uid("FETCH", f"1:{first - 1}", f"(FLAGS) (CHANGEDSINCE {row['modseq']})")[1])
        new = [uid for uid in uids if uid >= first]
        for start in range(0, len(new), BATCH):
            part = ",".join(map(str, new[start:start + BATCH]))
            for answer in client.uid("FETCH", part, f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({FIELDS})])")[1]:
                if isinstance(answer, tuple):
                    self._arrived(row["id"], answer[0], answer[1])
        self._store.run("UPDATE folder SET uidvalidity = ?, uidnext = ?, modseq = ? WHERE id = ?",
                        state["UIDVALIDITY"], max([first, *(uid + 1 for uid in new)]), state["HIGHESTMODSEQ"], row["id"])

    def _select(self, client: imaplib.IMAP4, path: str) -> int:
        """The folder's UIDVALIDITY."""
        if self._selected != path or client.state != "SELECTED":
            _ok(client.select(_quoted(path), readonly=True))
            self._selected, self._uidvalidity = path, int(client.response("UIDVALIDITY")[1][-1])
        else:
            client.noop()
        return self._uidvalidity

    def _vanished(self, folder: int, uids: set[int]) -> None:
        for row in self._store.rows("SELECT id, uid FROM item WHERE folder = ?", folder):
            if row["uid"] is not None and row["uid"] not in uids:
                self._store.delete_items("id = ?", row["id"])

    def _flags(self, folder: int, answers: list[t.Any]) -> None:
        for answer in answers:
            found = answer and re.search(rb"UID (\d+)", answer)
            row = found and self._store.row("SELECT * FROM item WHERE folder = ? AND uid = ?", folder, int(found[1]))
            if row:
                new = {name: value for name, value in marks(answer).items() if value != row[name]}
                if new:
                    self._store.update(row["id"], new)

    def _arrived(self, folder: int, data: bytes, head: bytes) -> None:
        uid, size = (int(re.search(name + rb" (\d+)", data)[1]) for name in (rb"UID", rb"RFC822\.SIZE"))
        received = mime.moment(datetime.datetime.fromtimestamp(time.mktime(imaplib.Internaldate2tuple(data)), datetime.timezone.utc))
        xml = "".join(mime.properties(head).values())
        same = hashlib.md5(b"%s %d %s" % (received.encode(), size, head), usedforsecurity=False).digest()
        with self._store.tick() as seq:
            self._store.insert(
                "item", folder=folder, element="Message", xml=xml, received=received, created=received, modified=received, size=estimate(size), uid=uid,
                search_key=base64.b64encode(same).decode(), attached=b"multipart/mixed" in head.lower(), entered=seq, touched=seq, changed=seq,
                **{"class": "IPM.Note"}, **marks(data), **items.shown(xml, "Message"))
            self._store.committed(folder)

    def read(self, rows: list[sqlite3.Row]) -> dict[int, bytes]:
        """What has vanished meanwhile is not in the result."""
        try:
            return self._read(rows)
        except imaplib.IMAP4.abort:
            self.close()
            # A folder may have another name by now, or its name another folder.
            for mailbox in {row["mailbox"] for row in rows}:
                self._store.run("UPDATE mailbox SET refreshed = 0 WHERE id = ?", mailbox)
                self.refresh(mailbox)
            return self._read([now for row in rows for now in self._store.rows("SELECT * FROM item WHERE id = ?", row["id"])])

    def _read(self, rows: list[sqlite3.Row]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for folder in {row["folder"] for row in rows}:
            path, uidvalidity, address = self._store.rows(
                "SELECT path, uidvalidity, address FROM folder JOIN mailbox ON mailbox.id = folder.mailbox WHERE folder.id = ?", folder)[0]
            if path is None:
                continue
            client = self._open(address)
            if self._select(client, path) != uidvalidity:
                raise imaplib.IMAP4.abort(f"{path} is another folder than it was")
            ids = {row["uid"]: row["id"] for row in rows if row["folder"] == folder}
            for answer in client.uid("FETCH", ",".join(map(str, ids)), "(UID BODY.PEEK[])")[1]:
                if isinstance(answer, tuple):
                    found[ids[int(re.search(rb"UID (\d+)", answer[0])[1])]] = answer[1]
        return found


def marks(data: bytes) -> dict[str, t.Any]:
    """Flags of IMAP as columns of an item."""
    flags = re.search(rb"FLAGS \(([^)]*)\)", data)[1].decode().split()
    categories = [flag for flag in flags if not flag.startswith("\\") and flag != "$Forwarded"]
    return {
        "is_read": int("\\Seen" in flags), "is_draft": int("\\Draft" in flags), "flag": items.flag_element("Flagged" if "\\Flagged" in flags else "NotFlagged"),
        "verb": 104 if "$Forwarded" in flags else 102 if "\\Answered" in flags else None, "categories": categories_of(categories),
    }


def _ok(answer: tuple[str, list[t.Any]]) -> list[t.Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.abort(f"Dovecot refused: {answer[1]}")
    return answer[1]


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _status(client: imaplib.IMAP4, path: str) -> dict[str, int]:
    answer = _ok(client.status(_quoted(path), "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"))[0]
    return {name.decode(): int(value) for name, value in re.findall(rb"(MESSAGES|UIDNEXT|UIDVALIDITY|HIGHESTMODSEQ) (\d+)", answer)}


def _decoded(name: str) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3)."""
    return re.sub("&([^-]*)-", lambda found: base64.b64decode(found[1].replace(",", "/") + "===").decode("utf-16-be") if found[1] else "&", name)
