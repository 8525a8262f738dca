# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role mirapoint_accounts, with a Cyrus, the administration protocol on it, and a directory: each source server by another way."""

from __future__ import annotations

import imaplib
import json
import pathlib
import re
import subprocess
import sys

import pytest
from servers import organisation, slapd
from test_admind_on_cyrus import eventually

PEOPLE = f"ou=people,{slapd.SUFFIX}"
OLD = "IMCEAEX-_O=EXAMPLE_OU=BERLIN+20X_CN=RECIPIENTS_CN="
CLASSES = ["top", "person", "organizationalPerson", "inetOrgPerson", "inetLocalMailRecipient", "mirapointUser", "mirapointMailUser"]


def account(server, mailbox, *addresses, **more):
    name = mailbox.replace(".", "")
    return {
        "directory": "ad", "entry": f"cn={name}", "server": server, "mailbox": mailbox, "full_name": mailbox.title().replace(".", " "), "target": name,
        "primary": f"{mailbox}@example.test", "addresses": list(addresses), "old_addresses": [f"{OLD}{name.upper()}@example.test"], "quota_mb": 500,
        "wave": "default", "hidden": False, "disabled": False, "forward_to": "", "keeps_copy": False, **more,
    }


PLAN = {
    "accounts": [
        account("by_imap", "anna.berg", "anna@example.org", forward_to="x@elsewhere.test", keeps_copy=True),
        account("by_protocol", "bo.dahl", "bo@example.org"), account("by_protocol", "carl", quota_mb=0), account("by_entry", "dora.eck", "dora@example.org"),
        account("nowhere", "gone"),
    ],
    "lists": [{
        "directory": "ad", "entry": "cn=all", "full_name": "All", "name": "all", "primary": "all@example.test", "addresses": ["everybody@example.org"],
        "old_addresses": [f"{OLD}ALL@example.test"], "members": ["anna.berg@example.test", "x@elsewhere.test"], "hidden": False, "dynamic": "",
    }],
    "redirects": [{"directory": "ad", "entry": "cn=r", "address": "left@example.test", "to": "left@elsewhere.test"}],
}
LISTS = {
    "all@example.test anna.berg@example.test, x@elsewhere.test", "everybody@example.org all@example.test", f"{OLD}ALL@example.test all@example.test",
    "left@example.test left@elsewhere.test", "bo.dahl@example.test bodahl@example.test", "bo@example.org bodahl@example.test",
    f"{OLD}BODAHL@example.test bodahl@example.test", f"{OLD}CARL@example.test carl@example.test",
}
FILE = f"""\
anna.berg@example.test annaberg@example.test
anna@example.org annaberg@example.test
annaberg@example.test annaberg@example.test, x@elsewhere.test
{OLD}ANNABERG@example.test annaberg@example.test
"""
BRING = """\
- name: Bring them
  ansible.builtin.shell: "cat {path} >> {path}.there"
  changed_when: true
"""


