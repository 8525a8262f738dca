# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The appliance of the tests in a thread, for jobs that talk to one."""

from __future__ import annotations

import contextlib
import json
import pathlib
import threading
import typing as t

from ansible_collections.messaging.migration.tests.servers.admind.backend import Files
from ansible_collections.messaging.migration.tests.servers.admind.serving import MUTATING, Service, Settings

ADMIN, PASSWORD = "administrator", "t0p secret"


class Appliance:
    """`backend` is what it has; `options` what a job on it is given."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.backend = folder, Files(folder)
        self.service = Service(Settings(folder, "127.0.0.1", 0, ADMIN, PASSWORD), self.backend)

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        server = {
            "name": "new", "host": "127.0.0.1", "port": self.service.server_address[1], "tls": "none", "ca_file": None, "legacy_tls": False,
            "timeout": 10.0, "admin": ADMIN, "password": PASSWORD,
        }
        return {"server": server, "domain": None, "page_size": 1000, "unconfirmed_commands": [], "report_path": None, **more}

    def quirks(self, **quirks: t.Any) -> None:
        (self.folder / "quirks.json").write_text(json.dumps(quirks))

    def commands(self) -> list[tuple[str, list[str]]]:
        path = self.folder / "commands.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(line["command"], line["arguments"]) for line in map(json.loads, lines)]

    def mutating(self) -> list[tuple[str, list[str]]]:
        return [command for command in self.commands() if command[0] in MUTATING]


@contextlib.contextmanager
def running(folder: pathlib.Path) -> t.Iterator[Appliance]:
    appliance = Appliance(folder)
    thread = threading.Thread(target=appliance.service.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield appliance
    finally:
        appliance.service.shutdown()
        appliance.service.server_close()
        thread.join()
