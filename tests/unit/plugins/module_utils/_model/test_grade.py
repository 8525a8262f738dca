# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import grade as grades


def graded(messages=10_000, sampled=False, **found):
    return grades.grade({**dict.fromkeys(grades.FAULTS, 0), **found}, messages, sampled)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, "perfect"), ({"flags_differ": 1}, "good"), ({"flags_differ": 10}, "good"), ({"flags_differ": 11}, "investigate"),
        ({"flags_differ": 6, "subscriptions_differ": 5}, "investigate"), ({"flags_differ": 10_000}, "investigate"), ({"missing": 1}, "investigate"),
        ({"doubled": 50, "altered": 50}, "investigate"), ({"doubled": 50, "altered": 51}, "poor"), ({"dates_differ": 101}, "poor"),
        ({"folders_missing": 1}, "poor"),
    ],
)
def test_the_published_thresholds(found, expected):
    assert graded(**found) == expected


def test_a_sample_is_never_perfect():
    assert graded(sampled=True) == "good" and graded(sampled=True, missing=1) == "investigate"


def test_small_mailboxes_have_no_room_for_faults():
    assert graded(messages=1) == "perfect" == graded(messages=0)
    assert graded(messages=1, flags_differ=1) == "investigate" and graded(messages=99, missing=1) == "poor"


@given(st.dictionaries(st.sampled_from(grades.FAULTS), st.integers(0, 300)), st.integers(0, 100_000), st.sampled_from(grades.FAULTS))
def test_another_fault_never_improves_a_grade(found, messages, key):
    before, after = graded(messages, **found), graded(messages, **{**found, key: found.get(key, 0) + 1})
    assert grades.GRADES.index(before) <= grades.GRADES.index(after)
    assert (after in grades.MAY_CUT_OVER) <= (not any(found.get(name) for name in (*grades.CONTENT, *grades.FOLDERS)))


@pytest.mark.parametrize(("found", "folders_missing", "expected"), [
    ({}, 0, "perfect"), ({"event": {"missing": 0}}, 0, "perfect"), ({"event": {"missing": 1}}, 0, "investigate"),
    ({"event": {"missing": 5}, "contact": {"doubled": 3, "altered": 2}}, 0, "investigate"), ({"event": {"missing": 6}, "task": {"missing": 5}}, 0, "poor"),
    ({}, 1, "poor"),
])
def test_other_items_by_the_same_shares(found, folders_missing, expected):
    found = {kind: {**dict.fromkeys(grades.ITEM_FAULTS, 0), **counts} for kind, counts in found.items()}
    assert grades.grade_of_items(found, folders_missing, 1000, False) == expected
    assert grades.grade_of_items({}, 0, 1000, True) == "good"


def test_the_worse_of_two_grades():
    assert grades.worse("perfect", "poor") == grades.worse("poor", "investigate") == "poor" and grades.worse("good", "perfect") == "good"
