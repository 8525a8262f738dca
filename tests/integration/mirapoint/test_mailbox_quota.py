# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mailbox_quota at a Cyrus, and imap_mailbox beside it."""

from __future__ import annotations

import imaplib
import re
import sys
import time

import pytest

MB = 1024


class Site:
    """Users of a Cyrus, and what the modules are told of them."""

    def __init__(self, cyrus, module, ledger) -> None:
        self.cyrus, self.module, self.ledger = cyrus, module, ledger
        self.users = {"anna": 500, "bo": 9000, "carl": 0, "dora": 100}

    def options(self, **more):
        mailboxes = [{"name": name, "quota_mb": quota} for name, quota in self.users.items()]
        return {"target": self.cyrus.option(self.cyrus.password), "mailboxes": mailboxes, "ledger": {"url": f"sqlite:///{self.ledger}"},
                "migration": "example", **more}

    def made(self):
        return self.module("imap_mailbox", self.options())

    def quota(self, state, check=False, **more):
        result = self.module("mailbox_quota", self.options(state=state, **{"quota_mb": 4000, **more}), check=check)
        assert not result["failed"], result
        return {name: result[name] for name in ("raised", "restored", "as_wanted", "foreign", "over", "not_found") if result[name]}, result["changed"]

    def imap(self):
        imap = imaplib.IMAP4("127.0.0.1", self.cyrus.port)
        imap.login(self.cyrus.admin, self.cyrus.password)
        return imap

    def limits(self, *names):
        """In MB; None for no limit."""
        found = {}
        with self.imap() as imap:
            for name in names or self.users:
                told = re.search(rb"STORAGE (\d+) (\d+)", imap.getquotaroot(f"user.{name}")[1][1][0] or b"")
                found[name] = int(told[2]) // MB if told else None
        return found


@pytest.fixture
def site(cyrus, module, tmp_path):
    found = Site(cyrus, module, tmp_path / "ledger.sqlite")
    assert found.made()["created"] == 4
    return found


def test_whole_way(site):
    own = {"anna": 500, "bo": 9000, "carl": None, "dora": 100}
    assert site.limits() == own
    assert site.quota("raised", check=True) == ({"raised": 2, "as_wanted": 2}, True) and not site.ledger.exists() and site.limits() == own
    assert site.quota("raised") == ({"raised": 2, "as_wanted": 2}, True) and site.limits() == {**own, "anna": 4000, "dora": 4000}
    assert site.quota("raised") == ({"as_wanted": 4}, False)
    # Who makes mailboxes leaves them so.
    again = site.made()
    assert (again["changed"], again["unchanged"]) == (False, 4) and site.limits() == {**own, "anna": 4000, "dora": 4000}
    with site.imap() as imap:
        imap.setquota("user.dora", "(STORAGE 1)")
    assert site.quota("restored", check=True) == ({"restored": 1, "as_wanted": 2, "foreign": 1}, True)
    assert site.quota("restored") == ({"restored": 1, "as_wanted": 2, "foreign": 1}, True)
    assert site.quota("restored") == ({"as_wanted": 3, "foreign": 1}, False) and site.limits() == {**own, "dora": 0}
    # The next setup finds those that were cut over as they are to be.
    assert not site.made()["changed"] and site.quota("raised") == ({"as_wanted": 3, "foreign": 1}, False)


@pytest.mark.parametrize("quota_mb", [4000, 0])
def test_more_in_it_than_there_may_be(site, quota_mb):
    site.users = {"anna": 1}
    site.made()
    assert site.quota("raised", quota_mb=quota_mb) == ({"raised": 1}, True)
    with site.imap() as imap:
        assert imap.append("user.anna", None, None, b"Subject: large\r\n\r\n" + b"x" * 1_500_000)[0] == "OK"
    assert site.quota("restored") == ({"over": 1}, False) and site.limits() != {"anna": 1}
    assert site.quota("restored", force=True) == ({"restored": 1}, True) and site.limits() == {"anna": 1}


def test_limits_of_other_resources_stay(site):
    with site.imap() as imap:
        imap.setquota("user.anna", f"(STORAGE {500 * MB} MESSAGE 1000)")
        site.quota("raised", quota_mb=0)
        assert b"MESSAGE 0 1000" in imap.getquotaroot("user.anna")[1][1][0] and site.limits()["anna"] is None
        site.quota("restored")
        assert b"MESSAGE 0 1000" in imap.getquotaroot("user.anna")[1][1][0] and site.limits()["anna"] == 500


def test_killed_in_the_middle_and_run_again(site):
    site.users = {f"user{number:03}": 100 for number in range(150)}
    site.made()
    for state, left in (("raised", 100), ("restored", 4000)):
        run = site.module.start("mailbox_quota", site.options(state=state, quota_mb=4000))
        while run.running and site.limits("user000") == {"user000": left}:
            time.sleep(0.005)
        run.kill()
        site.quota(state)
        assert set(site.limits().values()) == ({4000} if state == "raised" else {100})
        assert not site.quota(state)[1]


def test_rights_in_a_mailbox_that_came_with_its_user(site):
    with site.imap() as imap:
        imap.create("user.emil")
        imap.setacl("user.emil", site.cyrus.admin, "l")
    site.users = {"emil": 0, "anna": 500}
    first, again = site.made(), site.made()
    assert (first["rights_given"], first["created"], first["unchanged"], again["changed"]) == (1, 0, 1, False)
    assert "user.emil: rights lrswipkxtea" in first["diff"]["after"]


def test_restored_by_the_cut_over_of_a_wave(site, run_play):
    site.quota("raised")
    waves = {"anna": "first", "dora": "last"}
    mailboxes = [{"name": f"{name}.x", "target": name, "wave": wave, "quota_mb": 300} for name, wave in waves.items()]
    variables = {
        "cut_over_wave": "first", "cut_over_sources": [{"name": "old", "mailboxes": mailboxes}], "cut_over_migration": "example",
        "cut_over_target": {**site.cyrus.option("{{ cyrus_password }}")}, "cut_over_ledger": {"url": f"sqlite:///{site.ledger}"},
        "cut_over_python": sys.executable,
    }
    role = {"ansible.builtin.include_role": {"name": "messaging.migration.cut_over", "tasks_from": "quotas"}, "vars": variables}

    def restored(**more):
        results = run_play([role], {"cyrus_password": site.cyrus.password}, **more)
        return [result for result in results if "restored" in result][-1], results[-1]

    planned, _told = restored(check=True)
    assert planned["restored"] == 1 and site.limits("anna", "dora") == {"anna": 4000, "dora": 4000}
    done, told = restored()
    assert done["restored"] == 1 and told["skipped"] and site.limits("anna", "dora") == {"anna": 300, "dora": 4000}
    with site.imap() as imap:
        imap.setquota("user.dora", f"(STORAGE {77 * MB})")
    variables["cut_over_wave"] = "last"
    done, told = restored()
    assert not done["changed"] and "0 mailboxes have more in them" in told["msg"][0] and "1 have a quota that somebody" in told["msg"][0]
    assert site.limits("anna", "dora") == {"anna": 300, "dora": 77}
