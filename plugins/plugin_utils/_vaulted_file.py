# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is PRIVATE to the collection: it may change at any time.

"""A file of variables that is encrypted by ansible-vault, on the controller: read, changed under a lock, and written as a whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import AnsibleVaultError, VaultLib, VaultSecret, match_encrypt_secret

from ansible_collections.messaging.migration.plugins.module_utils import _files
from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError

NOTHING_WRITTEN = "Nothing was written."


class VaultedFile:
    """`secrets` are (vault id, secret) as Ansible has them; a new file is encrypted by that of `vault_id`, or the first one."""

    def __init__(self, path: pathlib.Path, secrets: list[tuple[str, VaultSecret]], vault_id: str | None = None) -> None:
        self.path = path
        self._vault = VaultLib(secrets)
        if not secrets:
            raise MigrationError(
                f"There is no vault password for {path}.", NOTHING_WRITTEN,
                "Run with --vault-id or --vault-password-file, or give vault_password_file or vault_password.",
            )
        try:
            self._vault_id, self._secret = match_encrypt_secret(secrets, vault_id)
        except AnsibleError as error:
            raise MigrationError(f"{path}: {error}", NOTHING_WRITTEN, "Correct vault_id, or run with that --vault-id.") from error
        # As ansible-vault does, the default one is not named in the file.
        self._vault_id = None if self._vault_id == "default" else self._vault_id

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Nobody else changes a file of this folder meanwhile: another run, or another host of the same play."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise MigrationError(f"The folder {self.path.parent} can't be used: {error}.", NOTHING_WRITTEN, "Create it, or correct path.") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            # Not only closed: a process that was forked off meanwhile has it open as well.
            fcntl.flock(folder, fcntl.LOCK_UN)
            os.close(folder)

    def read(self) -> dict[str, t.Any]:
        """Its variables, none if there is no file. From then on it is written by the secret that opens it."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise MigrationError(f"{self.path} can't be read: {error}.", NOTHING_WRITTEN, "Correct path.") from error
        if not self._vault.is_encrypted(data):
            raise MigrationError(
                f"{self.path} is there, and is not encrypted by ansible-vault.", NOTHING_WRITTEN, "Correct path, or encrypt it: ansible-vault encrypt FILE.",
            )
        try:
            plain, self._vault_id, self._secret = self._vault.decrypt_and_get_vault_id(data)
        except AnsibleVaultError as error:
            raise MigrationError(f"{self.path} can't be decrypted by any of the given vault passwords.", NOTHING_WRITTEN, "Give the one it has.") from error
        try:
            found = yaml.safe_load(plain)
        # Its text would show what it is about.
        except yaml.YAMLError:
            found = None
        if not isinstance(found, dict):
            raise MigrationError(f"{self.path} has no variables in it.", NOTHING_WRITTEN, "Look into it by ansible-vault view, or correct path.")
        return found

    @property
    def private(self) -> bool:
        return not self.path.stat().st_mode & 0o077

    def write(self, variables: dict[str, t.Any]) -> None:
        # JSON is YAML as well.
        text = json.dumps(variables, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        try:
            _files.write(self.path, self._vault.encrypt(text, self._secret, self._vault_id))
        except OSError as error:
            raise MigrationError(f"{self.path} can't be written: {error}.", "What was in it is still there.", "Correct the cause, then run again.") from error
