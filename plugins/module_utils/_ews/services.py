# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The EWS operations of the hot path: requests written, and answers read, without the objects that exchangelib makes of each item."""

from __future__ import annotations

import binascii
import contextlib
import dataclasses
import datetime
import functools
import re
import types

from .._libraries import exchangelib
from .._model.listing import Entry
from .._model.message import MONTHS
from .flags import imap_flags

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
MNS = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
TNS = "{http://schemas.microsoft.com/exchange/services/2006/types}"
# Characters, and references to them, that XML 1.0 forbids (its section 2.2).
FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")
# The most that SyncFolderItems gives at once (its reference page), and FindFolder and FindItem.
PAGE, FIND_PAGE = 512, 1000
# MS-OXPROPS: PidTagLastVerbExecuted, PidTagFlagStatus, PidTagSearchKey; of a folder PidTagLocalCommitTimeMax, PidTagDeletedCountTotal and
# PidTagAttributeHidden.
LAST_VERB, FLAG_STATUS, SEARCH_KEY = ("0x1081", "Integer"), ("0x1090", "Integer"), ("0x300b", "Binary")
COMMIT_TIME, DELETED_COUNT, HIDDEN = ("0x670a", "SystemTime"), ("0x670b", "Integer"), ("0x10f4", "Boolean")
MESSAGE_FIELDS = (
    "item:ItemClass", "item:Size", "item:DateTimeReceived", "item:DateTimeCreated", "item:Categories", "item:IsDraft", "message:IsRead",
    LAST_VERB, FLAG_STATUS, SEARCH_KEY,
)
OTHER_FIELDS = ("item:ItemClass", "item:Size")
BIRTHDAYS = ("Birthday", "WeddingAnniversary")
FOLDER_FIELDS = ("folder:DisplayName", "folder:ParentFolderId", "folder:FolderClass", "folder:TotalCount", COMMIT_TIME, DELETED_COUNT, HIDDEN)


@dataclasses.dataclass(frozen=True)
class Found:
    """A folder as it is listed; `tag` is None where the server does not tell when the folder was changed last. `hidden`: no client shows it."""

    id: str
    parent: str
    name: str
    folder_class: str
    total: int
    tag: str | None
    hidden: bool = False


@dataclasses.dataclass(frozen=True)
class Page:
    state: str
    last: bool
    listed: list[Entry]
    gone: list[str]


