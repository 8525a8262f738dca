# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A message to a user. Plain values, no I/O."""

from __future__ import annotations

import dataclasses
import secrets
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate


@dataclasses.dataclass(frozen=True)
class Sender:
    address: str
    name: str = ""
    reply_to: str = ""


@dataclasses.dataclass(frozen=True)
class Text:
    """What a template makes of a user. Without `html` the message is plain text."""

    subject: str
    text: str
    html: str = ""


def new_message_id(sender: str) -> str:
    # Short, so that its line need not be folded: it is what people look for in logs.
    return f"<notice.{secrets.token_hex(10)}@{sender.rpartition('@')[2]}>"


def message(sender: Sender, recipient: str, message_id: str, language: str, text: Text) -> bytes:
    """Well formed, 7 bit, and such that no out-of-office assistant answers it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(sender.name, addr_spec=sender.address)
    mail["To"] = recipient
    if sender.reply_to:
        mail["Reply-To"] = sender.reply_to
    mail["Subject"] = " ".join(text.subject.split())
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834
    mail["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    mail.set_content(text.text.strip() + "\n", cte="quoted-printable")
    if text.html.strip():
        mail.add_alternative(text.html.strip() + "\n", subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language
    return mail.as_bytes()
