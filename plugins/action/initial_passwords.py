# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.parsing.vault import VaultSecret, VaultSecretsContext
from ansible.plugins.action import ActionBase

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._model.password import password
from ansible_collections.messaging.migration.plugins.plugin_utils._vaulted_file import NOTHING_WRITTEN, VaultedFile

OPTIONS = {
    "path": {"type": "path", "required": True},
    "mailboxes": {"type": "list", "elements": "dict"},
    "account_plan_path": {"type": "path"},
    "wave": {"type": "str"},
    "variable": {"type": "str", "default": "initial_passwords"},
    "length": {"type": "int", "default": 14},
    "symbols": {"type": "str", "default": ""},
    "vault_id": {"type": "str"},
    "vault_password": {"type": "str", "no_log": True},
    "vault_password_file": {"type": "path"},
}


class ActionModule(ActionBase):
    """All of initial_passwords: it works on the controller, so that no password leaves it."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            OPTIONS, required_one_of=[("mailboxes", "account_plan_path")],
            mutually_exclusive=[("mailboxes", "account_plan_path"), ("vault_password", "vault_password_file")],
        )
        try:
            return self._made(options)
        except MigrationError as error:
            return {"failed": True, "msg": str(error)}

    def _made(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            password(options["length"], options["symbols"])
        except ValueError as error:
            raise MigrationError(str(error), NOTHING_WRITTEN, "Correct the option.") from error
        if not options["variable"].isidentifier():
            raise MigrationError(f"variable is {options['variable']!r}, which is no name of a variable.", NOTHING_WRITTEN)
        wanted = _accounts(options)
        file = VaultedFile(pathlib.Path(options["path"]), _secrets(options), options["vault_id"])
        with file.locked():
            variables = file.read()
            known = variables.get(options["variable"]) or {}
            if not isinstance(known, dict) or not all(isinstance(value, str) and value for value in known.values()):
                raise MigrationError(
                    f"{options['variable']} in {file.path} is not one password for each account.", NOTHING_WRITTEN, "Correct it by ansible-vault edit.",
                )
            lacking = sorted(wanted - known.keys())
            open_to_others = bool(variables) and not file.private
            if (lacking or open_to_others) and not self._task.check_mode:
                made = {name: password(options["length"], options["symbols"]) for name in lacking}
                file.write({**variables, options["variable"]: {**known, **made}})
        return {
            "changed": bool(lacking) or open_to_others, "made": len(lacking), "kept": len(wanted) - len(lacking), "others": len(known.keys() - wanted),
            "path": str(file.path),
        }


def _accounts(options: dict[str, t.Any]) -> set[str]:
    """Names at the target."""
    if options["account_plan_path"]:
        entries = _plan(options["account_plan_path"])
    else:
        # Public folders that move have no user of their own.
        entries = [entry for entry in options["mailboxes"] if not entry.get("public_folder")]
    chosen = [entry for entry in entries if not options["wave"] or (entry.get("wave") or "default") == options["wave"]]
    names = [entry.get("target") or entry.get("name") for entry in chosen]
    if not all(isinstance(name, str) and name for name in names):
        raise MigrationError("An entry has neither target nor name.", NOTHING_WRITTEN, "Give mailboxes as the inventory has them.")
    if not names:
        raise MigrationError("No account is chosen.", NOTHING_WRITTEN, "Check mailboxes or account_plan_path, and wave.")
    return set(names)


def _plan(path: str) -> list[dict[str, t.Any]]:
    try:
        found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["account_plan"]["accounts"]
        return [{"target": account["target"], "wave": account["wave"]} for account in found]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MigrationError(
            f"{path} is no account plan: {type(error).__name__}: {error}.", NOTHING_WRITTEN, "Give a copy of the file that account_plan wrote.",
        ) from error


def _secrets(options: dict[str, t.Any]) -> list[tuple[str, VaultSecret]]:
    """Those that Ansible was started with, unless the task has one of its own."""
    own = options["vault_password"]
    if options["vault_password_file"]:
        try:
            own = pathlib.Path(options["vault_password_file"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MigrationError(f"{options['vault_password_file']} can't be read: {error}.", NOTHING_WRITTEN, "Correct vault_password_file.") from error
    if own is not None:
        if not own:
            raise MigrationError("The vault password is empty.", NOTHING_WRITTEN, "Give one.")
        return [(options["vault_id"] or "default", VaultSecret(own.encode()))]
    context = VaultSecretsContext.current(optional=True)
    return context.secrets if context else []
