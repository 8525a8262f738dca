# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dns_mx, dns_mx_info and wait_for_dns against BIND, a primary and its secondary."""

from __future__ import annotations

import threading

import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

OLD = {"preference": 10, "exchange": "exchange2019.example.test."}
NEW = {"preference": 10, "exchange": "mirapoint.example.test."}
BACKUP = {"preference": 20, "exchange": "mirapoint2.example.test."}


@pytest.fixture
def flip(named):
    """The task that moves mail to the new server; options override its own, None removes one."""

    def task(ignore_errors=False, **options):
        own = {
            "zone": "example.test",
            "server": named.server,
            "port": named.port,
            "key_name": named.key_name,
            "key_secret": "{{ secret }}",
            "records": [NEW],
            "expected": [OLD],
            "timeout": 5,
        }
        merged = {name: value for name, value in {**own, **options}.items() if value is not None}
        return {"messaging.migration.dns_mx": merged, "ignore_errors": ignore_errors}

    return task


def info(named):
    return {"messaging.migration.dns_mx_info": {"zone": "Example.Test.", "servers": [named.server], "port": named.port, "timeout": 2}}


def update_by_somebody_else(named, change):
    update = dns.update.UpdateMessage("example.test", keyring=dns.tsig.Key("migration", named.secret, "hmac-sha256"))
    change(update)
    assert dns.query.tcp(update, named.server, port=named.port, timeout=5).rcode() == dns.rcode.NOERROR


def test_flip_wait_and_back(run_play, named, flip):
    wait = {"zone": "example.test", "servers": [named.server], "port": named.port, "max_sleep": 1, "timeout": 30}
    first, second, waited, seen, back = run_play(
        [
            flip(),
            flip(records=[{"preference": 10, "exchange": "MIRAPOINT.Example.test"}]),
            {"messaging.migration.wait_for_dns": {**wait, "records": [NEW]}},
            info(named),
            flip(records=[OLD], expected=[NEW], ttl=60),
        ],
        {"secret": named.secret},
        diff=True,
    )
    assert first["changed"] and (first["before"], first["after"]) == ([OLD], [NEW])
    assert (first["before_ttl"], first["after_ttl"]) == (300, 300)
    assert first["diff"] == {
        "before": "example.test. 300 IN MX 10 exchange2019.example.test.\n",
        "after": "example.test. 300 IN MX 10 mirapoint.example.test.\n",
    }
    assert not second["changed"]
    assert waited["completed"] and not waited["changed"]
    assert [(row["server"], row["done"]) for row in waited["servers"]] == [("ns1.example.test.", True), ("ns2.example.test.", True)]
    assert seen["records"] == [NEW] and seen["ttl"] == 300 and seen["consistent"]
    assert [(row["records"], row["authoritative"], row["error"]) for row in seen["servers"]] == [([NEW], True, None)] * 2
    assert seen["serial"] == 2
    assert back["changed"] and back["after"] == [OLD] and back["after_ttl"] == 60


def test_several_records_and_ttl_alone(run_play, named, flip):
    several, again, ttl, again_ttl = run_play(
        [flip(records=[NEW, BACKUP]), flip(records=[BACKUP, NEW, NEW]), flip(records=[NEW, BACKUP], ttl=120), flip(records=[NEW, BACKUP], ttl=120)],
        {"secret": named.secret},
    )
    assert several["changed"] and several["after"] == [NEW, BACKUP]
    assert not again["changed"]
    assert ttl["changed"] and (ttl["before_ttl"], ttl["after_ttl"]) == (300, 120)
    assert not again_ttl["changed"]


def test_name_without_records(run_play, named, flip):
    first, again, alias = run_play(
        [flip(name="lists.example.test", expected=None), flip(name="lists.example.test.", expected=None), flip(name="www.example.test", ignore_errors=True)],
        {"secret": named.secret},
    )
    assert first["changed"] and first["before"] == [] and first["before_ttl"] is None and first["after_ttl"] == 3600
    assert not again["changed"]
    assert "www.example.test. is an alias (CNAME) of mirapoint.example.test." in alias["msg"]


