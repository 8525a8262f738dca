# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: mailboxes at both ends, a ledger and two relays of its own, and the judgement of how it ended."""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import typing as t

from servers import mail
from servers.dovecot import ADMIN, Dovecot
from servers.fixtures import Pair
from servers.module import Run

from . import stage as stages
from .relay import Liar
from .stage import MAILBOXES, Stage

LAUNCHER = pathlib.Path(__file__).with_name("launcher.py")
# What the dead leave is taken over after so many seconds.
LEASE = 0.6


@dataclasses.dataclass(frozen=True)
class Course:
    """What a pass does when nothing breaks: how far there is to break it."""

    messages: int
    source_given: int
    source_sent: int
    target_given: int
    target_sent: int
    target_carried: int
    commands: int
    fetches: int
    appends: int
    ledger_growth: int
    steps: tuple[str, ...]


class Launched(Run):
    """A module of a run; with `steps` it writes them down there, and dies at the one named `deadly`."""

    def __init__(self, collections_folder: pathlib.Path, module: str, options: dict[str, t.Any], steps: pathlib.Path | None, deadly: str) -> None:
        command = [sys.executable, "-m", f"ansible_collections.messaging.migration.plugins.modules.{module}"]
        env = {**os.environ, "PYTHONPATH": str(collections_folder)}
        if steps:
            command = [sys.executable, str(LAUNCHER), module]
            env |= {"FAULT_STEPS": str(steps), "FAULT_STEP": deadly}
        self._process = subprocess.Popen(
            command, env=env, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self._process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": options}))
        self._process.stdin.close()
        self._process.stdin = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def was_killed(self, seconds: float = 60) -> bool:
        self._process.wait(timeout=seconds)
        return self._process.returncode == -signal.SIGKILL


class Case(Pair):
    def __init__(self, source: Dovecot, target: Dovecot, bare: bool, collections_folder: pathlib.Path, folder: pathlib.Path,
                 stage: Stage, number: str, seed: str, course: Course | None = None, mailboxes: int = 1) -> None:
        super().__init__(source, target, folder / "ledger" / "ledger.sqlite")
        self.stage, self.number, self.course, self.folder = stage, number, course, folder
        self.chance = random.Random(seed)
        self.mailboxes = [dict(mailbox) for mailbox in MAILBOXES[:mailboxes]]
        self.found: collections.Counter[str] = collections.Counter()
        self.words: list[str] = []
        self.timeout = 20.0
        self.ledger_folder = self.ledger.parent
        self._collections = collections_folder
        self._running: list[Launched] = []
        self._mounted = False
        shutil.copytree(stage.folder / "ledger", self.ledger_folder)
        stages.restore(source, number, [m["name"] for m in self.mailboxes], stage.folder / "source")
        stages.restore(target, number, [m["target"] for m in self.mailboxes], stage.folder / "target")
        self.from_source, self.to_target = Liar(source.port), Liar(target.port, bare=bare)
        self.source_port, self.target_port = self.from_source.port, self.to_target.port

    def source_option(self, **more: t.Any) -> dict[str, t.Any]:
        return super().source_option(login=[f"{{mailbox}}.{self.number}*{ADMIN}"], timeout=self.timeout, **more)

    def target_option(self, **more: t.Any) -> dict[str, t.Any]:
        return super().target_option(login=[f"{{mailbox}}.{self.number}"], timeout=self.timeout, **more)

    def users(self) -> list[dict[str, str]]:
        """The mailboxes as the servers know them."""
        return [{end: f"{name}.{self.number}" for end, name in mailbox.items()} for mailbox in self.mailboxes]

    def findings(self) -> dict[str, int]:
        return mail.findings({"old": (self.source, self.users())}, self.target)

    def before(self) -> dict[str, t.Any]:
        return {m["name"]: mail.snapshot(self.source, user["name"]) for m, user in zip(self.mailboxes, self.users(), strict=True)}

    def start(self, module: str = "", steps: pathlib.Path | None = None, deadly: str = "", **more: t.Any) -> Launched:
        """The stage's module, unless another is named."""
        options = self.options(**{"workers": 1, "lease_seconds": LEASE, **more})
        self._running.append(run := Launched(self._collections, module or self.stage.module, options, steps, deadly))
        return run

    def outcome(self, run: Launched) -> dict[str, t.Any]:
        """Wait for the end. A module may fail, in its users' words, but not burst."""
        try:
            result = run.result()
        except (AssertionError, subprocess.TimeoutExpired) as error:
            self._find("burst" if isinstance(error, AssertionError) else "hung", str(error))
            return {"failed": True, "msg": str(error)}
        if "Traceback" in json.dumps(result):
            self._find("traceback", str(result.get("msg")))
        elif result["failed"]:
            self.words.append(f"said: {result['msg']}")
        return result

    def broken_run(self, relay: Liar, **more: t.Any) -> int:
        """Run while `relay` is armed; 1 when its fault struck."""
        self.outcome(self.start(**more))
        return int(relay.broken.is_set())

    def moved(self) -> int:
        """Bytes that went to and fro so far."""
        return sum(relay.given + relay.sent for relay in (self.from_source, self.to_target))

    def ends_well(self, untouched: dict[str, t.Any] | None) -> None:
        """Nothing breaks any more: run to the end, run once more, and let the audit judge. `untouched`: the source as it was."""
        for relay in (self.from_source, self.to_target):
            relay.heal()
        ended = self.outcome(self.start(lease_seconds=20))
        if ended["failed"] or not ended.get("finished"):
            self._find("not_finished", str(ended.get("msg")))
        again = self.outcome(self.start("mailbox_sync", lease_seconds=20))
        if again["failed"] or again["changed"]:
            counts = {key: again.get(key) for key in ("messages", "flags", "deleted", "folders")}
            self._find("changed_again", f"{again.get('msg', 'no failure')} {counts}")
        self.found.update(self.findings())
        if untouched is not None and self.before() != untouched:
            self._find("source_changed", "")

    def note(self, words: str) -> None:
        """What was done, for whoever has to find out why it ended badly."""
        self.words.append(f"done: {words}")

    def _find(self, kind: str, words: str) -> None:
        self.found[kind] += 1
        self.words.append(f"{kind}: {words}")

    def small_disk(self, size: int) -> None:
        """The ledger moves to a disk of `size` bytes; more with the next call."""
        if not self._mounted:
            aside = self.folder / "aside"
            self.ledger_folder.rename(aside)
            self.ledger_folder.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "ledger", self.ledger_folder], check=True)
            self._mounted = True
            shutil.copytree(aside, self.ledger_folder, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", f"remount,size={size}", self.ledger_folder], check=True)

    def end(self) -> None:
        for run in self._running:
            run.kill()
        for relay in (self.from_source, self.to_target):
            relay.close()
        if self._mounted:
            subprocess.run(["umount", self.ledger_folder], check=True)
        for server, end in ((self.source, "name"), (self.target, "target")):
            for user in self.users():
                shutil.rmtree(server.folder / "mail" / user[end], ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
