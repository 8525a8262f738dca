# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of a request to those of its answer."""

from __future__ import annotations

import dataclasses
import sqlite3
import typing as t

from lxml import etree

from . import mailbox_settings, reading, schema, sync, writing
from .call import Call, Mirror, SoapFault
from .control import Control
from .items import parsed
from .mime import text
from .schema import ERRORS, MESSAGES, SOAP, TYPES, T
from .shapes import Failure, Refused
from .store import Store

BUSY = "The server cannot service this request right now. Try again later."
OPERATIONS: dict[str, t.Callable[[Call], str]] = {
    "GetFolder": reading.get_folder, "FindFolder": reading.find_folder, "FindItem": reading.find_item, "GetItem": reading.get_item,
    "GetAttachment": reading.get_attachment, "SyncFolderItems": sync.sync_folder_items, "SyncFolderHierarchy": sync.sync_folder_hierarchy,
    "CreateItem": writing.create_item, "UpdateItem": writing.update_item, "MoveItem": writing.move_item, "CopyItem": writing.copy_item,
    "DeleteItem": writing.delete_item, "CreateAttachment": writing.create_attachment, "CreateFolder": writing.create_folder,
    "UpdateFolder": writing.update_folder, "MoveFolder": writing.move_folder, "DeleteFolder": writing.delete_folder,
    "GetInboxRules": mailbox_settings.get_inbox_rules, "GetUserOofSettings": mailbox_settings.get_user_oof_settings,
    "GetDelegate": mailbox_settings.get_delegate, "ResolveNames": mailbox_settings.resolve_names,
    "GetServerTimeZones": mailbox_settings.get_server_time_zones, "ConvertId": mailbox_settings.convert_id,
}


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    # So many bytes of the body are sent, then the connection breaks.
    cut: int | None = None


class Service:
    def __init__(self, store: Store, control: Control, version: str, mirror: Mirror | None = None) -> None:
        self._store, self._control, self._version, self._mirror = store, control, schema.VERSIONS[version], mirror
        major, minor, build, revision = self._version.build
        info = (f'<h:ServerVersionInfo MajorVersion="{major}" MinorVersion="{minor}" MajorBuildNumber="{build}" MinorBuildNumber="{revision}" '
                f'Version="{self._version.schema}" xmlns:h="{TYPES}"/>')
        self._before = (f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Header>{info}</s:Header>'
                        f'<s:Body xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">')
        self._after = "</s:Body></s:Envelope>"

    def answer(self, account: sqlite3.Row, request: bytes) -> Answer:
        try:
            return self._answer(account, request)
        except SoapFault as fault:
            return self._fault(fault)

    def _answer(self, account: sqlite3.Row, request: bytes) -> Answer:
        try:
            envelope = parsed(request)
        except etree.XMLSyntaxError as error:
            raise SoapFault("ErrorSchemaValidation", f"The request failed schema validation: {error}") from error
        body = envelope.find(f"{{{SOAP}}}Body")
        if body is None or not len(body):
            raise SoapFault("ErrorInvalidRequest", "The request is invalid.")
        operation = etree.QName(body[0]).localname.removesuffix("Request")
        mailbox, address = self._mailbox(account, envelope.find(f"{{{SOAP}}}Header"))
        call = Call(self._store, self._version, account, mailbox, operation, body[0], self._mirror)
        cut = None
        if struck := self._control.arrived(operation, address):
            kind, detail = struck
            if at_once := self._struck(kind, detail):
                return at_once
            cut = detail.get("after", 200) if kind == "cut" else None
            call.busy = Failure("ErrorServerBusy", BUSY) if kind == "inner_busy" else None
        self._check_version(envelope)
        if operation not in OPERATIONS or not schema.knows(self._version.schema, operation):
            raise SoapFault("ErrorInvalidRequest", "The request is invalid.")
        try:
            answer = OPERATIONS[operation](call)
        except Refused as refused:
            raise SoapFault("ErrorSchemaValidation", f"The request failed schema validation: The 'FieldURI' attribute is invalid - The value '{refused}' "
                            "is invalid according to its datatype.") from refused
        except Failure as failure:
            raise SoapFault(failure.code, str(failure)) from failure
        return Answer(200, "".join((self._before, answer, self._after)).encode(), cut=cut)

    def _struck(self, kind: str, detail: dict[str, t.Any]) -> Answer | None:
        if kind == "http_503":
            wait = detail.get("retry_after")
            return Answer(503, b"Service Unavailable", (("Retry-After", str(wait)),) if wait is not None else ())
        if kind == "http_401":
            return Answer(401, b"", (("WWW-Authenticate", 'Basic realm="exchange"'),))
        if kind == "deletes":
            for item in detail["items"]:
                self._store.delete(item)
        if kind == "tokens_end":
            self._store.end_tokens()
            return Answer(401, b"", (("WWW-Authenticate", 'Bearer error="invalid_token"'),))
        if kind == "http_500_busy":
            raise SoapFault("ErrorServerBusy", BUSY, BackOffMilliseconds=detail.get("back_off", 1000))
        if kind == "connections":
            raise too_many()
        if kind == "soap_fault":
            raise SoapFault(detail["code"], detail.get("text", detail["code"]))
        return None

    def _check_version(self, envelope: etree._Element) -> None:
        asked = envelope.find(f"{{{SOAP}}}Header/{T}RequestServerVersion")
        if asked is None:
            return
        known = schema.SCHEMAS[: schema.SCHEMAS.index(self._version.schema) + 1]
        if asked.get("Version") not in known:
            raise SoapFault("ErrorInvalidServerVersion", "The specified server version is invalid.")

    def _mailbox(self, account: sqlite3.Row, header: etree._Element | None) -> tuple[int | None, str]:
        """The mailbox that is meant, by number and address."""
        sid = header.find(f"{T}ExchangeImpersonation/{T}ConnectingSID") if header is not None else None
        address = account["mailbox"]
        if sid is not None and len(sid):
            address = (sid[0].text or "").lower()
            if not account["impersonates"] and address != account["mailbox"]:
                raise SoapFault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the requested user.")
        found = self._store.row("SELECT id FROM mailbox WHERE address = ?", address or "")
        if not found and self._mirror and address:
            self._mirror.adopt(address)
            found = self._store.row("SELECT id FROM mailbox WHERE address = ?", address)
        if not found and sid is not None:
            raise SoapFault("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        return found and found[0], address or ""

    def _fault(self, fault: SoapFault) -> Answer:
        values = "".join(f'<t:Value Name="{name}">{value}</t:Value>' for name, value in fault.values.items())
        more = f'<t:MessageXml xmlns:t="{TYPES}">{values}</t:MessageXml>' if values else ""
        body = (f'<s:Fault><faultcode xmlns:a="{TYPES}">a:{fault.code}</faultcode><faultstring xml:lang="en-US">{text(str(fault))}</faultstring><detail>'
                f'<e:ResponseCode xmlns:e="{ERRORS}">{fault.code}</e:ResponseCode><e:Message xmlns:e="{ERRORS}">{text(str(fault))}</e:Message>{more}'
                "</detail></s:Fault>")
        return Answer(500, "".join((self._before, body, self._after)).encode())

    def refused(self) -> Answer:
        """One connection too many."""
        return self._fault(too_many())


def too_many() -> SoapFault:
    return SoapFault("ErrorExceededConnectionCount", "You have exceeded the available concurrent connections for your account.")
