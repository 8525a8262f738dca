# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not mail, from Exchange by EWS to a CalDAV and CardDAV server, and into files; compared field by field."""

from __future__ import annotations

import datetime
import sqlite3

import caldav
import icalendar
import pytest
import vobject
from servers.radicale import Radicale
from test_ews import ADDRESS, site

__all__ = ["site"]

EVENT = """<t:CalendarItem>
<t:Subject>Board meeting</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType="Text">Agenda &amp; minutes</t:Body>
<t:Attachments><t:FileAttachment><t:Name>plan.txt</t:Name><t:ContentType>text/plain</t:ContentType><t:Content>cGxhbg==</t:Content>
</t:FileAttachment></t:Attachments>
<t:Categories><t:String>Red</t:String></t:Categories><t:ReminderIsSet>true</t:ReminderIsSet>
<t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>
<t:UID>board-1</t:UID><t:Start>2024-03-04T09:00:00+01:00</t:Start><t:End>2024-03-04T10:00:00+01:00</t:End>
<t:IsAllDayEvent>false</t:IsAllDayEvent>
<t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus><t:Location>Room 1</t:Location>
<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Ben</t:Name><t:EmailAddress>ben@example.test</t:EmailAddress></t:Mailbox>
<t:ResponseType>Accept</t:ResponseType></t:Attendee></t:RequiredAttendees>
<t:OptionalAttendees><t:Attendee><t:Mailbox><t:Name>Cleo</t:Name><t:EmailAddress>cleo@example.test</t:EmailAddress></t:Mailbox>
</t:Attendee></t:OptionalAttendees>
<t:Recurrence><t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek></t:WeeklyRecurrence>
<t:NumberedRecurrence><t:StartDate>2024-03-04+01:00</t:StartDate><t:NumberOfOccurrences>10</t:NumberOfOccurrences></t:NumberedRecurrence>
</t:Recurrence>
<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="W. Europe Standard Time"/>
</t:CalendarItem>"""
CHANGED = """<t:CalendarItem><t:Subject>Board meeting, moved</t:Subject><t:Start>2024-03-18T11:00:00+01:00</t:Start>
<t:End>2024-03-18T12:00:00+01:00</t:End>
<t:OriginalStart>2024-03-18T09:00:00+01:00</t:OriginalStart></t:CalendarItem>"""
HOLIDAY = """<t:CalendarItem><t:Subject>Holiday</t:Subject><t:UID>holiday-1</t:UID><t:Start>2024-05-01T00:00:00+02:00</t:Start>
<t:End>2024-05-03T00:00:00+02:00</t:End>
<t:IsAllDayEvent>true</t:IsAllDayEvent><t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus><t:StartTimeZone Id="W. Europe Standard Time"/>
<t:EndTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>"""
CONTACT = """<t:Contact><t:Subject>Cleo Maier</t:Subject><t:FileAs>Maier, Cleo</t:FileAs><t:DisplayName>Cleo Maier</t:DisplayName>
<t:GivenName>Cleo</t:GivenName>
<t:Birthday>1970-05-03T22:00:00Z</t:Birthday>
<t:CompanyName>Example &amp; Co</t:CompanyName><t:EmailAddresses><t:Entry Key="EmailAddress1">cleo@example.test</t:Entry></t:EmailAddresses>
<t:PhysicalAddresses><t:Entry Key="Business"><t:Street>1 Main St</t:Street><t:City>Bonn</t:City><t:PostalCode>53111</t:PostalCode>
</t:Entry></t:PhysicalAddresses>
<t:PhoneNumbers><t:Entry Key="MobilePhone">+49 170 1</t:Entry></t:PhoneNumbers><t:Surname>Maier</t:Surname></t:Contact>"""
TASK = """<t:Task><t:Subject>Write report</t:Subject><t:DueDate>2024-03-31T00:00:00Z</t:DueDate><t:PercentComplete>50</t:PercentComplete>
<t:Status>InProgress</t:Status></t:Task>"""


@pytest.fixture
def full(site):
    site.fill(2)
    site.event = site.store.add_item(ADDRESS, "calendar", EVENT, [CHANGED])
    site.holiday = site.store.add_item(ADDRESS, "calendar", HOLIDAY)
    site.contact = site.store.add_item(ADDRESS, "contacts", CONTACT)
    site.task = site.store.add_item(ADDRESS, "tasks", TASK)
    return site


def with_dav(site, radicale, **more):
    options = site.options(**more)
    options["target"]["dav"] = {"url": radicale.url, "login": "{mailbox}", "password": radicale.password, "ca_file": radicale.ca_file}
    return options


