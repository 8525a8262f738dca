# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the action plugins that show a long module's progress; the module itself is faked."""

from __future__ import annotations

import types

import pytest

from ansible_collections.messaging.migration.plugins.plugin_utils import _steps
from ansible_collections.messaging.migration.plugins.plugin_utils._steps import SteppedAction

ROW = {
    "server": "s1", "mailboxes_done": 1, "mailboxes": 2, "messages": 3, "bytes": 4, "messages_per_second": 5.0, "bytes_per_second": 6.0, "eta_seconds": 7.0,
}


@pytest.fixture
def shown(monkeypatch):
    lines = []
    monkeypatch.setattr(_steps.display, "display", lines.append)
    return lines


@pytest.fixture
def act(shown):
    """act(args, results): the action's result and the arguments of each call of the module."""

    def act(args, *results, check_mode=False, async_val=0, **task_vars):
        calls, coming = [], iter(results)

        class Action(SteppedAction):
            def __init__(self):
                self._task = types.SimpleNamespace(args=args, async_val=async_val, check_mode=check_mode)

            def _execute_module(self, module_args, task_vars, wrap_async=False):
                calls.append({**module_args, "wrap_async": wrap_async})
                return dict(next(coming))

        own = {"inventory_hostname": "station1", "ansible_play_hosts": ["station1", "station2"], **task_vars}
        # What ActionBase.run does for a task is not what is tested.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_steps.ActionBase, "run", lambda *_args: {})
            return Action().run(task_vars=own), calls

    return act


def test_step_after_step_until_it_is_finished(act, shown):
    result, calls = act(
        {"sources": []},
        {"changed": True, "finished": False, "round": "copy-1", "messages": 3, "bytes": 30, "exceptions_open": 1, "progress": [ROW]},
        {"changed": False, "finished": False, "round": "copy-1", "messages": 4, "bytes": 40, "exceptions_open": 2, "progress": [ROW, ROW]},
        {"changed": False, "finished": True, "round": "copy-1", "messages": 0, "bytes": 0, "exceptions_open": 2, "progress": []},
    )
    assert (result["changed"], result["messages"], result["bytes"], result["exceptions_open"], result["finished"]) == (True, 7, 70, 2, True)
    assert [call.get("round") for call in calls] == [None, "copy-1", "copy-1"]
    assert [call["time_budget"] for call in calls] == [15.0, 30.0, 60.0]
    assert shown == ["  s1: 1/2 mailboxes, 3 messages, 4 B, 5 messages/s (6 B/s), ETA 7 s"] * 3


def test_a_series_of_rounds_is_handed_on_without_its_number(act):
    _result, calls = act({}, {"finished": False, "round": "sync-1.2", "rounds": 2}, {"finished": True, "round": "sync-1.3", "rounds": 3})
    assert calls[1]["round"] == "sync-1"


def test_a_step_begins_where_the_one_before_ended(act):
    _result, calls = act({"first": 1}, {"finished": False, "through": 50}, {"finished": False, "through": 100}, {"finished": True, "through": 120})
    assert [call["first"] for call in calls] == [1, 50, 100]


def test_a_round_of_the_operator_stays(act):
    _result, calls = act({"round": "mine"}, {"finished": False, "round": "mine"}, {"finished": True})
    assert [call["round"] for call in calls] == ["mine", "mine"]


def test_what_each_step_changed_is_shown(act):
    result, calls = act({}, {"finished": False, "diff": {"after": "a"}}, {"finished": True, "diff": {"after": "b"}})
    assert result["diff"] == [{"after": "a"}, {"after": "b"}]
    # A module without rounds knows no such option.
    assert "round" not in calls[1]


def test_a_failure_ends_it_with_all_that_was_done(act):
    result, calls = act({}, {"changed": True, "finished": False, "messages": 3}, {"failed": True, "msg": "It broke.", "messages": 1})
    assert (result["failed"], result["msg"], result["messages"], result["changed"], len(calls)) == (True, "It broke.", 4, True, 2)


def test_a_module_that_dies_without_a_result_ends_it(act):
    result, calls = act({}, {"failed": True, "msg": "MODULE FAILURE"})
    assert result == {"failed": True, "msg": "MODULE FAILURE", "changed": False} and len(calls) == 1