@functools.lru_cache(maxsize=1)
def classes() -> types.SimpleNamespace:
    """Built at first use, so that the modules can be documented where exchangelib is missing."""
    services, create, add = exchangelib.services, exchangelib.util.create_element, exchangelib.util.add_xml_child
    expired = exchangelib.services.common.TokenExpiredError
    # exchangelib takes these for the trouble of the whole request.
    of_one_item = (
        *services.GetItem.ERRORS_TO_CATCH_IN_RESPONSE, exchangelib.errors.ErrorContentConversionFailed, exchangelib.errors.ErrorUnsupportedMimeConversion,
        exchangelib.errors.ErrorInternalServerError,
    )

    def shape(tag: str, fields, mime: bool = False):
        element = create(tag)
        add(element, "t:BaseShape", "IdOnly")
        if mime:
            add(element, "t:IncludeMimeContent", "true")
        if fields:
            more = create("t:AdditionalProperties")
            for field in fields:
                more.append(
                    create("t:FieldURI", attrs={"FieldURI": field}) if isinstance(field, str)
                    else create("t:ExtendedFieldURI", attrs={"PropertyTag": field[0], "PropertyType": field[1]})
                )
            element.append(more)
        return element

    class Once:
        """No retries but for a token that ended, of which the library has a new one then. Answers are parsed in one go: the library feeds
        its parser byte by byte, which takes longer than all else."""

        def _extra_headers(self):
            headers, public = super()._extra_headers(), getattr(self.account, "public_folder_mailbox", None)
            return {**headers, "X-AnchorMailbox": public, "X-PublicFolderMailbox": public} if public else headers

        @classmethod
        def _get_soap_parts(cls, response):
            try:
                root = _parsed(response.content)
            except exchangelib.util.lxml.etree.XMLSyntaxError as error:
                raise exchangelib.errors.SOAPError(f"the answer is no XML: {error}") from error
            body = root.find(SOAP + "Body")
            if body is None:
                raise exchangelib.errors.MalformedResponseError("the answer has no SOAP body")
            return root.find(SOAP + "Header"), body

        def _get_elements(self, payload):
            # By the server's clock a token may end before it does by ours.
            by_token = self.protocol.auth_type == exchangelib.OAUTH2
            try:
                yield from self._response_generator(payload=payload)
            except (expired, exchangelib.errors.UnauthorizedError) if by_token else expired:
                yield from self._response_generator(payload=payload)

    class Folders(Once, services.FindFolder):
        def listed(self, roots: list, deep: bool = True) -> list[Found]:
            found = self._paged_call(
                payload_func=self.get_payload, max_items=None, folders=roots, additional_fields=None, restriction=None, shape="IdOnly",
                depth="Deep" if deep else "Shallow", page_size=FIND_PAGE, offset=0,
            )
            return [_folder(element) for element in _checked(found)]

        def get_payload(self, folders, additional_fields, restriction, shape, depth, page_size, offset=0):
            payload = super().get_payload(folders, None, restriction, shape, depth, page_size, offset)
            payload.replace(payload[0], _shape("m:FolderShape", FOLDER_FIELDS))
            return payload

    class OneFolder(Once, services.GetFolder):
        def found(self, root) -> Found:
            payload = self.get_payload(folders=[root], additional_fields=None, shape="IdOnly")
            payload.replace(payload[0], _shape("m:FolderShape", FOLDER_FIELDS))
            element, = _checked(self._get_elements(payload))
            return _folder(element)

    class WellKnown(Once, services.GetFolder):
        def ids(self, roots) -> list[str | None]:
            """The ids of these folders; None for those that the mailbox does not have."""
            payload = self.get_payload(folders=roots, additional_fields=None, shape="IdOnly")
            return [None if isinstance(element, Exception) else element.find(TNS + "FolderId").get("Id") for element in self._get_elements(payload)]

    class Changes(Once, services.SyncFolderItems):
        def page(self, folder_id: str, state: str, mail: bool) -> Page:
            payload, read = create("m:SyncFolderItems"), _message if mail else _other
            payload.append(_shape("m:ItemShape", MESSAGE_FIELDS if mail else OTHER_FIELDS))
            identity = create("m:SyncFolderId")
            identity.append(create("t:FolderId", attrs={"Id": folder_id}))
            payload.append(identity)
            if state:
                add(payload, "m:SyncState", state)
            add(payload, "m:MaxChangesReturned", PAGE)
            listed, gone = [], []
            for change in _checked(self._get_elements(payload)):
                kind = change.tag
                if kind == TNS + "Delete":
                    gone.append(change.find(TNS + "ItemId").get("Id"))
                elif kind == TNS + "ReadFlagChange":
                    listed.append(Entry(change.find(TNS + "ItemId").get("Id"), flags=None, seen=change.findtext(TNS + "IsRead") == "true"))
                else:
                    listed.append(read(change[0]))
            return Page(self.sync_state, self.includes_last_item_in_range, listed, gone)

    class Listing(Once, services.FindItem):
        def all(self, folder_id: str, mail: bool, most: int | None = None) -> list[Entry]:
            """All that a folder holds, newest first, or the oldest `most`. What comes or goes meanwhile may move others from page to page, and so
            out of it."""
            read = _message if mail else _other
            elements = self._paged_call(
                payload_func=self.get_payload, max_items=most, folders=[exchangelib.properties.FolderId(id=folder_id)], mail=mail, offset=0,
            )
            found = {entry.remote_id: entry for entry in map(read, _checked(elements))}
            return list(found.values())[::-1]

        def get_payload(self, folders, mail, offset):
            payload, order = create("m:FindItem", attrs={"Traversal": "Shallow"}), create("t:FieldOrder", attrs={"Order": "Ascending"})
            order.append(create("t:FieldURI", attrs={"FieldURI": "item:DateTimeReceived"}))
            payload.append(_shape("m:ItemShape", MESSAGE_FIELDS if mail else OTHER_FIELDS))
            payload.append(create("m:IndexedPageItemView", attrs={"MaxEntriesReturned": FIND_PAGE, "Offset": offset, "BasePoint": "Beginning"}))
            payload.append(create("m:SortOrder"))
            payload[-1].append(order)
            payload.append(exchangelib.services.common.folder_ids_element(folders=folders, version=self.protocol.version, tag="m:ParentFolderIds"))
            return payload

    class Items(Once, services.GetItem):
        ERRORS_TO_CATCH_IN_RESPONSE = of_one_item

        def read(self, remote_ids: list[str], fields) -> list:
            """exchangelib's items, or errors in their place."""
            def ask(some: list[str]) -> list:
                return list(self.call(items=[exchangelib.properties.ItemId(id=one) for one in some], additional_fields=fields, shape="IdOnly"))

            return _each(ask, remote_ids)

        def _elem_to_obj(self, elem):
            return with_times(elem, super()._elem_to_obj)

        def gone(self, remote_ids: list[str], folder_id: str) -> list[str]:
            """Of these, what is not in that folder any more."""
            gone = []
            for at in range(0, len(remote_ids), PAGE):
                payload = create("m:GetItem")
                payload.append(_shape("m:ItemShape", ("item:ParentFolderId",)))
                payload.append(_item_ids(part := remote_ids[at:at + PAGE]))
                for remote_id, element in zip(part, self._get_elements(payload), strict=True):
                    if isinstance(element, Exception) and not isinstance(element, exchangelib.errors.ErrorItemNotFound):
                        raise element
                    if isinstance(element, Exception) or element.find(TNS + "ParentFolderId").get("Id") != folder_id:
                        gone.append(remote_id)
            return gone

    class Contents(Once, services.GetItem):
        ERRORS_TO_CATCH_IN_RESPONSE = of_one_item

        def mimes(self, remote_ids: list[str]) -> list:
            """For each item its MIME content (bytes, empty where the server gave none), or the error that the server named."""
            def ask(some: list[str]) -> list:
                payload = create("m:GetItem")
                payload.append(_shape("m:ItemShape", (), mime=True))
                payload.append(_item_ids(some))
                return [element if isinstance(element, Exception) else _mime(element) for element in self._get_elements(payload)]

            return _each(ask, remote_ids)

    def item_ids(remote_ids: list[str]):
        wanted = create("m:ItemIds")
        for remote_id in remote_ids:
            wanted.append(create("t:ItemId", attrs={"Id": remote_id}))
        return wanted

    _shape, _item_ids = shape, item_ids
    return types.SimpleNamespace(
        folders=Folders, folder=OneFolder, well_known=WellKnown, changes=Changes, listing=Listing, items=Items, contents=Contents,
    )


