# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the service account logs in at Exchange: by a token that ends, and by NTLM, with and without TLS."""

from __future__ import annotations

import typing as t

import pytest
from servers.exchange import Exchange
from servers.fixtures import Tools
from test_ews import ADDRESS, SAME, Site

APPLICATION, SECRET = "0a1b2c3d-application", "what only it knows"


class Secure(Site):
    """By TLS, where `tls` is said so."""

    tls: dict[str, t.Any] = {"tls": "none"}

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        made = super().options(**more)
        made["sources"][0] |= self.tls
        return made

    def tokens(self) -> list[str]:
        """Scopes of those that were given."""
        return [row["scope"] for row in self.store.rows("SELECT scope FROM login WHERE accepted")]


def whole(site: Secure, direct) -> None:
    """Copied, with nothing missing and nothing doubled, and in step."""
    for module, changed in (("mailbox_copy", True), ("mailbox_sync", False)):
        result, = direct([(module, site.options())])
        assert (result["failed"], result["changed"]) == (False, changed), result
        assert site.differences() == SAME
    verified, = direct([("mailbox_verify", site.options())])
    assert verified["perfect"] == 1, verified


@pytest.fixture
def begin(scratch, start, free_port, wait_for_port, servers, tmp_path, certificate) -> t.Iterator[t.Callable[[bool], Secure]]:
    running = []

    def begin(tls: bool) -> Secure:
        exchange = Exchange(scratch / "exchange", Tools(start, free_port, wait_for_port), certificate if tls else None, processes=2)
        running.append(exchange)
        site = Secure(exchange, servers.dovecot("new"), tmp_path / "ledger.sqlite")
        if tls:
            site.tls = {"tls": "implicit", "ca_file": str(certificate["ca"])}
        return site

    yield begin
    for exchange in running:
        exchange.terminate()


@pytest.fixture
def site(begin):
    """An application that may act for everybody, and no password."""
    site = begin(True)
    site.store.account(APPLICATION, SECRET, impersonates=True)
    site.ews |= {
        "auth": "oauth", "tenant": "example", "client_id": APPLICATION, "client_secret": SECRET, "scope": "https://mail.example.test/.default",
        "token_url": site.exchange.url.replace("/EWS/Exchange.asmx", "/example/oauth2/v2.0/token"),
    }
    site.exchange.password = "of nobody"
    return site


def test_by_a_token(site, direct):
    site.fill(12)
    whole(site, direct)
    assert set(site.tokens()) == {"https://mail.example.test/.default"}


@pytest.mark.parametrize(("operation", "skip"), [("SyncFolderItems", 2), ("GetItem", 1), ("GetItem", 3)])
def test_a_token_that_ends_in_the_middle(site, direct, operation, skip):
    """As when it is withdrawn, or the server's clock is ahead of ours."""
    site.fill(12)
    fault = site.control.fault("tokens_end", operation, skip=skip)
    whole(site, direct)
    assert site.control.seen(fault) == 1


def test_tokens_that_last_less_than_a_pass(site, direct):
    """Every answer takes so long that several tokens end by our own clock."""
    site.fill(12)
    site.store.set(token_seconds=2)
    site.control.limit(delay=0.3)
    whole(site, direct)
    # One is needed by each of a module's two processes.
    assert len(site.tokens()) > 6


def test_a_wrong_secret_is_tried_once(site, direct):
    site.ews["client_secret"] = "s3cret-but-wrong"
    refused, = direct([("mailbox_copy", site.options())])
    assert refused["failed"] and "gets no token for" in refused["msg"] and "invalid_client" in refused["msg"], refused["msg"]
    assert "s3cret" not in str({key: value for key, value in refused.items() if key != "invocation"})
    assert not site.control.counts() and not site.tokens()


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
@pytest.mark.parametrize("admin", ["migadmin", "EXAMPLE\\migadmin"])
def test_by_ntlm(begin, direct, tls, admin):
    """With TLS the server demands that the login is bound to its certificate, as Extended Protection does."""
    site = begin(tls)
    site.fill(6)
    site.ews["auth"] = "ntlm"
    site.exchange.admin = admin
    fault = site.control.fault("cut", "GetItem", skip=1, after=300)
    whole(site, direct)
    assert site.control.seen(fault) == 1


def test_a_wrong_password_by_ntlm_is_tried_once(begin, direct):
    site = begin(True)
    site.ews["auth"], site.exchange.password = "ntlm", "wrong"
    refused, = direct([("mailbox_copy", site.options())])
    assert refused["failed"] and f"refuses the login for exchange/{ADDRESS}" in refused["msg"], refused["msg"]
    assert site.store.rows("SELECT count(*) FROM login WHERE NOT accepted")[0][0] == 1 and not site.control.counts()
