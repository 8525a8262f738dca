# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of users' mail by real directories, there and back. What the module does in detail is in the unit tests of its job."""

from __future__ import annotations

import importlib
import json
import time

import pytest
import yaml
from servers import organisation, slapd, tree
from servers.active_directory import SUFFIX as AD
from servers.slapd import SUFFIX

ROUTE = {"method": "target_address", "route_address": "{target}@mp.example.test"}
ALTERNATE = {"method": "alternate_recipient", "route_address": "{target}@mp.example.test"}


def accounts(suffix, count):
    """Found by their entry, by their primary address, and by another one, in turn."""
    found = []
    for number in range(count):
        dn, attributes = organisation.user(suffix, number)
        ways = ({"entry": dn.lower()}, {"primary": attributes["mail"][0]}, {"primary": f"user{number}@example.test"})
        found.append({"target": f"t{number}", **ways[number % 3]})
    return found


class Site:
    def __init__(self, directory, suffix, module, folder):
        self.directory, self.suffix, self.module, self.folder = directory, suffix, module, folder

    def options(self, count, **more):
        return {
            "server": self.directory.option(base=self.suffix), "accounts": accounts(self.suffix, count), "migration": "example",
            "ledger": {"url": f"sqlite:///{self.folder}/ledger.sqlite"}, **more,
        }

    def run(self, count, check=False, **more):
        return self.module("directory_routing", self.options(count, **more), check=check)

    def counts(self, count, **more):
        result = self.run(count, **more)
        assert not result["failed"], result
        return {name: value for name, value in result.items() if isinstance(value, int) and value and name != "changed"}

    def tree(self):
        return tree.tree(self.directory.option(), self.suffix)


@pytest.fixture
def in_openldap(module, tmp_path, certificate, own_tools):
    """With 400 users, one of which forwards already."""
    entries = [*slapd.ROOT, *organisation.units(SUFFIX), *organisation.entries(SUFFIX, users=400, groups=2, contacts=2)]
    dict(entries)[organisation.user_name(SUFFIX, 3)]["targetAddress"] = ["SMTP:user3@elsewhere.test"]
    server = slapd.Slapd(tmp_path / "slapd", own_tools, certificate, {SUFFIX: organisation.ldif(entries)})
    return Site(server, SUFFIX, module, tmp_path)


@pytest.fixture
def in_active_directory(module, active_directory, tmp_path):
    """Others read it as well, so it is left as it was."""
    site = Site(active_directory, AD, module, tmp_path)
    before = site.tree()
    yield site
    after = site.tree()
    assert after == before, [dn for dn in {*before, *after} if before.get(dn) != after.get(dn)]


@pytest.mark.parametrize("method", [
    ROUTE, {"method": "mail_host", "mail_host": "mp.example.test", "route_address": "{local}@mp.example.test"},
    {"method": "mirapoint_forwarding", "route_address": "{local}@exchange.example.test"},
], ids=lambda method: method["method"])
def test_there_and_back(target_directory, in_openldap, module, tmp_path, method):
    site = in_openldap if method == ROUTE else Site(target_directory, f"ou=people,{SUFFIX}", module, tmp_path)
    if method != ROUTE:
        given = [{"target": f"t{number}", "primary": account.get("primary", f"t{number}@example.test"), "quota_mb": 5,
                  "forward_to": "x@elsewhere.test" if number == 7 else ""} for number, account in enumerate(accounts(SUFFIX, 60))]
        assert module("directory_account", {"server": site.directory.option(base=site.suffix), "accounts": given})["added"] == 60
        method = {**method, "name_attribute": "uid"}
    before = site.tree()
    planned = site.run(60, check=True, **method)
    assert (planned["routed"], site.tree(), (tmp_path / "ledger.sqlite").exists()) == (60, before, False)
    done, after = site.run(60, **method), site.tree()
    assert (done["changed"], done["routed"], done["diff"]) == (True, 60, planned["diff"]) and after != before
    assert site.counts(60, **method) == {"as_wanted": 60} and site.tree() == after
    assert site.counts(60, check=True, state="restored", **method) == {"restored": 60} and site.tree() == after
    assert site.counts(60, state="restored", **method) == {"restored": 60} and site.tree() == before
    assert site.counts(60, state="restored", **method) == {"as_wanted": 60}


