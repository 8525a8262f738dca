# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the translations of exchangelib's items have in common: how they are read, times, bodies, addresses, attachments."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
import zoneinfo

from .._libraries import exchangelib
from .._model import reasons
from .._model.item_kinds import Attachment, Trouble
from .._model.plain_text import plain_text

UTC = zoneinfo.ZoneInfo("UTC")
IMPORTANCES = {"Low": "low", "Normal": "normal", "High": "high"}
SENSITIVITIES = {"Normal": "normal", "Personal": "personal", "Private": "private", "Confidential": "confidential"}
# Fields that all items are asked for. exchangelib adds the item's id by itself.
FIELDS = ("item_class", "subject", "body", "categories", "attachments", "sensitivity", "importance", "datetime_created", "last_modified_time")


class NotReadable(Exception):
    """An item lacks what it can't do without."""


@dataclasses.dataclass
class Reading:
    """How items of one mailbox are read.

    fetch: gives the whole item for the ItemId of a changed occurrence, with event.FIELDS, or the error instead of it.
    zone: for items whose own is not known.
    owner: the mailbox's SMTP address: its own answer to a meeting stands elsewhere than those of the others.
    lost: what of the last item could not be brought over, although the item could.
    """

    fetch: t.Callable[[t.Any], t.Any] | None = None
    zone: datetime.tzinfo = UTC
    owner: str = ""
    lost: list[Trouble] = dataclasses.field(default_factory=list)

    def lose(self, detail: str) -> None:
        self.lost.append(Trouble(reasons.PART_DROPPED, detail))

    def zone_of(self, ews_zone) -> datetime.tzinfo:
        """exchangelib's zone, or None where it knows no zone of that name, as the plain one."""
        return zoneinfo.ZoneInfo(ews_zone.key) if ews_zone else self.zone


def moment(value, zone: datetime.tzinfo = UTC) -> datetime.datetime | None:
    """An EWSDateTime as a plain datetime in `zone`."""
    return datetime.datetime(*value.utctimetuple()[:6], tzinfo=UTC).astimezone(zone) if value else None


def day(value) -> datetime.date | None:
    """An EWSDate as a plain date; of a datetime that came instead, its date."""
    return datetime.date(value.year, value.month, value.day) if value else None


def text(value) -> str:
    return (value or "").replace("\r\n", "\n").replace("\r", "\n")


def bodies(item) -> tuple[str, str]:
    """Plain text and HTML, empty where the item has no HTML."""
    if isinstance(item.body, exchangelib.HTMLBody):
        return plain_text(item.body), text(item.body)
    return text(item.body), ""


def categories(item) -> tuple[str, ...]:
    return tuple(name for name in item.categories or () if name)


def importance(item) -> str:
    return IMPORTANCES.get(item.importance, "normal")


def sensitivity(item) -> str:
    return SENSITIVITIES.get(item.sensitivity, "normal")


def smtp(address: str | None) -> str:
    """The address if it is one of SMTP: what Exchange could not resolve is a name of its directory, such as `/o=Example/cn=anna`."""
    address = (address or "").strip()
    return address if "@" in address and not address.startswith("/") else ""


def attachments(item, reading: Reading) -> tuple[Attachment, ...]:
    found = (_attachment(one, reading) for one in item.attachments or ())
    return tuple(one for one in found if one)


def _attachment(one, reading: Reading) -> Attachment | None:
    name = one.name or "attachment"
    if isinstance(one, exchangelib.ItemAttachment) and not name.lower().endswith(".eml"):
        name += ".eml"
    try:
        try:
            content, content_type = _content(one)
        except exchangelib.errors.ErrorInternalServerError:
            # It may be over a moment later.
            content, content_type = _content(one)
    except _unreadable() as error:
        reading.lost.append(Trouble(reasons.NO_CONTENT, f"attachment {name}: {error}"))
        return None
    if content is None:
        reading.lost.append(Trouble(reasons.NO_CONTENT, f"attachment {name}: the server gives no content for it"))
        return None
    return Attachment(name, content_type or "application/octet-stream", content, one.content_id or None)


def _content(one) -> tuple[bytes | None, str | None]:
    if isinstance(one, exchangelib.FileAttachment):
        return one.content, one.content_type
    if isinstance(one, exchangelib.ItemAttachment):
        return one.item.mime_content, "message/rfc822"
    # A link to a file elsewhere: its content was never in the mailbox.
    return None, None


def _unreadable() -> tuple[type[Exception], ...]:
    """Answers about one attachment; any other error is about the connection, and another try gives the attachment."""
    errors = exchangelib.errors
    return (
        errors.ErrorAccessDenied, errors.ErrorAttachmentSizeLimitExceeded, errors.ErrorCannotOpenFileAttachment,
        errors.ErrorContentConversionFailed, errors.ErrorCorruptData, errors.ErrorInternalServerError, errors.ErrorInvalidAttachmentId,
        errors.ErrorItemCorrupt, errors.ErrorItemNotFound, errors.ErrorMessageSizeExceeded, errors.ErrorMimeContentConversionFailed,
        errors.ErrorUnsupportedMimeConversion,
    )
