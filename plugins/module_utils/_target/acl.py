# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Who may do what in the folders of one mailbox, by IMAP (RFC 4314, and RFC 2086 before it).

A folder's owner gives rights where the server lets him (right a), else the administrator does, who knows the folder by another name.
"""

from __future__ import annotations

import dataclasses

from .._errors import MigrationError
from .._imap.folders import namespace
from .._imap.session import Session, connect, refusal
from .._imap.wire import quoted, values
from .._model.folder_names import decoded, wire_name
from .._model.server import Mailbox, Server


class AclTarget:
    """`template` is how the administrator sees a user's mailbox. Folders are named as their owner has them. Errors: MigrationError, REFUSED, LOST."""

    def __init__(self, server: Server, mailbox: Mailbox, template: str) -> None:
        self.server, self.mailbox, self.template = server, mailbox, template
        self._owner = connect(server, dataclasses.replace(mailbox, name=mailbox.target, password=mailbox.target_password))
        self._administrator: Session | None = None
        # Folder -> who gives rights in it, and its name for him.
        self._way: dict[str, tuple[Session, bytes]] = {}

    @property
    def supported(self) -> bool:
        return self._owner.has("ACL")

    @property
    def old(self) -> bool:
        """Whether only the letters of RFC 2086 are known."""
        return not any(name.startswith("RIGHTS=") for name in self._owner.capabilities)

    def read(self, names: list[str]) -> dict[str, dict[str, str]]:
        """Folder -> who -> letters; folders that are not there are left out."""
        mine = self._owner.wire.burst([b"MYRIGHTS " + quoted(wire_name(name)) for name in names])
        for name, (responses, answer) in zip(names, mine, strict=True):
            if answer.ok:
                told = [values(parts, 11) for parts in responses if parts[0][:11].upper() == b"* MYRIGHTS "]
                may = any(b"a" in rights for _name, rights in told)
                self._way[name] = (self._owner, wire_name(name)) if may else (self._as_administrator(), self._for_administrator(name))
        found: dict[str, dict[str, str]] = {}
        for session in {id(one): one for one, _name in self._way.values()}.values():
            asked = [name for name in names if name in self._way and self._way[name][0] is session]
            answers = session.wire.burst([b"GETACL " + quoted(self._way[name][1]) for name in asked])
            for name, (responses, answer) in zip(asked, answers, strict=True):
                if not answer.ok:
                    raise refusal(f"reading who has rights in the folder {decoded(name)}", answer.text)
                found[name] = _acl(responses)
        return found

    def change(self, name: str, who: str, sign: str, letters: str) -> str:
        """Add (sign +) or take away (sign -) rights in a folder that was read; the server's words if it refuses."""
        session, own = self._way[name]
        (_responses, answer), = session.wire.burst([b"SETACL %s %s %s" % (quoted(own), quoted(who.encode()), quoted(f"{sign}{letters}".encode()))])
        return "" if answer.ok else answer.text

    def close(self) -> None:
        for session in (self._owner, self._administrator):
            if session is not None:
                session.close()

    def _as_administrator(self) -> Session:
        if self._administrator is None:
            if not self.server.admin:
                raise MigrationError(
                    f"On {self.server.name} {self.mailbox.target} may not give rights in his own folders, and no administrator is named.",
                    "Nothing was changed there.", "Give target.admin, or the owner the right `a`.",
                )
            self._administrator = connect(self.server)
        return self._administrator

    def _for_administrator(self, name: str) -> bytes:
        prefix, separator = namespace(self._owner)
        separator = separator or "."
        top = self.template.format(separator=separator, mailbox=self.mailbox.target)
        below = name.removeprefix(prefix)
        return wire_name(top if name.upper() == "INBOX" else f"{top}{separator}{below}")


def _acl(responses) -> dict[str, str]:
    found: dict[str, str] = {}
    for parts in responses:
        if parts[0][:6].upper() == b"* ACL ":
            _name, *pairs = values(parts, 6)
            found |= {_text(who): _text(letters) for who, letters in zip(pairs[::2], pairs[1::2], strict=True)}
    return found


def _text(value) -> str:
    return bytes(value or b"").decode("utf-8", "replace")
