# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From Exchange by EWS: a first pass beside what one would write with exchangelib, the memory of a long one, and a pass without change."""

from __future__ import annotations

import contextlib
import random
import sys
import typing as t

from servers.exchange import Exchange

from .. import corpus
from ..ends import End, Way
from ..memory import Peak
from ..rounds import Row, say, timed, turns
from ..settings import Settings
from ..stage import HERE, SIDE_BY_SIDE, Failed, Stage, run_all
from ..tools import ours
from ..tools.ours import COLLECTIONS, LIMIT, Process

LINES = {
    "ews_first_pass": "A first pass from Exchange by EWS; exchangelib_loop is `for item in account.inbox.all()` with one APPEND each, ews_bound a client that "
                      "reads the same from the server and does nothing with it.",
    "ews_memory": "The peak of the resident memory of the worker in a first pass over one folder by EWS.",
    "ews_no_change": "A pass by EWS over mailboxes in which nothing changed; and how many requests it made for each folder that holds mail.",
}
TEXT, SIZES = corpus.Text(3), corpus.Sizes(median=6000, spread=1.0, largest=400_000)


class Site:
    """An Exchange with so many messages in each INBOX."""

    def __init__(self, stage: Stage, users: t.Sequence[str], messages: int, spread: bool = False) -> None:
        self.stage, self.users = stage, users
        self.exchange = Exchange(stage.folder / "exchange", stage, processes=SIDE_BY_SIDE)
        chance = random.Random(5)
        store = self.exchange.store
        for user in users:
            store.create_mailbox(self.address(user))
            folders = ["inbox", *(["sentitems", "drafts", "deleteditems"] if spread else [])]
            with store.transaction():
                for number in range(messages):
                    mime = corpus.message(user, number, TEXT, chance, SIZES.draw(chance))
                    store.add_message(self.address(user), folders[number % len(folders)], mime, read=number % 3 > 0)

    @staticmethod
    def address(user: str) -> str:
        return f"{user}@example.test"

    def options(self, target: End, ledger: str, **more: t.Any) -> dict[str, t.Any]:
        exchange = self.exchange
        source = {
            "name": "source", "host": "127.0.0.1", "protocol": "ews", "tls": "none", "admin": exchange.admin, "password": exchange.password,
            "ews": {"url": exchange.url, "auth": "basic"}, "mailboxes": [{"name": self.address(user), "target": user} for user in self.users],
        }
        return {"sources": [source], "target": target.option(), "ledger": {"url": f"sqlite:///{self.stage.folder}/{ledger}.sqlite"},
                "migration": "bench", "workers": SIDE_BY_SIDE, **more}

    def module(self, name: str, options: dict[str, t.Any], watch: t.Callable[[Process], None] = lambda process: None) -> dict[str, t.Any]:
        process = Process(COLLECTIONS, name, options)
        watch(process)
        result = process.result(LIMIT)
        if result["failed"]:
            raise Failed(f"{name}: {result['msg']}")
        return result


@contextlib.contextmanager
def target(stage: Stage, name: str) -> t.Iterator[End]:
    end = End(stage, name, Way(), is_target=True)
    yield end
    end.stop()


def complete(end: End, users: t.Sequence[str], messages: int, tool: str) -> None:
    held = {user: sum(corpus.held(end.mail / user).values()) for user in users}
    if set(held.values()) != {messages}:
        raise Failed(f"{tool} left mailboxes with {held} messages instead of {messages} each")


def first_pass(name: str, settings: Settings) -> list[Row]:
    users, messages = ["anna", "ben"], settings.scaled(2000, 40)
    note = f"{len(users)} x {messages} messages"
    with Stage(settings.memory) as stage:
        site = Site(stage, users, messages)
        exchange = site.exchange
        login = [exchange.url, exchange.admin, exchange.password]
        out = stage.folder / "said"
        out.mkdir()

        def our_own(number: int) -> float:
            with target(stage, f"ours-{number}") as end:
                seconds = timed(lambda: site.module("mailbox_copy", site.options(end, f"ledger-{number}")))
                complete(end, users, messages, ours.NAME)
            return seconds

        def loop(number: int) -> float:
            with target(stage, f"loop-{number}") as end:
                commands = [
                    [sys.executable, HERE / "exchangelib_loop.py", *login, site.address(user), str(end.port), user, end.password] for user in users
                ]
                seconds = timed(lambda: run_all(commands, out))
                complete(end, users, messages, "exchangelib_loop")
            return seconds

        def bound(_number: int) -> float:
            return timed(lambda: run_all([[sys.executable, HERE / "ews_bound.py", *login, site.address(user)] for user in users], out))

        rows = {tool: Row(name, tool, "messages/s", [], note) for tool in (ours.NAME, "exchangelib_loop", "ews_bound")}
        work = dict(zip(rows, (our_own, loop, bound), strict=True))
        for number in range(settings.rounds):
            for tool in turns(list(work), number):
                rate = len(users) * messages / work[tool](number)
                rows[tool].values.append(rate)
                say(name, number, tool, rate, "messages/s")
    return list(rows.values())


def memory(name: str, settings: Settings) -> list[Row]:
    messages = settings.scaled(20_000, 100)
    row = Row(name, ours.NAME, "MB", [], f"1 x {messages} messages; worker's peak")
    rate = Row(f"{name}_rate", ours.NAME, "messages/s", [], f"1 x {messages} messages")
    with Stage(settings.memory) as stage:
        site = Site(stage, ["anna"], messages)
        with target(stage, "target") as end, Peak() as peak:
            seconds = timed(lambda: site.module("mailbox_copy", site.options(end, "ledger"), peak.watch))
            complete(end, ["anna"], messages, ours.NAME)
        row.values.append(peak.worker_mb)
        rate.values.append(messages / seconds)
        say(name, 0, ours.NAME, peak.worker_mb, "MB")
        say(rate.work, 0, ours.NAME, messages / seconds, "messages/s")
    return [row, rate]


def no_change(name: str, settings: Settings) -> list[Row]:
    users = [f"u{number}" for number in range(settings.scaled(200, 3))]
    took = Row(name, ours.NAME, "s", [], f"{len(users)} mailboxes x 20 messages in 4 folders")
    asked = Row(f"{name}_requests", ours.NAME, "requests a folder", [], took.note)
    with Stage(settings.memory) as stage:
        site = Site(stage, users, 20, spread=True)
        with target(stage, "target") as end:
            site.module("mailbox_copy", site.options(end, "ledger"))
            control = site.exchange.control
            folders = site.exchange.store.rows("SELECT count(*) FROM folder WHERE class = 'IPF.Note' AND parent IS NOT NULL")[0][0]
            for number in range(settings.rounds):
                before = sum(control.counts().values())
                took.values.append(timed(lambda: site.module("mailbox_sync", site.options(end, "ledger", max_rounds=1))))
                asked.values.append((sum(control.counts().values()) - before) / folders)
                say(name, number, ours.NAME, took.values[-1], "s")
                say(asked.work, number, ours.NAME, asked.values[-1], "requests")
    return [took, asked]
