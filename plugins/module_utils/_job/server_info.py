# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Who a mail server is and what it can do."""

from __future__ import annotations

import re
import ssl

from .._errors import MigrationError
from .._imap.folders import namespace
from .._imap.session import REFUSED, Session, connect
from .._model.server import Mailbox, Server
from .._source.registry import prove
from .plan import described

# Greetings of the products that this collection is for (nmap's service probes; MS-OXIMAP4).
GREETINGS = (
    (re.compile(r"Mirapoint IMAP4(?:PROXY)? (\S+)"), "Mirapoint"),
    (re.compile(r"Microsoft Exchange Server (2003|2007)\b"), "Microsoft Exchange"),
    # The words between may be in any language.
    (re.compile(r"Microsoft Exchange\b.*?\b(6\.0\.\d[\d.]*)"), "Microsoft Exchange 2000"),
    (re.compile(r"Microsoft Exchange\b.*?\b((?:5\.5|6\.5)\.\d[\d.]*)"), "Microsoft Exchange"),
    (re.compile(r"The Microsoft Exchange IMAP4 service is ready()"), "Microsoft Exchange 2010 or later"),
    (re.compile(r"Cyrus IMAP (\S+)"), "Cyrus IMAP"),
    (re.compile(r"\bDovecot\b()"), "Dovecot"),
)


def server_info(options: dict, mailbox: str | None, password: str | None = None) -> dict:
    """The module mail_server_info; see its RETURN. `password`: of the mailbox's own user."""
    server = described(options)
    owner = Mailbox(mailbox, mailbox, password=password) if mailbox else None
    if server.protocol != "imap":
        if owner is None:
            raise MigrationError(f"{server.name} is looked at by way of a mailbox.", "Nothing was touched.", "Give mailbox.")
        return dict(described_by(server, owner), changed=False, login=server.login_names(mailbox)[0], login_form=server.login[0])
    session = connect(server, owner)
    form = server.login[server.login_names(mailbox).index(session.login)] if mailbox else ""
    result = dict(describe(session), changed=False, login=session.login if mailbox else "", login_form=form)
    session.close()
    return result


def described_by(server: Server, mailbox: Mailbox) -> dict:
    """The same of a source server, by whatever protocol it is read, after a login to one of its mailboxes."""
    if server.protocol == "imap" and not (mailbox.pst and not mailbox.pst_items_only):
        session = connect(server, mailbox)
        found = describe(session)
        session.close()
        return found
    found = {"greeting": "", "id": {}, "capabilities": [], "tls": {"version": "", "cipher": "", "subject": "", "not_after": ""}}
    return found | prove(server, mailbox)


def describe(session: Session) -> dict:
    """Identity and abilities of the server behind a session, as plain values."""
    greeting = session.client.welcome
    greeting = greeting.decode("utf-8", "replace") if isinstance(greeting, bytes) else str(greeting)
    product, version = identify(greeting)
    prefix, separator = namespace(session)
    return {
        "greeting": greeting,
        "product": product,
        "version": version,
        "capabilities": sorted(session.capabilities),
        "id": _id(session),
        "namespace": {"prefix": prefix, "separator": separator or ""},
        "tls": _tls(session),
    }


def identify(greeting: str) -> tuple[str, str]:
    """Product and version as far as the greeting tells; both stay empty where it is another one, or in words of the site's own."""
    for pattern, product in GREETINGS:
        found = pattern.search(greeting)
        if found:
            return product, found[1]
    return "", ""


def _id(session: Session) -> dict:
    if not session.has("ID"):
        return {}
    try:
        fields = session.client.id_()
    except REFUSED:
        return {}
    flat = fields[0] if fields and isinstance(fields[0], (list, tuple)) else ()
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in flat]
    return dict(zip(texts[::2], texts[1::2], strict=False))


def _tls(session: Session) -> dict:
    sock = session.client._imap.sock
    if not isinstance(sock, ssl.SSLSocket):
        return {"version": "", "cipher": "", "subject": "", "not_after": ""}
    certificate = sock.getpeercert() or {}
    names = dict(pair for part in certificate.get("subject", ()) for pair in part)
    return {
        "version": sock.version() or "",
        "cipher": (sock.cipher() or ("",))[0],
        "subject": names.get("commonName", ""),
        "not_after": certificate.get("notAfter", ""),
    }
