# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import hypothesis
import pytest
import vobject

from ansible_collections.messaging.migration.plugins.module_utils._items.compare import as_sent, same, uid_of
from ansible_collections.messaging.migration.plugins.module_utils._items.formats import FORMATS, written
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils import item_samples as samples
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import CONTACT, DAY, HOUR, MEETING, NOTE, START, TASK, TEAM

ICS, VCF = FORMATS["ics"], FORMATS["vcf"]


@pytest.mark.parametrize(("form", "item"), [(ICS, MEETING), (ICS, TASK), (ICS, NOTE), (VCF, CONTACT), (VCF, TEAM)])
def test_written_by_another_program(form, item):
    sent = written(form, item)
    assert same(form, sent, vobject.readOne(sent.decode()).serialize().encode())


@pytest.mark.parametrize("change", [
    (b"\r\nSUMMARY:Plain", b"\r\nCREATED:20260101T000000Z\r\nX-SERVER:1\r\nSUMMARY:Plain"), (b"\r\n", b"\n"),
    (b"DTSTAMP:19700101T000000Z", b"DTSTAMP:20260101T000000Z"), (b"PRODID:-//messaging.migration//EN", b"PRODID:-//Other//EN"),
    (b";SCHEDULE-AGENT=CLIENT", b";SCHEDULE-STATUS=1.1"), (b";ROLE=REQ-PARTICIPANT", b""), (b";INTERVAL=2", b";WKST=MO;INTERVAL=2"),
    (b"TZID=Europe/Berlin", b"TZID=CET/Berlin"), (b"TZID:Europe/Berlin", b"TZID:CET/Berlin"),
])
def test_what_a_server_may_do(change):
    event = k.Event("u", "Plain", START, START + HOUR, attendees=(k.Attendee("ben@example.test"),), recurrence=k.Recurrence("weekly", 2))
    sent = written(ICS, event)
    before, after = change
    there = sent.replace(before, after)
    if b"TZID" in before:
        there = sent.replace(b"Europe/Berlin", b"CET/Berlin")
    assert there != sent and same(ICS, sent, there)


@pytest.mark.parametrize("changes", [
    {"summary": "Other"}, {"start": START + HOUR, "end": START + 2 * HOUR}, {"location": ""}, {"body": "First line"}, {"reminder": None}, {"reminder": 30},
    {"attendees": MEETING.attendees[:2]}, {"categories": ("Work",)}, {"recurrence": dataclasses.replace(MEETING.recurrence, interval=3)},
    {"excluded": ()}, {"overrides": ()}, {"overrides": (dataclasses.replace(MEETING.overrides[0], summary="Earlier"),)},
    {"attachments": (dataclasses.replace(MEETING.attachments[0], content=b"2."),)}, {"sensitivity": "normal"}, {"uid": "meeting-2"},
    {"recurrence": None, "overrides": (), "excluded": ()},
])
def test_what_it_may_not_do(changes):
    assert not same(ICS, written(ICS, MEETING), written(ICS, dataclasses.replace(MEETING, **changes)))


def test_the_same_hour_of_another_zone_is_another_time():
    event = k.Event("u", "A", START)
    sent = written(ICS, event)
    assert not same(ICS, sent, sent.replace(b"DTSTART;TZID=Europe/Berlin", b"DTSTART;TZID=America/New_York"))


def test_an_occurrence_more_is_a_change():
    less = dataclasses.replace(MEETING, overrides=())
    assert not same(ICS, written(ICS, less), written(ICS, MEETING))


@pytest.mark.parametrize("changes", [
    {"emails": CONTACT.emails[:1]}, {"phones": CONTACT.phones[1:]}, {"photo": None}, {"birthday": CONTACT.birthday + DAY}, {"family": "Tal"},
    {"addresses": CONTACT.addresses[:1]}, {"organization": "Other"}, {"uid": "other"},
])
def test_contacts(changes):
    assert not same(VCF, written(VCF, CONTACT), written(VCF, dataclasses.replace(CONTACT, **changes)))


@pytest.mark.parametrize(("form", "item"), [(ICS, NOTE), (VCF, TEAM)])
@pytest.mark.parametrize("there", [b"BEGIN:VCALENDAR\r\nVERSION", b"BEGIN:VCARD\r\n", b"", b"\xff"])
def test_what_can_not_be_read_is_not_what_was_sent(form, item, there):
    assert not same(form, written(form, item), there)


def test_other_formats_by_their_bytes():
    sent = written(FORMATS["ldif"], CONTACT)
    assert same(FORMATS["ldif"], sent, sent) and not same(FORMATS["ldif"], sent, sent.replace(b"1980", b"1981"))


def test_the_uid_of_what_is_there():
    assert uid_of(written(ICS, MEETING)) == b"meeting-1" and uid_of(written(VCF, TEAM)) == b"team-1"
    assert uid_of(b"BEGIN:VEVENT\nUID:long\n er\nEND:VEVENT") == b"longer" and uid_of(written(FORMATS["ldif"], TEAM)) is None


def test_line_ends_that_are_lost_on_the_way():
    assert as_sent(b"a\nb\r\nc") == b"a\r\nb\r\nc"


@hypothesis.settings(max_examples=25)
@hypothesis.given(summary=samples.names, body=samples.words, where=samples.lines, start=samples.instants, categories=samples.categories)
def test_any_text_is_itself(summary, body, where, start, categories):
    event = k.Event("u", summary, start, start + HOUR, location=where, body=body, categories=categories)
    sent = written(ICS, event)
    assert same(ICS, sent, vobject.readOne(sent.decode()).serialize().encode())
    assert not same(ICS, sent, written(ICS, dataclasses.replace(event, summary=f"{summary}+")))
