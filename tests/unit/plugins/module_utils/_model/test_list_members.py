# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.list_members import cycles, flattened

GROUPS = [f"g{number}" for number in range(7)]
PEOPLE = [f"p{number}" for number in range(5)]
MEMBERS = st.fixed_dictionaries({group: st.lists(st.sampled_from(GROUPS + PEOPLE), max_size=5, unique=True).map(tuple) for group in GROUPS})


def reachable(start: str, members: dict) -> set[str]:
    """All that is below a group, itself only by way of a circle."""
    found: set[str] = set()
    while True:
        more = {member for group in (found | {start}) if group in members for member in members[group]} - found
        if not more:
            return found
        found |= more


@given(MEMBERS)
def test_a_list_has_everybody_below_it_once(members):
    for group in members:
        assert flattened(group, members) == sorted(member for member in reachable(group, members) if member not in members)


@given(MEMBERS)
def test_circles_are_found_where_there_are_some_and_nowhere_else(members):
    found = cycles(members)
    for circle in found:
        assert all(after in members[before] for before, after in zip(circle, (*circle[1:], circle[0])))
    assert bool(found) == any(group in reachable(group, members) for group in members)


def test_groups_may_hang_deeper_than_python_recurses():
    members = {f"g{number}": (f"g{number + 1}",) for number in range(5000)} | {"g5000": ("anna",)}
    assert flattened("g0", members) == ["anna"] and cycles(members) == []
    assert len(cycles({**members, "g5000": ("g0",)})[0]) == 5001
