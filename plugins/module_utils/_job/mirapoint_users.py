# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Users of an appliance: who lacks is added, or who is there is deleted. It is asked first who is there, so this can be killed and run again."""

from __future__ import annotations

import time

from .._errors import MigrationError
from .._mirapoint.administration import Administration, Refused
from .._mirapoint.appliance import NOTHING_TOUCHED, page_size
from .._model.account_entry import REFUSE, another_person
from .._model.progress import eta_seconds, rate
from . import mirapoint
from .event_file import Write, events

# A step goes on until so many are done, and for so many times as long as it took to ask who is there: it has to get somewhere.
LEAST_DONE = 100
LEAST_SHARE = 4


def users(params: dict, check_mode: bool = False) -> dict:
    """The module mirapoint_user; see its RETURN."""
    wanted = [user["name"] for user in params["users"]]
    mirapoint.names("users", wanted)
    page_size(params["page_size"])
    if params["state"] == "absent" and params["server"]["admin"] in wanted:
        raise MigrationError(f"users has {params['server']['admin']}, by whom this logs in.", NOTHING_TOUCHED, "Leave that account out.")
    with events(params["report_path"], check_mode) as write, mirapoint.administered(params) as administration:
        return _Users(administration, params, check_mode, write).run()


class _Users:
    def __init__(self, administration: Administration, params: dict, check_mode: bool, write: Write) -> None:
        self.administration, self.params, self.check_mode, self.write = administration, params, check_mode, write
        self.absent = params["state"] == "absent"
        self.refusals = mirapoint.Refusals()
        self.changes: list[tuple[str, str, str]] = []
        # `met`: who was there although the list of users did not have him.
        self.done = {"added": 0, "deleted": 0, "met": 0}
        began = time.monotonic()
        self.there = administration.users(page_size=params["page_size"])
        self.listed = time.monotonic()
        # Those who are there, and are somebody else.
        self.foreign = set() if self.absent or params["on_foreign"] != REFUSE else {
            user["name"] for user in params["users"] if another_person(user["full_name"], self.there.get(user["name"], ""))
        }
        self.todo = [user for user in params["users"] if (user["name"] in self.there) == self.absent or user["name"] in self.foreign]
        self.differing = [] if self.absent else [
            user["name"] for user in params["users"] if user["full_name"] and self.there.get(user["name"], user["full_name"]) != user["full_name"]
        ]
        budget = params["time_budget"]
        self.ends = self.listed + max(budget, LEAST_SHARE * (self.listed - began)) if budget else float("inf")

    def run(self) -> dict:
        self._prepare()
        finished = True
        try:
            for number, user in enumerate(self.todo):
                if number >= LEAST_DONE and time.monotonic() > self.ends:
                    finished = False
                    break
                if not self._settled(user):
                    break
            if finished:
                self._finish()
        except MigrationError as error:
            error.facts = {**self._result(False), **error.facts}
            raise
        return self._result(finished)

    def _prepare(self) -> None:
        """All that can be known to fail, before anything is changed."""
        if self.absent and self.todo:
            self.administration.require("user_delete", "deleting users")
        without = [] if self.absent else [user["name"] for user in self.todo if not user["password"] and user["name"] not in self.foreign]
        if without:
            raise MigrationError(
                f"{self.administration.where}: {len(without)} users are to be added and have no password, the first is {without[0]}.",
                "Nothing was changed.", "Give each a password; those that are there already need none.",
            )

    def _settled(self, user: dict) -> bool:
        """False when it is no use to go on."""
        outcome = "deleted" if self.absent else "added"
        try:
            if user["name"] in self.foreign:
                raise Refused(
                    f"the user is there and is called {self.there[user['name']]!r}, not {user['full_name']!r}. Give the account another target in the "
                    "overrides of the plan, remove that user, or set on_foreign to adopt if both are the same person"
                )
            if not self.check_mode and not self._sent(user):
                outcome = "met"
        except Refused as error:
            return not self.refusals.add(user["name"], error)
        self.done[outcome] += 1
        if outcome != "met":
            self.changes.append((user["name"], *(("present", "absent") if self.absent else ("absent", "present"))))
            self.write(user=user["name"], outcome=outcome)
        return True

    def _sent(self, user: dict) -> bool:
        """False: there was nothing to do."""
        if self.absent:
            self.administration.delete_user(user["name"])
            return True
        return self.administration.add_user(user["name"], user["password"], user["full_name"])

    def _finish(self) -> None:
        for name in self.differing:
            self.write(user=name, outcome="differs", full_name=self.there[name])
        for refusal in self.refusals.told:
            self.write(user=refusal["name"], outcome="refused", reason=refusal["reason"])
        if self.refusals.told:
            done = f"{self.done['added']} users were added and {self.done['deleted']} deleted"
            raise self.refusals.error(self.administration.where, done, {})

    def _result(self, finished: bool) -> dict:
        wanted, changed = len(self.params["users"]), self.done["added"] + self.done["deleted"]
        refused = len(self.refusals.told)
        left = len(self.todo) - sum(self.done.values()) - refused
        speed = rate(changed, time.monotonic() - self.listed)
        return {
            "changed": changed > 0, "added": self.done["added"], "deleted": self.done["deleted"], "wanted": wanted, "as_wanted": wanted - left - refused,
            "differing": len(self.differing), "refused": self.refusals.told, "finished": finished, "report_path": self.params["report_path"],
            "diff": mirapoint.diff(self.changes),
            "progress": [{
                "server": self.administration.session.appliance.name, "users": wanted, "users_done": wanted - left,
                "users_per_second": round(speed, 1), "eta_seconds": eta_seconds(left, speed),
            }],
        }
