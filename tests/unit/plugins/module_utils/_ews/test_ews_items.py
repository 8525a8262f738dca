# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items as a server sends them, in XML, read by exchangelib and translated."""

from __future__ import annotations

import datetime
import time
import zoneinfo

import exchangelib
import lxml.etree
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ews import items
from ansible_collections.messaging.migration.plugins.module_utils._ews.common import Reading
from ansible_collections.messaging.migration.plugins.module_utils._ews.services import with_times
from ansible_collections.messaging.migration.plugins.module_utils._model import reasons
from ansible_collections.messaging.migration.plugins.module_utils._model.item_kinds import (
    EVENT, ITEM_KINDS, Attachment, Attendee, Contact, DistributionList, Event, Note, PostalAddress, Recurrence, Task, Trouble,
)

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
BERLIN, TOKYO, UTC = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("Asia/Tokyo"), datetime.timezone.utc


def read(kind, inner):
    element = lxml.etree.fromstring(f'<{kind.ELEMENT_NAME} xmlns="{TYPES}"><ItemId Id="AA" ChangeKey="BB"/>{inner}</{kind.ELEMENT_NAME}>')
    return with_times(element, lambda elem: kind.from_xml(elem, None))


def zones(start="W. Europe Standard Time", end="W. Europe Standard Time"):
    return f'<StartTimeZone Id="{start}"/><EndTimeZone Id="{end}"/>'


def person(address, answer="Unknown", name="", routing="SMTP"):
    mailbox = f"<Mailbox><Name>{name}</Name><EmailAddress>{address}</EmailAddress><RoutingType>{routing}</RoutingType></Mailbox>"
    return f"<Attendee>{mailbox}<ResponseType>{answer}</ResponseType></Attendee>"


MEETING = f"""
<ItemClass>IPM.Appointment</ItemClass><Subject>Plan &amp; budget</Subject><Sensitivity>Private</Sensitivity>
<Body BodyType="HTML">&lt;html&gt;&lt;body&gt;&lt;p&gt;First&lt;/p&gt;&lt;p&gt;Second&lt;/p&gt;&lt;/body&gt;&lt;/html&gt;</Body>
<Categories><String>Büro</String><String>Project A</String></Categories><Importance>High</Importance>
<DateTimeCreated>2026-01-02T10:00:00Z</DateTimeCreated><ReminderIsSet>true</ReminderIsSet>
<ReminderMinutesBeforeStart>15</ReminderMinutesBeforeStart><LastModifiedTime>2026-01-03T10:00:00Z</LastModifiedTime>
<UID>0400</UID><Start>2026-03-16T08:00:00Z</Start><End>2026-03-16T09:30:00Z</End><IsAllDayEvent>false</IsAllDayEvent>
<LegacyFreeBusyStatus>OOF</LegacyFreeBusyStatus><Location>Room 1</Location><IsMeeting>true</IsMeeting><IsCancelled>false</IsCancelled>
<MyResponseType>Tentative</MyResponseType>
<Organizer><Mailbox><Name>Anna</Name><EmailAddress>anna@example.org</EmailAddress><RoutingType>SMTP</RoutingType></Mailbox></Organizer>
<RequiredAttendees>{person("anna@example.org", "Organizer")}{person("Bob@example.org", name="Bob")}{person("c@example.org", "Accept")}</RequiredAttendees>
<OptionalAttendees>{person("/o=Old/cn=dora", "Decline", "Dora", "EX")}</OptionalAttendees>
<Resources>{person("room@example.org", "Accept")}</Resources>
<AppointmentSequenceNumber>3</AppointmentSequenceNumber>{{series}}{{zones}}
"""
SERIES = """
<Recurrence><WeeklyRecurrence><Interval>1</Interval><DaysOfWeek>Monday</DaysOfWeek><FirstDayOfWeek>Monday</FirstDayOfWeek></WeeklyRecurrence>
<EndDateRecurrence><StartDate>2026-03-16+01:00</StartDate><EndDate>2026-04-13+02:00</EndDate></EndDateRecurrence></Recurrence>
<ModifiedOccurrences><Occurrence><ItemId Id="CHANGED" ChangeKey="K"/><Start>2026-04-06T12:00:00Z</Start><End>2026-04-06T13:00:00Z</End>
<OriginalStart>2026-04-06T07:00:00Z</OriginalStart></Occurrence></ModifiedOccurrences>
<DeletedOccurrences><DeletedOccurrence><Start>2026-03-30T07:00:00Z</Start></DeletedOccurrence></DeletedOccurrences>
"""


