# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A connection to a mailbox by EWS: exchangelib logs in, keeps the HTTP session and knows the server's version.

Its own retries are off: under them a wrong password is tried for an hour, and a pool that shrank never grows again. What the server
says is told in the words of the other sources, so that the same back-off holds for all workers.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os

from .. import _tls
from .._errors import Down, LoginRefused, MigrationError, Unreachable
from .._libraries import exchangelib
from .._model.server import Mailbox, Server

# Builds of the versions that the inventory names, so that the server need not be asked: (major, minor).
BUILDS = {"exchange_2007": (8, 1), "exchange_2010": (14, 1), "exchange_2013": (15, 0)}
# The server has too much to do, or we asked too much of it.
BUSY = (
    "ErrorServerBusy", "ErrorExceededConnectionCount", "ErrorInternalServerTransientError", "ErrorTooManyObjectsOpened",
    "ErrorExceededFindCountLimit",
)
# One mailbox, or its database, is out of reach: the server has no trouble, and all others go on.
AWAY = ("ErrorMailboxStoreUnavailable", "ErrorMailboxMoveInProgress")
DENIED = ("ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed", "ErrorAccessDenied")


class Busy(MigrationError):
    """The server wants to be left alone for a while."""


def account(server: Server, mailbox: Mailbox):
    """An exchangelib Account that acts for the mailbox. Nothing is sent yet, unless the endpoint has to be found by autodiscover, or an application
    logs in."""
    _own_connections(os.getpid())
    logger = logging.getLogger("exchangelib")
    # It would write requests that failed to stderr.
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    ews, address = server.ews, _address(server, mailbox)
    exchangelib.protocol.BaseProtocol.HTTP_ADAPTER_CLS = _adapter(server.ca_file, ews.legacy_tls)
    exchangelib.protocol.BaseProtocol.TIMEOUT = server.timeout
    configuration = exchangelib.Configuration(
        credentials=_credentials(server, mailbox, address), auth_type=_auth_type(ews.auth), version=_version(server.profile),
        retry_policy=exchangelib.protocol.FailFast(), **({"service_endpoint": ews.url} if ews.url else {}),
    )
    # An application is nobody by itself.
    acts = ews.auth == "oauth" if mailbox.public_folder else mailbox.password is None and ews.access == "impersonation"
    found = exchangelib.Account(
        primary_smtp_address=address, config=configuration, autodiscover=not ews.url,
        # Also the zone in which the server is asked to tell times: services.py takes them for UTC.
        access_type=exchangelib.IMPERSONATION if acts else exchangelib.DELEGATE, default_timezone=exchangelib.UTC,
    )
    found.public_folder_mailbox = ews.public_folder_mailbox if mailbox.public_folder else None
    if ews.auth == "oauth":
        found.version = _version_by_token(found)
    return found


def _version_by_token(found):
    """The library asks for it by itself, and gives up where the token has ended; it has a new one then."""
    try:
        return found.version
    except exchangelib.errors.UnauthorizedError:
        return found.version


def _address(server: Server, mailbox: Mailbox) -> str:
    """Of the mailbox, or, for public folders, the one by way of which the account sees them."""
    if not mailbox.public_folder:
        return server.login_names(mailbox.name)[0]
    return server.public_reader if "@" in server.public_reader else server.ews.public_folder_mailbox


@contextlib.contextmanager
def told(server: Server, name: str, proved: bool = True):
    """Errors of a request in the user's words: LoginRefused, Busy, Unreachable (of which the last two are worth another try), or
    another MigrationError. `proved`: the same password was right before."""
    where = f"{server.name}/{name}"
    errors = exchangelib.errors
    try:
        yield
    except errors.UnauthorizedError as error:
        if proved:
            # A token that ended, or a server that says so when it has too much to do; the next login tells which.
            raise Unreachable(f"{where}: the server did not accept the login any more: {error}") from error
        raise LoginRefused(
            f"{server.name} refuses the login for {where}.", "It was tried once, so no account is locked; nothing was changed there.",
            "Check the account, its password and ews.auth.",
        ) from error
    except exchangelib.credentials.oauthlib.oauth2.MissingTokenError as error:
        raise Unreachable(f"{where}: whoever gives tokens gave none: {error}") from error
    except exchangelib.credentials.oauthlib.oauth2.OAuth2Error as error:
        raise LoginRefused(
            f"{server.name} gets no token for {where}: {error}", "It was tried once; nothing was changed there.",
            "Check ews.tenant, ews.client_id, ews.client_secret and ews.scope.",
        ) from error
    except (errors.ErrorTimeoutExpired, OSError, exchangelib.protocol.requests.exceptions.RequestException) as error:
        raise (Down if _nobody_there(error) else Unreachable)(f"{where}: {error}") from error
    except errors.EWSError as error:
        raise _in_words(error, where) from error


