# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.plugin_utils._vaulted_file import VaultedFile

ONE, TWO = ("default", VaultSecret(b"one")), ("two", VaultSecret(b"two"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.yml"


def test_it_stays_with_the_password_that_opens_it(path):
    VaultedFile(path, [ONE, TWO], "two").write({"a": "ö"})
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;two\n") and stat.S_IMODE(path.stat().st_mode) == 0o600
    again = VaultedFile(path, [ONE, TWO])
    assert again.read() == {"a": "ö"} and again.private
    again.write({"b": 1})
    assert VaultedFile(path, [TWO]).read() == {"b": 1}
    with pytest.raises(MigrationError, match="can't be decrypted by any"):
        VaultedFile(path, [ONE]).read()


def test_a_write_that_is_interrupted_leaves_the_file_as_it_was(path, monkeypatch):
    file = VaultedFile(path, [ONE])
    file.write({"a": 1})
    before = path.read_bytes()

    def interrupted(_source, _destination):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        file.write({"a": 2})
    assert path.read_bytes() == before and [one.name for one in path.parent.iterdir()] == [path.name]


def test_no_password_and_an_unknown_id_are_refused(path):
    with pytest.raises(MigrationError, match="There is no vault password"):
        VaultedFile(path, [])
    with pytest.raises(MigrationError, match="Correct vault_id"):
        VaultedFile(path, [ONE], "three")


def test_nobody_else_is_let_in_meanwhile(path):
    with VaultedFile(path, [ONE]).locked():
        child = os.fork()
        if not child:
            try:
                with VaultedFile(path, [ONE]).locked():
                    VaultedFile(path, [ONE]).write({"late": VaultedFile(path, [ONE]).read()})
                os._exit(0)
            finally:
                os._exit(1)
        VaultedFile(path, [ONE]).write({"first": 1})
    assert os.waitpid(child, 0)[1] == 0
    assert VaultedFile(path, [ONE]).read() == {"late": {"first": 1}}
