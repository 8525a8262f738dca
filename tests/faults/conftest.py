# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of the integration tests, and what breaks things: module, relay, pair (servers/fixtures.py)."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

# By path: pytest knows two files by the name conftest.
_spec = importlib.util.spec_from_file_location("integration_conftest", TESTS / "integration" / "conftest.py")
_integration = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_integration)
collections, free_port, scratch, start, wait_for_port = (
    getattr(_integration, name) for name in ("collections", "free_port", "scratch", "start", "wait_for_port")
)

from servers.fixtures import module, pair, relay, servers

__all__ = ["collections", "free_port", "module", "pair", "relay", "scratch", "servers", "start", "wait_for_port"]


def pytest_addoption(parser):
    group = parser.getgroup("faults")
    group.addoption("--whole", action="store_true", help="every fault at every step, not a sample")
    group.addoption("--kind", default="", help="only faults of these kinds, with commas between")
    group.addoption("--seed", type=int, default=20191115, help="for the moments at which faults strike")
