# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts, lists, events, tasks and notes out of their properties."""

from __future__ import annotations

import datetime
import struct
import uuid
import zoneinfo

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model import reasons
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import Attachment, Attendee, PostalAddress, Recurrence, Trouble
from ansible_collections.messaging.migration.plugins.module_utils._pst import common, contacts, events, pim, tasks
from ansible_collections.messaging.migration.plugins.module_utils._pst.addresses import ONE_OFF
from ansible_collections.messaging.migration.plugins.module_utils._pst.item import Attached, Item
from ansible_collections.messaging.migration.plugins.module_utils._pst.properties import ADDRESS, Named, Properties
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.pst_file import Typed, encoded
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils._pst.test_recurrence import DAILY, WITH_EXCEPTION, bare

UTC, KEY = datetime.timezone.utc, b"\1\2"
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def at(*when) -> datetime.datetime:
    return datetime.datetime(*when, tzinfo=UTC)


def made(values: dict) -> Properties:
    numbers: dict = {}
    found = {}
    for key, value in values.items():
        number = numbers.setdefault(key, 0x8000 + len(numbers)) if isinstance(key, Named) else key
        found[number] = tuple(encoded(value))
    return Properties(found, numbers)


def translated(kind: str, values: dict, recipients=(), attachments=()):
    return pim.translated(Item(0x24, made({0x001A: kind, 0x3008: at(2020, 1, 1)} | values), tuple(map(made, recipients)), tuple(attachments)), KEY, "x.test")


def zone(name: str) -> bytes:
    return struct.pack("<BBHHH", 2, 1, 6 + 2 * len(name), 2, len(name)) + name.encode("utf-16-le") + struct.pack("<H", 0)


def test_a_contact():
    found = translated(
        "IPM.Contact",
        {
            0x3001: "Ann Other", 0x3A06: "Ann", 0x3A11: "Other", 0x3A45: "Dr.", 0x3A05: "III", 0x3A4F: "Annie", 0x3A16: "ACME", 0x3A18: "R&D", 0x3A17: "Head",
            0x3A08: "1", 0x3A1B: "2", 0x3A1C: "3", 0x3A24: "4", 0x3A58: ["Tim", "Tom"], 0x3A42: at(1970, 5, 4, 22), 0x3A41: at(2000, 6, 1),
            Named(ADDRESS, 0x80DF): at(2000, 5, 31), Named(ADDRESS, 0x8045): "Street 1\r\n2nd floor", Named(ADDRESS, 0x8046): "Town", 0x3A59: "Home",
            0x3A51: "http://x.test", Named(ADDRESS, 0x8080): "Ann (ann@x.test)", Named(ADDRESS, 0x8082): "SMTP", Named(ADDRESS, 0x8083): "ann@x.test",
            Named(ADDRESS, 0x8090): "Ann", Named(ADDRESS, 0x8092): "EX", Named(ADDRESS, 0x8093): "/O=X", Named(ADDRESS, 0x80A2): "FAX",
            Named(ADDRESS, 0x80A3): "Ann@4", Named(ADDRESS, 0x8062): "ann.im", common.CATEGORIES: ["Blue", "Größe"], 0x0036: 2, 0x1000: "a\r\nb\r\n",
        },
        attachments=[
            Attached(made({0x3705: 1, 0x3707: "ContactPicture.jpg", 0x7FFF: True}), b"\xff\xd8"), Attached(made({0x3705: 1, 0x3707: "cv.pdf"}), b"%PDF"),
        ],
    )
    assert (found.name, found.given, found.family, found.prefix, found.suffix, found.nickname) == ("Ann Other", "Ann", "Other", "Dr.", "III", "Annie")
    assert (found.organization, found.department, found.title, found.url, found.ims) == ("ACME", "R&D", "Head", "http://x.test", ("ann.im",))
    assert found.phones == (("work", "1"), ("work", "2"), ("mobile", "3"), ("work_fax", "4")) and found.children == ("Tim", "Tom")
    assert found.emails == (("ann@x.test", "Ann"), ("IMCEAEX-_O=X@x.test", "Ann"))
    assert found.addresses == (PostalAddress("work", "Street 1\n2nd floor", "Town"), PostalAddress("home", city="Home"))
    assert found.birthday == datetime.date(1970, 5, 5) and found.anniversary == datetime.date(2000, 5, 31)
    assert found.photo == b"\xff\xd8" and found.attachments == (Attachment("cv.pdf", "application/pdf", b"%PDF"),)
    assert (found.body, found.categories, found.sensitivity, found.modified, found.uid) == ("a\nb", ("Blue", "Größe"), "private", at(2020, 1, 1), "0102-24")


