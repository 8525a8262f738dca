# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Who is talked to: a server, how to log in there, and the mailboxes that belong to it. Plain values."""

from __future__ import annotations

import dataclasses
import functools
import zoneinfo

from .beyond_mailbox import OPTIONS, checked, place
from .site_filter import SiteFilter
from .window import Window

PROTOCOLS = ("imap", "ews")
TLS = ("implicit", "starttls", "none")
MECHANISMS = ("login", "plain")
EWS_AUTH = ("basic", "ntlm", "kerberos", "oauth")
EWS_ACCESS = ("impersonation", "delegation")
PROFILES = (
    "imap", "exchange_5_5", "exchange_2000", "exchange_2003", "exchange_2007", "exchange_2010", "exchange_2013",
)
# Old Exchange drops the connection at the command NAMESPACE, although 2003 offers it (MailKit issue 1512).
WITHOUT_NAMESPACE = ("exchange_5_5", "exchange_2000", "exchange_2003")
# Exchange 5.5 gives more than was asked for (KB 194998).
WITHOUT_PARTS = ("exchange_5_5",)
# RFC822.SIZE is an estimate unless the administrator says otherwise (KB Q191504; MS-STANXIMAP 2.2.25).
ESTIMATES_SIZES = ("exchange_5_5", "exchange_2007", "exchange_2010", "exchange_2013")
# Exchange 2007 closes the connection once such a folder was opened.
TRAILING_BLANK_BREAKS = ("exchange_2007",)
# Exchange lets a mailbox have 16 (Set-ImapSettings, MaxConnectionsPerUser); half of them are left to its user.
EXCHANGE_CONNECTIONS = 8


@dataclasses.dataclass(frozen=True)
class Mailbox:
    """One user's store, as the operator names it on both sides."""

    name: str
    target: str
    wave: str = "default"
    test: bool = False
    password: str | None = dataclasses.field(default=None, repr=False)
    target_password: str | None = dataclasses.field(default=None, repr=False)
    # Mailboxes with a higher number are taken first.
    priority: int = 0
    # A file of Outlook on the station that holds all of it, or (`pst_items_only`) what of it is not mail.
    pst: str | None = None
    pst_items_only: bool = False
    # Folders at the target for its archive and its recoverable items: empty for not at all, None for what the server says (`ews`).
    archive: str | None = None
    recoverable_items: str | None = None
    # A path of public folders that are moved instead of a mailbox; `name` is only what they are called here then.
    public_folder: str | None = None
    # What notices to its user go by.
    address: str | None = None
    language: str | None = None

    @property
    def of_a_user(self) -> bool:
        """Whether the server opens it as a user's mailbox: a PST file says nothing of the server, and public folders are opened by another right."""
        return not self.public_folder and (not self.pst or self.pst_items_only)


@dataclasses.dataclass(frozen=True)
class Probe:
    """An ordinary user's mailbox by which a live server's latency is watched; times in seconds.

    The 95th percentile of its answers is kept within `latency_budget` times that of the quiet server.
    """

    mailbox: str
    password: str | None = dataclasses.field(default=None, repr=False)
    latency_budget: float = 1.25
    interval: float = 0.2
    baseline_seconds: float = 30

    @classmethod
    def from_options(cls, options: dict) -> Probe:
        """`options` is the option `live_probe`. Raises ValueError with a text for the operator."""
        probe = cls(**{field.name: options[field.name] for field in dataclasses.fields(cls) if options.get(field.name) is not None})
        if probe.latency_budget <= 1:
            raise ValueError(f"latency_budget of live_probe is {probe.latency_budget}; it must be more than 1, such as 1.25.")
        if not 0 < probe.interval <= 1:
            raise ValueError(f"interval of live_probe is {probe.interval}; it must be more than 0 and no more than 1 second.")
        if probe.baseline_seconds < 20 * probe.interval:
            raise ValueError(f"baseline_seconds of live_probe is {probe.baseline_seconds}; it must be 20 times the interval or more.")
        return probe


@dataclasses.dataclass(frozen=True)
class Ews:
    """How an Exchange server is talked to by EWS. Without `url` it is found by autodiscover, which Exchange 2007 does not answer."""

    url: str | None = None
    auth: str = "ntlm"
    access: str = "impersonation"
    tenant: str | None = None
    client_id: str | None = None
    client_secret: str | None = dataclasses.field(default=None, repr=False)
    token_url: str | None = None
    scope: str | None = None
    legacy_tls: bool = False
    # Folders at the target for archives and recoverable items of all mailboxes that have them; empty: they stay.
    archive: str = ""
    recoverable_items: str = ""
    public_folder_mailbox: str | None = None
    # For items of which the server tells no zone, or one that nobody knows.
    timezone: str = "UTC"

    @classmethod
    def from_options(cls, options: dict) -> Ews:
        """`options` is the option `ews`. Raises ValueError with a text for the operator."""
        ews = cls(**{field.name: options[field.name] for field in dataclasses.fields(cls) if options.get(field.name) is not None})
        if ews.auth == "oauth" and not (ews.tenant and ews.client_id and ews.client_secret):
            raise ValueError("ews.auth is oauth: it needs tenant, client_id and client_secret.")
        if (ews.token_url or "https:").startswith("http:"):
            raise ValueError("ews.token_url is not encrypted, and would show the secret.")
        try:
            zoneinfo.ZoneInfo(ews.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"ews.timezone is {ews.timezone!r}, which is no time zone that this host knows; give one such as Europe/Berlin.") from error
        return dataclasses.replace(ews, **{name: place(f"ews.{name}", getattr(ews, name)) for name in ("archive", "recoverable_items")})


