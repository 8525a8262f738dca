# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Events and tasks as vCalendar 1.0 (versit Consortium, 18 September 1996), which Mirapoint's WebCal exports; no library writes it.

That WebCal imports the same is NOT confirmed: try one file first. Times of single events are in UTC. Those of a series are local, as the clock
of its calendar shows them: in UTC they would move by an hour twice a year. Occurrences that differ from their series are events of their own.
"""

from __future__ import annotations

import binascii
import dataclasses
import datetime

from .._model.item_kinds import Event, Recurrence, Task
from .text import NotExpressible, one_line, parameter, plain
from .zones import settled

CLASSES = {"normal": "PUBLIC", "personal": "PRIVATE", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
PRIORITIES = {"high": 1, "normal": 2, "low": 3}
ROLES = {"required": "REQUIRE", "optional": "REQUEST", "resource": "FYI"}
ANSWERS = {"needs_action": "NEEDS ACTION", "accepted": "ACCEPTED", "tentative": "TENTATIVE", "declined": "DECLINED"}
TASK_STATES = {"completed": "COMPLETED", "not_started": "NEEDS ACTION"}
MIDNIGHT = datetime.time()


def vcalendar(item: Event | Task) -> bytes:
    """Raises NotExpressible for what vCalendar 1.0 has no words for."""
    lines = ["BEGIN:VCALENDAR", "VERSION:1.0", *(_event(item) if isinstance(item, Event) else _task(item)), "END:VCALENDAR"]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _event(event: Event) -> list[str]:
    gone = [*event.excluded, *(one.recurrence_id for one in event.overrides)]
    lines = _one_event(event, event.uid, gone)
    for one in sorted(event.overrides, key=lambda one: _stamp(one.recurrence_id, False)):
        lines += _one_event(dataclasses.replace(one, recurrence=None), f"{event.uid}-{_stamp(one.recurrence_id, False)}", ())
    return lines


def _one_event(event: Event, uid: str, gone) -> list[str]:
    if event.start is None:
        raise NotExpressible("it has no start")
    local = bool(event.recurrence)
    people = [_attendee(person, "ORGANIZER") for person in (event.organizer,) if person] + [_attendee(person, "ATTENDEE") for person in event.attendees]
    return [
        "BEGIN:VEVENT",
        *_text("UID", uid),
        f"DTSTART:{_stamp(event.start, local)}",
        *([f"DTEND:{_stamp(event.end, local)}"] if event.end is not None else []),
        *_recurring(event.recurrence, event.start, gone),
        *_text("SUMMARY", event.summary),
        *_text("LOCATION", event.location),
        *_common(event),
        f"SEQUENCE:{event.sequence}",
        f"STATUS:{'DECLINED' if event.cancelled else 'TENTATIVE' if event.busy == 'tentative' else 'CONFIRMED'}",
        f"TRANSP:{1 if event.busy == 'free' else 0}",
        *people,
        *([f"DALARM:{_alarm(event.start, event.reminder, local)};;1;Reminder"] if event.reminder is not None else []),
        "END:VEVENT",
    ]


def _task(task: Task) -> list[str]:
    start = task.start or task.due
    if task.recurrence and not start:
        raise NotExpressible("it recurs and has neither a start nor a day on which it is due")
    return [
        "BEGIN:VTODO",
        *_text("UID", task.uid),
        *([f"DTSTART:{_stamp(task.start, True)}"] if task.start else []),
        *([f"DUE:{_stamp(task.due, True)}"] if task.due else []),
        *([f"COMPLETED:{_stamp(task.completed, False)}"] if task.completed else []),
        *_recurring(task.recurrence, start, ()),
        *_text("SUMMARY", task.summary),
        *_common(task),
        f"STATUS:{TASK_STATES.get(task.state, 'ACCEPTED')}",
        *([f"DALARM:{_stamp(task.reminder, False)};;1;Reminder"] if task.reminder else []),
        "END:VTODO",
    ]


def _common(item: Event | Task) -> list[str]:
    return [
        *_text("DESCRIPTION", item.body),
        *_text("CATEGORIES", ";".join(one_line(name).replace(";", "\\;") for name in item.categories)),
        f"CLASS:{CLASSES[item.sensitivity]}",
        f"PRIORITY:{PRIORITIES[item.importance]}",
        *([f"DCREATED:{_stamp(item.created, False)}"] if item.created else []),
        *([f"LAST-MODIFIED:{_stamp(item.modified, False)}"] if item.modified else []),
    ]


def _attendee(person, role: str) -> str:
    address = f"{parameter(person.name)} <{one_line(person.address)}>" if person.name and person.address else one_line(person.address or person.name)
    return _text(f"ATTENDEE;ROLE={role};STATUS={ANSWERS[person.answer]};EXPECT={ROLES[person.role]}", address or "-")[0]


def _text(name: str, value: str) -> list[str]:
    """Quoted-printable where a line would not do: there a line goes on after a "=" at its end, and some readers think so of every line."""
    value = plain(value)
    if not value:
        return []
    if value.isascii() and "\n" not in value and not value.endswith("=") and len(name) + len(value) < 75:
        return [f"{name}:{value}"]
    encoded = binascii.b2a_qp(value.replace("\n", "\r\n").encode(), quotetabs=True, istext=False).decode().replace("=\n", "=\r\n")
    return [f"{name};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{encoded}"]


def _stamp(when: datetime.datetime | datetime.date, local: bool) -> str:
    """A day of its own has no form in vCalendar 1.0: it begins at midnight of whoever reads it."""
    if not isinstance(when, datetime.datetime):
        when, local = datetime.datetime.combine(when, MIDNIGHT), True
    if local or when.tzinfo is None:
        return f"{settled(when):%Y%m%dT%H%M%S}"
    return f"{when.astimezone(datetime.timezone.utc):%Y%m%dT%H%M%SZ}"


def _alarm(start: datetime.datetime | datetime.date, minutes: int, local: bool) -> str:
    if not isinstance(start, datetime.datetime):
        start = datetime.datetime.combine(start, MIDNIGHT)
    return _stamp(start - datetime.timedelta(minutes=minutes), local)


def _recurring(recurrence: Recurrence | None, start, gone) -> list[str]:
    if not recurrence:
        return []
    exceptions = [f"EXDATE:{';'.join(sorted(_stamp(when, True) for when in gone))}"] if gone else []
    return [f"RRULE:{rule(recurrence, start)}", *exceptions]


def rule(recurrence: Recurrence, start: datetime.datetime | datetime.date) -> str:
    """The rule in vCalendar's "basic grammar": such as `MP1 2+ TU #10`, every second Tuesday of a month, ten times; #0 is without end."""
    if recurrence.count is not None:
        end = f"#{recurrence.count}"
    elif recurrence.until is not None:
        end = _stamp(recurrence.until, False)
    else:
        end = "#0"
    return f"{_RULES[recurrence.frequency](recurrence, start)} {end}"


