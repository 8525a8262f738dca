# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A logged-in IMAP connection, for either side: TLS that is verified, a login that is proved by opening INBOX."""

from __future__ import annotations

import functools
import imaplib
import re
import socket
import ssl

from .. import _tls
from .._errors import Down, LoginRefused, MigrationError, Unreachable
from .._libraries import imapclient
from .._model.server import WITHOUT_NAMESPACE, Mailbox, Server
from .client import client_class
from .stream import Stream
from .wire import Wire

# The connection is gone; what was going on must be done again on a new one.
LOST = (imaplib.IMAP4.abort, OSError, EOFError)
# The server answered NO or BAD.
REFUSED = imaplib.IMAP4.error
# Response codes of a NO that says nothing about the password (RFC 5530, 3).
NOT_NOW = ("[UNAVAILABLE]", "[INUSE]", "[SERVERBUG]")
BYTES = re.compile(r"""b(['"])(.*)\1""", re.DOTALL)


def refusal(doing: str, words: str) -> Exception:
    """REFUSED in our words, which name what it was about, and the server's `words`: only these may ask for a rest (_model/throttle.py)."""
    error = REFUSED(f"{doing}: {words}")
    error.words = words
    return error


class Session:
    """`client` is an IMAPClient for everything that is not the hot path, `wire` the hot path on the same connection."""

    def __init__(self, server: Server, client, login: str | None) -> None:
        self.server, self.client, self.login = server, client, login
        self.stream = Stream(client._imap)
        self.wire = Wire(client._imap)
        # Folder names travel as the server spells them (modified UTF-7), since some can't be decoded and encoded back.
        client.folder_encode = False
        self.capabilities = {name.decode("ascii", "replace").upper() for name in client.capabilities()}
        # What the server said of INBOX, of its namespace, and to commands sent along, when the login was proved; see folders.py.
        self.proof: list = []
        self.ahead: list = []
        # QRESYNC is in force: folders can tell what vanished.
        self.resync = False

    def has(self, capability: str) -> bool:
        return capability in self.capabilities

    def prove(self, ahead=lambda session: []) -> None:
        """Open INBOX: Exchange may accept a wrong login and only fail at the first folder. Asks for what comes next in the
        same round trip: also the commands of `ahead(session)`, whose answers wait in `self.ahead`."""
        commands = [b'EXAMINE "INBOX"', b'LIST "" "INBOX"']
        if self.has("NAMESPACE") and self.server.profile not in WITHOUT_NAMESPACE:
            commands.append(b"NAMESPACE")
        wants = self.has("QRESYNC") and self.has("ENABLE")
        commands += [b"ENABLE QRESYNC"] if wants else []
        results = self.wire.burst(commands + ahead(self))
        self.proof, self.ahead = results[:len(commands)], results[len(commands):]
        if wants:
            self.resync = self.proof.pop()[1].ok
        answer = self.proof[0][1]
        if not answer.ok:
            raise REFUSED(answer.text)

    def compress(self) -> None:
        (_untagged, answer), = self.wire.burst([b"COMPRESS DEFLATE"])
        # A server that can't do it just now goes on as before.
        if answer.ok:
            self.stream.compress()

    def drop(self) -> None:
        """End at once: answers that nobody will read may still be on their way."""
        _drop(self.client)

    def close(self) -> None:
        """End politely; a connection that is already gone needs no more."""
        try:
            if self.server.profile == "imap":
                # Nobody waits for the farewell.
                self.wire.start(b"LOGOUT")
            else:
                # Exchange counts connections, and might still count this one at the next login.
                self.client.logout()
        except (*LOST, REFUSED):
            pass
        _drop(self.client)


