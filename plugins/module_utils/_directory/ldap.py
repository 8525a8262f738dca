# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""LDAP as far as directories of Exchange need it: bind, paged search (RFC 2696), values by range. It only reads; see writing.py.

Works by ldap3, which is pure Python: python-ldap comes as source only, and would have to be compiled on each station.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import ssl
import typing as t

from .. import _libraries
from .. import _tls
from .._errors import LoginRefused, MigrationError, Unreachable
from .server import DirectoryServer

PAGED = "1.2.840.113556.1.4.319"
ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
# No attribute has more values than this, and no search more pages; a server that goes on is not understood.
MOST_VALUES = 1_000_000
MOST_PAGES = 100_000
# Results of RFC 4511, 4.1.9.
SUCCESS, SIZE_LIMIT, STRONGER_AUTH, NO_SUCH_OBJECT, INVALID_CREDENTIALS = 0, 4, 8, 32, 49
_RANGE = re.compile(r"(?i)(.+);range=(\d+)-(\d+|\*)")
UNHARMED = "It was only read, and nothing was changed anywhere."


@dataclasses.dataclass
class Entry:
    """Values by attribute, whose names are in lower case. `more`: attributes of which there are more values, from this one on."""

    dn: str
    values: dict[str, list[str]]
    more: dict[str, int] = dataclasses.field(default_factory=dict)

    def all(self, name: str) -> list[str]:
        return self.values.get(name.lower(), [])

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def has(self, name: str) -> bool:
        return name.lower() in self.values

    def yes(self, name: str) -> bool:
        return self.one(name).upper() in ("TRUE", "1")

    def number(self, name: str) -> int | None:
        """None where there is no value, or none that is a number."""
        text = self.one(name)
        return int(text) if re.fullmatch(r"-?\d+", text) else None


class Session:
    read_only = True
    # What is safe when it ends, in the user's words.
    unharmed = UNHARMED

    def __init__(self, server: DirectoryServer) -> None:
        self.server = server
        # Looked up once, so that a missing library is told before anything else.
        self._ldap = _libraries.ldap3
        self._errors = self._ldap.core.exceptions
        self._ticket_errors = (_libraries.gssapi.exceptions.GSSError,) if server.auth == "kerberos" else ()
        self._trust: ssl.SSLError | None = None
        self._connection = self._opened()
        self.root = self._root()

    # -- opening ----------------------------------------------------------------------------------------------------------

    def _opened(self):
        server, ldap = self.server, self._ldap
        there = ldap.Server(
            server.host, port=server.port, use_ssl=server.tls == "implicit", tls=self._tls() if server.tls != "none" else None,
            get_info=ldap.NONE, connect_timeout=min(server.timeout, 20),
        )
        if server.auth == "kerberos":
            credentials = {"authentication": ldap.SASL, "sasl_mechanism": ldap.KERBEROS}
        elif server.auth == "simple":
            credentials = {"authentication": ldap.SIMPLE, "user": server.user, "password": server.password}
        else:
            credentials = {"authentication": ldap.ANONYMOUS}
        connection = ldap.Connection(
            there, **credentials, receive_timeout=math.ceil(server.timeout), auto_referrals=False, auto_range=False, return_empty_attributes=False,
            check_names=False, read_only=self.read_only,
        )
        with self._told("can't be reached"):
            connection.open(read_server_info=False)
            if server.tls == "starttls":
                connection.start_tls(read_server_info=False)
        with self._told("closed the connection at login"):
            connection.bind(read_server_info=False)
        code = connection.result["result"]
        if code == STRONGER_AUTH:
            raise MigrationError(
                f"{server.where} wants an encrypted connection.", "Nothing was changed there.", "Set tls to implicit or starttls.",
            )
        if code != SUCCESS:
            raise LoginRefused(
                f"{server.where} refuses the login of {server.user or server.auth}: {reason(connection.result)}.",
                "It was tried once, so no account is locked; nothing was changed there.", "Check user and password.",
            )
        return connection

    def _tls(self):
        """The library checks no addresses in certificates, and tells little of what is wrong with them: Python does both."""
        session, context = self, _context(self.server)

        class Tls(self._ldap.Tls):
            def wrap_socket(self, connection, do_handshake=False):
                try:
                    connection.socket = context.wrap_socket(connection.socket, server_hostname=session.server.host)
                except ssl.SSLError as error:
                    session._trust = error
                    raise
                # A host may have several addresses, the first of which failed.
                session._trust = None

        return Tls()

    def _root(self) -> Entry:
        """What the server says of itself."""
        found = self._page("", "(objectClass=*)", ["*", "+"], "base", None)
        return found[0][0] if found[0] else Entry("", {})

    def close(self) -> None:
        try:
            self._connection.unbind()
        except (self._errors.LDAPException, OSError):
            # All was read; a connection that broke after that is as good as closed.
            return

    # -- reading ----------------------------------------------------------------------------------------------------------

    @property
    def is_active_directory(self) -> bool:
        return ACTIVE_DIRECTORY in self.root.all("supportedCapabilities")

    def search(self, base: str, filter_: str, attributes: t.Iterable[str], scope: str = "subtree", by_range: str = "") -> t.Iterator[Entry]:
        """All entries, page by page. `by_range`: one of `attributes` that may have thousands of values; see `rest`."""
        wanted = list(attributes)
        if by_range and self.is_active_directory:
            wanted = [f"{name};range=0-{self.server.range_size - 1}" if name == by_range else name for name in wanted]
        pages = PAGED in self.root.all("supportedControl")
        cookie: bytes | None = b"" if pages else None
        for _number in range(MOST_PAGES):
            found, cookie = self._page(base, filter_, wanted, scope, cookie)
            yield from found
            if not cookie:
                return
        raise MigrationError(f"{self.server.where} does not come to an end with {filter_}.", self.unharmed, "Narrow the search by base or filter.")

    def read(self, dn: str, attributes: t.Iterable[str]) -> Entry | None:
        """One entry, None where there is none that the account may see."""
        found, _cookie = self._page(dn, "(objectClass=*)", list(attributes), "base", None, missing_is_empty=True)
        return found[0] if found else None

    def rest(self, entry: Entry, name: str) -> list[str]:
        """All values of an attribute, those that were not given yet included."""
        name = name.lower()
        values, start = list(entry.all(name)), entry.more.get(name)
        while start is not None:
            part = self.read(entry.dn, [f"{name};range={start}-{start + self.server.range_size - 1}"])
            came = part.all(name) if part else []
            if not came or len(values) + len(came) > MOST_VALUES:
                raise MigrationError(
                    f"{self.server.where} does not give the values of {name} of {entry.dn} from number {start} on.", self.unharmed,
                    "Run again: the entry may have changed meanwhile.",
                )
            values += came
            start = part.more.get(name)
        return values

    def _page(self, base: str, filter_: str, attributes: list[str], scope: str, cookie: bytes | None, missing_is_empty: bool = False):
        """Entries, and the cookie of the next page. `cookie` None: not by pages."""
        paging = {} if cookie is None else {"paged_size": self.server.page_size, "paged_criticality": True, "paged_cookie": cookie or None}
        with self._told("stopped answering"):
            try:
                self._connection.search(
                    base, filter_, search_scope={"base": self._ldap.BASE, "subtree": self._ldap.SUBTREE}[scope],
                    dereference_aliases=self._ldap.DEREF_NEVER, attributes=attributes, **paging,
                )
            except self._errors.LDAPInvalidFilterError as error:
                raise BadFilter(f"{self.server.where}: the filter {filter_} is not valid.", self.unharmed, "Correct it.") from error
        result = self._connection.result
        if result["result"] == NO_SUCH_OBJECT and missing_is_empty:
            return [], None
        if result["result"] == SIZE_LIMIT:
            raise MigrationError(
                f"{self.server.where} gives this account only a part of what is below {base}: {reason(result)}.", self.unharmed,
                "Give an account whose searches are not limited, or raise the server's limit.",
            )
        if result["result"] != SUCCESS:
            raise Refused(
                f"{self.server.where} refuses to search {base or 'its root'} for {filter_}: {reason(result)}.", self.unharmed,
                "Check base, filter and the rights of the account.",
            )
        found = [_entry(one) for one in self._connection.response or () if one["type"] == "searchResEntry"]
        control = (result.get("controls") or {}).get(PAGED)
        return found, control["value"]["cookie"] if control and cookie is not None else None

    def _told(self, what: str) -> _Told:
        return _Told(self, what)


