# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's gateway on loopback, before a server of the tests: it then answers as the Exchange of a profile does."""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

LAB = pathlib.Path(__file__).resolve().parents[1] / "lab"
DOMAIN, ADMIN = "EXAMPLE", "migadmin"


class Gateway:
    """`quirks`: other settings than the profile's; `behind`: a port, for instance of a relay before the server. Ends with the fixture `start`."""

    def __init__(self, folder: pathlib.Path, tools, certificate, profile: str, behind: int, greeting: str = "", **quirks: t.Any) -> None:
        settings = json.loads((LAB / "profiles" / f"{profile}.json").read_text(encoding="utf-8"))
        settings["quirks"] |= quirks
        settings["greeting"] = greeting or settings["greeting"]
        folder.mkdir()
        (folder / "profile.json").write_text(json.dumps(settings), encoding="utf-8")
        self._journal, self._ca, self.port = folder / "commands.jsonl", certificate["ca"], tools.free_port()
        options = {
            "profile": folder / "profile.json", "cert": certificate["cert"], "key": certificate["key"], "listen": f"127.0.0.1:{self.port}",
            "backend": f"127.0.0.1:{behind}", "journal": self._journal, "frozen": folder / "frozen",
        }
        command = [sys.executable, str(LAB / "gateway.py"), *(f"--{name}={value}" for name, value in options.items())]
        self._process = tools.start(command, folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def commands(self) -> list[str]:
        """What clients asked, without arguments, in the order of arrival."""
        return [json.loads(line)["command"] for line in self._journal.read_text(encoding="utf-8").splitlines()]

    def option(self, password: str, profile: str, **more: t.Any) -> dict[str, t.Any]:
        """This server as the modules' options describe it."""
        return {
            "host": "localhost", "port": self.port, "tls": "implicit", "ca_file": str(self._ca), "profile": profile, "timeout": 20, "mechanism": "login",
            "login": ["{domain}/{admin}/{mailbox}"], "domain": DOMAIN, "admin": ADMIN, "password": password, **more,
        }