def _nobody_there(error: Exception) -> bool:
    """Whether no connection came about. The library tells of that as of one that broke in the middle, and makes another error of either."""
    requests = exchangelib.protocol.requests
    cause = error.__context__ if isinstance(error, exchangelib.errors.ErrorTimeoutExpired) else error
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return True
    return isinstance(getattr(next(iter(getattr(cause, "args", ())), None), "reason", None), requests.adapters.NewConnectionError)


def _in_words(error, where: str) -> MigrationError:
    kind = type(error).__name__
    if kind in BUSY:
        seconds = getattr(error, "back_off", None)
        # In the words of Exchange's IMAP server, which _model/throttle.py reads.
        hint = f" Suggested Backoff Time: {int(seconds * 1000)} milliseconds." if seconds else ""
        return Busy(f"{where}: the server is busy ({kind}).{hint}", words=f"Server busy.{hint}")
    if kind in AWAY:
        return Unreachable(f"{where}: the mailbox, or its database, can't be opened now ({kind}: {error}).", "Nothing was changed there.", "Run again later.")
    if kind in DENIED:
        return MigrationError(
            f"{where}: the account may not open this mailbox ({kind}: {error}).", "Nothing was changed there.",
            "Give it the role ApplicationImpersonation (2010 and later), ms-Exch-EPI-Impersonation and ms-Exch-EPI-May-Impersonate (2007), or "
            "full access with ews.access: delegation; for public folders the right to read them.",
        )
    if kind == "ErrorNonExistentMailbox":
        return MigrationError(f"{where}: there is no such mailbox ({error}).", "Nothing was changed there.", "Correct its name or the login form.")
    return MigrationError(
        f"{where}: the server answered {kind}: {error}", "Nothing was changed there.", "Correct the cause and run again.", words=str(error),
    )


def of_server(error: Exception) -> bool:
    """Whether an error that came in place of an item is about the server, the mailbox or the login, and another try gives the item."""
    return not isinstance(error, exchangelib.errors.ResponseMessageError) or type(error).__name__ in (*BUSY, *AWAY, *DENIED, "ErrorTimeoutExpired")


def forget() -> None:
    """Close all connections: before a fork, they would be used by both."""
    exchangelib.close_connections()
    exchangelib.protocol.CachingProtocol.clear_cache()


@functools.lru_cache(maxsize=1)
def _own_connections(_process: int) -> None:
    """What a process inherits is its parent's: on a connection that both use, each would get the other's answers."""
    exchangelib.protocol.CachingProtocol._protocol_cache.clear()


def _credentials(server: Server, mailbox: Mailbox, address: str):
    ews = server.ews
    if mailbox.password is not None:
        return exchangelib.Credentials(address, mailbox.password)
    if ews.auth == "oauth":
        return _application()(
            ews.token_url, ews.scope, client_id=ews.client_id, client_secret=ews.client_secret, tenant_id=ews.tenant,
            identity=exchangelib.Identity(primary_smtp_address=address),
        )
    if ews.auth == "kerberos" and not server.admin:
        # The ticket is in the credentials cache of the station.
        return None
    return exchangelib.Credentials(server.admin or address, server.password or "")


@functools.lru_cache(maxsize=1)
def _application() -> type:
    class Application(exchangelib.OAuth2Credentials):
        """`own_url`, `own_scope`: of another giver of tokens than Microsoft's."""

        def __init__(self, own_url: str | None, own_scope: str | None, **keywords) -> None:
            super().__init__(**keywords)
            self.own_url, self.own_scope = own_url, own_scope

        @property
        def token_url(self) -> str:
            return self.own_url or super().token_url

        @property
        def scope(self) -> list[str]:
            return [self.own_scope] if self.own_scope else super().scope

        def session_params(self) -> dict:
            # Client credentials come with no refresh token (RFC 6749, 4.4.3), but with the parameters of the library one is asked for. Without
            # them it says that the token has ended, and has a new session with a new one.
            return {"token": self.access_token}

    return Application


def _auth_type(name: str):
    transport = exchangelib.transport
    return {"basic": transport.BASIC, "ntlm": transport.NTLM, "kerberos": transport.GSSAPI, "oauth": transport.OAUTH2}[name]


def _version(profile: str):
    if profile not in BUILDS:
        return None
    return exchangelib.Version(build=exchangelib.Build(*BUILDS[profile]))


@functools.lru_cache(maxsize=16)
def _adapter(ca_file: str | None, legacy: bool) -> type:
    base = exchangelib.protocol.requests.adapters.HTTPAdapter

    class Adapter(base):
        """Certificates are verified, against `ca_file` alone where there is one."""

        def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
            return super().send(request, stream=stream, timeout=timeout, verify=ca_file or verify, cert=cert, proxies=proxies)

        def init_poolmanager(self, *args, **kwargs):
            if legacy:
                kwargs["ssl_context"] = _tls.context(ca_file, legacy)
            return super().init_poolmanager(*args, **kwargs)

    return Adapter