def meeting(series="", zone=None):
    return read(exchangelib.CalendarItem, MEETING.format(series=series, zones=zones() if zone is None else zone))


def test_a_meeting_with_all_of_it():
    reading = Reading(owner="bob@example.org")
    assert items.translated(meeting(), reading) == Event(
        uid="0400", summary="Plan & budget", start=datetime.datetime(2026, 3, 16, 9, tzinfo=BERLIN),
        end=datetime.datetime(2026, 3, 16, 10, 30, tzinfo=BERLIN), location="Room 1", body="First\n\nSecond",
        body_html="<html><body><p>First</p><p>Second</p></body></html>", organizer=Attendee("anna@example.org", "Anna"),
        attendees=(
            Attendee("Bob@example.org", "Bob", "required", "tentative"), Attendee("c@example.org", "", "required", "accepted"),
            Attendee("", "Dora", "optional", "declined"), Attendee("room@example.org", "", "resource", "accepted"),
        ),
        reminder=15, busy="out_of_office", importance="high", sensitivity="private", categories=("Büro", "Project A"), sequence=3,
        created=datetime.datetime(2026, 1, 2, 10, tzinfo=UTC), modified=datetime.datetime(2026, 1, 3, 10, tzinfo=UTC),
    )
    assert not reading.lost


def test_each_end_has_its_own_zone():
    event = items.translated(meeting(zone=zones(end="Tokyo Standard Time")), Reading())
    assert (event.start.tzinfo, event.end.tzinfo, event.end.hour) == (BERLIN, TOKYO, 18)


def test_a_series_with_what_was_changed_and_deleted():
    changed = read(exchangelib.CalendarItem, "<Subject>Later</Subject><Start>2026-04-06T12:00:00Z</Start><End>2026-04-06T13:00:00Z</End>" + zones())
    asked = []
    reading = Reading(fetch=lambda item_id: asked.append((item_id.id, item_id.changekey)) or changed)
    event = items.translated(meeting(SERIES), reading)
    until = datetime.datetime(2026, 4, 13, 7, tzinfo=UTC)
    assert event.recurrence == Recurrence("weekly", by_day=("MO",), until=until, week_start="MO")
    # Summer time began between both.
    assert event.excluded == (datetime.datetime(2026, 3, 30, 9, tzinfo=BERLIN),) and event.excluded[0].utcoffset() != event.start.utcoffset()
    [override] = event.overrides
    assert (override.uid, override.recurrence_id.hour, override.start.hour, override.summary) == ("0400", 9, 14, "Later")
    assert asked == [("CHANGED", "K")] and not reading.lost


@pytest.mark.parametrize("answer", [None, exchangelib.errors.ErrorItemNotFound("it is gone"), read(exchangelib.CalendarItem, "")])
def test_a_changed_occurrence_that_is_not_to_be_had_is_told(answer):
    reading = Reading(fetch=lambda item_id: answer)
    event = items.translated(meeting(SERIES), reading)
    assert event.recurrence and not event.overrides
    [lost] = reading.lost
    assert lost.reason == reasons.PART_DROPPED and "changed occurrence of 2026-04-06" in lost.detail


