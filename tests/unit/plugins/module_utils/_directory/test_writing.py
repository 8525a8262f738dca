# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.dn import parse_dn

from ansible_collections.messaging.migration.plugins.module_utils._directory.ldap import Session
from ansible_collections.messaging.migration.plugins.module_utils._directory.server import SERVER, written_to
from ansible_collections.messaging.migration.plugins.module_utils._directory.writing import WritingSession, rdn
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError

GIVEN = {**{name: option.get("default") for name, option in SERVER["server"]["options"].items()}, "host": "dc1", "user": "u", "password": "secret"}


@pytest.mark.parametrize(("value", "written"), [
    ("anna", "cn=anna"), ("Berg, Anna", "cn=Berg\\, Anna"), (" #a+b=c;", "cn=\\ \\#a\\+b\\=c\\;"), ("#1", "cn=\\#1"), ("a ", "cn=a\\ "), (" ", "cn=\\ "),
    ('<"\\>', 'cn=\\<\\"\\\\\\>'), ("Grün", "cn=Grün"),
])
def test_names_of_entries(value, written):
    assert rdn("cn", value) == written


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), min_size=1).filter(str.strip))
def test_any_name_is_one_part(value):
    parts = parse_dn(f"{rdn('cn', value)},dc=example,dc=test", escape=False, strip=False)
    assert len(parts) == 3 and parts[1:] == [("dc", "example", ","), ("dc", "test", "")]


def test_who_reads_does_not_write():
    assert Session.read_only and not WritingSession.read_only


def test_what_the_operator_says():
    server = written_to({**GIVEN, "base": "dc=x"})
    assert (server.name, server.where, server.port, server.tls, server.base) == ("dc1", "dc1 (dc1:636)", 636, "implicit", "dc=x")
    assert written_to({**GIVEN, "tls": "starttls", "name": "ad"}).where == "ad (dc1:389)" and "secret" not in repr(server)


@pytest.mark.parametrize(("more", "word"), [
    ({"password": None}, "user and password"), ({"tls": "none", "ca_file": "/x"}, "no meaning"), ({"page_size": 0}, "page_size"), ({"host": ""}, "no host"),
])
def test_what_makes_no_sense_is_refused(more, word):
    with pytest.raises(MigrationError, match=f"{word}.*Nothing was touched.*option server"):
        written_to({**GIVEN, **more})
