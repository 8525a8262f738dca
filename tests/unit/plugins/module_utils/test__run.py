# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._libraries import _StandIn
from ansible_collections.messaging.migration.plugins.module_utils._run import run


class Ended(Exception):
    pass


class FakeModule:
    def exit_json(self, **result):
        raise Ended("ok", result)

    def fail_json(self, **result):
        raise Ended("failed", result)


def ending(job):
    with pytest.raises(Ended) as caught:
        run(FakeModule(), job)
    return caught.value.args


def test_result():
    assert ending(lambda: {"changed": True}) == ("ok", {"changed": True})


def test_error_in_the_users_words_with_what_is_known():
    def job():
        raise MigrationError("It broke.", "Nothing was changed.", "Run it again.", done=3)

    assert ending(job) == ("failed", {"msg": "It broke. Nothing was changed. Run it again.", "done": 3})


def test_parts_may_be_missing():
    assert str(MigrationError("It broke.", next_step="Run it again.")) == "It broke. Run it again."


def test_a_missing_library_is_named():
    stand_in = _StandIn("nowhere >= 2.6", "nowhere_to_be_found")
    kind, result = ending(lambda: stand_in.message)
    assert kind == "failed" and "nowhere >= 2.6" in result["msg"] and "nowhere_to_be_found" in result["exception"]


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run(FakeModule(), lambda: 1 // 0)
