# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model import well_known


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Inbox", "inbox"), ("POSTEINGANG", "inbox"), (" Éléments envoyés ", "sent"), ("削除済みアイテム", "deleted"), ("Kalender", "calendar"),
        ("My own", None), ("", None),
    ],
)
def test_role(name, role):
    assert well_known.role(name) == role


def test_no_name_has_two_roles():
    for role, names in well_known.NAMES.items():
        assert {well_known.role(name) for name in names} == {role}


def test_beside():
    assert well_known.beside(" öffentliche ordner ") == "public folders" and well_known.beside("Other Users") == "mailboxes of others"
    assert well_known.beside("Inbox") is None
    assert not well_known.ROLES.keys() & well_known.BESIDE.keys()