class Site:
    """The role's variables, and what it has made of them."""

    def __init__(self, on_cyrus, directory, folder, run_play) -> None:
        self.appliance, self.cyrus, self.directory, self.folder, self._run_play = on_cyrus, on_cyrus.cyrus, directory, folder, run_play
        self.addresses, self.passwords = folder / "out" / "addresses", folder / "initial_passwords.yml"
        (folder / "vault_password").write_text("the-vault-password\n")
        (folder / "plan.yml").write_text(json.dumps({"account_plan": PLAN}))
        (folder / "bring.yml").write_text(BRING.format(path=self.addresses))
        self.output: list[str] = []
        self.secrets = {"cyrus_password": self.cyrus.password, "protocol_password": on_cyrus.password, "directory_password": directory.password}

    def variables(self, **more):
        sources = [
            {"name": server, "mailboxes": [{"name": one["mailbox"], "target": one["target"], "quota_mb": one["quota_mb"]} for one in PLAN["accounts"]
                                           if one["server"] == server]} for server in ("by_imap", "by_protocol", "by_entry")
        ]
        sources[0]["mailboxes"].append({"name": "folders", "public_folder": "/"})
        own = {
            "plan": str(self.folder / "plan.yml"), "ways": {"by_protocol": "administration", "by_entry": "directory"}, "domain": "example.test",
            "addresses_path": str(self.addresses), "address_tasks": str(self.folder / "bring.yml"),
            "administration": {**self.appliance.option(), "password": "{{ protocol_password }}"}, "unconfirmed_commands": ["list_entry_add"],
            "directory": {**self.directory.option(), "base": PEOPLE, "password": "{{ directory_password }}"},
            "directory_form": {"alias_attribute": "mailLocalAddress", "object_classes": CLASSES, "password_attribute": "userPassword",
                               "mail_host": "mirapoint.example.test", "routing_address": "{target}@{mail_host}"},
            "passwords_path": str(self.passwords), "copy_quota_mb": 4000, "station_path": str(self.folder / "station"), "migration": "example",
            "ledger": {"url": f"sqlite:///{self.folder / 'ledger.sqlite'}"}, "sources": sources,
            "target": {**self.cyrus.option("{{ cyrus_password }}"), "mechanism": "plain"}, "python": sys.executable,
        }
        return {f"mirapoint_accounts_{name}": value for name, value in {**own, **more}.items()}

    def run(self, check=False, **more):
        """Tasks that changed something, and the last result of one that was not skipped."""
        role = {"ansible.builtin.include_role": {"name": "messaging.migration.mirapoint_accounts"}, "vars": self.variables(**more)}
        results = self._run_play([role], self.secrets, check=check, diff=True, output=self.output,
                                 env={"ANSIBLE_VAULT_PASSWORD_FILE": str(self.folder / "vault_password"), "ANSIBLE_VERBOSITY": "3"})
        return {result["task"] for result in results if result["changed"]}, [result for result in results if not result["skipped"]][-1]

    def quotas(self):
        found = {}
        with imaplib.IMAP4("127.0.0.1", self.cyrus.port) as imap:
            imap.login(self.cyrus.admin, self.cyrus.password)
            for line in imap.list('""', "user.%")[1]:
                if line:
                    name = line.split()[-1].decode()
                    told = re.search(rb"STORAGE \d+ (\d+)", b"".join(part or b"" for parts in imap.getquotaroot(name)[1] for part in parts))
                    found[name.removeprefix("user.")] = int(told[1]) // 1024 if told else None
        return found

    def entries(self):
        """Below ou=people, by name, as ldapsearch tells them."""
        told = subprocess.run(
            ["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", f"ldap://127.0.0.1:{self.directory.port}", "-D", f"cn=admin,{slapd.SUFFIX}",
             "-w", self.directory.password, "-b", PEOPLE, "-s", "one", "mailLocalAddress", "userPassword", "mail"],
            check=True, capture_output=True, text=True,
        ).stdout
        return {re.search("uid=([^,]+)", entry)[1]: entry.strip().splitlines()[1:] for entry in told.split("\n\n") if entry.strip()}

    def vault(self):
        view = [pathlib.Path(sys.executable).parent / "ansible-vault", "view", "--vault-password-file", self.folder / "vault_password", self.passwords]
        return json.loads(subprocess.run(view, check=True, capture_output=True, text=True).stdout)["initial_passwords"]

    def lists(self):
        return set((self.folder / "lists").read_text().splitlines()) if (self.folder / "lists").exists() else set()


@pytest.fixture
def site(on_cyrus, tmp_path, tools, certificate, run_play):
    people = (PEOPLE, {"objectClass": ["organizationalUnit"], "ou": ["people"]})
    directory = slapd.Slapd(tmp_path / "slapd", tools, certificate, {slapd.SUFFIX: organisation.ldif([*slapd.ROOT, people])})
    return Site(on_cyrus, directory, tmp_path, run_play)


def test_three_ways_in_one_run(site):
    changed, planned = site.run(check=True)
    assert {"Passwords | Make those that lack", "Administration | Add users", "Directory | Add entries", "IMAP | Make the mailboxes",
            "Addresses | Add distribution lists", "Addresses | Write it"} <= changed
    assert planned["msg"] == ("4 accounts (administration 2, directory 1, imap 1), 15 addresses (alias 7, forward 1, list 1, old 5, redirect 1); "
                              "1 accounts of the plan are not in the inventory.")
    assert site.appliance.mutating() == [] and site.quotas() == {} and site.entries() == {} and site.lists() == set()
    assert not [name for name in ("out", "station", "initial_passwords.yml", "ledger.sqlite") if (site.folder / name).exists()]

    changed, told = site.run()
    assert not told["failed"] and {"Quotas | Raise them until the mailboxes are cut over", "Bring them"} <= changed
    # Two have no quota of their own: one by the plan, and public folders.
    assert site.quotas() == {"annaberg": 4000, "bodahl": 4000, "carl": None, "doraeck": 4000, "folders": None}
    assert eventually(site.lists, LISTS)
    assert site.addresses.read_text() == FILE == pathlib.Path(f"{site.addresses}.there").read_text()
    passwords = site.vault()
    assert set(passwords) == {"bodahl", "carl", "doraeck"} and (site.appliance.folder / "bodahl").read_text() == passwords["bodahl"]
    [(name, lines)] = site.entries().items()
    aliases = {"dora.eck@example.test", "dora@example.org", f"{OLD}DORAECK@example.test"}
    assert name == "doraeck" and {line.removeprefix("mailLocalAddress: ") for line in lines if line.startswith("mailLocal")} == aliases

    commands = len(site.appliance.mutating())
    again, told = site.run()
    assert again == set() and not told["failed"] and len(site.appliance.mutating()) == commands
    assert site.addresses.read_text() == pathlib.Path(f"{site.addresses}.there").read_text()
    everything = "".join(site.output)
    assert not [secret for secret in (*passwords.values(), *site.secrets.values(), "the-vault-password") if secret in everything]


