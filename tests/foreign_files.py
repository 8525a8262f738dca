# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of others, which are not part of the project: tests that need them are skipped where they are not."""

from __future__ import annotations

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]


def folder(variable: str, name: str) -> pathlib.Path:
    """That the environment variable names, else one called `name` in any folder beside the repository; it need not be there."""
    named = os.environ.get(variable)
    return pathlib.Path(named) if named else next(iter(sorted(ROOT.parent.glob(f"*/{name}"))), ROOT / "build" / name)


PST_FILES = folder("PST_FILES", "pst")
EWS_SCHEMA = folder("EWS_SCHEMA", "ews")
