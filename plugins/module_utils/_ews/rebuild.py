# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Messages (RFC 5322) of what Exchange gives none for: the same bytes whenever the same item is read, whatever the version of Python.

An item whose MIME can't be had is rebuilt from its properties (after MS-OXCMAIL, 2.1). One that is no mail but lies among it, such as a
deleted event, is carried by a message.
"""

from __future__ import annotations

import datetime
import email.utils
import re
import textwrap

from .._libraries import exchangelib
from .._model import mime
from .._model.addresses import smtp
from .._model.item_kinds import Attachment
from .common import NotReadable, Reading, attachments, moment

# What an item is asked for, in exchangelib's names; Exchange 2007 has all of them.
FIELDS = (
    "item_class", "subject", "author", "sender", "to_recipients", "cc_recipients", "bcc_recipients", "reply_to", "datetime_sent", "datetime_received",
    "datetime_created", "message_id", "in_reply_to", "references", "headers", "body", "attachments", "importance", "sensitivity",
)
IMPORTANCES, SENSITIVITIES = {"Low": "low", "High": "high"}, {"Personal": "Personal", "Private": "Private", "Confidential": "Company-Confidential"}
FIELD_NAME = re.compile(r"[!-9;-~]+")
NO_MAIL = re.compile(rb"\s*BEGIN:(VCALENDAR|VCARD)\s", re.IGNORECASE)
CARRIED = {b"VCALENDAR": ("text/calendar; charset=utf-8", "event.ics"), b"VCARD": ("text/vcard; charset=utf-8", "contact.vcf")}
TITLE = re.compile(r"^(?:SUMMARY|FN)(?:;[^:\r\n]*)?:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def unrendered() -> tuple[type[Exception], ...]:
    """Answers of GetItem that say that the item is there, and its MIME is not to be had."""
    errors = exchangelib.errors
    return (
        errors.ErrorMimeContentConversionFailed, errors.ErrorContentConversionFailed, errors.ErrorItemCorrupt, errors.ErrorCorruptData,
        errors.ErrorInternalServerError,
    )


def field_paths(version) -> set:
    """FIELDS as GetItem takes them from a server of that version (exchangelib's)."""
    fields = [exchangelib.Message.get_field_by_fieldname(name) for name in FIELDS]
    return {exchangelib.fields.FieldPath(field=field) for field in fields if field.supports_version(version)}


def rebuilt(item, reading: Reading) -> bytes:
    """exchangelib's Message, or another item that has an author, such as a meeting request, of which the meeting's own properties are left out.

    Addresses of the Exchange directory are encapsulated (IMCEAEX) with the domain of `reading.owner`. What of the attachments could not
    be read is in `reading.lost` afterwards, and told in their place. NotReadable for an item that is no mail.
    """
    if not hasattr(item, "author"):
        raise NotReadable(f"{type(item).__name__} has no properties of a message")
    reading.lost.clear()
    fields = b"".join(mime.field(name, value) for name, value in _fields(item, reading.owner.rpartition("@")[2]))
    return fields + b"MIME-Version: 1.0\r\n" + _body(item, reading).whole()


def as_message(data: bytes, date: datetime.datetime, owner: str) -> bytes:
    """`data` as it is, or carried where it is no message; `date` and `owner`, an SMTP address, are then of the item."""
    found = NO_MAIL.match(data)
    return carried(data, _title(data), date, owner, *CARRIED[found[1].upper()]) if found else data


def carried(data: bytes, subject: str, date: datetime.datetime, owner: str, content_type: str, name: str) -> bytes:
    """A message from `owner` with `data` as its attachment, byte by byte."""
    fields = (("Date", _date(date)), ("From", mime.mailbox("", owner)), ("Subject", mime.words(subject, len("Subject: "))), ("MIME-Version", "1.0"))
    body = mime.multipart("mixed", [mime.text(f"{subject}\r\n", "plain"), mime.binary(data, name, content_type)])
    return b"".join(mime.field(*one) for one in fields) + body.whole()


def _title(data: bytes) -> str:
    unfolded = re.sub(r"\r?\n[ \t]", "", data.decode("utf-8", "replace"))
    found = TITLE.search(unfolded)
    return re.sub(r"\\(.)", lambda escaped: " " if escaped[1] in "nN" else escaped[1], found[1]).strip() if found else ""


def _fields(item, domain: str) -> list[tuple[str, str]]:
    # What the server tells of the structure of the message as it came is no longer so.
    fields = [
        (one.name, _folded(one.value)) for one in item.headers or () if one.value and FIELD_NAME.fullmatch(one.name) and not mime.STRUCTURE.match(one.name)
    ]
    there = {name.lower() for name, _value in fields}
    for name, value in _own(item, domain):
        # Who else got it is in no header of a message that came.
        known = there & {"to", "cc", "bcc"} if name in ("To", "Cc") else name.lower() in there
        if value and not known:
            fields.append((name, value))
    return fields


def _folded(value: str) -> str:
    """A field as it came, in lines that are not too long; characters that are not ASCII go on as encoded words."""
    text = re.sub(r"\s*[\r\n]+\s*", " ", value.strip()).replace("\0", "")
    text = re.sub(r"[^\s<>,;:()@]*[^\x00-\x7f][^\s<>,;:()@]*", lambda found: mime.encoded_words(found[0].strip('"')), text)
    return "\r\n ".join(textwrap.wrap(text, mime.LONGEST_LINE - 100, break_long_words=False, break_on_hyphens=False))


def _own(item, domain: str) -> list[tuple[str, str]]:
    """Fields that the properties tell. Kinds of items other than messages lack some."""
    author, sender = item.author or item.sender, item.sender
    own_sender = sender and _address(sender, domain).lower() != _address(author, domain).lower()
    date = item.datetime_sent or item.datetime_received or item.datetime_created
    return [
        ("Date", _date(moment(date)) if date else ""),
        ("From", _people([author], domain)),
        ("Sender", _people([sender], domain) if own_sender else ""),
        *(
            (name, _people(getattr(item, key, None), domain))
            for name, key in (("Reply-To", "reply_to"), ("To", "to_recipients"), ("Cc", "cc_recipients"), ("Bcc", "bcc_recipients"))
        ),
        ("Subject", mime.words(item.subject or "", len("Subject: "))),
        ("Message-ID", "".join((item.message_id or "").split())),
        ("In-Reply-To", "".join((item.in_reply_to or "").split())),
        ("References", "\r\n ".join((item.references or "").split())),
        ("Importance", IMPORTANCES.get(item.importance, "")),
        ("Sensitivity", SENSITIVITIES.get(item.sensitivity, "")),
    ]


def _people(people, domain: str) -> str:
    known = [one for one in people or () if one and (one.name or one.email_address)]
    return ",\r\n ".join(mime.mailbox(one.name or "", _address(one, domain)) for one in known)


def _address(one, domain: str) -> str:
    address = one.email_address or ""
    # Where the server tells no routing type, exchangelib says SMTP.
    return smtp("EX" if address.startswith("/") else one.routing_type or "", address, domain)


def _date(when: datetime.datetime) -> str:
    return email.utils.format_datetime(when)


def _body(item, reading: Reading) -> mime.Part:
    html = isinstance(item.body, exchangelib.HTMLBody)
    body = mime.text(item.body or "", "html" if html else "plain")
    inline, others = [], []
    for one in attachments(item, reading):
        shown = html and bool(one.content_id) and f"cid:{one.content_id.strip('<>')}" in item.body
        (inline if shown else others).append(_attached(one, shown))
    others += [mime.text(f"The source could not give a part of this message: {trouble.detail}\r\n", "plain") for trouble in reading.lost]
    if inline:
        body = mime.multipart("related", [body, *inline])
    return mime.multipart("mixed", [body, *others]) if others else body


def _attached(one: Attachment, inline: bool) -> mime.Part:
    found = NO_MAIL.match(one.content)
    if one.content_type == "message/rfc822" and found:
        return mime.binary(one.content, one.name.removesuffix(".eml"), CARRIED[found[1].upper()][0])
    # A message must not be in base64 (RFC 2046, 5.2.1); one that is no proper text is a file.
    if one.content_type == "message/rfc822" and not re.search(rb"(?<!\r)\n|\0", one.content):
        return mime.message(one.content, one.name)
    content_id = "".join((one.content_id or "").split()).strip("<>")
    return mime.binary(one.content, one.name, mime.type_of(one.content_type, one.name), content_id, inline)
