# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast and how lean, compared with other tools.

    make bench                                       # all lines of work, five rounds
    make bench WORK="first_pass no_change" ROUNDS=3
    make bench QUICK=1                               # tiny sizes, one round: does it run at all?

Writes bench/results.json (an object for each line of work and tool: work, tool, median, unit, rounds and more) and bench/results.md,
which says also on what machine and with which versions. A run of some lines leaves the others' results. QUICK writes into results.quick.*.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import signal
import sys
import typing as t

from . import report
from .rounds import Row
from .settings import Settings
from .stage import HERE, ROOT, Failed
from .work import accounts, ews, first_pass, large, later_pass, many_mailboxes, pacing

# Who measures a line of work: a function of its name and the settings, which returns rows.
LINES: dict[str, t.Callable[[str, Settings], list[Row]]] = {
    **dict.fromkeys(first_pass.LINES, first_pass.measure),
    "no_change": later_pass.no_change,
    "one_percent": later_pass.one_percent,
    "large_mailbox": large.large_mailbox,
    "large_message": large.large_message,
    "many_mailboxes": many_mailboxes.measure,
    "ews_first_pass": ews.first_pass,
    "ews_memory": ews.memory,
    "ews_no_change": ews.no_change,
    "accounts": accounts.measure,
    "pace_limit_worst_slice": pacing.limit,
    "pace_live": pacing.live,
}
ABOUT = {
    **{name: line.about for name, line in first_pass.LINES.items()},
    **later_pass.LINES, **large.LINES, **many_mailboxes.LINES, **ews.LINES, **accounts.LINES, **pacing.LINES,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", nargs="*", metavar="WORK", help=f"lines of work, of: {' '.join(LINES)}; all by default")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true", help="tiny sizes and one round")
    parser.add_argument("--memory", type=pathlib.Path, default="/dev/shm", help="folder on tmpfs")
    parser.add_argument("--disk", type=pathlib.Path, default=ROOT / "build" / "bench", help="folder on a disk")
    options = parser.parse_args()
    if unknown := [line for line in options.work if line not in LINES]:
        parser.error(f"no line of work: {' '.join(unknown)}; there are {' '.join(LINES)}")
    settings = Settings(options.rounds or (1 if options.quick else 5), options.quick, options.memory, options.disk)
    name = "results.quick" if options.quick else "results"
    # Python may keep what it compiled, as it does unless it is told not to.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # So that everything ends as at Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        for line in options.work or LINES:
            results = report.merge(HERE / f"{name}.json", line, LINES[line](line, settings), list(LINES))
            report.write(HERE / f"{name}.md", results, ABOUT)
    except Failed as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
    print((HERE / f"{name}.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
