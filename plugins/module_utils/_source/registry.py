# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which file speaks which source protocol: a new one is a line here and a file beside it."""

from __future__ import annotations

from .._model.server import Mailbox, Server
from .imap import ImapSource

SOURCES = {"imap": ImapSource}


def open_source(server: Server, mailbox: Mailbox):
    return SOURCES[server.protocol](server, mailbox)
