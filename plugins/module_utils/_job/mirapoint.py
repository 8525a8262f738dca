# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the jobs on an appliance share: how they begin, what they do when it refuses, and what of a long list they tell."""

from __future__ import annotations

import collections
import contextlib
import typing as t

from .._errors import MigrationError
from .._mirapoint.administration import Administration, Refused, administration
from .._mirapoint.appliance import NOTHING_TOUCHED, appliance, switched_on

# So many refusals are told, and then it is no longer about single names.
MOST_REFUSALS = 20
# Lines of a diff.
MOST_LINES = 100


@contextlib.contextmanager
def administered(params: dict) -> t.Iterator[Administration]:
    """The appliance of the option `server`, within `domain`."""
    described, allowed = appliance(params["server"]), switched_on(params.get("unconfirmed_commands") or [])
    with administration(described, params["domain"], allowed) as logged_in:
        try:
            yield logged_in
        except Refused as error:
            raise MigrationError(f"{logged_in.where} refuses: {error}.", "Nothing was changed.", "Check the rights of the account, then run again.") from error


def names(option: str, given: list[str]) -> None:
    """Refuses what can't be meant."""
    for name, count in collections.Counter(given).items():
        if not name or name != name.strip() or any(ord(letter) < 32 for letter in name):
            raise MigrationError(f"{option} has the name {name!r}.", NOTHING_TOUCHED, "Names are not empty, and have no blanks at their ends.")
        if count > 1:
            raise MigrationError(f"{option} has {name} {count} times.", NOTHING_TOUCHED, "Name each once.")


class Refusals:
    """Names that the appliance refused, with its words."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []

    def add(self, name: str, reason: Exception) -> bool:
        """Whether it is enough."""
        self.told.append({"name": name, "reason": str(reason)})
        return len(self.told) >= MOST_REFUSALS

    def error(self, where: str, done: str, facts: dict) -> MigrationError:
        first, others = self.told[0], len(self.told) - 1
        return MigrationError(
            f"{where} refuses {first['name']}: {first['reason']}{f', and {others} more' if others else ''}.", f"By this run {done}.",
            "Correct what `refused` tells, then run again: it goes on with what is left.", **facts,
        )


def diff(changes: list[tuple[str, str, str]]) -> dict[str, str]:
    """Of (name, before, after)."""
    more = f"and {len(changes) - MOST_LINES} more\n" if len(changes) > MOST_LINES else ""
    before, after = ("".join(f"{change[0]}: {change[side]}\n" for change in changes[:MOST_LINES]) for side in (1, 2))
    return {"before": before + more, "after": after + more}
