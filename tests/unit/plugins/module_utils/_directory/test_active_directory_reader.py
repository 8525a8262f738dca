# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._directory import active_directory, exchange_5_5
from ansible_collections.messaging.migration.plugins.module_utils._directory.ldap import Entry, Session, _entry
from ansible_collections.messaging.migration.plugins.module_utils._directory.server import DirectoryServer
from ansible_collections.messaging.migration.plugins.module_utils._libraries import MissingLibrary

STORE_2003 = "CN=Mailbox Store (EXCH1),CN=First Storage Group,CN=InformationStore,CN=EXCH1,CN=Servers,CN=First Administrative Group,DC=example,DC=com"
STORE_2010 = "CN=DB01,CN=Databases,CN=Exchange Administrative Group (FYDIBOHF23SPDLT),DC=example,DC=com"


@pytest.mark.parametrize(("name", "store", "server"), [
    ("/o=Example/ou=Exchange/cn=Configuration/cn=Servers/cn=EXCH2", STORE_2003, "EXCH2"),
    ("", STORE_2003, "EXCH1"),
    ("", STORE_2010, ""),
    ("", "", ""),
])
def test_the_server_of_a_mailbox(name, store, server):
    assert active_directory.home_server(name, store) == server


def test_where_an_entry_is():
    assert active_directory.place("CN=Berg\\, Anna,OU=Berlin,OU=Company,DC=example,DC=com") == "Company/Berlin"
    assert active_directory.place("CN=Anna,CN=Users,DC=example,DC=com") == "Users"


@pytest.mark.parametrize(("attributes", "values", "more"), [
    ({"member": [b"cn=a"]}, ["cn=a"], {}),
    ({"member;range=0-1": [b"cn=a", b"cn=b"]}, ["cn=a", "cn=b"], {"member": 2}),
    # Windows gives the attribute itself, empty, beside the first of its values.
    ({"member": [], "member;Range=0-1499": [b"cn=a"]}, ["cn=a"], {"member": 1500}),
    ({"member;range=1500-*": [b"cn=z"]}, ["cn=z"], {}),
    ({}, [], {}),
])
def test_values_that_come_by_range(attributes, values, more):
    entry = _entry({"dn": "cn=x", "raw_attributes": attributes})
    assert entry.all("member") == values and entry.more == more


class Served:
    """In the place of a Session: entries by their object class, and where each class was looked for."""

    def __init__(self, server, found):
        self.server, self.found, self.asked = server, found, {}
        self.root = Entry("", {"defaultnamingcontext": ["DC=example,DC=com"]})

    def search(self, base, filter_, attributes, by_range=""):
        for name, entries in self.found.items():
            if f"(objectClass={name})" in filter_:
                self.asked[name] = base
                yield from entries

    def rest(self, entry, name):
        return entry.all(name)

    def close(self):
        pass


@pytest.mark.parametrize(("reader", "name", "attributes", "base", "asked"), [
    (active_directory, "publicFolder", {"displayname": ["News"], "proxyaddresses": ["SMTP:news@example.com", "smtp:n@example.com"]},
     "OU=People,DC=example,DC=com", "DC=example,DC=com"),
    (active_directory, "publicFolder", {"cn": ["News"], "proxyaddresses": ["smtp:n@example.com", "SMTP:news@example.com"]}, "DC=other", "DC=other"),
    (exchange_5_5, "Public-Folder", {"cn": ["News"], "mail": ["news@example.com"], "othermailbox": ["smtp$n@example.com"]}, "o=Example", "o=Example"),
])
def test_public_folders_with_an_address(monkeypatch, reader, name, attributes, base, asked):
    folder = Entry("CN=News,CN=Microsoft Exchange System Objects,DC=example,DC=com", attributes)
    served = Served(DirectoryServer("ad", base=base), {name: [folder]})
    monkeypatch.setattr(reader, "Session", lambda server: served)
    [found] = reader.read(served.server).public_folders
    assert (found.name, sorted(found.addresses.all), served.asked[name]) == ("News", ["n@example.com", "news@example.com"], asked)


def test_names_of_exchange_5_5():
    assert exchange_5_5.old_name("cn=anna,cn=Recipients, ou=Berlin, o=Example") == "/o=Example/ou=Berlin/cn=Recipients/cn=anna"
    assert exchange_5_5.home_server("cn=Microsoft Private MDB, cn=EXCH55, cn=Servers, cn=Configuration, ou=Berlin, o=Example") == "EXCH55"
    assert exchange_5_5.home_server("") == ""


@pytest.mark.skipif(importlib.util.find_spec("gssapi") is not None, reason="gssapi is installed")
def test_the_library_for_kerberos_is_named_before_anybody_is_called():
    with pytest.raises(MissingLibrary, match="gssapi"):
        Session(DirectoryServer("ad", host="dc1.example.invalid", auth="kerberos"))
