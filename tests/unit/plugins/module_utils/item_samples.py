# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items with everything in them, and strategies that make others."""

from __future__ import annotations

import datetime
import zoneinfo

import hypothesis.strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k

BERLIN, UTC = zoneinfo.ZoneInfo("Europe/Berlin"), datetime.timezone.utc
START = datetime.datetime(2026, 3, 3, 10, 0, tzinfo=BERLIN)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
THEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

MEETING = k.Event(
    uid="meeting-1", summary="Jour fixe; weekly, «really»", start=START, end=START + HOUR, location="Room 1\\2", body="First line\nsecond: ümlaut",
    body_html="<p>First;</p>", organizer=k.Attendee("anna@example.test", 'Anna "Boss" Berg'),
    attendees=(
        k.Attendee("ben@example.test", "Ben, the other", "required", "accepted"), k.Attendee("", "Nobody", "optional", "declined"),
        k.Attendee("room@example.test", "", "resource", "tentative"),
    ),
    reminder=15, busy="out_of_office", importance="high", sensitivity="private", categories=("Red, dark", "Work"),
    recurrence=k.Recurrence("weekly", 2, ("TU", "TH"), until=datetime.datetime(2026, 12, 31, 23, 0, tzinfo=UTC), week_start="MO"),
    excluded=(START + 14 * DAY,), overrides=(
        k.Event("other", "Later", START + 28 * DAY + HOUR, START + 28 * DAY + 2 * HOUR, recurrence_id=START + 28 * DAY, busy="free"),
    ),
    attachments=(k.Attachment("agenda.txt", "text/plain; charset=utf-8", b"1. \x00\xff"),), sequence=3, created=THEN, modified=THEN + HOUR,
)
CONTACT = k.Contact(
    uid="contact-1", name="Änn B. Berg", given="Änn", middle="B.", family="Berg; née Tal", prefix="Dr.", suffix="MSc", nickname="Annie",
    file_as="Berg, Änn",
    emails=(("anna@example.test", "Anna at work"), ("ab@example.test", "")),
    phones=(("work", "+49 1"), ("home", "+49 2"), ("mobile", "+49 3"), ("work_fax", "+49 4"), ("home_fax", "5"), ("pager", "6"), ("assistant", "7")),
    addresses=(k.PostalAddress("home", "Weg 1\nHinterhaus", "Köln", "NRW", "50667", "DE"), k.PostalAddress("work", "Platz 2", "Bonn", "", "53111", "DE")),
    organization="Example, Inc.", department="Sales", title="Head", profession="Engineer", office="R 12", manager="Max", assistant="Ada", spouse="Sam",
    children=("Kim", "Lee"), birthday=datetime.date(1980, 2, 29), anniversary=datetime.date(2005, 6, 7), url="https://example.test/a,b;c",
    ims=("sip:anna@example.test", "anna on ICQ"), body="Note;\nsecond", categories=("Friends, old", "Work"), sensitivity="confidential",
    photo=b"\xff\xd8\xff" + bytes(range(256)), modified=THEN,
)
TEAM = k.DistributionList("team-1", "Team, all", (('Anna "B"', "anna@example.test"), ("ben@example.test", "ben@example.test")), "About", ("Work",), THEN)
TASK = k.Task(
    uid="task-1", summary="File; taxes", start=datetime.date(2026, 4, 1), due=datetime.date(2026, 5, 31), completed=THEN, percent=50, state="waiting",
    importance="low", sensitivity="personal", body="soon", categories=("Home",), owner="Anna", reminder=START, recurrence=k.Recurrence("yearly", count=3),
    created=THEN, modified=THEN + HOUR,
)
NOTE = k.Note("note-1", "Milk", "Milk\nbread", ("Home",), THEN, THEN + HOUR)

# Letters of any script, with those that formats treat specially; none that no format can hold, and no lines of blanks, which mean nothing.
words = st.text(st.sampled_from('abc ÄßЖ漢😀,;:\\"\'=^&<>%{}|\t\n') | st.characters(categories=("L", "N", "S")), max_size=40)
lines = words.map(lambda text: " ".join(text.split()))
names = lines.filter(bool)
moments = st.datetimes(datetime.datetime(1975, 1, 1), datetime.datetime(2036, 1, 1)).map(lambda when: when.replace(microsecond=0))
zones = st.sampled_from([BERLIN, zoneinfo.ZoneInfo("America/New_York"), zoneinfo.ZoneInfo("Asia/Kolkata"), UTC])
# None within the hour that the clock shows twice, or not at all: those have no spelling of their own.
instants = st.builds(lambda when, zone: when.replace(hour=5 + when.hour % 17, tzinfo=zone), moments, zones)
categories = st.lists(names, max_size=3).map(tuple)
