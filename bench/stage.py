# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark is played on: folders, servers and relays, all of which end with it, however it ends."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
# Where Ansible looks too: another version of the collection can be measured.
COLLECTIONS = pathlib.Path(os.environ.get("ANSIBLE_COLLECTIONS_PATH", ROOT / "build" / "collections"))
# Tools work on two mailboxes side by side, each in its own way.
SIDE_BY_SIDE = 2


class Failed(Exception):
    """The benchmark can't go on: a tool failed, or did not copy what it should have."""


class Stage:
    """Also what the tests' servers are started with: start, free_port, wait_for_port."""

    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=folder))
        # Another user owns the stores.
        self.folder.chmod(0o755)
        self._running: list[subprocess.Popen] = []

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_exception) -> None:
        for process in self._running:
            if process.poll() is None:
                process.terminate()
        for process in self._running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command: t.Sequence[str], cwd: pathlib.Path, ready: t.Callable[[], None]) -> subprocess.Popen:
        """In a session of its own: at Ctrl-C servers end after the tools that talk to them."""
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True)
        self._running.append(process)
        ready()
        return process

    def end(self, process: subprocess.Popen) -> None:
        process.terminate()
        process.wait(timeout=20)
        self._running.remove(process)

    def wipe(self, folder: pathlib.Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    def free_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def wait_for_port(self, address: str, port: int) -> None:
        for _attempt in range(400):
            with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
                return
            time.sleep(0.025)
        raise Failed(f"nothing listens on {address}:{port}")

    def relay(self, behind: int, *options: str) -> tuple[int, subprocess.Popen]:
        """Port of a new relay before that port; options as of relay.py."""
        port = self.free_port()
        command = [sys.executable, str(HERE / "relay.py"), *options, str(port), str(behind)]
        return port, self.start(command, self.folder, lambda: self.wait_for_port("127.0.0.1", port))


def run_all(commands: t.Sequence[t.Sequence[str | os.PathLike]], folder: pathlib.Path, given: str = "", width: int = SIDE_BY_SIDE) -> None:
    """`width` of the commands at a time, to the end; `given` is the stdin of each. What they say goes into `folder`."""
    running: set[subprocess.Popen] = set()

    def run(number: int) -> None:
        said = folder / f"said-{number}"
        with said.open("w") as out, subprocess.Popen(
            commands[number], cwd=folder, stdin=subprocess.PIPE, stdout=out, stderr=out, text=True, env={**os.environ, "HOME": str(folder)},
        ) as process:
            running.add(process)
            process.communicate(given)
        running.discard(process)
        if process.returncode:
            raise Failed(f"{commands[number][0]} ended with {process.returncode}:\n{said.read_text(errors='replace')[-2000:]}")

    pool = concurrent.futures.ThreadPoolExecutor(width)
    try:
        for done in concurrent.futures.as_completed([pool.submit(run, number) for number in range(len(commands))]):
            done.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(running):
            process.kill()
        raise
    finally:
        pool.shutdown()