def test_the_mailing_address_is_used_when_it_is_the_only_one():
    assert translated("IPM.Contact", {0x3A27: "Town"}).addresses == (PostalAddress("work", city="Town"),)
    assert translated("IPM.Contact", {0x3A27: "Town", 0x3A5F: "Town"}).addresses == (PostalAddress("other", city="Town"),)


@pytest.mark.parametrize("key", [contacts.MEMBERS_ONE_OFF, contacts.MEMBERS])
def test_a_distribution_list(key):
    entries = [bytes(4) + ONE_OFF + struct.pack("<HH", 0, 0x8000) + f"{n}\0SMTP\0{n}@x.test\0".encode("utf-16-le") for n in "ab"]
    found = translated("IPM.DistList", {contacts.LIST_NAME: "Team", key: entries})
    assert (found.name, found.members) == ("Team", (("a", "a@x.test"), ("b", "b@x.test")))


def entry(name: str, kind: str = "SMTP", address: str | None = None) -> bytes:
    address = f"{name}@x.test" if address is None else address
    return bytes(4) + ONE_OFF + struct.pack("<HH", 0, 0x8000) + f"{name}\0{kind}\0{address}\0".encode("utf-16-le")


def stream(*members: tuple[bytes, bytes]) -> bytes:
    """As MS-OXOCNTC, 2.2.2.2.4 has it."""
    parts = [struct.pack("<I", len(data)) + data for pair in members for data in (*pair, b"")]
    sizes = (sum(len(pair[0]) for pair in members), sum(len(pair[1]) for pair in members), 0)
    return struct.pack("<HHIIIIII", 1, 0, 0x0C1D, 0, len(members), *sizes) + b"".join(parts) + bytes(8)


BOOK = bytes(4) + uuid.UUID("c840a7dc-42c0-1a10-b4b9-08002b2fe182").bytes + b"\1\0\0\0\0\0\0\0/o=X/cn=dora\0"


def test_a_long_distribution_list():
    members = [(BOOK, entry(f"n{number}")) for number in range(400)]
    item = Item(0x24, made({0x001A: "IPM.DistList", contacts.LIST_NAME: "All", contacts.MEMBERS_STREAM: stream(*members), contacts.MEMBERS: [entry("old")]}))
    found = pim.translated(item, KEY, "x.test")
    assert found.members == tuple((f"n{number}", f"n{number}@x.test") for number in range(400)) and pim.lost(item, "x.test") == []


def test_members_of_whom_a_distribution_list_tells_too_little():
    entries = [entry("a"), entry("Friends", "MAPIPDL", "Unknown"), b""]
    item = Item(0x24, made({
        0x001A: "IPM.DistList", contacts.LIST_NAME: "Team", contacts.MEMBERS: [BOOK, BOOK, BOOK, BOOK], contacts.MEMBERS_ONE_OFF: entries,
    }))
    assert pim.translated(item, KEY, "x.test").members == (("a", "a@x.test"), ("Friends", ""))
    assert [(one.reason, one.detail) for one in pim.lost(item, "x.test")] == [
        (reasons.PART_DROPPED, "the address of a member: Friends"), (reasons.PART_DROPPED, "members who are only in an address book: 2"),
    ]


