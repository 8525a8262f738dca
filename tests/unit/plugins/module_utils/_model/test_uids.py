# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import uids

UIDS = st.sets(st.one_of(st.integers(1, 200), st.integers(1, 2**32 - 1)), min_size=1, max_size=300)
SIZES = st.dictionaries(st.integers(1, 2**32 - 1), st.integers(0, 3_000_000), max_size=300)


@given(UIDS)
def test_set_and_back(numbers):
    assert uids.from_set(uids.to_set(numbers)) == sorted(numbers)


def test_runs_are_joined():
    assert uids.to_set([7, 3, 1, 2, 2]) == "1:3,7"
    assert uids.to_set([4, 5]) == "4:5" and uids.to_set([9]) == "9"


def test_order_of_the_server_is_kept():
    assert uids.from_set("9,1:3,6:4") == [9, 1, 2, 3, 6, 5, 4]


def test_there_is_no_empty_set():
    with pytest.raises(ValueError, match="at least one"):
        uids.to_set([])


@given(UIDS, st.integers(11, 200))
def test_slices_are_never_too_long(numbers, longest):
    parts = uids.slices(numbers, longest)
    assert [uid for part in parts for uid in part] == sorted(numbers)
    assert all(len(uids.to_set(part)) <= longest for part in parts)


def test_the_worst_case_fits_into_exchanges_longest_command():
    numbers = range(2**32 - 1, 2**32 - 40_000, -2)
    assert max(len(uids.to_set(part)) for part in uids.slices(numbers)) <= uids.LONGEST_SET


def test_no_uids_no_slices():
    assert uids.slices([]) == []


@given(SIZES, st.integers(1, 50), st.integers(1, 5_000_000))
def test_batches_by_number_and_bytes(sizes, most_messages, most_bytes):
    parts = uids.batches(sizes, most_messages, most_bytes)
    assert [uid for part in parts for uid in part] == sorted(sizes)
    assert all(part and len(part) <= most_messages for part in parts)
    assert all(len(part) == 1 or sum(sizes[uid] for uid in part) <= most_bytes for part in parts)


@given(SIZES)
def test_batches_are_as_large_as_they_may_be(sizes):
    parts = uids.batches(sizes)
    for part, following in zip(parts, parts[1:], strict=False):
        assert len(part) == 100 or sum(sizes[uid] for uid in part) + sizes[following[0]] > 2_000_000


def test_a_large_message_stands_alone():
    assert uids.batches({1: 10, 2: 90, 3: 10, 4: 10}, most_bytes=50) == [[1], [2], [3, 4]]
