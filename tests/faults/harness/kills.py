# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9: of all, of one worker, and at every single step. Each returns how often it struck."""

from __future__ import annotations

import os
import pathlib
import signal
import time

from .case import Case, Launched


def anywhere(case: Case) -> int:
    """All of the module, up to three times in a row, after a random number of bytes and a moment."""
    struck = 0
    for _number in range(case.chance.randint(1, 3)):
        run = case.start(workers=len(case.mailboxes))
        if _far_enough(case, run):
            struck += run.kill()
        else:
            case.outcome(run)
    return struck


def one_worker(case: Case) -> int:
    """The module and its other worker go on, and do the dead one's work as well."""
    run = case.start(workers=2)
    struck = 0
    if _far_enough(case, run):
        children = pathlib.Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        struck = sum(_killed(int(child)) for child in children[:1] + children[2:])
    case.outcome(run)
    return struck


def at_step(case: Case, number: int) -> int:
    step = case.course.steps[number - 1]
    case.note(f"killed at step {number}: {step}")
    # Long enough that the pass does not renew it all the time, which would be further steps.
    run = case.start(steps=case.folder / "steps", deadly=step, lease_seconds=1.2)
    if run.was_killed():
        return 1
    case.outcome(run)
    return 0


def _far_enough(case: Case, run: Launched) -> bool:
    """False when the module was through before."""
    course = case.course
    whole = course.source_given + course.source_sent + course.target_given + course.target_sent
    # The second mailbox is half as large.
    until = case.moved() + case.chance.randint(1, whole * (len(case.mailboxes) + 1) // 2)
    while run.running and case.moved() < until:
        time.sleep(0.002)
    time.sleep(case.chance.random() * 0.01)
    case.note(f"killed after {case.moved()} of {whole} bytes to and fro")
    return run.running


def _killed(pid: int) -> bool:
    """One that is stopped can't end by itself before it is killed."""
    try:
        os.kill(pid, signal.SIGSTOP)
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