def test_check_mode_sends_no_update(run_play, named, flip):
    [planned] = run_play([flip()], {"secret": named.secret}, check=True)
    assert planned["changed"] and planned["before"] == [OLD] and planned["after"] == [NEW]
    assert named.updates() == []
    [done] = run_play([flip()], {"secret": named.secret})
    for key in ("before", "after", "before_ttl", "after_ttl"):
        assert done[key] == planned[key]
    assert len([line for line in named.updates() if "adding an RR" in line]) == 1


def test_unknown_record_is_refused(run_play, named, flip):
    refused, replaced = run_play(
        [flip(expected=[{"preference": 10, "exchange": "other.example.test"}], ignore_errors=True), flip(expected=None, on_unknown="replace")],
        {"secret": named.secret},
    )
    assert refused["failed"] and not refused["changed"] and refused["before"] == [OLD]
    assert "nobody planned for: 10 exchange2019.example.test." in refused["msg"] and "Nothing was changed." in refused["msg"]
    assert replaced["changed"] and replaced["after"] == [NEW]


MISTAKES = [
    ({"key_name": None, "key_secret": None}, "REFUSED. Nothing was changed. An unsigned update may not do that: give key_name and key_secret"),
    ({"key_name": "stranger", "key_secret": "{{ stranger }}"}, "REFUSED. Nothing was changed. The key stranger may not do that"),
    ({"records": [{"preference": 10, "exchange": "missing.example.test"}]}, "a mail host of this zone has no address"),
    ({"key_name": "nobody"}, "doesn't know the key nobody for hmac-sha256 (NOTAUTH, BADKEY)"),
    ({"key_algorithm": "hmac-sha512"}, "doesn't know the key migration for hmac-sha512 (NOTAUTH, BADKEY)"),
    ({"key_secret": "{{ stranger }}"}, "rejects the signature of key migration (NOTAUTH, BADSIG)"),
    ({"key_secret": "{{ secret }}!"}, "The secret of key migration isn't base64."),
    ({"key_algorithm": "hmac-sha3"}, "value of key_algorithm must be one of"),
    ({"name": "example.com"}, "The name example.com. isn't in the zone example.test."),
    ({"zone": "example.com"}, "doesn't tell the MX of example.com.: REFUSED."),
    ({"records": []}, "No MX record is wanted."),
    ({"records": [{"preference": 65536, "exchange": "a.example.test"}]}, "must be from 0 to 65535"),
    ({"server": "nowhere.invalid"}, "The address of nowhere.invalid can't be found"),
]


def test_errors_change_nothing(run_play, named, flip):
    output = []
    mistakes = [flip(ignore_errors=True, **options) for options, _text in MISTAKES]
    *failed, seen = run_play([*mistakes, info(named)], {"secret": named.secret, "stranger": named.stranger}, output=output)
    for (options, text), result in zip(MISTAKES, failed, strict=True):
        assert result["failed"] and text in result["msg"], options
    assert seen["records"] == [OLD] and seen["serial"] == 1
    assert named.secret not in output[0] and named.stranger not in output[0]


def test_unreachable_server(run_play, flip, free_port):
    [failed] = run_play([flip(port=free_port())], {"secret": "c2VjcmV0"})
    assert failed["failed"] and "can't be reached" in failed["msg"] and "Connection refused" in failed["msg"]


def test_secret_from_the_environment(run_play, named, flip):
    [done] = run_play([flip(key_secret=None)], env={"MIGRATION_TSIG_SECRET": named.secret})
    assert done["changed"]


