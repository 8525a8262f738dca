# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._directory.server import SERVER
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._job import directory_routing
from ansible_collections.messaging.migration.plugins.module_utils._job.directory_routing import routing
from ansible_collections.messaging.migration.plugins.module_utils._ledger import accounts, directory_routes
from ansible_collections.messaging.migration.plugins.module_utils._model.directory_route import ROUTING
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import ledger_fixture
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.fake_directory import SUFFIX, Ended, FakeDirectory

CONTACTS = f"OU=Contacts,{SUFFIX}"
NAMES = ("anna", "bo", "cleo", "dora")
ALTERNATE = {"method": "alternate_recipient", "contacts_base": CONTACTS}


def name(of):
    return f"CN={of},OU=People,{SUFFIX}"


def people():
    """Bo forwards already."""
    found = {name(one): {"objectClass": ["user"], "mail": [f"{one}@example.test"], "cn": [one]} for one in NAMES}
    found[name("bo")] |= {"targetAddress": ["SMTP:bo@elsewhere.test"], "altRecipient": [name("dora")]}
    return found


class Site:
    def __init__(self, folder, patch):
        self.folder, self.directory = folder, FakeDirectory(people())
        patch.setattr(directory_routing, "WritingSession", self.directory)
        # Who is killed writes no ledger on his way out.
        save = directory_routes.save
        patch.setattr(directory_routing.directory_routes, "save", lambda *given: None if self.directory.ended else save(*given))

    def run(self, state="routed", check=False, **more):
        server = {option: spec.get("default") for option, spec in SERVER["server"]["options"].items()}
        accounts_ = [{"target": f"{one}x", "primary": f"{one}@example.test", "entry": "", "wave": "w"} for one in NAMES]
        return routing({
            **{option: spec.get("default") for option, spec in ROUTING.items()}, "server": {**server, "host": "dc1", "user": "u", "password": "p"},
            "method": "target_address", "route_address": "{target}@mp.example.test", "accounts": accounts_, "state": state, "report_path": None,
            "migration": ledger_fixture.MIGRATION, "ledger": ledger_fixture.options(self.folder), **more,
        }, check)

    def entries(self, target):
        """By the ledger."""
        ledger = ledger_fixture.opened(self.folder)
        try:
            return [row.entry for row in directory_routes.in_force(ledger) if row.target == target]
        finally:
            ledger.close()

    def counts(self, *arguments, **more):
        return {key: value for key, value in self.run(*arguments, **more).items() if isinstance(value, int) and value}


@pytest.fixture
def site(tmp_path, monkeypatch):
    return Site(tmp_path, monkeypatch)


@pytest.mark.parametrize("method", [
    {"method": "target_address"}, ALTERNATE, {**ALTERNATE, "keep_copy": True}, {"method": "mirapoint_forwarding"},
    {"method": "mail_host", "mail_host": "mp.example.test"}, {"method": "mail_host", "mail_host": "mp.example.test", "route_address": ""},
])
def test_there_and_back(site, method, tmp_path):
    before = site.directory.snapshot()
    planned = site.run(check=True, **method)
    assert (planned["changed"], planned["routed"], site.directory.writes, list(tmp_path.iterdir())) == (True, 4, 0, [])
    done = site.run(**method)
    contacts = 4 if method["method"] == "alternate_recipient" else 0
    assert (done["routed"], done["contacts_added"], done["diff"]) == (4, contacts, planned["diff"])
    after, writes = site.directory.snapshot(), site.directory.writes
    assert site.counts(**method) == {"as_wanted": 4} and site.directory.writes == writes
    assert site.counts("restored", check=True, **method)["restored"] == 4 and site.directory.snapshot() == after
    back = site.counts("restored", **method)
    assert back == {"changed": True, "restored": 4, **({"contacts_removed": 4} if contacts else {})} and site.directory.snapshot() == before
    assert site.counts("restored", **method) == {"as_wanted": 4}
    # And forward again, and back again.
    assert site.run(**method)["routed"] == 4 and site.directory.snapshot() == after
    assert site.run("restored", **method)["restored"] == 4 and site.directory.snapshot() == before


