# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request: who asks, in which mailbox, for what; and the two ways to answer."""

from __future__ import annotations

import binascii
import dataclasses
import sqlite3
import typing as t

from lxml import etree

from . import schema
from .mime import text
from .schema import T
from .shapes import Failure
from .store import PUBLIC_ADDRESS, Store, numbers_of

NOT_FOUND = "The specified object was not found in the store."


class SoapFault(Exception):
    """The whole request fails, with HTTP 500. `values`: MessageXml of it."""

    def __init__(self, code: str, message: str, **values: t.Any) -> None:
        super().__init__(message)
        self.code, self.values = code, values


class Mirror(t.Protocol):
    """What keeps a mailbox up to date from elsewhere, and reads messages from there."""

    def refresh(self, mailbox: int) -> None: ...

    def adopt(self, address: str) -> None: ...

    def read(self, rows: list[sqlite3.Row]) -> dict[int, bytes]: ...


@dataclasses.dataclass
class Call:
    store: Store
    version: schema.Version
    account: sqlite3.Row
    mailbox: int | None
    operation: str
    request: etree._Element
    mirror: Mirror | None = None
    busy: Failure | None = None

    def _may(self, mailbox: int) -> None:
        if mailbox != self.mailbox and not self.account["full_access"]:
            address = self.store.rows("SELECT address FROM mailbox WHERE id = ?", mailbox)[0][0]
            if address != PUBLIC_ADDRESS:
                raise Failure("ErrorAccessDenied", "Access is denied. Check credentials and try again.")

    def fresh(self, mailbox: int) -> None:
        if self.mirror:
            self.mirror.refresh(mailbox)

    def folder(self, given: etree._Element) -> sqlite3.Row:
        """A FolderId or DistinguishedFolderId."""
        name = given.get("Id", "")
        if given.tag == f"{T}DistinguishedFolderId":
            found = self._distinguished(name, given.findtext(f"{T}Mailbox/{T}EmailAddress"))
        else:
            number = self.numbers(name, "folder")[0]
            found = self.store.row("SELECT * FROM folder WHERE id = ? AND gone IS NULL", number)
        if not found:
            raise Failure("ErrorFolderNotFound", "The specified folder could not be found in the store.")
        self._may(found["mailbox"])
        return found

    def _distinguished(self, name: str, address: str | None) -> sqlite3.Row | None:
        if not schema.knows(self.version.schema, name):
            raise SoapFault("ErrorSchemaValidation", f"The request failed schema validation: The 'Id' attribute is invalid - The value '{name}' is invalid.")
        if name == "publicfoldersroot":
            return self.store.row("SELECT * FROM folder WHERE distinguished = ?", name)
        mailbox = self.mailbox
        if address:
            found = self.store.row("SELECT id FROM mailbox WHERE address = ?", address.lower())
            mailbox = found and found[0]
        if mailbox is None:
            raise Failure("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        return self.store.row("SELECT * FROM folder WHERE mailbox = ? AND distinguished = ? AND gone IS NULL", mailbox, name)

    def is_public(self, folder: sqlite3.Row) -> bool:
        return self.store.owner(folder["id"]) == PUBLIC_ADDRESS

    def item(self, name: str) -> sqlite3.Row:
        number = self.numbers(name, "item")[0]
        found = self.store.row("SELECT item.*, folder.mailbox FROM item JOIN folder ON folder.id = item.folder WHERE item.id = ?", number)
        if not found:
            raise Failure("ErrorItemNotFound", NOT_FOUND)
        self._may(found["mailbox"])
        return found

    def numbers(self, name: str, kind: str) -> list[int]:
        try:
            found, numbers = numbers_of(name)
        except (ValueError, binascii.Error) as error:
            raise Failure("ErrorInvalidIdMalformed", "Id is malformed.") from error
        if found != kind:
            raise Failure("ErrorInvalidIdMalformed", f"The id is not of a {kind}.")
        return numbers

    def each(self, given: t.Iterable[t.Any], work: t.Callable[[t.Any], str], empty: str = "") -> str:
        """One response message for each that was given; `empty` is what one that failed has besides the error."""
        out = []
        for one in given:
            try:
                if self.busy:
                    raise self.busy
                out.append(self.success(work(one)))
            except Failure as failure:
                out.append(self.error(failure, empty))
        return f"<m:{self.operation}Response><m:ResponseMessages>{''.join(out)}</m:ResponseMessages></m:{self.operation}Response>"

    def whole(self, work: t.Callable[[], str]) -> str:
        """Operations whose response is the one response message."""
        name = f"{self.operation}Response"
        try:
            if self.busy:
                raise self.busy
            return f'<m:{name} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{work()}</m:{name}>'
        except Failure as failure:
            return f'<m:{name} ResponseClass="Error">{problem(failure)}</m:{name}>'

    def success(self, inner: str) -> str:
        name = f"{self.operation}ResponseMessage"
        return f'<m:{name} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{inner}</m:{name}>'

    def error(self, failure: Failure, empty: str) -> str:
        name = f"{self.operation}ResponseMessage"
        return f'<m:{name} ResponseClass="Error">{problem(failure)}{empty}</m:{name}>'


def problem(failure: Failure) -> str:
    return f"<m:MessageText>{text(str(failure))}</m:MessageText><m:ResponseCode>{failure.code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
