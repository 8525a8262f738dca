# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendars and contacts at a real server, written by passes and read back by another client."""

from __future__ import annotations

import dataclasses

import caldav
import icalendar
import pytest
import vobject

from ansible_collections.messaging.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.messaging.migration.plugins.module_utils._imap.session import LoginRefused, Unreachable
from ansible_collections.messaging.migration.plugins.module_utils._items.text import resource_name
from ansible_collections.messaging.migration.plugins.module_utils._job.item_pass import ItemPass
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.plugins.module_utils._model.server import Mailbox
from ansible_collections.messaging.migration.plugins.module_utils._target.dav import DavServer, DavTarget
from ansible_collections.messaging.migration.plugins.module_utils._target.items import ItemRefused
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import CONTACT, DAY, HOUR, MEETING, NOTE, START, TASK, TEAM
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.ledger_fixture import opened, with_mailboxes

CALENDAR, CONTACTS, TASKS, NOTES = (k.ItemFolder(f"id-{kind}", kind.title(), kind, True) for kind in k.FOLDER_KINDS)
TEAM_CALENDAR, FRIENDS = k.ItemFolder("id-team", "Team & <friends>/Ü", k.CALENDAR), k.ItemFolder("id-friends", "Friends", k.CONTACTS)


class Source:
    """`content`: folder -> number -> (version, item)."""

    lost: list = []

    def __init__(self, content) -> None:
        self.content = content

    def item_folders(self):
        return list(self.content)

    def item_versions(self, name):
        return {number: version for number, (version, _item) in self._of(name).items()}

    def items(self, name, numbers):
        return [(number, self._of(name)[number][1]) for number in numbers]

    def _of(self, name):
        return next(items for folder, items in self.content.items() if folder.name == name)


@pytest.fixture
def server(radicale) -> DavServer:
    return DavServer("new", radicale.url, ca_file=radicale.ca_file, timeout=20)


@pytest.fixture
def anna(radicale) -> Mailbox:
    return Mailbox("anna.berg", "anna", target_password=radicale.password)


@pytest.fixture
def run(tmp_path, server, anna):
    ledger = opened(tmp_path)
    [row] = with_mailboxes(ledger, "anna.berg")

    def once(content, **settings):
        target = DavTarget(server, anna)
        try:
            return ItemPass(ledger, row, Source(content), target, {"deletions": "mirror", **settings}, lambda: False).run()
        finally:
            target.close()

    return once


def everything() -> dict:
    return {
        CALENDAR: {1: ("v1", MEETING), 2: ("v1", k.Event("day", "Holiday", START.date(), START.date() + DAY, True))},
        TEAM_CALENDAR: {1: ("v1", dataclasses.replace(MEETING, summary="Same, of the team"))},
        CONTACTS: {1: ("v1", CONTACT), 2: ("v1", TEAM)}, FRIENDS: {7: ("v1", k.Contact("friend", "Friend"))},
        TASKS: {1: ("v1", TASK)}, NOTES: {1: ("v1", NOTE)},
    }


def items(radicale) -> dict[str, int]:
    return {name: len(held) for name, held in radicale.stored("anna").items()}


def test_everything_arrives_and_a_second_pass_moves_nothing(run, radicale):
    counts = run(everything())
    assert {kind: done["moved"] for kind, done in counts.items()} == {"event": 3, "contact": 2, "distribution_list": 1, "task": 1, "note": 1}
    assert sum(done["exceptions"] for done in counts.values()) == 0
    assert sorted(items(radicale).values()) == [1, 1, 1, 1, 2, 2]
    before = radicale.stored("anna")
    assert run(everything()) == {} and radicale.stored("anna") == before


