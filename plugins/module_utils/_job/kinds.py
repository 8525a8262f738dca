# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What became of each kind of item on each source server: moved as it was, converted to what the target keeps, or not moved, and why."""

from __future__ import annotations

import collections
import json

from .._ledger import objects
from .._model.item_kinds import CALENDAR, CONTACT, CONTACTS, EVENT, ITEM_KINDS, NOTE, NOTES, TASK, TASKS
from .._model.reasons import EXPLAINED, NOT_MOVED, REBUILT

MESSAGE = "message"
# An exception names its folder; what usually lies in it.
USUAL = {CALENDAR: EVENT, CONTACTS: CONTACT, TASKS: TASK, NOTES: NOTE}
# By IMAP a server shows its mail and nothing else.
MAIL_ONLY = "not given by IMAP; it moves out of PST files, where a mailbox has one"


def kinds(ledger, boxes, moved: dict, odd, kept) -> list[dict]:
    """Of each server and kind: {server, version, read_by, kind, moved, converted, not_moved, reasons: [{reason, count}]}. A kind that a server
    cannot give has None for its counts, and a reason without one."""
    there, folder_kinds = objects.by_kind(ledger), objects.kinds_of_folders(ledger)
    rows = []
    for server in sorted({row.server for row in boxes}):
        mine = [row for row in boxes if row.server == server]
        left = _left(odd, server, folder_kinds)
        # All that comes out of a file is rebuilt.
        live = {row.id for row in mine if row.read_by != "pst"}
        rebuilt = sum(row.mailbox_id in live and row.reason == REBUILT for row in odd)
        head = {"server": server, "version": _version(kept, server), "read_by": sorted({row.read_by for row in mine})}
        messages, from_files = (
            sum(moved.get(row.id, (0, 0))[0] for row in mine if (row.read_by == "pst") == in_file) for in_file in (False, True)
        )
        rows.append({**head, "kind": MESSAGE, "moved": messages - rebuilt, "converted": from_files + rebuilt, **_not_moved(left[MESSAGE])})
        for kind in ITEM_KINDS:
            converted = sum(there.get((row.id, kind), 0) for row in mine)
            if converted or left[kind] or any(row.read_by != "imap" for row in mine):
                rows.append({**head, "kind": kind, "moved": 0, "converted": converted, **_not_moved(left[kind])})
            else:
                rows.append({**head, "kind": kind, "moved": None, "converted": None, "not_moved": None, "reasons": [{"reason": MAIL_ONLY, "count": None}]})
    return rows


def _left(odd, server: str, folder_kinds: dict) -> dict[str, collections.Counter]:
    """Kind -> reason -> how many items are not at the target."""
    left: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for row in odd:
        if row.server == server and row.reason in NOT_MOVED:
            kind = folder_kinds.get((row.mailbox_id, row.folder))
            left[USUAL[kind] if kind else MESSAGE][row.reason] += 1
    return left


def _not_moved(left: collections.Counter) -> dict:
    return {"not_moved": sum(left.values()), "reasons": [{"reason": EXPLAINED[reason], "count": count} for reason, count in sorted(left.items())]}


def _version(kept, server: str) -> str:
    """As the questionnaire says, whose record has the server's name, or its host's."""
    for row in kept:
        if row.kind == "questionnaire" and server in (row.name, row.name.partition(".")[0]):
            stated = json.loads(row.summary)
            return f"{stated.get('product', '')} {stated.get('version', '')}".strip()
    return ""