def test_what_exchange_is_told(site):
    site.run()
    assert site.directory.entries[name("bo")]["targetAddress"] == ["SMTP:box@mp.example.test"]
    site.run(keep_copy=True, **ALTERNATE)
    contact = f"CN=box,{CONTACTS}"
    assert site.directory.entries[name("bo")]["altRecipient"] == [contact] and site.directory.entries[name("bo")]["deliverAndRedirect"] == ["TRUE"]
    assert site.directory.entries[contact]["targetAddress"] == ["SMTP:box@mp.example.test"]


def test_what_somebody_else_changed_is_left(site, tmp_path):
    site.run()
    site.directory.entries[name("anna")]["targetAddress"] = ["SMTP:anna@third.test"]
    del site.directory.entries[name("cleo")]["targetAddress"]
    del site.directory.entries[name("dora")]
    report = tmp_path / "r.jsonl"
    # Cleo has what she had before: that is as good as never sent.
    assert site.counts("restored", report_path=str(report)) == {"changed": True, "restored": 1, "as_wanted": 1, "foreign": 1, "not_found": 1}
    told = {line["outcome"]: line for line in map(json.loads, report.read_text().splitlines())}
    assert told["foreign"]["found"] == {"targetAddress": ["SMTP:anna@third.test"]} and told["foreign"]["account"] == "annax"
    assert told["not_found"]["reason"] == "no entry" and told["restored"]["after"] == {"targetAddress": ["SMTP:bo@elsewhere.test"]}
    assert site.directory.entries[name("anna")]["targetAddress"] == ["SMTP:anna@third.test"]
    assert site.counts("restored") == {"as_wanted": 2, "foreign": 1, "not_found": 1}


def test_what_is_foreign_is_not_sent_either(site):
    site.run()
    site.directory.entries[name("anna")]["targetAddress"] = ["SMTP:anna@third.test"]
    assert site.counts() == {"as_wanted": 3, "foreign": 1}
    # What was before is as it was.
    site.directory.entries[name("anna")]["targetAddress"] = ["SMTP:annax@mp.example.test"]
    assert site.counts("restored")["restored"] == 4 and "targetAddress" not in site.directory.entries[name("anna")]


def test_what_others_had_set_is_not_put_back(site):
    site.directory.entries[name("anna")]["targetAddress"] = ["SMTP:annax@mp.example.test"]
    before = site.directory.snapshot()
    assert site.counts() == {"changed": True, "routed": 3, "as_wanted": 1}
    assert site.counts("restored") == {"changed": True, "restored": 3} and site.directory.snapshot() == before


def test_another_address_later(site):
    before = site.directory.snapshot()
    site.run()
    assert site.counts(route_address="{target}@new.example.test") == {"changed": True, "routed": 4}
    assert site.counts("restored") == {"changed": True, "restored": 4} and site.directory.snapshot() == before


def test_an_entry_that_was_moved(site):
    site.run()
    moved = f"CN=bo,OU=Elsewhere,{SUFFIX}"
    site.directory.entries[moved] = site.directory.entries.pop(name("bo"))
    assert site.counts(check=True) == {"as_wanted": 4} and site.entries("box") == [name("bo").lower()]
    assert site.counts() == {"as_wanted": 4} and site.entries("box") == [moved.lower()]
    assert site.counts(route_address="{target}@new.example.test")["routed"] == 4
    assert site.counts("restored")["restored"] == 4 and site.directory.entries[moved]["targetAddress"] == ["SMTP:bo@elsewhere.test"]


def test_a_name_that_went_to_somebody_else(site):
    """Its new owner has another entry, and what was before is each entry's own."""
    site.run()
    swapped = [{"target": target, "primary": f"{one}@example.test", "entry": "", "wave": "w"} for one, target in (("anna", "box"), ("bo", "annax"))]
    assert site.counts(accounts=swapped) == {"changed": True, "routed": 2}
    assert site.directory.entries[name("anna")]["targetAddress"] == ["SMTP:box@mp.example.test"]
    site.run("restored", accounts=[], wave=None)
    assert site.directory.snapshot() == FakeDirectory(people()).snapshot()


