# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import re

import hypothesis
import hypothesis.strategies as st
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._items.ldif import ldif
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import CONTACT, TEAM, words


def read(item) -> list[tuple[str, str]]:
    """RFC 2849, without folded lines, comments and URLs."""
    pairs = []
    data = ldif(item)
    assert data.endswith(b"\n") and data.isascii()
    for line in data.decode().split("\n")[:-1]:
        name, encoded, value = re.fullmatch(r"([a-z]+):(:?) (.*)", line).groups()
        pairs.append((name, base64.b64decode(value, validate=True).decode() if encoded else value))
    return pairs


def test_everything_of_a_contact():
    assert read(CONTACT) == [
        ("dn", "cn=Änn B. Berg,mail=anna@example.test"), ("objectclass", "top"), ("objectclass", "person"), ("mail", "anna@example.test"),
        ("cn", "Änn B. Berg"), ("sn", "Berg; née Tal"), ("givenname", "Änn"), ("displayname", "Änn B. Berg"), ("category", "Friends, old,Work"),
        ("o", "Example, Inc."), ("ou", "Sales"), ("title", "Head"), ("description", "Note;\nsecond"), ("postaladdress", "Platz 2"), ("l", "Bonn"),
        ("postalcode", "53111"), ("c", "DE"), ("telephonenumber", "+49 1"), ("homephone", "+49 2"), ("mobile", "+49 3"), ("pager", "6"),
        ("facimiletelephonenumber", "+49 4"), ("xmozillanickname", "Annie"), ("homeurl", "https://example.test/a,b;c"), ("birthyear", "1980"),
        ("birthmonth", "2"), ("birthday", "29"), ("anniversaryyear", "2005"), ("anniversarymonth", "6"), ("anniversaryday", "7"),
    ]


def test_a_list():
    assert read(TEAM) == [
        ("dn", "cn=Team\\, all"), ("objectclass", "top"), ("objectclass", "groupofnames"), ("cn", "Team, all"), ("description", "About"),
        ("member", 'cn=Anna \\"B\\",mail=anna@example.test'), ("member", "cn=ben@example.test,mail=ben@example.test"),
    ]


@pytest.mark.parametrize("text", ["plain", " leading", "trailing ", ":colon", "<less", "two\nlines", "ümlaut", "a:b", "#hash"])
def test_what_would_be_misread_is_encoded(text):
    assert dict(read(k.Contact("1", "N", body=text)))["description"] == text
    safe = re.fullmatch(r"[^ :<].*[^ ]", text) and text.isascii()
    assert (f"description: {text}\n".encode() in ldif(k.Contact("1", "N", body=text))) == bool(safe)


@hypothesis.given(st.builds(k.Contact, st.just("1"), words, family=words, title=words, body=words))
def test_what_is_written_is_read(contact):
    told = dict(read(contact))
    assert [told.get(name, "") for name in ("sn", "title", "description")] == [contact.family, contact.title, contact.body]
