# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of commands, how they are switched on, and how pages of users are read."""

from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint import commands
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.administration import Refused, administration
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.appliance import appliance, page_size, switched_on
from ansible_collections.messaging.migration.plugins.module_utils._mirapoint.words import Secret
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import admind_service

SERVER = {"name": None, "host": "m.example.test", "port": None, "tls": "implicit", "ca_file": None, "legacy_tls": False, "timeout": 60.0, "admin": "a",
          "password": "pw"}


def test_forms_are_filled_word_by_word():
    form = commands.form("user_add", (4, 4))
    assert form.filled(user="{password}", password=Secret("pw"), full_name="") == ["USER", "ADD", "{password}", "pw", ""]
    assert isinstance(form.filled(user="bob", password=Secret("pw"), full_name="")[3], Secret)
    assert commands.form("list_entries", (4,)).filled(list="sales") == ["DLENTRY", "LIST", "sales", "", "", ""]


def test_a_release_has_the_newest_form_that_is_not_newer_than_it(monkeypatch):
    newer = commands.Form(("USER", "REMOVE", "{user}"))
    monkeypatch.setattr(commands, "RELEASES", (((4, 3), {"user_delete": newer}), *commands.RELEASES))
    assert commands.form("user_delete", (4, 10, 1)) == commands.form("user_delete", (4, 3)) == newer
    assert commands.form("user_delete", (4, 2, 9)).words[1] == commands.form("user_delete", (0,)).words[1] == "DELETE"
    assert commands.form("user_add", (5,)).words[1] == "ADD"


def test_only_what_is_not_public_is_unconfirmed():
    assert commands.UNCONFIRMED == {"user_delete", "list_entry_add"}
    assert not any(form.reads for _release, forms in commands.RELEASES for name, form in forms.items() if name in commands.UNCONFIRMED)


@pytest.mark.parametrize(("words", "changes"), [
    (["user", "add", "bob"], True), (["USER", "DELETE", "bob"], True), (["DL", "ADD", "x"], True), (["USER", "LIST"], False), (["USER"], False),
    (["QUOTA", "SET"], False),
])
def test_what_is_known_to_change(words, changes):
    assert commands.changes(words) == changes


@pytest.mark.parametrize(("value", "names"), [
    (True, commands.UNCONFIRMED), ("true", commands.UNCONFIRMED), ("yes", commands.UNCONFIRMED), (False, set()), ("False", set()), ([], set()),
    (["user_delete"], {"user_delete"}), ("list_entry_add", {"list_entry_add"}),
])
def test_switched_on(value, names):
    assert switched_on(value) == names


@pytest.mark.parametrize("value", [["user_delete", "user_add"], "everything", {"user_delete": True}, 7, [["user_delete"]]])
def test_what_can_not_be_switched_on(value):
    with pytest.raises(MigrationError, match="unconfirmed_commands has .*list_entry_add, user_delete"):
        switched_on(value)


def test_ports_go_with_encryption():
    assert appliance(SERVER).port == 10243 and appliance({**SERVER, "tls": "none"}).port == 10143
    assert appliance({**SERVER, "port": 9}).where == "m.example.test (m.example.test:9)"
    assert "pw" not in repr(appliance(SERVER))


@pytest.mark.parametrize(("wrong", "told"), [
    ({"port": 70000}, "port is 70000"), ({"timeout": 0.0}, "timeout is 0"), ({"timeout": float("nan")}, "timeout is nan"),
    ({"password": None}, "no password for a"), ({"password": ""}, "no password for a"),
    ({"tls": "none", "legacy_tls": True}, "tls is none"), ({"tls": "none", "ca_file": "/ca.pem"}, "tls is none"),
])
def test_options_that_make_no_sense(wrong, told):
    with pytest.raises(MigrationError, match=f"m.example.test: .*{told}.*Nothing was touched"):
        appliance({**SERVER, **wrong})


@pytest.mark.parametrize("size", [-1, 1])
def test_page_sizes(size):
    assert (page_size(0), page_size(2)) == (0, 2)
    with pytest.raises(MigrationError, match=f"page_size is {size}"):
        page_size(size)


@pytest.fixture
def served(tmp_path):
    with admind_service.running(tmp_path) as running:
        for number in range(25):
            running.backend.add_user("", f"user{number:02}", "", f"User {number}")
        yield running


def opened(served, **more):
    return administration(appliance(served.options()["server"]), **more)


def test_all_users_at_once(served):
    with opened(served) as admin:
        assert len(admin.users()) == 25
    assert served.commands()[1] == ("USER LIST", ["", "", ""])


@pytest.mark.parametrize("size", [2, 7, 24, 25, 26, 1000])
@pytest.mark.parametrize("quirks", [{}, {"first": 1}, {"largest_page": 5}, {"first": 1, "largest_page": 2}])
def test_all_users_are_found_however_the_server_counts(served, size, quirks):
    served.quirks(**quirks)
    with opened(served) as admin:
        assert admin.users(page_size=size) == {f"user{number:02}": f"User {number}" for number in range(25)}


def test_pages_that_are_not_pages_are_noticed(served):
    served.quirks(ignores_start=True)
    with opened(served) as admin, pytest.raises(MigrationError, match="start 10 and count 10.*users again.*page_size to 0"):
        admin.users(page_size=10)
    served.quirks(refuse={"USER LIST": {"*": "Bad start"}})
    with opened(served) as admin, pytest.raises(MigrationError, match="start empty and count 10.*Bad start"):
        admin.users(page_size=10)


def test_no_more_pages_than_are_needed(served):
    with opened(served) as admin:
        assert len(admin.users("user*", page_size=5, most=9)) == 10
    assert [arguments for command, arguments in served.commands() if command == "USER LIST"] == [["user*", "", "5"], ["user*", "5", "5"]]


def test_a_domain_of_its_own(served):
    served.backend.add_user("other.test", "ann", "", "Ann")
    with opened(served, domain="other.test") as admin:
        assert admin.users() == {"ann": "Ann"}
    assert served.commands()[1] == ("DOMAIN SETCURRENT", ["other.test"])
    served.quirks(refuse={"DOMAIN SETCURRENT": {"*": "No such domain"}})
    with pytest.raises(MigrationError, match="refuses the domain other.test: No such domain"), opened(served, domain="other.test"):
        pass


def test_what_nobody_switched_on_is_not_sent(served):
    with opened(served, allowed=frozenset({"list_entry_add"})) as admin:
        with pytest.raises(MigrationError, match="USER DELETE {user}, whose form is not public.*put user_delete into"):
            admin.delete_user("user01")
        admin.add_list("sales")
        assert admin.add_entry("sales", "bob") and not admin.add_entry("sales", "bob")
    assert [command for command, _arguments in served.mutating()] == ["DL ADD", "DLENTRY ADD", "DLENTRY ADD"]


def test_already_there_is_no_failure_and_everything_else_is(served):
    with opened(served) as admin:
        assert admin.add_user("new", "pw", "") and not admin.add_user("new", "pw", "")
        served.quirks(refuse={"USER ADD": {"worse": "License exceeded", "silent": " "}})
        with pytest.raises(Refused, match="License exceeded"):
            admin.add_user("worse", "pw", "")
        with pytest.raises(Refused, match="no reason given"):
            admin.add_user("silent", "pw", "")
        assert admin.entries("nobody") is None
