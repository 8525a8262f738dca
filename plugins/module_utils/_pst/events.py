# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Appointments and meetings (MS-OXOCAL) as events."""

from __future__ import annotations

import dataclasses
import datetime

from .._model.item_kinds import BUSY, Attendee, Event
from . import recurrence, rfc5322, zones
from .addresses import person, recipient
from .common import CREATED, HIDDEN, attachments, bodies, line, of, shared, text, weight
from .item import Attached, Item
from .properties import APPOINTMENT, COMMON, MEETING, Named, Properties, moment
from .recurrence import Exceptional, Pattern

START, END, ALL_DAY = Named(APPOINTMENT, 0x820D), Named(APPOINTMENT, 0x820E), Named(APPOINTMENT, 0x8215)
COMMON_START, COMMON_END = Named(COMMON, 0x8516), Named(COMMON, 0x8517)
LOCATION, BUSY_STATUS, STATE, SEQUENCE = (Named(APPOINTMENT, key) for key in (0x8208, 0x8205, 0x8217, 0x8201))
RECURRING, PATTERN = Named(APPOINTMENT, 0x8223), Named(APPOINTMENT, 0x8216)
ZONE_STRUCTURE, ZONE_OF_SERIES, ZONE_OF_START = (Named(APPOINTMENT, key) for key in (0x8233, 0x8260, 0x825E))
REMINDER_SET, REMINDER_MINUTES, REMINDER_DEFAULT = Named(COMMON, 0x8503), Named(COMMON, 0x8501), 0x5AE980E1
GLOBAL_ID, CLEAN_ID = Named(MEETING, 0x03), Named(MEETING, 0x23)
# PidTagExceptionStartTime: the start of an exception by its own clock, as if that were UTC.
EXCEPTION_START, ATTACHMENT_KIND, EXCEPTION = 0x7FFB, 0x7FFD, 2
IS_MEETING, CANCELLED = 1, 4
RECIPIENT_FLAGS, ORGANIZER, ANSWER = 0x5FFD, 2, 0x5FFF
ROLES = {1: "required", 2: "optional", 3: "resource"}
ANSWERS = {2: "tentative", 3: "accepted", 4: "declined"}
UNTOLD_MINUTES = 15


def event(item: Item, key: bytes, domain: str = "") -> Event:
    """`key` is the file's. ValueError, struct.error for what is broken, recurrence.NotExpressible."""
    properties = item.properties
    pattern = recurrence.of_appointment(properties.data(PATTERN), properties.code_page) if properties.flag(RECURRING) and PATTERN in properties else None
    started = properties.time(START) or properties.time(COMMON_START)
    ended = properties.time(END) or properties.time(COMMON_END) or started
    if started is None:
        raise ValueError("the appointment has no start")
    zone = _zone(properties, started, pattern is not None)
    exceptions = [attached for attached in item.attachments if _is_exception(attached)]
    found = Event(
        **(
            shared(item, key) | weight(properties) | _times(started, ended, properties.flag(ALL_DAY), zone) | _details(item, domain)
            | ({"uid": _uid(properties)} if _uid(properties) else {})
        ),
        all_day=properties.flag(ALL_DAY),
        cancelled=bool((properties.number(STATE) or 0) & CANCELLED),
        sequence=properties.number(SEQUENCE) or 0,
        created=properties.time(CREATED),
        attachments=attachments([one for one in item.attachments if one not in exceptions], domain),
    )
    return _recurring(found, pattern, zone, exceptions, properties, domain) if pattern else found


def _is_exception(attached: Attached) -> bool:
    properties = attached.properties
    return attached.item is not None and properties.flag(HIDDEN) and bool((properties.number(ATTACHMENT_KIND) or 0) & EXCEPTION)


def _zone(properties: Properties, started: datetime.datetime, recurs: bool) -> datetime.tzinfo:
    """Its own zone. Where none of ours shows the same clock, a single appointment is as right in UTC; a series is not."""
    name, rule = "", None
    for key in (ZONE_OF_SERIES, ZONE_OF_START) if recurs else (ZONE_OF_START,):
        if properties.data(key):
            name, rule = zones.of_definition(properties.data(key))
            break
    if rule is None and properties.data(ZONE_STRUCTURE):
        rule = zones.of_structure(properties.data(ZONE_STRUCTURE))
    found = zones.found(name, rule, started.year)
    if found is None and recurs and rule is not None:
        raise ValueError(f"no time zone shows the clock of {name or 'this series'}")
    return found or zones.UTC


def _uid(properties: Properties) -> str:
    """As iCalendar has it (MS-OXCICAL, 2.1.3.1.1.20.26)."""
    data = properties.data(CLEAN_ID) or properties.data(GLOBAL_ID)
    mark = data.find(b"vCal-Uid\x01\0\0\0")
    return data[mark + 12:].split(b"\0")[0].decode("utf-8", "replace") if mark >= 0 else data.hex().upper()


