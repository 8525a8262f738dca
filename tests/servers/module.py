# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module as a process of its own, without a playbook around it: quick to start, and free to be killed."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import typing as t


class Run:
    """A module that works in the background, with all its workers in one process group."""

    def __init__(self, collections: pathlib.Path, module: str, options: dict[str, t.Any], check: bool = False) -> None:
        name = f"ansible_collections.messaging.migration.plugins.modules.{module}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", name], env={**os.environ, "PYTHONPATH": str(collections)}, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        # By stdin, as Ansible does it: options hold secrets.
        self._process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check}}))
        self._process.stdin.close()
        self._process.stdin = None

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> bool:
        """kill -9 for the module and all its workers; False when it was through already."""
        alive = self.running
        if alive:
            self.signal(signal.SIGKILL)
        self._process.communicate()
        return alive

    def result(self, seconds: float = 120) -> dict[str, t.Any]:
        """Wait for the end; the module's own dictionary, with `failed` always set."""
        try:
            out, err = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        try:
            return {"failed": False, **json.loads(out)}
        except ValueError as error:
            raise AssertionError(f"The module ended without a result:\n{out}\n{err}") from error
