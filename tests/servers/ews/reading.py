# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetFolder, FindFolder, FindItem, GetItem, GetAttachment."""

from __future__ import annotations

import binascii
import sqlite3
import typing as t

from lxml import etree

from . import calendar, items, mime, schema, shapes
from .call import NOT_FOUND, Call
from .calendar import utc
from .schema import M, T
from .shapes import Failure, shape_of
from .store import name_of, numbers_of

ITEM_COLUMNS = {
    "item:Subject": "subject", "item:DateTimeReceived": "received", "item:DateTimeCreated": "created", "item:LastModifiedTime": "modified",
    "item:ItemClass": "class", "item:Size": "size", "message:IsRead": "is_read", "message:InternetMessageId": "message_id", "item:IsDraft": "is_draft",
    "item:HasAttachments": "attached",
}
FOLDER_COLUMNS = {"folder:DisplayName": "name", "folder:FolderClass": "class"}
LARGEST_PAGE = 1000
# An item that can't be made a message may have properties all the same.
ABOUT_MIME = ("ErrorMimeContentConversionFailed", "ErrorContentConversionFailed")


def get_folder(call: Call) -> str:
    shape = shape_of(call.request, "FolderShape", call.version.schema)

    def work(given: etree._Element) -> str:
        row = call.folder(given)
        call.fresh(row["mailbox"])
        return f"<m:Folders>{shapes.folder(call.store, row, shape)}</m:Folders>"

    return call.each(call.request.find(f"{M}FolderIds"), work)


def below(call: Call, folder: int) -> list[sqlite3.Row]:
    """All folders under it, in any depth."""
    return call.store.rows(
        "WITH RECURSIVE tree (id) AS (SELECT id FROM folder WHERE parent = ? AND gone IS NULL "
        "UNION ALL SELECT folder.id FROM folder JOIN tree ON folder.parent = tree.id WHERE gone IS NULL) "
        "SELECT * FROM folder WHERE id IN (SELECT id FROM tree) ORDER BY id", folder)


def find_folder(call: Call) -> str:
    shape = shape_of(call.request, "FolderShape", call.version.schema)
    deep = call.request.get("Traversal") == "Deep"

    def work(given: etree._Element) -> str:
        row = call.folder(given)
        call.fresh(row["mailbox"])
        if deep and call.is_public(row):
            raise Failure("ErrorInvalidOperation", "Deep traversal queries are not allowed on public folders.")
        found = below(call, row["id"]) if deep else call.store.rows("SELECT * FROM folder WHERE parent = ? AND gone IS NULL ORDER BY id", row["id"])
        found = filtered(found, call.request, FOLDER_COLUMNS)
        page, attributes = paged(call.request, "IndexedPageFolderView", len(found), lambda start, count: found[start:start + count])
        return f"<m:RootFolder {attributes}><t:Folders>{''.join(shapes.folder(call.store, one, shape) for one in page)}</t:Folders></m:RootFolder>"

    return call.each(call.request.find(f"{M}ParentFolderIds"), work)


def find_item(call: Call) -> str:
    shape = shape_of(call.request, "ItemShape", call.version.schema)
    render = shapes.Items(call.store, shape, call.version.schema).one
    if call.request.find(f"{M}CalendarView") is not None:
        raise Failure("ErrorInvalidOperation", "This server does not expand recurring events.")
    order = ", ".join(
        f"{column(by[0], ITEM_COLUMNS)} {'DESC' if by.get('Order') == 'Descending' else 'ASC'}" for by in call.request.iterfind(f"{M}SortOrder/{T}FieldOrder")
    ) or "id DESC"

    def work(given: etree._Element) -> str:
        row = call.folder(given)
        call.fresh(row["mailbox"])
        if call.request.find(f"{M}Restriction") is None:
            total = call.store.rows("SELECT count(*) FROM item WHERE folder = ?", row["id"])[0][0]

            def cut(start: int, count: int) -> list[sqlite3.Row]:
                return call.store.rows(f"SELECT * FROM item WHERE folder = ? ORDER BY {order} LIMIT ? OFFSET ?", row["id"], count, start)
        else:
            found = filtered(call.store.rows(f"SELECT * FROM item WHERE folder = ? ORDER BY {order}", row["id"]), call.request, ITEM_COLUMNS)
            total = len(found)

            def cut(start: int, count: int) -> list[sqlite3.Row]:
                return found[start:start + count]
        page, attributes = paged(call.request, "IndexedPageItemView", total, cut)
        return f"<m:RootFolder {attributes}><t:Items>{''.join(map(render, page))}</t:Items></m:RootFolder>"

    return call.each(call.request.find(f"{M}ParentFolderIds"), work)


