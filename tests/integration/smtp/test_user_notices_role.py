# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role user_notices, as the playbook notify_users runs it, and role cut_over includes it."""

from __future__ import annotations

import sys

import pytest
from test_user_notice import Site


@pytest.fixture
def notices(mail_host, tmp_path, run_play):
    site = Site(mail_host, tmp_path)
    site.mailboxes[0] |= {"language": "de"}

    def run(check=False, scope=False, before=(), **more):
        options = site.options()
        variables = {
            "user_notices_sources": options["sources"], "user_notices_target": {"host": "new.example.test"}, "user_notices_ledger": options["ledger"],
            "user_notices_migration": "example", "user_notices_python": sys.executable, "user_notices_server": options["server"],
            "migration_domain": "example.test",
            "user_notices_date": "2026-05-12", "user_notices_values": options["values"], "user_notices_station_path": str(tmp_path / "station"),
            "user_notices_per_minute": 0, "gate_scope": scope, **more,
        }
        role = {"ansible.builtin.include_role": {"name": "messaging.migration.user_notices"}}
        results = run_play([*before, role], variables, check=check)
        return results[-1], {result["task"] for result in results if result["changed"]}

    run.site, run.folder = site, tmp_path
    return run


def test_announced_in_languages_and_by_the_sites_own_template(notices):
    planned, changed = notices(check=True)
    assert planned["msg"] == "announcement: 5 of 5 users would be told, 0 had been told before." and notices.site.counts() == [0] * 5
    told, changed = notices()
    assert told["msg"] == "announcement: 5 of 5 users were told, 0 had been told before." and "Notify | Send what was not sent yet" in changed
    again, changed = notices()
    assert not again["failed"] and changed == set() and notices.site.counts() == [1] * 5
    assert (notices.folder / "station").stat().st_mode & 0o777 == 0o700 and (notices.folder / "station" / "announcement.json").exists()
    own = notices.folder / "own"
    (own / "en").mkdir(parents=True)
    (own / "en" / "day_before.j2").write_text("{% block subject %}Ours{% endblock %}{% block text %}{{ lookup | default('none') }}{% endblock %}")
    notices(user_notices_kind="day_before", user_notices_templates=str(own), user_notices_only=["anna.berg", "bo"])
    assert notices.site.counts() == [2, 2, 1, 1, 1]
    assert "Subject: Ours" in "".join(notices.site.host.messages("bo", "")) and "zieht morgen um" in "".join(notices.site.host.messages("anna.berg", ""))


def test_nobody_is_told_that_he_moved_before_he_has(notices):
    closed, changed = notices(user_notices_kind="done", user_notices_wave="default")
    assert closed["failed"] and "there is no cut over default" in closed["msg"] and notices.site.counts() == [0] * 5
    options = notices.site.options()
    record = {"messaging.migration.migration_record": {
        "ledger": options["ledger"], "migration": "example", "kind": "cut_over", "name": "default", "content": {"wave": "default"},
    }}
    told, changed = notices(user_notices_kind="done", before=[record])
    assert told["msg"] == "done: 5 of 5 users were told, 0 had been told before." and notices.site.counts() == [1] * 5


def test_nothing_before_the_scope_of_work_is_signed(notices):
    options = notices.site.options()
    scope = {
        "approve_scope_domain": "example.test", "approve_scope_account_leader": {"name": "Ada Lead"}, "approve_scope_questionnaires": [],
        "approve_scope_sources": options["sources"], "approve_scope_target": {"host": "new.example.test"}, "approve_scope_ledger": options["ledger"],
        "approve_scope_migration": "example", "approve_scope_python": sys.executable, "approve_scope_station_group": "all",
    }
    closed, _changed = notices(scope=True, **scope)
    assert closed["failed"]
    assert "The gate of user_notices is closed: there is no scope of work (run messaging.migration.approve_scope)" in closed["msg"]
    assert notices.site.host.transactions() == []


def test_refused_before_anything_is_sent(notices):
    def refused(text, **more):
        result, _changed = notices(**more)
        assert result["failed"] and text in result["msg"], result

    refused("There is no template postponed for de, en", user_notices_kind="postponed")
    refused("Unknown variables of user_notices: user_notices_kinds", user_notices_kinds="done")
    refused("missing required arguments: host found in user_notices_server", user_notices_server={})
    assert notices.site.host.transactions() == []
