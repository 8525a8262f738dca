# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.messaging.migration.plugins.plugin_utils._steps import ADDED, SteppedAction


class ActionModule(SteppedAction):
    """Shows the progress of the module mailbox_copy while it works."""

    added = (*ADDED, "other_items")