def connect(server: Server, mailbox: Mailbox | None = None, ahead=lambda session: []) -> Session:
    """Log in to `mailbox` (or as the administrator himself when there is none), one attempt a login form. `ahead` as in Session.prove.

    Raises MigrationError when the host, its certificate or the credentials are not right; nothing is changed there.
    """
    if not mailbox and not server.admin:
        raise LoginRefused(
            f"{server.name} ({server.host}) is to be logged in to as its administrator, and none is named.", "Nothing was touched.",
            "Name the account in admin.",
        )
    refusals: dict[str, str] = {}
    names = server.login_names(mailbox.name) if mailbox else [server.admin or ""]
    for name in names:
        client = _open(server)
        try:
            _authenticate(client, server, mailbox, name)
            session = Session(server, client, name)
            if server.compress and session.has("COMPRESS=DEFLATE"):
                session.compress()
            if mailbox:
                session.prove(ahead)
            return session
        except UnicodeEncodeError:
            _drop(client)
            # Not chained: that error holds the password.
            raise MigrationError(
                f"The login {name} on {server.name}, or its password, has letters beyond ASCII: they can't be sent by LOGIN.",
                "No password was sent and nothing was changed there.", "Set mechanism to plain, or use a password in ASCII.",
            ) from None
        except (*LOST, REFUSED) as error:
            _drop(client)
            # A connection that broke says nothing about the password, but `abort` is a kind of REFUSED, and the library
            # makes a refused login of it.
            if isinstance(error, LOST) or isinstance(error.__context__, LOST):
                raise Unreachable(
                    f"{server.name} ({server.host}:{server.port}) closed the connection during login: {error}",
                    "Nothing was changed there.", "Check the server's log and its connection limits, then run again.", words=_text(error),
                ) from error
            words = _text(error)
            if words.upper().startswith(NOT_NOW):
                raise Unreachable(
                    f"{server.name} ({server.host}) can't open the mailbox of {name} now: {words}", "Nothing was changed there.", "Run again later.",
                    words=words,
                ) from error
            refusals[name] = words
    whose = f"mailbox {mailbox.name}" if mailbox else "the administrator"
    raise LoginRefused(
        f"{server.name} ({server.host}) refuses the login for {whose}: {'; '.join(f'{name}: {words}' for name, words in refusals.items())}.",
        "Each form was tried once, so no account is locked; nothing was changed there.",
        "Check the password, the login form and the rights of the account.", words="; ".join(refusals.values()),
    )


def _authenticate(client, server: Server, mailbox: Mailbox | None, name: str) -> None:
    own_password = mailbox.password if mailbox else None
    password = own_password or server.password or ""
    if server.mechanism == "plain" and not own_password and server.admin:
        # RFC 4616: the administrator's credentials, acting as the mailbox's owner.
        client.plain_login(server.admin, password, name if mailbox else None)
    else:
        # The library sends the name as it is; Exchange's forms have backslashes, which need quotes.
        client.login(quoted(name), password)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _open(server: Server):
    where = f"{server.name} ({server.host}:{server.port})"
    try:
        context = _trust(server.ca_file, server.legacy_tls) if server.tls != "none" else None
    except OSError as error:
        raise MigrationError(
            f"The certificate authorities in {server.ca_file} can't be read: {error}", "Nothing was touched.", "Correct ca_file.",
        ) from error
    try:
        client = client_class()(
            server.host, port=server.port, ssl=server.tls == "implicit", ssl_context=context,
            timeout=imapclient.SocketTimeout(min(server.timeout, 20), server.timeout),
        )
        # Words for a debug log that nobody keeps.
        client._imap.debug = 0
        if server.tls == "starttls":
            client.starttls(context)
    except ssl.SSLCertVerificationError as error:
        raise MigrationError(
            f"The certificate of {where} is not trusted: {error.verify_message}.",
            "No password was sent and nothing was touched.",
            "Give the authority that signed it in ca_file, or have the server's certificate corrected.",
        ) from error
    except ssl.SSLError as error:
        raise MigrationError(
            f"TLS with {where} failed: {error.reason or error}.", "Nothing was touched.",
            "Check the port and the option tls; a server that knows no TLS 1.2 needs legacy_tls.",
        ) from error
    except socket.gaierror as error:
        raise MigrationError(
            f"The name {server.host} ({server.name}) can't be resolved.", "Nothing was touched.", "Correct the host or the DNS of this station.",
        ) from error
    except imaplib.IMAP4.abort as error:
        raise Down(
            f"{where} closed the connection: {_text(error)}.", "Nothing was touched.", "Check that it runs, its connection limits and its log.",
            words=_text(error),
        ) from error
    except REFUSED as error:
        raise MigrationError(
            f"{where} does not talk IMAP as expected: {_text(error)}", "Nothing was touched.", "Check the port and the option tls.",
        ) from error
    except OSError as error:
        raise Down(
            f"{where} can't be reached: {error}.", "Nothing was touched.", "Check the host, the port and the firewall between."
            # Windows resets a connection whose TLS it does not know.
            + (" A server that knows no TLS 1.2 needs legacy_tls." if context and isinstance(error, ConnectionResetError) else ""),
        ) from error
    sock = client.socket()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


# Reading the system's authorities takes longer than a login.
_trust = functools.lru_cache(maxsize=8)(_tls.context)


def _drop(client) -> None:
    try:
        client.shutdown()
    except OSError:
        # It was gone already.
        pass


def _text(error: Exception) -> str:
    """The server's words, without the quotes of a bytes literal that imaplib puts around them."""
    return BYTES.sub(r"\2", str(error)).strip() or type(error).__name__
