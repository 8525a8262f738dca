# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox, Probe, Server
from ansible_collections.messaging.migration.plugins.module_utils._model.window import Window


@pytest.mark.parametrize(
    ("login", "names"),
    [
        (("{mailbox}",), ["anna.berg"]),
        (("{domain}/{admin}/{mailbox}", "{domain}\\{admin}\\{mailbox}"), ["EXAMPLE/migadmin/anna.berg", "EXAMPLE\\migadmin\\anna.berg"]),
        (("{mailbox}*{admin}",), ["anna.berg*migadmin"]),
        (("migadmin",), ["migadmin"]),
    ],
)
def test_login_names(login, names):
    assert Server(name="s", host="h", login=login, domain="EXAMPLE", admin="migadmin").login_names("anna.berg") == names


def test_without_an_administrator_the_owner_logs_in():
    assert Server(name="s", host="h", login=("{admin}",)).login_names("anna") == ["anna"]


def test_from_options_fills_in_what_is_not_said():
    options = {"host": "h.test", "name": None, "login": None, "port": None, "unknown": 1, "mailboxes": [{"name": "anna"}, {"name": "b", "target": "c"}]}
    server = Server.from_options(options)
    assert (server.name, server.port, server.login, server.legacy_tls) == ("h.test", 993, ("{mailbox}",), False)
    assert Server.from_options({"host": "h", "legacy_tls": True}).legacy_tls
    assert server.mailboxes == (Mailbox("anna", "anna"), Mailbox("b", "c"))


def test_passwords_are_not_shown():
    mailbox = {"name": "anna", "password": "s3cret-a", "target_password": "s3cret-b"}
    probe = {"mailbox": "p", "password": "s3cret-d"}
    assert "s3cret" not in repr(Server.from_options({"host": "h", "password": "s3cret-c", "mailboxes": [mailbox], "live_probe": probe}))


def test_windows_limits_and_a_probe():
    night = {"days": ["fri"], "from": "22:00", "to": "06:00", "timezone": "UTC", "connections": 2}
    server = Server.from_options(
        {"host": "h", "windows": [night], "bytes_per_second": 5, "live_probe": {"mailbox": "p", "password": None, "latency_budget": 1.5, "interval": None}}
    )
    assert server.windows == (Window((4,), 1320, 360, "UTC", 2),) and (server.bytes_per_second, server.messages_per_second) == (5, 0)
    assert server.live_probe == Probe("p", None, 1.5, 0.2, 30)
    assert Server.from_options({"host": "h", "windows": None, "live_probe": None}) == Server.from_options({"host": "h", "windows": []})


BY_APPLICATION = {"protocol": "ews", "ews": {"auth": "oauth", "tenant": "t", "client_id": "c", "client_secret": "s"}}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"windows": [{"from": "22:00", "to": "6", "timezone": "UTC"}]}, "h: '6' is no time of day for `to`"),
        ({"live_probe": {"mailbox": "p", "latency_budget": 1}}, "h: latency_budget of live_probe is 1; it must be more than 1"),
        ({"live_probe": {"mailbox": "p", "interval": 0}}, "interval of live_probe is 0; it must be more than 0 and no more than 1 second"),
        ({"live_probe": {"mailbox": "p", "interval": 1, "baseline_seconds": 10}}, "it must be 20 times the interval or more"),
        ({"bytes_per_second": -1}, "h: bytes_per_second is -1"),
        ({"ews": {"timezone": "W. Europe Standard Time"}}, "h: ews.timezone is 'W. Europe Standard Time', which is no time zone that this host knows"),
        ({"connections": 0}, "h: connections is 0; it can't be less than 1"),
        ({**BY_APPLICATION, "mailboxes": [{"name": "a"}, {"name": "b", "password": "p"}]}, "h: b has a password of its own, but with ews.auth oauth"),
        ({**BY_APPLICATION, "live_probe": {"mailbox": "p", "password": "p"}}, "h: live_probe has a password of its own, but with ews.auth oauth"),
    ],
)
def test_what_makes_no_sense_is_said(options, text):
    with pytest.raises(ValueError, match=text):
        Server.from_options({"host": "h", **options})


def test_a_priority():
    assert [mailbox.priority for mailbox in Server.from_options({"host": "h", "mailboxes": [{"name": "a", "priority": 3}, {"name": "b"}]}).mailboxes] == [3, 0]


def test_folders_that_are_wanted_and_not_wanted():
    server = Server.from_options({"host": "h", "include_folders": ["Notes"], "exclude_folders": None})
    assert (server.include_folders, server.exclude_folders, server.exchange) == (("Notes",), (), False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"include_folders": ["Notes"], "exclude_folders": ["notes/"]}, "h: include_folders and exclude_folders both name notes"),
        ({"exclude_folders": [" / "]}, "h: include_folders or exclude_folders has an empty path"),
        ({"protocol": "ews", "include_folders": ["Notes"]}, "h: include_folders and exclude_folders are for servers that are read by IMAP"),
    ],
)
def test_folders_that_make_no_sense(options, words):
    with pytest.raises(ValueError, match=words):
        Server.from_options({"host": "h", **options})
