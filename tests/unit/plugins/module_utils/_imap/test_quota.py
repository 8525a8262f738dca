# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._imap.quota import Quota, quotas, set_quotas
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import REFUSED
from ansible_collections.messaging.migration.plugins.module_utils._imap.wire import Wire
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import ScriptedConnection, client, server


def asked(answer: bytes) -> Quota | None:
    connection = ScriptedConnection(client(b'W1 GETQUOTAROOT "user.anna"\r\n'), server(answer))
    [(quota, _words)] = quotas(types.SimpleNamespace(wire=Wire(connection)), ["user.anna"])
    connection.done()
    return quota


@pytest.mark.parametrize(("told", "expected"), [
    (b'* QUOTAROOT user.anna user.anna\r\n* QUOTA user.anna (STORAGE 10 512)\r\n', Quota(512, 10)),
    (b'* quotaroot "user.anna" "user.anna"\r\n* quota "user.anna" (message 3 100 storage 10 0)\r\n', Quota(0, 10, ((b"MESSAGE", 100),))),
    (b'* QUOTAROOT user.anna user.anna\r\n* QUOTA user.anna ()\r\n', Quota()),
    (b'* QUOTAROOT user.anna\r\n', Quota()),
    # The root of a whole domain is not the mailbox's own.
    (b'* QUOTAROOT user.anna ""\r\n* QUOTA "" (STORAGE 10 512)\r\n', Quota()),
    (b'* QUOTA {9}\r\nuser.anna (STORAGE 1 2)\r\n', Quota(2, 1)),
])
def test_the_mailboxs_own_root(told, expected):
    assert asked(told + b"W1 OK done\r\n") == expected


def test_no_mailbox():
    assert asked(b"W1 NO Mailbox does not exist\r\n") is None


@pytest.mark.parametrize("told", [b"user.anna (STORAGE many 1)", b"user.anna", b"user.anna STORAGE"])
def test_an_answer_that_is_none(told):
    with pytest.raises(REFUSED, match="is no quota"):
        asked(b"* QUOTA " + told + b"\r\nW1 OK done\r\n")


def test_other_resources_keep_their_limits():
    connection = ScriptedConnection(
        client(b'W1 SETQUOTA "user.anna" (STORAGE 2048 MESSAGE 100)\r\nW2 SETQUOTA "user.b\\"o" (MESSAGE 7)\r\nW3 SETQUOTA "user.carl" ()\r\n'),
        server(b"W1 OK done\r\nW2 NO Permission denied\r\nW3 OK done\r\n"),
    )
    refused = set_quotas(types.SimpleNamespace(wire=Wire(connection)), {
        "user.anna": (Quota(512, 1, ((b"MESSAGE", 100),)), 2048), 'user.b"o': (Quota(512, 1, ((b"MESSAGE", 7),)), None), "user.carl": (Quota(512), None),
    })
    connection.done()
    assert refused == {'user.b"o': "Permission denied"}
