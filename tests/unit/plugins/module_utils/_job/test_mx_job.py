# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dns_mx and dns_mx_info: what is asked, in which order, and what is refused."""

from __future__ import annotations

import dns.rcode
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._dns import server
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import mx
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.dns_script import Script, fails, query, update

OLD = {"preference": 10, "exchange": "exchange2019.example.test."}
NEW = {"preference": 10, "exchange": "mirapoint.example.test."}
MX = "example.test. MX"


@pytest.fixture
def script(monkeypatch):
    scripts = []

    def play(*calls):
        scripts.append(Script(*calls))
        monkeypatch.setattr(server, "send", scripts[-1].send)

    yield play
    for played in scripts:
        played.done()


def change(**options):
    own = {
        "zone": "example.test",
        "name": None,
        "server": "192.0.2.1",
        "port": 53,
        "timeout": 5,
        "key_name": None,
        "key_secret": None,
        "key_algorithm": "hmac-sha256",
        "records": [NEW],
        "ttl": None,
        "expected": [OLD],
        "on_unknown": "refuse",
        "check_mode": False,
    }
    return mx.change(**{**own, **options})


def flip_of(before, after, ttl=300, rcode=dns.rcode.NOERROR):
    return update([f"example.test. 0 IN MX {before}"], ["example.test. ANY MX", f"example.test. {ttl} IN MX {after}"], rcode=rcode)


def test_reads_changes_and_reads_back(script):
    script(
        query(MX, "10 Exchange2019.example.test.", tcp=True, at="192.0.2.1"),
        flip_of("10 exchange2019", "10 mirapoint"),
        query(MX, "10 mirapoint.example.test.", tcp=True),
    )
    result = change()
    assert result["changed"] and (result["before"], result["after"]) == ([OLD], [NEW])


@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_to_change_sends_no_update(script, check_mode):
    script(query(MX, "10 MIRAPOINT.example.test."))
    assert not change(check_mode=check_mode)["changed"]


def test_check_mode_sends_no_update(script):
    script(query(MX, "10 exchange2019.example.test."))
    result = change(check_mode=True)
    assert result["changed"] and result["after"] == [NEW]


def test_no_records_before(script):
    script(
        query(MX, rcode=dns.rcode.NXDOMAIN),
        update(["example.test. NONE MX"], ["example.test. ANY MX", "example.test. 3600 IN MX 10 mirapoint"]),
        query(MX, "10 mirapoint.example.test.", ttl=3600),
    )
    result = change()
    assert (result["before"], result["before_ttl"], result["after_ttl"]) == ([], None, 3600)


def test_ttl_alone_is_a_change(script):
    script(query(MX, "10 mirapoint.example.test."), flip_of("10 mirapoint", "10 mirapoint", 60), query(MX, "10 mirapoint.example.test.", ttl=60))
    result = change(ttl=60)
    assert result["changed"] and (result["before_ttl"], result["after_ttl"]) == (300, 60)


@pytest.mark.parametrize("check_mode", [True, False])
def test_unknown_is_refused_before_any_change(script, check_mode):
    script(query(MX, "10 exchange2019.example.test.", "5 third.example.test."))
    with pytest.raises(MigrationError, match="nobody planned for: 5 third.example.test.") as caught:
        change(check_mode=check_mode)
    assert len(caught.value.facts["before"]) == 2


def test_another_preference_is_unknown(script):
    script(query(MX, "20 exchange2019.example.test."))
    with pytest.raises(MigrationError, match="nobody planned for: 20 exchange2019"):
        change()


def test_unknown_is_replaced_when_told(script):
    script(query(MX, "5 third.example.test."), flip_of("5 third", "10 mirapoint"), query(MX, "10 mirapoint.example.test."))
    assert change(on_unknown="replace")["changed"]


