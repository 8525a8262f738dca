# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Calendars, tasks and notes by CalDAV (RFC 4791), contacts by CardDAV (RFC 6352), of one mailbox. The library gives HTTP with its logins.

Where a user's collections are is asked as RFC 6764, 6 has it: the principal of whoever logs in, then its homes. An administrator, who is not that
principal, names it by a template. Nobody is invited again: what is written says SCHEDULE-AGENT=CLIENT (_items/calendar_text.py).
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
import urllib.parse
import xml.sax.saxutils

from .._errors import LoginRefused, MigrationError, Unreachable
from .._items.formats import FORMATS
from .._libraries import caldav
from .._model.item_kinds import CALENDAR, CONTACT, CONTACTS, DISTRIBUTION_LIST, EVENT, NOTE, NOTES, TASK, TASKS, ItemFolder
from .._model.server import Mailbox
from .items import ItemRefused

SPACES = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "A": "urn:ietf:params:xml:ns:carddav"}
NAMESPACES = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
COMPONENTS = {CALENDAR: "VEVENT", TASKS: "VTODO", NOTES: "VJOURNAL"}
# Names, in lower case, by which servers call the collection that a new item goes to.
USUAL = {CALENDAR: ("default", "calendar", "personal"), CONTACTS: ("default", "contacts", "addressbook", "personal", "card"),
         TASKS: ("tasks", "todo"), NOTES: ("notes", "journal")}
# What make_folder calls the collection of a folder that is no default: never another folder's default.
OWN = re.compile(r"[a-z]+-[0-9a-f]{16}")
# The request itself is well, the server is not (now).
BUSY = (408, 423, 429, 502, 503, 504)
NO_ROOM = 507
REDIRECTS = (301, 302, 303, 307, 308)


@dataclasses.dataclass(frozen=True)
class DavServer:
    """`url` is any address of the service; `principal` and `login` are templates with {mailbox} and {admin}. Without `principal` the server is
    asked for that of whoever logs in. `timeout` in seconds."""

    name: str
    url: str
    principal: str | None = None
    login: str = "{mailbox}"
    admin: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    ca_file: str | None = None
    timeout: float = 60


@dataclasses.dataclass(frozen=True)
class _Collection:
    """`path` as the server spells it; `kinds` of folders that it may be."""

    path: str
    kinds: frozenset[str]

    @property
    def own_name(self) -> str:
        return urllib.parse.unquote(self.path.rstrip("/").rpartition("/")[2]).lower()