def _daily(recurrence: Recurrence, _start) -> str:
    if recurrence.by_day or recurrence.by_month or recurrence.by_month_day:
        raise NotExpressible("vCalendar 1.0 has no daily rule for certain days only")
    return f"D{recurrence.interval}"


def _weekly(recurrence: Recurrence, _start) -> str:
    return " ".join([f"W{recurrence.interval}", *recurrence.by_day])


def _monthly(recurrence: Recurrence, start, months: int | None = None) -> str:
    interval = months or recurrence.interval
    if recurrence.by_day:
        return f"MP{interval} {_position(recurrence)}"
    days = recurrence.by_month_day or (start.day,)
    return " ".join([f"MD{interval}", *("LD" if day == -1 else f"{abs(day)}{'-' if day < 0 else ''}" for day in days)])


def _yearly(recurrence: Recurrence, start) -> str:
    months = recurrence.by_month or (start.month,)
    if not recurrence.by_day and tuple(recurrence.by_month_day) in ((), (start.day,)):
        return " ".join([f"YM{recurrence.interval}", *map(str, months)])
    if months != (start.month,):
        raise NotExpressible("vCalendar 1.0 has no yearly rule for days of several months")
    # Every so many years in the month of the start.
    return _monthly(recurrence, start, 12 * recurrence.interval)


def _position(recurrence: Recurrence) -> str:
    """One weekday at one place in the month: 2TU, or TU with 2 as the place among the Tuesdays."""
    if len(recurrence.by_day) == 1 and len(recurrence.by_set_position) <= 1:
        place, weekday = recurrence.by_day[0][:-2], recurrence.by_day[0][-2:]
        number = int(place or (recurrence.by_set_position[0] if recurrence.by_set_position else 0))
        if number:
            return f"{abs(number)}{'-' if number < 0 else '+'} {weekday}"
    raise NotExpressible("vCalendar 1.0 has no rule for a place among several weekdays of a month")


_RULES = {"daily": _daily, "weekly": _weekly, "monthly": _monthly, "yearly": _yearly}