@pytest.mark.parametrize("moment", ["ends_before", "ends_after"])
@pytest.mark.parametrize("method", [{}, ALTERNATE])
def test_killed_anywhere_and_run_again(site, tmp_path, moment, method):
    before = site.directory.snapshot()
    site.run(**method)
    after, writes = site.directory.snapshot(), site.directory.writes
    for state, start, end in (("routed", before, after), ("restored", after, before)):
        for number in range(1, writes + 1):
            if site.directory.snapshot() != start:
                site.run("restored" if state == "routed" else "routed", **method)
            assert site.directory.snapshot() == start
            site.directory.writes = 0
            setattr(site.directory, moment, number)
            with pytest.raises(Ended):
                site.run(state, **method)
            site.run(state, **method)
            assert site.directory.snapshot() == end and not site.run(state, **method)["changed"]


STEPS = st.lists(st.tuples(st.sampled_from(["routed", "restored"]), st.sampled_from([{}, ALTERNATE]), st.integers(0, 9), st.booleans()), max_size=6)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_the_way_back_leads_to_where_it_began(tmp_path_factory, steps):
    with pytest.MonkeyPatch.context() as patch:
        site = Site(tmp_path_factory.mktemp("site"), patch)
        directory, before = site.directory, site.directory.snapshot()
        for state, method, number, after in steps:
            directory.writes = 0
            directory.ends_before, directory.ends_after = (0, number) if after else (number, 0)
            try:
                site.run(state, **method)
            except Ended:
                continue
        for method in ({}, ALTERNATE):
            assert site.run("restored", **method)["foreign"] == 0
        assert directory.snapshot() == before


def test_a_broken_connection_keeps_what_was_done(site, monkeypatch):
    site.run()
    real, left = site.directory.modify, [2]

    def breaks(*arguments):
        if not left[0]:
            raise Unreachable("dc1 broke off.")
        left[0] -= 1
        real(*arguments)

    site.directory.modify = breaks
    with pytest.raises(MigrationError, match="broke off") as broken:
        site.run("restored")
    assert broken.value.facts["restored"] == 2 and broken.value.facts["changed"]
    site.directory.modify = real
    assert site.counts("restored") == {"changed": True, "restored": 2, "as_wanted": 2}


def test_refused_ones_are_told_and_the_others_are_sent(site):
    site.directory.refuses[name("bo")] = "insufficientAccessRights"
    with pytest.raises(MigrationError, match="refuses box: insufficientAccessRights.*mail of 3 was sent") as refused:
        site.run()
    assert refused.value.facts["refused"] == [{"name": "box", "reason": "insufficientAccessRights"}] and refused.value.facts["routed"] == 3
    site.directory.refuses.clear()
    assert site.counts() == {"changed": True, "routed": 1, "as_wanted": 3}
    assert site.counts("restored")["restored"] == 4 and site.directory.snapshot() == FakeDirectory(people()).snapshot()


def test_nobody_is_sent_while_somebody_has_no_entry(site):
    del site.directory.entries[name("cleo")]
    with pytest.raises(MigrationError, match=r"1 of 4 accounts have no entry, such as cleox \(no entry\). Nothing was changed.*on_missing") as refused:
        site.run()
    assert site.directory.writes == 0 and refused.value.facts["not_found"] == 1
    assert site.counts(on_missing="tell") == {"changed": True, "routed": 3, "not_found": 1}


def test_two_accounts_of_one_entry(site):
    both = [{"target": target, "primary": "anna@example.test", "entry": "", "wave": "w"} for target in ("a", "b")]
    with pytest.raises(MigrationError, match=f"a and b have the same entry {name('anna')}. Nothing was changed"):
        site.run(accounts=both)


# -- contacts -------------------------------------------------------------------------------------------------------------


def contact(address):
    return {"objectClass": ["contact"], "targetAddress": [address]}


def test_a_contact_of_others_is_used_and_stays(site):
    site.directory.entries[f"CN=annax,{CONTACTS}"] = contact("smtp:ANNAX@mp.example.test")
    before = site.directory.snapshot()
    assert site.counts(**ALTERNATE) == {"changed": True, "routed": 4, "contacts_added": 3}
    assert site.counts("restored", **ALTERNATE) == {"changed": True, "restored": 4, "contacts_removed": 3} and site.directory.snapshot() == before


