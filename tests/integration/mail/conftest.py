# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail between real servers, by playbook. The fixtures are in servers/fixtures.py; here they get playbooks.

play: play([("mailbox_copy", options), ...]) runs modules of this collection in one play and returns a result for each; a third member
    of such a tuple adds keywords to the task, such as ignore_errors. Passwords are templates there, and extra vars.
direct: the same without a playbook, in half of the time, for tests that are about the modules' own words.
"""

from __future__ import annotations

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from servers import fixtures

module, pair, relay, servers = fixtures.module, fixtures.pair, fixtures.relay, fixtures.servers


@pytest.fixture
def secrets(pair) -> dict[str, str]:
    """Extra vars, and templates for them in the options of `pair`."""
    values = {"source_password": pair.source.password, "target_password": pair.target.password}
    pair.source_password, pair.target_password = "{{ source_password }}", "{{ target_password }}"
    return values


@pytest.fixture
def play(run_play, secrets):
    def run(tasks, extravars=None, **settings):
        plays = [{f"messaging.migration.{name}": options, **(keywords[0] if keywords else {})} for name, options, *keywords in tasks]
        # Fewer processes a task; the modules do not see the difference.
        settings["env"] = {"ANSIBLE_PIPELINING": "1", **(settings.get("env") or {})}
        return run_play(plays, {**secrets, **(extravars or {})}, **settings)

    return run


@pytest.fixture
def direct(module):
    def run(tasks, check=False):
        results = []
        for name, options, *keywords in tasks:
            results.append(module(name, options, check))
            if results[-1]["failed"] and not (keywords and keywords[0].get("ignore_errors")):
                break
        return results

    return run
