# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""exchangelib's CalendarItem as an Event, with the occurrences that were changed or deleted."""

from __future__ import annotations

import dataclasses
import datetime

from .._libraries import exchangelib
from .._model.item_kinds import Attendee, Event
from . import common
from .common import UTC, NotReadable, Reading, moment, smtp, text
from .recurrence import recurrence

FIELDS = (
    *common.FIELDS, "uid", "start", "end", "original_start", "is_all_day", "location", "legacy_free_busy_status", "is_meeting", "is_cancelled", "type",
    "my_response_type", "organizer", "required_attendees", "optional_attendees", "resources", "appointment_sequence_number", "recurrence",
    "modified_occurrences", "deleted_occurrences", "reminder_is_set", "reminder_minutes_before_start",
)
# NoData: the server does not know, and a meeting that is in the calendar takes time.
BUSY = {"Free": "free", "Tentative": "tentative", "Busy": "busy", "OOF": "out_of_office", "NoData": "busy", "WorkingElsewhere": "elsewhere"}
ANSWERS = {"Accept": "accepted", "Tentative": "tentative", "Decline": "declined"}
DAY = datetime.timedelta(days=1)


def event(item, reading: Reading) -> Event:
    if item.start is None or item.end is None:
        raise NotReadable("the event has no start or no end")
    whole, told = bool(item.is_all_day), item._start_timezone
    zone = reading.zone_of(told)
    if item.recurrence and not whole and not told:
        reading.lose(f"the time zone in which the event recurs; {zone} was taken (ews.timezone)")
    end_zone = reading.zone_of(item._end_timezone) if item._end_timezone else zone
    start, end = _occurrence(item.start, zone, whole, told), _occurrence(item.end, end_zone, whole, item._end_timezone or told)
    if whole:
        end = max(end, start + DAY)
    body, body_html = common.bodies(item)
    attendees = _attendees(item, reading)
    series = recurrence(item.recurrence.pattern, item.recurrence.boundary, start) if item.recurrence else None
    uid = item.uid or item.id
    return Event(
        uid=uid, summary=text(item.subject), start=start, end=end, all_day=whole, location=text(item.location), body=body, body_html=body_html,
        # Exchange names the owner as the organizer of what is no meeting.
        organizer=_person(item.organizer) if attendees and item.organizer else None, attendees=attendees,
        reminder=item.reminder_minutes_before_start or 0 if item.reminder_is_set else None,
        busy=BUSY.get(item.legacy_free_busy_status, "busy"), importance=common.importance(item), sensitivity=common.sensitivity(item),
        categories=common.categories(item), cancelled=bool(item.is_cancelled), recurrence=series,
        excluded=tuple(_occurrence(one.start, zone, whole, told) for one in item.deleted_occurrences or ()) if series else (),
        overrides=tuple(_overrides(item, uid, zone, whole, told, reading)) if series else (),
        attachments=common.attachments(item, reading), sequence=item.appointment_sequence_number or 0,
        created=moment(item.datetime_created), modified=moment(item.last_modified_time),
    )


def _occurrence(value, zone: datetime.tzinfo, whole: bool, told) -> datetime.datetime | datetime.date:
    """The moment, or its day where the event is of whole days; `told`: whether the server told the zone."""
    local = moment(value, zone)
    if not whole:
        return local
    if local.time() == datetime.time() or told and zone != UTC:
        return local.date()
    # Midnight somewhere; where that is isn't told, and noon there is the same day in UTC.
    return (local.astimezone(UTC) + DAY / 2).date()


def _overrides(item, uid: str, zone: datetime.tzinfo, whole: bool, told, reading: Reading):
    for one in item.modified_occurrences or ():
        when = _occurrence(one.original_start, zone, whole, told)
        try:
            changed = reading.fetch(exchangelib.ItemId(one.id, one.changekey)) if reading.fetch else None
            if not isinstance(changed, exchangelib.CalendarItem):
                raise NotReadable(changed or "it was not asked for")
            yield dataclasses.replace(event(changed, reading), uid=uid, recurrence_id=when)
        except NotReadable as error:
            reading.lose(f"the changed occurrence of {when}: {error}")


def _attendees(item, reading: Reading) -> tuple[Attendee, ...]:
    by_role = (("required", item.required_attendees), ("optional", item.optional_attendees), ("resource", item.resources))
    return tuple(
        _person(one.mailbox, role, _answer(one, item, reading)) for role, some in by_role for one in some or ()
        # Exchange may list the organizer among the others.
        if one.response_type != "Organizer"
    )


def _answer(one, item, reading: Reading) -> str:
    own = reading.owner and smtp(one.mailbox.email_address).lower() == reading.owner.lower()
    return ANSWERS.get(item.my_response_type if own and one.response_type not in ANSWERS else one.response_type, "needs_action")


def _person(mailbox, role: str = "required", answer: str = "needs_action") -> Attendee:
    return Attendee(smtp(mailbox.email_address), text(mailbox.name), role, answer)
