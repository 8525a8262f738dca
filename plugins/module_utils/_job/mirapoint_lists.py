# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Distribution lists of an appliance: lists and entries that lack are added, and nothing is taken away."""

from __future__ import annotations

from .._errors import MigrationError
from .._mirapoint.administration import Administration, Refused
from . import mirapoint
from .event_file import Write, events


def lists(params: dict, check_mode: bool = False) -> dict:
    """The module mirapoint_distribution_list; see its RETURN."""
    mirapoint.names("lists", [wanted["name"] for wanted in params["lists"]])
    for wanted in params["lists"]:
        mirapoint.names(f"entries of {wanted['name']}", wanted["entries"])
    with events(params["report_path"], check_mode) as write, mirapoint.administered(params) as administration:
        return _Lists(administration, params, check_mode, write).run()


class _Lists:
    def __init__(self, administration: Administration, params: dict, check_mode: bool, write: Write) -> None:
        self.administration, self.params, self.check_mode, self.write = administration, params, check_mode, write
        self.refusals = mirapoint.Refusals()
        self.changes: list[tuple[str, str, str]] = []
        self.counts = {"lists_added": 0, "entries_added": 0}
        # Each with whether it is there, and the entries that it lacks: known of all before anything is changed.
        self.plan = [(wanted["name"], *self._compared(wanted)) for wanted in params["lists"]]

    def run(self) -> dict:
        if any(lacking for _name, _there, lacking in self.plan):
            self.administration.require("list_entry_add", "adding entries to a list")
        try:
            for name, there, lacking in self.plan:
                if not self._settled(name, there, lacking):
                    break
            if self.refusals.told:
                done = f"{self.counts['lists_added']} lists and {self.counts['entries_added']} entries were added"
                raise self.refusals.error(self.administration.where, done, {})
        except MigrationError as error:
            error.facts = {**self._result(), **error.facts}
            raise
        return self._result()

    def _compared(self, wanted: dict) -> tuple[bool, list[str]]:
        entries = self.administration.entries(wanted["name"])
        return entries is not None, [entry for entry in wanted["entries"] if entry not in (entries or ())]

    def _settled(self, name: str, there: bool, lacking: list[str]) -> bool:
        """False when it is no use to go on."""
        try:
            if not there and (self.check_mode or self.administration.add_list(name)):
                self._added("lists_added", name)
        except Refused as error:
            self.write(list=name, outcome="refused", reason=str(error))
            return not self.refusals.add(name, error)
        for entry in lacking:
            try:
                if self.check_mode or self.administration.add_entry(name, entry):
                    self._added("entries_added", name, entry=entry)
            except Refused as error:
                self.write(list=name, entry=entry, outcome="refused", reason=str(error))
                if self.refusals.add(f"{name}: {entry}", error):
                    return False
        return True

    def _added(self, count: str, name: str, **entry: str) -> None:
        self.counts[count] += 1
        self.changes.append((": ".join((name, *entry.values())), "absent", "present"))
        self.write(list=name, **entry, outcome="added")

    def _result(self) -> dict:
        return {
            "changed": any(self.counts.values()), **self.counts, "wanted": len(self.plan), "refused": self.refusals.told,
            "report_path": self.params["report_path"], "diff": mirapoint.diff(self.changes),
        }