def test_in_active_directory(in_active_directory):
    before, site = in_active_directory.tree(), in_active_directory
    alternate = {**ALTERNATE, "contacts_base": f"OU=Contacts,{AD}", "keep_copy": True}
    assert (site.run(30, check=True, **ROUTE)["routed"], site.run(30, check=True, **alternate)["contacts_added"], site.tree()) == (30, 30, before)
    assert site.counts(30, **ROUTE) == {"routed": 30} and site.counts(30, **alternate) == {"routed": 30, "contacts_added": 30}
    after = site.tree()
    user = after[organisation.user_name(AD, 10).lower()]
    contact = f"CN=t10,OU=Contacts,{AD}".lower()
    assert (user["targetAddress"], user["altRecipient"], user["deliverAndRedirect"]) == ([b"SMTP:t10@mp.example.test"], [contact.encode()], [b"TRUE"])
    made = after[contact]
    assert made["targetAddress"] == made["proxyAddresses"] == [b"SMTP:t10@mp.example.test"]
    assert site.counts(30, **ROUTE) == site.counts(30, **alternate) == {"as_wanted": 30} and site.tree() == after
    assert site.counts(30, state="restored", **alternate) == {"restored": 30, "contacts_removed": 30}
    assert site.counts(30, state="restored", **ROUTE) == {"restored": 30} and site.tree() == before
    assert site.counts(30, state="restored", **alternate) == {"as_wanted": 30}


def test_what_somebody_else_changed_in_active_directory(in_active_directory):
    site, option = in_active_directory, in_active_directory.directory.option()
    alternate = {**ALTERNATE, "contacts_base": f"OU=Contacts,{AD}"}
    site.counts(12, **alternate)
    ours, theirs = organisation.user_name(AD, 5), f"CN=Contact 1,OU=Contacts,{AD}"
    # A forward of somebody's to one of the contacts, and somebody's own idea of one.
    tree.changed(option, organisation.user_name(AD, 20), altRecipient=[f"CN=t7,OU=Contacts,{AD}"])
    tree.changed(option, ours, altRecipient=[theirs])
    try:
        assert site.counts(12, state="restored", **alternate) == {"restored": 11, "foreign": 1, "contacts_removed": 10, "contacts_left": 1}
        assert site.tree()[ours.lower()]["altRecipient"] == [theirs.lower().encode()]
    finally:
        tree.changed(option, organisation.user_name(AD, 20), altRecipient=[])
        tree.changed(option, ours, altRecipient=[f"CN=t5,OU=Contacts,{AD}"])
        site.counts(12, state="restored", **alternate)
        with tree.connected(option) as connection:
            connection.delete(f"CN=t7,OU=Contacts,{AD}")


@pytest.mark.parametrize("state", ["routed", "restored"])
def test_killed_in_the_middle_and_run_again(in_openldap, state):
    site, method = in_openldap, {**ALTERNATE, "contacts_base": f"OU=Contacts,{SUFFIX}"}
    before = site.tree()
    if state == "restored":
        assert site.counts(400, **method) == {"routed": 400, "contacts_added": 400}
    start, report = site.tree(), site.folder / "routes.jsonl"
    run = site.module.start("directory_routing", site.options(400, state=state, report_path=str(report), **method))
    while run.running and (not report.exists() or report.read_text().count("\n") < 250):
        time.sleep(0.002)
    assert run.kill()
    assert site.tree() not in (start, before)
    assert site.run(400, state=state, **method)["changed"] and site.counts(400, state=state, **method) == {"as_wanted": 400}
    if state == "routed":
        assert len(site.tree()) == len(before) + 400
        site.counts(400, state="restored", **method)
    assert site.tree() == before


