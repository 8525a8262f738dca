# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""initial_passwords, whose file ansible-vault itself encrypts, opens and edits."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

VAULT = pathlib.Path(sys.executable).parent / "ansible-vault"
MAILBOXES = [{"name": "anna.berg", "target": "annaberg", "password": "old"}, {"name": "bo", "wave": "second"}, {"name": "folders", "public_folder": "/"}]


class Vault:
    def __init__(self, folder):
        self.folder, self.path = folder, folder / "initial_passwords.yml"
        self.password_file, self.other_file = folder / "vault_password", folder / "other_password"
        self.password_file.write_text("the-vault-password\n")
        self.other_file.write_text("another-password\n")

    def command(self, *words, password_file=None):
        done = subprocess.run(
            [VAULT, *words, "--vault-password-file", password_file or self.password_file, self.path], check=True, capture_output=True, text=True,
        )
        return done.stdout

    def content(self, **more):
        return json.loads(self.command("view", **more))

    def task(self, **more):
        own = {"path": str(self.path), "mailboxes": MAILBOXES, "vault_password_file": str(self.password_file)}
        return {"messaging.migration.initial_passwords": {name: value for name, value in {**own, **more}.items() if value is not None}, "ignore_errors": True}


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path)


def test_made_once_and_kept(vault, run_play):
    output = []
    [planned] = run_play([vault.task()], check=True, output=output)
    assert planned["changed"] and planned["made"] == 2 and not vault.path.exists()
    [first] = run_play([vault.task(wave="second")], diff=True, output=output)
    assert first["changed"] and (first["made"], first["kept"], first["others"]) == (1, 0, 0) and set(first) >= {"path"}
    before = vault.content()
    assert set(before) == {"initial_passwords"} and set(before["initial_passwords"]) == {"bo"} and len(before["initial_passwords"]["bo"]) == 14
    second, again = run_play([vault.task(), vault.task()], diff=True, env={"ANSIBLE_VERBOSITY": "4"}, output=output)
    assert (second["made"], second["kept"]) == (1, 1) and second["changed"] and (again["made"], again["kept"]) == (0, 2) and not again["changed"]
    found = vault.content()["initial_passwords"]
    assert set(found) == {"annaberg", "bo"} and found["bo"] == before["initial_passwords"]["bo"] and found["annaberg"] != found["bo"]
    [fewer] = run_play([vault.task(mailboxes=MAILBOXES[:1])])
    assert not fewer["changed"] and fewer["others"] == 1
    assert vault.path.stat().st_mode & 0o777 == 0o600 and vault.path.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert sorted(path.name for path in vault.folder.iterdir()) == ["initial_passwords.yml", "other_password", "vault_password"]
    told = "".join(output) + json.dumps([planned, first, second, again, fewer])
    assert not any(secret in told for secret in (*found.values(), "the-vault-password"))


def test_loaded_by_who_needs_them(vault, run_play):
    """By the vault ids that Ansible was started with; the file keeps its id and what else is in it."""
    ids = {"ANSIBLE_VAULT_IDENTITY_LIST": f"other@{vault.other_file},handout@{vault.password_file}"}
    users = "{{ initial_passwords | dict2items(key_name='name', value_name='password') }}"
    load = {"ansible.builtin.include_vars": {"file": str(vault.path)}, "no_log": True}
    names = f"({users[3:-3]}) | map(attribute='name') | sort == ['annaberg', 'bo']"
    proof = {"ansible.builtin.assert": {"that": [names, "(initial_passwords.bo | length) == 20"]}}
    made, _loaded, proved = run_play([vault.task(vault_password_file=None, vault_id="handout", length=20), load, proof], env=ids)
    assert made["made"] == 2 and not proved["failed"] and vault.path.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;handout\n")
    before = vault.content()
    vault.command("decrypt")
    vault.path.write_text(f"# by hand\nnote: \"{{{{ x }}}}\"\ninitial_passwords: {{annaberg: {before['initial_passwords']['annaberg']}}}\n")
    vault.command("encrypt")
    vault.path.chmod(0o644)
    [more] = run_play([vault.task(vault_password_file=None, symbols="-")], env=ids)
    assert more["made"] == 1 and vault.path.stat().st_mode & 0o777 == 0o600
    after = vault.content()
    assert after["note"] == "{{ x }}" and after["initial_passwords"]["annaberg"] == before["initial_passwords"]["annaberg"]
    assert "-" in after["initial_passwords"]["bo"]
    vault.path.chmod(0o640)
    [closed] = run_play([vault.task()])
    assert closed["changed"] and closed["made"] == 0 and vault.path.stat().st_mode & 0o777 == 0o600 and vault.content() == after


