# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not mail, against a real CalDAV and CardDAV server."""

from __future__ import annotations

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from servers.fixtures import Tools
from servers.radicale import Radicale


@pytest.fixture
def radicale(scratch, start, free_port, wait_for_port, certificate) -> Radicale:
    return Radicale(scratch / "radicale", Tools(start, free_port, wait_for_port), certificate)
