# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a benchmark is run."""

from __future__ import annotations

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class Settings:
    rounds: int
    quick: bool
    # Folders where stores, ledgers and the tools' states are put: on tmpfs, and on a disk.
    memory: pathlib.Path
    disk: pathlib.Path

    def scaled(self, full: int, quick: int) -> int:
        return quick if self.quick else full
