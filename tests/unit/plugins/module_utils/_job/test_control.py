# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import live, orders
from ansible_collections.messaging.migration.plugins.module_utils._job.control import control, control_info
from ansible_collections.messaging.migration.plugins.module_utils._ledger import pace
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import MIGRATION, opened, options, with_mailboxes


@pytest.fixture
def ledger(tmp_path):
    ledger = opened(tmp_path)
    with_mailboxes(ledger, "anna", server="s1")
    with_mailboxes(ledger, "ben", server="s2")
    return ledger


@pytest.fixture
def ordered(ledger, tmp_path):
    def ordered(state, server=None, reason="", **more):
        return control({"ledger": options(tmp_path), "migration": MIGRATION, "state": state, "server": server, "reason": reason}, **more)

    return ordered


def states(result) -> dict:
    return {row["server"]: row["state"] for row in result["servers"]}


def test_an_order_is_given_once(ordered, ledger):
    first, second = ordered("paused", "s1", "repair"), ordered("paused", "s1", "repair")
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["diff"] == {
        "before": "all others: running\ns1: running\ns2: running\n", "after": "all others: running\ns1: paused (repair)\ns2: running\n",
    }
    assert orders.state(ledger, "s1") == "paused" and orders.state(ledger, "s2") == "running"


def test_what_runs_already_is_not_changed(ordered, ledger):
    assert not ordered("running")["changed"] and not ordered("running", "s1")["changed"] and orders.listed(ledger) == {}


def test_check_mode_gives_no_order(ordered, ledger):
    result = ordered("stopped", check_mode=True)
    assert result["changed"] and states(result) == {"s1": "stopped", "s2": "stopped"} and orders.listed(ledger) == {}


def test_an_order_for_all_takes_the_place_of_those_for_single_servers(ordered):
    ordered("paused", "s1")
    assert states(ordered("stopped")) == {"s1": "stopped", "s2": "stopped"}
    assert states(ordered("running", "s2")) == {"s1": "stopped", "s2": "running"}
    result = ordered("running")
    assert result["changed"] and states(result) == {"s1": "running", "s2": "running"}


def test_an_unknown_server_is_refused(ordered, ledger):
    with pytest.raises(MigrationError, match="no source server s3. No order was given. Name one of s1, s2"):
        ordered("paused", "s3")
    assert orders.listed(ledger) == {}


def test_without_a_ledger_there_is_nothing_to_order(tmp_path):
    with pytest.raises(MigrationError, match="There is no ledger"):
        control({"ledger": options(tmp_path), "migration": MIGRATION, "state": "paused"})


def test_what_holds_servers_back(ordered, ledger, tmp_path):
    ordered("paused", "s2", "repair")
    pace.back_off(ledger, "s1", 100.0)
    pace.set_values(ledger, "s1", ceiling=5e6, baseline_p95=0.02, latency_p95=0.021, budget=1.25)
    one, two = control_info({"ledger": options(tmp_path), "migration": MIGRATION})["servers"]
    assert one.pop("back_off_seconds") == pytest.approx(100, abs=1)
    assert one == {
        "server": "s1", "state": "running", "reason": "", "ceiling": 5e6, "latency_budget": 1.25, "baseline_p95": 0.02, "latency_p95": 0.021,
    }
    assert (two["state"], two["reason"], two["back_off_seconds"], two["ceiling"]) == ("paused", "repair", 0.0, None)


def test_the_report_has_servers_that_are_held_back_and_no_others(ordered, ledger):
    assert live.live(ledger, ["s1", "s2"]) == []
    ordered("paused", "s2", "repair")
    pace.set_values(ledger, "s1", baseline_p95=0.02, baseline_at=1.0, budget=1.25, histogram='{"-195": 100}', rests='{"-160": 7}', calendar="daily")
    for number in range(400):
        pace.witness(
            ledger, "s1", {"p50": 0.01, "p95": number / 1000, "samples": 30, "over": 1, "ceiling": 1e6, "bytes": 5}, latency_p95=0.02,
        )
    one, two = live.live(ledger, ["s1", "s2"])
    assert (one["state"], one["calendar"], one["answers"], one["answers_over"]) == ("running", ["daily"], 12000, 400)
    assert one["rest_p95"] == pytest.approx(0.042, rel=0.01)
    assert one["p95"] == pytest.approx(0.021, rel=0.01) and len(one["points"]) == 134 and one["points"][0]["p95"] == 0.002
    assert (two["server"], two["state"], two["reason"], two["points"]) == ("s2", "paused", "repair", [])
