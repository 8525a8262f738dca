# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lanes, each with servers of its own, on which runs are made side by side."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import pathlib
import queue
import time
import traceback
import typing as t

from servers.dovecot import BARE, Dovecot

from . import stage as stages
from .case import Case, Course
from .kinds import Outcome, Plan, strike
from .stage import MAILBOXES, Stage

# More than there are cores: most of a run is waiting.
LANES = 3
# What targets offer: all that Dovecot has, no MULTIAPPEND, RFC 3501 alone.
FLAVOURS = {
    "full": "",
    "pipelined": "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS CONDSTORE NAMESPACE UNSELECT CHILDREN",
    "bare": f"imap_capability = {BARE}",
}
# A fault that did not strike, since the module was through before, is tried at so many other moments.
MOMENTS = 6


class Lane:
    def __init__(self, servers, name: str, collections_folder: pathlib.Path, folder: pathlib.Path) -> None:
        self.source: Dovecot = servers.dovecot(f"{name}-source")
        self.targets = {flavour: servers.dovecot(f"{name}-{flavour}", more=more) for flavour, more in FLAVOURS.items()}
        self._name, self._collections, self._folder = name, collections_folder, folder
        self._number = 0

    def case(self, stage: Stage, flavour: str, seed: str, course: Course | None = None, mailboxes: int = 1) -> Case:
        self._number += 1
        number = f"{self._name}{self._number}"
        (folder := self._folder / number).mkdir()
        return Case(self.source, self.targets[flavour], flavour == "bare", self._collections, folder, stage, number, seed, course, mailboxes)


class Harness:
    """`stages` and `courses` are there after `prepare`."""

    def __init__(self, servers, collections_folder: pathlib.Path, folder: pathlib.Path) -> None:
        self.folder = folder
        (folder / "runs").mkdir()
        self._lanes: queue.Queue[Lane] = queue.Queue()
        for number in range(LANES):
            self._lanes.put(Lane(servers, f"l{number}n", collections_folder, folder / "runs"))
        self.stages: dict[str, Stage] = {}
        self._untouched: dict[str, dict[str, t.Any]] = {}
        self.courses: dict[tuple[str, str], Course] = {}

    def prepare(self, twice: bool) -> dict[tuple[str, str], tuple[str, ...]]:
        """Make the stages and learn how a pass goes. Returns its steps, by stage and flavour."""
        self._make_stages()
        # The second time may show fewer steps: a pass that takes longer tells the ledger more often that it is alive.
        wanted = [(stage, flavour) for stage in self.stages for flavour in FLAVOURS] * (1 + twice)
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            for key, course in zip(wanted, pool.map(self._learn, wanted), strict=True):
                if key not in self.courses or len(course.steps) < len(self.courses[key].steps):
                    self.courses[key] = course
        return {key: course.steps for key, course in self.courses.items()}

    def runs(self, plans: list[Plan]) -> t.Iterator[Outcome]:
        """Each as soon as it is through."""
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            waiting = [pool.submit(self._run, plan) for plan in plans]
            try:
                for future in concurrent.futures.as_completed(waiting):
                    yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _run(self, plan: Plan) -> Outcome:
        lane = self._lanes.get()
        try:
            for moment in range(MOMENTS):
                outcome = self._attempt(lane, dataclasses.replace(plan, seed=f"{plan.seed}/{moment}"))
                if outcome.struck or outcome.found:
                    return outcome
            return dataclasses.replace(outcome, found={"did_not_strike": 1})
        finally:
            self._lanes.put(lane)

    def _attempt(self, lane: Lane, plan: Plan) -> Outcome:
        course = self.courses[plan.stage, plan.flavour]
        outcome = Outcome(plan, 0, {}, [])
        case = lane.case(self.stages[plan.stage], plan.flavour, plan.seed, course, plan.mailboxes)
        try:
            outcome.struck = strike(case, plan)
            if outcome.struck:
                untouched = {mailbox["name"]: self._untouched[plan.stage][mailbox["name"]] for mailbox in case.mailboxes}
                case.ends_well(None if plan.kind == "uidvalidity_changed" else untouched)
        except Exception:
            # The others still have to run, and this one has to be told.
            case.found["harness"] += 1
            case.words.append(traceback.format_exc())
        finally:
            case.end()
        outcome.found, outcome.words = dict(case.found), case.words
        return outcome

    def _make_stages(self) -> None:
        lane = self._lanes.get()
        (empty := self.folder / "empty").mkdir()
        (empty / "ledger").mkdir()
        case = lane.case(Stage("none", "mailbox_copy", empty), "full", "", mailboxes=len(MAILBOXES))
        names, targets = [m["name"] for m in MAILBOXES], [m["target"] for m in MAILBOXES]
        first, later = self.folder / "first", self.folder / "later"
        for user, messages in zip(case.users(), (240, 120), strict=True):
            stages.fill(case.source, user["name"], messages)
        stages.save(case.source, case.number, names, first / "source")
        (first / "ledger").mkdir()
        self._untouched["first"] = case.before()
        copied = case.outcome(case.start(lease_seconds=20))
        assert not copied["failed"] and case.findings() == {}, copied
        for user in case.users():
            stages.change(case.source, user["name"])
        stages.save(case.source, case.number, names, later / "source")
        stages.save(case.target, case.number, targets, later / "target")
        case.ledger_folder.rename(later / "ledger")
        self._untouched["later"] = case.before()
        case.end()
        self.stages = {"first": Stage("first", "mailbox_copy", first), "later": Stage("later", "mailbox_sync", later)}
        self._lanes.put(lane)

    def _learn(self, wanted: tuple[str, str]) -> Course:
        """A pass that nothing breaks."""
        stage, flavour = wanted
        lane = self._lanes.get()
        case = lane.case(self.stages[stage], flavour, "")
        try:
            steps, growth, before = case.folder / "steps", 0, _size(case.ledger_folder)
            run = case.start(steps=steps, lease_seconds=20)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(case.outcome, run)
                while not waiting.done():
                    growth = max(growth, _size(case.ledger_folder) - before)
                    time.sleep(0.005)
            messages = waiting.result()["messages"]
            source, target = case.from_source, case.to_target
            course = Course(
                messages, source.given, source.sent, target.given, target.sent, target.carried, len(source.commands),
                sum(command.endswith("FETCH") for command in source.commands), target.count("APPEND"), growth, tuple(steps.read_text().splitlines()),
            )
            case.ends_well(None)
            assert not case.found and not case.words, (wanted, case.found, case.words)
            return course
        finally:
            case.end()
            self._lanes.put(lane)


def _size(folder: pathlib.Path) -> int:
    size = 0
    for file in folder.iterdir():
        try:
            size += file.stat().st_blocks * 512
        except FileNotFoundError:
            # A journal that was there a moment ago.
            pass
    return size