@pytest.mark.parametrize(
    ("rcode", "text"),
    [
        (dns.rcode.REFUSED, "An unsigned update may not do that"),
        (dns.rcode.NOTAUTH, "isn't the primary of example.test."),
        (dns.rcode.NXRRSET, "Somebody changed the records"),
        (dns.rcode.YXRRSET, "Somebody added records"),
        (dns.rcode.SERVFAIL, "could not write its zone"),
        (dns.rcode.NOTIMP, "takes no updates"),
        (dns.rcode.NOTZONE, "isn't in the zone"),
        (dns.rcode.FORMERR, "Look into its log"),
    ],
)
def test_refused_updates(script, rcode, text):
    script(query(MX, "10 exchange2019.example.test."), flip_of("10 exchange2019", "10 mirapoint", rcode=rcode))
    with pytest.raises(MigrationError, match=f"{dns.rcode.to_text(rcode)}. Nothing was changed. .*{text}"):
        change()


def test_a_lost_answer_to_the_update(script):
    script(query(MX, "10 exchange2019.example.test."), fails(ConnectionResetError("reset")))
    with pytest.raises(MigrationError, match="Whether it did is unknown"):
        change()


def test_not_what_was_asked_for(script):
    script(query(MX, "10 exchange2019.example.test."), flip_of("10 exchange2019", "10 mirapoint"), query(MX, "10 exchange2019.example.test."))
    with pytest.raises(MigrationError, match="took the change of example.test., but answers 10 exchange2019"):
        change()


def test_not_readable_afterwards(script):
    script(query(MX, "10 exchange2019.example.test."), flip_of("10 exchange2019", "10 mirapoint"), fails(OSError("gone")))
    with pytest.raises(MigrationError, match="took the change of example.test., but couldn't be read afterwards"):
        change()


def test_only_the_authority_is_believed(script):
    script(query(MX, "10 mirapoint.example.test.", authoritative=False))
    with pytest.raises(MigrationError, match="isn't authoritative for example.test."):
        change()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"records": []}, "No MX record is wanted"),
        ({"name": "example.com"}, "isn't in the zone"),
        ({"name": "www"}, "names are written in full"),
        ({"zone": "bad zone"}, "isn't a DNS name"),
        ({"ttl": -1}, "The TTL -1"),
        ({"key_name": "migration", "key_secret": "?"}, "isn't base64"),
        ({"records": [{"preference": -1, "exchange": "a.test"}]}, "must be from 0 to 65535"),
    ],
)
def test_mistakes_ask_nobody(script, options, text):
    script()
    with pytest.raises(MigrationError, match=text):
        change(**options)


def look():
    return mx.look(zone="example.test", name=None, servers=["192.0.2.1"], port=53, timeout=5)


def two_servers():
    return [
        query("example.test. NS", "ns1.example.test.", "ns2.example.test."),
        query("ns1.example.test. A", "192.0.2.1"),
        query("ns1.example.test. AAAA"),
        query("ns2.example.test. A", "192.0.2.2"),
        query("ns2.example.test. AAAA", "2001:db8::2"),
    ]


def soa(serial):
    return f"ns1.example.test. hostmaster.example.test. {serial} 3600 600 86400 60"


def test_the_newest_zone_counts(script):
    script(
        *two_servers(),
        query(MX, "10 exchange2019.example.test.", at="192.0.2.1"),
        query("example.test. SOA", soa(1)),
        query(MX, "10 mirapoint.example.test.", at="192.0.2.2"),
        query("example.test. SOA", soa(2)),
    )
    result = look()
    assert result["records"] == [NEW] and result["serial"] == 2 and not result["consistent"]
    assert [row["server"] for row in result["servers"]] == ["ns1.example.test.", "ns2.example.test."]


def test_a_server_that_is_down_is_in_the_result(script):
    script(*two_servers(), query(MX, "10 mirapoint.example.test."), query("example.test. SOA", soa(2)), fails(OSError("no route")), fails(OSError("no route")))
    result = look()
    assert result["records"] == [NEW] and not result["consistent"]
    assert "can't be reached: no route" in result["servers"][1]["error"]


def test_nobody_has_authority(script):
    script(
        *two_servers(), *[query(MX, authoritative=False), query("example.test. SOA", soa(2), authoritative=False)], query(MX, rcode=dns.rcode.REFUSED)
    )
    with pytest.raises(MigrationError, match="No name server of example.test. gave an authoritative answer") as caught:
        look()
    assert len(caught.value.facts["servers"]) == 2


def test_no_name_servers(script):
    script(query("example.test. NS"))
    with pytest.raises(MigrationError, match="192.0.2.1 knows no NS records of example.test."):
        look()