def test_a_contact_that_leads_elsewhere_is_refused(site):
    site.directory.entries[f"CN=annax,{CONTACTS}"] = contact("SMTP:annax@third.test")
    with pytest.raises(MigrationError, match="refuses annax: the contact .* leads to SMTP:annax@third.test instead of SMTP:annax@mp.example.test"):
        site.run(**ALTERNATE)
    assert "altRecipient" not in site.directory.entries[name("anna")]


def test_contacts_that_others_use_or_changed_stay(site):
    site.run(**ALTERNATE)
    site.directory.entries[f"CN=Boss,{SUFFIX}"] = {"objectClass": ["user"], "altRecipient": [f"cn=ANNAX, {CONTACTS}"]}
    site.directory.entries[f"CN=box,{CONTACTS}"]["targetAddress"] = ["SMTP:box@third.test"]
    assert site.counts("restored", **ALTERNATE) == {"changed": True, "restored": 4, "contacts_removed": 2, "contacts_left": 2}
    assert {f"CN=annax,{CONTACTS}", f"CN=box,{CONTACTS}"} <= site.directory.entries.keys()


# -- who is meant ---------------------------------------------------------------------------------------------------------


def plan(site):
    ledger = ledger_fixture.opened(site.folder)
    accounts.write(ledger, [{
        "directory": directory, "entry": name(one).casefold(), "server": "s", "mailbox": one, "target": one, "primary": f"{one}@other.test", "wave": wave,
        "quota_mb": 0,
    } for one, wave, directory in (("anna", "first", "ad"), ("bo", "first", "other"), ("cleo", "second", "ad"))])
    ledger.close()


def test_a_wave_of_the_plan(site):
    plan(site)
    assert site.counts(accounts=[], wave="first", plan_directory="ad") == {"changed": True, "routed": 1}
    assert site.counts(accounts=[], wave="first") == {"changed": True, "routed": 1, "as_wanted": 1}
    assert site.counts(accounts=[], wave="second", plan_directory="other") == {}
    assert site.counts(accounts=[], wave="second") == {"changed": True, "routed": 1}
    # Back by wave, whatever became of the plan.
    ledger = ledger_fixture.opened(site.folder)
    accounts.write(ledger, [])
    ledger.close()
    assert site.counts("restored", accounts=[], wave="first") == {"changed": True, "restored": 2}
    assert site.counts("restored", accounts=[], wave=None) == {"changed": True, "restored": 1, "as_wanted": 2}
    assert site.directory.snapshot() == FakeDirectory(people()).snapshot()


def test_a_wave_of_the_accounts(site):
    given_ = [{"target": one, "primary": f"{one}@example.test", "entry": "", "wave": wave} for one, wave in (("anna", "first"), ("bo", "second"))]
    assert site.counts(accounts=given_, wave="second") == {"changed": True, "routed": 1}
    assert site.counts("restored", accounts=given_, wave="first") == {}
    assert site.counts("restored", accounts=given_, wave="second") == {"changed": True, "restored": 1}


@pytest.mark.parametrize(("more", "word"), [
    ({"accounts": []}, "neither accounts nor a wave"),
    ({"accounts": [], "wave": "third"}, "in wave third"),
    ({"wave": "third"}, "in wave third"),
    ({"route_address": ""}, "needs route_address"),
])
def test_refused_before_anybody_is_called(site, more, word):
    plan(site)
    with pytest.raises(MigrationError, match=f"{word}.*Nothing was touched"):
        site.run(**more)
    assert site.directory.searches == []


def test_the_directory_is_read_once(site):
    site.run(**ALTERNATE)
    assert len(site.directory.searches) == 2
    site.run("restored", **ALTERNATE)
    assert len(site.directory.searches) == 5


def test_the_ledger_keeps_a_directory_by_its_own_name(site):
    site.run()
    server = {**{option: spec.get("default") for option, spec in SERVER["server"]["options"].items()}, "user": "u", "password": "p"}
    assert site.counts("restored", server={**server, "host": "dc1", "name": "ad"}) == {}
    assert site.counts("restored", server={**server, "host": "dc2"}) == {"changed": True, "restored": 4}


def test_a_base_has_to_come_from_somewhere(site):
    site.directory.root.values.clear()
    with pytest.raises(MigrationError, match=r"its own base is. Nothing was changed. Give server.base"):
        site.run()
