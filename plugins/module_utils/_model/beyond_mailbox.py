# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What an operator may say of archives, recoverable items and public folders, which lie outside of a user's mailbox."""

from __future__ import annotations

import dataclasses

from .folder_map import is_inbox

OPTIONS = ("archive", "recoverable_items", "public_folder")


def place(option: str, path: str) -> str:
    """The folder at the target in which others are to lie, without slashes at its ends. Raises ValueError with a text for the operator."""
    bare = path.strip("/")
    if path and (is_inbox(bare) or any(not part.strip() for part in bare.split("/"))):
        raise ValueError(f"{option} is '{path}'; it has to be a folder of its own, such as Archive, or Old mail/Archive.")
    return bare


def checked(mailbox, server):
    """A Mailbox of a Server of server.py, if what it says can be done. Raises ValueError with a text for the operator."""
    named = {name: getattr(mailbox, name) for name in OPTIONS if getattr(mailbox, name)}
    if not named:
        return mailbox
    first = next(iter(named))
    if server.protocol != "ews":
        raise ValueError(f"{mailbox.name}: {first} is moved by EWS alone (protocol: ews).")
    if mailbox.pst and not mailbox.pst_items_only:
        raise ValueError(f"{mailbox.name}: {first} is the server's, and this mailbox is read from a PST file.")
    if not mailbox.public_folder:
        return dataclasses.replace(mailbox, **{name: place(f"{name} of {mailbox.name}", path) for name, path in named.items()})
    if len(named) > 1 or mailbox.password is not None or mailbox.pst:
        raise ValueError(f"{mailbox.name}: public folders have no archive, no recoverable items, no password and no PST file of their own.")
    path = mailbox.public_folder
    if not path.startswith("/") or path != "/" and any(not part.strip() for part in path[1:].split("/")):
        raise ValueError(f"{mailbox.name}: public_folder is '{path}'; it has to be a path such as /Sales/Offers.")
    if "@" not in server.public_reader and server.ews.auth == "oauth":
        raise ValueError(f"{mailbox.name}: public folders are read for a user; admin has to be the SMTP address for which the application acts.")
    if "@" not in server.public_reader and not server.ews.public_folder_mailbox:
        raise ValueError(f"{mailbox.name}: public folders are read by way of a mailbox: admin has to be an SMTP address, or ews.public_folder_mailbox one.")
    return mailbox
