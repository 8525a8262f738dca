# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module mailbox_rules between the lab's Exchange and a real Dovecot, which then delivers mail by what it brought."""

from __future__ import annotations

import importlib
import json
import pathlib
import typing as t

import pytest
import yaml
from servers.ews import shapes
from servers.exchange import Exchange
from servers.fixtures import Tools

ADDRESS = "anna@example.org"
RULE = """<t:Rule><t:RuleId>{priority}</t:RuleId><t:DisplayName>{name}</t:DisplayName><t:Priority>{priority}</t:Priority><t:IsEnabled>true</t:IsEnabled>
  <t:Conditions>{conditions}</t:Conditions><t:Actions>{actions}</t:Actions></t:Rule>"""
REPLY = ("<t:OofSettings><t:OofState>Enabled</t:OofState><t:ExternalAudience>All</t:ExternalAudience><t:InternalReply><t:Message>Inside</t:Message>"
         "</t:InternalReply><t:ExternalReply><t:Message>Out until May</t:Message></t:ExternalReply></t:OofSettings>")


def subject(word: str) -> str:
    return f"<t:ContainsSubjectStrings><t:String>{word}</t:String></t:ContainsSubjectStrings>"


class Site:
    def __init__(self, exchange: Exchange, sieve, folder: pathlib.Path) -> None:
        self.exchange, self.sieve, self.store = exchange, sieve, exchange.store
        self.report, self._ledger = folder / "rules.json", folder / "ledger.sqlite"
        self.mailboxes = [{"name": ADDRESS, "target": "anna"}]
        self.store.create_mailbox(ADDRESS)
        for path in ("Projects", "Projects/Größe"):
            self.store.create_folder(ADDRESS, path)

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        """What mailbox_copy needs."""
        source = {
            "name": "exchange", "host": "127.0.0.1", "protocol": "ews", "tls": "none", "admin": self.exchange.admin, "password": self.exchange.password,
            "ews": {"url": self.exchange.url, "auth": "basic"}, "mailboxes": self.mailboxes,
        }
        dovecot = self.sieve.dovecot
        target = dovecot.option(dovecot.password, dovecot.port, name="new", ca_file=str(self.sieve.certificate["ca"]))
        return {"migration": "example", "ledger": {"url": f"sqlite:///{self._ledger}"}, "sources": [source], "target": target, **more}

    def rules(self, **more: t.Any) -> dict[str, t.Any]:
        options = self.options(report_path=str(self.report), **more)
        options["target"]["sieve"] = None if more else {"port": self.sieve.port}
        return options

    def set_rules(self, address: str = ADDRESS) -> None:
        folder = self.store.row("SELECT * FROM folder WHERE id = ?", self.store.folder(address, "Projects/Größe"))
        self.store.set_rules(
            address,
            RULE.format(name="Plans", priority=1, conditions=subject("plan"),
                        actions=f"<t:MoveToFolder>{shapes.folder_id(folder)}</t:MoveToFolder>"),
            RULE.format(name="Adverts", priority=2, conditions=subject("advert"), actions="<t:Delete>true</t:Delete>"),
            RULE.format(name="Files", priority=3, conditions="<t:HasAttachments>true</t:HasAttachments>", actions="<t:Delete>true</t:Delete>"),
        )
        self.store.set_oof(address, REPLY)

    def scripts(self, mailbox: str = "anna") -> dict[str, bool]:
        session = self.sieve.session(mailbox)
        try:
            return session.scripts()
        finally:
            session.close()


@pytest.fixture
def site(scratch, start, free_port, wait_for_port, sieve, tmp_path, request) -> t.Iterator[Site]:
    """The parameter, where there is one, is the version of Exchange."""
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port), version=getattr(request, "param", "2016"))
    site = Site(exchange, sieve, tmp_path)
    site.set_rules()
    yield site
    exchange.terminate()


@pytest.fixture
def copied(site, module):
    result = module("mailbox_copy", site.options())
    assert not result["failed"], result["msg"]
    return site


def counts(result: dict) -> dict:
    names = ("mailboxes", "scripts", "unchanged", "beside", "kept", "nothing", "not_readable", "rules_moved", "rules_left_out", "replies")
    assert not result["failed"], result["msg"]
    return {name: result[name] for name in names if result[name]} | {"changed": result["changed"]}


MOVED = {"mailboxes": 1, "rules_moved": 2, "rules_left_out": 1, "replies": 1}


def test_mail_lands_where_the_rule_of_exchange_says(copied, module):
    assert counts(module("mailbox_rules", copied.rules(), check=True)) == {**MOVED, "scripts": 1, "changed": True}
    assert copied.scripts() == {} and not copied.report.exists()
    assert counts(module("mailbox_rules", copied.rules())) == {**MOVED, "scripts": 1, "changed": True}
    assert counts(module("mailbox_rules", copied.rules())) == {**MOVED, "unchanged": 1, "changed": False}
    assert copied.scripts() == {"exchange-rules": True}
    for word in ("The plan", "Advert", "Hello"):
        copied.sieve.deliver("anna", f"From: s@elsewhere.test\nTo: {ADDRESS}\nSubject: {word}\nMessage-ID: <{word[:3]}@elsewhere.test>\n\nText\n")
    found = {folder: [text for text, _flags in messages] for folder, messages in copied.sieve.found("anna").items()}
    assert found == {"Projects/Größe": ["The plan"], "Deleted Items": ["Advert"], "INBOX": ["Hello"]}
    [reply] = copied.sieve.sent
    assert "Out until May" in reply
    [told] = json.loads(copied.report.read_text())["mailboxes"]
    assert (told["mailbox"], told["outcome"], told["rules_told"]) == (ADDRESS, "active", True)
    [remark] = told["remarks"]
    assert (remark["rule"], remark["moved"]) == ("Files", False) and "attachments" in remark["text"]


