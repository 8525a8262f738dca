# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders and items as answers show them: what a request's shape asks for, in the order of types.xsd."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import typing as t

from lxml import etree

from . import calendar, items, mime, schema
from .schema import M, T
from .store import KIND_OF_CLASS, Store, name_of

Row = t.Mapping[str, t.Any]
Read = t.Callable[[Row], t.Optional[bytes]]


class Failure(Exception):
    """An error of one response message: a ResponseCode of MS-OXWSCDATA and the text that Exchange gives with it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Extended(t.NamedTuple):
    """A property asked for by tag or name, as the request wrote it."""

    uri: str
    tag: int | None
    key: tuple[tuple[str, str], ...]


@dataclasses.dataclass
class Shape:
    base: str
    names: set[str]
    extended: list[Extended]
    mime: bool
    body: str


def key_of(uri: etree._Element) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value.lower()) for name, value in uri.attrib.items()))


def shape_of(request: etree._Element, tag: str, version: str) -> Shape:
    given = request.find(f"{M}{tag}")
    if given is None:
        return Shape("AllProperties", set(), [], False, "Best")
    names, extended = set(), []
    for path in given.iterfind(f"{T}AdditionalProperties/*"):
        if path.tag == f"{T}ExtendedFieldURI":
            extended.append(Extended(items.written(path), items.tag_of(path), key_of(path)))
            continue
        uri = path.get("FieldURI", "")
        if not schema.knows(version, uri):
            raise Refused(uri)
        names.add(schema.element_name(uri))
    wants_mime = (given.findtext(f"{T}IncludeMimeContent") or "").strip() in items.TRUTH or "MimeContent" in names
    return Shape((given.findtext(f"{T}BaseShape") or "").strip(), names, extended, wants_mime, given.findtext(f"{T}BodyType") or "Best")


class Refused(Exception):
    """A name that this version's schema lacks."""


ITEM_DEFAULT = set("""ItemId ItemClass Subject Sensitivity HasAttachments Size DateTimeSent From Sender IsRead ToRecipients CcRecipients Importance Start
End Location Organizer LegacyFreeBusyStatus CalendarItemType FileAs CompanyName EmailAddresses PhoneNumbers DisplayName DueDate PercentComplete
StartDate Status""".split())
FOLDER_ORDER = ["FolderId", "ParentFolderId", "FolderClass", "DisplayName", "TotalCount", "ChildFolderCount", "ExtendedProperty", "EffectiveRights",
                "DistinguishedFolderId", "PermissionSet", "UnreadCount"]