def test_accounts_of_others_are_not_taken_over(site):
    dora = f"uid=doraeck,{PEOPLE}"
    theirs = organisation.ldif([(dora, {"objectClass": CLASSES, "uid": ["doraeck"], "cn": ["Dorian Eck"], "sn": ["Eck"], "mail": ["dorian.eck@example.test"],
                                        "miForwardingAddress": ["d@elsewhere.test"], "miDeliveryOption": ["forward"]})])
    subprocess.run(["ldapadd", "-x", "-H", f"ldap://127.0.0.1:{site.directory.port}", "-D", f"cn=admin,{slapd.SUFFIX}", "-w", site.directory.password],
                   input=theirs, text=True, check=True, capture_output=True)
    before = site.entries()
    only = {"ways": {"by_entry": "directory"}, "copy_quota_mb": ""}
    _changed, refused = site.run(**only)
    assert refused["failed"] and f"its entry {dora} is somebody else's: it has the address dorian.eck@example.test" in refused["msg"]
    assert site.entries() == before and site.quotas() == {}
    _changed, told = site.run(on_foreign="adopt", **only)
    assert not told["failed"] and "mail: dora.eck@example.test" in site.entries()["doraeck"]
    assert "1 accounts forward all their mail although the plan does not say so" in site.output[-1]


def test_the_file_is_brought_again_where_that_failed(site):
    only = {"ways": {}, "copy_quota_mb": "", "passwords_path": ""}
    bring = site.folder / "bring.yml"
    bring.write_text("- name: Bring them\n  ansible.builtin.command: 'false'\n  changed_when: true\n")
    _changed, failed = site.run(**only)
    assert failed["failed"] and site.addresses.exists()
    bring.write_text(BRING.format(path=site.addresses))
    changed, _told = site.run(**only)
    assert {"Bring them", "Addresses | Write down that it is there"} == changed
    assert site.run(**only)[0] == set() and "all@example.test anna.berg@example.test, x@elsewhere.test" in site.addresses.read_text()
    assert site.appliance.commands() == [] and set(site.quotas()) == {"annaberg", "bodahl", "carl", "doraeck", "folders"}


def test_without_a_plan_only_mailboxes(site):
    changed, last = site.run(plan="", ways={}, copy_quota_mb="", addresses_path="", address_tasks="", passwords_path="")
    assert changed == {"IMAP | Make the mailboxes"} and (last["created"], last["quota_set"]) == (5, 3)
    assert site.appliance.commands() == [] and not (site.folder / "station").exists()


def test_bad_input_is_refused_before_anything_is_touched(site):
    _changed, told = site.run(
        ways={"by_protocol": "administration", "by_entry": "directory"}, administration={}, directory={}, unconfirmed_commands=[], domain="",
        addresses_path="", copy_quota_mb="much",
    )
    assert told["failed"] and "Nothing was touched" in told["msg"]
    for text in ("it is not said how the administration protocol is reached", "how the directory is reached", "list_entry_add", "the domain of the accounts",
                 "copy_quota_mb is much", "there are address_tasks, and no addresses_path"):
        assert text in told["msg"]
    for more, text in (
        ({"ways": {"by_imap": "pigeon", "other": "imap"}}, "the way of by_imap is 'pigeon'"),
        ({"way": "pigeon"}, "value of mirapoint_accounts_way must be one of"),
        ({"plan": str(site.folder / "none.yml")}, "There is no account plan"), ({"plan": ""}, "there is no account plan, without which"),
    ):
        _changed, told = site.run(**more)
        assert told["failed"] and text in told["msg"], told
    assert site.appliance.commands() == [] and site.quotas() == {} and site.entries() == {}
    assert not [name for name in ("out", "station", "initial_passwords.yml", "ledger.sqlite") if (site.folder / name).exists()]