def test_accounts_of_a_plan(vault, run_play, tmp_path):
    plan = tmp_path / "plan.yml"
    plan.write_text(json.dumps({"account_plan": {"accounts": [{"target": "a", "wave": "first"}, {"target": "b", "wave": "second"}]}}))
    [made] = run_play([vault.task(mailboxes=None, account_plan_path=str(plan), wave="first", variable="passwords")])
    assert made["made"] == 1 and list(vault.content()["passwords"]) == ["a"]


def test_refused_with_nothing_written(vault, run_play, tmp_path):
    wrong = tmp_path / "plan.yml"
    wrong.write_text('{"account_plan": {}}')
    cases = [
        ({"mailboxes": None}, "one of the following is required: mailboxes, account_plan_path"),
        ({"account_plan_path": str(wrong)}, "mutually exclusive: mailboxes|account_plan_path"),
        ({"mailboxes": None, "account_plan_path": str(wrong)}, "is no account plan: KeyError"),
        ({"length": 4}, "length is 4"), ({"symbols": "ä"}, "symbols has 'ä'"), ({"variable": "a b"}, "'a b'"), ({"wave": "third"}, "No account is chosen"),
        ({"mailboxes": [{"wave": "x"}]}, "neither target nor name"), ({"vault_password_file": None}, "There is no vault password"),
        ({"vault_password_file": "/nowhere"}, "/nowhere can't be read"), ({"path": str(tmp_path / "no" / "x.yml")}, "no can't be used"),
        ({"vault_id": "x", "vault_password_file": None}, "There is no vault password"), ({"more": 1}, "Unsupported parameters"),
    ]
    for (_options, text), result in zip(cases, run_play([vault.task(**options) for options, _text in cases]), strict=True):
        assert result["failed"] and text in result["msg"], (text, result)
    assert not vault.path.exists()


def test_a_file_that_is_not_its_own_is_left_as_it_is(vault, run_play):
    def refused(text, **more):
        before = vault.path.read_bytes()
        [result] = run_play([vault.task(**more)])
        assert result["failed"] and text in result["msg"] and vault.path.read_bytes() == before, result

    vault.path.write_text("initial_passwords: {}\n")
    refused("is not encrypted by ansible-vault")
    vault.command("encrypt")
    refused("can't be decrypted by any", vault_password_file=str(vault.other_file))
    vault.command("decrypt")
    vault.path.write_text("initial_passwords: [secret-one]\n")
    vault.command("encrypt")
    refused("is not one password for each account")
    vault.command("decrypt")
    vault.path.write_text("secret-two: [\n")
    vault.command("encrypt")
    refused("has no variables in it")


def test_hosts_of_one_play_share_a_file(vault, collections, tmp_path):
    """Each host of a play has a process of its own; none may undo what another has written."""
    hosts = [f"h{number}" for number in range(6)]
    play = tmp_path / "play.json"
    task = vault.task(mailboxes=[{"name": "{{ inventory_hostname }}"}])
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    subprocess.run(
        [pathlib.Path(sys.executable).parent / "ansible-playbook", "-i", ",".join(hosts) + ",", "-f", "6", play], check=True, capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(collections), "LC_ALL": "C.UTF-8"},
    )
    assert sorted(vault.content()["initial_passwords"]) == hosts
