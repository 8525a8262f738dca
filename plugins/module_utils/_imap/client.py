# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""IMAPClient, which need not ask for what the server says by itself: a pass over thousands of mailboxes is mostly logins."""

from __future__ import annotations

import functools

from .._libraries import imapclient


class _Greeted:
    """For imaplib.IMAP4: servers tell their capabilities with the greeting (RFC 9051, 7.1), and a round trip is spared."""

    def _get_capabilities(self) -> None:
        told = self.untagged_responses.pop("CAPABILITY", None)
        if told and told[-1]:
            self.capabilities = tuple(told[-1].decode("ascii", "replace").upper().split())
        else:
            super()._get_capabilities()


@functools.lru_cache(maxsize=1)
def client_class() -> type:
    """Built at first use, so that the module can be documented where IMAPClient is missing."""

    class Clear(_Greeted, imapclient.imap4.IMAP4WithTimeout):
        pass

    class Encrypted(_Greeted, imapclient.tls.IMAP4_TLS):
        pass

    class Client(imapclient.IMAPClient):
        def _create_IMAP4(self):
            seconds = self._timeout.connect
            if self.ssl:
                return Encrypted(self.host, self.port, self.ssl_context, seconds)
            return Clear(self.host, self.port, seconds)

    return Client
