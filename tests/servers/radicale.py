# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Radicale, a CalDAV and CardDAV server, on a loopback port with TLS. Each user has a home under his name and gets in with the one password."""

from __future__ import annotations

import pathlib
import secrets
import sys

CONFIG = """
[server]
hosts = 127.0.0.1:{port}
ssl = True
certificate = {certificate[cert]}
key = {certificate[key]}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
"""


class Radicale:
    def __init__(self, folder: pathlib.Path, tools, certificate: dict[str, pathlib.Path], users: tuple[str, ...] = ("anna", "ben@example.test")) -> None:
        self.port, self.password, self.ca_file = tools.free_port(), secrets.token_hex(12), str(certificate["ca"])
        self.url = f"https://127.0.0.1:{self.port}/"
        folder.mkdir()
        (folder / "users").write_text("".join(f"{user}:{self.password}\n" for user in users))
        (folder / "config").write_text(CONFIG.format(port=self.port, folder=folder, certificate=certificate))
        self._collections = folder / "collections" / "collection-root"
        command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
        tools.start(command, folder, lambda: tools.wait_for_port("127.0.0.1", self.port))

    def stored(self, user: str) -> dict[str, dict[str, str]]:
        """Collection -> resource -> text, as the server keeps them."""
        return {
            collection.name: {path.name: path.read_text() for path in collection.iterdir() if path.is_file() and not path.name.startswith(".")}
            for collection in sorted((self._collections / user).glob("*")) if not collection.name.startswith(".")
        }
