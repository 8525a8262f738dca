# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import change_set, flags

FLAGS = st.lists(st.sampled_from(["\\Seen", "\\Flagged", "$Forwarded", "$FORWARDED"]), max_size=3).map(tuple)
FOLDERS = st.dictionaries(st.integers(1, 12), FLAGS)
HASHES = st.dictionaries(st.integers(1, 30), st.sampled_from([b"a", b"b", b"c"]))


@given(FOLDERS, FOLDERS)
def test_the_changes_lead_from_the_known_to_the_listed(known, listed):
    changes = change_set.between(known, listed)
    after = {uid: names for uid, names in known.items() if uid not in changes.vanished}
    after |= {uid: listed[uid] for uid in changes.new}
    for uid, (add, remove) in changes.flags.items():
        gone = {name.lower() for name in remove}
        after[uid] = (*(name for name in after[uid] if name.lower() not in gone), *add)
    assert after.keys() == listed.keys()
    assert all(flags.same(after[uid], listed[uid]) for uid in listed)
    assert not set(changes.new) & set(changes.vanished) and not changes.flags.keys() & {*changes.new, *changes.vanished}


@given(FOLDERS)
def test_nothing_changed(listed):
    assert len(change_set.between(listed, listed)) == 0


def test_what_is_counted():
    changes = change_set.between({1: (), 2: ("\\Seen",)}, {2: (), 3: ()})
    assert (changes.new, changes.vanished, changes.flags, len(changes)) == ([3], [1], {2: ((), ("\\Seen",))}, 3)


@given(HASHES, HASHES)
def test_equal_messages_are_paired_one_to_one(wanted, found):
    pairs = change_set.match_by_content(wanted, found)
    assert all(wanted[left] == found[right] for left, right in pairs.items())
    assert len(set(pairs.values())) == len(pairs)
    common = collections.Counter(wanted.values()) & collections.Counter(found.values())
    assert collections.Counter(wanted[left] for left in pairs) == common


@given(HASHES, HASHES)
def test_equal_messages_keep_their_order(wanted, found):
    pairs = change_set.match_by_content(wanted, found)
    for content in set(wanted.values()):
        partners = [pairs[key] for key in sorted(wanted) if wanted[key] == content and key in pairs]
        assert partners == sorted(partners)
