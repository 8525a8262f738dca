# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles cut_over and roll_back where name servers, directory or plan are not as they should be, against BIND."""

from __future__ import annotations

import sys

import dns.message
import dns.query
import pytest

OLD = [{"preference": 10, "exchange": "exchange2019.example.test."}]
NEW = [{"preference": 10, "exchange": "mirapoint.example.test."}]
# A mail host without an address: BIND refuses it, after the update was sent.
NOWHERE = [{"preference": 10, "exchange": "nowhere.example.test."}]


class Site:
    def __init__(self, named, run_play, folder):
        self.named, self.run_play, self.folder = named, run_play, folder
        self.common = {"ledger": {"url": f"sqlite:///{folder}/ledger.sqlite"}, "migration": "example"}
        (folder / "release.yml").write_text(
            "- name: Release\n  ansible.builtin.copy: {content: '{{ cut_over_wave }}', dest: '" + str(folder / "released") + "', mode: '0644'}\n"
        )

    def variables(self):
        dns = {
            "zone": "example.test", "dns_servers": [self.named.server], "dns_port": self.named.port, "dns_key_name": self.named.key_name,
            "dns_key_secret": "{{ key_secret }}", "dns_timeout": 2, "release_tasks": str(self.folder / "release.yml"), "python": sys.executable, **self.common,
        }
        return {
            **{f"{role}_{name}": value for role in ("cut_over", "roll_back") for name, value in dns.items()}, "key_secret": self.named.secret,
            "cut_over_freeze_tasks": str(self.folder / "freeze.yml"), "cut_over_mx_before": OLD, "cut_over_mx_after": NEW, "cut_over_probe": False,
            "cut_over_ttl_age": 0, "cut_over_sources": [], "cut_over_target": {"host": "mirapoint.example.test"}, "cut_over_wave": "first",
            "cut_over_account_leader": {"name": "Ada Lead"}, "cut_over_output": str(self.folder), "gate_scope": False,
            "gate_sources": [], "gate_target": {"host": "mirapoint.example.test"},
        }

    def run(self, *tasks, **more):
        """Variables that are None are not set."""
        variables = {name: value for name, value in {**self.variables(), **more}.items() if value is not None}
        return self.run_play(list(tasks), variables)

    def record(self, kind, name, **content):
        return {"messaging.migration.migration_record": {**self.common, "kind": kind, "name": name, "content": content, "summary": content}}

    def mx_before(self, wave):
        return self.record("mx_before", "example.test", zone="example.test", records=OLD, ttl=300, after=NEW, wave=wave)

    def records(self, kind):
        return {"messaging.migration.migration_record_info": {**self.common, "kind": kind}}

    def mx(self, records):
        keys = {"key_name": self.named.key_name, "key_secret": "{{ key_secret }}", "server": self.named.server, "port": self.named.port}
        return {"messaging.migration.dns_mx": {"zone": "example.test", **keys, "records": records, "on_unknown": "replace"}}

    def now(self):
        answer = dns.query.tcp(dns.message.make_query("example.test", "MX"), self.named.server, port=self.named.port, timeout=5)
        return str(answer.answer[0][0].exchange).lower()

    def released(self):
        return (self.folder / "released").read_text() if (self.folder / "released").exists() else None


@pytest.fixture
def site(named, run_play, tmp_path):
    return Site(named, run_play, tmp_path)


def part(file, role="cut_over", **variables):
    return {"ansible.builtin.include_role": {"name": f"messaging.migration.{role}", "tasks_from": file}, "vars": variables}


def whole(**variables):
    return {"ansible.builtin.include_role": {"name": "messaging.migration.roll_back"}, "vars": variables}


def flipped():
    """The change of the MX records, and what follows when it fails."""
    began = {"ansible.builtin.set_fact": {"__cut_over_flipping": False, "__cut_over_changed": False, "__cut_over_routing": False}}
    return {"block": [part("known.yml"), began, part("flip.yml")], "rescue": [part("rescue.yml")]}


