# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is PRIVATE to the collection: it may change at any time.

"""Long modules in steps, so that their progress can be seen while they work.

A module can't say anything before it ends. So it is called again and again with a time budget, and between two steps a line
per source server is shown. All state is in the ledger: a step that never comes back costs nothing but its time. Each has to be
started and to log in, which takes some seconds: the longer the work, the longer the steps.

While every source server that is left is closed or paused, the wait is here, where it holds no connection and no process
on a station.
"""

from __future__ import annotations

import time
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.messaging.migration.plugins.module_utils._model.progress import line

display = Display()

# Counts that add up over the steps; everything else is as the last step says.
ADDED = ("messages", "bytes", "flags", "moved", "deleted", "folders", "skipped_by_filter")
# No step is made longer than this, in seconds.
LONGEST_STEP = 120.0
# Numbers of a row of `progress` that grow as the work goes on.
GETS_ON = ("mailboxes_done", "messages", "bytes")
# How often the module is asked while it waits, in seconds: an order to stop, or to go on, is not to wait for the window.
LOOK_AGAIN_SECONDS = 60.0


class SteppedAction(ActionBase):
    """Base of the action plugins that share their name with a long module."""

    _supports_check_mode = True
    _supports_async = True
    added = ADDED
    # How a row of `progress` is shown.
    line = staticmethod(line)

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        args = dict(self._task.args)
        # In the background nobody is looking, and in check mode there is nothing to see.
        if self._task.async_val or self._task.check_mode:
            return self._execute_module(module_args=args, task_vars=task_vars, wrap_async=self._task.async_val)
        total: dict[str, t.Any] = {}
        changed, told, through = False, None, None
        budget = float(args.get("time_budget") or 0)
        bounded = budget > 0
        length = interval = float(args.get("progress_interval") or 15)
        wait = boolean(args.get("wait_for_window", True))
        while True:
            step = min(length, budget) if budget else length
            result = self._execute_module(module_args=dict(args, time_budget=step), task_vars=task_vars)
            changed = changed or bool(result.get("changed"))
            for key in self.added:
                if key in result:
                    total[key] = total.get(key, 0) + result[key]
            # Where no ledger knows what is done, the step says where the next one begins.
            if "through" in result:
                args["first"] = result["through"]
            if "diff" in result:
                total.setdefault("diff", []).append(result["diff"])
            # The later steps belong to the round that the first one opened.
            if "round" in result:
                args.setdefault("round", _series(result))
            waits = bool(result.get("waiting_until")) and not result.get("finished", True)
            news = _news(result) if waits else None
            if not waits or news != told:
                self._show(result, task_vars)
            told = news
            # What one step is too short for would begin anew in each: they grow until something is through.
            before, through = through, _through(result)
            idle = bool(through) and before == through and not waits and not result.get("changed")
            length = 2 * length if idle else min(2 * length, max(interval, LONGEST_STEP))
            # A module that has nothing to do now comes back at once: what it did not use of its step is not lost.
            budget = max(budget - step, 0) if budget and not waits else budget
            over = result.get("failed") or result.get("finished", True) or result.get("stopped") or waits and not wait
            if over or (bounded and not budget):
                return dict(result, changed=changed, **total)
            if waits:
                slept = self._sleep(result["waiting_until"], budget)
                budget = max(budget - slept, 0) if budget else 0
                if bounded and not budget:
                    return dict(result, changed=changed, **total)

    def _sleep(self, until: float, budget: float) -> float:
        """Seconds that were slept: until then, or for as long as the module need not be asked again."""
        seconds = max(1.0, min(until - time.time(), LOOK_AGAIN_SECONDS))
        seconds = min(seconds, budget) if budget else seconds
        time.sleep(seconds)
        return seconds

    def _show(self, result: dict, task_vars: dict) -> None:
        """Every station sees the same ledger, so one of them tells."""
        hosts = task_vars.get("ansible_play_hosts") or [task_vars.get("inventory_hostname")]
        if task_vars.get("inventory_hostname") != hosts[0]:
            return
        for row in result.get("progress") or ():
            display.display(f"  {self.line(row)}")


def _through(result: dict) -> list:
    """What tells whether a step got on."""
    return [[row.get(key) for key in GETS_ON] for row in result.get("progress") or () if "mailboxes_done" in row]


def _news(result: dict) -> list:
    """What is worth a line while it waits: an ETA that goes by is not."""
    return [(row["server"], row["mailboxes_done"], row.get("window")) for row in result.get("progress") or ()]


def _series(result: dict) -> str | None:
    """A sync's rounds are numbered within the series that is handed on."""
    name = result.get("round")
    return name.rpartition(".")[0] if name and "rounds" in result else name
