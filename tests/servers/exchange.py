# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Exchange on loopback: servers.ews in processes of its own, with a service account that may impersonate everybody."""

from __future__ import annotations

import pathlib
import secrets
import sys
import typing as t

from .ews import Control, Store

ADMIN = "migadmin"
TESTS = pathlib.Path(__file__).resolve().parents[1]


class Exchange:
    """`store` fills it, `control` makes it fail and counts. With a `certificate` it speaks TLS. Ends with the fixture `start`.
    `mirror`: a Dovecot of dovecot.py whose mail it shows."""

    admin = ADMIN

    def __init__(
        self, folder: pathlib.Path, tools, certificate=None, version: str = "2016", processes: int = 1, mirror=None, more: t.Iterable[str] = (),
    ) -> None:
        self.folder, self._tools, self._certificate = folder, tools, certificate
        self.port, self.password = tools.free_port(), secrets.token_hex(12)
        folder.mkdir(parents=True)
        self.store, self.control = Store(folder), Control(folder)
        self.store.account(ADMIN, self.password, impersonates=True)
        self._command = [sys.executable, "-m", "servers.ews", "serve", str(folder), f"--port={self.port}", f"--version={version}",
                         f"--processes={processes}", *more]
        if certificate:
            self._command += [f"--cert={certificate['cert']}", f"--key={certificate['key']}"]
        if mirror:
            (folder / "imap-password").write_text(mirror.password)
            self._command += ["--imap-host=127.0.0.1", f"--imap-port={mirror.port}", f"--imap-admin={mirror.admin}",
                              f"--imap-password-file={folder / 'imap-password'}"]
        self.run()

    @property
    def url(self) -> str:
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}/EWS/Exchange.asmx"

    def run(self) -> None:
        """Again, after `stop`."""
        command = ["env", f"PYTHONPATH={TESTS}", *self._command]
        self._process = self._tools.start(command, self.folder, lambda: self._tools.wait_for_port("127.0.0.1", self.port))

    def terminate(self) -> None:
        self._process.terminate()

    def stop(self) -> None:
        """Every connection breaks."""
        self.terminate()
        self._process.wait(timeout=20)
