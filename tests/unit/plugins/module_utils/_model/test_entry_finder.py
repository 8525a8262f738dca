# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._directory.ldap import Entry
from ansible_collections.messaging.migration.plugins.module_utils._model.entry_finder import Finder

ENTRIES = [
    Entry("CN=Anna,DC=example", {"proxyaddresses": ["SMTP:anna@example.com", "smtp:a.berg@example.com", "X400:c=US;s=bo@example.com;"], "uid": ["ab"]}),
    Entry("CN=Bo, DC=example", {"mail": ["Bo@example.com"], "uid": ["bo", "ann"]}),
    Entry("CN=Room 1,DC=example", {"mail": ["room@example.com"]}),
    Entry("CN=Room 2,DC=example", {"proxyaddresses": ["smtp:Room@example.com"], "uid": ["cleo"]}),
]


@pytest.mark.parametrize(("wanted", "found"), [
    (("cn=anna,dc=example", "bo@example.com", ""), "CN=Anna,DC=example"),
    # It was moved since.
    (("cn=bo,ou=old,dc=example", "bo@example.com", ""), "CN=Bo, DC=example"),
    (("", "A.Berg@example.com", ""), "CN=Anna,DC=example"),
    (("", "nobody@example.com", "ANN"), "CN=Bo, DC=example"),
])
def test_found(wanted, found):
    entry, why = Finder(ENTRIES, "uid").find(*wanted)
    assert (entry.dn, why) == (found, "")


@pytest.mark.parametrize(("wanted", "why"), [
    (("", "nobody@example.com", "nobody"), "no entry"),
    (("", "", ""), "no entry"),
    # Not by the name, as long as the address is somebody's.
    (("", "room@example.com", "cleo"), "several entries have the address room@example.com: cn=room 1,dc=example, cn=room 2,dc=example"),
])
def test_not_found(wanted, why):
    assert Finder(ENTRIES, "uid").find(*wanted) == (None, why)


def test_names_only_where_it_is_said():
    assert Finder(ENTRIES).find("", "nobody@example.com", "bo") == (None, "no entry")
    assert "cn=BO,dc=example" in Finder(ENTRIES) and "cn=nobody,dc=example" not in Finder(ENTRIES)
