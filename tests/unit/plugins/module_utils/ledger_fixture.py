# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ledgers for tests, with what most of them start from."""

from __future__ import annotations

from ansible_collections.messaging.migration.plugins.module_utils._ledger import items, mailboxes
from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import open_ledger
from ansible_collections.messaging.migration.plugins.module_utils._model.message import Message
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox

MIGRATION = "example"


def options(folder) -> dict:
    return {"url": f"sqlite:///{folder}/ledger.sqlite"}


def opened(folder):
    return open_ledger(options(folder), MIGRATION)


def with_mailboxes(ledger, *names: str, server: str = "s1", **values) -> list:
    """Rows of newly registered mailboxes, beside those that the server has."""
    there = [Mailbox(row.name, row.target, row.wave, row.test, priority=row.priority) for row in mailboxes.listed(ledger) if row.server == server]
    mailboxes.register(ledger, server, [*there, *(Mailbox(name, f"{name}-at-target", **values) for name in names)])
    return [mailboxes.find(ledger, server, name) for name in names]


def with_folder(ledger, mailbox_id: int, name: str = "INBOX"):
    """A folder as a first pass writes it down."""
    return items.add_folders(ledger, mailbox_id, [
        {"source_name": name, "target_name": name, "source_uidvalidity": 1, "target_uidvalidity": 1000}
    ])[name]


def message(uid: int, body: bytes = b"body", flags: tuple[str, ...] = ()) -> Message:
    return Message.of(uid, body, flags, "02-Jan-2019 03:04:05 +0100")
