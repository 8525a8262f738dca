# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories for the tests here: those that are only read are started once. `module` and `servers` are as in integration/mail."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from servers import fixtures, old_organisation, organisation, slapd
from servers.active_directory import SUFFIX as AD_SUFFIX
from servers.active_directory import ActiveDirectory

module, servers = fixtures.module, fixtures.servers


class Tools:
    """What the fixtures of each test do, for servers that live longer."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen] = []

    def free_port(self) -> int:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            return found.getsockname()[1]

    def wait_for_port(self, address: str, port: int) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection((address, port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline or self.running[-1].poll() is not None:
                    raise
                time.sleep(0.1)

    def start(self, command: list[str], folder: pathlib.Path, ready) -> subprocess.Popen:
        with (folder / "server.log").open("wb") as log:
            self.running.append(process := subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT))
        try:
            ready()
        except OSError as error:
            raise RuntimeError(f"{command[0]} did not start:\n{(folder / 'server.log').read_text()}") from error
        return process

    def end(self) -> None:
        for process in reversed(self.running):
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def tools():
    yield (made := Tools())
    made.end()


@pytest.fixture(scope="session")
def active_directory(tools, tmp_path_factory) -> ActiveDirectory:
    """30 users, 12 groups in chains of six, one with 1,600 members, a circle, a dynamic group."""
    entries = [*organisation.units(AD_SUFFIX), *organisation.entries(AD_SUFFIX, contacts=1600, largest=1600)]
    return ActiveDirectory(tmp_path_factory.mktemp("active-directory"), tools, entries)


@pytest.fixture(scope="session")
def openldap(tools, tmp_path_factory, certificate) -> slapd.Slapd:
    """With 400 users, 60 groups and 20 contacts, and a tree of Exchange 5.5 beside them. Two dynamic groups can't be evaluated."""
    entries = [
        *slapd.ROOT, *organisation.units(slapd.SUFFIX), *organisation.entries(slapd.SUFFIX, users=400, groups=60, contacts=20, largest=350),
        organisation.dynamic(slapd.SUFFIX, "All Oslo", msExchQueryFilter=["Department -eq 'Oslo'"]),
        organisation.dynamic(slapd.SUFFIX, "All Wien", msExchDynamicDLFilter=["(department=Wien"]),
    ]
    trees = {slapd.SUFFIX: organisation.ldif(entries), old_organisation.NAME: organisation.ldif(old_organisation.ENTRIES)}
    return slapd.Slapd(tmp_path_factory.mktemp("slapd") / "server", tools, certificate, trees)


@pytest.fixture
def own_tools():
    """For servers of one test."""
    yield (made := Tools())
    made.end()


@pytest.fixture
def target_directory(tmp_path, certificate, own_tools) -> slapd.Slapd:
    """That of a target, with nobody in it but for one unit."""
    people = (f"ou=people,{slapd.SUFFIX}", {"objectClass": ["organizationalUnit"], "ou": ["people"]})
    return slapd.Slapd(tmp_path / "target-directory", own_tools, certificate, {slapd.SUFFIX: organisation.ldif([*slapd.ROOT, people])})
