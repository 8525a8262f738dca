# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Exchange Web Services server for tests and the lab: what a migration meets of Exchange 2007 to 2019, and its moods.

It answers in the words of messages.xsd, regenerates a message's MIME at each reading, pages its changes by 512, newest first, and fails as it is
told (control.py). Two ways to fill it: the Store (store.py), while it runs, or a Dovecot whose mail it shows (mirror.py).

Settings of a store, store.set(name=value): new_ids_on_move, a moved item gets another ItemId; no_commit_times, folders do not tell
PR_LOCAL_COMMIT_TIME_MAX; token_seconds, how long applications are told that their tokens last. Command line: python -m servers.ews --help.
"""

from __future__ import annotations

from .control import Control
from .store import PUBLIC_ADDRESS, Store

__all__ = ["PUBLIC_ADDRESS", "Control", "Store"]
