# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import folder_map

PARTS = st.text(st.sampled_from("aAbäß .*%\\\"/_-\x01\x7f日"), min_size=1, max_size=5)
SEPARATORS = st.sampled_from(["/", ".", "\\", None])
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=3), max_size=12)
PREFIXES = st.sampled_from(["", "INBOX."])


def names_of(paths, source_separator, prefix, separator, strict=False):
    """What the folders of a mailbox become, one after the other."""
    sources = list(dict.fromkeys((source_separator or "").join(parts) for parts in paths))
    result = {}
    for source in sources:
        result[source] = folder_map.target_name(source, source_separator, prefix, separator, taken=result.values(), strict=strict)
    return result


@given(PATHS, SEPARATORS, PREFIXES, st.sampled_from(["/", "."]), st.booleans())
def test_names_are_legal(paths, source_separator, prefix, separator, strict):
    for source, name in names_of(paths, source_separator, prefix, separator, strict).items():
        if folder_map.is_inbox(source):
            continue
        assert name.startswith(prefix)
        for part in name[len(prefix):].split(separator):
            assert part and part == part.strip(" ")
            assert not set(part) & folder_map.ILLEGAL and all(ord(char) >= 32 and ord(char) != 127 for char in part)


@given(PATHS, SEPARATORS, PREFIXES, st.sampled_from(["/", ".", None]), st.booleans())
def test_names_are_unique_and_the_same_each_time(paths, source_separator, prefix, separator, strict):
    names = names_of(paths, source_separator, prefix, separator, strict)
    others = [name.casefold() for source, name in names.items() if not folder_map.is_inbox(source)]
    assert len(set(others)) == len(others) and "inbox" not in others
    assert names == names_of(paths, source_separator, prefix, separator, strict)


@given(PREFIXES, SEPARATORS, SEPARATORS, st.sampled_from(["INBOX", "inbox", "Inbox"]))
def test_inbox_stays_inbox(prefix, source_separator, separator, name):
    assert folder_map.target_name(name, source_separator, prefix, separator) == "INBOX"


@given(st.lists(st.from_regex(r"\A[a-zA-Z0-9äöü_-]{1,8}\Z"), min_size=1, max_size=4), st.sampled_from(["/", "."]), st.sampled_from(["/", "."]))
def test_ordinary_names_stay(parts, source_separator, separator):
    name = separator.join(parts)
    expected = name if not folder_map.is_inbox(parts[0]) else None
    if expected:
        assert folder_map.target_name(source_separator.join(parts), source_separator, "", separator) == expected


@pytest.mark.parametrize(
    ("source", "options", "name"),
    [
        ("Sent/2019", {}, "Sent.2019"),
        ("a.b", {}, "a_b"),
        ("INBOX/Projects", {"prefix": "INBOX."}, "INBOX.Projects"),
        ("INBOX/Projects", {}, "Projects"),
        ("INBOX.Projects", {"source_separator": ".", "source_prefix": "INBOX."}, "Projects"),
        ("100%", {}, "100_"),
        ("  ", {}, "_"),
        ("a//b", {}, "a._.b"),
        ("Sent", {"taken": ["sent"]}, "Sent (2)"),
        ("Sent", {"taken": ["sent", "SENT (2)"]}, "Sent (3)"),
        ("Sent/2019", {"separator": None}, "Sent-2019"),
        ("Rés+umé!", {"strict": True}, "Rés_umé_"),
        ("/INBOX", {"source_separator": None}, "/INBOX"),
    ],
)
def test_examples(source, options, name):
    own = {"source_separator": "/", "prefix": "", "separator": ".", **options}
    assert folder_map.target_name(source, **own) == name
