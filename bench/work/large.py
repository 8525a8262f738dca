# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What grows: a mailbox of very many messages, and a very large message. Both tell the memory that a worker needs."""

from __future__ import annotations

from .. import corpus
from ..ends import End, Way
from ..memory import Peak
from ..rounds import Row, say
from ..settings import Settings
from ..stage import Stage
from ..tools import ours
from .first_pass import copy

LINES = {
    "large_mailbox": "A first pass over one folder of very many messages of about 1 kB, beside one over 3,000 of the same kind; and the peak of the "
                     "resident memory of the worker that did it.",
    "large_message": "A first pass over one very large message: the peak of the resident memory of the worker, and the time.",
}
# A pass over the large mailbox takes minutes.
MOST_ROUNDS = 3
ONE_FOLDER = {"": 1}


def large_mailbox(name: str, settings: Settings) -> list[Row]:
    mailboxes = {"large": settings.scaled(200_000, 2000), "usual": settings.scaled(3000, 300)}
    with Stage(settings.memory) as stage:
        source = End(stage, "source", Way())
        for user, messages in mailboxes.items():
            corpus.write(source.mail, [user], messages, sizes=corpus.Sizes(median=500, spread=0.4), folders=ONE_FOLDER)
        source.hand_over()
        source.warm(mailboxes)
        rates, peaks = {}, {}
        for user, work in (("large", name), ("usual", f"{name}_3000")):
            note = f"1 x {mailboxes[user]} messages of about 1 kB"
            rates[user] = Row(work, ours.NAME, "messages/s", [], note)
            peaks[user] = Row(f"{work}_memory", ours.NAME, "MB", [], f"{note}; worker's peak")
        for number in range(min(settings.rounds, MOST_ROUNDS)):
            for user in mailboxes:
                with Peak() as peak:
                    rate, _seconds = copy(ours, stage, source, [user], watch=peak.watch)
                rates[user].values.append(rate)
                peaks[user].values.append(peak.worker_mb)
                say(rates[user].work, number, ours.NAME, rate, "messages/s")
                say(peaks[user].work, number, ours.NAME, peak.worker_mb, "MB")
    return [*rates.values(), *peaks.values()]


def large_message(name: str, settings: Settings) -> list[Row]:
    size = settings.scaled(100_000_000, 3_000_000)
    with Stage(settings.memory) as stage:
        source = End(stage, "source", Way())
        corpus.write(source.mail, ["one"], 1, sizes=corpus.Sizes(size, 0, size), folders=ONE_FOLDER)
        source.hand_over()
        source.warm(["one"])
        memory = Row(name, ours.NAME, "MB", [], f"1 message of {size / 1e6:.0f} MB; worker's peak")
        took = Row(f"{name}_time", ours.NAME, "s", [], memory.note.split(";", maxsplit=1)[0])
        for number in range(settings.rounds):
            with Peak() as peak:
                _rate, seconds = copy(ours, stage, source, ["one"], watch=peak.watch)
            memory.values.append(peak.worker_mb)
            took.values.append(seconds)
            say(name, number, ours.NAME, peak.worker_mb, "MB")
            say(took.work, number, ours.NAME, seconds, "s")
    return [memory, took]
