# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import exchangelib
import lxml.etree
import pytest
from exchangelib import properties as ews

from ansible_collections.messaging.migration.plugins.module_utils._ews import access

FOLDER = """<t:Folder xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><t:FolderId Id="{id}"/>{more}</t:Folder>"""
PERMISSIONS = """<t:PermissionSet><t:Permissions><t:Permission><t:UserId><t:PrimarySmtpAddress>{who}</t:PrimarySmtpAddress></t:UserId>
  <t:PermissionLevel>{level}</t:PermissionLevel></t:Permission></t:Permissions></t:PermissionSet>"""
FOLDERS = [types.SimpleNamespace(remote_id="I", name="INBOX", role="inbox"), types.SimpleNamespace(remote_id="P", name="Projects", role="")]


@pytest.fixture
def account(monkeypatch):
    """`account.answers`: what the server says of each folder."""
    account = types.SimpleNamespace(delegates=[], answers=[], asked=[])

    class GetFolder(exchangelib.services.GetFolder):
        def __init__(self, account):
            pass

        def _chunked_get_elements(self, payload_func, items, additional_fields, shape):
            account.asked += [(item.id, additional_fields[0].field.field_uri, shape) for item in items]
            return account.answers

    monkeypatch.setattr(exchangelib.services, "GetFolder", GetFolder)
    return account


def element(name, **permissions):
    return lxml.etree.fromstring(FOLDER.format(id=name, more=PERMISSIONS.format(**permissions) if permissions else ""))


def test_rights_of_folders_and_delegates(account):
    account.answers = [element("I", who="Bo@example.org", level="Editor"), element("P", who="cy@elsewhere.test", level="Author")]
    account.delegates = [ews.DelegateUser(
        user_id=ews.UserId(primary_smtp_address="Bo@example.org"), delegate_permissions=ews.DelegatePermissions(inbox_folder_permission_level="Editor"),
    )]
    found = access.of_mailbox(account, FOLDERS, {"bo@example.org": "bo"})
    assert account.asked == [("I", "folder:PermissionSet", "IdOnly"), ("P", "folder:PermissionSet", "IdOnly")]
    # What the delegate may do in the inbox is there once.
    assert found == {
        "rights": [
            {"folder": "INBOX", "who": "Bo@example.org", "rights": "lrswipte", "target": "bo"},
            {"folder": "Projects", "who": "cy@elsewhere.test", "rights": "lrsip", "target": None},
        ],
        "lost": [
            {"folder": "INBOX", "who": "Bo@example.org", "what": "sending on behalf of the user"},
            {"folder": "Projects", "who": "cy@elsewhere.test", "what": "changing or deleting only what one wrote oneself"},
        ],
    }


def test_a_server_that_tells_none_and_one_that_refuses(account):
    account.answers = [element("I"), element("P")]
    assert access.of_mailbox(account, FOLDERS, {}) == {"rights": [], "lost": []}
    account.answers = [element("I"), exchangelib.errors.ErrorAccessDenied("no")]
    with pytest.raises(exchangelib.errors.ErrorAccessDenied):
        access.of_mailbox(account, FOLDERS, {})
