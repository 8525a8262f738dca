# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import probe


def test_the_message():
    message_id = probe.new_message_id("ada@example.test")
    raw = probe.message("ada@example.test", "anna.berg@example.test", message_id)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert (mail["From"], mail["To"], mail["Message-ID"]) == ("ada@example.test", "anna.berg@example.test", message_id)
    assert mail["Auto-Submitted"] == "auto-generated" and "migration" in mail["Subject"] and mail["Date"]
    assert f"\r\nMessage-ID: {message_id}\r\n".encode() in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_each_message_has_its_own_id():
    ids = {probe.new_message_id("ada@example.test") for _count in range(100)}
    assert len(ids) == 100 and all(message_id.endswith("@example.test>") for message_id in ids)


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    try:
        address = probe.address(text)
    except ValueError:
        return
    assert address.isascii() and not set(address) & set(" \t\r\n<>,;:\"\\")
    assert probe.local_part(address) and probe.domain(address) and address.count("@") == 1


@pytest.mark.parametrize("text", [
    "", "anna", "@example.test", "anna@", "Anna <anna@example.test>", "anna@example.test\r\nBcc: b@example.test", "änna@example.test",
    "anna@old.example.test@example.test",
])
def test_no_addresses(text):
    with pytest.raises(ValueError, match="isn't a plain mail address"):
        probe.address(text)
