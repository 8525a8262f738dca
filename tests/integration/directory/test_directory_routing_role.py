# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role directory_routing, and the places where the cut-over and its way back include it."""

from __future__ import annotations

import json
import sys

import pytest
from servers import organisation, slapd, tree
from servers.slapd import SUFFIX

WRITES = "Routes | Write what differs"


class Site:
    def __init__(self, directory, run_play, folder):
        self.directory, self.run_play, self.folder = directory, run_play, folder
        self.ledger = {"url": f"sqlite:///{folder}/ledger.sqlite"}
        # The plan's waves: eight users each.
        plan = {
            "directories": [directory.option()], "domains": ["example.test"], "path": str(folder / "plan.yml"), "migration": "example",
            "ledger": self.ledger, "wave_by": "attribute", "wave_attribute": "department", "waves": {"Berlin": "first", "Oslo": "second", "Wien": "third"},
        }
        self.run_play([{"messaging.migration.account_plan": plan}])

    def variables(self, **more):
        common = {
            f"{role}_{name}": value for role in ("directory_routing", "cut_over", "roll_back")
            for name, value in {"ledger": self.ledger, "migration": "example", "python": sys.executable}.items()
        }
        return {
            **common, "directory_routing_method": "target_address", "directory_routing_route_address": "{target}@mp.example.test",
            "directory_routing_directory": {**self.directory.option(), "password": "{{ directory_password }}"},
            "directory_password": self.directory.password, "directory_routing_station_path": str(self.folder / "station"), **more,
        }

    def run(self, *tasks, check=False, **more):
        """The last result, and what changed."""
        results = self.run_play(list(tasks), self.variables(**more), check=check)
        return results[-1], {result["task"] for result in results if result["changed"]}

    def role(self, check=False, **more):
        return self.run({"ansible.builtin.include_role": {"name": "messaging.migration.directory_routing"}}, check=check, **more)

    def tree(self):
        return tree.tree(self.directory.option(), SUFFIX)

    def routed(self):
        return sorted(entry["cn"][0].decode() for entry in self.tree().values() if "targetAddress" in entry and "user" in str(entry["objectClass"]))


BERLIN = [f"User {number}" for number in sorted(range(0, 24, 3), key=str)]


@pytest.fixture
def site(run_play, tmp_path, certificate, own_tools):
    entries = [*slapd.ROOT, *organisation.units(SUFFIX), *organisation.entries(SUFFIX, users=24, groups=2, contacts=2)]
    server = slapd.Slapd(tmp_path / "slapd", own_tools, certificate, {SUFFIX: organisation.ldif(entries)})
    return Site(server, run_play, tmp_path)


def part(role, file, **variables):
    return {"ansible.builtin.include_role": {"name": f"messaging.migration.{role}", "tasks_from": file}, "vars": variables}


def test_wave_by_wave_and_back(site):
    before = site.tree()
    planned, changed = site.role(check=True, directory_routing_wave="first")
    assert planned["msg"].startswith("routed: 8 entries differed, 0 needed nothing, 0 have") and WRITES in changed and site.tree() == before
    told, changed = site.role(directory_routing_wave="first")
    assert WRITES in changed and site.routed() == BERLIN
    assert site.role(directory_routing_wave="first")[1] == set()
    site.role(directory_routing_wave="second")
    assert len(site.routed()) == 16
    told, _changed = site.role(directory_routing_wave="second", directory_routing_state="restored")
    assert told["msg"].startswith("restored: 8 entries differed") and site.routed() == BERLIN
    site.role(directory_routing_state="restored")
    assert site.tree() == before
    station = site.folder / "station"
    assert station.stat().st_mode & 0o777 == 0o700 and sorted(path.name for path in station.iterdir()) == ["all.jsonl", "first.jsonl", "second.jsonl"]
    assert site.directory.password not in "".join(path.read_text() for path in station.iterdir())


def test_nothing_where_nobody_asked_for_it(site):
    before = site.tree()
    assert site.role(directory_routing_method="", directory_routing_directory={})[1] == set() and site.tree() == before


def test_refused_before_anything_is_written(site):
    before = site.tree()
    for word, more in (
        ("value of directory_routing_method must be one of", {"directory_routing_method": "magic"}),
        ("missing required arguments: host", {"directory_routing_directory": {}}),
        ("in wave fourth", {"directory_routing_wave": "fourth"}),
        ("neither accounts nor a wave", {}),
        ("needs route_address", {"directory_routing_wave": "first", "directory_routing_route_address": ""}),
        ("nobody (no entry)", {"directory_routing_accounts": [{"target": "nobody", "primary": "nobody@example.test"}]}),
    ):
        refused, _changed = site.role(**more)
        assert refused["failed"] and word in refused["msg"], refused
    assert site.tree() == before


def cut_over(file, wave="first", **more):
    return part("cut_over", file, cut_over_wave=wave, cut_over_flip_mx=False, **more)


def test_a_cut_over_that_was_made_is_completed(site):
    for _run in range(2):
        result, changed = site.run(cut_over("made.yml"))
        assert not result["failed"] and site.routed() == BERLIN
    assert changed == set()
    # Whoever left since is no reason to stop.
    with tree.connected(site.directory.option()) as connection:
        connection.delete(organisation.user_name(SUFFIX, 0))
    result, changed = site.run(cut_over("made.yml"))
    assert "7 needed nothing" in result["msg"] and "1 accounts have no entry" in result["msg"]


