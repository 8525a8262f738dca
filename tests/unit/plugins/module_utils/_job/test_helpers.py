# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import helpers
from ansible_collections.messaging.migration.plugins.module_utils._job.transfer import Counts


class Pace:
    def __init__(self) -> None:
        self.heard: list = []
        self.shut = False

    def back_off(self, asked) -> float | None:
        self.heard.append(asked)
        return 1.0 if asked else None

    def closed(self) -> bool:
        return self.shut


def test_a_server_that_asks_a_helper_for_a_rest_is_heard():
    pulse = helpers._Pulse(lambda: False, 1, None)
    assert not pulse.throttled("Request is throttled")
    pulse.pace = Pace()
    assert pulse.throttled("Request is throttled") and not pulse.throttled("no such message")
    assert len(pulse.pace.heard) == 2


def test_a_helper_stops_when_the_server_is_closed():
    pulse = helpers._Pulse(lambda: False, os.getppid(), None)
    assert not pulse() and not pulse.at_once()
    pulse.pace = Pace()
    assert not pulse() and not pulse.at_once()
    pulse.pace.shut = True
    assert pulse() and pulse.at_once()


def test_what_helpers_did_and_what_stopped_them():
    def bring(name, pulse):
        pulse.counts.messages += 3
        if name == "bad":
            raise MigrationError("It broke.")

    counts = Counts()
    both = helpers.Helpers(bring, counts)
    for name in ("good", "bad"):
        both.start(name, lambda: False)
    with pytest.raises(MigrationError, match="It broke."):
        both.finish(lambda: False)
    assert counts.messages == 6 and len(both) == 0
