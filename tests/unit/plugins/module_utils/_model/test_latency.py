# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.latency import counted, percentile, percentile_of, with_gaps


def test_percentiles():
    values = [number / 100 for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile(values, 1)) == (0.5, 0.95, 1.0)
    assert percentile([], 0.95) == 0.0 and percentile([3.0], 0.95) == 3.0


@given(st.lists(st.floats(1e-4, 60), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_counted_samples_have_the_same_percentiles_within_a_percent(values, share):
    half = counted(counted({}, values[::2]), values[1::2])
    assert percentile_of(half, share) == pytest.approx(percentile(values, share), rel=0.0101)


def test_nothing_counted():
    assert percentile_of({}, 0.95) is None


def test_samples_that_a_slow_answer_kept_from_being_taken_count_as_well():
    assert with_gaps(0.1, 0.2) == [0.1]
    assert with_gaps(1.0, 0.25) == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])
