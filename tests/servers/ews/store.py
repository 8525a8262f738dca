# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server serves, to be filled and changed by tests while it runs.

    store = Store(folder)
    store.create_mailbox("anna.berg@example.test")
    store.create_folder("anna.berg@example.test", "Inbox/Projects")
    item = store.add_message("anna.berg@example.test", "inbox", b"Subject: Hello\r\n\r\nHello\r\n", received=datetime(...), read=False)
    store.change(item, read=True, categories=["Red"])
    store.move(item, "anna.berg@example.test", "Inbox/Projects")

Folders are named by their path below the top of the information store ("archive:" before it: of the archive), by a distinguished name
(inbox, archivemsgfolderroot ...) or by what `create_folder` returned. Items are named by their ItemId. Datetimes have a zone.
"""

from __future__ import annotations

import base64
import datetime
import json
import secrets
import typing as t

from lxml import etree

from . import items, schema
from .calendar import completed
from .database import Database
from .mime import moment, properties, text

# (distinguished name, display name, class), children of the one before that is less indented.
TREE = [
    (0, "root", "root", None), (1, "msgfolderroot", "Top of Information Store", "IPF.Note"),
    (2, "inbox", "Inbox", "IPF.Note"), (2, "drafts", "Drafts", "IPF.Note"), (2, "sentitems", "Sent Items", "IPF.Note"),
    (2, "deleteditems", "Deleted Items", "IPF.Note"), (2, "junkemail", "Junk E-mail", "IPF.Note"), (2, "outbox", "Outbox", "IPF.Note"),
    (2, "calendar", "Calendar", "IPF.Appointment"), (2, "contacts", "Contacts", "IPF.Contact"), (2, "tasks", "Tasks", "IPF.Task"),
    (2, "notes", "Notes", "IPF.StickyNote"), (2, "journal", "Journal", "IPF.Journal"),
    (1, "searchfolders", "Finder", None), (1, "recoverableitemsroot", "Recoverable Items", None),
    (2, "recoverableitemsdeletions", "Deletions", None), (2, "recoverableitemsversions", "Versions", None), (2, "recoverableitemspurges", "Purges", None),
]
ARCHIVE = [
    (0, "archiveroot", "root", None), (1, "archivemsgfolderroot", "Top of Information Store", "IPF.Note"),
    (2, "archivedeleteditems", "Deleted Items", "IPF.Note"),
]
PUBLIC = [(0, "publicfoldersroot", "IPM_SUBTREE", None)]
PUBLIC_ADDRESS = "public folders"
KIND_OF_CLASS = {"IPF.Appointment": "CalendarFolder", "IPF.Contact": "ContactsFolder", "IPF.Task": "TasksFolder"}
Folder = t.Union[str, int]


def name_of(kind: str, *numbers: int) -> str:
    """An id as clients see it."""
    return "AAMk" + base64.urlsafe_b64encode(f"{kind}:{':'.join(map(str, numbers))}".encode()).decode()


def numbers_of(ews_id: str) -> tuple[str, list[int]]:
    """The kind and the numbers in an id; ValueError where it is none of ours."""
    if not ews_id.startswith("AAMk"):
        raise ValueError(ews_id)
    kind, *numbers = base64.urlsafe_b64decode(ews_id[4:]).decode("ascii").split(":")
    return kind, [int(number) for number in numbers]


def number(item: str) -> int:
    return numbers_of(item)[1][0]


def now() -> str:
    return moment(datetime.datetime.now(datetime.timezone.utc))


class Store(Database):
    # -- mailboxes and accounts

    def create_mailbox(self, address: str, name: str | None = None, archive: bool = False) -> int:
        with self.transaction():
            mailbox = self.insert("mailbox", address=address.lower(), name=name or address.partition("@")[0])
            self._plant(mailbox, TREE)
            if archive:
                self._plant(mailbox, ARCHIVE)
        return mailbox

    def create_archive(self, address: str) -> None:
        with self.transaction():
            self._plant(self.mailbox(address), ARCHIVE)

    def remove_archive(self, address: str) -> None:
        self.delete_folder(self.folder(address, "archiveroot"))

    def create_public_folders(self) -> int:
        """The tree that every mailbox sees below publicfoldersroot; folders in it are made with PUBLIC_ADDRESS as mailbox."""
        with self.transaction():
            mailbox = self.insert("mailbox", address=PUBLIC_ADDRESS, name=PUBLIC_ADDRESS)
            self._plant(mailbox, PUBLIC)
        return mailbox

    def _plant(self, mailbox: int, tree: list[tuple[int, str, str, str | None]]) -> None:
        above: dict[int, int] = {}
        for depth, distinguished, name, kind in tree:
            above[depth] = self._new_folder(mailbox, above.get(depth - 1), name, kind, distinguished)

    def _new_folder(self, mailbox: int, parent: int | None, name: str, kind: str | None, distinguished: str | None = None) -> int:
        with self.tick() as seq:
            return self.insert("folder", mailbox=mailbox, parent=parent, name=name, distinguished=distinguished, created=seq, changed=seq, committed=now(),
                               **{"class": kind})

    def account(
        self, name: str, password: str, mailbox: str | None = None, impersonates: bool = False, full_access: bool = False, disabled: bool = False,
    ) -> None:
        """Who may log in. `full_access`: opens other mailboxes without impersonation, as Add-MailboxPermission grants it. `disabled`: as that of a
        shared mailbox. An application is an account too, by its client id and its secret."""
        self.run("INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?)", name.lower(), password, mailbox and mailbox.lower(), impersonates, full_access,
                 disabled)

    def end_tokens(self) -> None:
        """What applications were given is not accepted any more, whatever they were told."""
        self.run("DELETE FROM token")

    def set(self, **settings: t.Any) -> None:
        """new_ids_on_move, no_commit_times, token_seconds: see __init__.py. hidden_folders: numbers of those that no client shows."""
        for name, value in settings.items():
            self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, json.dumps(value))

    def setting(self, name: str) -> t.Any:
        found = self.row("SELECT value FROM setting WHERE name = ?", name)
        return found and json.loads(found[0])

    def mailbox(self, address: str) -> int:
        found = self.row("SELECT id FROM mailbox WHERE address = ?", address.lower())
        if not found:
            raise LookupError(f"There is no mailbox {address}.")
        return found[0]

    def set_rules(self, address: str, *rules: str) -> None:
        """Elements t:Rule."""
        self.run("UPDATE mailbox SET rules = ? WHERE id = ?", "".join(self._normal(rule) for rule in rules), self.mailbox(address))

    def set_oof(self, address: str, settings: str) -> None:
        """The element t:OofSettings."""
        self.run("UPDATE mailbox SET oof = ? WHERE id = ?", self._normal(settings), self.mailbox(address))

    def set_delegates(self, address: str, *delegates: str) -> None:
        """Elements t:DelegateUser."""
        self.run("UPDATE mailbox SET delegates = ? WHERE id = ?", json.dumps([self._normal(one) for one in delegates]), self.mailbox(address))

    def set_permissions(self, address: str, folder: str, permissions: str) -> None:
        """The element t:PermissionSet of a folder."""
        self.run("UPDATE folder SET permissions = ? WHERE id = ?", self._normal(permissions), self.folder(address, folder))

    @staticmethod
    def _normal(xml: str) -> str:
        return items.written(items.wrapped("home", xml)[0])

    # -- folders

    def folder(self, address: str, folder: Folder) -> int:
        if isinstance(folder, int):
            return folder
        mailbox = self.mailbox(address)
        found = self.row("SELECT id FROM folder WHERE mailbox = ? AND distinguished = ? AND gone IS NULL", mailbox, folder)
        if found:
            return found[0]
        top = "publicfoldersroot" if address == PUBLIC_ADDRESS else "msgfolderroot"
        if folder.startswith("archive:"):
            top, folder = "archivemsgfolderroot", folder.removeprefix("archive:")
        at = self.rows("SELECT id FROM folder WHERE mailbox = ? AND distinguished = ? AND gone IS NULL", mailbox, top)[0]
        for part in folder.split("/"):
            at = self.row("SELECT id FROM folder WHERE parent = ? AND name = ? COLLATE NOCASE AND gone IS NULL", at[0], part)
            if not at:
                raise LookupError(f"{address} has no folder {folder}.")
        return at[0]

    def create_folder(self, address: str, path: str, kind: str = "IPF.Note", parent: Folder | None = None) -> int:
        """`parent`: where `path` is one name, which may hold a slash then."""
        if parent is None:
            above, _slash, path = path.rpartition("/")
            if not above and path.startswith("archive:"):
                above, path = "archivemsgfolderroot", path.removeprefix("archive:")
            parent = above or ("publicfoldersroot" if address == PUBLIC_ADDRESS else "msgfolderroot")
        return self.new_folder(self.folder(address, parent), path, kind)

    def new_folder(self, parent: int, name: str, kind: str | None) -> int:
        if self.row("SELECT 1 FROM folder WHERE parent = ? AND name = ? COLLATE NOCASE AND gone IS NULL", parent, name):
            raise FileExistsError(name)
        return self._new_folder(self.rows("SELECT mailbox FROM folder WHERE id = ?", parent)[0][0], parent, name, kind)

    def rename_folder(self, folder: int, name: str) -> None:
        with self.tick() as seq:
            self.run("UPDATE folder SET name = ?, changed = ? WHERE id = ?", name, seq, folder)

    def move_folder(self, folder: int, parent: int) -> None:
        with self.tick() as seq:
            self.run("UPDATE folder SET parent = ?, changed = ? WHERE id = ?", parent, seq, folder)

    def delete_folder(self, folder: int) -> None:
        with self.tick() as seq:
            for (below,) in self.rows("SELECT id FROM folder WHERE parent = ? AND gone IS NULL", folder):
                self.delete_folder(below)
            self.run("DELETE FROM item WHERE folder = ?", folder)
            self.run("UPDATE folder SET gone = ?, changed = ? WHERE id = ?", seq, seq, folder)

    def invalidate_sync_states(self, folder: int | None = None) -> None:
        """All that clients hold, or those of a folder's items."""
        if folder is None:
            self.run("UPDATE clock SET epoch = epoch + 1")
        else:
            self.run("UPDATE folder SET epoch = epoch + 1 WHERE id = ?", folder)

    # -- items

    def add_message(
        self, address: str, folder: Folder, mime: bytes, received: datetime.datetime | None = None, *, read: bool = True, categories: t.Iterable[str] = (),
        flag: str = "NotFlagged", verb: int | None = None, draft: bool = False, item_class: str = "IPM.Note", created: datetime.datetime | None = None,
    ) -> str:
        """`flag`: NotFlagged, Flagged, Complete. `verb`: 102 replied, 103 replied to all, 104 forwarded. Returns the ItemId."""
        columns = self.message_columns(mime, item_class) | {
            "received": moment(received) if received else now(), "is_read": read, "is_draft": draft, "verb": verb,
            "categories": categories_of(categories), "flag": items.flag_element(flag),
        }
        if created:
            columns["created"] = moment(created)
        return self._add(self.folder(address, folder), columns, (), mime)

    @staticmethod
    def message_columns(mime: bytes, item_class: str = "IPM.Note") -> dict[str, t.Any]:
        xml = "".join(properties(mime).values())
        element = schema.element_of(item_class)
        head = mime[:4000].lower()
        return {"element": element, "class": item_class, "xml": xml, "size": estimate(len(mime)), "attached": b"multipart/mixed" in head,
                **items.shown(xml, element)}

    def add_item(self, address: str, folder: Folder, xml: str | etree._Element, occurrences: t.Iterable[str] = ()) -> str:
        """An item as CreateItem takes it, such as <t:CalendarItem>...; `occurrences` are t:CalendarItem that differ from their series: each has
        OriginalStart and those properties that differ. Returns the ItemId."""
        if isinstance(xml, str):
            xml = items.wrapped("home", xml)[0]
        into = self.folder(address, folder)
        parts = items.taken_apart(xml)
        columns = parts.columns
        if columns["element"] == "CalendarItem":
            columns["xml"] = completed(columns["xml"], self.owner(into), [self._normal(one) for one in occurrences])
        size = len(columns["xml"]) + sum(len(data) for _xml, data in parts.attachments) + len(parts.mime or b"")
        return self._add(into, {"size": estimate(size), **columns}, parts.attachments, parts.mime)

    def owner(self, folder: int) -> str:
        return self.rows("SELECT address FROM mailbox JOIN folder ON folder.mailbox = mailbox.id WHERE folder.id = ?", folder)[0][0]

    def _add(self, folder: int, columns: dict[str, t.Any], attachments: t.Iterable[tuple[str, bytes]], mime: bytes | None) -> str:
        at = now()
        columns = {"received": at, "created": at, "modified": at, "search_key": base64.b64encode(secrets.token_bytes(16)).decode(), **columns}
        with self.tick() as seq:
            item = self.insert("item", folder=folder, entered=seq, touched=seq, changed=seq, **columns)
            if mime:
                self.insert("mime", item=item, data=mime)
            for xml, data in attachments:
                self.insert("attachment", item=item, xml=xml, data=data)
            self.committed(folder)
        return name_of("item", item)

    def committed(self, folder: int) -> None:
        self.run("UPDATE folder SET committed = ? WHERE id = ?", now(), folder)

    def change(self, item: str, **changes: t.Any) -> None:
        """read, draft, categories, flag, verb, subject as add_message takes them, or a column by its name."""
        columns = dict(changes)
        for given, column in (("read", "is_read"), ("draft", "is_draft")):
            if given in columns:
                columns[column] = columns.pop(given)
        if "categories" in columns:
            columns["categories"] = categories_of(columns["categories"])
        if "flag" in columns:
            columns["flag"] = items.flag_element(columns["flag"])
        if "subject" in columns:
            row = self.rows("SELECT element, xml FROM item WHERE id = ?", number(item))[0]
            columns["xml"] = replaced(row["element"], row["xml"], "Subject", f"<t:Subject>{text(columns['subject'])}</t:Subject>")
        self.update(number(item), columns)

    def update(self, item: int, columns: dict[str, t.Any]) -> None:
        """A read flag alone is no change of the item to those who follow it."""
        with self.tick() as seq:
            if set(columns) != {"is_read"}:
                columns = {"modified": now(), **columns, "touched": seq}
            columns["changed"] = seq
            self.run(f"UPDATE item SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?", *columns.values(), item)
            self.run("UPDATE folder SET committed = ? WHERE id = (SELECT folder FROM item WHERE id = ?)", now(), item)

    def move(self, item: str, address: str, folder: Folder) -> str:
        return name_of("item", self.move_item(number(item), self.folder(address, folder)))

    def move_item(self, item: int, folder: int) -> int:
        """It keeps its id unless the setting new_ids_on_move says otherwise."""
        with self.tick() as seq:
            self._bury("id = ?", item, seq)
            new = item
            if self.setting("new_ids_on_move"):
                new = self.rows("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'item' RETURNING seq")[0][0]
            self.run("UPDATE item SET id = ?, folder = ?, entered = ?, touched = ?, changed = ?, uid = NULL WHERE id = ?", new, folder, seq, seq, seq, item)
            self.committed(folder)
        return new

    def copy_item(self, item: int, folder: int) -> int:
        row = dict(self.rows("SELECT * FROM item WHERE id = ?", item)[0])
        for name in ("id", "folder", "entered", "touched", "changed", "uid"):
            del row[name]
        attachments = [(one["xml"], one["data"]) for one in self.rows("SELECT xml, data FROM attachment WHERE item = ?", item)]
        mime = self.row("SELECT data FROM mime WHERE item = ?", item)
        return number(self._add(folder, row, attachments, mime and mime[0]))

    def delete(self, item: str) -> None:
        self.delete_items("id = ?", number(item))

    def delete_items(self, where: str, value: t.Any) -> None:
        with self.tick() as seq:
            self._bury(where, value, seq)
            self.run(f"DELETE FROM item WHERE {where}", value)

    def _bury(self, where: str, value: t.Any, seq: int) -> None:
        self.run(f"INSERT INTO tombstone SELECT folder, id, entered, {seq} FROM item WHERE {where}", value)
        self.run(f"UPDATE folder SET committed = ? WHERE id IN (SELECT folder FROM item WHERE {where})", now(), value)

    def trouble(self, item: str, kind: str | None) -> None:
        """What GetItem does with it: a response code such as ErrorItemCorrupt or ErrorMimeContentConversionFailed, "empty" or "bad base64" as its
        MimeContent, "delete" to lose it at that moment, "move 7" to find it in the folder of that number from then on, "attachments ErrorItemCorrupt" for
        what GetAttachment says, "empty, attachments ErrorItemCorrupt" for both; None: nothing."""
        self.run("UPDATE item SET trouble = ? WHERE id = ?", kind, number(item))

    def items(self, address: str, folder: Folder) -> list[str]:
        return [name_of("item", row[0]) for row in self.rows("SELECT id FROM item WHERE folder = ? ORDER BY entered", self.folder(address, folder))]


def estimate(size: int) -> int:
    """Exchange counts properties, not the bytes of a MIME that it makes only when asked."""
    return size + 700 + size // 50


def categories_of(names: t.Iterable[str]) -> str:
    return "".join(f"<t:String>{text(name)}</t:String>" for name in names)


def replaced(element: str, inner: str, name: str, xml: str) -> str:
    """The inner XML of an item with another value of one property; an empty one removes it."""
    item = items.wrapped(element, inner)
    kept = "".join(items.written(child) for child in item if items.name(child) != name)
    return kept + xml