def _parsed(content: bytes):
    """Texts of items may hold characters that XML has not; those are left out then."""
    etree = exchangelib.util.lxml.etree
    try:
        return etree.fromstring(content, etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return etree.fromstring(FORBIDDEN.sub(b"", content), etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))


def with_times(element, parse):
    """What exchangelib makes of the element of an item, but with the times of whole days as they came. It would make dates of them, by the zone of
    this station where the server tells none that it knows. Of birthdays it makes dates by UTC."""
    told = element.find(TNS + "IsAllDayEvent")
    whole = told is not None and told.text in ("true", "1")
    if whole:
        told.text = "false"
    for name in BIRTHDAYS:
        told = element.find(TNS + name)
        with contextlib.suppress(AttributeError, ValueError, OverflowError):
            # Midnight somewhere, or noon: half a day later it is that day everywhere.
            later = datetime.datetime.fromisoformat(told.text).astimezone(datetime.timezone.utc) + datetime.timedelta(hours=12)
            told.text = f"{later.replace(tzinfo=None).isoformat()}Z"
    item = parse(elem=element)
    if whole:
        item.is_all_day = True
    return item


def _each(ask, remote_ids: list[str]) -> list:
    """What the server answers for each of them. Its own trouble with one may be over a moment later, or be about another one of the same request:
    that one is asked for again, by itself."""
    answers = ask(remote_ids)
    for place, answer in enumerate(answers):
        if isinstance(answer, exchangelib.errors.ErrorInternalServerError):
            answers[place], = ask([remote_ids[place]])
    return answers


