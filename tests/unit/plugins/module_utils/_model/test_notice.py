# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import email
import email.policy

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.notice import Sender, Text, message, new_message_id

HOST = "help@example.test"


def parsed(data: bytes):
    assert data.isascii() and max(map(len, data.split(b"\r\n"))) <= 78 and b"\n" not in data.replace(b"\r\n", b"") and b"=0D" not in data
    mail = email.message_from_bytes(data.replace(b"\r\n", b"\n"), policy=email.policy.default)
    assert all(part.defects == [] for part in mail.walk())
    return mail


def made(text: Text, sender: Sender = Sender(HOST)):
    return parsed(message(sender, "anna.berg@example.test", new_message_id(HOST), "de", text))


def test_plain_text():
    mail = made(Text("Größe " * 30, "Grüße\n" + "x" * 2000 + "\n.\nFrom here\n\n"), Sender(HOST, 'Hélène "H", desk', "answers@example.test"))
    assert mail.get_content_type() == "text/plain" and mail.get_content() == "Grüße\n" + "x" * 2000 + "\n.\nFrom here\n"
    assert mail["Subject"] == ("Größe " * 30).strip()
    assert mail["From"].addresses[0].display_name == 'Hélène "H", desk' and mail["From"].addresses[0].addr_spec == HOST
    assert (mail["Reply-To"], mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"], mail["Content-Language"]) == (
        "answers@example.test", "auto-generated", "All", "de",
    )
    assert mail["Date"].datetime.tzinfo is not None and mail["Message-ID"].startswith("<notice.") and mail["Message-ID"].endswith("@example.test>")


def test_html_beside_it():
    mail = made(Text("x", "plain", "<p>ö</p>"))
    assert [(part.get_content_type(), part.get_content()) for part in mail.iter_parts()] == [("text/plain", "plain\n"), ("text/html", "<p>ö</p>\n")]
    assert "Reply-To" not in mail and mail["From"] == HOST


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\n\t"])
def test_a_subject_adds_no_header(line_end):
    mail = made(Text(f"Hello{line_end}Bcc: bo@example.test", "x"))
    assert mail["Subject"] == "Hello Bcc: bo@example.test" and "Bcc" not in mail


def test_message_ids_differ():
    assert len({new_message_id(HOST) for _number in range(100)}) == 100