def test_what_somebody_else_changed_is_left(in_openldap):
    site, option = in_openldap, in_openldap.directory.option()
    before = site.tree()
    site.counts(6, **ROUTE)
    dn = organisation.user_name(SUFFIX, 4)
    tree.changed(option, dn, targetAddress=["SMTP:user4@third.test"])
    assert site.counts(6, **ROUTE) == {"as_wanted": 5, "foreign": 1}
    report = site.folder / "routes.jsonl"
    assert site.counts(6, state="restored", report_path=str(report), **ROUTE) == {"restored": 5, "foreign": 1}
    [told] = [line for line in map(json.loads, report.read_text().splitlines()) if line["outcome"] == "foreign"]
    assert (told["account"], told["found"]) == ("t4", {"targetAddress": ["SMTP:user4@third.test"]})
    assert site.tree() == {**before, dn.lower(): {**before[dn.lower()], "targetAddress": [b"SMTP:user4@third.test"]}}


def test_a_ledger_that_stations_share(in_openldap, servers):
    site, before, database = in_openldap, in_openldap.tree(), servers.postgresql()
    shared = {**ROUTE, "ledger": {"url": database.url, "password": database.password}}
    assert site.counts(30, **shared) == {"routed": 30} and site.counts(30, **shared) == {"as_wanted": 30}
    assert site.counts(30, state="restored", **shared) == {"restored": 30} and site.tree() == before


def test_who_may_not_write(in_openldap):
    site, before = in_openldap, in_openldap.tree()
    reader = site.directory.option(base=f"OU=Berlin,OU=People,{SUFFIX}", user=f"cn=reader,{SUFFIX}", filter="(mailNickname=user3)")
    refused = site.run(0, server=reader, accounts=[{"target": "t3", "primary": "user3@example.test"}], **ROUTE)
    assert refused["failed"] and "insufficientAccessRights" in refused["msg"] and "mail of 0 was sent" in refused["msg"]
    assert not refused["changed"] and site.tree() == before


def test_examples(collections, monkeypatch, in_openldap, target_directory, run_play):
    monkeypatch.syspath_prepend(str(collections))
    made = importlib.import_module("ansible_collections.messaging.migration.plugins.modules.directory_routing")
    site, before = in_openldap, in_openldap.tree()
    ledger, at_target = site.options(0)["ledger"], target_directory.option(base=f"ou=people,{SUFFIX}")
    plan = {
        "directories": [site.directory.option(filter="(mailNickname=user1)")], "domains": ["example.test"], "default_wave": "first",
        "path": str(site.folder / "plan.yml"), "migration": "example", "ledger": ledger,
    }
    anna = {"server": at_target, "accounts": [{"target": "annaberg"}]}
    tasks = [{"messaging.migration.account_plan": plan}, {"messaging.migration.directory_account": anna}, *yaml.safe_load(made.EXAMPLES)]
    for task, server in zip(tasks[2:], (site.directory.option(), site.directory.option(), at_target), strict=True):
        given = task["messaging.migration.directory_routing"]
        given |= {"server": server, "ledger": ledger}
        if "report_path" in given:
            given["report_path"] = str(site.folder / "routes.jsonl")
    planned, added, routed, restored, forwarded = run_play(tasks)
    assert (planned["accounts"], added["added"], routed["routed"], restored["restored"], forwarded["routed"]) == (1, 1, 1, 1, 1)
    assert site.tree() == before
    entry = tree.tree(target_directory.option(), SUFFIX)[f"uid=annaberg,ou=people,{SUFFIX}"]
    assert (entry["miForwardingAddress"], entry["miDeliveryOption"]) == ([b"anna.berg@exchange.example.com"], [b"forward"])
