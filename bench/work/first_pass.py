# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""First passes: whole mailboxes to an empty target, on each way that a migration may take."""

from __future__ import annotations

import dataclasses
import os
import types
import typing as t

from .. import corpus
from ..ends import End, Route, Way
from ..rounds import Row, say, timed, turns
from ..settings import Settings
from ..stage import Failed, Stage
from ..tools import copy_bound, imapsync, interimap, mbsync, ours

UNIT = "messages/s"
ALL = (ours, interimap, mbsync, imapsync, copy_bound)


@dataclasses.dataclass(frozen=True)
class Line:
    about: str
    way: Way = Way()
    tools: t.Sequence[types.ModuleType] = ALL
    on_disk: bool = False
    # Mailboxes and messages of each for imapsync, where all of them would take it too long.
    imapsync_only: tuple[int, int] | None = None
    # These get a way of their own, and a note why.
    other_ways: t.Mapping[types.ModuleType, tuple[Way, str]] = dataclasses.field(default_factory=dict)


LINES = {
    "first_pass": Line("A first pass on loopback, without TLS. Stores, ledger and the tools' states in memory, mail_fsync = optimized."),
    "first_pass_disk": Line(
        "The same on a disk: stores, ledger and states. The target's mail_fsync = always; what the source gives is in the page cache.",
        Way(fsync="always"), on_disk=True, imapsync_only=(2, 500),
    ),
    "first_pass_20ms": Line("The same with a round trip of 20 ms to either server.", Way(delay=10), imapsync_only=(2, 150)),
    "first_pass_tls": Line("The same by TLS on both sides, the certificates verified.", Way(tls=True)),
    "first_pass_bare": Line(
        "The same to a target that knows IMAP4rev1 and nothing else, not even to tell UIDs of what it got.",
        Way(bare=True), tools=(ours, mbsync, imapsync),
        other_ways={mbsync: (Way(bare=True, tells_uids=True), "UIDs are told: mbsync 1.4.4 fails without")},
    ),
}


def measure(name: str, settings: Settings) -> list[Row]:
    line, each = LINES[name], settings.scaled(3000, 60)
    users = [f"u{number}" for number in range(1, settings.scaled(4, 2) + 1)]
    with Stage(settings.disk if line.on_disk else settings.memory) as stage:
        source = End(stage, "source", line.way)
        total = corpus.write(source.mail, users, each)
        chosen = {tool: users for tool in line.tools if not tool.missing()}
        rows = {tool: Row(name, tool.NAME, UNIT, [], f"{len(users)} x {each} messages, {total / 1e6:.0f} MB") for tool in chosen}
        if line.imapsync_only and imapsync in chosen:
            chosen[imapsync] = [f"few{number}" for number in range(1, line.imapsync_only[0] + 1)]
            few = settings.scaled(line.imapsync_only[1], 20)
            corpus.write(source.mail, chosen[imapsync], few)
            rows[imapsync].note = f"only {line.imapsync_only[0]} x {few} messages"
        for tool in chosen.keys() & line.other_ways.keys():
            rows[tool].note += f"; {line.other_ways[tool][1]}"
        source.hand_over()
        source.warm({user: None for whose in chosen.values() for user in whose})
        for number in range(settings.rounds):
            for tool in turns(list(chosen), number):
                way, _why = line.other_ways.get(tool, (line.way, ""))
                rows[tool].values.append(rate := copy(tool, stage, source, chosen[tool], way)[0])
                say(name, number, tool.NAME, rate, UNIT)
    return list(rows.values())


def copy(tool: types.ModuleType, stage: Stage, source: End, users: t.Sequence[str], way: Way = Way(), **more: t.Any) -> tuple[float, float]:
    """To a new target, which is wiped after: messages/s, and the seconds. `more` is for the tool."""
    target = End(stage, "target", way, is_target=True)
    state = stage.folder / "state"
    state.mkdir()
    try:
        run = tool.Tool(Route(source, target, users, state), **more)
        # What came before may not have reached the disk yet.
        os.sync()
        seconds = timed(run.first)
        return arrived(tool, source, target, users) / seconds, seconds
    finally:
        target.stop()
        stage.wipe(state)


def arrived(tool: types.ModuleType, source: End, target: End, users: t.Sequence[str]) -> int:
    """Messages at the target, which must be as many as at the source, by folder and flags."""
    total = 0
    for user in users:
        there, here = corpus.held(source.mail / user), corpus.held(target.mail / user)
        if there != here:
            raise Failed(f"{tool.NAME} left mailbox {user} without {dict(there - here)} and with {dict(here - there)} beyond the source's (folder and flags)")
        total += here.total()
    return total
