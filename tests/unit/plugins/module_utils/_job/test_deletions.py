# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.messaging.migration.plugins.module_utils._job.deletions import deletions
from ansible_collections.messaging.migration.plugins.module_utils._ledger import records
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened


def test_taking_back_one_wave_leaves_earlier_ones_alone(tmp_path):
    ledger = opened(tmp_path)
    records.add(ledger, "cut_over", "first", "made", {})
    records.add(ledger, "cut_over", "second", "made", {})
    records.add(ledger, "roll_back", "example.test", "taken back", {"wave": "second"})
    assert [deletions(ledger, wave, "mirror") for wave in ("first", "second")] == ["keep", "mirror"]
    records.add(ledger, "roll_back", "first", "taken back", {"wave": "first"})
    assert [deletions(ledger, wave, "mirror") for wave in ("first", "second")] == ["mirror", "mirror"]


def test_nothing_is_deleted_at_the_target_once_its_wave_has_cut_over(tmp_path):
    ledger = opened(tmp_path)
    assert deletions(ledger, "first", "mirror") == "mirror"
    records.add(ledger, "cut_over", "first", "made", {})
    assert deletions(ledger, "first", "mirror") == "keep"
    assert deletions(ledger, "second", "mirror") == "mirror"
    records.add(ledger, "roll_back", "example.test", "taken back", {})
    assert deletions(ledger, "first", "mirror") == "mirror"
    records.add(ledger, "cut_over", "first", "made again", {})
    assert deletions(ledger, "first", "mirror") == "keep"
    assert deletions(ledger, "first", "keep") == "keep"
