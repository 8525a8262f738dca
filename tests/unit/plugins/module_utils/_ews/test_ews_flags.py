# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._ews.flags import imap_flags
from ansible_collections.messaging.migration.plugins.module_utils._model.keywords import category, keyword

# ATOM-CHAR of RFC 9051, 9.
ATOM = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]+')
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("properties", "flags"),
    [
        ({"is_read": False}, ()),
        ({"is_read": True}, ("\\Seen",)),
        ({"is_read": True, "last_verb": 102}, ("\\Answered", "\\Seen")),
        ({"is_read": False, "last_verb": 103}, ("\\Answered",)),
        ({"is_read": False, "last_verb": 104}, ("$Forwarded",)),
        ({"is_read": False, "last_verb": 108}, ()),
        ({"is_read": False, "flag_status": 2}, ("\\Flagged",)),
        ({"is_read": False, "flag_status": 1}, ()),
        ({"is_read": True, "is_draft": True}, ("\\Draft", "\\Seen")),
        ({"is_read": False, "categories": ["Project A", "project a", "", " "]}, ("project_a",)),
        ({"is_read": False, "categories": None}, ()),
    ],
)
def test_flags(properties, flags):
    assert imap_flags(**properties) == flags


@pytest.mark.parametrize(
    ("name", "expected"), [("Red", "Red"), ("Project A", "Project_A"), ("a_b", "a=5Fb"), ("Büro", "B=C3=BCro"), ("$Junk", "=24Junk"), ("\\Seen", "=5CSeen")],
)
def test_keywords_stay_what_they_are(name, expected):
    assert keyword(name) == expected


@given(NAMES)
def test_a_keyword_is_legal_and_gives_the_category_back(name):
    assert ATOM.fullmatch(keyword(name)) and category(keyword(name)) == name


@given(st.text("abcXYZ _=$19ÄÖßé"))
def test_a_server_that_changes_the_case_keeps_the_rest(name):
    def cased(text):
        return "".join(char.upper() if char.isascii() else char for char in text)

    assert category(keyword(name).upper()) == cased(name) and cased(category(keyword(name).lower())) == cased(name)


@given(NAMES, NAMES)
def test_no_two_categories_share_a_keyword(one, other):
    assert one == other or keyword(one) != keyword(other)