FOLDER_DEFAULT = {"FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"}
RIGHTS = "".join(f"<t:{name}>true</t:{name}>" for name in ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read"))


def extended_property(uri: Extended, value: t.Any) -> str:
    return f"<t:ExtendedProperty>{uri.uri}<t:Value>{value}</t:Value></t:ExtendedProperty>"


def key(seq: int) -> str:
    return base64.b64encode(b"\x19\x00\x00\x00%016d" % seq).decode()


def folder_id(row: Row) -> str:
    return f'<t:FolderId Id="{name_of("folder", row["id"])}" ChangeKey="{key(row["changed"])}"/>'


def folder(store: Store, row: Row, shape: Shape) -> str:
    names = shape.names | {"FolderId"}
    if shape.base == "Default":
        names |= FOLDER_DEFAULT
    elif shape.base == "AllProperties":
        names |= set(FOLDER_ORDER) - {"PermissionSet"}
    element = KIND_OF_CLASS.get(row["class"], "Folder")
    out = []
    for name in FOLDER_ORDER:
        if name == "ExtendedProperty":
            out += [_folder_extended(store, row, uri) for uri in shape.extended]
        elif name in names:
            out.append(_folder_property(store, row, name, element))
    return f"<t:{element}>{''.join(out)}</t:{element}>"


def _folder_property(store: Store, row: Row, name: str, element: str) -> str:
    if name == "FolderId":
        return folder_id(row)
    if name == "ParentFolderId":
        above = store.row("SELECT id, changed FROM folder WHERE id = ?", row["parent"])
        return folder_id(above).replace("t:FolderId", "t:ParentFolderId") if above else ""
    if name == "EffectiveRights":
        return f"<t:EffectiveRights>{RIGHTS}</t:EffectiveRights>"
    if name == "PermissionSet":
        return row["permissions"] or ""
    if name == "UnreadCount" and element not in ("Folder", "TasksFolder"):
        return ""
    counts = {"TotalCount": "item WHERE folder = ?", "UnreadCount": "item WHERE folder = ? AND NOT is_read",
              "ChildFolderCount": "folder WHERE parent = ? AND gone IS NULL"}
    if name in counts:
        value: t.Any = store.rows(f"SELECT count(*) FROM {counts[name]}", row["id"])[0][0]
    else:
        value = row[{"FolderClass": "class", "DisplayName": "name", "DistinguishedFolderId": "distinguished"}[name]]
    return "" if value is None else f"<t:{name}>{mime.text(str(value))}</t:{name}>"


def _folder_extended(store: Store, row: Row, uri: Extended) -> str:
    """PR_LOCAL_COMMIT_TIME_MAX and PR_ATTR_HIDDEN, the only ones that folders have here."""
    if uri.tag == 0x10F4:
        return extended_property(uri, "true" if row["id"] in (store.setting("hidden_folders") or ()) else "false")
    return extended_property(uri, row["committed"]) if uri.tag == 0x670A and not store.setting("no_commit_times") else ""


def item_id(row: Row) -> str:
    return f'<t:ItemId Id="{row["name"] if "name" in row.keys() else name_of("item", row["id"])}" ChangeKey="{key(row["touched"])}"/>'


def flag_status(row: Row) -> int | None:
    return 2 if ">Flagged<" in row["flag"] else 1 if ">Complete<" in row["flag"] else None


# What columns tell, without a look into the XML.
FAST: dict[str, t.Callable[[Row], str]] = {
    "ItemId": item_id,
    "ParentFolderId": lambda row: f'<t:ParentFolderId Id="{name_of("folder", row["folder"])}"/>',
    "ItemClass": lambda row: f"<t:ItemClass>{row['class']}</t:ItemClass>",
    "Subject": lambda row: "" if row["subject"] is None else f"<t:Subject>{mime.text(row['subject'])}</t:Subject>",
    "DateTimeReceived": lambda row: f"<t:DateTimeReceived>{row['received']}</t:DateTimeReceived>",
    "Size": lambda row: f"<t:Size>{row['size']}</t:Size>",
    "Categories": lambda row: f"<t:Categories>{row['categories']}</t:Categories>" if row["categories"] else "",
    "IsDraft": lambda row: f"<t:IsDraft>{'true' if row['is_draft'] else 'false'}</t:IsDraft>",
    "DateTimeCreated": lambda row: f"<t:DateTimeCreated>{row['created']}</t:DateTimeCreated>",
    "HasAttachments": lambda row: f"<t:HasAttachments>{'true' if row['attached'] else 'false'}</t:HasAttachments>",
    "EffectiveRights": lambda row: f"<t:EffectiveRights>{RIGHTS}</t:EffectiveRights>",
    "LastModifiedTime": lambda row: f"<t:LastModifiedTime>{row['modified']}</t:LastModifiedTime>",
    "Flag": lambda row: row["flag"] or "<t:Flag><t:FlagStatus>NotFlagged</t:FlagStatus></t:Flag>",
    "IsRead": lambda row: f"<t:IsRead>{'true' if row['is_read'] else 'false'}</t:IsRead>",
    "InternetMessageId": lambda row: f"<t:InternetMessageId>{mime.text(row['message_id'])}</t:InternetMessageId>" if row["message_id"] else "",
}
FAST_EXTENDED: dict[int, t.Callable[[Row], t.Any]] = {
    0x300B: lambda row: row["search_key"], 0x1081: lambda row: row["verb"], 0x1090: flag_status, 0x0E08: lambda row: row["size"],
}


def content(row: Row, found: bytes | None, version: str) -> str:
    """MimeContent, base64. Made anew at each reading, as Exchange does. Old versions have none of contacts and tasks."""
    if (row["trouble"] or "").startswith("empty"):
        return ""
    if row["trouble"] == "bad base64":
        return "VGhpcyBpcyBub3"
    if row["element"] in ("Contact", "DistributionList", "Task") and not schema.knows(version, "MIME of every item"):
        raise Failure("ErrorUnsupportedMimeConversion", "MIME conversion is not supported for this item type.")
    if row["element"] == "CalendarItem":
        found = calendar.icalendar(row["xml"], row["subject"])
    elif found is None:
        found = mime.composed(items.wrapped(row["element"], row["xml"]))
    else:
        found = mime.made_anew(found)
    return binascii.b2a_base64(found, newline=False).decode()


class Items:
    """Renders items of one request. `read` gives an item's message as it is kept; without it, as in lists, there are no contents."""

    def __init__(self, store: Store, shape: Shape, version: str, read: Read | None = None) -> None:
        self._store, self._shape, self._version, self._read = store, shape, version, read
        self._plans: dict[str, list[str]] = {}

    def _plan(self, element: str) -> list[str]:
        """The properties of such an element that are wanted, in order."""
        shape, ranks = self._shape, schema.RANKS[element]
        names = shape.names | {"ItemId"}
        if shape.base == "Default":
            names |= ITEM_DEFAULT
        elif shape.base == "AllProperties":
            names |= set(ranks)
            if not schema.knows(self._version, "item:Flag"):
                names.discard("Flag")
        names = {name for name in names if name in ranks} - {"MimeContent"}
        if self._read is None:
            names -= schema.ONLY_GET_ITEM
        elif shape.mime:
            names.add("MimeContent")
        if shape.extended:
            names.add("ExtendedProperty")
        return sorted(names, key=ranks.__getitem__)

    def one(self, row: Row) -> str:
        element = row["element"]
        plan = self._plans.get(element)
        if plan is None:
            plan = self._plans[element] = self._plan(element)
        more: More | None = None
        out = []
        for name in plan:
            if fast := FAST.get(name):
                out.append(fast(row))
            elif name == "MimeContent":
                out.append(f'<t:MimeContent CharacterSet="UTF-8">{content(row, self._read(row), self._version)}</t:MimeContent>')
            else:
                more = more or More(self._store, row, self._shape.body, self._read)
                out.append("".join(map(self._extended(row, more), self._shape.extended)) if name == "ExtendedProperty" else more.element(name))
        return f"<t:{element}>{''.join(out)}</t:{element}>"

    @staticmethod
    def _extended(row: Row, more: More) -> t.Callable[[Extended], str]:
        def show(uri: Extended) -> str:
            if fast := FAST_EXTENDED.get(uri.tag or 0):
                value = fast(row)
                return "" if value is None else extended_property(uri, value)
            return more.extended(uri.key)

        return show


class More:
    """Properties that are in the XML, the MIME or other tables."""

    def __init__(self, store: Store, row: Row, body: str, read: Read | None) -> None:
        self._store, self._row, self._body, self._read = store, row, body, read
        self._item: etree._Element | None = None

    @property
    def item(self) -> etree._Element:
        if self._item is None:
            self._item = items.wrapped(self._row["element"], self._row["xml"])
        return self._item

    def element(self, name: str) -> str:
        row = self._row
        if name == "ModifiedOccurrences":
            return calendar.modified_occurrences(self.item, lambda place: name_of("occurrence", row["id"], place))
        if name == "Attachments":
            return self._attachments()
        if name == "Body" and row["element"] in schema.MAIL and (found := self._mime()):
            return mime.body(found, self._body)
        child = self.item.find(f"{T}{name}")
        return "" if child is None else items.written(child)

    def extended(self, wanted: tuple[tuple[str, str], ...]) -> str:
        return "".join(items.written(extra) for extra in self.item.iterfind(f"{T}ExtendedProperty") if key_of(extra[0]) == wanted)

    def _mime(self) -> bytes | None:
        return self._read(self._row) if self._read else None

    def _attachments(self) -> str:
        item, found = self._row["id"], []
        for one in self._store.rows("SELECT id, xml, length(data) AS size FROM attachment WHERE item = ?", item):
            found.append(with_id(one["xml"], name_of("attachment", one["id"]), one["size"]))
        if self._row["element"] in schema.MAIL and self._row["attached"] and (whole := self._mime()):
            for place, (name, kind, content_id, content) in enumerate(mime.attachments(whole)):
                found.append(with_id(file_attachment(name, kind, content_id), name_of("part", item, place), len(content)))
        return f"<t:Attachments>{''.join(found)}</t:Attachments>" if found else ""


def file_attachment(name: str, kind: str, content_id: str | None) -> str:
    more = f"<t:ContentId>{mime.text(content_id)}</t:ContentId>" if content_id else ""
    return f"<t:FileAttachment><t:Name>{mime.text(name)}</t:Name><t:ContentType>{mime.text(kind)}</t:ContentType>{more}</t:FileAttachment>"


def with_id(xml: str, name: str, size: int | None = None, content: str = "") -> str:
    """An attachment's element with what was left out when it was kept."""
    element = items.wrapped("home", xml)[0]
    kept = {items.name(child): items.written(child) for child in element}
    kept["AttachmentId"] = f'<t:AttachmentId Id="{name}"/>'
    if size is not None:
        kept["Size"] = f"<t:Size>{size}</t:Size>"
    order = ["AttachmentId", "Name", "ContentType", "ContentId", "ContentLocation", "Size", "LastModifiedTime", "IsInline", "IsContactPhoto"]
    tag = items.name(element)
    return f"<t:{tag}>{''.join(kept[of] for of in order if of in kept)}{content}</t:{tag}>"