@pytest.mark.parametrize(
    ("args", "budgets"),
    [
        ({"time_budget": 35, "progress_interval": 10}, [10.0, 20.0, 5.0]),
        ({"time_budget": "5"}, [5.0]),
        ({"time_budget": 0, "progress_interval": 50}, [50.0, 100.0, 120.0, 120.0]),
        ({"progress_interval": 600}, [600.0] * 4),
    ],
)
def test_the_time_that_was_given_is_kept(act, args, budgets):
    _result, calls = act(args, *[{"finished": False}] * 3, {"finished": True})
    assert [call["time_budget"] for call in calls] == budgets


def test_what_a_step_is_too_short_for_gets_longer_ones(act):
    begun, on = {"finished": False, "progress": [ROW]}, {"finished": False, "progress": [{**ROW, "messages": 4}]}
    _result, calls = act({"progress_interval": 60}, begun, begun, begun, begun, on, {"finished": True})
    assert [call["time_budget"] for call in calls] == [60.0, 120.0, 240.0, 480.0, 960.0, 120.0]


def test_rows_of_other_modules_say_less(act):
    few = {"finished": False, "progress": [{"server": "s1", "mailboxes": 2, "mailboxes_done": 1}]}
    other = {"finished": False, "progress": [{"users": 7}]}
    for row, budgets in ((few, [120.0, 120.0, 240.0]), (other, [120.0] * 3)):
        _result, calls = act({"progress_interval": 120}, row, row, {"finished": True}, inventory_hostname="station2")
        assert [call["time_budget"] for call in calls] == budgets


def test_no_budget_in_a_variable_is_no_budget(act):
    _result, calls = act({"time_budget": "0"}, {"finished": False}, {"finished": True})
    assert len(calls) == 2


@pytest.mark.parametrize("task_vars", [{"inventory_hostname": "station2"}, {"inventory_hostname": "station2", "ansible_play_hosts": ["station1"]}])
def test_one_station_tells(act, shown, task_vars):
    act({}, {"finished": True, "progress": [ROW]}, **task_vars)
    assert shown == []


def test_a_host_alone_tells(act, shown):
    act({}, {"finished": True, "progress": [ROW]}, ansible_play_hosts=None)
    assert len(shown) == 1


@pytest.mark.parametrize(("options", "wrap"), [({"check_mode": True}, 0), ({"async_val": 60}, 60)])
def test_in_check_mode_and_in_the_background_the_module_is_left_alone(act, shown, options, wrap):
    args = {"time_budget": 5}
    result, calls = act(args, {"changed": True, "finished": False, "progress": [ROW]}, **options)
    assert calls == [{"time_budget": 5, "wrap_async": wrap}] and result["changed"] and shown == []


def test_the_tasks_own_arguments_stay_as_they_are(act):
    args = {"sources": []}
    act(args, {"finished": False, "round": "r"}, {"finished": True})
    assert args == {"sources": []}


WAITS = {"finished": False, "waiting_until": 1060.0, "progress": [{**ROW, "window": "closed until 19:00 CET"}]}


@pytest.fixture
def slept(monkeypatch):
    """Seconds that were slept; the clock stands at 1000 and goes on with them."""
    slept = []
    monkeypatch.setattr(_steps.time, "time", lambda: 1000.0 + sum(slept))
    monkeypatch.setattr(_steps.time, "sleep", slept.append)
    return slept


def test_it_waits_for_the_window_and_tells_once(act, shown, slept):
    later = {**WAITS, "waiting_until": 1100.0}
    _result, calls = act({}, later, later, {"finished": True})
    assert slept == [60.0, 40.0] and len(calls) == 3 and len(shown) == 1 and shown[0].endswith(", closed until 19:00 CET")


def test_it_does_not_wait_where_it_is_told_not_to(act, slept):
    result, calls = act({"wait_for_window": "no"}, WAITS)
    assert (result["finished"], len(calls), slept) == (False, 1, [])


def test_a_wait_is_within_the_time_that_was_given(act, slept):
    result, calls = act({"time_budget": 50, "progress_interval": 10}, {"finished": False}, {**WAITS, "waiting_until": 5000.0})
    assert slept == [40.0] and len(calls) == 2 and not result["finished"]


def test_an_order_to_stop_ends_it_at_once(act, slept):
    result, calls = act({}, {"finished": False}, {**WAITS, "stopped": True})
    assert (result["finished"], result["stopped"], len(calls), slept) == (False, True, 2, [])


def test_a_time_that_has_come_is_no_busy_loop(act, slept):
    act({}, {**WAITS, "waiting_until": 900.0}, {"finished": True})
    assert slept == [1.0]
