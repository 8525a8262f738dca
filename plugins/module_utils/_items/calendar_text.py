# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Events, tasks and notes as iCalendar (RFC 5545): one VCALENDAR for each item, the same bytes for the same item.

What iCalendar has no word for is written as Exchange does it (MS-OXCICAL): X-MICROSOFT-CDO-BUSYSTATUS, X-ALT-DESC, CLASS:X-PERSONAL,
invalid:nomail for people without an address; and by X-EXCHANGE-TASK-STATUS and X-EXCHANGE-TASK-OWNER, which are our own.
"""

from __future__ import annotations

import dataclasses
import datetime
import re

from .._libraries import icalendar
from .._model.item_kinds import Attendee, Event, Note, Recurrence, Task
from .text import NotExpressible, parameter, plain
from .zones import settled, vtimezone

PRODUCT = "-//messaging.migration//EN"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
CLASSES = {"normal": "PUBLIC", "personal": "X-PERSONAL", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
PRIORITIES = {"high": 1, "normal": 5, "low": 9}
BUSY_STATES = {"free": "FREE", "tentative": "TENTATIVE", "busy": "BUSY", "out_of_office": "OOF", "elsewhere": "WORKINGELSEWHERE"}
ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
ANSWERS = {"needs_action": "NEEDS-ACTION", "accepted": "ACCEPTED", "tentative": "TENTATIVE", "declined": "DECLINED"}
TASK_STATES = {
    "not_started": "NEEDS-ACTION", "in_progress": "IN-PROCESS", "completed": "COMPLETED", "waiting": "NEEDS-ACTION", "deferred": "NEEDS-ACTION",
}


def calendar(item: Event | Task | Note) -> bytes:
    """Raises NotExpressible, such as for an event without a start."""
    parts = {Event: _event, Task: _task, Note: _note}[type(item)](item)
    whole = icalendar.Calendar()
    whole.add("PRODID", PRODUCT)
    whole.add("VERSION", "2.0")
    for part in parts:
        whole.add_component(part)
    for key in sorted(whole.get_used_tzids(), reverse=True):
        # What refers to a zone follows it.
        whole.subcomponents.insert(0, vtimezone(key))
    return whole.to_ical()


def _event(event: Event) -> list:
    series = _one_event(event, event.uid)
    if event.recurrence:
        series.add("RRULE", rule(event.recurrence, event.start))
    for start in event.excluded:
        series.add("EXDATE", [_when(start)])
    # An occurrence is known by the UID of its series (RFC 5545, 3.8.4.4).
    overrides = sorted(event.overrides, key=lambda one: _when(one.recurrence_id).isoformat())
    return [series, *(_one_event(dataclasses.replace(one, recurrence=None), event.uid) for one in overrides)]


def _one_event(event: Event, uid: str):
    if event.start is None:
        raise NotExpressible("it has no start")
    part = _common(icalendar.Event(), event, uid)
    part.add("DTSTART", _when(event.start))
    # No end, or one that is not later than the start, is no end in RFC 5545, 3.8.2.2: without it the event lasts as long.
    if event.end is not None and event.end > event.start:
        part.add("DTEND", _when(event.end))
    if event.recurrence_id is not None:
        part.add("RECURRENCE-ID", _when(event.recurrence_id))
    _text(part, "SUMMARY", event.summary)
    _text(part, "LOCATION", event.location)
    _text(part, "X-ALT-DESC", event.body_html, {"FMTTYPE": "text/html"})
    part.add("CLASS", CLASSES[event.sensitivity])
    part.add("PRIORITY", PRIORITIES[event.importance])
    part.add("STATUS", "CANCELLED" if event.cancelled else "TENTATIVE" if event.busy == "tentative" else "CONFIRMED")
    part.add("TRANSP", "TRANSPARENT" if event.busy == "free" else "OPAQUE")
    part.add("X-MICROSOFT-CDO-BUSYSTATUS", BUSY_STATES[event.busy])
    part.add("SEQUENCE", event.sequence)
    if event.organizer:
        part.add("ORGANIZER", _person(event.organizer))
    for attendee in event.attendees:
        kind = {"CUTYPE": "RESOURCE"} if attendee.role == "resource" else {}
        part.add("ATTENDEE", _person(attendee, ROLE=ROLES[attendee.role], PARTSTAT=ANSWERS[attendee.answer], **kind))
    if event.reminder is not None:
        _alarm(part, datetime.timedelta(minutes=-event.reminder))
    return part


def _task(task: Task) -> list:
    part = _common(icalendar.Todo(), task, task.uid)
    # A series must begin somewhere (RFC 5545, 3.8.5.3), and nothing is due before it begins (3.8.2.3).
    start = task.start or (task.due if task.recurrence else None)
    if start and not (task.due and task.due < start):
        part.add("DTSTART", start)
    if task.due:
        part.add("DUE", task.due)
    if task.completed:
        part.add("COMPLETED", _utc(task.completed))
    _text(part, "SUMMARY", task.summary)
    part.add("CLASS", CLASSES[task.sensitivity])
    part.add("PRIORITY", PRIORITIES[task.importance])
    part.add("STATUS", TASK_STATES[task.state])
    part.add("PERCENT-COMPLETE", task.percent)
    if task.state in ("waiting", "deferred"):
        part.add("X-EXCHANGE-TASK-STATUS", task.state.upper())
    _text(part, "X-EXCHANGE-TASK-OWNER", task.owner)
    if task.recurrence:
        if not start:
            raise NotExpressible("it recurs and has neither a start nor a day on which it is due")
        part.add("RRULE", rule(task.recurrence, start))
    if task.reminder:
        _alarm(part, _utc(task.reminder))
    return [part]


def _note(note: Note) -> list:
    part = _common(icalendar.Journal(), note, note.uid)
    _text(part, "SUMMARY", note.subject)
    if note.created:
        part.add("DTSTART", _utc(note.created))
    return [part]


def _common(part, item, uid: str):
    _text(part, "UID", uid)
    # The moment of writing would make other bytes of the same item.
    part.add("DTSTAMP", _utc(item.modified or item.created or EPOCH))
    if item.created:
        part.add("CREATED", _utc(item.created))
    if item.modified:
        part.add("LAST-MODIFIED", _utc(item.modified))
    _text(part, "DESCRIPTION", item.body)
    if item.categories:
        part.add("CATEGORIES", icalendar.prop.vInline(",".join(map(_escaped, item.categories))))
    for attachment in getattr(item, "attachments", ()):
        media_type = parameter(attachment.content_type.split(";")[0]) or "application/octet-stream"
        named = {"FMTTYPE": media_type, "X-FILENAME": parameter(attachment.name)}
        part.add("ATTACH", icalendar.vBinary(attachment.content), parameters={"VALUE": "BINARY", **named})
    return part


def _text(part, name: str, value: str, parameters: dict | None = None) -> None:
    if value:
        part.add(name, icalendar.prop.vInline(_escaped(value)), parameters=parameters)


def _escaped(value: str) -> str:
    """RFC 5545, 3.3.11; the library makes a new line of the middle of C:\\New."""
    return re.sub(r"([\\;,])", r"\\\1", plain(value)).replace("\n", "\\n")


def _person(person: Attendee, **parameters: str):
    address = icalendar.vCalAddress(f"mailto:{parameter(person.address)}" if person.address else "invalid:nomail")
    if person.name:
        address.params["CN"] = parameter(person.name)
    # A server that schedules (RFC 6638, 7.1) would otherwise invite everybody again.
    address.params |= {**parameters, "SCHEDULE-AGENT": "CLIENT"}
    return address


def _alarm(part, trigger: datetime.timedelta | datetime.datetime) -> None:
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", "Reminder")
    alarm.add("TRIGGER", trigger, parameters={"VALUE": "DATE-TIME"} if isinstance(trigger, datetime.datetime) else None)
    part.add_component(alarm)


def _when(when: datetime.datetime | datetime.date) -> datetime.datetime | datetime.date:
    return settled(when) if isinstance(when, datetime.datetime) else when


def _utc(when: datetime.datetime) -> datetime.datetime:
    return when.astimezone(datetime.timezone.utc).replace(microsecond=0)


def rule(recurrence: Recurrence, start: datetime.datetime | datetime.date) -> dict:
    """RRULE by its parts. UNTIL is of the kind of the start: a date, or a time in UTC (RFC 5545, 3.3.10)."""
    found: dict = {"FREQ": recurrence.frequency.upper()}
    if recurrence.interval > 1:
        found["INTERVAL"] = recurrence.interval
    for name, values in (
        ("BYDAY", recurrence.by_day), ("BYMONTHDAY", recurrence.by_month_day), ("BYMONTH", recurrence.by_month),
        ("BYSETPOS", recurrence.by_set_position),
    ):
        if values:
            found[name] = list(values)
    if recurrence.count is not None:
        found["COUNT"] = recurrence.count
    elif recurrence.until is not None:
        found["UNTIL"] = _until(recurrence.until, start)
    if recurrence.week_start:
        found["WKST"] = recurrence.week_start
    return found


def _until(until: datetime.datetime | datetime.date, start: datetime.datetime | datetime.date) -> datetime.datetime | datetime.date:
    if not isinstance(start, datetime.datetime):
        return until.date() if isinstance(until, datetime.datetime) else until
    if not isinstance(until, datetime.datetime):
        until = datetime.datetime.combine(until, start.timetz())
    return until if until.tzinfo is None else _utc(until)
