# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What is not mail, as every source gives it and every target takes it: events, contacts, distribution lists, tasks, notes.

Sources translate their own properties into these, `_items/` writes them as iCalendar, vCard and LDIF. Times are datetimes with a zone
(zoneinfo), or dates where an item has no time of day. Text is Unicode with "\\n" for line ends. What a source does not tell is None,
an empty text or an empty tuple.
"""

from __future__ import annotations

import dataclasses
import datetime

# Kinds of folders that hold no mail, and what lies in them.
CALENDAR, CONTACTS, TASKS, NOTES = "calendar", "contacts", "tasks", "notes"
FOLDER_KINDS = (CALENDAR, CONTACTS, TASKS, NOTES)
EVENT, CONTACT, DISTRIBUTION_LIST, TASK, NOTE = "event", "contact", "distribution_list", "task", "note"
ITEM_KINDS = (EVENT, CONTACT, DISTRIBUTION_LIST, TASK, NOTE)

IMPORTANCES = ("low", "normal", "high")
SENSITIVITIES = ("normal", "personal", "private", "confidential")
BUSY = ("free", "tentative", "busy", "out_of_office", "elsewhere")
FREQUENCIES = ("daily", "weekly", "monthly", "yearly")
ROLES = ("required", "optional", "resource")
ANSWERS = ("needs_action", "accepted", "tentative", "declined")
TASK_STATES = ("not_started", "in_progress", "completed", "waiting", "deferred")


@dataclasses.dataclass(frozen=True)
class ItemFolder:
    """A folder that holds no mail. `name` is its key in the ledger, unique within the mailbox, `path` what a person reads."""

    name: str
    path: str
    kind: str
    # The one that a new item goes to by itself: Calendar, Contacts, Tasks, Notes.
    default: bool = False


@dataclasses.dataclass(frozen=True)
class Trouble:
    """An item that could not be read or translated: one of _model/reasons.py, and the detail in the source's words."""

    reason: str
    detail: str


@dataclasses.dataclass(frozen=True)
class Attachment:
    name: str
    content_type: str
    content: bytes
    content_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Attendee:
    """`address` is an SMTP address, or empty where the source knows a name only. `role` of ROLES, `answer` of ANSWERS."""

    address: str
    name: str = ""
    role: str = "required"
    answer: str = "needs_action"


@dataclasses.dataclass(frozen=True)
class Recurrence:
    """As RFC 5545, 3.3.10 has it: `by_day` such as ("MO", "2TU", "-1FR"); `until` in UTC, or a date for events of a whole day.
    Neither `count` nor `until`: without end."""

    frequency: str
    interval: int = 1
    by_day: tuple[str, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    count: int | None = None
    until: datetime.datetime | datetime.date | None = None
    week_start: str | None = None


@dataclasses.dataclass(frozen=True)
class Event:
    """`start` and `end` (exclusive) are dates when `all_day`. `overrides` are single occurrences that differ from the series: whole
    events, whose `recurrence_id` is the start that the occurrence would have had; `excluded` are such starts that were deleted."""

    uid: str
    summary: str = ""
    start: datetime.datetime | datetime.date | None = None
    end: datetime.datetime | datetime.date | None = None
    all_day: bool = False
    location: str = ""
    body: str = ""
    body_html: str = ""
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    # Minutes before the start; None: no reminder.
    reminder: int | None = None
    busy: str = "busy"
    importance: str = "normal"
    sensitivity: str = "normal"
    categories: tuple[str, ...] = ()
    cancelled: bool = False
    recurrence: Recurrence | None = None
    recurrence_id: datetime.datetime | datetime.date | None = None
    excluded: tuple[datetime.datetime | datetime.date, ...] = ()
    overrides: tuple[Event, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sequence: int = 0
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None

    kind = EVENT


@dataclasses.dataclass(frozen=True)
class PostalAddress:
    """`kind`: home, work or other."""

    kind: str
    street: str = ""
    city: str = ""
    region: str = ""
    code: str = ""
    country: str = ""


@dataclasses.dataclass(frozen=True)
class Contact:
    """`phones` are (kind, number): work, home, mobile, work_fax, home_fax, pager, car, company, assistant, other, ...; `emails` are
    (address, display name) in their order; `ims` are addresses of instant messengers."""

    uid: str
    name: str = ""
    given: str = ""
    middle: str = ""
    family: str = ""
    prefix: str = ""
    suffix: str = ""
    nickname: str = ""
    file_as: str = ""
    emails: tuple[tuple[str, str], ...] = ()
    phones: tuple[tuple[str, str], ...] = ()
    addresses: tuple[PostalAddress, ...] = ()
    organization: str = ""
    department: str = ""
    title: str = ""
    profession: str = ""
    office: str = ""
    manager: str = ""
    assistant: str = ""
    spouse: str = ""
    children: tuple[str, ...] = ()
    birthday: datetime.date | None = None
    anniversary: datetime.date | None = None
    url: str = ""
    ims: tuple[str, ...] = ()
    body: str = ""
    categories: tuple[str, ...] = ()
    sensitivity: str = "normal"
    photo: bytes | None = None
    attachments: tuple[Attachment, ...] = ()
    modified: datetime.datetime | None = None

    kind = CONTACT


@dataclasses.dataclass(frozen=True)
class DistributionList:
    """A private one, from a user's contacts. `members` are (name, address)."""

    uid: str
    name: str = ""
    members: tuple[tuple[str, str], ...] = ()
    body: str = ""
    categories: tuple[str, ...] = ()
    modified: datetime.datetime | None = None

    kind = DISTRIBUTION_LIST


@dataclasses.dataclass(frozen=True)
class Task:
    uid: str
    summary: str = ""
    start: datetime.date | None = None
    due: datetime.date | None = None
    completed: datetime.datetime | None = None
    # 0 to 100.
    percent: int = 0
    state: str = "not_started"
    importance: str = "normal"
    sensitivity: str = "normal"
    body: str = ""
    categories: tuple[str, ...] = ()
    owner: str = ""
    # The moment at which the user is reminded.
    reminder: datetime.datetime | None = None
    recurrence: Recurrence | None = None
    attachments: tuple[Attachment, ...] = ()
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None

    kind = TASK


@dataclasses.dataclass(frozen=True)
class Note:
    uid: str
    subject: str = ""
    body: str = ""
    categories: tuple[str, ...] = ()
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None

    kind = NOTE
