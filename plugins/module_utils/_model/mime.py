# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Parts of a message as MIME (RFC 2045 to 2047, 2183, 2231).

Written by hand, since a message must come out in the same bytes whenever it is read, whatever the version of Python: by its hash it is
recognised.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import re
import urllib.parse

LONGEST_LINE = 998
FOLD = 76
# Bytes of UTF-8 that one encoded word of 75 characters holds, with `=?utf-8?B?` and `?=`.
WORD = 45
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
# Where a file does not say what an attachment is; fixed, since what a host thinks of it may differ from the next.
TYPES = {
    "bmp": "image/bmp", "csv": "text/csv", "doc": "application/msword", "gif": "image/gif", "gz": "application/gzip", "htm": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "html": "text/html", "ics": "text/calendar",
    "jpeg": "image/jpeg", "jpg": "image/jpeg", "mp3": "audio/mpeg", "mp4": "video/mp4", "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf", "png": "image/png", "ppt": "application/vnd.ms-powerpoint", "rtf": "application/rtf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation", "svg": "image/svg+xml", "tif": "image/tiff",
    "tiff": "image/tiff", "txt": "text/plain", "vcf": "text/vcard", "wav": "audio/x-wav", "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml", "zip": "application/zip",
}
TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")
UNKNOWN = "application/octet-stream"
# What the server wrote of the structure of the message as it came; ours is another.
STRUCTURE = re.compile(r"content-|mime-version$", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Part:
    """Header fields in their order, with the encoded content."""

    fields: tuple[tuple[str, str], ...]
    content: bytes

    def whole(self) -> bytes:
        return b"".join(field(name, value) for name, value in self.fields) + b"\r\n" + self.content


def field(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("utf-8", "replace")


def words(text: str, first: int = 0) -> str:
    """Free text for a header field, folded; `first` is how far its first line is filled. What is not ASCII becomes encoded words."""
    text = " ".join(re.sub(r"[\x00-\x1f\x7f]+", " ", text).split(" ")).strip()
    if not text.isascii() or "=?" in text or any(len(word) > LONGEST_LINE - 100 for word in text.split(" ")):
        return encoded_words(text)
    lines, filled = [""], first
    for number, word in enumerate(text.split(" ")):
        # A line of blanks only would end the header for some.
        if number and word and lines[-1].strip() and filled + 1 + len(word) > FOLD:
            lines.append(" " + word)
            filled = 1 + len(word)
        else:
            lines[-1] += (" " if number else "") + word
            filled += (1 if number else 0) + len(word)
    return "\r\n".join(lines)


def encoded_words(text: str) -> str:
    chunks, current = [], b""
    for char in text:
        piece = char.encode("utf-8", "replace")
        if len(current) + len(piece) > WORD:
            chunks.append(current)
            current = b""
        current += piece
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(chunk).decode()}?=" for chunk in [*chunks, current])


def phrase(text: str) -> str:
    text = " ".join(re.sub(r"[\x00-\x1f\x7f]+", " ", text).split())
    if not text.isascii() or "=?" in text:
        return encoded_words(text)
    return text if ATOMS.fullmatch(text) else '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def mailbox(name: str, address: str) -> str:
    """A person in an address field; one without an address is a group of nobody (RFC 5322, 3.4), as there is no other way to say it."""
    address = "".join(address.split())
    if not address:
        return f"{phrase(name)}:;"
    return f"{phrase(name)} <{address}>" if name and name != address else f"<{address}>" if re.search(r"[(),:;<>\[\]]", address) else address


def parameter(name: str, value: str) -> str:
    """`; name="value"`, in the form of RFC 2231 where it is not ASCII."""
    value = re.sub(r"[\x00-\x1f\x7f]+", " ", value)
    if value.isascii():
        return f";\r\n {name}=\"" + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return f";\r\n {name}*=utf-8''{urllib.parse.quote(value, safe='')}"


def text(content: str | bytes, subtype: str, charset: str = "utf-8") -> Part:
    """`content` as bytes is in `charset`."""
    data = content if isinstance(content, bytes) else content.encode(charset, "replace")
    data = re.sub(rb"\r\n|\r|\n", b"\n", data)
    plain = data.isascii() and b"\0" not in data and max(map(len, data.split(b"\n"))) <= LONGEST_LINE
    if charset == "utf-8" and data.isascii():
        charset = "us-ascii"
    fields = (("Content-Type", f"text/{subtype}; charset={charset}"), ("Content-Transfer-Encoding", "7bit" if plain else "quoted-printable"))
    return Part(fields, (data if plain else binascii.b2a_qp(data, istext=True)).replace(b"\n", b"\r\n"))


def binary(content: bytes, name: str, content_type: str, content_id: str = "", inline: bool = False) -> Part:
    """An attachment, in base64 whatever it is, so that it comes out byte by byte."""
    fields = [("Content-Type", content_type + (_name(name) if name else "")), ("Content-Transfer-Encoding", "base64")]
    if content_id:
        fields.append(("Content-ID", f"<{content_id}>"))
    fields.append(("Content-Disposition", ("inline" if inline else "attachment") + (parameter("filename", name) if name else "")))
    encoded = base64.b64encode(content)
    return Part(tuple(fields), b"".join(encoded[at:at + FOLD] + b"\r\n" for at in range(0, len(encoded), FOLD)))


def _name(name: str) -> str:
    # Old clients know no RFC 2231 and look for encoded words here, where they should not be.
    shown = name if name.isascii() else encoded_words(name)
    return parameter("name", shown) if name.isascii() else f';\r\n name="{shown}"'


def message(content: bytes, name: str) -> Part:
    encoding = "7bit" if content.isascii() else "8bit"
    disposition = "attachment" + (parameter("filename", name) if name else "")
    fields = (("Content-Type", "message/rfc822"), ("Content-Transfer-Encoding", encoding), ("Content-Disposition", disposition))
    return Part(fields, content)


def multipart(subtype: str, parts: list[Part], more: str = "") -> Part:
    """`parts` in one; its boundary comes from what they hold."""
    wholes = [part.whole() for part in parts]
    digest = hashlib.sha256()
    for whole in wholes:
        digest.update(whole)
    boundary = f"=_{digest.hexdigest()[:40]}"
    line = f"--{boundary}".encode()
    content = b"".join(line + b"\r\n" + whole + b"\r\n" for whole in wholes) + line + b"--\r\n"
    return Part((("Content-Type", f'multipart/{subtype};{more}\r\n boundary="{boundary}"'),), content)


def type_of(told: str, name: str) -> str:
    """The media type that a file tells of an attachment, or the one that its name speaks of."""
    told = told.split(";")[0].strip()
    # A message or a multipart must not be in base64 (RFC 2046, 5.2.1), which alone keeps the bytes as they are.
    if TYPE.fullmatch(told) and not told.lower().startswith(("multipart/", "message/")):
        return told
    return TYPES.get(name.rpartition(".")[2].lower(), UNKNOWN)
