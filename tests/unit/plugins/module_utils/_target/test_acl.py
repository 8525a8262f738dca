# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import dataclasses

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED, connect
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._target import acl
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedServer

ANNA = Mailbox("anna.berg", "anna")
SPACES = '* NAMESPACE (("INBOX." ".")) NIL NIL\r\n{tag} OK done\r\n'


@pytest.fixture
def talk(monkeypatch):
    """talk(script, work): what `work` makes of the target, and the commands about rights. `as_admin`: the script of the administrator's connection."""

    def run(script, work, capabilities="IMAP4rev1 NAMESPACE ACL RIGHTS=kxte", admin="boss", as_admin=()):
        with contextlib.ExitStack() as running:
            scripts = [script, *([as_admin] if as_admin else [])]
            servers = [running.enter_context(ScriptedServer(list(one), capabilities=capabilities)) for one in scripts]
            ports = {False: servers[0].port, True: servers[-1].port}
            monkeypatch.setattr(acl, "connect", lambda server, mailbox=None: connect(dataclasses.replace(server, port=ports[mailbox is None]), mailbox))
            target = acl.AclTarget(Server(name="new", host="127.0.0.1", tls="none", timeout=5, admin=admin, password="x"), ANNA, "user{separator}{mailbox}")
            try:
                found = work(target)
            finally:
                target.close()
        return found, [line for server in servers for line in server.commands if line.split(" ")[0] in ("MYRIGHTS", "GETACL", "SETACL")]

    return run


def owner(*lines):
    return [("NAMESPACE", SPACES), *lines]


def may(name, rights="lrswipkxtea"):
    return "MYRIGHTS", f'* MYRIGHTS "{name}" {rights}\r\n{{tag}} OK done\r\n'


def test_as_the_owner(talk):
    script = owner(
        may("INBOX"), may("R&AOk-"), ("GETACL", '* ACL INBOX anna lrswipkxtea "b o" lrs\r\n{tag} OK done\r\n'),
        ("GETACL", '* ACL "R&AOk-" "b\\"o" l -bob lr\r\n{tag} OK done\r\n'),
    )
    found, sent = talk(script, lambda target: (target.supported, target.old, target.read(["INBOX", "R&AOk-"]), target.change("INBOX", "b o", "+", "lr")))
    assert found == (True, False, {"INBOX": {"anna": "lrswipkxtea", "b o": "lrs"}, "R&AOk-": {'b"o': "l", "-bob": "lr"}}, "")
    assert sent == ['MYRIGHTS "INBOX"', 'MYRIGHTS "R&AOk-"', 'GETACL "INBOX"', 'GETACL "R&AOk-"', 'SETACL "INBOX" "b o" "+lr"']


def test_what_the_owner_may_not_the_administrator_does(talk):
    first = owner(may("INBOX"), may("INBOX.Sub", "lrs"), ("GETACL", "* ACL INBOX\r\n{tag} OK done\r\n"))
    second = [("GETACL", "* ACL user.anna.Sub bob l\r\n{tag} OK done\r\n"), ("SETACL", "{tag} NO too late\r\n")]
    found, sent = talk(
        first, lambda target: (target.read(["INBOX", "INBOX.Sub"]), target.change("INBOX.Sub", "bob", "-", "l")), as_admin=second,
    )
    assert found == ({"INBOX": {}, "INBOX.Sub": {"bob": "l"}}, "too late")
    assert sent[2:] == ['GETACL "INBOX"', 'GETACL "user.anna.Sub"', 'SETACL "user.anna.Sub" "bob" "-l"']


def test_a_folder_that_is_not_there(talk):
    found, sent = talk(owner(("MYRIGHTS", "{tag} NO no such mailbox\r\n")), lambda target: target.read(["gone"]))
    assert found == {} and sent == ['MYRIGHTS "gone"']


def test_nobody_may(talk):
    with pytest.raises(MigrationError, match="anna may not give rights in his own folders, and no administrator is named"):
        talk(owner(may("INBOX", "lrs")), lambda target: target.read(["INBOX"]), admin=None)
    with pytest.raises(REFUSED, match="reading who has rights in the folder INBOX: denied"):
        talk(owner(may("INBOX", "lrs")), lambda target: target.read(["INBOX"]), as_admin=[("GETACL", "{tag} NO denied\r\n")])


@pytest.mark.parametrize(("capabilities", "supported", "old"), [
    ("IMAP4rev1", False, True), ("IMAP4rev1 ACL", True, True), ("IMAP4rev1 ACL RIGHTS=kxte", True, False),
])
def test_what_the_server_knows(talk, capabilities, supported, old):
    assert talk(owner(), lambda target: (target.supported, target.old), capabilities)[0] == (supported, old)
