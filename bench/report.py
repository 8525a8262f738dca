# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""results.json and results.md: what was measured, and on what. Lines of work that were not chosen keep what they had."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import typing as t

from .rounds import Row, rounded
from .tools import imapsync, ours

Results = list[dict[str, t.Any]]
HEAD = ("| work | tool | median | lowest | highest | rounds | of what | ours : this |", "|---|---|---|---|---|---|---|---|")


def merge(file: pathlib.Path, line: str, rows: list[Row], order: t.Sequence[str]) -> Results:
    """The rows of that line instead of what it had before."""
    old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    today = datetime.date.today().isoformat()
    results = [row for row in old if row.get("line") != line] + [{**row.as_dict(), "line": line, "measured": today} for row in rows]
    results.sort(key=lambda row: order.index(row["line"]) if row.get("line") in order else len(order))
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def write(file: pathlib.Path, results: Results, about: dict[str, str]) -> None:
    """`about` says for each line of work what is measured."""
    text = ["# Results", "", *_machine(), "", "Medians of rounds in which the tools took turns. The last column says how many times as fast as that tool"]
    text += ["messaging.migration was: the median of the rounds' ratios.", ""]
    for line in dict.fromkeys(row["line"] for row in results):
        mine = [row for row in results if row["line"] == line]
        text += [f"## {line}", "", f"{about.get(line, '')} Measured {mine[0]['measured']}.", "", *HEAD]
        text += [
            f"| {row['work']} | {row['tool']} | {row['median']} {row['unit']} | {min(row['values'])} | {max(row['values'])} | {row['rounds']} "
            f"| {row['note']} | {ratio(row, mine)} |" for row in mine
        ]
        text.append("")
    file.write_text("\n".join(text), encoding="utf-8")


def ratio(row: dict[str, t.Any], rows: Results) -> str:
    """By round: what our engine reached beside that tool; empty for our own rows."""
    beside = [other for other in rows if other["work"] == row["work"] and other["tool"] == ours.NAME]
    if row["tool"] == ours.NAME or not beside:
        return ""
    pairs = list(zip(beside[0]["values"], row["values"]))
    more_is_better = row["unit"].endswith("/s")
    return f"{rounded(statistics.median(us / them if more_is_better else them / us for us, them in pairs))}"


def _machine() -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    versions = {
        "Dovecot": _version("/usr/sbin/dovecot", "--version"),
        "Python": platform.python_version(),
        "mbsync": _version("mbsync", "--version"),
        "interimap": _version("interimap", "--version"),
        "imapsync": _version(imapsync.script(), "--version") if not imapsync.missing() else "",
    }
    return [
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), {memory:.0f} GB of memory, {platform.system()} {platform.release()}. "
        + ", ".join(f"{name} {version}" for name, version in versions.items() if version) + ".",
    ]


def _version(command: str, option: str) -> str:
    if not shutil.which(command):
        return ""
    done = subprocess.run([command, option], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else ""
