# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import rest

MOMENTS = st.floats(1.8e9, 1.9e9)


@pytest.mark.parametrize(("phase", "left", "quiet"), [(0.0, 1.0, False), (0.25, 0.75, True), (0.99, 0.01, True), (1.0, 0.0, False), (9.9, 0.0, False)])
def test_a_rest_begins_each_cycle(phase, left, quiet):
    at = 1_800_000_000 + phase
    assert rest.left(at) == pytest.approx(left, abs=1e-6) and rest.is_quiet(at) == quiet


@given(MOMENTS)
def test_after_a_rest_there_is_none(at):
    assert rest.left(at + rest.left(at) + 1e-3) == 0 or rest.left(at) == 0


@given(MOMENTS, st.floats(0, 1000), st.floats(0, 1000))
def test_rests_of_two_spans_add_up(began, first, second):
    middle, ended = began + first, began + first + second
    whole = rest.seconds_between(began, ended)
    assert whole == pytest.approx(rest.seconds_between(began, middle) + rest.seconds_between(middle, ended), abs=1e-5)
    assert -1e-5 <= whole <= first + second + 1e-5
    assert abs(whole - (first + second) * rest.REST / rest.CYCLE) <= rest.REST
