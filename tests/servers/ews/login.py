# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is on a connection: by password (Basic), by NTLM, which is done once a connection, or by a token that an application was given (OAuth)."""

from __future__ import annotations

import base64
import binascii
import json
import os
import pathlib
import secrets
import sqlite3
import time
import typing as t
import urllib.parse

from .store import Store

OFFERED = (("WWW-Authenticate", "NTLM"), ("WWW-Authenticate", 'Basic realm="exchange"'), ("WWW-Authenticate", "Bearer"))
TOKENS = "/oauth2/v2.0/token"
DOMAIN = "EXAMPLE"
Headers = tuple[tuple[str, str], ...]


class Login:
    """Of one connection."""

    def __init__(self, store: Store, folder: pathlib.Path, certificate: pathlib.Path | None) -> None:
        self._store, self._users, self._certificate = store, folder / "ntlm-users", certificate
        self._handshake: t.Any = None
        self._proved: sqlite3.Row | None = None

    def account(self, authorization: str) -> tuple[sqlite3.Row | None, Headers]:
        """The account, or None and what to answer with HTTP 401."""
        kind, _space, value = authorization.partition(" ")
        try:
            given = base64.b64decode(value) if kind.lower() in ("basic", "ntlm") else b""
        except binascii.Error:
            return None, OFFERED
        if kind.lower() == "ntlm":
            return self._ntlm(given)
        if kind.lower() == "basic":
            name, _colon, password = given.decode(errors="replace").partition(":")
            return self._store.row("SELECT * FROM account WHERE NOT disabled AND name = ? AND password = ?", name.lower(), password), OFFERED
        if kind.lower() == "bearer":
            found = self._store.row("SELECT account.* FROM token JOIN account ON account.name = token.account WHERE token = ? AND ends > ?", value, time.time())
            return found, (("WWW-Authenticate", 'Bearer error="invalid_token"'),)
        return self._proved, OFFERED

    def _ntlm(self, given: bytes) -> tuple[sqlite3.Row | None, Headers]:
        # The lab's server does without NTLM, and without these libraries.
        from spnego.exceptions import SpnegoError

        if given[8:12] == b"\x01\0\0\0":
            self._handshake, self._proved = self._acceptor(), None
        if self._handshake is None:
            return None, OFFERED
        try:
            answer = self._handshake.step(given)
        except SpnegoError:
            self._handshake = None
            note(self._store, "ntlm", "", False)
            return None, OFFERED
        if not self._handshake.complete:
            return None, (("WWW-Authenticate", f"NTLM {base64.b64encode(answer or b'').decode()}"),)
        name = (self._handshake.client_principal or "").rpartition("\\")[2]
        self._proved, self._handshake = self._store.row("SELECT * FROM account WHERE name = ?", name.lower()), None
        note(self._store, "ntlm", name, self._proved is not None)
        return self._proved, OFFERED

    def _acceptor(self) -> t.Any:
        """It takes the names and passwords from a file, and with TLS it demands that the client has seen this very certificate."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        import spnego
        from spnego.channel_bindings import GssChannelBindings

        rows = self._store.rows("SELECT name, password FROM account WHERE NOT disabled")
        self._users.write_text("".join(f"{domain}:{row['name']}:{row['password']}\n" for row in rows for domain in (DOMAIN, "")))
        os.environ["NTLM_USER_FILE"] = str(self._users)
        bindings = None
        if self._certificate:
            certificate = x509.load_pem_x509_certificate(self._certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
            digest = hashes.Hash(hashes.SHA256())
            digest.update(certificate)
            bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm, channel_bindings=bindings)


def note(store: Store, kind: str, name: str, accepted: bool, scope: str | None = None) -> None:
    """For tests to see what was tried."""
    store.insert("login", kind=kind, name=name, accepted=accepted, scope=scope)


def token(store: Store, body: bytes) -> tuple[int, bytes]:
    """What an application gets for its secret (RFC 6749, 4.4): HTTP status and answer."""
    form = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode()).items()}
    if form.get("grant_type") != "client_credentials":
        return 400, json.dumps({"error": "invalid_request", "error_description": "grant_type must be client_credentials"}).encode()
    name, secret = form.get("client_id", "").lower(), form.get("client_secret", "")
    found = store.row("SELECT name FROM account WHERE NOT disabled AND name = ? AND password = ?", name, secret)
    note(store, "oauth", name, found is not None, form.get("scope"))
    if not found:
        return 401, json.dumps({"error": "invalid_client", "error_description": "The secret is not right."}).encode()
    seconds, made = store.setting("token_seconds") or 3600, secrets.token_urlsafe(32)
    store.insert("token", token=made, account=found["name"], ends=time.time() + seconds)
    return 200, json.dumps({"token_type": "Bearer", "expires_in": seconds, "access_token": made}).encode()
