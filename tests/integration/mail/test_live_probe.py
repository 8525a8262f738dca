# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live server that is watched as one of its users while it is copied: by IMAP, and by EWS. How well that works is for `make bench`."""

from __future__ import annotations

import typing as t

import pytest
from servers import mail
from servers.exchange import Exchange
from servers.fixtures import Tools

ANNA, USER, PASSWORD = "anna@example.test", "user@example.test", "the user's own"
PROBE = {"interval": 0.1, "baseline_seconds": 2, "latency_budget": 2}
# So that the copy lasts for some seconds.
MESSAGES, SIZE, RATE = 60, 20_000, 300_000


class ByImap:
    def __init__(self, servers, _exchange) -> None:
        self.server = servers.dovecot("old")
        self.user, self.password = "user", self.server.user_password
        client = self.server.client("anna")
        mail.fill(client, "INBOX", MESSAGES, SIZE)
        client.logout()

    def gets_mail(self) -> None:
        client = self.server.client("user")
        mail.fill(client, "INBOX", 50)
        client.logout()

    def source(self) -> dict[str, t.Any]:
        return self.server.option(self.server.password, name="old", mailboxes=[{"name": "anna", "target": "anna"}])


class ByEws:
    def __init__(self, _servers, exchange: t.Callable[[], Exchange]) -> None:
        self.server = exchange()
        self.user, self.password = USER, PASSWORD
        for address in (ANNA, USER):
            self.server.store.create_mailbox(address)
        self.server.store.account(USER, PASSWORD, mailbox=USER)
        for number in range(MESSAGES):
            self.server.store.add_message(ANNA, "inbox", mail.message(number, SIZE))

    def gets_mail(self) -> None:
        for number in range(50):
            self.server.store.add_message(USER, "inbox", mail.message(number))

    def source(self) -> dict[str, t.Any]:
        return {"name": "old", "host": "127.0.0.1", "protocol": "ews", "tls": "none", "admin": self.server.admin, "password": self.server.password,
                "ews": {"url": self.server.url, "auth": "basic"}, "mailboxes": [{"name": ANNA, "target": "anna"}]}


class Site:
    def __init__(self, old: ByImap | ByEws, target, ledger) -> None:
        self.old, self.target = old, target
        self.ledger = {"migration": "example", "ledger": {"url": f"sqlite:///{ledger}"}}

    def options(self, **probe: t.Any) -> dict[str, t.Any]:
        source = {**self.old.source(), "bytes_per_second": RATE, "live_probe": {"mailbox": self.old.user, **PROBE, **probe}}
        return {**self.ledger, "sources": [source], "target": self.target.option(self.target.password, name="new")}


@pytest.fixture(params=[ByImap, ByEws], ids=["imap", "ews"])
def site(request, servers, scratch, start, free_port, wait_for_port, tmp_path):
    old = request.param(servers, lambda: Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port)))
    yield Site(old, servers.dovecot("new"), tmp_path / "ledger.sqlite")
    if isinstance(old, ByEws):
        old.server.terminate()


@pytest.mark.parametrize("own_password", [True, False])
def test_what_users_feel_is_measured_before_and_meanwhile(site, direct, own_password):
    site.old.gets_mail()
    copied, told = direct([
        ("mailbox_copy", site.options(**({"password": site.old.password} if own_password else {}))), ("migration_control_info", site.ledger),
    ])
    assert (copied["failed"], copied["messages"]) == (False, MESSAGES), copied
    server, = told["servers"]
    assert 0 < server["baseline_p95"] < 5 and 0 < server["latency_p95"] < 5 and server["latency_budget"] == 2 and server["ceiling"] > 0


def test_a_user_who_is_not_let_in_stops_it_before_anything_is_copied(site, direct):
    site.old.gets_mail()
    copied, = direct([("mailbox_copy", site.options(password="wrong"))])
    assert copied["failed"] and "old" in copied["msg"] and "refuses the login" in copied["msg"]
    assert mail.contents(site.target, "anna") == []


def test_so_does_a_mailbox_without_messages(site, direct):
    copied, = direct([("mailbox_copy", site.options())])
    assert copied["failed"] and "has no messages" in copied["msg"] and mail.contents(site.target, "anna") == []


@pytest.mark.parametrize("site", [ByEws], ids=["ews"], indirect=True)
def test_a_server_that_is_busy_when_it_should_be_quiet(site, direct):
    site.old.gets_mail()
    # As the watched user alone is asked, before workers begin.
    fault = site.old.server.control.fault("http_500_busy", mailbox=USER, count=1, back_off=5000)
    copied, = direct([("mailbox_copy", site.options())])
    assert site.old.server.control.seen(fault) == 1
    assert copied["failed"] and f"old/{USER}: the server is busy (ErrorServerBusy)" in copied["msg"]
    assert copied["msg"].endswith("Nothing was copied. Run again, at a time when fewer people are at work.") and mail.contents(site.target, "anna") == []
