# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import datetime

import hypothesis
import hypothesis.strategies as st
import icalendar
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._items.calendar_text import calendar
from ansible_collections.messaging.migration.plugins.module_utils._items.text import NotExpressible
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import (
    BERLIN, DAY, HOUR, MEETING, NOTE, START, TASK, THEN, UTC, categories, instants, lines, names, words,
)


def read(item, name: str) -> list:
    data = calendar(item)
    assert data == calendar(item)
    assert all(len(line) <= 75 for line in data.split(b"\r\n")) and b"\n" not in data.replace(b"\r\n", b"")
    return icalendar.Calendar.from_ical(data).walk(name)


def test_everything_of_a_meeting():
    series, override = read(MEETING, "VEVENT")
    assert [str(series[name]) for name in ("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "CLASS", "STATUS", "TRANSP")] == [
        "meeting-1", "Jour fixe; weekly, «really»", "Room 1\\2", "First line\nsecond: ümlaut", "PRIVATE", "CONFIRMED", "OPAQUE",
    ]
    # The library leaves what it does not know as it came.
    assert (series["X-ALT-DESC"], series["X-ALT-DESC"].params["FMTTYPE"]) == ("<p>First\\;</p>", "text/html")
    assert (series["X-MICROSOFT-CDO-BUSYSTATUS"], int(series["PRIORITY"]), int(series["SEQUENCE"])) == ("OOF", 1, 3)
    assert [series[name].dt for name in ("DTSTART", "DTEND", "CREATED", "LAST-MODIFIED", "DTSTAMP")] == [
        START, START + HOUR, THEN, THEN + HOUR, THEN + HOUR,
    ]
    assert series["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert series["RRULE"].to_ical() == b"FREQ=WEEKLY;UNTIL=20261231T230000Z;INTERVAL=2;BYDAY=TU,TH;WKST=MO"
    assert [when.dt for when in series["EXDATE"].dts] == [START + 14 * DAY]
    assert series["CATEGORIES"].cats == ["Red, dark", "Work"]
    assert (series["ORGANIZER"], series["ORGANIZER"].params["CN"]) == ("mailto:anna@example.test", "Anna 'Boss' Berg")
    people = series["ATTENDEE"]
    assert [str(one) for one in people] == ["mailto:ben@example.test", "invalid:nomail", "mailto:room@example.test"]
    assert [(one.params["ROLE"], one.params["PARTSTAT"]) for one in people] == [
        ("REQ-PARTICIPANT", "ACCEPTED"), ("OPT-PARTICIPANT", "DECLINED"), ("NON-PARTICIPANT", "TENTATIVE"),
    ]
    assert people[0].params["CN"] == "Ben, the other" and people[2].params["CUTYPE"] == "RESOURCE"
    [attachment] = [series["ATTACH"]]
    assert (attachment.params["FMTTYPE"], attachment.params["X-FILENAME"], attachment.params["ENCODING"]) == ("text/plain", "agenda.txt", "BASE64")
    assert attachment.from_ical(attachment.to_ical()) == b"1. \x00\xff"
    [alarm] = series.walk("VALARM")
    assert alarm["TRIGGER"].dt == datetime.timedelta(minutes=-15)
    assert (override["UID"], override["RECURRENCE-ID"].dt, override["DTSTART"].dt, "RRULE" in override) == (
        "meeting-1", START + 28 * DAY, START + 28 * DAY + HOUR, False,
    )
    assert override["TRANSP"] == "TRANSPARENT"


def test_nobody_is_invited_again():
    [series, _override] = read(MEETING, "VEVENT")
    assert {one.params["SCHEDULE-AGENT"] for one in [series["ORGANIZER"], *series["ATTENDEE"]]} == {"CLIENT"}


def test_each_zone_once():
    assert [str(zone["TZID"]) for zone in read(MEETING, "VTIMEZONE")] == ["Europe/Berlin"]
    assert read(dataclasses.replace(NOTE), "VTIMEZONE") == []


def test_a_whole_day():
    day = datetime.date(2026, 5, 1)
    event = k.Event("d", "Day", day, day + DAY, True, recurrence=k.Recurrence("daily", until=THEN), excluded=(day + DAY,))
    [read_back] = read(event, "VEVENT")
    assert (read_back["DTSTART"].dt, read_back["DTEND"].dt) == (day, day + DAY)
    assert read_back["RRULE"]["UNTIL"] == [datetime.date(2026, 1, 2)]
    assert [when.dt for when in read_back["EXDATE"].dts] == [day + DAY]
    assert b"DTSTART;VALUE=DATE:20260501" in calendar(event)


def test_until_a_day_is_a_time_where_the_start_has_one():
    event = k.Event("u", start=START, recurrence=k.Recurrence("daily", until=datetime.date(2026, 3, 5)))
    assert b"UNTIL=20260305T090000Z" in calendar(event)


def test_without_a_start():
    with pytest.raises(NotExpressible, match="no start"):
        calendar(k.Event("x"))
    with pytest.raises(NotExpressible, match="neither a start"):
        calendar(k.Task("x", recurrence=k.Recurrence("daily")))


@pytest.mark.parametrize("end", [START, START - HOUR, None])
def test_an_end_that_is_none(end):
    assert "DTEND" not in read(k.Event("x", start=START, end=end), "VEVENT")[0]


def test_a_task():
    [task] = read(TASK, "VTODO")
    assert [task[name].dt for name in ("DTSTART", "DUE", "COMPLETED")] == [datetime.date(2026, 4, 1), datetime.date(2026, 5, 31), THEN]
    assert [str(task[name]) for name in ("SUMMARY", "CLASS", "STATUS", "X-EXCHANGE-TASK-STATUS", "X-EXCHANGE-TASK-OWNER")] == [
        "File; taxes", "X-PERSONAL", "NEEDS-ACTION", "WAITING", "Anna",
    ]
    assert (int(task["PRIORITY"]), int(task["PERCENT-COMPLETE"]), task["RRULE"].to_ical()) == (9, 50, b"FREQ=YEARLY;COUNT=3")
    assert b"TRIGGER;VALUE=DATE-TIME:20260303T090000Z" in calendar(TASK)


def test_a_series_of_tasks_begins_when_it_is_first_due():
    [task] = read(k.Task("x", due=datetime.date(2026, 4, 1), recurrence=k.Recurrence("daily")), "VTODO")
    assert task["DTSTART"].dt == task["DUE"].dt


def test_a_note():
    [note] = read(NOTE, "VJOURNAL")
    assert (note["SUMMARY"], note["DESCRIPTION"], note["DTSTART"].dt, note["CATEGORIES"].cats) == ("Milk", "Milk\nbread", THEN, ["Home"])


def test_what_no_calendar_can_hold_is_left_out():
    [note] = read(k.Note("n\x00", "a\x0bb\ud800c", "1\r\n2\r3\u2028" + "4"), "VJOURNAL")
    assert (note["UID"], note["SUMMARY"], note["DESCRIPTION"]) == ("n", "abc", "1\n2\n3\n4")


def test_a_path_is_no_new_line():
    [note] = read(k.Note("n\\N", "C:\\New\\n", "\\\\NAS\\Name, \\;\n\\"), "VJOURNAL")
    assert (note["UID"], note["SUMMARY"], note["DESCRIPTION"]) == ("n\\N", "C:\\New\\n", "\\\\NAS\\Name, \\;\n\\")


people = st.builds(k.Attendee, st.just("a@example.test"), lines, st.sampled_from(k.ROLES), st.sampled_from(k.ANSWERS))
attachments = st.builds(k.Attachment, names, st.just("image/png"), st.binary(max_size=100))
events = st.builds(
    k.Event, names, words, instants, location=words, body=words, organizer=people | st.none(), attendees=st.lists(people, max_size=2).map(tuple),
    reminder=st.integers(0, 20_000) | st.none(), busy=st.sampled_from(k.BUSY), importance=st.sampled_from(k.IMPORTANCES),
    sensitivity=st.sampled_from(k.SENSITIVITIES), categories=categories, cancelled=st.booleans(), attachments=st.lists(attachments, max_size=2).map(tuple),
    excluded=st.lists(instants, max_size=2).map(tuple), sequence=st.integers(0, 9), modified=instants | st.none(),
)


def as_parameter(text: str) -> str:
    return text.replace('"', "'").replace("\\", "/")


def without_blanks(text: str) -> str:
    """The library's reader takes them from both sides of "=" and ";" in parameters, which their writer did not ask for."""
    return "".join(text.split())


def as_list(value) -> list:
    return value if isinstance(value, list) else [value] if value is not None else []


@hypothesis.given(event=events)
def test_what_is_written_is_read(event):
    event = dataclasses.replace(event, end=event.start + HOUR)
    [part] = read(event, "VEVENT")
    for name, text in (("SUMMARY", event.summary), ("LOCATION", event.location), ("DESCRIPTION", event.body), ("UID", event.uid)):
        assert str(part.get(name, "")) == text
    assert part["DTSTART"].dt == event.start and part["DTEND"].dt == event.end
    assert part["DTSTART"].dt.utcoffset() == event.start.utcoffset()
    assert part["CATEGORIES"].cats == list(event.categories) if event.categories else "CATEGORIES" not in part
    assert [when.dt for one in as_list(part.get("EXDATE")) for when in one.dts] == list(event.excluded)
    told = [without_blanks(one.params.get("CN", "")) for one in as_list(part.get("ATTENDEE"))]
    assert told == [without_blanks(as_parameter(one.name)) for one in event.attendees]
    kept = [(without_blanks(one.params["X-FILENAME"]), one.from_ical(one.to_ical())) for one in as_list(part.get("ATTACH"))]
    assert kept == [(without_blanks(as_parameter(one.name)), one.content) for one in event.attachments]
    triggers = [alarm["TRIGGER"].dt for alarm in part.walk("VALARM")]
    assert triggers == ([datetime.timedelta(minutes=-event.reminder)] if event.reminder is not None else [])
    assert (part["STATUS"] == "CANCELLED") == event.cancelled and (part["TRANSP"] == "TRANSPARENT") == (event.busy == "free")


@hypothesis.given(
    st.builds(k.Recurrence, st.sampled_from(k.FREQUENCIES), st.integers(1, 9), st.sampled_from([(), ("MO",), ("2TU",), ("-1FR", "MO")]),
              st.sampled_from([(), (1, 31), (-1,)]), st.sampled_from([(), (2, 12)]), st.sampled_from([(), (-1,)]), st.integers(1, 99) | st.none()),
)
def test_every_rule_is_read(recurrence):
    [part] = read(k.Event("r", start=START, recurrence=recurrence), "VEVENT")
    rule = part["RRULE"]
    assert rule["FREQ"] == [recurrence.frequency.upper()] and rule.get("INTERVAL", [1]) == [recurrence.interval]
    told = tuple(tuple(rule.get(name, ())) for name in ("BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT"))
    assert told == (
        recurrence.by_day, recurrence.by_month_day, recurrence.by_month, recurrence.by_set_position, (recurrence.count,) if recurrence.count else (),
    )


def test_utc_and_zones_are_the_same_moment():
    [part] = read(k.Event("z", start=START.astimezone(UTC)), "VEVENT")
    assert part["DTSTART"].dt.astimezone(BERLIN) == START and b"TZID" not in calendar(k.Event("z", start=START.astimezone(UTC)))