@pytest.fixture
def window(site):
    """The window up to where users are kept off, which fails here."""
    (site.folder / "freeze.yml").write_text("- name: Freeze\n  ansible.builtin.fail: {msg: not now}\n")
    common = {"cut_over_zone": "example.test", "cut_over_not_before": "", "cut_over_sources": [], "cut_over_target": {"host": "mp.example.test"}}
    return lambda: site.run(cut_over("window.yml", cut_over_freeze_tasks=str(site.folder / "freeze.yml"), **common))


def test_entries_are_looked_at_before_anybody_is_kept_off(site, window):
    before = site.tree()
    result, changed = window()
    assert 'ended at "Freeze" (not now)' in result["msg"] and "Mail goes where it went" in result["msg"]
    # It would be: nothing was written, in the ledger neither.
    assert WRITES in changed and site.tree() == before
    assert site.role(directory_routing_state="restored")[0]["msg"].startswith("restored: 0 entries differed, 0 needed nothing")
    with tree.connected(site.directory.option()) as connection:
        connection.delete(organisation.user_name(SUFFIX, 0))
    result, _changed = window()
    assert result["failed"] and "1 of 8 accounts have no entry" in result["msg"] and "Freeze" not in result["msg"]


def rescued(**facts):
    """As if the cut-over failed after entries were changed, with the MX records to stay as they are. `facts` hold from then on."""
    return {
        "block": [
            part("cut_over", "routes.yml", cut_over_wave="first"),
            {"ansible.builtin.set_fact": {"__cut_over_routing": True, "__cut_over_flipping": False, "__cut_over_changed": False, **facts}},
            {"name": "Something else", "ansible.builtin.fail": {"msg": "the ledger is full"}},
        ],
        "rescue": [cut_over("rescue.yml", cut_over_release_tasks="", cut_over_freeze_tasks="", cut_over_zone="example.test")],
    }


def test_a_cut_over_that_failed_puts_entries_back(site):
    before = site.tree()
    result, changed = site.run(rescued())
    assert result["failed"] and "the ledger is full" in result["msg"] and "Mail goes where it went; users go on working on the source servers" in result["msg"]
    assert "The entries of 8 users in the directory were put back; what came for these users in the meantime is at the target server." in result["msg"]
    assert WRITES in changed and site.tree() == before


def test_entries_that_a_run_changed_which_died_are_put_back(site, window):
    before = site.tree()
    site.role(directory_routing_wave="first")
    result, _changed = window()
    assert 'ended at "Freeze" (not now)' in result["msg"] and "The entries of 8 users in the directory were put back" in result["msg"]
    assert site.tree() == before
    # Nothing is there to be put back any more.
    result, _changed = window()
    assert 'ended at "Freeze" (not now)' in result["msg"] and "were put back" not in result["msg"]


def test_entries_that_can_not_be_put_back_count_as_moved(site):
    directory = {**site.directory.option(), "port": "{{ port_now | default(" + str(site.directory.tls_port) + ") }}"}
    result, _changed = site.run(rescued(port_now=1), directory_routing_directory=directory)
    assert result["failed"] and "could not be put back (slapd (127.0.0.1:1) can't be reached" in result["msg"]
    assert "The source servers stay frozen" in result["msg"] and "roll_back with roll_back_wave=first" in result["msg"] and site.routed() == BERLIN


def test_the_way_back_puts_entries_back_first(site, named):
    common = {"ledger": site.ledger, "migration": "example"}
    mx = {"records": [{"preference": 10, "exchange": "exchange2019.example.test."}], "after": [{"preference": 10, "exchange": "mirapoint.example.test."}]}
    records = [
        {"messaging.migration.migration_record": {**common, "kind": "mx_before", "name": "example.test", "content": content, "summary": content}}
        for content in [{"zone": "example.test", "ttl": 300, "wave": "second", **mx}]
    ]
    before = site.tree()
    site.role(directory_routing_wave="first")
    first = site.tree()
    site.role(directory_routing_wave="second")
    dns = {
        "roll_back_zone": "example.test", "roll_back_dns_servers": [named.server], "roll_back_dns_port": named.port, "roll_back_dns_key_name": named.key_name,
        "roll_back_dns_key_secret": named.secret, "roll_back_dns_timeout": 30, "roll_back_mx_after": [],
    }
    for _run in range(2):
        result, changed = site.run(*records, part("roll_back", "zone.yml", **dns))
        assert not result["failed"] and site.tree() == first != before
    assert WRITES not in changed
    [line] = {json.loads(line)["outcome"] for line in (site.folder / "station" / "second.jsonl").read_text().splitlines()[8:]}
    assert line == "restored"


def test_a_wave_goes_back_by_its_name(site):
    common = {"ledger": site.ledger, "migration": "example"}
    content = {"made": "at night"}
    records = [
        {"messaging.migration.migration_record": {**common, "kind": kind, "name": "first", "content": content, "summary": content}}
        for kind in ("cut_over_plan", "cut_over")
    ]
    before = site.tree()
    site.role(directory_routing_wave="second")
    others = site.tree()
    site.role(directory_routing_wave="first")
    # Nobody answers there, and nobody is asked.
    dns = {"zone": "example.test", "dns_servers": ["127.0.0.1"], "dns_port": 9, "dns_key_name": "", "dns_key_secret": ""}
    role = {"ansible.builtin.include_role": {"name": "messaging.migration.roll_back"}}
    more = {**{f"roll_back_{name}": value for name, value in dns.items()}, "roll_back_wave": "first",
            "gate_sources": [], "gate_target": {"host": "mp.example.test"}}
    result, changed = site.run(*records, role, **more)
    assert not result["failed"] and "Record | Write the way back down" in changed and site.tree() == others != before
    assert site.run(*records, role, **more)[1] == set()
