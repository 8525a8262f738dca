# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Tasks (MS-OXOTASK) and notes (MS-OXONOTE)."""

from __future__ import annotations

from .._model.item_kinds import TASK_STATES, Note, Task
from . import recurrence, rfc5322
from .common import CREATED, attachments, day, line, of, shared, text, weight
from .item import Item
from .properties import COMMON, TASK, Named

STATE, PERCENT, START, DUE, COMPLETED, OWNER, PATTERN, RECURRING = (
    Named(TASK, key) for key in (0x8101, 0x8102, 0x8104, 0x8105, 0x810F, 0x811F, 0x8116, 0x8126)
)
REMINDER_SET, REMINDER = Named(COMMON, 0x8503), Named(COMMON, 0x8502)


def task(item: Item, key: bytes, domain: str = "") -> Task:
    properties = item.properties
    pattern = recurrence.of_task(properties.data(PATTERN)) if properties.flag(RECURRING) and properties.data(PATTERN) else None
    return Task(
        **shared(item, key),
        **weight(properties),
        summary=text(rfc5322.subject(properties)),
        start=day(properties, START),
        due=day(properties, DUE),
        completed=properties.time(COMPLETED),
        percent=round(100 * (properties.number(PERCENT) or 0)),
        state=of(TASK_STATES, properties.number(STATE), "not_started"),
        owner=line(properties, OWNER),
        reminder=properties.time(REMINDER) if properties.flag(REMINDER_SET) else None,
        recurrence=pattern.rule(pattern.last.date() if pattern.last else None) if pattern else None,
        attachments=attachments(list(item.attachments), domain),
        created=properties.time(CREATED),
    )


def note(item: Item, key: bytes, domain: str = "") -> Note:
    return Note(**shared(item, key), subject=text(rfc5322.subject(item.properties)), created=item.properties.time(CREATED))
