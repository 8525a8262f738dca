# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role user_settings, as phases 5 and 6 include it."""

from __future__ import annotations

import json
import sys

import pytest
from test_mailbox_rules import ADDRESS, copied, site

__all__ = ["copied", "site"]
DELEGATE = ("<t:DelegateUser><t:UserId><t:PrimarySmtpAddress>bob@example.org</t:PrimarySmtpAddress></t:UserId><t:DelegatePermissions>"
            "<t:CalendarFolderPermissionLevel>Editor</t:CalendarFolderPermissionLevel></t:DelegatePermissions></t:DelegateUser>")


@pytest.fixture
def settings(copied, run_play, tmp_path):
    """settings(sieve, ...): what changed, by the names of tasks, and the records by their kind."""
    copied.store.set_delegates(ADDRESS, DELEGATE)

    def run(sieve=True, check=False, draw=False, **more):
        options = copied.options()
        passwords = {"source": options["sources"][0]["password"], "target": options["target"]["password"]}
        options["sources"][0]["password"], options["target"]["password"] = "{{ source }}", "{{ target }}"
        options["target"] |= {"sieve": {"port": copied.sieve.port}} if sieve else {}
        variables = {f"user_settings_{name}": options[name] for name in ("sources", "target", "ledger", "migration")}
        variables |= {"user_settings_output": str(tmp_path / "records"), "user_settings_station_path": str(tmp_path / "station"),
                      "user_settings_python": sys.executable, **{f"user_settings_{name}": value for name, value in more.items()}}
        (tmp_path / "records").mkdir(exist_ok=True)
        report = {"report_output": str(tmp_path / "report.html"), "report_station_path": str(tmp_path / "report-data.json"),
                  "report_ledger": options["ledger"], "report_migration": options["migration"], "report_python": sys.executable}
        records = {"messaging.migration.migration_record_info": {"ledger": options["ledger"], "migration": options["migration"]}}
        drawn = [{"ansible.builtin.include_role": {"name": "messaging.migration.report"}, "vars": report}] if draw else []
        tasks = [{"ansible.builtin.include_role": {"name": "messaging.migration.user_settings"}, "vars": variables}, *drawn, records]
        results = run_play(tasks, passwords, check=check)
        assert not any(result["failed"] for result in results), results
        return {result["task"] for result in results if result["changed"]}, {one["kind"]: one["summary"] for one in results[-1]["records"]}

    return run


RULES = {"mailboxes": 1, "not_readable": 0, "beside": 0, "kept": 0, "nothing": 0, "rules_moved": 2, "rules_left_out": 1, "replies": 1}
# The calendar, and sending on behalf of somebody: this target has no rights at all.
RIGHTS = {"mailboxes": 1, "not_readable": 0, "rights": 0, "kept": 0, "lost": 2}


def test_by_managesieve(settings, copied, tmp_path):
    changed, recorded = settings(check=True)
    assert "Rules | Bring rules and automatic replies" in changed and not recorded and copied.scripts() == {} and not list((tmp_path / "records").iterdir())
    changed, recorded = settings()
    assert {"Rules | Bring rules and automatic replies", "Rules | Fetch the report", "Rights | Fetch the report"} <= changed
    assert recorded == {"rules": {"way": "ManageSieve", **RULES}, "rights": RIGHTS} and copied.scripts() == {"exchange-rules": True}
    folder = tmp_path / "records" / "user_settings"
    assert folder.stat().st_mode & 0o777 == 0o700 and sorted(path.name for path in folder.iterdir()) == ["rights.json", "rules.json"]
    [told] = json.loads((folder / "rules.json").read_text())["mailboxes"]
    assert [remark["rule"] for remark in told["remarks"]] == ["Files"]
    assert settings() == (set(), recorded)
    # What its user changes until the cut-over is brought then.
    copied.store.set_rules(ADDRESS)
    changed, recorded = settings(wave="default")
    assert "Rules | Bring rules and automatic replies" in changed and recorded["rules"]["rules_moved"] == 0


def test_as_files_that_nobody_has_to_look_for(settings, copied, tmp_path):
    changed, recorded = settings(sieve=False, draw=True)
    report = (tmp_path / "report.html").read_text()
    assert "2 rules and 1 automatic replies, as files to be brought to the server<td class=\"wide\">1 rules</tr>" in report
    assert "2 permissions have no counterpart" in report
    assert "Rules | Fetch them" in changed and recorded["rules"] == {"way": "files", **RULES} and copied.scripts() == {}
    script = tmp_path / "records" / "user_settings" / "anna.sieve"
    assert 'fileinto "Projects/Größe"' in script.read_text()
    assert settings(sieve=False) == (set(), recorded)


def test_only_what_is_wanted_and_only_where_it_is_told(settings, copied, tmp_path):
    assert set(settings(rights=False)[1]) == {"rules"}
    copied.options = lambda options=copied.options: {**options(), "sources": [{**options()["sources"][0], "protocol": "imap"}]}
    assert settings()[0] == set()
