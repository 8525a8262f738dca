# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Mailboxes on the target, made by its administrator over IMAP: create, rights, quota."""

from __future__ import annotations

from .._errors import MigrationError
from .._imap.folders import namespace
from .._imap.session import REFUSED, connect
from .._model.folder_names import wire_name
from .plan import described

# All rights of RFC 4314 but one: who may administer the mailbox stays the administrator's business.
OWNER_RIGHTS = "lrswipkxte"


def imap_mailbox(params: dict, check_mode: bool = False) -> dict:
    """The module imap_mailbox; see its RETURN."""
    server = described(params["target"])
    session = connect(server)
    try:
        return _Accounts(session, params, check_mode).run()
    finally:
        session.close()


class _Accounts:
    def __init__(self, session, params: dict, check_mode: bool) -> None:
        self.session, self.client, self.check_mode = session, session.client, check_mode
        self.params = params
        _prefix, self.separator = namespace(session)
        self.result = {"changed": False, "created": 0, "quota_set": 0, "unchanged": 0, "diff": {"before": "", "after": ""}}

    def run(self) -> dict:
        for wanted in self.params["mailboxes"]:
            name = self.params["name_template"].format(separator=self.separator or ".", mailbox=wanted["name"])
            try:
                touched = self._present(name, wanted)
            except REFUSED as error:
                raise MigrationError(
                    f"{self.session.server.name} refuses {name}: {error}.",
                    f"{self.result['created']} mailboxes were created before it; they stay.",
                    "Correct the mailbox's name or the administrator's rights, then run again.", **self.result,
                ) from error
            self.result["changed"] |= touched
            self.result["unchanged"] += not touched
        return self.result

    def _present(self, name: str, wanted: dict) -> bool:
        exists = bool(self.client.list_folders("", name))
        touched = not exists
        if not exists:
            self.result["created"] += 1
            self._differs(name, "absent", "present")
            if not self.check_mode:
                self.client.create_folder(wire_name(name))
                if self.session.has("ACL"):
                    # The owner has his rights from the server; the administrator needs his own to write.
                    self.client.setacl(wire_name(name), self.session.server.admin, OWNER_RIGHTS + "a")
        quota = wanted["quota_mb"] if wanted.get("quota_mb") is not None else self.params["target"].get("quota_mb")
        if quota and self.session.has("QUOTA"):
            before = self._quota(name) if exists else None
            if before != quota * 1024:
                touched = True
                self.result["quota_set"] += 1
                self._differs(name, f"quota {before} KiB", f"quota {quota * 1024} KiB")
                if not self.check_mode:
                    self._command("SETQUOTA", name, f"(STORAGE {quota * 1024})")
        return touched

    def _quota(self, name: str) -> int | None:
        for quota in self.client.get_quota_root(name)[1]:
            if _text(quota.resource).upper() == "STORAGE" and _text(quota.quota_root) == name:
                return int(quota.limit)
        return None

    def _command(self, verb: str, name: str, arguments: str) -> None:
        *_untagged, answer = self.session.wire.run(f'{verb} "{name}" {arguments}'.encode("latin-1"))
        if not answer.ok:
            raise REFUSED(answer.text)

    def _differs(self, name: str, before: str, after: str) -> None:
        self.result["diff"]["before"] += f"{name}: {before}\n"
        self.result["diff"]["after"] += f"{name}: {after}\n"


def _text(value) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
