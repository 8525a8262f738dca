# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is dealt beside mail, and its audit, which has to fail whenever something is wrong."""
from __future__ import annotations

import copy
import datetime

import exmerge
import icalendar
import office
import office_audit
import pytest
import vobject

SERIES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
SUMMARY:Board
DTSTART;TZID=Europe/Berlin:20260105T090000
DTEND;TZID=Europe/Berlin:20260105T100000
RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=10;BYDAY=MO;WKST=MO
EXDATE;TZID=Europe/Berlin:20260119T090000
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:ben@outside.test
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID;TZID=Europe/Berlin:20260202T090000
SUMMARY:Board, moved
DTSTART;TZID=Europe/Berlin:20260202T110000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""
BOARD = {
    "summary": "Board", "location": "", "start": "2026-01-05T09:00:00", "end": "2026-01-05T10:00:00", "zone": "Europe/Berlin", "all_day": False,
    "rule": {"FREQ": "WEEKLY", "INTERVAL": 2, "COUNT": 10, "BYDAY": ["MO"]}, "deleted": ["2026-01-19T09:00:00"], "reminder": 15,
    "attendees": [["ben@outside.test", "REQ-PARTICIPANT", "ACCEPTED"]],
    "changed": [{"original": "2026-02-02T09:00:00", "summary": "Board, moved", "start": "2026-02-02T11:00:00", "end": "2026-02-02T12:00:00"}],
}


def read(text: str) -> dict:
    return office_audit.read_event([part for part in icalendar.Calendar.from_ical(text).walk() if part.name == "VEVENT"])


def test_an_event_is_read_field_by_field():
    assert read(SERIES) == office_audit.expected("event", BOARD) == BOARD


@pytest.mark.parametrize(("line", "other"), [
    ("SUMMARY:Board\n", "SUMMARY:Bored\n"), ("DTSTART;TZID=Europe/Berlin:20260105T09", "DTSTART;TZID=Europe/Paris:20260105T09"), ("COUNT=10", "COUNT=9"),
    ("TRIGGER:-PT15M", "TRIGGER:-PT30M"), ("PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED"), ("20260119T09", "20260126T09"), ("20260202T110000", "20260202T120000"),
    ("DTEND;TZID=Europe/Berlin:20260105T10", "DTEND;TZID=Europe/Berlin:20260105T11"),
])
def test_any_other_field_is_an_alteration(line, other):
    assert line in SERIES
    counts, found = office_audit.compare("event", [BOARD], [read(SERIES.replace(line, other))])
    assert counts["altered"] + counts["missing"] == 1 and found


def test_missing_doubled_and_altered_are_told_apart():
    contacts = office.deal("anna")["contact"]
    there = copy.deepcopy(contacts)
    there[0]["city"] = "Elsewhere"
    there.append(there.pop(1))
    there.append(there[2])
    del there[1]
    counts, found = office_audit.compare("contact", contacts, there)
    assert (counts["missing"], counts["doubled"], counts["altered"], counts["source"], counts["target"]) == (1, 1, 1, len(contacts), len(contacts))
    assert sorted(one["finding"] for one in found) == ["altered", "doubled", "missing"]


def test_cards_are_read():
    card = vobject.readOne("BEGIN:VCARD\nVERSION:3.0\nFN:Ben O'Hara\nN:O'Hara;Ben;;;\nEMAIL:b@x.test\nTEL:1\nADR:;;;Bonn;;;\nORG:X\nEND:VCARD\n")
    assert office_audit.read_contact(card) == {
        "name": "Ben O'Hara", "given": "Ben", "family": "O'Hara", "company": "X", "email": "b@x.test", "mobile": "1", "city": "Bonn"}
    group = vobject.readOne("BEGIN:VCARD\nVERSION:3.0\nFN:Team\nN:Team;;;;\nX-ADDRESSBOOKSERVER-KIND:group\n"
                            "X-ADDRESSBOOKSERVER-MEMBER;X-CN=Ben:mailto:b@x.test\nEND:VCARD\n")
    assert office_audit.read_list(group) == {"name": "Team", "members": [["Ben", "b@x.test"]]}


def test_rebuilt_mail_is_read():
    dealt, = exmerge.deal("anna", messages=3)["message"][2:]
    data = (f"Subject: x\r\nFrom: {dealt['from']}\r\nTo: Ben <ben@outside.test>\r\nDate: Mon, 1 Jan 2001 01:00:00 +0100\r\n\r\nText\r\n").encode()
    assert office_audit.read_message("INBOX.Projekte.\u00c4lter", b"FLAGS (\\Seen)", data) == {
        "folder": "Projekte/\u00c4lter", "subject": "x", "from": dealt["from"], "to": ["Ben <ben@outside.test>"], "date": "2001-01-01T00:00:00+00:00",
        "text": "Text\n", "attachments": [], "read": True}


def test_each_user_gets_the_same_office_every_time():
    assert office.deal("anna") == office.deal("anna") != office.deal("ben")
    dealt = office.deal("anna")
    assert len(office.orders("anna@example.test", dealt)) == sum(map(len, dealt.values()))
    assert all(datetime.datetime.fromisoformat(event["start"]) < datetime.datetime.fromisoformat(event["end"]) for event in dealt["event"])
