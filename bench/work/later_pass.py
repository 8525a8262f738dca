# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Later passes over many small mailboxes that were copied before: nothing changed, or a little."""

from __future__ import annotations

import contextlib
import random
import types
import typing as t

import imapclient

from .. import corpus
from ..ends import End, Route, Way
from ..rounds import Row, say, timed, turns
from ..settings import Settings
from ..stage import Stage
from ..tools import interimap, mbsync, ours
from .first_pass import arrived

TOOLS = (ours, interimap, mbsync)
LINES = {
    "no_change": "A pass over mailboxes that were copied before, in which nothing changed.",
    "one_percent": "The same after a change to 1 of 100 messages, spread over all mailboxes: new ones, flags, moved to another folder, deleted. "
                   "four_percent is ours after four times as many changes.",
}
SIZES = corpus.Sizes(median=2000, spread=1.0, largest=50_000)
TEXT = corpus.Text(2)


class Copied(t.NamedTuple):
    """A tool that has copied all mailboxes, and its target."""

    tool: types.ModuleType
    run: t.Any
    target: End

    def later(self, source: End, users: t.Sequence[str]) -> float:
        seconds = timed(self.run.later)
        arrived(self.tool, source, self.target, users)
        return seconds


@contextlib.contextmanager
def copied(settings: Settings) -> t.Iterator[tuple[End, list[str], list[Copied]]]:
    """The source, its users, and each tool after its first pass."""
    users = [f"u{number}" for number in range(1, settings.scaled(200, 4) + 1)]
    with Stage(settings.memory) as stage:
        source = End(stage, "source", Way())
        corpus.write(source.mail, users, 100, sizes=SIZES)
        source.hand_over()
        source.warm(users)
        through = []
        for tool in TOOLS:
            if tool.missing():
                continue
            target = End(stage, f"target-{tool.NAME}", Way(), is_target=True)
            state = stage.folder / f"state-{tool.NAME}"
            state.mkdir()
            through.append(Copied(tool, tool.Tool(Route(source, target, users, state)), target))
            through[-1].run.first()
            arrived(tool, source, target, users)
        yield source, users, through


def no_change(name: str, settings: Settings) -> list[Row]:
    with copied(settings) as (source, users, through):
        rows = {each.tool: Row(name, each.tool.NAME, "s", [], f"{len(users)} x 100 messages") for each in through}
        for number in range(settings.rounds):
            for each in turns(through, number):
                rows[each.tool].values.append(seconds := each.later(source, users))
                say(name, number, each.tool.NAME, seconds, "s")
    return list(rows.values())


def one_percent(name: str, settings: Settings) -> list[Row]:
    chance = random.Random(1)
    with copied(settings) as (source, users, through):
        changes = len(users)
        rows = {each.tool: Row(name, each.tool.NAME, "s", [], f"{changes} changes in {len(users)} x 100 messages") for each in through}
        four = Row("four_percent", ours.NAME, "s", [], f"{4 * changes} changes in {len(users)} x 100 messages")
        for number in range(settings.rounds):
            change(source, users, changes, chance)
            for each in turns(through, number):
                rows[each.tool].values.append(seconds := each.later(source, users))
                say(name, number, each.tool.NAME, seconds, "s")
            change(source, users, 4 * changes, chance)
            for each in through:
                seconds = each.later(source, users)
                if each.tool is ours:
                    four.values.append(seconds)
                    say(four.work, number, ours.NAME, seconds, "s")
    return [*rows.values(), four]


def change(source: End, users: t.Sequence[str], changes: int, chance: random.Random) -> None:
    """So many of them, by the users themselves, each kind as often as the others."""
    by_user: dict[str, list[t.Callable[..., None]]] = {}
    for number in range(changes):
        by_user.setdefault(chance.choice(users), []).append(KINDS[number % len(KINDS)])
    for user, kinds in by_user.items():
        client = source.dovecot.client(user)
        for kind in kinds:
            kind(client, user, chance)
        client.logout()


def _new(client: imapclient.IMAPClient, user: str, chance: random.Random) -> None:
    client.append("INBOX", corpus.message(user, chance.randrange(100_000), TEXT, chance, SIZES.draw(chance)))


def _flag(client: imapclient.IMAPClient, _user: str, chance: random.Random) -> None:
    number = _some_message(client, chance)
    flagged = imapclient.FLAGGED in client.get_flags(number)[number]
    (client.remove_flags if flagged else client.add_flags)(number, [imapclient.FLAGGED])


def _move(client: imapclient.IMAPClient, _user: str, chance: random.Random) -> None:
    client.move(_some_message(client, chance), "Projects/Alpha")


def _delete(client: imapclient.IMAPClient, _user: str, chance: random.Random) -> None:
    number = _some_message(client, chance)
    client.delete_messages(number)
    client.uid_expunge(number)


KINDS = (_new, _flag, _move, _delete)


def _some_message(client: imapclient.IMAPClient, chance: random.Random) -> int:
    """Of INBOX, which is selected after."""
    client.select_folder("INBOX")
    return chance.choice(client.search())
