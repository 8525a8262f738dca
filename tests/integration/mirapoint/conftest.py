# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration of an appliance.

appliance: the service of servers/admind over TLS (class Appliance of servers/appliance.py). module: as in servers/fixtures.py.
cyrus: a Cyrus of its own. on_cyrus: the service, which acts on it and writes its lists into the map `lists`.
"""

from __future__ import annotations

import pathlib
import shutil
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from servers import fixtures
from servers.appliance import Appliance

module, servers = fixtures.module, fixtures.servers


@pytest.fixture
def tools(start, free_port, wait_for_port) -> fixtures.Tools:
    return fixtures.Tools(start, free_port, wait_for_port)


@pytest.fixture
def appliance(tmp_path, tools, certificate) -> Appliance:
    return Appliance(tmp_path / "appliance", tools, certificate)


@pytest.fixture
def cyrus(servers):
    return servers.cyrus()


@pytest.fixture
def on_cyrus(cyrus, tmp_path, tools, certificate) -> Appliance:
    (tmp_path / "imap-password").write_text(cyrus.password)
    more = [f"--imap-port={cyrus.port}", f"--imap-admin={cyrus.admin}", f"--imap-password-file={tmp_path / 'imap-password'}", "--domain=example.test",
            f"--addresses={tmp_path / 'lists'}", f"--made={shutil.which('postmap')}", f"--set-password=tee {tmp_path / 'password-of'}"]
    appliance = Appliance(tmp_path / "appliance", tools, certificate, more)
    appliance.cyrus = cyrus
    return appliance