class DavTarget:
    """Raises MigrationError at login, Unreachable when the server does not answer, ItemRefused for an item that it does not take."""

    batch = 50
    formats = {EVENT: "ics", TASK: "ics", NOTE: "ics", CONTACT: "vcf", DISTRIBUTION_LIST: "vcf"}

    def __init__(self, server: DavServer, mailbox: Mailbox) -> None:
        self.server, self.mailbox = server, mailbox
        self._names = {"mailbox": mailbox.target, "admin": server.admin or mailbox.target}
        self._homes: dict[bool, str] = {}
        self._listed: dict[bool, dict[str, _Collection]] = {}
        self._client = caldav.DAVClient(
            server.url, username=server.login.format(**self._names), password=mailbox.target_password or server.password or "",
            timeout=server.timeout, ssl_verify_cert=server.ca_file or True, enable_rfc6764=False,
        )
        # No password and no proxy of whoever runs this.
        self._client.session.trust_env = False

    def make_folder(self, folder: ItemFolder, known: str | None = None) -> tuple[str, bool]:
        contacts = folder.kind == CONTACTS
        there = self._collections(contacts)
        if known in there:
            return known, False
        path = self._default(folder.kind, there.values()) if folder.default else None
        if path is None:
            own = folder.kind if folder.default else f"{folder.kind}-{hashlib.sha256(folder.name.encode()).hexdigest()[:16]}"
            path = f"{self._home(contacts)}{own}/"
            if path not in there:
                self._create(path, folder)
                there[path] = _Collection(path, frozenset({folder.kind}))
        # One that a broken pass has made is ours as well, and what is in it is put there again.
        return path, True

    def put(self, place: str, name: str, kind: str, data: bytes) -> str | None:
        answer = self._request(place + name, "PUT", data, {"Content-Type": FORMATS[self.formats[kind]].content_type})
        if answer.status not in (200, 201, 204):
            raise ItemRefused(_words(answer))
        # None is told where the server keeps other bytes than it was given (RFC 4791, 5.3.4).
        return answer.headers.get("ETag") or self._etags(place + name, 0).get(name)

    def delete(self, place: str, name: str, etag: str | None = None) -> None:
        # RFC 6638, 8.1: and nobody is told of it.
        headers = {"Schedule-Reply": "F", **({"If-Match": etag} if etag and not etag.startswith("W/") else {})}
        answer = self._request(place + name, "DELETE", "", headers)
        if answer.status not in (200, 202, 204, 404, 410, 412):
            raise ItemRefused(_words(answer))

    def listed(self, place: str) -> dict[str, str | None]:
        return self._etags(place, 1)

    def contents(self, place: str, names) -> dict[str, bytes]:
        """By RFC 4791, 7.9 and RFC 6352, 8.7."""
        own = self._properties(place, "<D:resourcetype/>", 0).get(_path(place))
        contacts = own is not None and CONTACTS in _collection(place, own).kinds
        report, data = ("A:addressbook-multiget", "A:address-data") if contacts else ("C:calendar-multiget", "C:calendar-data")
        found, names = {}, list(names)
        for low in range(0, len(names), self.batch):
            hrefs = "".join(f"<D:href>{xml.sax.saxutils.escape(_path(self._url(place + name)))}</D:href>" for name in names[low:low + self.batch])
            body = f'<?xml version="1.0" encoding="utf-8"?><{report} {NAMESPACES}><D:prop><{data}/></D:prop>{hrefs}</{report}>'
            for path, prop in self._answered(place, "REPORT", body).items():
                if (text := prop.findtext(data, namespaces=SPACES)) is not None:
                    found[_name(path)] = text.encode()
        return found

    def close(self) -> None:
        self._client.close()

    def _etags(self, path: str, depth: int) -> dict[str, str | None]:
        found = self._properties(path, "<D:getetag/><D:resourcetype/>", depth)
        return {
            _name(own): prop.findtext("D:getetag", namespaces=SPACES) for own, prop in found.items()
            if prop.find("D:resourcetype/D:collection", SPACES) is None
        }

    def _home(self, contacts: bool) -> str:
        if contacts not in self._homes:
            wanted = "A:addressbook-home-set" if contacts else "C:calendar-home-set"
            self._homes[contacts] = next(filter(None, (self._href(start, wanted) for start in self._principals(contacts))), "")
            if not self._homes[contacts]:
                raise MigrationError(
                    f"{self.server.name} ({self.server.url}) names no home of {'contacts' if contacts else 'calendars'} for {self.mailbox.target}.",
                    "Nothing was changed there.", "Check url, and as an administrator give the principal of a mailbox as a template.",
                )
        return self._homes[contacts]

    def _principals(self, contacts: bool):
        if self.server.principal:
            quoted = {name: urllib.parse.quote(value, safe="@") for name, value in self._names.items()}
            yield self.server.principal.format(**quoted)
            return
        for start in self._starts(contacts):
            principal = self._href(start, "D:current-user-principal")
            if not principal and self._anonymous(start):
                principal = self._href(start, "D:current-user-principal")
            if principal:
                yield principal

    def _starts(self, contacts: bool):
        yield self.server.url
        yield from self._well_known("carddav" if contacts else "caldav")

    def _well_known(self, service: str):
        """Where the service is (RFC 6764, 5). Asked here, since a request that the library itself sends on loses its body. No password is sent."""
        start = self._url(f"/.well-known/{service}")
        with self._told():
            answer = self._client.session.request(
                "PROPFIND", start, headers={"Depth": "0"}, allow_redirects=False, timeout=self.server.timeout, verify=self._client.ssl_verify_cert,
            )
        if answer.status_code not in REDIRECTS:
            yield start
            return
        there = urllib.parse.urljoin(start, answer.headers.get("Location", ""))
        # The password is for the server that was named, and for no other.
        if urllib.parse.urlsplit(there)[:2] == urllib.parse.urlsplit(start)[:2]:
            yield there

    def _anonymous(self, start: str) -> bool:
        """Whether the server answered without asking who we are (RFC 5397, 3); the password then goes with each request, if TLS protects it."""
        told = self._properties(start, "<D:current-user-principal/>", 0).values()
        if self._client.auth or not any(prop.find("D:current-user-principal/D:unauthenticated", SPACES) is not None for prop in told):
            return False
        if urllib.parse.urlsplit(self._url(start)).scheme != "https":
            return False
        self._client.build_auth_object(["basic"])
        return True

    def _default(self, kind: str, there) -> str | None:
        fitting = [
            one for one in there
            if kind in one.kinds and (kind in (CALENDAR, CONTACTS) or CALENDAR not in one.kinds) and not OWN.fullmatch(one.own_name)
        ]
        told = self._told_default() if kind == CALENDAR else None
        named = [one.path for name in USUAL[kind] for one in fitting if one.own_name == name]
        paths = [one.path for one in fitting]
        return told if told in paths else next(iter(named), paths[0] if len(paths) == 1 else None)

    def _told_default(self) -> str | None:
        """RFC 6638, 9.2."""
        for principal in self._principals(False):
            inbox = self._href(principal, "C:schedule-inbox-URL")
            if inbox:
                return self._href(inbox, "C:schedule-default-calendar-URL")
        return None

    def _collections(self, contacts: bool) -> dict[str, _Collection]:
        if contacts not in self._listed:
            found = self._properties(self._home(contacts), "<D:resourcetype/><C:supported-calendar-component-set/>", 1)
            self._listed[contacts] = {path: one for path, prop in found.items() if (one := _collection(path, prop)).kinds}
        return self._listed[contacts]

    def _create(self, path: str, folder: ItemFolder) -> None:
        """MKCALENDAR (RFC 4791, 5.3.1), or an extended MKCOL (RFC 5689) for contacts."""
        name = f"<D:displayname>{xml.sax.saxutils.escape(folder.path)}</D:displayname>"
        if folder.kind == CONTACTS:
            method, element, more = "MKCOL", "D:mkcol", "<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>"
        else:
            components = f'<C:comp name="{COMPONENTS[folder.kind]}"/>'
            method, element, more = "MKCALENDAR", "C:mkcalendar", f"<C:supported-calendar-component-set>{components}</C:supported-calendar-component-set>"
        body = f'<?xml version="1.0" encoding="utf-8"?><{element} {NAMESPACES}><D:set><D:prop>{more}{name}</D:prop></D:set></{element}>'
        answer = self._request(path, method, body)
        if answer.status not in (200, 201):
            raise ItemRefused(_words(answer))

    def _href(self, url: str, name: str) -> str | None:
        """The address in a property of `url`; None where there is no such thing."""
        for prop in self._properties(url, f"<{name}/>", 0).values():
            href = prop.findtext(f"{name}/D:href", namespaces=SPACES)
            if href:
                return _path(urllib.parse.urljoin(self._url(url), href))
        return None

    def _properties(self, url: str, names: str, depth: int) -> dict:
        """Path -> element with those of the properties that are there."""
        body = f'<?xml version="1.0" encoding="utf-8"?><D:propfind {NAMESPACES}><D:prop>{names}</D:prop></D:propfind>'
        return self._answered(url, "PROPFIND", body, {"Depth": str(depth)})

    def _answered(self, url: str, method: str, body: str, headers: dict | None = None) -> dict:
        """Path -> element with the properties that the server gave of what was asked for."""
        try:
            answer = self._request(url, method, body, headers)
        except ItemRefused as error:
            raise LoginRefused(
                f"{self.server.name} does not let us look at {url}: {error}.", "Nothing was changed there.", "Check the rights of the account.",
            ) from error
        if method == "REPORT" and answer.status not in (207, 404, 410):
            raise MigrationError(
                f"{self.server.name} does not give back what is in {url}: {_words(answer)}.", "Nothing was changed there.", "Look at the server's log.",
            )
        found = {}
        for response in answer.tree.iterfind("D:response", SPACES) if answer.status == 207 and answer.tree is not None else ():
            for status in response.iterfind("D:propstat", SPACES):
                if " 200" in status.findtext("D:status", "", SPACES):
                    found[_path(urllib.parse.urljoin(self._url(url), response.findtext("D:href", "", SPACES)))] = status.find("D:prop", SPACES)
        return found

    def _url(self, path: str) -> str:
        return urllib.parse.urljoin(self.server.url, path)

    def _request(self, path: str, method: str, body: str | bytes = "", headers: dict | None = None):
        """An answer, also one that refuses; ItemRefused for a refusal of the library's own kind."""
        with self._told():
            try:
                answer = self._client.request(self._url(path), method, body, headers or {})
            except caldav.lib.error.AuthorizationError as error:
                if error.status != 403:
                    raise
                # RFC 4791, 1.3: what is wrong with an item is said by 403 as well.
                raise ItemRefused(f"HTTP 403 {' '.join(_local(name) for name in error.preconditions)}".strip()) from error
        if answer.status in BUSY:
            raise Unreachable(
                f"{self.server.name} can't work on it now: {_words(answer)}.", "What was moved stays.", "Run again.", words=_words(answer),
            )
        if answer.status == NO_ROOM:
            raise MigrationError(
                f"{self.server.name} has no room for {self.mailbox.target}: {_words(answer)}.", "What was moved stays; nothing is lost at the source.",
                "Give it room (quota, disk), then run again.",
            )
        return answer

    @contextlib.contextmanager
    def _told(self):
        where = f"{self.server.name} ({self.server.url})"
        http = caldav.lib.http_sync.requests.exceptions
        try:
            yield
        except caldav.lib.error.RateLimitError as error:
            raise Unreachable(f"{where} asks for fewer requests.", "What was moved stays.", "Run again later.") from error
        except (caldav.lib.error.AuthorizationError, NotImplementedError) as error:
            # NotImplementedError: the server wants a kind of login that the library does not have.
            # Not chained: some libraries put the request, with its password, into their errors.
            raise LoginRefused(
                f"{where} refuses the login for {self.mailbox.target}: {getattr(error, 'reason', None) or error}.", "Nothing was changed there.",
                "Check the password, the login template and the rights of the account.",
            ) from None
        except (http.InvalidURL, http.MissingSchema, http.InvalidSchema) as error:
            raise MigrationError(f"{self.server.url} is no address of a server: {error}", "Nothing was touched.", "Correct url.") from error
        except http.SSLError as error:
            raise MigrationError(
                f"TLS with {where} failed: {error}.", "No password was sent and nothing was touched.",
                "Give the authority that signed its certificate in ca_file, or have the certificate corrected.",
            ) from error
        except OSError as error:
            raise Unreachable(
                f"{where} can't be reached: {error}.", "What was moved stays.", "Check the host, the port and its log, then run again.",
            ) from error
        except SyntaxError as error:
            # As the XML parser has it.
            raise MigrationError(f"{where} does not talk WebDAV: {error}", "Nothing was changed there.", "Check url.") from error