def test_concurrent_change_is_refused_by_the_server(named):
    """Somebody adds a record between our reading and our update: the real server refuses the real update."""
    from ansible_collections.messaging.migration.plugins.module_utils._dns import read, server
    from ansible_collections.messaging.migration.plugins.module_utils._dns.key import tsig_key
    from ansible_collections.messaging.migration.plugins.module_utils._dns.update import replace
    from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError

    key = tsig_key("migration", named.secret, "hmac-sha256")
    primary = server.named(named.server, named.port, 5)
    found = read.read(primary, "example.test.", "MX", key, tcp=True)
    update_by_somebody_else(named, lambda update: update.add("@", 300, "MX", "5 third.example.test."))
    with pytest.raises(MigrationError, match="NXRRSET.*Nothing was changed.*Somebody changed the records"):
        replace(primary, found.address, key, "example.test.", "example.test.", "MX", found.records, ["10 mirapoint.example.test."], 300)
    assert read.read(primary, "example.test.", "MX").records == ("10 exchange2019.example.test.", "5 third.example.test.")

    empty = read.read(primary, "lists.example.test.", "MX", key, tcp=True)
    update_by_somebody_else(named, lambda update: update.add("lists", 300, "MX", "5 third.example.test."))
    with pytest.raises(MigrationError, match="YXRRSET.*Somebody added records"):
        replace(primary, empty.address, key, "example.test.", "lists.example.test.", "MX", empty.records, ["10 mirapoint.example.test."], 300)


def test_one_server_is_down(run_play, named, flip):
    wait = {"zone": "example.test", "servers": [named.server], "port": named.port, "query_timeout": 1, "timeout": 3, "max_sleep": 1}
    named.stop_secondary()
    seen, waited = run_play(
        [info(named), {"messaging.migration.wait_for_dns": {**wait, "records": ["10 exchange2019.example.test"]}}],
        {"secret": named.secret},
    )
    assert seen["records"] == [OLD] and not seen["consistent"]
    assert "can't be reached" in seen["servers"][1]["error"] or "no answer" in seen["servers"][1]["error"]
    assert waited["failed"] and not waited["completed"] and "1 of 2 name servers" in waited["msg"]
    assert [row["done"] for row in waited["servers"]] == [True, False] and waited["servers"][1]["checks"] > 1
    assert 3 <= waited["seconds"] < 6


def test_wait_sees_a_change_that_comes_later(run_play, named):
    wait = {"zone": "example.test", "servers": [named.server], "port": named.port, "records": ["10 mirapoint.example.test"], "ttl": 60, "timeout": 30}

    def change_after_the_first_look():
        assert named.secondary_asked.wait(60)
        update_by_somebody_else(named, lambda update: update.replace("@", 60, "MX", "10 mirapoint.example.test."))

    later = threading.Thread(target=change_after_the_first_look)
    later.start()
    [waited] = run_play([{"messaging.migration.wait_for_dns": wait}])
    later.join()
    assert waited["completed"] and [row["ttl"] for row in waited["servers"]] == [60, 60]
    assert max(row["checks"] for row in waited["servers"]) > 1


def test_wait_for_other_types(run_play, named):
    wait = {"zone": "example.test", "servers": [named.server], "port": named.port, "timeout": 5}
    results = run_play(
        [
            {"messaging.migration.wait_for_dns": {**wait, "name": "mirapoint.example.test", "type": "A", "records": ["127.0.0.1"]}},
            {"messaging.migration.wait_for_dns": {**wait, "type": "NS", "records": ["NS2.example.test", "ns1.example.test."]}},
            {"messaging.migration.wait_for_dns": {**wait, "name": "policy.example.test", "type": "TXT", "records": ["v=spf1 mx -all"]}},
            {"messaging.migration.wait_for_dns": {**wait, "name": "none.example.test", "records": []}},
            {"messaging.migration.wait_for_dns": {**wait, "type": "A", "records": ["mirapoint"]}, "ignore_errors": True},
        ]
    )
    assert [result["failed"] for result in results] == [False] * 4 + [True]
    assert "'mirapoint' isn't the value of a A record." in results[-1]["msg"]


def test_wait_in_check_mode_asks_once(run_play, named):
    wait = {"zone": "example.test", "servers": [named.server], "port": named.port, "records": ["10 mirapoint.example.test"]}
    [waited] = run_play([{"messaging.migration.wait_for_dns": wait}], check=True)
    assert not waited["failed"] and not waited["completed"] and [row["checks"] for row in waited["servers"]] == [1, 1]
