# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail as Exchange gives it: made anew at each reading, which shows in other boundaries; properties and attachments of a message."""

from __future__ import annotations

import datetime
import email.header
import email.message
import email.parser
import email.policy
import email.utils
import re
import secrets
from xml.sax.saxutils import escape

from lxml import etree

from .schema import T

BOUNDARY = re.compile(rb'(boundary\s*=\s*)(?:"([^"\r\n]+)"|([^\s;"]+))', re.IGNORECASE)
BLANK = re.compile(rb"\r?\n\r?\n")
TYPE = re.compile(rb"^content-type:\s*([^\s;]+)", re.IGNORECASE | re.MULTILINE)
# XML 1.0 has no characters for these.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: str) -> str:
    return escape(FORBIDDEN.sub("", value))


def made_anew(mime: bytes) -> bytes:
    """The same message with new boundaries; parts of a signed message stay as they are."""
    blank = BLANK.search(mime)
    if not blank:
        return mime
    head, body = mime[: blank.end()], mime[blank.end():]
    kind = TYPE.search(head)
    if kind and kind[1].lower() == b"message/rfc822":
        return head + made_anew(body)
    old = BOUNDARY.search(head)
    if not (kind and old and kind[1].lower().startswith(b"multipart/")):
        return mime
    new = b"_000_%s_" % secrets.token_hex(16).encode()
    head = head[: old.start()] + old[1] + b'"' + new + b'"' + head[old.end():]
    pieces = re.split(rb"(?m)^--" + re.escape(old[2] or old[3]) + rb"(?=--|[ \t]*\r?$)", body)
    parts, last = pieces[1:], len(pieces) - 1
    if kind[1].lower() != b"multipart/signed":
        parts = [part if number == last and part.startswith(b"--") else _part_anew(part) for number, part in enumerate(parts, 1)]
    return head + pieces[0] + b"".join(b"--" + new + part for part in parts)


def _part_anew(part: bytes) -> bytes:
    line = part.find(b"\n") + 1
    # A part without headers begins with the blank line.
    return part if part[line:].startswith((b"\r\n", b"\n")) else part[:line] + made_anew(part[line:])


def moment(when: datetime.datetime) -> str:
    return when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mailboxes(tag: str, header: str, most: int | None = None) -> str:
    boxes = "".join(
        f"<t:Mailbox><t:Name>{text(name or address)}</t:Name><t:EmailAddress>{text(address)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox>"
        for name, address in email.utils.getaddresses([header])[:most] if address
    )
    return f"<t:{tag}>{boxes}</t:{tag}>" if boxes else ""


def properties(head: bytes) -> dict[str, str]:
    """Elements of types.xsd by name, as far as the headers tell: of a message's beginning, or of the whole."""
    message = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head)

    def header(name: str) -> str:
        value = str(message.get(name, ""))
        if "=?" in value:
            value = str(email.header.make_header(email.header.decode_header(value)))
        return re.sub(r"\s*\r?\n\s*", " ", value.strip()).encode("utf-8", "replace").decode()

    found = {name: f"<t:{name}>{text(value)}</t:{name}>" for name, value in (
        ("Subject", header("Subject")), ("InternetMessageId", header("Message-ID")), ("InReplyTo", header("In-Reply-To")),
        ("References", header("References")),
    ) if value}
    for name, source, most in (("Sender", "Sender", 1), ("From", "From", 1), ("ToRecipients", "To", None), ("CcRecipients", "Cc", None)):
        if element := _mailboxes(name, header(source) or (header("From") if source == "Sender" else ""), most):
            found[name] = element
    try:
        sent = email.utils.parsedate_to_datetime(header("Date"))
    except ValueError:
        return found
    if 1900 < sent.year < 9999:
        found["DateTimeSent"] = f"<t:DateTimeSent>{moment(sent)}</t:DateTimeSent>"
    return found


def parsed(mime: bytes) -> email.message.EmailMessage:
    return email.parser.BytesParser(policy=email.policy.default).parsebytes(mime)


def body(mime: bytes, wanted: str) -> str:
    """The element Body; `wanted` is HTML, Text or Best."""
    part = parsed(mime).get_body(("plain", "html") if wanted == "Text" else ("html", "plain"))
    kind = "HTML" if part is not None and part.get_content_type() == "text/html" else "Text"
    return f'<t:Body BodyType="{kind}">{text(part.get_content()) if part is not None else ""}</t:Body>'


def attachments(mime: bytes) -> list[tuple[str, str, str | None, bytes]]:
    """(name, content type, content id, content) of each; a message in a message is one, as bytes."""
    found = []
    for number, part in enumerate(parsed(mime).iter_attachments()):
        if part.get_content_type() == "message/rfc822":
            content = part.get_payload(0).as_bytes()
        else:
            content = part.get_payload(decode=True) or b""
        content_id = part.get("Content-ID")
        found.append((part.get_filename() or f"part{number}", part.get_content_type(), content_id and str(content_id).strip("<> "), content))
    return found


def composed(item: etree._Element) -> bytes:
    """A message that never had a MIME, from its properties."""
    known = (("Subject", "Subject"), ("Message-ID", "InternetMessageId"))
    lines = [f"{header}: {value}" for header, name in known if (value := item.findtext(T + name))]
    for header, name in (("From", "From"), ("To", "ToRecipients"), ("Cc", "CcRecipients")):
        if addresses := [found.text for found in item.iterfind(f"{T}{name}/{T}Mailbox/{T}EmailAddress")]:
            lines.append(f"{header}: {', '.join(addresses)}")
    body = item.find(f"{T}Body")
    kind = "html" if body is not None and body.get("BodyType") == "HTML" else "plain"
    lines += ["MIME-Version: 1.0", f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
              (body.text or "") if body is not None else "", ""]
    return "\r\n".join(lines).encode()
