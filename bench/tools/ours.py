# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""messaging.migration: its modules as processes, with ledger, hashes and all checks on, as the administrator of both servers."""

from __future__ import annotations

import typing as t

from servers.module import Run

from ..ends import Route
from ..stage import COLLECTIONS, SIDE_BY_SIDE, Failed

NAME = "messaging.migration"
# How long a module may take, in seconds.
LIMIT = 4 * 3600


class Process(Run):
    @property
    def pid(self) -> int:
        return self._process.pid


def missing() -> str:
    return ""


def options(route: Route, **more: t.Any) -> dict[str, t.Any]:
    return {
        "sources": [route.source.option(name="source", mailboxes=[{"name": user} for user in route.users])],
        "target": route.target.option(),
        "ledger": {"url": f"sqlite:///{route.state}/ledger.sqlite"},
        "migration": "bench",
        "workers": SIDE_BY_SIDE,
        **more,
    }


def module(name: str, route: Route, watch: t.Callable[[Process], None] = lambda process: None, **more: t.Any) -> dict[str, t.Any]:
    """Its result; `watch` sees the process when it has begun."""
    process = Process(COLLECTIONS, name, options(route, **more))
    try:
        watch(process)
        result = process.result(LIMIT)
    except BaseException:
        process.kill()
        raise
    if result["failed"]:
        raise Failed(f"{name}: {result['msg']}")
    return result


class Tool:
    def __init__(self, route: Route, watch: t.Callable[[Process], None] = lambda process: None) -> None:
        self._route, self._watch = route, watch

    def first(self) -> None:
        module("mailbox_copy", self._route, self._watch)

    def later(self) -> None:
        # One pass, as the others make one: what it found would else be looked after in another.
        module("mailbox_sync", self._route, self._watch, max_rounds=1)
