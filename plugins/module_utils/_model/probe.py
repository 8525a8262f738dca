# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

from __future__ import annotations

import re
import uuid
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

_ADDRESS = re.compile(r"[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9.-]+")  # one @


def address(text: str) -> str:
    """A mail address as SMTP takes it; international ones are more than a probe needs."""
    if not _ADDRESS.fullmatch(text) or re.search(r'[<>"\\,;:]', text):
        raise ValueError(f"{text!r} isn't a plain mail address like anna.berg@example.test.")
    return text


def domain(mail_address: str) -> str:
    return mail_address.rpartition("@")[2]


def local_part(mail_address: str) -> str:
    return mail_address.rpartition("@")[0]


def new_message_id(sender: str) -> str:
    return f"<migration-probe.{uuid.uuid4()}@{domain(sender)}>"


def message(sender: str, recipient: str, message_id: str) -> bytes:
    """A small message that says what it is, and that no out-of-office assistant answers."""
    # Never folded: old servers don't find a Message-ID that goes on in the next line.
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = "Test of mail delivery during the mail migration"
    mail["Date"] = formatdate()
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834
    mail["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    mail.set_content("This message was sent by a program to test that mail arrives in this mailbox.\nYou can delete it.\n")
    return mail.as_bytes()