def test_another_client_reads_it(run, radicale, server):
    run(everything())
    with caldav.DAVClient(server.url, username="anna", password=radicale.password, ssl_verify_cert=radicale.ca_file, enable_rfc6764=False) as client:
        calendars = {calendar.get_display_name(): calendar for calendar in client.principal().calendars()}
        assert {"Calendar", "Team & <friends>/Ü", "Tasks", "Notes"} <= set(calendars)
        [meeting] = [event for event in calendars["Calendar"].events() if "meeting-1" in event.data]
        series, override = icalendar.Calendar.from_ical(meeting.data).walk("VEVENT")
        assert (series["SUMMARY"], series["DTSTART"].dt, override["RECURRENCE-ID"].dt) == (MEETING.summary, START, START + 28 * DAY)
        found = calendars["Calendar"].search(start=START + 27 * DAY, end=START + 29 * DAY, event=True, expand=True)
        assert sorted(event.icalendar_component["DTSTART"].dt for event in found) == [START + 28 * DAY + HOUR]
    [held] = [held for name, held in radicale.stored("anna").items() if name == "contacts"]
    cards = {card.uid.value: card for card in map(vobject.readOne, held.values())}
    assert (cards["contact-1"].fn.value, cards["contact-1"].photo.value, cards["contact-1"].note.value) == (CONTACT.name, CONTACT.photo, CONTACT.body)
    assert [line.value for line in cards["team-1"].contents["x-addressbookserver-member"]] == ["mailto:anna@example.test", "mailto:ben@example.test"]


def test_changes_and_deletions_follow(run, radicale):
    run(everything())
    content = everything()
    content[CALENDAR] = {1: ("v2", dataclasses.replace(MEETING, summary="Renamed"))}
    del content[FRIENDS]
    counts = run(content)
    assert (counts["event"], counts["contact"]["deleted"]) == ({"moved": 0, "changed": 1, "deleted": 1, "exceptions": 0}, 1)
    [text] = radicale.stored("anna")["calendar"].values()
    assert "SUMMARY:Renamed" in text


def test_what_users_changed_is_kept(run, radicale, server, anna):
    run(everything())
    target = DavTarget(server, anna)
    name = resource_name("meeting-1", "ics")
    theirs = radicale.stored("anna")["calendar"][name].replace("SUMMARY:Jour fixe", "SUMMARY:Mine").encode()
    target.put("/anna/calendar/", name, "event", theirs)
    target.close()
    content = everything()
    content[CALENDAR] = {1: ("v2", dataclasses.replace(MEETING, summary="Renamed"))}
    assert run(content)["event"] == {"moved": 0, "changed": 0, "deleted": 1, "exceptions": 1}
    content[CALENDAR] = {}
    run(content)
    assert "SUMMARY:Mine" in radicale.stored("anna")["calendar"][name]


def test_each_folder_has_a_place_of_its_own(radicale, server):
    ben = Mailbox("ben", "ben@example.test", target_password=radicale.password)
    first = DavTarget(server, ben)
    place, new = first.make_folder(TEAM_CALENDAR)
    assert new
    # What was made for one folder is not where new events go to, be it the only calendar.
    default = first.make_folder(CALENDAR)[0]
    first.close()
    second = DavTarget(server, ben)
    assert (default, True) == second.make_folder(CALENDAR) != (place, True) == second.make_folder(TEAM_CALENDAR)
    assert second.make_folder(TEAM_CALENDAR, place) == (place, False)
    second.close()


def test_a_principal_that_is_named(radicale, server, anna):
    target = DavTarget(dataclasses.replace(server, principal="/{mailbox}/", login="{admin}", admin="anna", password=radicale.password), anna)
    assert target.make_folder(CALENDAR) == ("/anna/calendar/", True)
    target.close()


def test_an_item_that_the_server_refuses(radicale, server, anna):
    target = DavTarget(server, anna)
    place, _new = target.make_folder(CALENDAR)
    with pytest.raises(ItemRefused, match="HTTP 4"):
        target.put(place, "broken.ics", "event", b"BEGIN:VCALENDAR\r\n")
    assert target.listed(place) == {}
    target.close()


def test_who_is_not_let_in(radicale, server, anna):
    with pytest.raises(LoginRefused, match="refuses the login for anna"):
        DavTarget(server, dataclasses.replace(anna, target_password="wrong")).make_folder(CALENDAR)


def test_a_certificate_that_nobody_knows(server, anna):
    with pytest.raises(MigrationError, match="(?s)TLS with new .* failed.*No password was sent") as caught:
        DavTarget(dataclasses.replace(server, ca_file=None), anna).make_folder(CALENDAR)
    assert not isinstance(caught.value, Unreachable)