@pytest.fixture
def radicale(scratch, start, free_port, wait_for_port, certificate):
    from servers.fixtures import Tools

    return Radicale(scratch / "radicale", Tools(start, free_port, wait_for_port), certificate)


def components(radicale, kind: str) -> dict[str, list]:
    """Summary of the series -> its components, from the server's own files."""
    found: dict[str, list] = {}
    for resources in radicale.stored("anna").values():
        for text in resources.values():
            if text.startswith("BEGIN:VCALENDAR"):
                parts = icalendar.Calendar.from_ical(text).walk(kind)
                if parts:
                    found[str(next(part for part in parts if "RECURRENCE-ID" not in part)["SUMMARY"])] = parts
    return found


def test_what_is_not_mail_is_read_within_the_limits_too(full, radicale, direct):
    options = with_dav(full, radicale, fail_on_exceptions=False)
    options["sources"][0]["bytes_per_second"] = 10_000_000
    copied, = direct([("mailbox_copy", options)])
    assert (copied["other_items"], copied["messages"]) == (4, 8), copied
    ledger = sqlite3.connect(full.ledger)
    booked, held = (ledger.execute(f"SELECT sum({column}) FROM {table}").fetchone()[0] for table, column in (("pace", "bytes"), ("remote_items", "size")))
    assert booked == held


