# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dns.rcode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._dns import server
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import wait_for_dns
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.dns_script import Script, fails, query

MX = "example.test. MX"
NEW, OLD = "10 mirapoint.example.test.", "10 exchange2019.example.test."
SERVERS = [
    query("example.test. NS", "ns1.example.test.", "ns2.example.test."),
    query("ns1.example.test. A", "192.0.2.1"),
    query("ns1.example.test. AAAA"),
    query("ns2.example.test. A", "192.0.2.2"),
    query("ns2.example.test. AAAA"),
]


class ScriptedClock:
    """Time passes only by sleeping."""

    def __init__(self):
        self.time, self.sleeps = 1000.0, []

    def now(self):
        return self.time

    def sleep(self, seconds):
        assert seconds > 0
        # A real clock passes at least a tick; without it rounding could stop time just before the end.
        self.time += max(seconds, 1e-6)
        self.sleeps.append(seconds)


def wait(clock, **options):
    own = {
        "zone": "example.test",
        "name": None,
        "type": "MX",
        "records": ["10 mirapoint.example.test"],
        "ttl": None,
        "servers": ["192.0.2.1"],
        "port": 53,
        "timeout": 60,
        "query_timeout": 5,
        "max_sleep": 10,
    }
    return wait_for_dns.wait(**{**own, **options}, clock=wait_for_dns.Clock(clock.now, clock.sleep))


@pytest.fixture
def clock():
    return ScriptedClock()


@pytest.fixture
def script(monkeypatch):
    scripts = []

    def play(*calls):
        scripts.append(Script(*SERVERS, *calls))
        monkeypatch.setattr(server, "send", scripts[-1].send)

    yield play
    for played in scripts:
        played.done()


def test_asks_only_who_is_behind(script, clock):
    script(
        query(MX, NEW, at="192.0.2.1"),
        query(MX, OLD, at="192.0.2.2"),
        fails(OSError("restarting")),
        query(MX, NEW, authoritative=False, at="192.0.2.2"),
        query(MX, NEW, at="192.0.2.2"),
    )
    result = wait(clock)
    assert result["completed"] and not result["changed"]
    assert [(row["server"], row["done"], row["checks"], row["error"]) for row in result["servers"]] == [
        ("ns1.example.test.", True, 1, None),
        ("ns2.example.test.", True, 4, None),
    ]
    assert clock.sleeps == [0.5, 0.75, 1.125] and result["seconds"] == 2.375


def test_records_may_be_dictionaries_in_any_order(script, clock):
    both = [NEW, "20 backup.example.test."]
    script(query(MX, *both), query(MX, *reversed(both)))
    wanted = [{"preference": "20", "exchange": "Backup.example.test"}, {"preference": 10, "exchange": "mirapoint.example.test."}]
    assert wait(clock, records=wanted)["completed"]


def test_the_ttl_counts_when_given(script, clock):
    script(query(MX, NEW, ttl=60), query(MX, NEW, ttl=300), query(MX, NEW, ttl=60))
    assert wait(clock, ttl=60)["servers"][1]["checks"] == 2


def test_one_record_too_many(script, clock):
    script(query(MX, NEW), query(MX, NEW, OLD), query(MX, NEW))
    assert wait(clock)["completed"]


def test_waits_until_there_are_none(script, clock):
    script(query(MX), query(MX, rcode=dns.rcode.NXDOMAIN))
    assert wait(clock, records=[])["completed"]


def test_timeout_tells_what_is_known(script, clock):
    script(query(MX, NEW), *[query(MX, OLD)] * 4)
    with pytest.raises(MigrationError, match=f"After 2 seconds 1 of 2 .*: ns2.example.test. answers {OLD}") as caught:
        wait(clock, timeout=2)
    facts = caught.value.facts
    assert facts["completed"] is False and facts["seconds"] == 2.0
    assert [(row["done"], row["checks"], row["records"]) for row in facts["servers"]] == [(True, 1, [NEW]), (False, 4, [OLD])]


def test_check_mode_asks_once(script, clock):
    script(query(MX, OLD), query(MX, OLD))
    assert not wait(clock, check_mode=True)["completed"] and clock.sleeps == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"records": ["mirapoint.example.test"]}, "isn't the value of a MX record"),
        ({"records": [{"preference": 10}]}, "has no 'exchange'"),
        ({"records": [{"preference": "x", "exchange": "a.test"}]}, "invalid literal"),
        ({"name": "other.test"}, "isn't in the zone"),
    ],
)
def test_mistakes(options, text):
    with pytest.raises(MigrationError, match=text):
        wait(ScriptedClock(), **options)


@settings(deadline=None, max_examples=50)
@given(timeout=st.floats(0.1, 100), max_sleep=st.floats(0.5, 100))
def test_sleeps_grow_and_are_bounded(timeout, max_sleep):
    clock = ScriptedClock()
    script = Script(*[query(MX, OLD)] * 1000)
    # hypothesis calls this many times, which a fixture of one test doesn't suit.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "send", script.send)
        patch.setattr(wait_for_dns.authority, "authoritative_servers", lambda *_args: [server.Server("ns1", ("192.0.2.1",), 53, 1)])
        with pytest.raises(MigrationError):
            wait(clock, timeout=timeout, max_sleep=max_sleep)
    assert sum(clock.sleeps) == pytest.approx(timeout)
    assert max(clock.sleeps) <= max_sleep
    # The last ones are cut to what is left of the time.
    assert clock.sleeps[:-2] == sorted(clock.sleeps[:-2])
