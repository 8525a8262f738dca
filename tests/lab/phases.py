# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running playbooks as AWX does, by ansible-runner, with an eye on what they change."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import time

import ansible_runner

from lab import SCENARIO, environment


@dataclasses.dataclass
class Run:
    """How a playbook ended. `changed` names the tasks that changed something, `message` is the first failure."""

    name: str
    ok: bool
    seconds: float
    changed: list[str]
    message: str


def play(name: str, folder: pathlib.Path, check: bool = False, quiet: bool = False, playbook: str = "", **variables) -> Run:
    """Run messaging.migration.NAME, or `playbook`, on the lab's inventory; its whole output goes into a log below `folder`."""
    changed: list[str] = []
    failures: list[str] = []
    # ansible-runner keeps what a run was given for the next one in the same folder, `--check` as well.
    shutil.rmtree(folder / "runner", ignore_errors=True)
    (folder / "runner").mkdir()
    log = (folder / f"{name}{'.check' if check else ''}.log").open("a", encoding="utf-8")

    def see(event: dict) -> bool:
        text = event.get("stdout") or ""
        if text:
            log.write(text + "\n")
        data = event.get("event_data", {})
        result = data.get("res") or {}
        kind = event["event"]
        if kind == "runner_on_ok" and result.get("changed"):
            changed.append(f"{data['task']} on {data['host']}")
        elif kind in ("runner_on_failed", "runner_on_unreachable") and not data.get("ignore_errors"):
            failures.append(str(result.get("msg") or text))
        if not quiet:
            _show(kind, text, data, result)
        return False

    began = time.monotonic()
    runner = ansible_runner.run(
        private_data_dir=str(folder / "runner"),
        playbook=playbook or f"messaging.migration.{name}",
        inventory=str(SCENARIO / "inventory"),
        cmdline="--check --diff" if check else None,
        extravars=variables,
        envvars=environment(),
        event_handler=see,
        quiet=True,
    )
    log.close()
    return Run(name, runner.rc == 0, round(time.monotonic() - began, 1), changed, failures[0] if failures else "")


def _show(kind: str, text: str, data: dict, result: dict) -> None:
    """What somebody wants to see who looks on: the tasks, the progress, what is told, what fails."""
    if kind == "playbook_on_task_start":
        print(f"    {data.get('task', '')}", flush=True)
    elif kind == "verbose" and text.startswith("  "):
        print(f"      {text.strip()}", flush=True)
    elif kind == "runner_on_ok" and data.get("task_action", "").endswith("debug"):
        message = result.get("msg", "")
        for line in message if isinstance(message, list) else str(message).splitlines():
            print(f"      {line}", flush=True)
    elif kind in ("runner_on_failed", "runner_on_unreachable"):
        print(f"      STOPPED: {result.get('msg') or text}", flush=True)
