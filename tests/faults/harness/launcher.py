# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module, write down every step that it takes towards something lasting, and kill it at one of them.

    python launcher.py mailbox_copy < options

Steps are: before and after each commit of the ledger, and before and after each call that changes the target.
FAULT_STEPS names a file that gets a line a step, such as "worker before commit of settled 2": the second commit that
a function of this name makes. At the step FAULT_STEP the whole process group is killed. Names stay what they are when
a pass takes longer and tells the ledger more often that it is alive; numbers would not.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import os
import runpy
import signal
import sys

# Of the target's methods, what only looks. All others are steps.
LOOKS = {"folders", "status", "states", "open", "open_each", "opened", "contents", "flags_and_dates", "close"}

module_process = os.getpid()
log = os.open(os.environ["FAULT_STEPS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
deadly = os.environ.get("FAULT_STEP")
# One worker, so that it and the module have counts of their own.
seen: collections.Counter[str] = collections.Counter()


def step(what: str) -> None:
    who = "module" if os.getpid() == module_process else "worker"
    seen[f"{who} {what}"] += 1
    name = f"{who} {what} {seen[f'{who} {what}']}"
    os.write(log, f"{name}\n".encode())
    if name == deadly:
        os.killpg(0, signal.SIGKILL)


def caller() -> str:
    """Who opened this `with`: the first frame outside of this file and of contextlib."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename in (__file__, contextlib.__file__):
        frame = frame.f_back
    return frame.f_code.co_name


def committing(write):
    @contextlib.contextmanager
    def stepped(self, *arguments, **named):
        who = caller()
        with write(self, *arguments, **named) as connection:
            yield connection
            step(f"before commit of {who}")
        step(f"after commit of {who}")

    return stepped


def changing(name: str, method):
    @functools.wraps(method)
    def stepped(self, *arguments, **named):
        step(f"before {name}")
        result = method(self, *arguments, **named)
        step(f"after {name}")
        return result

    return stepped


def main() -> None:
    from ansible_collections.messaging.migration.plugins.module_utils._ledger.store import Ledger
    from ansible_collections.messaging.migration.plugins.module_utils._target.imap import ImapTarget

    Ledger.write = committing(Ledger.write)
    changes = {name: method for name, method in vars(ImapTarget).items() if inspect.isfunction(method) and name[0] != "_" and name not in LOOKS}
    # Should messages be written by other names one day, then this must not go on as if none were.
    assert {"begin", "finish", "delete", "store"} <= changes.keys(), sorted(changes)
    for name, method in changes.items():
        setattr(ImapTarget, name, changing(name, method))
    # A module with an argument would take it for its options.
    module = sys.argv.pop(1)
    runpy.run_module(f"ansible_collections.messaging.migration.plugins.modules.{module}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
