# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.estimate import estimate

MEASURED = st.lists(
    st.fixed_dictionaries({"messages": st.integers(1, 10**5), "bytes": st.integers(1, 10**10), "seconds": st.floats(0.01, 10**5)}),
    min_size=1, max_size=10,
)
TOTALS = st.lists(
    st.fixed_dictionaries({"messages": st.integers(0, 10**7), "bytes": st.integers(0, 10**13), "largest_mailbox_bytes": st.integers(0, 10**11)}),
    min_size=1, max_size=4,
)


@given(MEASURED, TOTALS, st.integers(1, 16))
def test_likely_lies_between_low_and_high(measured, totals, workers):
    hours = estimate(measured, totals, workers)["hours"]
    assert 0 <= hours["low"] <= hours["likely"] <= hours["high"]


@given(MEASURED, TOTALS, st.integers(1, 16))
def test_more_workers_are_never_slower(measured, totals, workers):
    assert estimate(measured, totals, workers + 1)["hours"]["likely"] <= estimate(measured, totals, workers)["hours"]["likely"]


def test_by_hand():
    measured = [{"messages": 1000, "bytes": 10_000_000, "seconds": 10.0}, {"messages": 10, "bytes": 1000, "seconds": 1.0}]
    result = estimate(measured, [{"messages": 360_000, "bytes": 3_600_000_000, "largest_mailbox_bytes": 10**9}], 2)
    assert (result["messages"], result["bytes"], result["measured_mailboxes"], result["workers"]) == (360_000, 3_600_000_000, 2, 2)
    # 1010 messages in 11 seconds, by two workers.
    assert result["messages_per_second"] == round(1010 / 11 * 2, 1)
    # The bytes take longer than the messages; the small mailbox is no measure of the slowest.
    slower = round(3_600_000_000 / (10_001_000 / 11) / 2 / 3600, 3)
    assert result["hours"] == {"low": 0.5, "likely": slower, "high": slower}


def test_the_largest_mailbox_is_copied_by_one_worker():
    measured = [{"messages": 100, "bytes": 1_000_000, "seconds": 1.0}]
    totals = [{"messages": 10, "bytes": 3_600_000_000, "largest_mailbox_bytes": 3_600_000_000}]
    assert estimate(measured, totals, 16)["hours"]["likely"] == 1.0
