# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which file speaks which source protocol: a new one is a line here and a file beside it."""

from __future__ import annotations

from .._imap.session import connect
from .._ledger.catalogue import Catalogue
from .._ledger.store import passing_ledger
from .._model.server import Mailbox, Server
from .imap import ImapSource


def open_source(server: Server, mailbox: Mailbox, ledger=None, mailbox_id: int | None = None):
    """`ledger` and `mailbox_id`: where a source without UIDs of its own remembers what it has listed; without them it forgets."""
    # Loaded where they are needed: exchangelib takes longer to load than all else that a module does.
    if mailbox.pst and not mailbox.pst_items_only:
        from .pst import PstSource

        return PstSource(server, mailbox)
    if server.protocol == "imap":
        return ImapSource(server, mailbox)
    from .ews import EwsSource

    memory = Catalogue(ledger, mailbox_id) if ledger is not None else Catalogue(passing_ledger(), 0)
    return EwsSource(server, mailbox, memory)


def open_items_source(mail_source, server: Server, mailbox: Mailbox):
    """Where the mailbox has what is not mail: beside its mail, or in a file of its own."""
    if not (mailbox.pst and mailbox.pst_items_only):
        return mail_source
    from .pst import PstSource

    return PstSource(server, mailbox)


def prove(server: Server, mailbox: Mailbox) -> dict:
    """One login, with no connection left over that a process forked later would share. Returns what the source tells of its server."""
    if mailbox.pst and not mailbox.pst_items_only:
        open_source(server, mailbox).close()
        return {"product": "PST file", "version": "", "namespace": {"prefix": "", "separator": "/"}}
    if server.protocol == "imap":
        connect(server, mailbox).close()
        return {}
    source = open_source(server, mailbox)
    identity = source.identity()
    source.close()
    from .._ews import account

    account.forget()
    return identity
