# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A source server's filter by its options."""

from __future__ import annotations

import functools
import os

from .._model.server import Server
from .._model.site_filter import SiteFilter
from .pool import Pool
from .program import Program
from .python import PythonFile


def open_filter(server: Server, kind: str) -> Pool | None:
    """What filters items of this kind of the server; the same one each time, since its processes stay."""
    options = server.filter
    return _opened(os.getpid(), options) if options and kind in options.kinds else None


def prove(servers) -> None:
    """Raises MigrationError when a filter can't work on this station."""
    for options in {server.filter for server in servers if server.filter}:
        _kind(options).prove(options.timeout)


@functools.lru_cache(maxsize=None)
def _opened(_process: int, options: SiteFilter) -> Pool:
    """A process that was forked off has processes of its own."""
    return Pool(_kind(options), options.processes, options.timeout)


def _kind(options: SiteFilter) -> Program | PythonFile:
    return Program(options.program) if options.program else PythonFile(options.python, options.function, options.timeout)