@dataclasses.dataclass(frozen=True)
class Server:
    """A mail server as the inventory describes it; ports in TCP numbers, timeout in seconds.

    Limits of 0 are none. They hold at any time, unless a window that is open has figures of its own.
    """

    name: str
    host: str
    port: int = 993
    protocol: str = "imap"
    tls: str = "implicit"
    ca_file: str | None = None
    legacy_tls: bool = False
    timeout: float = 60
    profile: str = "imap"
    login: tuple[str, ...] = ("{mailbox}",)
    mechanism: str = "login"
    domain: str = ""
    admin: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    connections: int = 4
    compress: bool = False
    # Paths of folders that are copied whatever they seem to hold, and of such that are not.
    include_folders: tuple[str, ...] = ()
    exclude_folders: tuple[str, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    windows: tuple[Window, ...] = ()
    bytes_per_second: int = 0
    messages_per_second: float = 0
    live_probe: Probe | None = None
    ews: Ews = Ews()
    filter: SiteFilter | None = None
    # Whether PST files are read although they have a password, which is no more than a note in them.
    pst_despite_password: bool = False
    # Options `dav` and `files` of a target, for what is not mail; see _target/registry.py.
    dav: dict | None = dataclasses.field(default=None, repr=False, hash=False)
    files: dict | None = dataclasses.field(default=None, hash=False)
    # Option `sieve` of a target: its ManageSieve service, for rules.
    sieve: dict | None = dataclasses.field(default=None, hash=False)

    @classmethod
    def from_options(cls, options: dict) -> Server:
        """`options` is one element of a module's `sources`, its `target`, or its `server`.

        Raises ValueError with a text for the operator when a window or a limit makes no sense.
        """
        fields = {field.name for field in dataclasses.fields(cls)}
        given = {key: value for key, value in options.items() if key in fields and value is not None}
        given["name"] = given.get("name") or given["host"]
        given["login"] = tuple(given.get("login") or ("{mailbox}",))
        given["include_folders"], given["exclude_folders"] = (tuple(given.get(key) or ()) for key in ("include_folders", "exclude_folders"))
        given["mailboxes"] = tuple(
            Mailbox(
                name=mailbox["name"],
                target=mailbox.get("target") or mailbox["name"],
                wave=mailbox.get("wave") or "default",
                test=bool(mailbox.get("test")),
                password=mailbox.get("password"),
                target_password=mailbox.get("target_password"),
                priority=int(mailbox.get("priority") or 0),
                pst=mailbox.get("pst"),
                pst_items_only=bool(mailbox.get("pst_items_only")),
                address=mailbox.get("address"),
                language=mailbox.get("language"),
                **{name: mailbox.get(name) for name in OPTIONS},
            )
            for mailbox in given.get("mailboxes") or ()
        )
        try:
            given["windows"] = tuple(Window.from_options(window) for window in given.get("windows") or ())
            given["live_probe"] = Probe.from_options(given["live_probe"]) if given.get("live_probe") else None
            given["ews"] = Ews.from_options(given.get("ews") or {})
            given["filter"] = SiteFilter.from_options(given["filter"]) if given.get("filter") else None
            if given.get("protocol") == "ews" and (given["ews"].url or "").startswith("http:") and given.get("tls") != "none":
                raise ValueError("ews.url is not encrypted, and would show the password; say tls: none if that is meant.")
            if given.get("protocol") == "ews" and given["ews"].auth == "oauth":
                probe = given["live_probe"]
                own = [mailbox.name for mailbox in given["mailboxes"] if mailbox.password is not None]
                own += ["live_probe"] if probe and probe.password is not None else []
                if own:
                    raise ValueError(f"{own[0]} has a password of its own, but with ews.auth oauth the application opens all mailboxes; leave it out.")
            both = {path.strip("/").casefold() for path in given["include_folders"]} & {path.strip("/").casefold() for path in given["exclude_folders"]}
            if both:
                raise ValueError(f"include_folders and exclude_folders both name {', '.join(sorted(both))}.")
            if "" in {path.strip("/ ") for path in given["include_folders"] + given["exclude_folders"]}:
                raise ValueError("include_folders or exclude_folders has an empty path.")
            if given.get("protocol") == "ews" and given["include_folders"] + given["exclude_folders"]:
                raise ValueError("include_folders and exclude_folders are for servers that are read by IMAP.")
            if given.get("dav") and given.get("files"):
                raise ValueError("dav and files exclude each other: what is not mail goes to one place.")
            for limit, least in (("connections", 1), ("bytes_per_second", 0), ("messages_per_second", 0)):
                if given.get(limit, least) < least:
                    raise ValueError(f"{limit} is {given[limit]}; it can't be less than {least}.")
            server = cls(**given)
            return dataclasses.replace(server, mailboxes=tuple(checked(mailbox, server) for mailbox in server.mailboxes))
        except ValueError as error:
            raise ValueError(f"{given['name']}: {error}") from error

    @property
    def exchange(self) -> bool:
        """By the operator's word, since greetings may be anything."""
        return self.profile.startswith("exchange_")

    @functools.cached_property
    def by_name(self) -> dict[str, Mailbox]:
        return {mailbox.name: mailbox for mailbox in self.mailboxes}

    @property
    def public_reader(self) -> str:
        """How the account is named that reads public folders; an SMTP address where admin and login form make one."""
        return self.login_names(self.admin)[0] if self.admin else ""

    def login_names(self, mailbox: str) -> list[str]:
        """Every way in which this server may want `mailbox` to be named at login, in the operator's order."""
        return [
            template.format(mailbox=mailbox, admin=self.admin or mailbox, domain=self.domain) for template in self.login
        ]
