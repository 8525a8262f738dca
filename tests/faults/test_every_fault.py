# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of fault, again and again, each followed by a run to the end, one that finds nothing to do, and an independent audit.

    pytest tests/faults/test_every_fault.py                              # a sample
    pytest tests/faults/test_every_fault.py --whole                      # all of it
    pytest tests/faults/test_every_fault.py --whole --kind kill9_step    # one kind, or some: cut_given,cut_sent
    pytest tests/faults/test_every_fault.py --seed 7                     # at other moments

What it came to is printed and written to build/faults.json.
"""

from __future__ import annotations

import pathlib

from faults.harness.harness import Harness
from faults.harness.kinds import KINDS, planned
from faults.harness.tally import Tally, described

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 20191115
# With --whole.
ENOUGH_RUNS = 200


def test_every_fault(servers, collections, scratch, request, capsys):
    seed, whole, kinds = (request.config.getoption(name, default) for name, default in (("seed", SEED), ("whole", False), ("kind", "")))
    only = kinds.split(",") if kinds else []
    assert set(only) <= KINDS.keys(), f"There are these kinds: {', '.join(KINDS)}."
    tally = Tally(ROOT / "build" / "faults.json", seed)
    harness = Harness(servers, collections, scratch)
    plans = planned(harness.prepare(twice=whole), seed, whole, only)
    try:
        for outcome in harness.runs(plans):
            tally.add(outcome)
            with capsys.disabled():
                if outcome.found:
                    print(f"\n{described(outcome)}", flush=True)
                elif tally.runs % 20 == 0:
                    print(f"\n{tally.runs} of {len(plans)} runs", flush=True)
    finally:
        tally.write()
        with capsys.disabled():
            print(f"\n{tally.table()}", flush=True)
    assert not tally.bad, f"{len(tally.bad)} of {len(plans)} runs had findings; they are printed above"
    assert tally.runs == len(plans)
    assert not whole or only or tally.runs >= ENOUGH_RUNS
