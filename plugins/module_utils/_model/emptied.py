# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""A mailbox that lost this many items and more than half of all since the last pass is looked at by a person first."""

from __future__ import annotations

EMPTIED_MESSAGES, EMPTIED_SHARE = 100, 0.5
