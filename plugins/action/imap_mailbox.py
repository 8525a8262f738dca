# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.messaging.migration.plugins.module_utils._model.progress import human_seconds
from ansible_collections.messaging.migration.plugins.plugin_utils._steps import SteppedAction


def line(row: dict) -> str:
    """`row` is an element of the module's `progress`."""
    return (
        f"{row['server']}: {row['mailboxes_done']}/{row['mailboxes']} mailboxes, {row['mailboxes_per_second']:.0f} mailboxes/s, "
        f"ETA {human_seconds(row['eta_seconds'])}"
    )


class ActionModule(SteppedAction):
    """Shows the progress of the module imap_mailbox while it works."""

    added = ("created", "rights_given", "quota_set", "unchanged")
    line = staticmethod(line)
