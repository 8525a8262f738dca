# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import ssl

import exchangelib
import pytest
from oauthlib import oauth2

from ansible_collections.messaging.migration.plugins.module_utils._errors import Down, LoginRefused, MigrationError, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._ews import account as connection
from ansible_collections.messaging.migration.plugins.module_utils._ews.services import classes
from ansible_collections.messaging.migration.plugins.module_utils._model import throttle
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Ews, Mailbox, Server
from ansible_collections.messaging.migration.plugins.module_utils._model.throttle import Throttled
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.imap_script import certificate

OAUTH = {"auth": "oauth", "tenant": "t", "client_id": "c", "client_secret": "s3cret"}
ANNA, TEAM = Mailbox("anna@example.test", "anna"), Mailbox("team", "team", public_folder="/Team")


def server(admin="svc@example.test", **ews):
    return Server("s", "h", protocol="ews", profile="exchange_2013", admin=admin, password="p", ews=Ews(url="https://h/EWS/Exchange.asmx", **ews))


def headers(account) -> tuple:
    sent = classes().folders(account=account)._extra_headers()
    return sent["X-AnchorMailbox"], sent.get("X-PublicFolderMailbox")


@pytest.mark.parametrize(("ews", "mailbox", "who", "acts", "sent"), [
    ({"auth": "basic"}, ANNA, "anna@example.test", True, ("anna@example.test", None)),
    ({"auth": "basic", "access": "delegation"}, ANNA, "anna@example.test", False, ("anna@example.test", None)),
    ({"auth": "basic", "public_folder_mailbox": "pf@example.test"}, ANNA, "anna@example.test", True, ("anna@example.test", None)),
    ({"auth": "basic"}, TEAM, "svc@example.test", False, ("svc@example.test", None)),
    ({"auth": "basic", "public_folder_mailbox": "pf@example.test"}, TEAM, "svc@example.test", False, ("pf@example.test", "pf@example.test")),
    (OAUTH, TEAM, "svc@example.test", True, ("svc@example.test", None)),
], ids=["own", "delegation", "others", "public", "public_2013", "public_oauth"])
def test_who_opens_what(ews, mailbox, who, acts, sent):
    account = connection.account(server(**ews), mailbox)
    assert (account.primary_smtp_address, account.access_type == exchangelib.IMPERSONATION) == (who, acts)
    assert headers(account) == sent


def test_an_account_without_address_reads_public_folders_by_way_of_their_mailbox():
    account = connection.account(server("EXAMPLE\\svc", auth="ntlm", public_folder_mailbox="pf@example.test"), TEAM)
    assert (account.primary_smtp_address, account.protocol.credentials.username) == ("pf@example.test", "EXAMPLE\\svc")


def library_error(cause: Exception) -> exchangelib.errors.ErrorTimeoutExpired:
    """As the library makes it of whatever happens to a connection."""
    try:
        try:
            raise cause
        except Exception as error:
            raise exchangelib.errors.ErrorTimeoutExpired(f"Reraised from {error.__class__.__name__}({error})")
    except exchangelib.errors.ErrorTimeoutExpired as error:
        return error


def test_a_server_that_is_switched_off_is_told_from_a_connection_that_breaks(free_port):
    requests = exchangelib.protocol.requests
    with pytest.raises(requests.exceptions.ConnectionError) as off:
        requests.post(f"http://127.0.0.1:{free_port}/EWS/Exchange.asmx", timeout=5)
    broken = requests.exceptions.ConnectionError("Connection aborted.", ConnectionResetError(104, "reset"))
    for cause, down in ((off.value, True), (requests.exceptions.ConnectTimeout(), True), (broken, False), (requests.exceptions.ReadTimeout(), False)):
        with pytest.raises(Unreachable) as caught, connection.told(server(), "anna"):
            raise library_error(cause)
        assert isinstance(caught.value, Down) == down


def test_what_is_about_one_mailbox_is_no_wish_of_the_server():
    for error, asked in ((exchangelib.errors.ErrorMailboxMoveInProgress("moving"), None), (exchangelib.errors.ErrorServerBusy("busy"), Throttled(None))):
        with pytest.raises(MigrationError) as caught, connection.told(server(), "anna"):
            raise error
        assert throttle.asked(caught.value) == asked


@pytest.fixture
def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.parametrize(("more", "url", "scope"), [
    ({}, "https://login.microsoftonline.com/t/oauth2/v2.0/token", "https://outlook.office365.com/.default"),
    ({"token_url": "https://adfs.test/token", "scope": "https://h/.default"}, "https://adfs.test/token", "https://h/.default"),
], ids=["Microsoft", "own"])
def test_whom_an_application_asks_for_tokens(more, url, scope):
    credentials = connection.account(server(**OAUTH, **more), ANNA).protocol.credentials
    assert (credentials.token_url, credentials.scope) == (url, [scope])
    # Or the library would ask for a new token with a refresh token, which there is none of.
    assert credentials.session_params() == {"token": None}


@pytest.mark.parametrize(("error", "kind", "text"), [
    (oauth2.InvalidClientError("wrong secret"), LoginRefused, "s gets no token for s/anna: .*wrong secret.* It was tried once"),
    (oauth2.MissingTokenError(), Unreachable, "s/anna: whoever gives tokens gave none"),
])
def test_what_is_said_of_a_token_that_is_not_given(error, kind, text):
    with pytest.raises(kind, match=text):
        with connection.told(server(**OAUTH), "anna"):
            raise error


def test_a_token_that_ended_before_the_first_request_is_replaced(monkeypatch):
    asked = []

    def version(_account):
        asked.append(1)
        if len(asked) == 1:
            raise exchangelib.errors.UnauthorizedError("ended")
        return exchangelib.Version(build=exchangelib.Build(15, 1))

    monkeypatch.setattr(exchangelib.Account, "version", property(version, lambda account, value: asked.append(value.build.minor_version)))
    connection.account(server(**OAUTH), ANNA)
    assert asked == [1, 1, 1]
    asked.clear()
    connection.account(server(auth="basic"), ANNA)
    assert not asked


def test_old_tls_trusts_nobody_else(tmp_path):
    pem, _server = certificate(tmp_path)
    pools = [connection._adapter(pem, legacy)().poolmanager.connection_pool_kw.get("ssl_context") for legacy in (False, True)]
    assert pools[0] is None and pools[1].minimum_version == ssl.TLSVersion.TLSv1 and len(pools[1].get_ca_certs()) == 1
