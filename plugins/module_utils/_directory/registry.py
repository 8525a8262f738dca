# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which directories can be read, and by what."""

from __future__ import annotations

from .._model.directory import Directory
from . import active_directory, exchange_5_5, exchange_5_5_csv
from .server import DirectoryServer

READERS = {"active_directory": active_directory.read, "exchange_5_5": exchange_5_5.read, "exchange_5_5_csv": exchange_5_5_csv.read}


def read(server: DirectoryServer) -> Directory:
    return READERS[server.kind](server)