def _collection(path: str, prop) -> _Collection:
    kinds = set()
    if prop.find("D:resourcetype/A:addressbook", SPACES) is not None:
        kinds.add(CONTACTS)
    if prop.find("D:resourcetype/C:calendar", SPACES) is not None:
        told = prop.find("C:supported-calendar-component-set", SPACES)
        # A calendar that does not say takes all (RFC 4791, 5.2.3).
        components = {one.get("name", "").upper() for one in told} if told is not None else set(COMPONENTS.values())
        kinds |= {kind for kind, component in COMPONENTS.items() if component in components}
    return _Collection(path, frozenset(kinds))


def _path(url: str) -> str:
    """In one spelling of the many that URLs have."""
    return urllib.parse.quote(urllib.parse.unquote(urllib.parse.urlsplit(url).path), safe="/@:+,;=$&!'()*~")


def _name(path: str) -> str:
    """Of a resource, within its collection."""
    return urllib.parse.unquote(path.rpartition("/")[2])


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _words(answer) -> str:
    """What the server says: the code, and the conditions that were not met (RFC 4918, 16)."""
    told = answer.tree is not None and answer.tree.tag == "{DAV:}error"
    conditions = [_local(one.tag) for one in answer.tree if isinstance(one.tag, str)] if told else []
    return " ".join([f"HTTP {answer.status}", *(conditions or [answer.reason or ""])]).strip()
