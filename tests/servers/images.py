# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers out of the lab's images: those that can't be installed beside Dovecot, since as packages they exclude each other."""

from __future__ import annotations

import fcntl
import os
import pathlib
import subprocess

LAB = pathlib.Path(__file__).resolve().parents[2] / "molecule" / "lab"
CONF = LAB / "containers.conf"


def image(kind: str) -> str:
    """Name of the image of one kind of the lab's hosts. Where it is not there yet it is made, which takes a minute."""
    with (LAB / "images" / "build.sh").open() as script:
        # Tests run side by side.
        fcntl.flock(script, fcntl.LOCK_EX)
        made = subprocess.run(
            ["sh", script.name, kind], stdout=subprocess.PIPE, text=True, env={**os.environ, "CONTAINERS_CONF": str(CONF)}, check=True, timeout=600,
        )
    return made.stdout.split()[0]


def run(name: str, folder: pathlib.Path, kind: str, script: str) -> list[str]:
    """The command that runs a shell script in a container on the host's own network; `folder` is /test there."""
    # /run is in memory, as Debian has it: imapd of Cyrus writes down there what it is at, at each command, and would wait for a disk.
    return ["env", f"CONTAINERS_CONF={CONF}", "podman", "run", "--rm", "--network=host", "--stop-timeout=5", "--tmpfs=/run", f"--name={name}",
            f"--volume={folder}:/test", "--entrypoint=/bin/sh", image(kind), "-c", script]
