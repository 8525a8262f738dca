# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""exchangelib's Task, and a sticky note, which is a Message of its own class."""

from __future__ import annotations

from .._model.item_kinds import Note, Task
from . import common
from .common import Reading, day, moment, text
from .recurrence import recurrence

FIELDS = (
    *common.FIELDS, "start_date", "due_date", "complete_date", "percent_complete", "status", "owner", "recurrence", "reminder_is_set", "reminder_due_by",
)
NOTE_FIELDS = ("item_class", "subject", "body", "categories", "datetime_created", "last_modified_time")
STATES = {
    "NotStarted": "not_started", "InProgress": "in_progress", "Completed": "completed", "WaitingOnOthers": "waiting", "Deferred": "deferred",
}


def task(item, reading: Reading) -> Task:
    body, _html = common.bodies(item)
    start, due = day(item.start_date), day(item.due_date)
    series = item.recurrence and recurrence(item.recurrence.pattern, item.recurrence.boundary, start or due)
    if item.recurrence and not series:
        reading.lose(f"the task begins anew when it is completed: {item.recurrence.pattern}")
    return Task(
        uid=item.id, summary=text(item.subject), start=start, due=due, completed=moment(item.complete_date), percent=int(item.percent_complete or 0),
        state=STATES.get(item.status, "not_started"), importance=common.importance(item), sensitivity=common.sensitivity(item), body=body,
        categories=common.categories(item), owner=text(item.owner), reminder=moment(item.reminder_due_by) if item.reminder_is_set else None,
        recurrence=series or None, attachments=common.attachments(item, reading), created=moment(item.datetime_created),
        modified=moment(item.last_modified_time),
    )


def note(item, reading: Reading) -> Note:
    body, _html = common.bodies(item)
    return Note(
        uid=item.id, subject=text(item.subject), body=body, categories=common.categories(item), created=moment(item.datetime_created),
        modified=moment(item.last_modified_time),
    )
