# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import flags

NAMES = st.sampled_from(["\\Seen", "\\SEEN", "\\answered", "\\Flagged", "\\Recent", "$Forwarded", "$forwarded", "Junk", "\\Custom"])
FLAGS = st.lists(NAMES, max_size=6)


@given(FLAGS, st.randoms())
def test_one_form(names, random):
    shuffled = [*names, *names]
    random.shuffle(shuffled)
    assert flags.same(flags.normal(shuffled), flags.normal(names))
    assert flags.normal(flags.normal(names)) == flags.normal(names)


def test_system_flags_have_their_own_spelling_and_recent_is_none():
    assert flags.normal(["\\SEEN", "\\recent", "Junk", "\\answered"]) == ("\\Answered", "\\Seen", "Junk")


def test_keywords_differ_in_letters_only():
    assert flags.same(["$Forwarded", "\\Seen"], ["\\seen", "$FORWARDED", "\\Recent"])
    assert not flags.same(["$Forwarded"], ["$Forward"])


@given(FLAGS, FLAGS)
def test_the_difference_leads_from_one_to_the_other(before, after):
    add, remove = flags.difference(before, after)
    removed = {name.lower() for name in remove}
    assert flags.same([*(name for name in before if name.lower() not in removed), *add], after)
    assert not {name.lower() for name in add} & removed


@pytest.mark.parametrize(
    ("permanent", "kept"),
    [
        ((), ("\\Seen", "$Forwarded")),
        (("\\seen", "\\*"), ("\\Seen", "$Forwarded")),
        (("\\Seen",), ("\\Seen",)),
        (("$forwarded",), ("$Forwarded",)),
        (("\\*",), ("$Forwarded",)),
        (("\\Flagged",), ()),
    ],
)
def test_what_a_folder_stores(permanent, kept):
    wanted = ("\\Seen", "$Forwarded")
    assert flags.allowed(wanted, permanent) == (kept, tuple(name for name in wanted if name not in kept))


@given(st.lists(st.binary(min_size=1).filter(lambda name: not set(name) & set(b" \t\r\n\v\f"))))
def test_there_and_back(names):
    found = flags.from_wire(names)
    assert flags.to_wire(found) == b" ".join(names) and flags.parted(" ".join(found)) == found


def test_for_people():
    assert flags.shown(flags.from_wire([b"\\Seen", "Büro".encode()])) == "\\Seen Büro" and flags.shown(flags.from_wire([b"k\xe9y"])) == "k\xe9y"
    # As a ledger of an earlier version has it.
    assert flags.shown(["日本"]) == "日本" and flags.to_wire(["日本"]) == b"??"
