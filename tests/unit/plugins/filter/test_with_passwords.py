# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.messaging.migration.plugins.filter.with_passwords import FilterModule


def with_passwords(*given):
    return FilterModule().filters()["with_passwords"](*given)


def test_known_ones_and_random_ones():
    given = [{"name": "anna", "full_name": "Anna"}, {"target": "bo", "name": "x"}]
    anna, bo = with_passwords(given, {"anna": "s3cret", "x": "not bo's"})
    assert anna == {"name": "anna", "full_name": "Anna", "password": "s3cret"}
    assert len(bo["password"]) == 32 and with_passwords(given)[1]["password"] != bo["password"] and given[0] == {"name": "anna", "full_name": "Anna"}


def test_others_are_refused():
    with pytest.raises(AnsibleFilterError, match="have a target or a name"):
        with_passwords([{"full_name": "Anna"}])
