# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module mailbox_rights between the lab's Exchange and a real Dovecot, where the other user then tries what he may."""

from __future__ import annotations

import importlib
import json

import imapclient
import pytest
import yaml
from servers.exchange import Exchange
from servers.fixtures import Tools

ANNA, BEN = "anna@example.test", "ben@example.test"
# Others' folders are below Others/, and everybody knows where to look.
ACL = """
mail_plugins = acl
protocol imap {{
  mail_plugins = acl imap_acl
}}
plugin {{
  acl = vfile
  # Whoever acts for a user has that user's rights, and not those that the user gave him.
  acl_user = %u
  acl_shared_dict = file:{folder}/shared
}}
namespace others {{
  type = shared
  separator = /
  prefix = Others/%%u/
  location = maildir:{folder}/mail/%%u:LAYOUT=fs
  list = children
  subscriptions = no
}}
"""
PERMISSION = "<t:Permission><t:UserId>{who}</t:UserId><t:PermissionLevel>{level}</t:PermissionLevel></t:Permission>"
DELEGATE = ("<t:DelegateUser><t:UserId><t:PrimarySmtpAddress>{who}</t:PrimarySmtpAddress></t:UserId><t:DelegatePermissions>"
            "<t:CalendarFolderPermissionLevel>Editor</t:CalendarFolderPermissionLevel><t:InboxFolderPermissionLevel>Reviewer</t:InboxFolderPermissionLevel>"
            "</t:DelegatePermissions></t:DelegateUser>")


class Site:
    def __init__(self, exchange: Exchange, target, folder) -> None:
        self.exchange, self.target, self.store = exchange, target, exchange.store
        self.report, self._ledger = folder / "rights.json", folder / "ledger.sqlite"
        for address in (ANNA, BEN):
            self.store.create_mailbox(address)
        self.store.create_folder(ANNA, "Größe")
        self.store.set_delegates(ANNA, DELEGATE.format(who=BEN))
        self.permit("Größe", (f"<t:PrimarySmtpAddress>{BEN}</t:PrimarySmtpAddress>", "PublishingEditor"),
                    ("<t:DistinguishedUser>Default</t:DistinguishedUser>", "Reviewer"))

    def permit(self, folder: str, *given: tuple[str, str]) -> None:
        permissions = "".join(PERMISSION.format(who=who, level=level) for who, level in given)
        self.store.set_permissions(ANNA, folder, f"<t:PermissionSet><t:Permissions>{permissions}</t:Permissions></t:PermissionSet>")

    def options(self, **more) -> dict:
        source = {
            "name": "exchange", "host": "127.0.0.1", "protocol": "ews", "tls": "none", "admin": self.exchange.admin, "password": self.exchange.password,
            "ews": {"url": self.exchange.url, "auth": "basic"}, "mailboxes": [{"name": ANNA, "target": "anna"}, {"name": BEN, "target": "ben"}],
        }
        return {"migration": "example", "ledger": {"url": f"sqlite:///{self._ledger}"}, "sources": [source],
                "target": self.target.option(self.target.password, self.target.port, name="new"), **more}

    def rights(self, folder: str) -> dict[str, set[str]]:
        """As anna's own client sees them, without the letters of old."""
        with self.target.client("anna") as client:
            found = {who.decode(): set(letters.decode()) - set('cd"') for who, letters in client.getacl(folder) if who != b"anna"}
        return {who: letters for who, letters in found.items() if letters}


@pytest.fixture
def site(servers, scratch, start, free_port, wait_for_port, tmp_path, module):
    exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port))
    site = Site(exchange, servers.dovecot("new", more=ACL.format(folder=scratch / "new")), tmp_path)
    copied = module("mailbox_copy", site.options())
    assert not copied["failed"], copied
    yield site
    exchange.terminate()


def counts(result: dict) -> dict:
    assert not result["failed"], result["msg"]
    return {key: result[key] for key in ("mailboxes", "given", "taken_back", "unchanged", "kept", "lost", "not_readable") if result[key]}


def test_the_other_user_may_what_he_might(site, module):
    planned = module("mailbox_rights", site.options(), check=True)
    assert counts(planned) == {"mailboxes": 2, "given": 2, "lost": 3} and planned["changed"] and site.rights("INBOX") == {} == site.rights("Größe")
    given = module("mailbox_rights", site.options(report_path=str(site.report)))
    assert counts(given) == counts(planned) and given["diff"] == planned["diff"]
    assert site.rights("INBOX") == {"ben": set("lrs")} and site.rights("Größe") == {"ben": set("lrswipkte")}
    with site.target.client("ben") as client:
        client.append("Others/anna/Größe", b"Subject: from Ben\r\n\r\nText\r\n")
        client.select_folder("Others/anna/INBOX", readonly=True)
        client.create_folder("Others/anna/Größe/of Ben")
        with pytest.raises(imapclient.exceptions.IMAPClientError, match="(?i)permission|ACL"):
            client.append("Others/anna/INBOX", b"Subject: no\r\n\r\nText\r\n")
    again = module("mailbox_rights", site.options())
    assert counts(again) == {"mailboxes": 2, "unchanged": 2, "lost": 3} and not again["changed"]
    told = {one["mailbox"]: one for one in json.loads(site.report.read_text())["mailboxes"]}
    assert told[ANNA]["counts"] == {"rights": 2, "kept": 0, "lost": 3} and told[BEN]["counts"]["lost"] == 0
    assert [(one["folder"], one["who"], one["what"].partition(":")[0]) for one in told[ANNA]["lost"]] == [
        ("Calendar", BEN, "rights (lrswipte)"), ("Größe", "anyone", "rights (lrs) of everybody"), ("INBOX", BEN, "sending on behalf of the user"),
    ]


def test_what_changes_on_either_side(site, module):
    with site.target.client("anna") as client:
        client.setacl("Größe", "cleo", "lr")
        client.setacl("INBOX", "ben", "li")
    module("mailbox_rights", site.options())
    assert site.rights("Größe")["cleo"] == set("lr") and site.rights("INBOX")["ben"] == set("lrsi")
    site.permit("Größe", (f"<t:PrimarySmtpAddress>{BEN}</t:PrimarySmtpAddress>", "Reviewer"))
    site.store.set_delegates(ANNA)
    changed = module("mailbox_rights", site.options())
    assert counts(changed) == {"mailboxes": 2, "taken_back": 2}
    assert site.rights("Größe") == {"ben": set("lrs"), "cleo": set("lr")} and site.rights("INBOX") == {"ben": set("li")}
    with site.target.client("anna") as client:
        client.setacl("Größe", "ben", "-lrs")
    assert counts(module("mailbox_rights", site.options())) == {"mailboxes": 2, "kept": 1} and "ben" not in site.rights("Größe")


def test_a_target_without_rights(site, module):
    site.target.configure("")
    site.target.reload()
    assert counts(module("mailbox_rights", site.options())) == {"mailboxes": 2, "lost": 5}


def test_the_examples(site, run_play, tmp_path):
    found = importlib.import_module("ansible_collections.messaging.migration.plugins.modules.mailbox_rights")
    [task], here = yaml.safe_load(found.EXAMPLES), site.options(report_path=str(tmp_path / "rights.json"))
    passwords = {"source": here["sources"][0]["password"], "target": here["target"]["password"]}
    here["sources"][0]["password"], here["target"]["password"] = "{{ source }}", "{{ target }}"
    task["messaging.migration.mailbox_rights"] |= here
    [result] = run_play([task], passwords)
    assert result["given"] == 2 and (tmp_path / "rights.json").exists()
