# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Messages rebuilt to RFC 5322 from their MAPI properties (after MS-OXCMAIL, 2.1): the same bytes at every read."""

from __future__ import annotations

import datetime
import re

from .._model import mime
from . import rtf
from .addresses import Person, flat_list, one_off, person, recipient
from .item import ATTACH_METHOD, BROKEN, EMBEDDED, LINKS, OLE, Attached, Item, first
from .properties import INTERNET_CODE_PAGE, Properties, codec

SUBJECT, HEADERS, MESSAGE_CLASS = 0x0037, 0x007D, 0x001A
SUBMITTED, DELIVERED, CREATED = 0x0039, 0x0E06, 0x3007
MESSAGE_ID, IN_REPLY_TO, REFERENCES, REPLY_TO = 0x1035, 0x1042, 0x1039, 0x004F
IMPORTANCE, SENSITIVITY = 0x0017, 0x0036
PLAIN, HTML, RTF = 0x1000, 0x1013, 0x1009
# Name, type, address and SMTP address of who is named as the author, and of who sent it for them.
REPRESENTED, SENDER = (0x0042, 0x0064, 0x0065, 0x5D02), (0x0C1A, 0x0C1E, 0x0C1F, 0x5D01)
RECIPIENT_TYPE = 0x0C15
LONG_NAME, SHORT_NAME, SHOWN_NAME, MIME_TAG, CONTENT_ID, ATTACH_FLAGS = 0x3707, 0x3704, 0x3001, 0x370E, 0x3712, 0x3714
LONG_PATH, SHORT_PATH = 0x370D, 0x3708
IN_THE_BODY = 4
FIELDS = {1: "To", 2: "Cc", 3: "Bcc"}
IMPORTANCES, SENSITIVITIES = {0: "low", 2: "high"}, {1: "Personal", 2: "Private", 3: "Company-Confidential"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FIELD = re.compile(r"([!-9;-~]+):(.*)", re.DOTALL)
SIGNED, ENCRYPTED = "IPM.NOTE.SMIME.MULTIPARTSIGNED", "IPM.NOTE.SMIME"


def rebuilt(item: Item, domain: str = "", lost: list[str] | None = None) -> bytes:
    """`domain`: what follows the @ where an address of the Exchange directory has to be encapsulated. What of the attachments is broken is told in
    its place, and in `lost`; ValueError for another broken part."""
    body = _signed(item) or _body(item, domain, [] if lost is None else lost)
    return b"".join(mime.field(name, value) for name, value in _headers(item, domain)) + b"MIME-Version: 1.0\r\n" + body


def subject(properties: Properties) -> str:
    """The subject may begin with a mark and the length of its prefix (MS-PST, 2.5.3.1.1.1)."""
    text = properties.text(SUBJECT)
    return text[2:] if text.startswith("\x01") else text


def texts(properties: Properties) -> tuple[str | None, bytes | None, str]:
    """The body as plain text or None, as HTML or None, and the character set of the HTML."""
    plain = properties.text(PLAIN) if PLAIN in properties else None
    kept, html = properties.data(HTML), properties.text(HTML)
    if html:
        return plain, html.encode("utf-8", "replace"), "utf-8"
    if kept:
        return plain, kept, codec(properties.number(INTERNET_CODE_PAGE)) or _guessed(kept)
    if properties.data(RTF):
        kind, text = rtf.read(rtf.decompressed(properties.data(RTF)))
        if kind == "html":
            return plain, text.encode("utf-8", "replace"), "utf-8"
        plain = plain or text
    return plain, None, ""


def _guessed(html: bytes) -> str:
    try:
        html.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _headers(item: Item, domain: str) -> list[tuple[str, str]]:
    properties = item.properties
    fields = _transported(properties.text(HEADERS))
    there = {name.lower() for name, _value in fields}
    for name, value in _own(item, domain):
        # Who else got it is in no header of a message that came.
        known = there & {"to", "cc", "bcc"} if name in ("To", "Cc") else name.lower() in there
        if value and not known:
            fields.append((name, value))
    return fields


def _transported(text: str) -> list[tuple[str, str]]:
    """Header fields as they came, without those of the MIME structure and those of parts, which follow after an empty line."""
    lines: list[str] = []
    for line in re.split(r"\r\n|\r|\n", text):
        if not line.strip() and lines:
            break
        if line[:1] in " \t" and lines:
            lines[-1] += "\r\n" + line
        elif line.strip():
            lines.append(line)
    fields = []
    for found in map(FIELD.fullmatch, lines):
        # Exchange began the block with a line that is no field.
        if found and not mime.STRUCTURE.match(found[1]):
            fields.append((found[1], _ascii(found[2].strip(" "))))
    return fields


def _ascii(value: str) -> str:
    """Bytes that were not ASCII have become characters by somebody's guess; they go on as encoded words."""
    if value.isascii():
        return value.replace("\0", "")
    return re.sub(r"[^\s<>,;:()@]*[^\x00-\x7f][^\s<>,;:()@]*", lambda found: mime.encoded_words(found[0].strip('"')), value)


def _own(item: Item, domain: str) -> list[tuple[str, str]]:
    """Fields that the properties tell."""
    properties = item.properties
    author, sender = (person(properties, *keys, domain) for keys in (REPRESENTED, SENDER))
    people: dict[str, list[Person]] = {name: [] for name in FIELDS.values()}
    for row in item.recipients:
        # The upper bits say whether somebody was told already.
        name = FIELDS.get((row.number(RECIPIENT_TYPE) or 0) & 0xF)
        if name:
            people[name].append(recipient(row, domain))
    reply_to = [one_off(entry, properties.code_page, domain) for entry in flat_list(properties.data(REPLY_TO))]
    author = author if any(author) else sender
    date = next((properties.time(key) for key in (SUBMITTED, DELIVERED, CREATED) if properties.time(key)), None)
    return [
        ("Date", _date(date) if date else ""),
        ("From", _people([author])),
        ("Sender", _people([sender]) if sender.address.lower() != author.address.lower() else ""),
        ("Reply-To", _people([one for one in reply_to if one])),
        *((name, _people(listed)) for name, listed in people.items()),
        ("Subject", mime.words(subject(properties), len("Subject: "))),
        ("Message-ID", _one_word(properties.text(MESSAGE_ID))),
        ("In-Reply-To", _one_word(properties.text(IN_REPLY_TO))),
        ("References", "\r\n ".join(properties.text(REFERENCES).split())),
        ("Importance", IMPORTANCES.get(properties.number(IMPORTANCE), "")),
        ("Sensitivity", SENSITIVITIES.get(properties.number(SENSITIVITY), "")),
    ]


def _people(people: list[Person]) -> str:
    return ",\r\n ".join(mime.mailbox(*one) for one in people if any(one))


def _one_word(text: str) -> str:
    return "".join(text.split())


def _date(when: datetime.datetime) -> str:
    return f"{DAYS[when.weekday()]}, {when.day:02} {MONTHS[when.month - 1]} {when:%Y %H:%M:%S} +0000"


def _signed(item: Item) -> bytes | None:
    """A signed or encrypted message is kept in one attachment as it came, and goes on as it came (MS-OXOSMIME, 2.1)."""
    kind = item.properties.text(MESSAGE_CLASS).upper()
    if not kind.startswith(ENCRYPTED) or len(item.attachments) != 1 or item.attachments[0].broken:
        return None
    whole = item.attachments[0]
    if kind.startswith(SIGNED):
        return whole.content if re.match(rb"\s*(content-|mime-version)", whole.content, re.IGNORECASE) else None
    told = whole.properties.text(MIME_TAG).split(";")[0].strip()
    return mime.binary(whole.content, name_of(whole), told if mime.TYPE.fullmatch(told) else "application/pkcs7-mime").whole()


def _body(item: Item, domain: str, lost: list[str]) -> bytes:
    plain, html, charset = texts(item.properties)
    parts = [mime.text(plain or "", "plain")] if plain or html is None else []
    inline, others = [], []
    for attached in item.attachments:
        (inline if html is not None and _shown_in(attached, html) else others).append(attached)
    if html is not None:
        shown = mime.text(html, "html", charset)
        parts.append(mime.multipart("related", [shown, *(_attachment(one, domain, lost, True) for one in inline)]) if inline else shown)
    body = mime.multipart("alternative", parts) if len(parts) > 1 else parts[0]
    if others:
        body = mime.multipart("mixed", [body, *(_attachment(one, domain, lost) for one in others)])
    return body.whole()


def _shown_in(attached: Attached, html: bytes) -> bool:
    named = attached.properties.text(CONTENT_ID)
    return bool(named) and (b"cid:" + named.encode("utf-8", "replace") in html or bool((attached.properties.number(ATTACH_FLAGS) or 0) & IN_THE_BODY))


def name_of(attached: Attached) -> str:
    properties = attached.properties
    return properties.text(LONG_NAME) or properties.text(SHORT_NAME) or properties.text(SHOWN_NAME)


def content_type_of(attached: Attached) -> str:
    return mime.type_of(attached.properties.text(MIME_TAG), name_of(attached))


def link_of(attached: Attached) -> str | None:
    """Where an attachment leads to whose content was never in the file; None for any other."""
    properties = attached.properties
    if properties.number(ATTACH_METHOD) not in LINKS or attached.content:
        return None
    return properties.text(LONG_PATH) or properties.text(SHORT_PATH)


def embedded(attached: Attached, domain: str, lost: list[str]) -> bytes | None:
    """The message that is attached; None for a broken one."""
    try:
        return rebuilt(attached.item, domain, lost)
    except BROKEN as error:
        lost.append(f"attachment {name_of(attached)}: {first(error)}")
        return None


def told(attached: Attached) -> str:
    return f"attachment {name_of(attached)}: {attached.broken}"


def _attachment(attached: Attached, domain: str, lost: list[str], inline: bool = False) -> mime.Part:
    properties, name = attached.properties, name_of(attached)
    method, link = properties.number(ATTACH_METHOD), link_of(attached)
    if attached.broken:
        lost.append(told(attached))
        return _instead(lost)
    if method == EMBEDDED and attached.item is not None:
        content = embedded(attached, domain, lost)
        return _instead(lost) if content is None else mime.message(content, name)
    if link is not None:
        return mime.text(f"This attachment is a link to the file {link}\r\n", "plain")
    content_type = mime.UNKNOWN if method == OLE else content_type_of(attached)
    return mime.binary(attached.content, name, content_type, _one_word(properties.text(CONTENT_ID)).strip("<>"), inline)


def _instead(lost: list[str]) -> mime.Part:
    return mime.text(f"The file could not give a part of this message: {lost[-1]}\r\n", "plain")