def test_changed_at_the_primary_counts_as_moved_while_others_lag_behind(site):
    site.named.stop_secondary()
    ended = site.run(flipped())[-1]
    assert 'ended at "Flip | Wait until every name server answers that", after mail began to go to the target server' in ended["msg"]
    assert "new mail goes there" in ended["msg"] and site.released() is None and "mirapoint" in site.now()


def test_a_change_that_the_primary_refused_moves_nothing(site):
    ended = site.run(flipped(), cut_over_mx_after=NOWHERE)[-1]
    assert 'ended at "Flip | Let mail go to the target server"' in ended["msg"] and "Mail goes where it went" in ended["msg"]
    assert site.released() == "first" and "exchange2019" in site.now()


def test_nobody_is_let_in_while_nobody_knows(site):
    port = "{{ 9 if __cut_over_flipping | default(false) else " + str(site.named.port) + " }}"
    ended = site.run(flipped(), cut_over_dns_port=port)[-1]
    assert "Nobody can say whether mail goes to the target server by now" in ended["msg"] and "can't be reached" in ended["msg"]
    assert "after mail began" not in ended["msg"] and "new mail goes there" not in ended["msg"] and site.released() is None


def test_the_zone_is_looked_at_before_anybody_is_kept_off(site):
    before = part("known.yml"), part("zone.yml")
    assert not any(result["failed"] or result["changed"] for result in site.run(*before))
    refused = site.run(*before, cut_over_dns_key_secret="YWJj")[-1]
    assert refused["task"] == "Zone | Ask the primary" and "the secret is a wrong one" in refused["msg"]
    site.named.stop_secondary()
    refused = site.run(*before)[-1]
    assert refused["failed"] and "ns2.example.test. Name server ns2.example.test." in refused["msg"] and "Nothing was changed" in refused["msg"]
    assert "exchange2019" in site.now()


@pytest.mark.parametrize(
    ("mailbox", "recipient"),
    [
        ({"name": "anna@old.example.test", "address": "anna.berg@example.test"}, "anna.berg@example.test"),
        ({"name": "anna@old.example.test"}, "anna@old.example.test"),
        ({"name": "anna.berg"}, "anna.berg@example.test"),
    ],
)
def test_whom_the_message_is_for(site, mailbox, recipient):
    show = {"name": "Show", "ansible.builtin.debug": {"msg": "{{ cut_over_probe_recipient }}"}}
    role = {"ansible.builtin.include_role": {"name": "messaging.migration.cut_over", "tasks_from": "known.yml", "public": True}}
    sources = [{"name": "old", "mailboxes": [mailbox]}]
    assert site.run(role, show, cut_over_sources=sources, cut_over_wave="default")[-1]["msg"] == recipient


def test_the_plan_wants_a_time_that_can_be_compared(site):
    for text in ("2026-03-28 18:00", "2026-03-28T18:00:00+01:00", "28.03.2026"):
        refused = site.run(part("known.yml"), part("plan.yml"), cut_over_not_before=text)[-1]
        assert refused["failed"] and f"cut_over_not_before is {text}" in refused["msg"] and not (site.folder / "cut_over_plan_first.md").exists()
    stopped = site.run(part("known.yml"), part("plan.yml"), cut_over_not_before="2026-03-28T18:00:00Z")[-1]
    assert "is not signed" in stopped["msg"]


def test_a_wave_that_was_taken_back_needs_another_signature(site):
    plan = part("known.yml"), part("plan.yml")
    site.run(*plan)
    first = (site.folder / "cut_over_plan_first.md").read_text()
    # Another wave's way back is none of its business.
    site.run(site.record("roll_back", "second", wave="second", cut_over=""), *plan)
    assert (site.folder / "cut_over_plan_first.md").read_text() == first
    site.run(site.record("roll_back", "example.test", wave="first", cut_over=""), *plan)
    second = (site.folder / "cut_over_plan_first.md").read_text()
    assert second != first and "This wave was taken back at 2" in second
    site.run(*plan)
    assert (site.folder / "cut_over_plan_first.md").read_text() == second