def paged(request: etree._Element, view: str, total: int, cut: t.Callable[[int, int], list[sqlite3.Row]]) -> tuple[list[sqlite3.Row], str]:
    """The page that is asked for, and the attributes that say which it is."""
    given = request.find(f"{M}{view}")
    start, most = 0, LARGEST_PAGE
    if given is not None:
        start, most = int(given.get("Offset", "0")), min(int(given.get("MaxEntriesReturned", LARGEST_PAGE)), LARGEST_PAGE)
        if given.get("BasePoint") == "End":
            start = max(0, total - start - most)
    page = cut(start, most)
    end = start + len(page)
    return page, f'IndexedPagingOffset="{end}" TotalItemsInView="{total}" IncludesLastItemInRange="{"true" if end >= total else "false"}"'


def column(path: etree._Element, columns: dict[str, str]) -> str:
    uri = path.get("FieldURI", "")
    if uri not in columns:
        raise Failure("ErrorUnsupportedPathForQuery", f"The property {uri} cannot be used in a query here.")
    return columns[uri]


def filtered(rows: list[sqlite3.Row], request: etree._Element, columns: dict[str, str]) -> list[sqlite3.Row]:
    restriction = request.find(f"{M}Restriction")
    return rows if restriction is None else [row for row in rows if matches(restriction[0], row, columns)]


def matches(test: etree._Element, row: sqlite3.Row, columns: dict[str, str]) -> bool:
    """A search expression of MS-OXWSSRCH, without bit masks."""
    kind = etree.QName(test).localname
    if kind in ("And", "Or", "Not"):
        answers = [matches(inner, row, columns) for inner in test]
        return all(answers) if kind == "And" else any(answers) if kind == "Or" else not answers[0]
    if test[0].tag == f"{T}ExtendedFieldURI" and items.tag_of(test[0]) in shapes.FAST_EXTENDED:
        value = shapes.FAST_EXTENDED[t.cast(int, items.tag_of(test[0]))](row)
    else:
        value = row[column(test[0], columns)]
    if kind == "Exists":
        return value is not None
    wanted = test.find(f".//{T}Constant")
    other: t.Any = (wanted.get("Value") if wanted is not None else "") or ""
    if kind == "Contains":
        return other.lower() in str(value or "").lower()
    if value is None:
        return kind == "IsNotEqualTo"
    if isinstance(value, int):
        other = {"true": 1, "false": 0}.get(other.lower()) if other.lower() in ("true", "false") else int(other)
    elif test[0].get("FieldURI", "").startswith(("item:DateTime", "item:LastModified")):
        other = utc(other)
    else:
        value, other = value.lower(), other.lower()
    compared = {"IsEqualTo": value == other, "IsNotEqualTo": value != other, "IsGreaterThan": value > other, "IsGreaterThanOrEqualTo": value >= other,
                "IsLessThan": value < other, "IsLessThanOrEqualTo": value <= other}
    return compared[kind]


def get_item(call: Call) -> str:
    shape = shape_of(call.request, "ItemShape", call.version.schema)
    names = [given.get("Id", "") for given in call.request.find(f"{M}ItemIds")]
    found: dict[str, sqlite3.Row | dict[str, t.Any] | Failure] = {}
    for name in names:
        try:
            found[name] = _wanted(call, name, shape.mime)
        except Failure as failure:
            found[name] = failure
    rows = [row for row in found.values() if isinstance(row, sqlite3.Row) and row["element"] in schema.MAIL]
    asked = rows if shape.mime or shape.base == "AllProperties" or shape.names & schema.ONLY_GET_ITEM else []
    read = _contents(call, asked) if asked else {}
    # Never composed from what is remembered: the item that is listed and the one that is read are the same in Exchange.
    gone = {row["id"] for row in asked if call.mirror and row["uid"] is not None} - read.keys()
    render = shapes.Items(call.store, shape, call.version.schema, lambda row: read.get(row["id"])).one

    def work(name: str) -> str:
        row = found[name]
        if isinstance(row, Failure):
            raise row
        if row["id"] in gone:
            raise Failure("ErrorItemNotFound", NOT_FOUND)
        return f"<m:Items>{render(row)}</m:Items>"

    return call.each(names, work, "<m:Items/>")