def test_rules_that_are_gone_and_a_script_of_the_user(copied, module):
    module("mailbox_rules", copied.rules())
    copied.store.set_rules(ADDRESS)
    copied.store.set_oof(ADDRESS, REPLY.replace("Enabled", "Disabled"))
    assert counts(module("mailbox_rules", copied.rules())) == {"mailboxes": 1, "scripts": 1, "changed": True}
    copied.sieve.deliver("anna", f"From: s@elsewhere.test\nTo: {ADDRESS}\nSubject: plan\n\nText\n")
    assert list(copied.sieve.found("anna")) == ["INBOX"] and copied.sieve.sent == []
    session = copied.sieve.session("anna")
    session.put("exchange-rules", "keep;\n")
    session.close()
    copied.set_rules()
    assert counts(module("mailbox_rules", copied.rules())) == {"mailboxes": 1, "kept": 1, "changed": False}


def test_discovery_tells_beforehand(site, module):
    options = site.options()
    del options["target"]
    found = module("mailbox_discover", options)
    assert not found["failed"], found["msg"]
    assert {key: found["servers"][0][key] for key in ("rules", "rules_left_out", "replies", "rules_untold")} == {
        "rules": 3, "rules_left_out": 1, "replies": 1, "rules_untold": 0,
    }


@pytest.mark.parametrize("site", ["2007"], indirect=True)
def test_exchange_2007_tells_the_reply_only(copied, module):
    assert counts(module("mailbox_rules", copied.rules())) == {"mailboxes": 1, "not_readable": 1, "scripts": 1, "replies": 1, "changed": True}
    [told] = json.loads(copied.report.read_text())["mailboxes"]
    assert not told["rules_told"]


def test_an_error_in_place_of_the_rules_undoes_nothing(copied, module):
    assert counts(module("mailbox_rules", copied.rules()))["scripts"] == 1
    copied.exchange.control.fault("inner_busy", "GetInboxRules")
    result = module("mailbox_rules", copied.rules())
    assert result["failed"] and "the server is busy" in result["msg"] and not result["changed"]
    assert counts(module("mailbox_rules", copied.rules())) == {**MOVED, "unchanged": 1, "changed": False}


def test_files_for_who_brings_them_otherwise(copied, module, tmp_path):
    folder = tmp_path / "sieve"
    folder.mkdir()
    options = copied.rules(folder=str(folder), extensions=["fileinto"])
    # Without the extension for it there is no reply.
    expected = {"mailboxes": 1, "rules_moved": 2, "rules_left_out": 1}
    assert counts(module("mailbox_rules", options, check=True)) == {**expected, "scripts": 1, "changed": True} and not list(folder.iterdir())
    assert counts(module("mailbox_rules", options)) == {**expected, "scripts": 1, "changed": True}
    assert counts(module("mailbox_rules", options)) == {**expected, "unchanged": 1, "changed": False}
    assert 'fileinto "Projects/Größe"' in (folder / "anna.sieve").read_text()


def test_a_mailbox_that_fails_does_not_stop_the_others(copied, module):
    copied.mailboxes.insert(0, {"name": "new@example.org", "target": "new"})
    result = module("mailbox_rules", copied.rules())
    assert result["failed"] and "1 of 2 mailboxes failed. The first, exchange/new@example.org: it was never copied." in result["msg"]
    assert (result["changed"], result["mailboxes"], result["scripts"]) == (True, 1, 1) and copied.scripts() == {"exchange-rules": True}
    # In check mode, where a copy leaves no trace, it is no failure.
    assert not module("mailbox_rules", copied.rules(), check=True)["failed"]


def test_a_wrong_password_is_tried_once(copied, module):
    copied.store.create_mailbox("bob@example.org")
    copied.mailboxes.append({"name": "bob@example.org", "target": "bob"})
    assert not module("mailbox_copy", copied.options())["failed"]
    copied.exchange.password = "wrong"
    result = module("mailbox_rules", copied.rules())
    assert result["failed"] and "refuses the login" in result["msg"] and copied.scripts() == {}
    assert ["not tried" in one["reason"] for one in result["failures"]] == [False, True]


def test_the_examples(copied, run_play, tmp_path):
    """By playbook, as they stand but for the addresses of servers and the places of files."""
    module = importlib.import_module("ansible_collections.messaging.migration.plugins.modules.mailbox_rules")
    tasks, here = yaml.safe_load(module.EXAMPLES), copied.options()
    source, target = here["sources"][0], here["target"]
    passwords = {"source": source["password"], "target": target["password"]}
    source["password"], target["password"] = "{{ source }}", "{{ target }}"
    for task in tasks:
        options = task["messaging.migration.mailbox_rules"]
        options |= here
        options |= {key: str(tmp_path / options[key].rpartition("/")[2]) for key in ("folder", "report_path") if key in options}
        # Both, so that the one of files is seen to go before.
        options["target"] = {**target, "sieve": {"port": copied.sieve.port}}
        if "aliases" in options:
            options["aliases"][0]["mailbox"] = ADDRESS
    (tmp_path / "sieve").mkdir()
    results = run_play(tasks, passwords)
    assert [result["scripts"] for result in results] == [1, 1] and (tmp_path / "rules.json").exists()
    assert ':addresses ["anna@example.org", "a.berg@example.com"]' in (tmp_path / "sieve/anna.sieve").read_text()


def test_nowhere_to_put_them(site, module):
    result = module("mailbox_rules", site.options())
    assert result["failed"] and "Give target.sieve, or folder." in result["msg"]
    assert "There is no ledger" in module("mailbox_rules", site.rules())["msg"]
    assert counts(module("mailbox_rules", site.rules(), check=True)) == {"changed": False}
