# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Exchange adds to an event that a client makes, and the iCalendar that it gives as its MIME."""

from __future__ import annotations

import datetime
import re
import secrets
import typing as t

from lxml import etree

from . import items
from .mime import moment, text
from .schema import T

TIMES = {"Start", "End", "OriginalStart", "RecurrenceId", "DateTimeStamp", "ReminderDueBy", "AppointmentReplyTime"}
EVENT = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:Microsoft Exchange Server\r\nBEGIN:VEVENT\r\n{}END:VEVENT\r\nEND:VCALENDAR\r\n"


def utc(value: str) -> str:
    """A time without a zone is taken as UTC."""
    when = datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    return moment(when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc))


def completed(inner: str, owner: str, occurrences: list[str]) -> str:
    """The properties of a t:CalendarItem with times in UTC and with what is always there."""
    item = items.wrapped("CalendarItem", inner)
    for element in item.iter():
        if items.name(element) in TIMES and element.text:
            element.text = utc(element.text)
    have = {items.name(child) for child in item}
    recurring = "Recurrence" in have
    attendees = bool(have & {"RequiredAttendees", "OptionalAttendees", "Resources"})
    owner = f"<t:Mailbox><t:Name>{text(owner)}</t:Name><t:EmailAddress>{text(owner)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox>"
    also = {
        "UID": "040000008200E00074C5B7101A82E008" + secrets.token_hex(24).upper(), "IsAllDayEvent": "false", "LegacyFreeBusyStatus": "Busy",
        "IsMeeting": str(attendees).lower(), "IsCancelled": "false", "IsRecurring": str(recurring).lower(), "MyResponseType": "Organizer",
        "CalendarItemType": "RecurringMaster" if recurring else "Single", "Organizer": owner, "AppointmentSequenceNumber": "0",
        "AppointmentState": str(int(attendees)), "Sensitivity": "Normal", "Importance": "Normal",
    }
    inner = "".join(items.written(child) for child in item) + "".join(f"<t:{name}>{value}</t:{name}>" for name, value in also.items() if name not in have)
    return inner + "".join(f"<t:Occurrence>{completed_occurrence(one)}</t:Occurrence>" for one in occurrences)


def completed_occurrence(xml: str) -> str:
    item = items.wrapped("home", xml)[0]
    for element in item:
        if items.name(element) in TIMES and element.text:
            element.text = utc(element.text)
    if item.find(f"{T}OriginalStart") is None:
        raise ValueError("An occurrence needs its OriginalStart.")
    return "".join(items.written(child) for child in item)


def modified_occurrences(item: etree._Element, name: t.Callable[[int], str]) -> str:
    """Out of the occurrences that are kept in the series; `name` gives the id of the one at a place."""
    found = []
    for place, one in enumerate(item.findall(f"{T}Occurrence")):
        original = one.findtext(f"{T}OriginalStart")
        start, end = one.findtext(f"{T}Start") or original, one.findtext(f"{T}End")
        if end is None:
            length = read(item.findtext(f"{T}End")) - read(item.findtext(f"{T}Start"))
            end = moment(read(start) + length)
        found.append(f'<t:Occurrence><t:ItemId Id="{name(place)}"/><t:Start>{start}</t:Start><t:End>{end}</t:End>'
                     f"<t:OriginalStart>{original}</t:OriginalStart></t:Occurrence>")
    return f"<t:ModifiedOccurrences>{''.join(found)}</t:ModifiedOccurrences>" if found else ""


def read(value: str | None) -> datetime.datetime:
    return datetime.datetime.fromisoformat((value or "").replace("Z", "+00:00"))


def occurrence(inner: str, place: int) -> str:
    """The properties of one occurrence: its own, else its series'."""
    series = items.wrapped("CalendarItem", inner)
    own = series.findall(f"{T}Occurrence")[place]
    kept = {items.name(child): items.written(child) for child in own}
    left = {"Occurrence", "Recurrence", "DeletedOccurrences", "ModifiedOccurrences", "CalendarItemType", "End"}
    inherited = {items.name(child): items.written(child) for child in series if items.name(child) not in left}
    start = own.findtext(f"{T}Start") or own.findtext(f"{T}OriginalStart")
    length = read(series.findtext(f"{T}End")) - read(series.findtext(f"{T}Start"))
    times = {"Start": f"<t:Start>{start}</t:Start>", "End": f"<t:End>{moment(read(start) + length)}</t:End>",
             "RecurrenceId": f"<t:RecurrenceId>{own.findtext(f'{T}OriginalStart')}</t:RecurrenceId>"}
    return "".join({**inherited, **times, "CalendarItemType": "<t:CalendarItemType>Exception</t:CalendarItemType>", **kept}.values())


def icalendar(inner: str, subject: str | None) -> bytes:
    """Without attendees and attachments, as Exchange gives it."""
    item = items.wrapped("CalendarItem", inner)
    summary = re.sub(r"([\\,;])", r"\\\1", subject or "")
    lines = [f"UID:{item.findtext(f'{T}UID')}", f"SUMMARY:{summary}"]
    for name, of in (("DTSTART", "Start"), ("DTEND", "End")):
        if value := item.findtext(f"{T}{of}"):
            lines.append(f"{name}:{re.sub('[-:]', '', value)}")
    return EVENT.format("".join(f"{line}\r\n" for line in lines)).encode()
