# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As many mailboxes as a large house has, each with little in it: what a mailbox costs beside its messages."""

from __future__ import annotations

import os
import pathlib
import typing as t

from .. import corpus
from ..ends import End, Route, Way
from ..rounds import Row, say, timed
from ..settings import Settings
from ..stage import Stage
from ..tools import ours
from .first_pass import arrived

LINES = {"many_mailboxes": "A first pass over very many mailboxes with few messages, and then a pass in which nothing changed."}
MESSAGES = 20
FOLDERS = {"": 70, ".Sent Items": 30}
# A round takes minutes.
MOST_ROUNDS = 3


def measure(name: str, settings: Settings) -> list[Row]:
    users = [f"u{number:05}" for number in range(settings.scaled(10_000, 20))]
    note = f"{len(users)} x {MESSAGES} messages"
    copied, unchanged = Row(name, ours.NAME, "messages/s", [], note), Row(f"{name}_no_change", ours.NAME, "s", [], note)
    with Stage(settings.memory) as stage:
        source = End(stage, "source", Way())
        corpus.write(stage.folder / "template", ["one"], MESSAGES, sizes=corpus.Sizes(median=1200, spread=0.6), folders=FOLDERS)
        for user in users:
            link(stage.folder / "template" / "one", source.mail / user)
        source.hand_over()
        source.warm(users)
        for number in range(min(settings.rounds, MOST_ROUNDS)):
            target = End(stage, "target", Way(), is_target=True)
            state = stage.folder / "state"
            state.mkdir()
            run = ours.Tool(Route(source, target, users, state))
            seconds = timed(run.first)
            copied.values.append(arrived(ours, source, target, users) / seconds)
            say(copied.work, number, ours.NAME, copied.values[-1], "messages/s")
            unchanged.values.append(timed(run.later))
            arrived(ours, source, target, users)
            say(unchanged.work, number, ours.NAME, unchanged.values[-1], "s")
            target.stop()
            stage.wipe(state)
    return [copied, unchanged]


def link(template: pathlib.Path, mailbox: pathlib.Path) -> None:
    """Folders of its own; the messages are the template's: a maildir server never writes into one."""
    corpus.make_folders(mailbox, FOLDERS)
    for folder in FOLDERS:
        for file in t.cast("t.Iterator[os.DirEntry]", os.scandir(template / folder / "cur")):
            os.link(file.path, mailbox / folder / "cur" / file.name)