def test_an_appointment():
    found = translated(
        "IPM.Appointment",
        {
            0x0037: "Talk", events.START: at(2020, 7, 1, 8), events.END: at(2020, 7, 1, 9), events.ZONE_OF_START: zone("W. Europe Standard Time"),
            events.LOCATION: "Room 5", events.BUSY_STATUS: 3, events.REMINDER_SET: True, events.REMINDER_MINUTES: 30, 0x0017: 2, 0x0036: 3, 0x1000: "text",
            events.CLEAN_ID: bytes.fromhex("040000008200e00074c5b7101a82e008"), events.SEQUENCE: 4, 0x3007: at(2019, 1, 1), 0x1013: b"<p>text",
        },
    )
    assert found.start == datetime.datetime(2020, 7, 1, 10, tzinfo=BERLIN) and found.start.tzinfo.key == "Europe/Berlin" and found.end.hour == 11
    assert (found.summary, found.location, found.busy, found.reminder, found.sequence) == ("Talk", "Room 5", "out_of_office", 30, 4)
    assert (found.importance, found.sensitivity, found.body, found.body_html) == ("high", "confidential", "text", "<p>text")
    assert found.uid == "040000008200E00074C5B7101A82E008" and found.created == at(2019, 1, 1) and found.organizer is None and found.recurrence is None


def test_a_meeting():
    rows = [
        {0x3001: "Boss", 0x3002: "SMTP", 0x3003: "boss@x.test", 0x0C15: 1, 0x5FFD: 3}, {0x3001: "A", 0x3002: "SMTP", 0x3003: "a@x.test", 0x0C15: 1, 0x5FFF: 3},
        {0x3001: "B", 0x3002: "SMTP", 0x3003: "b@x.test", 0x0C15: 2, 0x5FFF: 4}, {0x3001: "Room", 0x3002: "SMTP", 0x3003: "r@x.test", 0x0C15: 3},
    ]
    found = translated(
        "IPM.Appointment", {
            events.START: at(2020, 7, 1, 8), events.STATE: 5, 0x0042: "Boss", 0x0064: "SMTP", 0x0065: "boss@x.test",
            events.GLOBAL_ID: bytes(40) + b"vCal-Uid\x01\0\0\0" + b"abc@google\0",
        }, rows,
    )
    assert found.organizer == Attendee("boss@x.test", "Boss") and found.cancelled and found.uid == "abc@google"
    assert found.attendees == (
        Attendee("a@x.test", "A", "required", "accepted"), Attendee("b@x.test", "B", "optional", "declined"), Attendee("r@x.test", "Room", "resource"),
    )
    assert found.start == found.end == at(2020, 7, 1, 8)


@pytest.mark.parametrize(("values", "day"), [
    ({events.ZONE_OF_START: zone("W. Europe Standard Time"), events.START: at(2020, 6, 30, 22), events.END: at(2020, 7, 2, 22)}, 1),
    ({events.START: at(2020, 6, 30, 22), events.END: at(2020, 7, 2, 22)}, 1), ({events.START: at(2020, 7, 1, 8), events.END: at(2020, 7, 3, 8)}, 1),
])
def test_a_whole_day_is_a_date(values, day):
    found = translated("IPM.Appointment", {events.ALL_DAY: True} | values)
    assert (found.start, found.end, found.all_day) == (datetime.date(2020, 7, day), datetime.date(2020, 7, day + 2), True)


def test_a_series():
    own = Item(0, made({0x1000: "other text", 0x0037: "x"}))
    exception = Attached(made({0x3705: 5, 0x7FFE: True, 0x7FFD: 2, 0x7FFB: at(2007, 4, 16, 11)}), item=own)
    paper = Attached(made({0x3705: 1, 0x3707: "a.txt"}), b"x")
    blob = bytearray.fromhex(WITH_EXCEPTION)
    # Its body is changed as well.
    place = blob.index(bytes.fromhex("1100220021"))
    blob[place + 1] = 2
    found = translated(
        "IPM.Appointment",
        {
            0x0037: "Simple Recurrence", events.START: at(2007, 3, 26, 8), events.END: at(2007, 3, 26, 8, 30), events.RECURRING: True, 0x1000: "text",
            events.PATTERN: bytes(blob), events.ZONE_OF_SERIES: zone("W. Europe Standard Time"), events.LOCATION: "34/4639",
        },
        attachments=[exception, paper],
    )
    assert found.recurrence == Recurrence("weekly", by_day=("MO", "TH", "FR"), count=12, week_start="SU") and found.excluded == ()
    override, = found.overrides
    assert override.recurrence_id == datetime.datetime(2007, 4, 16, 10, tzinfo=BERLIN) and override.start == datetime.datetime(2007, 4, 16, 11, tzinfo=BERLIN)
    assert (override.summary, override.location, override.body) == ("Simple Recurrence with exceptions", "34/4141", "other text")
    assert (override.uid, override.recurrence, override.overrides, override.attachments) == (found.uid, None, (), ())
    assert [attachment.name for attachment in found.attachments] == ["a.txt"] and found.body == "text"


