# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What items that are no mail have in common: texts, categories, attachments, an identifier."""

from __future__ import annotations

import datetime
import re

from .._model import reasons
from .._model.item_kinds import IMPORTANCES, SENSITIVITIES, Attachment, Trouble
from .._model import mime
from . import rfc5322
from .item import Attached, Item
from .properties import PUBLIC_STRINGS, Named, Properties

CATEGORIES = Named(PUBLIC_STRINGS, "Keywords")
IMPORTANCE, SENSITIVITY, CREATED, MODIFIED = 0x0017, 0x0036, 0x3007, 0x3008
# PidTagAttachmentHidden, and PidTagAttachmentContactPhoto.
HIDDEN, PHOTO = 0x7FFE, 0x7FFF


def text(value: str) -> str:
    return re.sub(r"\r\n|\r", "\n", value)


def line(properties: Properties, key: int | Named) -> str:
    return properties.text(key).strip()


def bodies(properties: Properties) -> tuple[str, str]:
    """Plain text and HTML; either may be empty."""
    plain, html, charset = rfc5322.texts(properties)
    return text(plain or "").strip("\n"), text(html.decode(charset, "replace")) if html else ""


def of(names: tuple[str, ...], number: int | None, default: str) -> str:
    """The word that stands for `number` in MAPI, where `names` are in its order."""
    return names[number] if number is not None and 0 <= number < len(names) else default


def shared(item: Item, key: bytes) -> dict:
    """Fields that all kinds have. `key` is the file's; an item's search key is no identifier, since its copies have it too."""
    properties = item.properties
    return {
        "uid": f"{key.hex()}-{item.number:x}", "categories": tuple(text(name) for name in properties.texts(CATEGORIES) if name.strip()),
        "body": bodies(properties)[0], "modified": properties.time(MODIFIED),
    }


def weight(properties: Properties) -> dict:
    return {
        "importance": of(IMPORTANCES, properties.number(IMPORTANCE), "normal"),
        "sensitivity": of(SENSITIVITIES, properties.number(SENSITIVITY), "normal"),
    }


def day(properties: Properties, key: int | Named) -> datetime.date | None:
    """A date that is kept as midnight in UTC."""
    found = properties.time(key)
    return found.date() if found else None


def attachments(found: list[Attached], domain: str) -> tuple[Attachment, ...]:
    """Those whose content is in the file; `lost` tells of the others."""
    given = (_attachment(one, domain) for one in found if rfc5322.link_of(one) is None and not one.broken)
    return tuple(one for one in given if one)


def lost(item: Item, domain: str) -> list[Trouble]:
    told: list[str] = []
    for one in item.attachments:
        link = rfc5322.link_of(one)
        if one.broken:
            told.append(rfc5322.told(one))
        elif link is not None:
            told.append(f"attachment {rfc5322.name_of(one)}: only a link to {link}")
        elif one.item is not None and not one.properties.flag(HIDDEN):
            rfc5322.embedded(one, domain, told)
    return [Trouble(reasons.PART_DROPPED, words) for words in told]


def _attachment(attached: Attached, domain: str) -> Attachment | None:
    name = rfc5322.name_of(attached)
    if attached.item is not None:
        content = rfc5322.embedded(attached, domain, [])
        return content and Attachment(f"{name or rfc5322.subject(attached.item.properties)}.eml", "message/rfc822", content)
    content_id = attached.properties.text(rfc5322.CONTENT_ID).strip("<> ") or None
    return Attachment(name, mime.type_of(attached.properties.text(rfc5322.MIME_TAG), name), attached.content, content_id)