def _wanted(call: Call, name: str, with_mime: bool) -> sqlite3.Row | dict[str, t.Any]:
    try:
        row = call.item(name)
    except Failure:
        if (series := _occurrence(call, name)) is None:
            raise
        return series
    trouble = row["trouble"]
    if trouble == "delete":
        call.store.delete_items("id = ?", row["id"])
        raise Failure("ErrorItemNotFound", NOT_FOUND)
    if trouble and trouble.startswith("move "):
        call.store.trouble(name, None)
        call.store.move_item(row["id"], int(trouble.removeprefix("move ")))
        raise Failure("ErrorItemNotFound", NOT_FOUND)
    if trouble and trouble.startswith("Error") and (with_mime or trouble not in ABOUT_MIME):
        raise Failure(trouble, "The item cannot be read.")
    return row


def _occurrence(call: Call, name: str) -> dict[str, t.Any] | None:
    """An occurrence that differs from its series, as an item."""
    try:
        series, place = call.numbers(name, "occurrence")
    except Failure:
        return None
    row = dict(call.item(name_of("item", series)))
    inner = calendar.occurrence(row["xml"], place)
    subject = items.wrapped("CalendarItem", inner).findtext(f"{T}Subject")
    return {**row, "xml": inner, "name": name, "subject": subject, "attached": 0}


def _contents(call: Call, rows: list[sqlite3.Row]) -> dict[int, bytes]:
    if call.mirror and (elsewhere := [row for row in rows if row["uid"] is not None]):
        return call.mirror.read(elsewhere)
    places = ", ".join("?" * len(rows))
    return dict(map(tuple, call.store.rows(f"SELECT item, data FROM mime WHERE item IN ({places})", *(row["id"] for row in rows))))


def get_attachment(call: Call) -> str:
    wants_mime = (call.request.findtext(f"{M}AttachmentShape/{T}IncludeMimeContent") or "") in ("true", "1")

    def work(given: etree._Element) -> str:
        name = given.get("Id", "")
        missing = Failure("ErrorInvalidAttachmentId", "The attachment id is invalid.")
        try:
            kind, numbers = numbers_of(name)
        except ValueError as error:
            raise missing from error
        if kind == "part":
            row = call.item(name_of("item", numbers[0]))
            refuse_attachments(row)
            whole = _contents(call, [row]).get(row["id"])
            if whole is None:
                raise missing
            file_name, content_type, content_id, data = mime.attachments(whole)[numbers[1]]
            xml = shapes.file_attachment(file_name, content_type, content_id)
        else:
            found = call.store.row("SELECT item, xml, data FROM attachment WHERE id = ?", numbers[0])
            if not found:
                raise missing
            refuse_attachments(call.item(name_of("item", found["item"])))
            xml, data = found["xml"], found["data"]
        if xml.startswith("<t:ItemAttachment"):
            inner = data.decode()
            if not wants_mime:
                inner = items.written(without_mime(items.wrapped("home", inner)[0]))
        else:
            inner = f"<t:Content>{binascii.b2a_base64(data, newline=False).decode()}</t:Content>"
        return f"<m:Attachments>{shapes.with_id(xml, name, None, inner)}</m:Attachments>"

    return call.each(call.request.find(f"{M}AttachmentIds"), work, "<m:Attachments/>")


def refuse_attachments(row: sqlite3.Row) -> None:
    _before, told, code = (row["trouble"] or "").partition("attachments ")
    if told:
        raise Failure(code, "The attachment cannot be read.")


def without_mime(item: etree._Element) -> etree._Element:
    for child in item.findall(f"{T}MimeContent"):
        item.remove(child)
    return item
