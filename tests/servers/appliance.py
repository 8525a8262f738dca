# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""servers.admind on loopback, in a process of its own: a Mirapoint appliance as far as administration goes."""

from __future__ import annotations

import json
import pathlib
import secrets
import sys
import typing as t

from .admind.serving import MUTATING

TESTS = pathlib.Path(__file__).resolve().parents[1]
ADMIN = "administrator"


class Appliance:
    """With a `certificate` it speaks TLS; `more`: further arguments of its command. Ends with the fixture `start`."""

    admin = ADMIN

    def __init__(self, folder: pathlib.Path, tools, certificate=None, more: t.Iterable[str] = ()) -> None:
        self.folder, self._certificate = folder, certificate
        self.port, self.password = tools.free_port(), secrets.token_hex(12)
        folder.mkdir()
        (folder / "password").write_text(self.password, encoding="utf-8")
        command = [sys.executable, "-m", "servers.admind", "serve", str(folder), f"--port={self.port}", f"--admin={ADMIN}",
                   f"--password-file={folder / 'password'}", *more]
        if certificate:
            command += [f"--cert={certificate['cert']}", f"--key={certificate['key']}"]
        tools.start(["env", f"PYTHONPATH={TESTS}", *command], folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def quirks(self, **quirks: t.Any) -> None:
        """From its next command on; those of serving.QUIRKS."""
        new = self.folder / "quirks.new"
        new.write_text(json.dumps(quirks), encoding="utf-8")
        new.replace(self.folder / "quirks.json")

    def commands(self) -> list[tuple[str, list[str]]]:
        """What clients sent, in the order of arrival, without passwords."""
        path = self.folder / "commands.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [(line["command"], line["arguments"]) for line in map(json.loads, lines)]

    def mutating(self) -> list[tuple[str, list[str]]]:
        return [command for command in self.commands() if command[0] in MUTATING]

    def option(self, **more: t.Any) -> dict[str, t.Any]:
        """This server as the modules' option `server` describes it."""
        tls = {"tls": "implicit", "ca_file": str(self._certificate["ca"])} if self._certificate else {"tls": "none"}
        return {"name": "mirapoint", "host": "localhost", "port": self.port, "admin": ADMIN, "password": self.password, "timeout": 20, **tls, **more}
