# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The mailbox of a live_probe, read as its own user would: message after message, each one late again, so that the server's
caches make nothing look quicker than it is."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import time

from .._errors import MigrationError, Unreachable
from .._imap.session import connect
from .._libraries import exchangelib
from .._model.server import Mailbox, Probe, Server
from .arrival import Arrival

# An answer that takes longer counts as a lost connection, in seconds. It is less than live_probe's STEERING_SECONDS.
TIMEOUT = 20.0
# So much of a message is read by IMAP, in bytes; by EWS it is what a mail program shows. Of so many messages.
SAMPLE_BYTES = 8192
SHOWN = ("subject", "author", "datetime_received", "is_read", "body")
MESSAGES = 1000


def open_user(server: Server) -> ImapUser | EwsUser:
    """Logged in to the mailbox of `server.live_probe`, in the way in which the server is read. Errors: MigrationError, session.LOST, REFUSED."""
    server = dataclasses.replace(server, timeout=min(server.timeout, TIMEOUT))
    return EwsUser(server) if server.protocol == "ews" else ImapUser(server)


class ImapUser:
    def __init__(self, server: Server) -> None:
        probe = server.live_probe
        if probe.password and any("{admin}" in form for form in server.login):
            # The administrator's forms are not this user's.
            forms = ("{mailbox}", "{domain}\\{mailbox}") if server.domain else ("{mailbox}",)
            server = dataclasses.replace(server, login=forms)
        self.session = connect(server, _mailbox(probe))
        self.arrival = Arrival(self.session.client.socket(), TIMEOUT)
        self.uids = list(self.session.client.search("ALL"))
        if not self.uids:
            self.close()
            raise _without_messages(server)
        random.shuffle(self.uids)
        self.number = 0

    def read(self) -> float | None:
        """Seconds that the server took for a message; None when the message is gone."""
        self.number += 1
        uid = self.uids[self.number % len(self.uids)]
        began, at = time.monotonic(), time.time()
        tag = self.session.wire.start(b"UID FETCH %d (FLAGS BODY.PEEK[]<0.%d>)" % (uid, SAMPLE_BYTES))
        lain = self.arrival.wait(at)
        *_untagged, answer = self.session.wire.result(tag)
        lain += self.arrival.since()
        return time.monotonic() - began - lain if answer.ok else None

    def close(self) -> None:
        self.arrival.close()
        self.session.close()


class EwsUser:
    def __init__(self, server: Server) -> None:
        # Loaded where it is needed, as in _source/registry.py.
        from .._ews import account, services

        self._server, self._account, self._number = server, account, 0
        with self._told(proved=False):
            user, kinds, properties = account.account(server, _mailbox(server.live_probe)), services.classes(), exchangelib.properties
            owner = properties.Mailbox(email_address=user.primary_smtp_address)
            inbox = kinds.folder(account=user).found(properties.DistinguishedFolderId(id="inbox", mailbox=owner))
            self._ids = [entry.remote_id for entry in kinds.listing(account=user).all(inbox.id, True, MESSAGES)]
            self._items, version = kinds.items(account=user), user.version
        if not self._ids:
            self.close()
            raise _without_messages(server)
        fields = [exchangelib.Message.get_field_by_fieldname(name) for name in SHOWN]
        self._fields = {exchangelib.fields.FieldPath(field=field) for field in fields if field.supports_version(version)}
        random.shuffle(self._ids)

    @contextlib.contextmanager
    def _told(self, proved: bool = True):
        try:
            with self._account.told(self._server, self._server.live_probe.mailbox, proved):
                yield
        except self._account.Busy as error:
            # The user himself gets no answer now.
            raise Unreachable(str(error)) from error

    def read(self) -> float | None:
        """As ImapUser's."""
        self._number += 1
        began = time.monotonic()
        with self._told():
            item, = self._items.read([self._ids[self._number % len(self._ids)]], self._fields)
        return None if isinstance(item, Exception) else time.monotonic() - began

    def close(self) -> None:
        # This process has no other connections.
        self._account.forget()


def _mailbox(probe: Probe) -> Mailbox:
    return Mailbox(name=probe.mailbox, target=probe.mailbox, password=probe.password)


def _without_messages(server: Server) -> MigrationError:
    return MigrationError(
        f"The INBOX of {server.live_probe.mailbox} on {server.name}, by which its latency is to be watched, has no messages.", "Nothing was copied.",
        "Name a mailbox with some hundred messages in live_probe.",
    )
