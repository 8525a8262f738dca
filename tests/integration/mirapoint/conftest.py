# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration of an appliance.

appliance: the service of servers/admind over TLS (class Appliance of servers/appliance.py). module: as in servers/fixtures.py.
"""

from __future__ import annotations

import pathlib
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
