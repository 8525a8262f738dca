# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a large house: planned by its directory, made at a real Cyrus by the administration protocol, and again."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

from servers import cyrus, organisation, slapd
from servers.appliance import Appliance

from ..ends import certificate
from ..rounds import Row, say, timed
from ..settings import Settings
from ..stage import COLLECTIONS, Failed, Stage
from ..tools import ours

LINES = {
    "accounts": "The accounts of a directory: accounts_plan reads it and plans them; accounts makes users by the administration protocol, their mailboxes "
                "with rights and quota at a Cyrus, and lists and aliases; accounts_again finds all of it as it has to be. Whole playbooks.",
}
# A round takes minutes.
MOST_ROUNDS = 3


class Site:
    def __init__(self, stage: Stage, users: int, groups: int, contacts: int, largest: int) -> None:
        self.folder = stage.folder
        certificate(stage.folder)
        keys = {name: stage.folder / f"{name}.pem" for name in ("ca", "cert", "key")}
        entries = [
            *slapd.ROOT, *organisation.units(slapd.SUFFIX),
            *organisation.entries(slapd.SUFFIX, users=users, groups=groups, contacts=contacts, largest=largest),
        ]
        directory = slapd.Slapd(stage.folder / "slapd", stage, keys, {slapd.SUFFIX: organisation.ldif(entries)})
        target = cyrus.Cyrus(stage.folder / "cyrus", stage)
        (stage.folder / "imap-password").write_text(target.password)
        appliance = Appliance(stage.folder / "appliance", stage, None, [
            f"--imap-port={target.port}", f"--imap-admin={target.admin}", f"--imap-password-file={stage.folder / 'imap-password'}",
            f"--domain={organisation.DOMAIN}", f"--addresses={stage.folder / 'lists'}",
        ])
        plan = str(stage.folder / "account_plan.yml")
        mailboxes = "{{ lookup('messaging.migration.planned_mailboxes', '%s', path='" + plan + "') }}"
        self.variables: dict[str, t.Any] = {
            "migration_name": "bench", "migration_ledger": {"url": f"sqlite:///{stage.folder}/ledger.sqlite"}, "migration_domain": organisation.DOMAIN,
            "migration_account_plan": plan, "migration_station_python": sys.executable, "gate_target": {"host": "127.0.0.1"},
            "account_plan_directories": [directory.option()],
            "account_plan_servers": {name: name.lower() for name in organisation.SERVERS}, "account_plan_name_replacements": {".": ""},
            "account_plan_station_path": str(stage.folder / "plan"),
            "mirapoint_accounts_way": "administration", "mirapoint_accounts_unconfirmed_commands": ["list_entry_add"],
            "mirapoint_accounts_administration": appliance.option(), "mirapoint_accounts_station_path": str(stage.folder / "made"),
            "mirapoint_accounts_target": target.option(target.password, mechanism=target.mechanism),
            "mirapoint_accounts_sources": [{"name": name.lower(), "mailboxes": mailboxes % name.lower()} for name in organisation.SERVERS],
        }

    def play(self, role: str) -> str:
        """The role, as ansible-playbook runs it; its last lines."""
        playbook, variables = self.folder / f"{role}.yml", self.folder / "variables.json"
        playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "roles": [f"messaging.migration.{role}"]}]))
        variables.write_text(json.dumps(self.variables))
        command = [
            pathlib.Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}",
            "-e", f"@{variables}", playbook,
        ]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_LOCAL_TEMP": str(self.folder / "local")}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise Failed(f"{role}: {done.stdout[-3000:]}{done.stderr[-1000:]}")
        return done.stdout

    def made(self) -> int:
        return len((self.folder / "lists").read_text().splitlines())


def measure(name: str, settings: Settings) -> list[Row]:
    users, groups, contacts, largest = (settings.scaled(*sizes) for sizes in ((10_000, 60), (500, 12), (300, 5), (5_000, 20)))
    note = f"{users} users, {groups} groups, {contacts} contacts"
    rows = [Row(work, ours.NAME, "s", [], note) for work in (f"{name}_plan", name, f"{name}_again")]
    for number in range(min(settings.rounds, MOST_ROUNDS)):
        with Stage(settings.memory) as stage:
            site = Site(stage, users, groups, contacts, largest)
            said: list[str] = []
            for row, role in zip(rows, ("account_plan", "mirapoint_accounts", "mirapoint_accounts"), strict=True):
                row.values.append(timed(lambda role=role: said.append(site.play(role))))
                say(row.work, number, ours.NAME, row.values[-1], "s")
            if "changed=0" not in said[-1]:
                raise Failed(f"accounts were changed again: {said[-1][-2000:]}")
            if site.made() < 3 * users:
                raise Failed(f"there are {site.made()} addresses for {users} users, each of whom has three")
    return rows
