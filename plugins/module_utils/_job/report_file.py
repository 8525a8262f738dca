# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Long lists go into a file beside the ledger, not into a module's result."""

from __future__ import annotations

import json
import pathlib

from .. import _files
from .._errors import MigrationError


def write(path: str | None, content: dict) -> str | None:
    """Write `content` as JSON, whole or not at all; returns the path, None when none was asked for."""
    if not path:
        return None
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        _files.write(pathlib.Path(path), text.encode(), 0o640)
    except OSError as error:
        raise MigrationError(
            f"The report {path} can't be written: {error}.", "The work itself is done and in the ledger.", "Correct report_path.",
        ) from error
    return path
