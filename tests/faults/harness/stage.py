# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where runs begin: mailboxes before their first pass, and mailboxes that were copied and have changed since.

Both are made once and kept as folders. A run gets copies of them under names of its own, which takes milliseconds.
"""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import time

from servers import mail
from servers.dovecot import Dovecot

# As in the inventory. At the servers each run's have its number behind them.
MAILBOXES = ({"name": "anna.berg", "target": "anna"}, {"name": "bo", "target": "bo"})


@dataclasses.dataclass(frozen=True)
class Stage:
    """`module` is what does the next pass; `folder` has mailboxes of the source and of the target, and the ledger."""

    name: str
    module: str
    folder: pathlib.Path


def fill(source: Dovecot, mailbox: str, messages: int) -> None:
    client = source.client(mailbox)
    client.create_folder("Projects")
    client.subscribe_folder("Projects")
    # More than one batch of a hundred in each.
    mail.fill(client, "INBOX", messages // 2, 500)
    mail.fill(client, "Projects", messages // 2, 500)
    # Exact duplicates are the hardest to recognise after a crash.
    client.multiappend("Projects", [mail.message(1, seed="twin")] * 3)
    client.logout()


def change(source: Dovecot, mailbox: str) -> None:
    """A working day: new mail, other flags, moved and deleted messages, a new folder, a renamed one."""
    client = source.client(mailbox)
    mail.fill(client, "INBOX", 10, 500, first=1000)
    client.multiappend("INBOX", [mail.message(2, seed="twin")] * 2)
    client.select_folder("INBOX")
    uids = client.search()
    client.add_flags(uids[:5], [b"\\Flagged", b"Later"])
    client.remove_flags(uids[5:10], [b"\\Seen"])
    client.create_folder("Archive")
    client.move(uids[10:18], "Archive")
    client.delete_messages(uids[20:26])
    client.expunge()
    client.unselect_folder()
    client.rename_folder("Projects", "Old projects")
    client.subscribe_folder("Archive")
    client.logout()


def save(server: Dovecot, number: str, names: list[str], into: pathlib.Path) -> None:
    """Keep mailboxes of run `number`."""
    into.mkdir(parents=True)
    for name in names:
        quiet(server, f"{name}.{number}")
        subprocess.run(["cp", "-a", server.folder / "mail" / f"{name}.{number}", into / name], check=True)


def restore(server: Dovecot, number: str, names: list[str], kept: pathlib.Path) -> None:
    """Give run `number` what was kept; nothing where nothing was."""
    for name in names:
        if (kept / name).exists():
            subprocess.run(["cp", "-a", kept / name, server.folder / "mail" / f"{name}.{number}"], check=True)


def quiet(server: Dovecot, user: str) -> None:
    """Wait until nobody has the mailbox open any more: clients that left may still be looked after for a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        who = subprocess.run(["doveadm", "-c", server.folder / "dovecot.conf", "who", "-1", user], check=True, capture_output=True, text=True)
        if user not in who.stdout:
            return
        time.sleep(0.02)
    raise AssertionError(f"Somebody still has {user} open.")