def test_events_contacts_and_tasks_arrive_complete_and_follow_their_changes(full, radicale, direct):
    planned, = direct([("mailbox_copy", with_dav(full, radicale))], check=True)
    assert (planned["changed"], planned["other_items"], planned["messages"]) == (True, 4, 8) and radicale.stored("anna") == {}
    copied, = direct([("mailbox_copy", with_dav(full, radicale, fail_on_exceptions=False))])
    assert (copied["failed"], copied["other_items"], copied["messages"]) == (False, 4, 8), copied
    assert copied["exceptions_open"] == 0, copied
    events = components(radicale, "VEVENT")
    assert set(events) == {"Board meeting", "Holiday"}
    series = next(part for part in events["Board meeting"] if "RECURRENCE-ID" not in part)
    changed, = (part for part in events["Board meeting"] if "RECURRENCE-ID" in part)
    assert series.decoded("DTSTART").isoformat() == "2024-03-04T09:00:00+01:00" and series.decoded("DTEND").isoformat() == "2024-03-04T10:00:00+01:00"
    assert series["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert dict(series["RRULE"]) == {"FREQ": ["WEEKLY"], "INTERVAL": [2], "COUNT": [10], "BYDAY": ["MO"], "WKST": ["MO"]}
    assert (str(series["LOCATION"]), str(series["CLASS"]), str(series["DESCRIPTION"])) == ("Room 1", "PRIVATE", "Agenda & minutes")
    assert [str(one) for one in series["CATEGORIES"].cats] == ["Red"]
    answers = {str(one): (one.params["ROLE"], one.params["PARTSTAT"]) for one in series["ATTENDEE"]}
    assert answers == {"mailto:ben@example.test": ("REQ-PARTICIPANT", "ACCEPTED"), "mailto:cleo@example.test": ("OPT-PARTICIPANT", "NEEDS-ACTION")}
    assert [alarm.decoded("TRIGGER") for alarm in series.walk("VALARM")] == [-datetime.timedelta(minutes=15)]
    assert series["ATTACH"].params["FMTTYPE"] == "text/plain" and series["ATTACH"].to_ical() == b"cGxhbg=="
    assert str(changed["SUMMARY"]) == "Board meeting, moved"
    assert changed.decoded("RECURRENCE-ID").isoformat() == "2024-03-18T09:00:00+01:00" and changed.decoded("DTSTART").isoformat() == "2024-03-18T11:00:00+01:00"
    holiday, = events["Holiday"]
    assert (holiday.decoded("DTSTART"), holiday.decoded("DTEND")) == (datetime.date(2024, 5, 1), datetime.date(2024, 5, 3))
    card = next(vobject.readOne(text) for resources in radicale.stored("anna").values() for text in resources.values() if text.startswith("BEGIN:VCARD"))
    assert (card.fn.value, card.n.value.family, card.email.value, card.tel.value) == ("Cleo Maier", "Maier", "cleo@example.test", "+49 170 1")
    assert card.bday.value in ("1970-05-04", "19700504")
    assert (card.adr.value.city, card.adr.value.code, card.org.value[0]) == ("Bonn", "53111", "Example & Co")
    task, = components(radicale, "VTODO")["Write report"]
    assert (task.decoded("DUE"), int(task["PERCENT-COMPLETE"]), str(task["STATUS"])) == (datetime.date(2024, 3, 31), 50, "IN-PROCESS")
    # Nothing changes when nothing changed, and nobody is asked for an item.
    reads = full.control.requests("GetItem")
    assert not direct([("mailbox_sync", with_dav(full, radicale))])[0]["changed"] and full.control.requests("GetItem") == reads
    full.store.change(full.holiday, subject="Long holiday")
    full.store.delete(full.task)
    before = radicale.stored("anna")
    assert direct([("mailbox_sync", with_dav(full, radicale))], check=True)[0]["other_items"] == 2 and radicale.stored("anna") == before
    synced, = direct([("mailbox_sync", with_dav(full, radicale, max_rounds=1))])
    assert (synced["failed"], synced["other_items"], synced["delta"]["other_items"]) == (False, 2, 2), synced
    assert set(components(radicale, "VEVENT")) == {"Board meeting", "Long holiday"} and not components(radicale, "VTODO")


def test_the_same_into_files(full, direct, tmp_path):
    (tmp_path / "import").mkdir()

    def options(**more):
        made = full.options(**more)
        made["target"]["files"] = {"path": str(tmp_path / "import"), "formats": {"contacts": "ldif"}}
        return made

    copied, = direct([("mailbox_copy", options())])
    assert (copied["failed"], copied["other_items"]) == (False, 4), copied
    folder, = (tmp_path / "import").iterdir()
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert {"calendar.ics", "contacts.ldif", "tasks.ics"} <= files.keys()
    assert b"mail: cleo@example.test" in files["contacts.ldif"]
    events = icalendar.Calendar.from_ical(files["calendar.ics"]).walk("VEVENT")
    assert sorted(str(event["SUMMARY"]) for event in events) == ["Board meeting", "Board meeting, moved", "Holiday"]
    assert not direct([("mailbox_sync", options())])[0]["changed"]
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == files


def test_an_item_or_attachment_at_which_the_server_fails_costs_nothing_else(full, radicale, direct):
    full.store.trouble(full.event, "attachments ErrorInternalServerError")
    full.store.trouble(full.holiday, "ErrorInternalServerError")
    copied, = direct([("mailbox_copy", with_dav(full, radicale, fail_on_exceptions=False))])
    assert (copied["failed"], copied["other_items"], copied["exceptions_open"]) == (False, 3, 2), copied
    assert set(components(radicale, "VEVENT")) == {"Board meeting"}
    full.store.trouble(full.holiday, None)
    synced, = direct([("mailbox_sync", with_dav(full, radicale, fail_on_exceptions=False, max_rounds=1))])
    assert (synced["other_items"], synced["exceptions_open"], set(components(radicale, "VEVENT"))) == (1, 1, {"Board meeting", "Holiday"}), synced


@pytest.mark.parametrize("station", ["UTC", "Europe/Berlin"])
def test_events_whose_zone_nobody_knows(full, radicale, direct, monkeypatch, station):
    monkeypatch.setenv("TZ", station)
    for item, text in ((full.event, EVENT), (full.holiday, HOLIDAY)):
        full.store.delete(item)
        full.store.add_item(ADDRESS, "calendar", text.replace("W. Europe Standard Time", "Customized Time Zone"), [CHANGED] if text is EVENT else [])
    full.ews["timezone"] = "Europe/Berlin"
    copied, = direct([("mailbox_copy", with_dav(full, radicale, fail_on_exceptions=False))])
    assert (copied["failed"], copied["other_items"], copied["exceptions_open"]) == (False, 4, 1), copied
    events = components(radicale, "VEVENT")
    series = next(part for part in events["Board meeting"] if "RECURRENCE-ID" not in part)
    assert series["DTSTART"].params["TZID"] == "Europe/Berlin" and series.decoded("DTSTART").hour == 9
    holiday, = events["Holiday"]
    assert (holiday.decoded("DTSTART"), holiday.decoded("DTEND")) == (datetime.date(2024, 5, 1), datetime.date(2024, 5, 3))


def many(site, events: int) -> None:
    for number in range(events):
        site.store.add_item(ADDRESS, "calendar", HOLIDAY.replace("holiday-1", f"day-{number}"))


def rename(site, calendar: str, team: str) -> None:
    site.store.rename_folder(site.store.folder(ADDRESS, "calendar"), calendar)
    site.store.rename_folder(site.team, team)


@pytest.fixture
def with_team(full):
    full.team = full.store.create_folder(ADDRESS, "Team", "IPF.Appointment")
    full.store.add_item(ADDRESS, full.team, HOLIDAY.replace("holiday-1", "team-1"))
    return full


@pytest.mark.parametrize("events", [3, 120])
def test_folders_may_get_other_names(with_team, radicale, direct, events):
    site = with_team
    many(site, events)
    copied, = direct([("mailbox_copy", with_dav(site, radicale))])
    assert (copied["failed"], copied["other_items"]) == (False, 5 + events), copied
    before = radicale.stored("anna")
    # As Outlook on the web does when its user chooses another language, and as users do.
    rename(site, "Kalender", "Calendar")
    synced, = direct([("mailbox_sync", with_dav(site, radicale, max_rounds=1))])
    assert (synced["failed"], synced["other_items"]) == (False, 0), synced
    assert radicale.stored("anna") == before
    verified, = direct([("mailbox_verify", with_dav(site, radicale))])
    assert not verified["failed"] and counted(verified)["event"] == {"checked": 3 + events}
    # What is deleted after that is still known.
    site.store.delete(site.holiday)
    synced, = direct([("mailbox_sync", with_dav(site, radicale, max_rounds=1))])
    assert (synced["failed"], synced["other_items"], "Holiday" in components(radicale, "VEVENT")) == (False, 1, True), synced
    after = radicale.stored("anna")
    assert sum(map(len, before.values())) - sum(map(len, after.values())) == 1 and "holiday-1" not in str(after)


@pytest.mark.parametrize("events", [3, 120])
def test_folders_in_files_may_get_other_names(with_team, direct, tmp_path, events):
    (tmp_path / "import").mkdir()
    options = with_team.options()
    options["target"]["files"] = {"path": str(tmp_path / "import")}
    many(with_team, events)
    direct([("mailbox_copy", options)])
    folder, = (tmp_path / "import").iterdir()
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    rename(with_team, "Kalender", "Gruppe")
    synced, = direct([("mailbox_sync", options)])
    assert (synced["failed"], synced["other_items"]) == (False, 0), synced
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before and len(before) == 4


def counted(result: dict) -> dict:
    return {kind: {key: number for key, number in counts.items() if number} for kind, counts in result["other_items"].items()}


def test_verification_reads_them_back(full, radicale, direct, tmp_path):
    direct([("mailbox_copy", with_dav(full, radicale))])
    options = with_dav(full, radicale, report_path=str(tmp_path / "report.json"))
    verified, = direct([("mailbox_verify", options)])
    assert (verified["failed"], verified["perfect"], verified["checked"]) == (False, 1, 8), verified
    assert counted(verified) == {"event": {"checked": 2}, "contact": {"checked": 1}, "task": {"checked": 1}}
    # What its user changes there, by another client, is no fault; what is lost or says something else behind everybody's back is one.
    with caldav.DAVClient(radicale.url, username="anna", password=radicale.password, ssl_verify_cert=radicale.ca_file, enable_rfc6764=False) as client:
        calendar = next(one for one in client.principal().calendars() if one.get_display_name() == "Calendar")
        holiday = next(event for event in calendar.events() if "holiday-1" in event.data)
        holiday.data = holiday.data.replace("SUMMARY:Holiday", "SUMMARY:Mine")
        holiday.save()
        calendar.add_event(holiday.data.replace("holiday-1", "own-1"))
    assert counted(direct([("mailbox_verify", options)])[0])["event"] == {"checked": 1, "changed_at_target": 1, "extra": 1}
    with caldav.DAVClient(radicale.url, username="anna", password=radicale.password, ssl_verify_cert=radicale.ca_file, enable_rfc6764=False) as client:
        next(event for one in client.principal().calendars() for event in one.events() if "board-1" in event.data).delete()
    checked, told = direct([("mailbox_verify", options)], check=True)[0], direct([("mailbox_verify", options)])[0]
    assert counted(checked)["event"] == counted(told)["event"] == {"missing": 1, "changed_at_target": 1, "extra": 1}
    assert not checked["failed"] and told["failed"] and told["poor"] == 1 and "event missing 1" in told["msg"], told


def test_verification_of_files(full, direct, tmp_path):
    (tmp_path / "import").mkdir()
    options = full.options()
    options["target"]["files"] = {"path": str(tmp_path / "import")}
    direct([("mailbox_copy", options)])
    assert counted(direct([("mailbox_verify", options)])[0]) == {"event": {"checked": 2}, "contact": {"checked": 1}, "task": {"checked": 1}}
    folder, = (tmp_path / "import").iterdir()
    imported = (folder / "calendar.ics").read_bytes()
    (folder / "calendar.ics").write_bytes(imported.replace(b"Holiday", b"Working"))
    verified, = direct([("mailbox_verify", options)])
    assert verified["failed"] and counted(verified)["event"] == {"checked": 1, "missing": 1}
    assert b"Working" in (folder / "calendar.ics").read_bytes()
    # The next pass makes the file anew.
    assert not direct([("mailbox_sync", options)])[0]["failed"] and (folder / "calendar.ics").read_bytes() == imported
    assert not direct([("mailbox_verify", options)])[0]["failed"]
