# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes items and folders."""

from __future__ import annotations

import typing as t

from lxml import etree

from . import items, shapes
from .calendar import completed
from .call import Call
from .schema import CLASSES, MAIL, M, T, element_name
from .shapes import Failure
from .store import KIND_OF_CLASS, estimate, name_of, number, replaced

CLASS_OF_KIND = {element: kind for kind, element in KIND_OF_CLASS.items()}
HOMES = {"CalendarItem": "calendar", "Contact": "contacts", "DistributionList": "contacts", "Task": "tasks"}
# PR_MESSAGE_FLAGS and MSGFLAG_UNSENT (MS-OXCMSG 2.2.1.6): how a client creates a message that is no draft.
MESSAGE_FLAGS, UNSENT = 0x0E07, 8


def shown(call: Call, item: int) -> str:
    row = call.item(name_of("item", item))
    return f"<m:Items><t:{row['element']}>{shapes.item_id(row)}</t:{row['element']}></m:Items>"


def create_item(call: Call) -> str:
    into = call.request.find(f"{M}SavedItemFolderId")

    def work(given: etree._Element) -> str:
        element = items.name(given)
        if into is not None:
            folder = call.folder(into[0])["id"]
        else:
            home = HOMES.get(element) or ("sentitems" if call.request.get("MessageDisposition") == "SendAndSaveCopy" else "drafts")
            folder = call.folder(etree.Element(f"{T}DistinguishedFolderId", Id=home))["id"]
        try:
            name = call.store.add_item(call.store.owner(folder), folder, given)
        except ValueError as error:
            raise Failure("ErrorInvalidPropertySet", str(error)) from error
        if element in MAIL and element != "PostItem" and call.request.get("MessageDisposition") in (None, "SaveOnly"):
            flags = next((int(extra[1].text) for extra in given.iterfind(f"{T}ExtendedProperty") if items.tag_of(extra[0]) == MESSAGE_FLAGS), UNSENT)
            call.store.run("UPDATE item SET is_draft = ? WHERE id = ?", bool(flags & UNSENT), number(name))
        return shown(call, number(name))

    return call.each(call.request.find(f"{M}Items"), work, "<m:Items/>")


def update_item(call: Call) -> str:
    def work(change: etree._Element) -> str:
        given = change.find(f"{T}ItemId")
        if given is None:
            raise Failure("ErrorInvalidOperation", "Single occurrences cannot be changed here.")
        row = call.item(given.get("Id", ""))
        columns: dict[str, t.Any] = {}
        inner = row["xml"]
        for update in change.find(f"{T}Updates"):
            inner = _update(row["element"], inner, columns, update)
        if inner != row["xml"]:
            if row["element"] == "CalendarItem":
                for name in ("CalendarItemType", "IsRecurring", "IsMeeting", "AppointmentState"):
                    inner = replaced("CalendarItem", inner, name, "")
                inner = completed(inner, call.store.owner(row["folder"]), [])
            columns |= {"xml": inner, "size": estimate(len(inner)) if row["element"] not in MAIL else row["size"], **items.shown(inner, row["element"])}
        if columns:
            call.store.update(row["id"], columns)
        return shown(call, row["id"]) + "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"

    return call.each(call.request.find(f"{M}ItemChanges"), work, "<m:Items/>")


def _update(element: str, inner: str, columns: dict[str, t.Any], update: etree._Element) -> str:
    """Sets, appends to or deletes one property; `columns` gets what is kept outside of the XML."""
    path, delete = update[0], items.name(update) == "DeleteItemField"
    given = None if delete else update[1]
    if path.tag == f"{T}ExtendedFieldURI":
        return _update_extended(element, inner, columns, path, given)
    name = element_name(path.get("FieldURI", ""))
    child = None if given is None else given[0]
    if name in items.OWN:
        parts = items.taken_apart(given if given is not None else items.wrapped(element, ""))
        changed = {"IsRead": ("is_read", True), "Categories": ("categories", ""), "Flag": ("flag", ""), "ItemClass": ("class", CLASSES[element]),
                   "IsDraft": ("is_draft", False)}
        if name not in changed:
            raise Failure("ErrorInvalidPropertySet", f"{name} is read-only.")
        column, nothing = changed[name]
        columns[column] = parts.columns.get(column, nothing)
        if name == "Flag" and "NotFlagged" in columns["flag"]:
            columns["flag"] = ""
        return inner
    if path.tag == f"{T}IndexedFieldURI":
        return _update_entry(element, inner, name, path.get("FieldIndex", ""), child)
    return replaced(element, inner, name, "" if child is None else items.written(child))


def _update_entry(element: str, inner: str, name: str, index: str, child: etree._Element | None) -> str:
    """One entry of a dictionary, such as the second e-mail address."""
    had = items.wrapped(element, inner).find(f"{T}{name}")
    entries = {} if had is None else {entry.get("Key"): items.written(entry) for entry in had}
    entries.pop(index, None)
    if child is not None:
        entries[index] = items.written(child[0])
    return replaced(element, inner, name, f"<t:{name}>{''.join(entries.values())}</t:{name}>" if entries else "")