def _times(start: datetime.datetime, end: datetime.datetime, all_day: bool, zone: datetime.tzinfo) -> dict:
    if not all_day:
        return {"start": start.astimezone(zone), "end": max(start, end).astimezone(zone)}
    first, last = _day(start, zone), _day(end, zone)
    return {"start": first, "end": max(last, first + datetime.timedelta(days=1))}


def _day(when: datetime.datetime, zone: datetime.tzinfo) -> datetime.date:
    """Midnight somewhere; where that is isn't always told, and then noon there is the same day in UTC."""
    return (when.astimezone(zone) if zone is not zones.UTC else when + datetime.timedelta(hours=12)).date()


def _details(item: Item, domain: str) -> dict:
    """What an exception may have of its own."""
    properties = item.properties
    plain, html = bodies(properties)
    found = {
        "summary": text(rfc5322.subject(properties)), "location": line(properties, LOCATION), "body": plain, "body_html": html,
        "busy": of(BUSY, properties.number(BUSY_STATUS), "busy"), "reminder": None,
    }
    if properties.flag(REMINDER_SET):
        found["reminder"] = _minutes(properties.number(REMINDER_MINUTES))
    if (properties.number(STATE) or 0) & IS_MEETING:
        organizer = person(properties, *rfc5322.REPRESENTED, domain)
        found["organizer"] = Attendee(organizer.address, organizer.name)
        found["attendees"] = tuple(_attendee(row, domain) for row in item.recipients if not (row.number(RECIPIENT_FLAGS) or 0) & ORGANIZER)
    return found


def _minutes(number: int | None) -> int:
    return UNTOLD_MINUTES if number is None or number == REMINDER_DEFAULT else number


def _attendee(row: Properties, domain: str) -> Attendee:
    one = recipient(row, domain)
    role = ROLES.get((row.number(rfc5322.RECIPIENT_TYPE) or 0) & 0xF, "required")
    return Attendee(one.address, one.name, role, ANSWERS.get(row.number(ANSWER), "needs_action"))


def _recurring(series: Event, pattern: Pattern, zone: datetime.tzinfo, exceptions: list[Attached], properties: Properties, domain: str) -> Event:
    starts_at = datetime.timedelta(minutes=pattern.starts_at)

    def at(local: datetime.datetime) -> datetime.datetime | datetime.date:
        return local.date() if series.all_day else local.replace(tzinfo=zone)

    until = None
    if pattern.last is not None:
        last = at(pattern.last + starts_at)
        until = last.astimezone(zones.UTC) if isinstance(last, datetime.datetime) else last
    # An exception's day is told as deleted as well.
    moved = {one.original.date() for one in pattern.exceptions}
    own = {moment(one.properties.number(EXCEPTION_START) or 0): one.item for one in exceptions}
    return dataclasses.replace(
        series,
        recurrence=pattern.rule(until),
        excluded=tuple(at(day + starts_at) for day in pattern.deleted if day.date() not in moved),
        overrides=tuple(_override(series, one, at, zone, own.get(one.start.replace(tzinfo=zones.UTC)), domain) for one in pattern.exceptions),
    )


def _override(series: Event, one: Exceptional, at, zone: datetime.tzinfo, own: Item | None, domain: str) -> Event:
    all_day = series.all_day if one.all_day is None else one.all_day
    changed: dict = {"all_day": all_day, "start": one.start.replace(tzinfo=zone), "end": one.end.replace(tzinfo=zone)}
    if all_day:
        changed |= {"start": one.start.date(), "end": max(one.end.date(), one.start.date() + datetime.timedelta(days=1))}
    if one.subject is not None:
        changed["summary"] = one.subject
    if one.location is not None:
        changed["location"] = one.location
    if one.busy is not None:
        changed["busy"] = of(BUSY, one.busy, "busy")
    if one.has_reminder is False:
        changed["reminder"] = None
    elif one.reminder is not None or one.has_reminder:
        changed["reminder"] = _minutes(one.reminder) if one.reminder is not None else series.reminder or UNTOLD_MINUTES
    if own is not None:
        details = _details(own, domain)
        changed |= {key: details[key] for key in ("body", "body_html") if one.changed & recurrence.BODY}
        changed |= {"attendees": details["attendees"]} if details.get("attendees") else {}
        changed["attachments"] = attachments(list(own.attachments), domain)
    return dataclasses.replace(
        series, **{"attachments": ()} | changed, recurrence_id=at(one.original), recurrence=None, excluded=(), overrides=(),
    )
