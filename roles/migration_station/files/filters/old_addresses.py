# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter for mail of old Exchange servers: turns addresses that only Exchange understands into SMTP addresses.

They are names of the directory (legacyExchangeDN, X500), as IMCEAEX-_O=..._CN=ANNA@example.com, </O=.../CN=ANNA> or <EX:/O=...>, in From,
Sender, Reply-To, To, Cc and Bcc. Which address they stand for is read from one of two files beside this one:

old_addresses.csv   with the columns legacyExchangeDN and mail, and perhaps proxyAddresses with further names (X500:..., parted by ;), as csvde writes it
old_addresses.json  {"addresses": {"/o=Example/ou=Berlin/cn=Recipients/cn=Anna": "anna@example.com"}, "remove_receipt_requests": true}

With remove_receipt_requests, Disposition-Notification-To and Return-Receipt-To are taken away: nobody shall get receipts for years-old mail.
Signed and encrypted messages (S/MIME, PGP/MIME) stay as they are. A DKIM signature stays, but holds no longer where a header that it covers changed.
All other bytes stay, and so do names that the table does not have.
"""

from __future__ import annotations

import csv
import json
import pathlib
import re

ADDRESS_FIELDS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")
RECEIPT_FIELDS = (b"disposition-notification-to", b"return-receipt-to")
UNTOUCHABLE = re.compile(rb"(?i)multipart/(signed|encrypted)|application/(x-)?pkcs7-mime|application/pgp-encrypted")
# A header field with its continuation lines.
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:.*(?:\r?\n[ \t].*)*\r?\n?")
# What is in quotes is a person's name. An address is in angle brackets, or an IMCEAEX one on its own.
ADDRESS = re.compile(rb'"(?:[^"\\]|\\.)*"(?!@)|<([^<>]*)>|(?i:(IMCEAEX-[^\s<>(),;:"]+))', re.DOTALL)
NAME = re.compile(r"(?i)(?:EX:|X500:)?(/o=.*?)(?:@[^@/=]*)?")


def name_key(name: str) -> str:
    """Names of the directory differ in case and in blanks without being others."""
    return re.sub(r"\s+", " ", name).strip().casefold()


def directory_name(address: str) -> str | None:
    """The name that an address stands for, or None for any other address."""
    text = re.sub(r"\s+", " ", address).strip().replace('"', "")
    if text.upper().startswith("IMCEAEX-"):
        encoded = text[8:].rpartition("@")[0] or text[8:]
        text = re.sub(r"\+([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), encoded.replace("_", "/"))
    found = NAME.fullmatch(text)
    return name_key(found[1]) if found else None


class Addresses:
    def __init__(self, folder: pathlib.Path) -> None:
        self.table: dict[str, str] = {}
        self.remove_receipt_requests = False
        files = [file for file in (folder / "old_addresses.json", folder / "old_addresses.csv") if file.exists()]
        if not files:
            raise FileNotFoundError(f"neither old_addresses.json nor old_addresses.csv is in {folder}")
        for file in files:
            (self._read_json if file.suffix == ".json" else self._read_csv)(file)

    def _read_json(self, file: pathlib.Path) -> None:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        self.remove_receipt_requests = bool(content.get("remove_receipt_requests"))
        self.table |= {name_key(name): address for name, address in (content.get("addresses") or {}).items()}

    def _read_csv(self, file: pathlib.Path) -> None:
        # csvde writes UTF-16 when it is told to (-u).
        raw = file.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        for row in csv.DictReader(text.splitlines()):
            if not row.get("mail"):
                continue
            others = [one[5:] for one in (row.get("proxyAddresses") or "").split(";") if one.upper().startswith("X500:")]
            self.table |= {name_key(name): row["mail"] for name in (row["legacyExchangeDN"], *others) if name}

    def changed(self, field: bytes) -> bytes:
        """A header field with SMTP addresses in it."""

        def put(found: re.Match) -> bytes:
            name = directory_name((found[1] or found[2] or b"").decode("latin-1"))
            address = self.table.get(name or "")
            if address is None:
                return found[0]
            return b"<%s>" % address.encode() if found[1] is not None else address.encode()

        return ADDRESS.sub(put, field)


KNOWN = Addresses(pathlib.Path(__file__).parent)


def handle(item):
    """What the module calls."""
    fields, end = [], 0
    while found := FIELD.match(item.content, end):
        fields.append((found[1].lower(), found[0]))
        end = found.end()
    if item.content[end:end + 2] != b"\r\n" and item.content[end:end + 1] not in (b"", b"\n"):
        # What the header says is not sure.
        return None
    if any(name == b"content-type" and UNTOUCHABLE.search(field) for name, field in fields):
        return None
    kept = [
        KNOWN.changed(field) if name in ADDRESS_FIELDS else field
        for name, field in fields if not (KNOWN.remove_receipt_requests and name in RECEIPT_FIELDS)
    ]
    item.content = b"".join(kept) + item.content[end:]
    return item
