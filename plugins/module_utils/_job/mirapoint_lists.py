# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Distribution lists of an appliance: lists and entries that lack are added, and nothing is taken away. It is asked first what is there, so this
can be killed and run again."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time

from .._errors import MigrationError
from .._mirapoint.administration import Administration, Refused
from .._mirapoint.appliance import NOTHING_TOUCHED
from .._model.progress import eta_seconds, rate
from . import mirapoint
from .event_file import Write, events

# As in mirapoint_users.py: a step has to get somewhere.
LEAST_DONE = 100
LEAST_SHARE = 4
# Lists for which one more connection is worth its login.
WORTH_A_LOGIN = 200


def lists(params: dict, check_mode: bool = False) -> dict:
    """The module mirapoint_distribution_list; see its RETURN."""
    mirapoint.names("lists", [wanted["name"] for wanted in params["lists"]])
    for wanted in params["lists"]:
        mirapoint.names(f"entries of {wanted['name']}", wanted["entries"])
    if params["connections"] < 1:
        raise MigrationError(f"connections is {params['connections']}.", NOTHING_TOUCHED, "Make it 1 or more.")
    with events(params["report_path"], check_mode) as write, mirapoint.administered(params) as administration:
        return _Lists(administration, params, check_mode, write).run()


class _Lists:
    def __init__(self, administration: Administration, params: dict, check_mode: bool, write: Write) -> None:
        self.administration, self.params, self.check_mode, self.write = administration, params, check_mode, write
        self.refusals = mirapoint.Refusals()
        self.changes: list[tuple[str, str, str]] = []
        self.counts = {"lists_added": 0, "entries_added": 0}
        began = time.monotonic()
        # Known of all before anything is changed.
        compared = _compared(administration, params)
        self.listed = time.monotonic()
        found = [(wanted["name"], *one) for wanted, one in zip(params["lists"], compared, strict=True)]
        self.todo = [(name, there, lacking) for name, there, lacking, _surplus in found if lacking or not there]
        self.surplus = [(name, entry) for name, _there, _lacking, surplus in found for entry in surplus]
        # Lists that are through, and those of them that lack something since it was refused.
        self.through, self.unfit = 0, 0
        budget = params["time_budget"]
        self.ends = self.listed + max(budget, LEAST_SHARE * (self.listed - began)) if budget else float("inf")

    def run(self) -> dict:
        if any(lacking for _name, _there, lacking in self.todo):
            self.administration.require("list_entry_add", "adding entries to a list")
        finished = True
        try:
            for name, there, lacking in self.todo:
                if self.through >= LEAST_DONE and time.monotonic() > self.ends:
                    finished = False
                    break
                if not self._settled(name, there, lacking):
                    break
            if finished:
                self._finish()
        except MigrationError as error:
            error.facts = {**self._result(False), **error.facts}
            raise
        return self._result(finished)

    def _settled(self, name: str, there: bool, lacking: list[str]) -> bool:
        """False when it is no use to go on."""
        refused = len(self.refusals.told)
        enough = self._brought(name, there, lacking)
        self.through += 1
        self.unfit += len(self.refusals.told) > refused
        return not enough

    def _brought(self, name: str, there: bool, lacking: list[str]) -> bool:
        """Whether enough was refused."""
        try:
            if not there and (self.check_mode or self.administration.add_list(name)):
                self._added("lists_added", name)
        except Refused as error:
            return self.refusals.add(name, error)
        for entry in lacking:
            try:
                if self.check_mode or self.administration.add_entry(name, entry):
                    self._added("entries_added", name, entry=entry)
            except Refused as error:
                if self.refusals.add(f"{name}: {entry}", error):
                    return True
        return False

    def _added(self, count: str, name: str, **entry: str) -> None:
        self.counts[count] += 1
        self.changes.append((": ".join((name, *entry.values())), "absent", "present"))
        self.write(list=name, **entry, outcome="added")

    def _finish(self) -> None:
        for name, entry in self.surplus:
            self.write(list=name, entry=entry, outcome="surplus")
        for refusal in self.refusals.told:
            self.write(list=refusal["name"], outcome="refused", reason=refusal["reason"])
        if self.refusals.told:
            done = f"{self.counts['lists_added']} lists and {self.counts['entries_added']} entries were added"
            raise self.refusals.error(self.administration.where, done, {})

    def _result(self, finished: bool) -> dict:
        wanted, left = len(self.params["lists"]), len(self.todo) - self.through
        speed = rate(self.through, time.monotonic() - self.listed)
        return {
            "changed": any(self.counts.values()), **self.counts, "wanted": wanted, "as_wanted": wanted - left - self.unfit,
            "surplus": len(self.surplus), "refused": self.refusals.told, "finished": finished, "report_path": self.params["report_path"],
            "diff": mirapoint.diff(self.changes),
            "progress": [{
                "server": self.administration.session.appliance.name, "lists": wanted, "lists_done": wanted - left,
                "lists_per_second": round(speed, 1), "eta_seconds": eta_seconds(left, speed),
            }],
        }


def _compared(administration: Administration, params: dict) -> list[tuple[bool, list[str], list[str]]]:
    """Of each list whether it is there, and the entries that it lacks and has beside. A connection takes one command at a time, so several of them ask."""
    wanted, over = params["lists"], threading.Event()

    def ask(asker: Administration, lists: list[dict]) -> list[tuple[bool, list[str], list[str]]]:
        try:
            # Where one of them fails the others need not go on.
            return [_told(asker, one) for one in lists if not over.is_set()]
        except BaseException:
            over.set()
            raise

    with contextlib.ExitStack() as stack:
        askers = [administration, *_others(params, min(params["connections"] - 1, len(wanted) // WORTH_A_LOGIN), stack)]
        with concurrent.futures.ThreadPoolExecutor(len(askers)) as pool:
            parts = list(pool.map(ask, askers, [wanted[number::len(askers)] for number in range(len(askers))]))
    found: list = [None] * len(wanted)
    for number, part in enumerate(parts):
        found[number::len(askers)] = part
    return found


def _others(params: dict, most: int, stack: contextlib.ExitStack) -> list[Administration]:
    """Logged in like the first; fewer than `most` where the server lets nobody in any more."""
    others: list[Administration] = []
    with contextlib.suppress(MigrationError):
        while len(others) < most:
            others.append(stack.enter_context(mirapoint.administered(params)))
    return others


def _told(administration: Administration, wanted: dict) -> tuple[bool, list[str], list[str]]:
    entries = administration.entries(wanted["name"])
    known, meant = ({entry.casefold() for entry in some or ()} for some in (entries, wanted["entries"]))
    return (
        entries is not None, [entry for entry in wanted["entries"] if entry.casefold() not in known],
        [entry for entry in entries or () if entry.casefold() not in meant],
    )
