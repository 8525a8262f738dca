# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL on a loopback port, in a folder of its own, for a ledger that several stations share."""

from __future__ import annotations

import glob
import pathlib
import secrets
import shutil
import subprocess
import time


class PostgreSQL:
    user = database = "migration"

    def __init__(self, folder: pathlib.Path, tools) -> None:
        self.password, port = secrets.token_hex(12), tools.free_port()
        self.url = f"postgresql+psycopg://{self.user}@127.0.0.1:{port}/{self.database}"
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        data = folder / "data"
        folder.mkdir(exist_ok=True)
        (folder / "password").write_text(self.password)
        shutil.chown(folder, "postgres", "postgres")
        shutil.chown(folder / "password", "postgres")
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        initdb = [f"{programs}/initdb", "-D", data, "-U", self.user, "--auth=scram-sha-256", "--no-sync", "--pwfile", folder / "password"]
        subprocess.run([*as_postgres, *initdb], check=True, capture_output=True)
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off", "shared_buffers": "16MB"}
        command = [*as_postgres, f"{programs}/postgres", "-D", data, *(f"--{key}={value}" for key, value in settings.items())]
        tools.start([str(word) for word in command], folder, lambda: tools.wait_for_port("127.0.0.1", port))
        environment = {"PGPASSWORD": self.password}
        address = ["-h", "127.0.0.1", "-p", str(port), "-U", self.user]
        # It listens before it is ready.
        deadline = time.monotonic() + 60
        while subprocess.run([f"{programs}/pg_isready", *address], check=False, capture_output=True).returncode and time.monotonic() < deadline:
            time.sleep(0.1)
        subprocess.run([f"{programs}/createdb", *address, self.database], check=True, capture_output=True, env=environment)