def test_what_comes_next_is_told(site):
    began = {"ansible.builtin.set_fact": {"__cut_over_began": 1}}
    told = site.run(part("known.yml"), began, part("record.yml"))[-1]["msg"]
    assert "Run this phase again when the old MX records have run out everywhere (their TTL was 300 seconds): it brings" in told[1]
    assert told[2].endswith("72 hours; messaging.migration.roll_back is the way back.") and "raise the TTL" in told[3]
    told = site.run(part("known.yml"), began, part("record.yml"), cut_over_flip_mx=False)[-1]["msg"]
    assert "when mail that was under way has arrived" in told[1] and "roll_back with roll_back_wave=first is the way back" in told[2]


def test_users_do_not_wait_for_name_servers_on_the_way_back(site):
    ready = site.run(site.mx(NEW), site.mx_before("first"), site.record("cut_over", "first", ended=1))
    assert not any(result["failed"] for result in ready)
    site.named.stop_secondary()
    ended = site.run(whole())[-1]
    assert ended["failed"] and "not everywhere" in ended["msg"] and "ns2.example.test" in ended["msg"]
    assert site.released() == "first" and "exchange2019" in site.now()
    [recorded] = site.run(site.records("roll_back"))[-1]["records"]
    assert recorded["name"] == "first" and recorded["summary"]["cut_over"] and recorded["summary"]["records"] == OLD


def test_mail_goes_back_while_the_directory_is_silent(site):
    directory = {
        "directory_routing_method": "target_address", "directory_routing_route_address": "{target}@mp.example.test", "directory_routing_python": sys.executable,
        "directory_routing_directory": {"host": "127.0.0.1", "port": 9, "user": "x", "password": "y", "tls": "none"},
        "directory_routing_station_path": str(site.folder / "station"),
    }
    site.run(site.mx(NEW), site.mx_before("first"))
    ended = site.run(whole(), roll_back_dns_timeout=30, **directory)[-1]
    assert ended["failed"] and "in the directory could not all be put back" in ended["msg"] and "run this playbook again" in ended["msg"]
    assert site.released() == "first" and "exchange2019" in site.now()
    again = site.run(whole(), roll_back_dns_timeout=30)
    assert not any(result["failed"] or result["changed"] for result in again)


def test_a_wave_goes_back_without_the_mx_records(site):
    """Without a single question to a name server."""
    done = {"name": "Done", "ansible.builtin.debug": {"msg": "{{ __cut_over_is_done }}"}}
    role = {"ansible.builtin.include_role": {"name": "messaging.migration.cut_over", "tasks_from": "known.yml", "public": True}}
    site.run(*(site.record(kind, wave, at=1, of=wave) for kind in ("cut_over_plan", "cut_over") for wave in ("first", "second")))
    for wave in ("second", "first"):
        result = site.run(whole(), roll_back_wave=wave, roll_back_dns_port=9, cut_over_wave=None)[-1]
        assert not result["failed"], result
        assert site.released() == wave
    assert not any(result["changed"] for result in site.run(whole(), roll_back_wave="first", roll_back_dns_port=9, cut_over_wave=None))
    recorded = {record["name"]: record["summary"] for record in site.run(site.records("roll_back"))[-1]["records"]}
    assert recorded.keys() == {"first", "second"} and recorded["first"]["wave"] == "first" and recorded["first"]["records"] == []
    assert recorded["first"]["cut_over"] != recorded["second"]["cut_over"] != ""
    for wave in ("first", "second"):
        assert site.run(role, done, cut_over_wave=wave, cut_over_flip_mx=False)[-1]["msg"] is False
    # A later cut-over stands on its own.
    assert site.run(site.record("cut_over", "first", at=2), role, done, cut_over_flip_mx=False)[-1]["msg"] is True


def test_a_wave_stays_while_the_mx_records_lead_to_the_target(site):
    plans = [site.record(kind, wave, at=1, of=wave) for kind in ("cut_over_plan", "cut_over") for wave in ("first", "last")]
    refused = site.run(*plans, site.mx_before("last"), whole(), roll_back_wave="first")[-1]
    assert refused["failed"] and "Take wave last back first" in refused["msg"] and site.released() is None
    unknown = site.run(whole(), roll_back_wave="frist")[-1]
    assert unknown["failed"] and "there is no cut over plan frist" in unknown["msg"]
