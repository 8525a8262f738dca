# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.
"""Where what is not mail goes: to a server by CalDAV and CardDAV, into files that a person imports, or nowhere."""

from __future__ import annotations

from .._model.server import Mailbox, Server


def open_items_target(server: Server, mailbox: Mailbox):
    """As in items.py; None where the inventory says nothing of it, and then it stays at the source."""
    if server.dav:
        # Loaded where it is needed, as most passes are of mail alone.
        from .dav import DavServer, DavTarget

        given = {key: value for key, value in server.dav.items() if value is not None}
        usual = {"admin": server.admin, "password": mailbox.target_password or server.password, "ca_file": server.ca_file, "timeout": server.timeout}
        return DavTarget(DavServer(name=server.name, **{**usual, **given}), mailbox)
    if server.files:
        from .files import FileTarget

        return FileTarget(server.files["path"], mailbox.target, {kind: name for kind, name in (server.files.get("formats") or {}).items() if name})
    return None
