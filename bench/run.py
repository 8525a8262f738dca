# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast mailboxes are copied, between two Dovecots on loopback, with ledger and hashes on, in their shipped settings.

    bench/run.py [--mailboxes 2] [--messages 1500] [--rounds 3]

Writes bench/results.md (with machine and versions) and bench/results.json: an object per line of work with work, tool,
median, unit and rounds. Beside our engine stands mbsync, where it is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import types

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "build" / "collections"), str(ROOT / "tests")]

from servers.dovecot import Dovecot  # pylint: disable=wrong-import-position
from servers.module import Run  # pylint: disable=wrong-import-position

FOLDERS = ("INBOX", "Sent Items", "Projects/Alpha")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mailboxes", type=int, default=2)
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    users = [f"u{number}" for number in range(1, options.mailboxes + 1)]
    measured: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary, contextlib.ExitStack() as servers:
        folder = pathlib.Path(temporary)
        folder.chmod(0o755)
        source = Dovecot(folder / "source", tools(servers))
        total = fill(source, users, options.messages)
        for number in range(options.rounds):
            # Interleaved, so that a machine that slows down slows both.
            for name, run in (("messaging.migration", ours), ("mbsync", mbsync)):
                if run is mbsync and not shutil.which("mbsync"):
                    continue
                target = Dovecot(folder / f"{name}-{number}", tools(servers))
                first, second = run(folder / f"{name}-{number}", source, target, users)
                arrived = sum(count(target, user) for user in users)
                if arrived != options.messages * len(users):
                    sys.exit(f"{name} copied {arrived} of {options.messages * len(users)} messages")
                measured.setdefault(("first pass", name), []).append(arrived / first)
                measured.setdefault(("pass without change", name), []).append(second)
                target.stop()
    write(measured, options, total)


def tools(servers: contextlib.ExitStack):
    """What the Dovecot of the tests is started with."""

    def start(command, cwd, ready):
        process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        servers.callback(lambda: process.poll() is None and process.send_signal(signal.SIGTERM))
        ready()
        return process

    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def wait_for_port(address, port):
        for _attempt in range(200):
            with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"nothing listens on {address}:{port}")

    return types.SimpleNamespace(start=start, free_port=free_port, wait_for_port=wait_for_port)


def fill(server: Dovecot, users: list[str], messages: int) -> int:
    """Seeded mail, lognormal in size (median 5.4 kB); returns its bytes."""
    chance, total = random.Random(1), 0
    for user in users:
        client = server.client(user)
        for folder in FOLDERS[1:]:
            client.create_folder(folder)
        batches: dict[str, list[dict]] = {folder: [] for folder in FOLDERS}
        for number in range(messages):
            size = int(min(chance.lognormvariate(8.6, 1.3), 2_000_000))
            line = b"".join(chance.choice(b"abcdefghij klmnop").to_bytes(1, "big") for _place in range(70)) + b"\r\n"
            body = b"From: a@example.test\r\nMessage-ID: <%d.%s@example.test>\r\n\r\n" % (number, user.encode()) + line * (size // len(line) + 1)
            total += len(body)
            when = datetime.datetime.fromtimestamp(1_500_000_000 + number * 3000, datetime.timezone.utc)
            batches[chance.choice(FOLDERS)].append({"msg": body, "flags": [b"\\Seen"] if chance.random() < 0.9 else [], "date": when})
        for folder, batch in batches.items():
            for low in range(0, len(batch), 200):
                client.multiappend(folder, batch[low:low + 200])
        client.logout()
    return total


def count(server: Dovecot, user: str) -> int:
    client = server.client(user)
    total = sum(client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for _flags, _separator, name in client.list_folders())
    client.logout()
    return total


def ours(folder: pathlib.Path, source: Dovecot, target: Dovecot, users: list[str]) -> tuple[float, float]:
    options = {
        "sources": [{**source.option(source.password), "name": "source", "mailboxes": [{"name": user} for user in users]}],
        "target": target.option(target.password),
        "ledger": {"url": f"sqlite:///{folder}/ledger.sqlite"},
        "migration": "bench",
        "workers": 2,
    }
    return timed(lambda: module("mailbox_copy", options)), timed(lambda: module("mailbox_sync", options))


def module(name: str, options: dict) -> None:
    result = Run(ROOT / "build" / "collections", name, options).result(600)
    if result["failed"]:
        sys.exit(result["msg"])


def mbsync(folder: pathlib.Path, source: Dovecot, target: Dovecot, users: list[str]) -> tuple[float, float]:
    """Two processes side by side, as we have two workers."""
    files = []
    for user in users:
        (folder / f"state-{user}").mkdir()
        stores = "".join(
            f"IMAPStore {name}\nHost 127.0.0.1\nPort {server.port}\nUser {user}\nPass {server.user_password}\nSSLType None\n\n"
            for name, server in (("far", source), ("near", target))
        )
        file = folder / f"{user}.mbsyncrc"
        file.write_text(
            stores + f"Channel all\nFar :far:\nNear :near:\nPatterns * INBOX\nCreate Near\nSync Pull New Flags Gone\nExpunge Near\n"
            f"CopyArrivalDate yes\nSyncState {folder}/state-{user}/\n", encoding="utf-8",
        )
        file.chmod(0o600)
        files.append(file)

    def once() -> None:
        waiting = list(files)
        running: list[subprocess.Popen] = []
        while waiting or running:
            while waiting and len(running) < 2:
                running.append(subprocess.Popen(["mbsync", "-q", "-c", waiting.pop(0), "all"], stdin=subprocess.DEVNULL))
            if running.pop(0).wait():
                sys.exit("mbsync failed")

    return timed(once), timed(once)


def timed(work) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def write(measured: dict[tuple[str, str], list[float]], options, total: int) -> None:
    units = {"first pass": "messages/s", "pass without change": "s"}
    lines = [
        {"work": work, "tool": tool, "median": round(statistics.median(values), 2), "unit": units[work], "rounds": len(values)}
        for (work, tool), values in measured.items()
    ]
    here = ROOT / "bench"
    (here / "results.json").write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    dovecot = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    rows = "\n".join(f"| {line['work']} | {line['tool']} | {line['median']} {line['unit']} | {line['rounds']} |" for line in lines)
    (here / "results.md").write_text(
        f"# Results\n\n{options.mailboxes} mailboxes x {options.messages} messages ({total / 1e6:.0f} MB), Dovecot {dovecot} on loopback, maildir, "
        f"mail_fsync = never, no TLS, two workers.\n{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}. "
        f"Medians.\n\n| work | tool | median | rounds |\n|---|---|---|---|\n{rows}\n", encoding="utf-8",
    )
    print((here / "results.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
