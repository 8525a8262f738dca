# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A site's own program or Python file that may change, leave out or route what is moved. Plain values."""

from __future__ import annotations

import dataclasses

from .item_kinds import ITEM_KINDS

MESSAGE = "message"
KINDS = (MESSAGE, *ITEM_KINDS)
FUNCTION = "handle"


@dataclasses.dataclass(frozen=True)
class SiteFilter:
    """Either `program` with its arguments, or `function` of the file `python`; `timeout` in seconds for one item."""

    program: tuple[str, ...] = ()
    python: str | None = None
    function: str = FUNCTION
    timeout: float = 30
    # At once, for each worker.
    processes: int = 1
    kinds: tuple[str, ...] = (MESSAGE,)

    @classmethod
    def from_options(cls, options: dict) -> SiteFilter:
        """`options` is the option `filter`. Raises ValueError with a text for the operator."""
        given = {field.name: options[field.name] for field in dataclasses.fields(cls) if options.get(field.name) is not None}
        given |= {name: tuple(given[name]) for name in ("program", "kinds") if name in given}
        made = cls(**given)
        if bool(made.program) == bool(made.python):
            raise ValueError("filter needs either program or python.")
        if not (made.program[0] if made.program else made.python).startswith("/"):
            raise ValueError("filter wants the full path of its file on the station.")
        if made.timeout <= 0:
            raise ValueError(f"timeout of filter is {made.timeout}; it must be more than 0 seconds.")
        if made.processes < 1:
            raise ValueError(f"processes of filter is {made.processes}; it can't be less than 1.")
        if not made.kinds:
            raise ValueError("kinds of filter is empty; leave filter away if nothing is to be filtered.")
        return made