def test_deleted_occurrences_and_the_end_of_a_series():
    values = {
        events.START: at(2011, 4, 7, 6), events.RECURRING: True, events.PATTERN: bytes.fromhex(DAILY),
        events.ZONE_OF_SERIES: zone("W. Europe Standard Time"),
    }
    found = translated("IPM.Appointment", values)
    assert found.recurrence == Recurrence("daily", 3, until=at(2011, 5, 4, 6))
    assert found.excluded == (datetime.datetime(2011, 4, 19, 8, tzinfo=BERLIN), datetime.datetime(2011, 4, 22, 8, tzinfo=BERLIN))
    whole_days = translated("IPM.Appointment", values | {events.ALL_DAY: True})
    assert whole_days.recurrence.until == datetime.date(2011, 5, 4) and whole_days.excluded == (datetime.date(2011, 4, 19), datetime.date(2011, 4, 22))


def test_a_task():
    found = translated(
        "IPM.Task",
        {
            0x0037: "Do it", tasks.STATE: 1, tasks.PERCENT: 0.25, tasks.START: at(2020, 1, 2), tasks.DUE: at(2020, 1, 3), tasks.OWNER: "Ann",
            tasks.REMINDER_SET: True, tasks.REMINDER: at(2020, 1, 2, 8), tasks.RECURRING: True,
            tasks.PATTERN: bare(0x200C, 2, 1, struct.pack("<I", 6), 0x2021, 6), 0x0017: 0,
        },
    )
    assert (found.summary, found.state, found.percent) == ("Do it", "in_progress", 25)
    assert (found.start, found.due) == (datetime.date(2020, 1, 2), datetime.date(2020, 1, 3))
    assert (found.owner, found.reminder, found.importance, found.completed) == ("Ann", at(2020, 1, 2, 8), "low", None)
    assert found.recurrence == Recurrence("monthly", by_month_day=(6,), until=datetime.date(2026, 12, 31))


def test_a_note():
    found = translated("IPM.StickyNote", {0x0037: "Remember", 0x1000: "Remember\r\nthe milk", 0x3007: at(2020, 1, 1)})
    assert (found.subject, found.body, found.created) == ("Remember", "Remember\nthe milk", at(2020, 1, 1))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({events.RECURRING: True, events.PATTERN: bare(0x200C, 0x0A, 1, struct.pack("<I", 6))}, reasons.NOT_CONVERTED),
        ({events.RECURRING: True, events.PATTERN: b"\4\x30"}, reasons.NO_CONTENT),
        ({events.START: Typed(0x40, bytes(8))}, reasons.NO_CONTENT),
    ],
)
def test_trouble(values, reason):
    found = translated("IPM.Appointment", {events.START: at(2020, 1, 1)} | values)
    assert isinstance(found, Trouble) and found.reason == reason and found.detail


@pytest.mark.parametrize(
    ("name", "kind"),
    [("IPM.Contact", "contacts"), ("ipm.contact.custom", "contacts"), ("IPM.Task", "tasks"), ("IPM.TaskRequest", None), ("IPM.Note", None), ("", None),
     ("IPM.Appointment", "calendar"), ("IPM.Schedule.Meeting.Request", None), ("IPM.StickyNote", "notes"), ("IPM.DistList", "contacts")],
)
def test_kinds(name, kind):
    assert pim.kind_of(name) == kind
