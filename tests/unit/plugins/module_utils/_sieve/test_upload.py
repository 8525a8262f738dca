# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from unittest import mock

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._sieve import upload
from ansible_collections.messaging.migration.plugins.module_utils._sieve.managesieve import Refused

TEXT, OTHER = "keep;\n", "discard;\n"


class Server:
    where = "new (mail.example.org:4190)"

    def __init__(self, active=None, **scripts):
        self.kept, self.active, self.done = scripts, active, []

    def scripts(self):
        return {name: name == self.active for name in self.kept}

    def get(self, name):
        return self.kept[name]

    def check(self, text):
        self.done.append("check")

    def put(self, name, text):
        self.done.append(f"put {name}")
        self.kept[name] = text

    def activate(self, name):
        self.done.append(f"activate {name}")
        self.active = name


def with_ours(text, active=None, **others):
    return Server(active, **{upload.NAME: text}, **others)


def test_the_first_upload_and_the_second():
    server = Server()
    assert upload.upload(server, TEXT) == (upload.ACTIVE, True)
    assert server.done == [f"put {upload.NAME}", f"activate {upload.NAME}"] and server.kept[upload.NAME].endswith(f"\n{TEXT}")
    assert upload.upload(server, TEXT) == (upload.ACTIVE, False) and len(server.done) == 2


def test_new_rules_replace_ours():
    server = with_ours(upload.sealed(TEXT), upload.NAME)
    assert upload.upload(server, OTHER) == (upload.ACTIVE, True)
    assert server.kept == {upload.NAME: upload.sealed(OTHER)} and server.done == [f"put {upload.NAME}"]
    assert upload.upload(server, "") == (upload.ACTIVE, True)


def test_a_script_of_the_users_own_stays_active():
    server = Server("own", own="stop;")
    assert upload.upload(server, TEXT) == (upload.BESIDE, True)
    assert (server.active, server.kept["own"]) == ("own", "stop;")
    assert upload.upload(server, TEXT) == (upload.BESIDE, False)


def test_one_that_is_not_active_is_no_obstacle():
    server = Server(None, own="stop;")
    assert upload.upload(server, TEXT) == (upload.ACTIVE, True) and server.kept["own"] == "stop;"


def test_what_the_user_changed_in_ours_stays():
    server = with_ours(upload.sealed(TEXT) + "# mine\n", upload.NAME)
    assert upload.upload(server, OTHER) == (upload.KEPT, False) and not server.done


def test_an_upload_that_broke_off_is_finished():
    server = with_ours(upload.sealed(TEXT))
    assert upload.upload(server, TEXT) == (upload.ACTIVE, True) and server.done == [f"activate {upload.NAME}"]


def test_check_mode_only_compiles():
    server = Server()
    assert upload.upload(server, TEXT, check=True) == (upload.ACTIVE, True) and server.done == ["check"]


def test_nothing_to_move():
    server = Server()
    assert upload.upload(server, "") == (upload.NOTHING, False) and not server.done


def test_a_refusal_is_told():
    def refuse(*_arguments):
        raise Refused("too many scripts (QUOTA)")

    server = Server()
    server.put = refuse
    with pytest.raises(MigrationError, match=r"refuses the script exchange-rules: too many scripts \(QUOTA\)"):
        upload.upload(server, TEXT)


def test_every_outcome_is_explained():
    assert set(upload.EXPLAINED) == {upload.NOTHING, upload.ACTIVE, upload.BESIDE, upload.KEPT}


def test_a_file_for_each_user(tmp_path):
    assert upload.write(str(tmp_path), "anna@example.org", TEXT) and not upload.write(str(tmp_path), "anna@example.org", TEXT)
    path = tmp_path / "anna@example.org.sieve"
    assert path.read_text() == upload.sealed(TEXT) and path.stat().st_mode & 0o777 == 0o600
    assert not upload.write(str(tmp_path), "bob", "") and not (tmp_path / "bob.sieve").exists()
    assert upload.write(str(tmp_path), "anna@example.org", "") and upload.ours(path.read_text())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".hidden"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    upload.write(str(tmp_path), name, TEXT)
    [file] = tmp_path.iterdir()
    assert file.parent == tmp_path and not file.name.startswith(".")


def test_a_file_that_can_not_be_written(tmp_path, monkeypatch):
    with pytest.raises(MigrationError, match="can't be written"):
        upload.write(str(tmp_path / "missing"), "anna", TEXT)
    monkeypatch.setattr("os.replace", mock.Mock(side_effect=OSError("full")))
    with pytest.raises(MigrationError, match="full"):
        upload.write(str(tmp_path), "anna", TEXT)
    assert not list(tmp_path.iterdir())


def test_check_mode_writes_no_file(tmp_path):
    assert upload.write(str(tmp_path), "anna", TEXT, check=True) and not list(tmp_path.iterdir())
    assert upload.write(str(tmp_path), "anna", TEXT) and not upload.write(str(tmp_path), "anna", TEXT, check=True)