def _update_extended(element: str, inner: str, columns: dict[str, t.Any], path: etree._Element, given: etree._Element | None) -> str:
    wanted = shapes.key_of(path)
    if given is not None:
        columns |= {name: value for name, value in items.taken_apart(given).columns.items() if name in ("verb", "search_key", "flag")}
        if items.tag_of(path) in shapes.FAST_EXTENDED:
            return inner
    kept = "".join(
        items.written(child) for child in items.wrapped(element, inner) if items.name(child) != "ExtendedProperty" or shapes.key_of(child[0]) != wanted)
    return kept + ("" if given is None else items.written(given[0]))


def _target(call: Call) -> int:
    return call.folder(call.request.find(f"{M}ToFolderId")[0])["id"]


def move_item(call: Call) -> str:
    def work(given: etree._Element) -> str:
        return shown(call, call.store.move_item(call.item(given.get("Id", ""))["id"], _target(call)))

    return call.each(call.request.find(f"{M}ItemIds"), work, "<m:Items/>")


def copy_item(call: Call) -> str:
    def work(given: etree._Element) -> str:
        return shown(call, call.store.copy_item(call.item(given.get("Id", ""))["id"], _target(call)))

    return call.each(call.request.find(f"{M}ItemIds"), work, "<m:Items/>")


def delete_item(call: Call) -> str:
    bins = {"MoveToDeletedItems": "deleteditems", "SoftDelete": "recoverableitemsdeletions"}

    def work(given: etree._Element) -> str:
        row = call.item(given.get("Id", ""))
        if bin_name := bins.get(call.request.get("DeleteType", "")):
            call.store.move_item(row["id"], call.store.folder(call.store.owner(row["folder"]), bin_name))
        else:
            call.store.delete_items("id = ?", row["id"])
        return ""

    return call.each(call.request.find(f"{M}ItemIds"), work)


def create_attachment(call: Call) -> str:
    row = call.item(call.request.find(f"{M}ParentItemId").get("Id", ""))

    def work(given: etree._Element) -> str:
        xml, data = items.attachment(given)
        made = call.store.insert("attachment", item=row["id"], xml=xml, data=data)
        call.store.update(row["id"], {"attached": 1})
        root = call.item(name_of("item", row["id"]))
        ids = (f'<t:AttachmentId Id="{name_of("attachment", made)}" RootItemId="{name_of("item", row["id"])}" '
               f'RootItemChangeKey="{shapes.key(root["touched"])}"/>')
        tag = items.name(given)
        return f"<m:Attachments><t:{tag}>{ids}</t:{tag}></m:Attachments>"

    return call.each(call.request.find(f"{M}Attachments"), work, "<m:Attachments/>")


def _folder_shown(call: Call, folder: int) -> str:
    row = call.store.rows("SELECT * FROM folder WHERE id = ?", folder)[0]
    element = KIND_OF_CLASS.get(row["class"], "Folder")
    return f"<m:Folders><t:{element}>{shapes.folder_id(row)}</t:{element}></m:Folders>"


def create_folder(call: Call) -> str:
    parent = call.folder(call.request.find(f"{M}ParentFolderId")[0])

    def work(given: etree._Element) -> str:
        kind = given.findtext(f"{T}FolderClass") or CLASS_OF_KIND.get(items.name(given), "IPF.Note")
        try:
            return _folder_shown(call, call.store.new_folder(parent["id"], given.findtext(f"{T}DisplayName") or "", kind))
        except FileExistsError as error:
            raise Failure("ErrorFolderExists", "A folder with the specified name already exists.") from error

    return call.each(call.request.find(f"{M}Folders"), work)


def update_folder(call: Call) -> str:
    def work(change: etree._Element) -> str:
        row = call.folder(change[0])
        for name in change.iterfind(f"{T}Updates/{T}SetFolderField//{T}DisplayName"):
            if row["distinguished"]:
                raise Failure("ErrorInvalidOperation", "The name of a default folder cannot be changed.")
            call.store.rename_folder(row["id"], name.text or "")
        return _folder_shown(call, row["id"])

    return call.each(call.request.find(f"{M}FolderChanges"), work)


def move_folder(call: Call) -> str:
    def work(given: etree._Element) -> str:
        row = call.folder(given)
        call.store.move_folder(row["id"], _target(call))
        return _folder_shown(call, row["id"])

    return call.each(call.request.find(f"{M}FolderIds"), work)


def delete_folder(call: Call) -> str:
    def work(given: etree._Element) -> str:
        row = call.folder(given)
        if row["distinguished"]:
            raise Failure("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        if call.request.get("DeleteType") == "MoveToDeletedItems":
            call.store.move_folder(row["id"], call.store.folder(call.store.owner(row["id"]), "deleteditems"))
        else:
            call.store.delete_folder(row["id"])
        return ""

    return call.each(call.request.find(f"{M}FolderIds"), work)
