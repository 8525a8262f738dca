# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import time

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._job import plan

SOURCES = [
    {"name": "s1", "host": "s1.test", "mailboxes": [{"name": "anna", "wave": "first", "test": True}, {"name": "ben", "wave": "first"}]},
    {"name": "s2", "host": "s2.test", "mailboxes": [{"name": "anna", "target": "anna2", "wave": "second"}]},
]


def chosen(**options):
    return ["/".join(name) for name in plan.chosen(plan.servers(SOURCES), **options)]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["s1/anna", "s1/ben", "s2/anna"]),
        ({"only": []}, ["s1/anna", "s1/ben", "s2/anna"]),
        ({"only": ["anna"]}, ["s1/anna", "s2/anna"]),
        ({"only": ["s2/anna", "ben"]}, ["s1/ben", "s2/anna"]),
        ({"wave": "first"}, ["s1/anna", "s1/ben"]),
        ({"test_only": True}, ["s1/anna"]),
        ({"wave": "first", "only": ["anna"]}, ["s1/anna"]),
    ],
)
def test_filters(options, names):
    assert chosen(**options) == names


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"only": ["carl", "s2/ben", "anna"]}, "No such mailbox in sources: carl, s2/ben. Nothing was touched. Correct `only`."),
        ({"wave": "third"}, "No mailbox is chosen: sources, only, wave and test_only together leave none."),
        ({"only": ["ben"], "test_only": True}, "No mailbox is chosen"),
    ],
)
def test_choices_that_leave_nothing(options, text):
    with pytest.raises(MigrationError, match=text):
        chosen(**options)


def one(name, *mailboxes):
    return {"name": name, "host": f"{name}.test", "mailboxes": list(mailboxes)}


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        ([one("s1", {"name": "anna"}), one("s1", {"name": "ben"})], "Two source servers are named s1."),
        ([one("s1", {"name": "anna", "target": "a"}, {"name": "anna", "target": "b"})], "more than once in the list of mailboxes: s1/anna."),
        ([one("s1", {"name": "anna"}), one("s2", {"name": "ANNA"})], "more than once in the list of mailboxes: target anna."),
    ],
)
def test_lists_that_would_mix_mail(sources, text):
    with pytest.raises(MigrationError, match=text):
        plan.servers(sources)


def test_from_a_modules_parameters():
    made = plan.from_params("copy", {"sources": SOURCES, "target": {"host": "t.test"}, "workers": 0, "time_budget": 0, "only": ["ben"]}, {"scope": "full"})
    assert (made.names, made.workers, made.deadline, made.migration, made.settings) == ((("s1", "ben"),), 1, None, "default", {"scope": "full"})
    assert made.round.startswith("copy-") and made.round != plan.from_params("copy", {"sources": SOURCES}).round
    assert made.mailbox("s2", "anna").target == "anna2" and made.target.name == "t.test" and not made.late()
    assert plan.from_params("copy", {"sources": SOURCES, "round": "mine"}).round == "mine"


def test_time_is_over_at_the_deadline():
    made = plan.from_params("copy", {"sources": SOURCES, "time_budget": 1000})
    assert not made.late()
    assert dataclasses.replace(made, deadline=time.monotonic() - 1).late()
