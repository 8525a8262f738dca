# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import lxml.etree
import pytest
from exchangelib import properties as ews

from ansible_collections.messaging.migration.plugins.module_utils._ews import permissions
from ansible_collections.messaging.migration.plugins.module_utils._model import rights
from ansible_collections.messaging.migration.plugins.module_utils._model.rights import OWN_ITEMS, Granted, Lost

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ANNA = {"user_id": ews.UserId(primary_smtp_address="anna@example.org")}
NOTHING = {"edit_items": "None", "delete_items": "None", "read_items": "None"}


def folder(*given, calendar=(), unknown=()):
    return ews.PermissionSet(permissions=list(given), calendar_permissions=list(calendar), unknown_entries=list(unknown))


@pytest.mark.parametrize(
    ("level", "letters", "lost"),
    [
        ("Owner", "lrswipkxtea", []), ("PublishingEditor", "lrswipkte", []), ("Editor", "lrswipte", []), ("PublishingAuthor", "lrsipk", [OWN_ITEMS]),
        ("Author", "lrsip", [OWN_ITEMS]), ("NoneditingAuthor", "lrsip", [OWN_ITEMS]), ("Reviewer", "lrs", []), ("Contributor", "lip", []),
        ("None", "", []),
    ],
)
def test_levels(level, letters, lost):
    granted = rights.of_folder(folder(ews.Permission(**ANNA, permission_level=level)))
    assert granted == Granted({"anna@example.org": letters} if letters else {}, [Lost("anna@example.org", what) for what in lost])


def test_all_levels_are_known():
    assert {*ews.Permission.LEVEL_CHOICES, *ews.CalendarPermission.LEVEL_CHOICES} - {"Custom"} == set(rights.LEVELS)


@pytest.mark.parametrize(
    ("given", "letters", "lost"),
    [
        ({"is_folder_visible": True}, "l", []),
        ({"is_folder_visible": True, "read_items": "FullDetails", "can_create_subfolders": True}, "lrsk", []),
        ({"can_create_items": True, "edit_items": "Owned"}, "ip", [OWN_ITEMS]),
        ({"edit_items": "All", "delete_items": "Owned"}, "w", [OWN_ITEMS]),
        ({"delete_items": "All"}, "te", []),
        ({"is_folder_owner": True}, "lrswipkxtea", []),
        ({"read_items": "TimeOnly"}, "", ["seeing when the calendar is free"]),
    ],
)
@pytest.mark.parametrize("level", ["Custom", "None"])
def test_single_permissions(given, letters, lost, level):
    granted = rights.of_folder(folder(ews.Permission(**ANNA, **{**NOTHING, **given}, permission_level=level)))
    assert granted == Granted({"anna@example.org": letters} if letters else {}, [Lost("anna@example.org", what) for what in lost])


def test_who_has_no_address():
    def reviewer(**user):
        return ews.Permission(user_id=ews.UserId(**user), permission_level="Reviewer")

    granted = rights.of_folder(folder(
        reviewer(distinguished_user="Default"), reviewer(distinguished_user="Anonymous"), reviewer(display_name="Group", sid="S-1"), reviewer(sid="S-2"),
        unknown=["S-3"],
    ))
    assert granted.rights == {"anyone": "lrs", "anonymous": "lrs"}
    assert [one.who for one in granted.lost] == ["Group", "S-2", "S-3"] and "no address" in granted.lost[0].what


def test_calendars():
    granted = rights.of_folder(folder(calendar=[
        ews.CalendarPermission(**ANNA, calendar_permission_level="Editor"),
        ews.CalendarPermission(user_id=ews.UserId(distinguished_user="Default"), calendar_permission_level="FreeBusyTimeOnly"),
    ]))
    assert granted == Granted({"anna@example.org": "lrswipte"}, [Lost("anyone", "seeing when the calendar is free")])


def test_a_server_that_tells_no_permissions():
    assert rights.of_folder(None) == Granted({}, [])
    assert rights.of_folder(ews.PermissionSet()) == Granted({}, [])


def test_delegates():
    levels = ews.DelegatePermissions(
        inbox_folder_permission_level="Reviewer", calendar_folder_permission_level="Editor", tasks_folder_permission_level="Custom",
    )
    delegate = ews.DelegateUser(**ANNA, delegate_permissions=levels, view_private_items=True, receive_copies_of_meeting_messages=True)
    found = rights.of_delegates([delegate])
    assert set(found) == set(rights.FOLDERS) and found["contacts"] == Granted({}, [])
    assert found["inbox"].rights == {"anna@example.org": "lrs"} and found["calendar"].rights == {"anna@example.org": "lrswipte"}
    assert found["tasks"].rights == {} and "mixture" in found["tasks"].lost[0].what
    assert [one.what for one in found["inbox"].lost] == [
        "sending on behalf of the user", "seeing private items", "getting copies of the user's invitations",
    ]
    assert rights.of_delegates([ews.DelegateUser(**ANNA)])["inbox"].rights == {}


def test_what_the_server_sends_is_read_by_its_own_names(monkeypatch):
    for kind, names in ((ews.Permission, ("can_create_subfolders", "permission_level")), (ews.CalendarPermission, ("can_create_subfolders",))):
        for name in names:
            field = kind.get_field_by_fieldname(name)
            monkeypatch.setattr(field, "field_uri", field.field_uri)
            monkeypatch.setattr(field, "field_uri_postfix", field.field_uri_postfix)
    xml = f"""<Permission xmlns="{TYPES}"><UserId><PrimarySmtpAddress>anna@example.org</PrimarySmtpAddress></UserId>
        <CanCreateSubFolders>true</CanCreateSubFolders><PermissionLevel>PublishingEditor</PermissionLevel></Permission>"""
    permissions.corrected()
    read = ews.Permission.from_xml(lxml.etree.fromstring(xml), None)
    assert read.can_create_subfolders and rights.of_folder(folder(read)).rights == {"anna@example.org": "lrswipkte"}


@pytest.mark.parametrize(("letters", "old", "dropped"), [
    ("lrswipkxtea", "lrswipacd", ""), ("lrswipte", "lrswipd", ""), ("lrsipk", "lrsip", "k"), ("lrst", "lrs", "t"), ("lrs", "lrs", ""), ("", "", ""),
])
def test_letters_of_old_servers(letters, old, dropped):
    assert rights.for_old_server(letters) == (old, dropped)