@pytest.fixture(params=["UTC", "Europe/Berlin", "Pacific/Auckland"])
def station(request, monkeypatch):
    """The station's own zone, which is nobody's business."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("told", [" ", zones("Customized Time Zone", "Customized Time Zone")])
@pytest.mark.filterwarnings("ignore:Cannot convert value")
def test_a_series_without_a_known_zone_gets_that_of_the_server(station, told):
    reading = Reading(zone=BERLIN)
    event = items.translated(meeting(SERIES, zone=told), reading)
    assert event.start == datetime.datetime(2026, 3, 16, 9, tzinfo=BERLIN) and event.start.tzinfo is BERLIN
    assert event.excluded == (datetime.datetime(2026, 3, 30, 9, tzinfo=BERLIN),)
    assert reading.lost[0].detail == "the time zone in which the event recurs; Europe/Berlin was taken (ews.timezone)"


DAYS = """<Start>{}</Start><End>{}</End><IsAllDayEvent>true</IsAllDayEvent>
    <Recurrence><DailyRecurrence><Interval>1</Interval></DailyRecurrence><EndDateRecurrence><StartDate>2026-03-16Z</StartDate>
    <EndDate>2026-04-02Z</EndDate></EndDateRecurrence></Recurrence>
    <ModifiedOccurrences><Occurrence><ItemId Id="CHANGED" ChangeKey="K"/><Start>{}</Start><End>{}</End><OriginalStart>{}</OriginalStart></Occurrence>
    </ModifiedOccurrences><DeletedOccurrences><DeletedOccurrence><Start>{}</Start></DeletedOccurrence></DeletedOccurrences>"""


@pytest.mark.parametrize(("midnight", "summer", "zone"), [
    # In the zone of the server, in one that is far from it, and where nobody has said anything.
    ("23:00:00Z", "22:00:00Z", BERLIN), ("05:00:00Z", "04:00:00Z", BERLIN), ("15:00:00Z", "15:00:00Z", BERLIN), ("23:00:00Z", "22:00:00Z", UTC),
    ("05:00:00Z", "04:00:00Z", UTC), ("00:00:00Z", "00:00:00Z", UTC), ("11:00:00Z", "11:00:00Z", zoneinfo.ZoneInfo("Pacific/Auckland")),
])
def test_whole_days_without_a_zone_are_the_days_that_they_were(station, midnight, summer, zone):
    def at(day, clock):
        # East of Greenwich it is still the day before.
        return f"{datetime.date.fromisoformat(day) - datetime.timedelta(days=clock > '06')}T{clock}"

    series = DAYS.format(
        at("2026-03-16", midnight), at("2026-03-17", midnight), *(at(day, summer) for day in ("2026-04-01", "2026-04-02", "2026-03-31", "2026-04-02")),
    )
    changed = read(exchangelib.CalendarItem, f"""<Start>{at("2026-04-01", summer)}</Start><End>{at("2026-04-02", summer)}</End>
        <IsAllDayEvent>true</IsAllDayEvent>""")
    reading = Reading(fetch=lambda item_id: changed, zone=zone if zone is not UTC else zoneinfo.ZoneInfo("UTC"))
    event = items.translated(read(exchangelib.CalendarItem, series), reading)
    assert (event.start, event.end) == (datetime.date(2026, 3, 16), datetime.date(2026, 3, 17)) and event.excluded == (datetime.date(2026, 4, 2),)
    [override] = event.overrides
    assert (override.recurrence_id, override.start, override.end) == (datetime.date(2026, 3, 31), datetime.date(2026, 4, 1), datetime.date(2026, 4, 2))
    assert event.recurrence.until == datetime.date(2026, 4, 2) and not reading.lost


def test_days_end_at_the_next_one():
    inner = "<Start>2026-07-19T22:00:00Z</Start><End>2026-07-21T22:00:00Z</End><IsAllDayEvent>true</IsAllDayEvent>" + zones()
    event = items.translated(read(exchangelib.CalendarItem, inner), Reading())
    assert event.all_day and (event.start, event.end) == (datetime.date(2026, 7, 20), datetime.date(2026, 7, 22))
    assert not isinstance(event.start, datetime.datetime) and event.organizer is None and event.reminder is None and event.uid == "AA"


def test_days_of_a_series():
    inner = """<Start>2026-03-15T23:00:00Z</Start><End>2026-03-16T23:00:00Z</End><IsAllDayEvent>true</IsAllDayEvent>
        <Recurrence><DailyRecurrence><Interval>1</Interval></DailyRecurrence><EndDateRecurrence><StartDate>2026-03-16Z</StartDate>
        <EndDate>2026-04-02Z</EndDate></EndDateRecurrence></Recurrence>
        <DeletedOccurrences><DeletedOccurrence><Start>2026-03-31T22:00:00Z</Start></DeletedOccurrence></DeletedOccurrences>""" + zones()
    event = items.translated(read(exchangelib.CalendarItem, inner), Reading())
    assert event.recurrence.until == datetime.date(2026, 4, 2) and event.excluded == (datetime.date(2026, 4, 1),)


def test_an_event_without_a_time_is_trouble():
    assert items.translated(read(exchangelib.CalendarItem, "<Subject>x</Subject>"), Reading()).reason == reasons.NO_CONTENT


def with_attachments(*attachments):
    item = meeting()
    item.attachments = list(attachments)
    reading = Reading()
    return items.translated(item, reading).attachments, reading.lost


class Broken(exchangelib.FileAttachment):
    error: type[Exception] = exchangelib.errors.ErrorCannotOpenFileAttachment

    @property
    def content(self):
        raise self.error("no such luck")


def test_attachments():
    file = exchangelib.FileAttachment(name="plan.pdf", content_type="application/pdf", content=b"%PDF", content_id="c1")
    inner = exchangelib.ItemAttachment(name="Fwd", item=exchangelib.Message(mime_content=b"Subject: x\r\n\r\n"))
    empty = exchangelib.ItemAttachment(name="empty", item=exchangelib.Message())
    found, lost = with_attachments(file, inner, empty, Broken(name="broken.bin"))
    assert found == (
        Attachment("plan.pdf", "application/pdf", b"%PDF", "c1"), Attachment("Fwd.eml", "message/rfc822", b"Subject: x\r\n\r\n"),
    )
    assert [(one.reason, one.detail.split(":")[0]) for one in lost] == [
        (reasons.NO_CONTENT, "attachment empty.eml"), (reasons.NO_CONTENT, "attachment broken.bin"),
    ]


@pytest.mark.parametrize("error", [exchangelib.errors.ErrorUnsupportedMimeConversion, exchangelib.errors.ErrorInternalServerError])
def test_an_attachment_that_the_server_fails_at_costs_nothing_else(monkeypatch, error):
    monkeypatch.setattr(Broken, "error", error)
    found, lost = with_attachments(Broken(name="broken.bin"), exchangelib.FileAttachment(name="a", content=b"x"))
    assert [one.name for one in found] == ["a"] and [one.detail for one in lost] == ["attachment broken.bin: no such luck"]


def test_an_attachment_is_asked_for_again_where_the_server_fails():
    class Passing(exchangelib.FileAttachment):
        asked: list = []

        @property
        def content(self):
            self.asked.append(1)
            if len(self.asked) == 1:
                raise exchangelib.errors.ErrorInternalServerError("try again")
            return b"x"

    found, lost = with_attachments(Passing(name="a"))
    assert [one.content for one in found] == [b"x"] and not lost


def test_a_busy_server_is_no_answer_about_an_attachment(monkeypatch):
    monkeypatch.setattr(Broken, "error", exchangelib.errors.ErrorServerBusy)
    with pytest.raises(exchangelib.errors.ErrorServerBusy):
        with_attachments(Broken(name="later.bin"))


CONTACT = """
<ItemClass>IPM.Contact</ItemClass><Subject>Anna Berg</Subject><Sensitivity>Personal</Sensitivity><Body BodyType="Text">Line&#13;
two</Body><Categories><String>Friends</String></Categories><LastModifiedTime>2026-01-03T10:00:00Z</LastModifiedTime>
<FileAs>Berg, Anna</FileAs><DisplayName>Anna Berg</DisplayName><GivenName>Anna</GivenName><MiddleName>M.</MiddleName><Nickname>Ann</Nickname>
<CompleteName><Title>Dr.</Title><FirstName>Anna</FirstName><Suffix>III</Suffix></CompleteName><CompanyName>Example</CompanyName>
<EmailAddresses><Entry Key="EmailAddress2">/o=Old/cn=anna</Entry><Entry Key="EmailAddress1">anna@example.org</Entry>
<Entry Key="EmailAddress3">a@home.test</Entry></EmailAddresses>
<PhysicalAddresses><Entry Key="Home"><Street>Am Weg 1</Street><City>Köln</City><State>NW</State><CountryOrRegion>DE</CountryOrRegion>
<PostalCode>50667</PostalCode></Entry><Entry Key="Business"><City>Bonn</City></Entry><Entry Key="Other"/></PhysicalAddresses>
<PhoneNumbers><Entry Key="MobilePhone">+49 1</Entry><Entry Key="BusinessFax">+49 2</Entry><Entry Key="BusinessPhone2">+49 3</Entry></PhoneNumbers>
<AssistantName>Bo</AssistantName><Birthday>1970-05-04T11:59:00Z</Birthday><BusinessHomePage>http://example.org/</BusinessHomePage>
<Children><String>Cy</String><String>Di</String></Children><Department>Sales</Department><Generation>Jr.</Generation>
<ImAddresses><Entry Key="ImAddress1">sip:anna@example.org</Entry></ImAddresses><JobTitle>Head</JobTitle><Manager>Max</Manager>
<OfficeLocation>3.14</OfficeLocation><Profession>Engineer</Profession><SpouseName>Sam</SpouseName><Surname>Berg</Surname>
<WeddingAnniversary>2000-06-07T11:59:00Z</WeddingAnniversary>
"""


def test_a_contact_with_all_of_it():
    item = read(exchangelib.Contact, CONTACT)
    item.attachments = [
        exchangelib.FileAttachment(name="ContactPicture.jpg", content_type="image/jpeg", content=b"\xff\xd8"),
        exchangelib.FileAttachment(name="cv.txt", content_type="text/plain", content=b"cv"),
    ]
    reading = Reading()
    assert items.translated(item, reading) == Contact(
        uid="AA", name="Anna Berg", given="Anna", middle="M.", family="Berg", prefix="Dr.", suffix="Jr.", nickname="Ann", file_as="Berg, Anna",
        emails=(("anna@example.org", ""), ("a@home.test", "")), phones=(("work_fax", "+49 2"), ("work", "+49 3"), ("mobile", "+49 1")),
        addresses=(PostalAddress("work", city="Bonn"), PostalAddress("home", "Am Weg 1", "Köln", "NW", "50667", "DE")),
        organization="Example", department="Sales", title="Head", profession="Engineer", office="3.14", manager="Max", assistant="Bo", spouse="Sam",
        children=("Cy", "Di"), birthday=datetime.date(1970, 5, 4), anniversary=datetime.date(2000, 6, 7), url="http://example.org/",
        ims=("sip:anna@example.org",), body="Line\ntwo", categories=("Friends",), sensitivity="personal", photo=b"\xff\xd8",
        attachments=(Attachment("cv.txt", "text/plain", b"cv"),), modified=datetime.datetime(2026, 1, 3, 10, tzinfo=UTC),
    )
    assert [one.detail for one in reading.lost] == ["an address that is none of SMTP: /o=Old/cn=anna"]


@pytest.mark.parametrize("told", [
    # As Outlook stored it in Berlin, in New York and on the other side of the world, and as Outlook on the web does.
    "1970-05-03T22:00:00Z", "1970-05-04T04:00:00Z", "1970-05-03T12:00:00Z", "1970-05-04T11:59:00Z", "1970-05-04T00:00:00Z", "1970-05-04T00:00:00+02:00",
])
def test_a_birthday_is_on_its_day(told):
    inner = f"<DisplayName>X</DisplayName><Birthday>{told}</Birthday><WeddingAnniversary>{told.replace('1970', '2000')}</WeddingAnniversary>"
    contact = items.translated(read(exchangelib.Contact, inner), Reading())
    assert (contact.birthday, contact.anniversary) == (datetime.date(1970, 5, 4), datetime.date(2000, 5, 4))


def test_a_bare_contact():
    assert items.translated(read(exchangelib.Contact, "<DisplayName>X</DisplayName>"), Reading()) == Contact(uid="AA", name="X")


def test_a_distribution_list():
    inner = """<DisplayName>Team</DisplayName><Members><Member Key="1"><Mailbox><Name>Anna</Name><EmailAddress>anna@example.org</EmailAddress>
        <MailboxType>OneOff</MailboxType></Mailbox></Member><Member Key="2"><Mailbox><Name>Others</Name><MailboxType>PrivateDL</MailboxType>
        </Mailbox></Member></Members>"""
    reading = Reading()
    assert items.translated(read(exchangelib.DistributionList, inner), reading) == DistributionList(
        uid="AA", name="Team", members=(("Anna", "anna@example.org"), ("Others", "")),
    )
    assert [one.detail for one in reading.lost] == ["the address of a member: Others"]


def test_exchange_2007_tells_no_members():
    reading = Reading()
    items.translated(read(exchangelib.DistributionList, "<DisplayName>Team</DisplayName>"), reading)
    assert "does not tell" in reading.lost[0].detail


TASK = """<Subject>Report</Subject><Sensitivity>Confidential</Sensitivity><Body BodyType="Text">Do it</Body><Importance>Low</Importance>
<ReminderDueBy>2026-02-01T07:00:00Z</ReminderDueBy><ReminderIsSet>true</ReminderIsSet><CompleteDate>2026-02-03T00:00:00Z</CompleteDate>
<DueDate>2026-02-02T00:00:00Z</DueDate><Owner>Anna</Owner><PercentComplete>100</PercentComplete>{}<StartDate>2026-02-01T00:00:00Z</StartDate>
<Status>Completed</Status>"""


def test_a_task():
    monthly = """<Recurrence><AbsoluteMonthlyRecurrence><Interval>1</Interval><DayOfMonth>1</DayOfMonth></AbsoluteMonthlyRecurrence>
        <EndDateRecurrence><StartDate>2026-02-01Z</StartDate><EndDate>2026-12-01Z</EndDate></EndDateRecurrence></Recurrence>"""
    assert items.translated(read(exchangelib.Task, TASK.format(monthly)), Reading()) == Task(
        uid="AA", summary="Report", start=datetime.date(2026, 2, 1), due=datetime.date(2026, 2, 2),
        completed=datetime.datetime(2026, 2, 3, tzinfo=UTC), percent=100, state="completed", importance="low", sensitivity="confidential",
        body="Do it", owner="Anna", reminder=datetime.datetime(2026, 2, 1, 7, tzinfo=UTC),
        recurrence=Recurrence("monthly", by_month_day=(1,), until=datetime.date(2026, 12, 1)),
    )


def test_a_task_that_begins_anew():
    anew = """<Recurrence><WeeklyRegeneration><Interval>2</Interval></WeeklyRegeneration><NoEndRecurrence><StartDate>2026-02-01Z</StartDate>
        </NoEndRecurrence></Recurrence>"""
    reading = Reading()
    assert items.translated(read(exchangelib.Task, TASK.format(anew)), reading).recurrence is None
    assert "begins anew" in reading.lost[0].detail
    # What was lost of one item is not said of the next.
    items.translated(read(exchangelib.Task, TASK.format("")), reading)
    assert not reading.lost


def test_a_sticky_note_and_what_else_lies_there():
    inner = '<ItemClass>IPM.StickyNote</ItemClass><Subject>Milk</Subject><Body BodyType="Text">Milk&#13;\nBread</Body>'
    assert items.translated(read(exchangelib.Message, inner), Reading()) == Note(uid="AA", subject="Milk", body="Milk\nBread")
    strange = items.translated(read(exchangelib.Message, "<ItemClass>IPM.Note</ItemClass>"), Reading())
    assert strange == Trouble(reasons.NOT_CONVERTED, "an item of the class IPM.Note in a folder without mail")
    gone = items.translated(exchangelib.errors.ErrorItemCorrupt("bad"), Reading())
    assert gone == Trouble(reasons.NO_CONTENT, "ErrorItemCorrupt: bad")


@pytest.mark.parametrize("kind", ITEM_KINDS)
def test_a_server_is_asked_for_nothing_that_it_does_not_know(kind):
    old, new = exchangelib.Version(exchangelib.Build(8, 1)), exchangelib.Version(exchangelib.Build(15, 1))
    names = {path.field.name for path in items.field_paths(kind, old)}
    zone_fields = {"_start_timezone", "_end_timezone"} if kind == EVENT else set()
    assert names == set(items.FIELDS[kind])
    assert {path.field.name for path in items.field_paths(kind, new)} == names | zone_fields
