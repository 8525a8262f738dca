# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.estimate import estimate
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Server

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


# Rates of one worker: 10 messages and 1 MB a second.
ONE = [{"messages": 1000, "bytes": 100_000_000, "seconds": 100.0}]
# A Monday.
NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.timezone.utc)
NIGHT = {"from": "20:00", "to": "06:00", "timezone": "UTC"}


def with_limits(workers: int, *servers: tuple[dict, dict], now: datetime.datetime = NOW) -> dict:
    """`servers`: of each its limits, and what differs from its 36 GB in small messages and small mailboxes."""
    totals = [
        {"server": f"s{number}", "messages": 36_000, "bytes": 36_000_000_000, "largest_mailbox_bytes": 10**6, **more}
        for number, (_limits, more) in enumerate(servers)
    ]
    named = {f"s{number}": Server.from_options({"name": f"s{number}", "host": "s.test", **limits}) for number, (limits, _more) in enumerate(servers)}
    return estimate(ONE, totals, workers, named, now)


@pytest.mark.parametrize(
    ("limits", "more", "workers", "hours"),
    [
        ({"connections": 8}, {}, 8, 1.25),
        # Four by default.
        ({}, {}, 4, 2.5),
        ({"connections": 2}, {}, 2, 5.0),
        ({"connections": 99, "bytes_per_second": 2_000_000}, {}, 8, 5.0),
        ({"connections": 99, "messages_per_second": 4}, {"messages": 360_000}, 8, 25.0),
        # One worker moves it, whatever the others do.
        ({"connections": 99}, {"largest_mailbox_bytes": 18_000_000_000}, 8, 5.0),
    ],
)
def test_a_server_lets_no_more_work(limits, more, workers, hours):
    result = with_limits(8, (limits, more))
    assert (result["workers"], result["hours"]["likely"], result["elapsed_hours"]["likely"]) == (workers, hours, hours)
    assert result["ends_at"]["likely"] == (NOW + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_rates_told_are_what_servers_allow():
    limited = {"connections": 2, "bytes_per_second": 1_500_000, "messages_per_second": 5}
    result = with_limits(8, (limited, {}), ({"connections": 3}, {}))
    assert (result["workers"], result["bytes_per_second"], result["messages_per_second"]) == (5, 4_500_000, 35)
    result = with_limits(3, ({}, {}), ({}, {}))
    assert (result["workers"], result["bytes_per_second"], result["messages_per_second"]) == (3, 3_000_000, 30)


def test_of_two_servers_the_one_with_nearly_all_tells():
    small, large = {"bytes": 3_600_000_000, "messages": 3600}, {"bytes": 32_400_000_000, "messages": 32_400}
    assert with_limits(8, ({"connections": 4}, small), ({"connections": 4}, large))["hours"]["likely"] == 2.25
    # Where there are few workers, they do not work on both at the same time.
    assert with_limits(4, ({"connections": 4}, small), ({"connections": 4}, large))["hours"]["likely"] == 2.5
    assert with_limits(8, ({}, {}), ({}, {}))["hours"]["likely"] == 2.5 and with_limits(4, ({}, {}), ({}, {}))["hours"]["likely"] == 5.0


def test_windows_close():
    # It works 10 hours a night, from 20:00 on: 25 hours end in the third one.
    result = with_limits(8, ({"windows": [{**NIGHT, "connections": 1}]}, {"bytes": 90_000_000_000}))
    assert (result["workers"], result["hours"]["likely"], result["ends_at"]["likely"]) == (1, 25.0, "2026-03-05T01:00:00Z")
    assert result["elapsed_hours"]["likely"] == 61.0
    # A rate of the window goes before that of the server, and 0 is none.
    slow = {"connections": 2, "bytes_per_second": 1000}
    result = with_limits(8, ({**slow, "windows": [{**NIGHT, "bytes_per_second": 0}]}, {}))
    assert (result["hours"]["likely"], result["ends_at"]["likely"]) == (5.0, "2026-03-03T01:00:00Z")


def test_each_window_at_its_own_pace():
    # Eight hours by one worker until 20:00, then by eight.
    day = {"from": "06:00", "to": "20:00", "timezone": "UTC", "connections": 1}
    result = with_limits(8, ({"windows": [day, {**NIGHT, "connections": 8}]}, {"bytes": 86_400_000_000}))
    assert (result["hours"]["likely"], result["ends_at"]["likely"]) == (10.0, "2026-03-02T22:00:00Z") and result["workers"] == 8


def test_few_workers_need_more_nights():
    # Each server would need 8 hours of the first night.
    result = with_limits(1, *[({"windows": [NIGHT]}, {"bytes": 28_800_000_000})] * 2)
    assert (result["hours"]["likely"], result["ends_at"]["likely"]) == (16.0, "2026-03-04T02:00:00Z")
    # One of them may be worked on by day, too.
    result = with_limits(1, *[(limits, {"bytes": 28_800_000_000}) for limits in ({"windows": [NIGHT]}, {})])
    assert (result["hours"]["likely"], result["ends_at"]["likely"]) == (16.0, "2026-03-03T04:00:00Z")


def test_what_takes_years_has_no_end():
    result = with_limits(1, ({"windows": [{**NIGHT, "to": "20:01"}]}, {"bytes": 10**11}))
    assert result["ends_at"]["likely"] is result["elapsed_hours"]["likely"] is None and result["hours"]["likely"] == round(100_000 / 3600, 3)


@given(MEASURED, TOTALS, st.integers(1, 16), st.integers(1, 4), st.integers(0, 10**8), st.booleans())
def test_limits_make_nothing_quicker(measured, totals, workers, connections, size, closing):
    windows = [{**NIGHT, "bytes_per_second": size}, {"from": "05:00", "to": "07:00", "timezone": "UTC"}] if closing else []
    servers = {
        f"s{number}": Server.from_options({"name": f"s{number}", "host": "s.test", "connections": connections, "windows": windows})
        for number in range(len(totals))
    }
    named = [{**total, "server": f"s{number}"} for number, total in enumerate(totals)]
    free, result = estimate(measured, totals, workers), estimate(measured, named, workers, servers, NOW)
    assert result["hours"]["low"] <= result["hours"]["likely"] <= result["hours"]["high"]
    assert all(result["hours"][case] >= free["hours"][case] - 0.001 for case in free["hours"])
    assert all(elapsed is None or elapsed >= result["hours"][case] - 0.001 for case, elapsed in result["elapsed_hours"].items())
