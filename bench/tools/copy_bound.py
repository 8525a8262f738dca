# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy bound: what copying costs at least (../copy_bound.py). Only a first pass."""

from __future__ import annotations

import sys

from ..ends import Route
from ..stage import HERE, SIDE_BY_SIDE, run_all

NAME = "copy_bound"


def missing() -> str:
    return ""


class Tool:
    def __init__(self, route: Route) -> None:
        self._route = route
        tls = ["--ca", str(route.source.ca)] if route.source.ca else []
        ports = [str(route.source.port), str(route.target.port)]
        self._command = [sys.executable, str(HERE / "copy_bound.py"), "--workers", str(SIDE_BY_SIDE), *tls, *ports, *route.users]

    def first(self) -> None:
        run_all([self._command], self._route.state, given=f"{self._route.source.password}\n{self._route.target.password}\n")