class _Told:
    """Errors of the library in the user's words."""

    def __init__(self, session: Session, what: str) -> None:
        self.session, self.what = session, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type, error, _traceback) -> None:
        server, trouble = self.session.server, self.session._trust
        if isinstance(error, self.session._ticket_errors):
            raise LoginRefused(
                f"{server.where} can't be logged in to by Kerberos: {error}.", "Nothing was changed there.",
                "Get a ticket for the account that runs the module (kinit), or set auth to simple.",
            ) from error
        if not isinstance(error, (self.session._errors.LDAPException, OSError)):
            return
        if isinstance(trouble, ssl.SSLCertVerificationError):
            raise MigrationError(
                f"The certificate of {server.where} is not trusted: {trouble.verify_message}.", "No password was sent and nothing was touched.",
                "Give the authority that signed it in ca_file, or have the server's certificate corrected.",
            ) from error
        if trouble:
            raise MigrationError(
                f"TLS with {server.where} failed: {trouble.reason or trouble}.", "No password was sent and nothing was touched.",
                "Check the port and the option tls.",
            ) from error
        if isinstance(error, self.session._errors.LDAPStartTLSError):
            raise MigrationError(
                f"{server.where} does not begin TLS: {error}.", "No password was sent and nothing was touched.", "Set tls to implicit, or have TLS set up.",
            ) from error
        raise Unreachable(
            f"{server.where} {self.what}: {error}.", self.session.unharmed, "Check host, port and the firewall between, then run again.",
        ) from error


class Refused(MigrationError):
    """The server answers, and does not do what it is asked for."""


class BadFilter(MigrationError):
    """It is not worth asking the server."""


def _entry(response: dict) -> Entry:
    entry = Entry(response["dn"], {})
    for name, values in response["raw_attributes"].items():
        ranged = _RANGE.fullmatch(name)
        if ranged:
            name = ranged[1]
            if ranged[3] != "*":
                entry.more[name.lower()] = int(ranged[3]) + 1
        if values:
            # Binary attributes are only asked whether they are there.
            entry.values[name.lower()] = [value.decode("utf-8", "replace") for value in values]
    return entry


def reason(result: dict) -> str:
    text = str(result.get("message") or "").replace("\0", "").strip()
    return f"{result['description']}{f' ({text})' if text else ''}"


_trusted = functools.lru_cache(maxsize=8)(_tls.context)


def _context(server: DirectoryServer) -> ssl.SSLContext:
    try:
        return _trusted(server.ca_file, server.legacy_tls)
    except OSError as error:
        raise MigrationError(
            f"The certificate authorities in {server.ca_file} can't be read: {error}", "Nothing was touched.", "Correct ca_file.",
        ) from error