def _checked(elements):
    for element in elements:
        if isinstance(element, Exception):
            raise element
        yield element


def _extended(element) -> dict[str, str]:
    """Property tag -> value."""
    found = {}
    for one in element.iterfind(TNS + "ExtendedProperty"):
        found[one.find(TNS + "ExtendedFieldURI").get("PropertyTag", "").lower()] = one.findtext(TNS + "Value") or ""
    return found


def _folder(element) -> Found:
    more, total = _extended(element), int(element.findtext(TNS + "TotalCount") or 0)
    parent, commit = element.find(TNS + "ParentFolderId"), more.get(COMMIT_TIME[0])
    return Found(
        id=element.find(TNS + "FolderId").get("Id"), parent="" if parent is None else parent.get("Id"), name=element.findtext(TNS + "DisplayName") or "",
        folder_class=element.findtext(TNS + "FolderClass") or "", total=total,
        tag=f"{commit} {more.get(DELETED_COUNT[0], '')} {total}" if commit else None, hidden=more.get(HIDDEN[0]) in ("true", "1"),
    )


def _other(element) -> Entry:
    """What is not mail: a change is told by the change key."""
    identity = element.find(TNS + "ItemId")
    return Entry(
        identity.get("Id"), identity.get("ChangeKey") or "", int(element.findtext(TNS + "Size") or 0), (element.findtext(TNS + "ItemClass") or "",),
    )


def _message(element) -> Entry:
    identity, more = element.find(TNS + "ItemId"), _extended(element)
    categories, read = element.find(TNS + "Categories"), element.findtext(TNS + "IsRead")
    draft = element.findtext(TNS + "IsDraft") == "true"
    return Entry(
        remote_id=identity.get("Id"), change_key=identity.get("ChangeKey") or "", size=int(element.findtext(TNS + "Size") or 0),
        flags=imap_flags(
            # What has no read flag, such as a post, is not new to anybody.
            is_read=read != "false", last_verb=int(more.get(LAST_VERB[0]) or 0), flag_status=int(more.get(FLAG_STATUS[0]) or 0), is_draft=draft,
            categories=[one.text or "" for one in categories] if categories is not None else [],
        ),
        date=internal_date(element.findtext(TNS + "DateTimeReceived") or element.findtext(TNS + "DateTimeCreated") or ""),
        trace=_binary(more.get(SEARCH_KEY[0], "")), draft=draft,
    )


def internal_date(text: str) -> str:
    """`2019-02-15T03:04:05Z` in the form of IMAP."""
    if len(text) < 19:
        return "01-Jan-1970 00:00:00 +0000"
    return f"{text[8:10]}-{MONTHS[int(text[5:7]) - 1]}-{text[:4]} {text[11:19]} +0000"


def _mime(element) -> bytes:
    return _binary(element.findtext(TNS + "MimeContent") or "")


def _binary(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except (binascii.Error, ValueError):
        # Some items have a content that is none; to us that is the same as having none.
        return b""
