# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError

from ansible_collections.messaging.migration.plugins.lookup import planned_mailboxes

NAME = "messaging.migration.planned_mailboxes"


def account(server, mailbox, **more):
    name = mailbox.replace(".", "")
    return {"server": server, "mailbox": mailbox, "target": name, "wave": "first", "quota_mb": 500, "primary": f"{mailbox}@example.test", **more}


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "account_plan.yml"

    def write(*accounts):
        path.write_text(json.dumps({"account_plan": {"accounts": accounts, "lists": [], "redirects": []}}))
        # Two versions within one tick of the clock are two versions.
        os.utime(path, ns=(write.count, write.count))
        write.count += 1

    write.count, write.path = 1, str(path)
    write(account("old1", "anna.berg"), account("old2", "bo.dahl"), account("old1", "info", wave="last", quota_mb=0))
    return write


def mailboxes(*servers, **options):
    """As Ansible's loader makes it, which knows its options by its documentation."""
    constants.config.initialize_plugin_configuration_definitions("lookup", NAME, yaml.safe_load(planned_mailboxes.DOCUMENTATION)["options"])
    lookup = planned_mailboxes.LookupModule()
    lookup._load_name = NAME
    return lookup.run(list(servers), **options)


def test_those_of_one_server_in_the_order_of_the_plan(plan):
    assert mailboxes("old1", path=plan.path) == [[
        {"name": "anna.berg", "target": "annaberg", "wave": "first", "quota_mb": 500, "address": "anna.berg@example.test"},
        {"name": "info", "target": "info", "wave": "last", "quota_mb": 0, "address": "info@example.test"},
    ]]
    assert mailboxes("nobody", path=plan.path) == [[]]


@pytest.mark.parametrize("name", ["anna.berg", "annaberg", "anna.berg@example.test"])
def test_what_the_inventory_says_is_added_by_any_name(plan, name):
    [[anna, info]] = mailboxes("old1", path=plan.path, also={name: {"test": True, "wave": "pilot"}})
    assert (anna["test"], anna["wave"], anna["target"]) == (True, "pilot", "annaberg") and "test" not in info


def test_who_is_not_there_is_refused(plan):
    with pytest.raises(AnsibleError, match="has no bo.dahl on old1. Nothing was touched"):
        mailboxes("old1", path=plan.path, also={"bo.dahl": {"test": True}})


def test_nobody_while_there_is_no_plan(tmp_path):
    assert mailboxes("old1", path=str(tmp_path / "none.yml"), also={"anna": {}}) == [[]]


def test_a_new_plan_is_seen_at_once(plan):
    assert len(mailboxes("old1", path=plan.path)[0]) == 2
    plan(account("old1", "carl"))
    assert [mailbox["name"] for mailbox in mailboxes("old1", path=plan.path)[0]] == ["carl"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"account_plan": {}}'])
def test_another_file_is_refused(plan, tmp_path, text):
    (tmp_path / "other.yml").write_text(text)
    with pytest.raises(AnsibleError, match="is no account plan"):
        mailboxes("old1", path=str(tmp_path / "other.yml"))


def test_one_server_at_a_time(plan):
    with pytest.raises(AnsibleError, match="one source server, not 2"):
        mailboxes("old1", "old2", path=plan.path)
