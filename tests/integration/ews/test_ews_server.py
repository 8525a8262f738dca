# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Exchange, seen by exchangelib: what the other tests rely on."""

from __future__ import annotations

import datetime
import decimal
import json
import pathlib
import re
import subprocess
import sys
import typing as t

import exchangelib
import pytest
import requests
from exchangelib import CalendarItem, Contact, EWSDateTime, EWSTimeZone, FileAttachment, Message, Task, errors
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.fields import FieldPath
from exchangelib.indexed_properties import EmailAddress, PhoneNumber
from exchangelib.items import DistributionList
from exchangelib.properties import ItemId, Member
from exchangelib.recurrence import Recurrence, WeeklyPattern
from exchangelib.services import GetItem, SyncFolderItems

from servers.ews import PUBLIC_ADDRESS

ROOT = pathlib.Path(__file__).resolve().parents[3]
ANNA = "anna.berg@example.test"
BERLIN = EWSTimeZone("Europe/Berlin")
RECEIVED = datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.timezone.utc)
MIME = b"\r\n".join([
    b"From: Bo <bo@example.test>", b"To: anna.berg@example.test", b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", b"Message-ID: <1@example.test>",
    b"Date: Mon, 1 Jan 2024 11:00:00 +0100", b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="outer"', b"",
    b"--outer", b"Content-Type: multipart/alternative; boundary=outer-in", b"", b"--outer-in", b"Content-Type: text/plain", b"", b"plain --outer text",
    b"--outer-in", b"Content-Type: text/html", b"", b"<p>html</p>", b"--outer-in--", b"",
    b"--outer", b'Content-Type: application/pdf; name="a.pdf"', b'Content-Disposition: attachment; filename="a.pdf"', b"Content-Transfer-Encoding: base64", b"",
    b"aGVsbG8=", b"--outer--", b"",
])
OCCURRENCE = ("<t:CalendarItem><t:Subject>Moved</t:Subject><t:Start>2024-03-12T15:00:00Z</t:Start>"
              "<t:OriginalStart>2024-03-11T09:00:00Z</t:OriginalStart></t:CalendarItem>")


class SearchKey(ExtendedProperty):
    property_tag = 0x300B
    property_type = "Binary"


class Verb(ExtendedProperty):
    property_tag = 0x1081
    property_type = "Integer"


class FlagStatus(ExtendedProperty):
    property_tag = 0x1090
    property_type = "Integer"


class Committed(ExtendedProperty):
    property_tag = 0x670A
    property_type = "SystemTime"


@pytest.fixture(autouse=True)
def _extended() -> t.Iterator[None]:
    Message.register("search_key", SearchKey)
    Message.register("verb", Verb)
    Message.register("flag_status", FlagStatus)
    exchangelib.folders.Folder.register("committed", Committed)
    yield
    Message.deregister("search_key")
    Message.deregister("verb")
    Message.deregister("flag_status")
    exchangelib.folders.Folder.deregister("committed")


@pytest.fixture
def server(exchange):
    server = exchange()
    server.store.create_mailbox(ANNA, archive=True)
    return server


@pytest.fixture
def anna(server, account):
    return account(server, ANNA)


def page(anna, folder, state=None, fields=("subject",)):
    """(changes, state, whether it was the last page)."""
    service = SyncFolderItems(account=anna)
    paths = {FieldPath(field=Message.get_field_by_fieldname(name)) for name in fields}
    found = list(service.call(
        folder=folder, shape="IdOnly", additional_fields=paths, sync_state=state, ignore=None, max_changes_returned=512, sync_scope=None))
    return found, service.sync_state, service.includes_last_item_in_range


def fill(server, count, folder="inbox", **more):
    with server.store.transaction():
        return [server.store.add_message(ANNA, folder, MIME.replace(b"<1@", b"<%d@" % number), RECEIVED, **more) for number in range(count)]


def test_folders(server, anna):
    server.store.create_folder(ANNA, "Inbox/Projects")
    server.store.create_folder(ANNA, "A/B", parent="inbox")
    server.store.create_folder(ANNA, "Holidays", "IPF.Appointment")
    found = {folder.name: folder for folder in anna.msg_folder_root.walk()}
    assert found["A/B"].parent == found["Projects"].parent == anna.inbox
    assert found["Holidays"].folder_class == "IPF.Appointment" and isinstance(found["Holidays"], exchangelib.folders.Calendar)
    assert {folder.name for folder in anna.archive_msg_folder_root.walk()} == {"Deleted Items"}
    assert anna.recoverable_items_root.total_count == 0
    with pytest.raises(errors.ErrorFolderNotFound):
        anna.public_folders_root.refresh()


def test_public_folders_are_walked_step_by_step(server, anna):
    server.store.create_public_folders()
    shared = server.store.create_folder(PUBLIC_ADDRESS, "Team")
    server.store.create_folder(PUBLIC_ADDRESS, "Team/Plans")
    server.store.add_message(PUBLIC_ADDRESS, shared, MIME, RECEIVED)
    team = anna.public_folders_root // "Team"
    assert [folder.name for folder in team.children] == ["Plans"]
    assert [item.subject for item in team.all().only("subject")] == ["Grüße"]
    with pytest.raises(errors.ErrorInvalidOperation):
        page(anna, team)
    with pytest.raises(errors.ErrorInvalidOperation):
        list(exchangelib.folders.SingleFolderQuerySet(account=anna, folder=team).depth("Deep").all())


def test_what_the_collection_asks_for_beyond_a_mailbox(server, anna):
    from ansible_collections.messaging.migration.plugins.module_utils._ews.services import classes

    store, root, ask = server.store, exchangelib.properties.DistinguishedFolderId, classes()
    mailbox = exchangelib.properties.Mailbox(email_address=ANNA)
    store.create_folder(ANNA, "archive:Inbox")
    store.create_folder(ANNA, "archive:Inbox/2010")
    found = ask.folders(account=anna).listed([root(id="archivemsgfolderroot", mailbox=mailbox)])
    assert [one.name for one in found] == ["Deleted Items", "Inbox", "2010"]
    assert ask.folder(account=anna).found(root(id="recoverableitemsdeletions", mailbox=mailbox)).name == "Deletions"
    store.create_public_folders()
    for path, kind in (("Team", "IPF.Note"), ("Plans", "IPF.Note"), ("Team/Plans", "IPF.Note"), ("Plans/People", "IPF.Contact")):
        store.create_folder(PUBLIC_ADDRESS, path, kind)
    top = ask.folders(account=anna).listed([root(id="publicfoldersroot")], deep=False)
    deeper = ask.folders(account=anna).listed([exchangelib.properties.FolderId(id=one.id) for one in top], deep=False)
    assert ([one.name for one in top], [one.name for one in deeper]) == (["Team", "Plans"], ["Plans", "People"])
    with store.transaction():
        ids = [store.add_message(PUBLIC_ADDRESS, "Team", MIME, RECEIVED + datetime.timedelta(days=day), read=day > 0) for day in range(3)]
        more = [store.add_message(PUBLIC_ADDRESS, "Plans", MIME, RECEIVED) for _number in range(1001)]
    contact = store.add_item(PUBLIC_ADDRESS, "Plans/People", "<t:Contact><t:DisplayName>Bo</t:DisplayName></t:Contact>")
    listing, items = ask.listing(account=anna), ask.items(account=anna)
    listed = listing.all(top[0].id, True)
    assert [(one.remote_id, "\\Seen" in one.flags) for one in listed] == [(ids[2], True), (ids[1], True), (ids[0], False)]
    assert listed[2].date == RECEIVED.strftime("%d-%b-%Y %H:%M:%S +0000") and len(listed[2].trace) == 16 and listed[2].change_key
    assert {one.remote_id for one in listing.all(top[1].id, True)} == set(more)
    assert [(one.remote_id, one.flags) for one in listing.all(deeper[1].id, False)] == [(contact, ("IPM.Contact",))]
    store.delete(ids[0])
    store.move(ids[1], PUBLIC_ADDRESS, "Plans")
    assert items.gone(ids, top[0].id) == ids[:2] and items.gone([], top[0].id) == []


def test_properties_of_a_message(server, anna):
    server.store.add_message(ANNA, "inbox", MIME, RECEIVED, read=False, categories=["Red", "A & B"], flag="Flagged", verb=103, draft=True)
    [message] = anna.inbox.all()
    assert (message.subject, message.is_read, message.is_draft, message.categories) == ("Grüße", False, True, ["Red", "A & B"])
    assert message.datetime_received == RECEIVED and message.sender.email_address == "bo@example.test" and message.verb == 103
    assert message.message_id == "<1@example.test>" and message.body == "<p>html</p>" and message.size != len(MIME)
    assert message.has_attachments and message.attachments[0].content == b"hello" and len(message.search_key) == 16
    assert anna.inbox.unread_count is not None and exchangelib.folders.Inbox.get_distinguished(root=anna.root).unread_count == 1


def test_mime_is_made_anew_at_each_reading(server, anna):
    server.store.add_message(ANNA, "inbox", MIME, RECEIVED)
    first, second = (anna.inbox.all().only("mime_content")[0].mime_content for _time in range(2))
    assert first != second
    names = [re.findall(rb'boundary="([^"]+)"', mime) for mime in (first, second)]
    assert not set(names[0]) & set(names[1])
    back = []
    for mime, (outer, inner) in zip((first, second), names):
        back.append(mime.replace(inner, b"outer-in").replace(outer, b"outer").replace(b'"outer-in"', b"outer-in"))
    assert back == [MIME, MIME]


def test_signed_parts_are_left_alone(server, anna):
    inner = b'Content-Type: multipart/mixed; boundary="in"\r\n\r\n--in\r\n\r\ntext\r\n--in--\r\n'
    mime = b'Subject: s\r\nContent-Type: multipart/signed; boundary="out"\r\n\r\n--out\r\n' + inner + b"--out\r\n\r\nsignature\r\n--out--\r\n"
    server.store.add_message(ANNA, "inbox", mime, RECEIVED)
    assert inner in anna.inbox.all().only("mime_content")[0].mime_content


def test_sync_pages_and_kinds_of_changes(server, anna):
    ids = fill(server, 1100)
    inbox = anna.inbox
    first, state, last = page(anna, inbox)
    assert len(first) == 512 and not last and {kind for kind, _item in first} == {"create"}
    assert [item.id for _kind, item in first] == ids[::-1][:512]
    # Between two pages: one that was told goes, one that was not changes, one comes.
    server.store.delete(ids[1099])
    server.store.change(ids[0], categories=["Late"])
    new = fill(server, 1)[0]
    second, state, last = page(anna, inbox, state)
    third, state, last_of_all = page(anna, inbox, state)
    assert (len(second), last, len(third), last_of_all) == (512, False, 76, True)
    assert [item.id for _kind, item in first + second + third] == ids[::-1]
    later, state, _last = page(anna, inbox, state)
    assert {(kind, item.id) for kind, item in later} == {("create", new), ("update", ids[0]), ("delete", ids[1099])}
    server.store.change(ids[5], read=False)
    server.store.move(ids[6], ANNA, "drafts")
    found, state, _last = page(anna, inbox, state)
    moved, read = sorted(found, key=lambda one: one[0])
    assert moved[0] == "delete" and moved[1].id == ids[6]
    assert read[0] == "read_flag_change" and read[1][0].id == ids[5] and read[1][1] is False
    assert page(anna, inbox, state)[0] == []
    server.store.delete_items("folder = ?", server.store.folder(ANNA, "inbox"))
    gone, state, last = page(anna, inbox, state)
    rest, state, last_of_all = page(anna, inbox, state)
    again, state, end = page(anna, inbox, state)
    assert (len(gone), len(rest), len(again), last, last_of_all, end) == (512, 512, 75, False, False, True)
    assert len({item.id for _kind, item in gone + rest + again}) == 1099


def test_sync_states_that_are_not_known(server, anna):
    fill(server, 1)
    _found, state, _last = page(anna, anna.inbox)
    for wrong in ("nonsense", "AAAA"):
        with pytest.raises(errors.ErrorInvalidSyncStateData):
            page(anna, anna.inbox, wrong)
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        page(anna, anna.drafts, state)
    server.store.invalidate_sync_states(server.store.folder(ANNA, "inbox"))
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        page(anna, anna.inbox, state)
    _found, state, _last = page(anna, anna.inbox)
    server.store.invalidate_sync_states()
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        page(anna, anna.inbox, state)


def test_sync_of_folders(server, anna):
    made = server.store.create_folder(ANNA, "Old")
    other = server.store.create_folder(ANNA, "Other")
    top = anna.msg_folder_root
    assert {(kind, folder.name) for kind, folder in top.sync_hierarchy()} >= {("create", "Old"), ("create", "Inbox")}
    server.store.rename_folder(made, "New")
    server.store.delete_folder(other)
    changes = list(top.sync_hierarchy())
    assert {kind for kind, _folder in changes} == {"update", "delete"} and [folder.name for kind, folder in changes if kind == "update"] == ["New"]
    assert list(top.sync_hierarchy()) == []


def test_paging_and_filters(server, anna):
    fill(server, 250)
    server.store.add_message(ANNA, "inbox", MIME.replace(b"Subject", b"X-Subject"), RECEIVED + datetime.timedelta(days=1), read=False)
    assert len(list(anna.inbox.all().only("subject"))) == 251
    assert anna.inbox.filter(is_read=False).count() == 1
    assert anna.inbox.filter(datetime_received__gt=EWSDateTime.from_datetime(RECEIVED)).count() == 1
    assert anna.inbox.filter(subject__icontains="grü").count() == 250
    assert anna.inbox.all().order_by("-datetime_received").only("datetime_received")[0].datetime_received > RECEIVED


def test_changes_by_a_client(server, anna):
    message = Message(account=anna, folder=anna.inbox, subject="One", body="Text", to_recipients=["bo@example.test"], is_read=False)
    message.save()
    message.attach(FileAttachment(name="note.txt", content=b"note"))
    message.subject, message.categories, message.is_read = "Two", ["Blue"], True
    message.flag_status = 2
    message.save(update_fields=["subject", "categories", "is_read", "flag_status"])
    [found] = anna.inbox.all()
    assert (found.subject, found.categories, found.is_read, found.is_draft, found.body, found.flag_status) == ("Two", ["Blue"], True, True, "Text", 2)
    assert found.attachments[0].content == b"note" and b"Subject: Two" in found.mime_content
    found.copy(anna.drafts)
    key = found.search_key
    found.move(anna.sent)
    [moved] = anna.sent.all()
    assert moved.id == message.id and moved.search_key == key and anna.inbox.all().count() == 0
    moved.move_to_trash()
    assert anna.trash.all().count() == 1 and anna.drafts.all().count() == 1
    anna.trash.all()[0].delete()
    assert anna.trash.all().count() == 0
    folder = exchangelib.folders.Messages(parent=anna.inbox, name="Sub")
    folder.save()
    folder.name = "Renamed"
    folder.save()
    folder.move(anna.drafts)
    assert (anna.drafts // "Renamed").id == folder.id
    folder.delete()
    assert not list(anna.drafts.children)


def test_a_moved_item_may_get_another_id(server, anna):
    [item] = fill(server, 1)
    server.store.set(new_ids_on_move=True)
    moved = server.store.move(item, ANNA, "drafts")
    assert moved != item and anna.drafts.all().only("mime_content")[0].mime_content
    with pytest.raises(errors.ErrorItemNotFound):
        anna.inbox.get(id=item)


def test_commit_times_follow_changes(server, anna):
    def committed():
        return exchangelib.folders.Inbox.get_distinguished(root=anna.root).committed

    [item] = fill(server, 1)
    server.store.run("UPDATE folder SET committed = '2024-01-01T00:00:00Z'")
    assert committed() == EWSDateTime(2024, 1, 1, tzinfo=exchangelib.UTC)
    server.store.change(item, read=False)
    assert committed() > EWSDateTime(2024, 1, 1, tzinfo=exchangelib.UTC)
    server.store.set(no_commit_times=True)
    assert committed() is None


def test_event_with_recurrence(server, anna):
    start = EWSDateTime(2024, 3, 4, 10, tzinfo=BERLIN)
    event = CalendarItem(
        account=anna, folder=anna.calendar, subject="Weekly", start=start, end=start + datetime.timedelta(hours=1), location="Room", body="Agenda",
        required_attendees=["bo@example.test"], reminder_minutes_before_start=15, reminder_is_set=True,
        recurrence=Recurrence(pattern=WeeklyPattern(interval=1, weekdays=["Monday"], first_day_of_week="Monday"), start=start.date(), number=10),
    )
    event.save()
    [found] = anna.calendar.all()
    assert (found.subject, found.location, found.type, found.is_recurring, found.is_meeting) == ("Weekly", "Room", "RecurringMaster", True, True)
    assert found.start == start and found._start_timezone == BERLIN and found.recurrence.pattern.weekdays == event.recurrence.pattern.weekdays
    assert found.recurrence.boundary.number == 10 and found.required_attendees[0].mailbox.email_address == "bo@example.test"
    assert b"BEGIN:VEVENT" in found.mime_content and b"bo@example.test" not in found.mime_content and len(found.uid) > 40
    found.start, found.end = start + datetime.timedelta(hours=2), start + datetime.timedelta(hours=3)
    found.save(update_fields=["start", "end"])
    assert anna.calendar.all()[0].start == start + datetime.timedelta(hours=2)


def test_occurrences_that_differ(server, anna):
    server.store.add_item(ANNA, "calendar", """<t:CalendarItem><t:Subject>Weekly</t:Subject>
      <t:Start>2024-03-04T10:00:00+01:00</t:Start><t:End>2024-03-04T11:00:00+01:00</t:End>
      <t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek></t:WeeklyRecurrence>
        <t:NoEndRecurrence><t:StartDate>2024-03-04</t:StartDate></t:NoEndRecurrence></t:Recurrence>
      <t:DeletedOccurrences><t:DeletedOccurrence><t:Start>2024-03-18T09:00:00Z</t:Start></t:DeletedOccurrence></t:DeletedOccurrences>
      <t:Attachments><t:FileAttachment><t:Name>a.txt</t:Name><t:Content>aGVsbG8=</t:Content></t:FileAttachment></t:Attachments>
    </t:CalendarItem>""", [OCCURRENCE])
    [series] = anna.calendar.all()
    assert series.deleted_occurrences[0].start == EWSDateTime(2024, 3, 18, 9, tzinfo=exchangelib.UTC)
    assert series.attachments[0].content == b"hello" and series.start == EWSDateTime(2024, 3, 4, 9, tzinfo=exchangelib.UTC)
    [changed] = series.modified_occurrences
    assert changed.start == EWSDateTime(2024, 3, 12, 15, tzinfo=exchangelib.UTC) and changed.end - changed.start == datetime.timedelta(hours=1)
    [one] = anna.fetch(ids=[ItemId(id=changed.id)])
    assert (one.subject, one.type, one.start, one.uid) == ("Moved", "Exception", changed.start, series.uid)
    assert one.recurrence_id == changed.original_start and one.recurrence is None


def test_contacts_tasks_and_notes(server, anna):
    Contact(account=anna, folder=anna.contacts, display_name="Bo Åström", given_name="Bo", surname="Åström",
            email_addresses=[EmailAddress(label="EmailAddress1", email="bo@example.test")],
            phone_numbers=[PhoneNumber(label="MobilePhone", phone_number="+49 1")], birthday=exchangelib.EWSDate(1980, 5, 6)).save()
    DistributionList(account=anna, folder=anna.contacts, display_name="Team",
                     members={Member(mailbox=exchangelib.Mailbox(name="Bo", email_address="bo@example.test", mailbox_type="OneOff"))}).save()
    found = {type(item): item for item in anna.contacts.all()}
    contact = found[Contact]
    assert (contact.given_name, contact.surname, contact.email_addresses[0].email) == ("Bo", "Åström", "bo@example.test")
    assert contact.phone_numbers[0].phone_number == "+49 1" and contact.birthday.year == 1980
    contact.email_addresses = [EmailAddress(label="EmailAddress2", email="b@example.test")]
    contact.save(update_fields=["email_addresses"])
    assert {(one.label, one.email) for one in anna.contacts.get(id=contact.id).email_addresses if one.email} >= {("EmailAddress2", "b@example.test")}
    assert [member.mailbox.email_address for member in found[DistributionList].members] == ["bo@example.test"]
    due = exchangelib.EWSDate(2024, 5, 1)
    Task(account=anna, folder=anna.tasks, subject="Do", due_date=due, percent_complete=decimal.Decimal(25), status="InProgress").save()
    [task] = anna.tasks.all()
    assert (task.subject, task.due_date, task.percent_complete, task.status) == ("Do", due, 25, "InProgress")
    server.store.add_item(ANNA, "notes", "<t:Message><t:ItemClass>IPM.StickyNote</t:ItemClass><t:Subject>Milk</t:Subject>"
                          '<t:Body BodyType="Text">Milk and bread</t:Body></t:Message>')
    [note] = (anna.msg_folder_root // "Notes").all()
    assert (note.item_class, note.subject, note.body) == ("IPM.StickyNote", "Milk", "Milk and bread")


def test_settings_of_a_mailbox(server, anna):
    server.store.set_rules(ANNA, """<t:Rule><t:RuleId>1</t:RuleId><t:DisplayName>Boss</t:DisplayName><t:Priority>1</t:Priority><t:IsEnabled>true</t:IsEnabled>
      <t:Conditions><t:ContainsSubjectStrings><t:String>urgent</t:String></t:ContainsSubjectStrings></t:Conditions>
      <t:Actions><t:Delete>true</t:Delete></t:Actions></t:Rule>""")
    server.store.set_oof(ANNA, "<t:OofSettings><t:OofState>Enabled</t:OofState><t:ExternalAudience>All</t:ExternalAudience>"
                         "<t:InternalReply><t:Message>In</t:Message></t:InternalReply><t:ExternalReply><t:Message>Out</t:Message></t:ExternalReply>"
                         "</t:OofSettings>")
    server.store.set_delegates(ANNA, "<t:DelegateUser><t:UserId><t:PrimarySmtpAddress>bo@example.test</t:PrimarySmtpAddress></t:UserId><t:DelegatePermissions>"
                               "<t:CalendarFolderPermissionLevel>Editor</t:CalendarFolderPermissionLevel></t:DelegatePermissions></t:DelegateUser>")
    [rule] = anna.rules
    assert rule.display_name == "Boss" and rule.conditions.contains_subject_strings == ["urgent"]
    assert (anna.oof_settings.state, anna.oof_settings.external_reply) == ("Enabled", "Out")
    [delegate] = anna.delegates
    assert delegate.user_id.primary_smtp_address == "bo@example.test" and delegate.delegate_permissions.calendar_folder_permission_level == "Editor"
    [name] = anna.protocol.resolve_names(["anna"])
    assert name.email_address == ANNA
    assert next(iter(anna.protocol.get_timezones([BERLIN])))


def test_who_may_open_what(server, account):
    with pytest.raises(errors.ErrorNonExistentMailbox):
        account(server, "nobody@example.test").inbox.refresh()
    server.store.account("bo", "secret", ANNA)
    server.store.create_mailbox("bo@example.test")
    with pytest.raises(errors.ErrorImpersonateUserDenied):
        account(server, "bo@example.test", "bo", "secret").inbox.refresh()
    assert account(server, ANNA, "bo", "secret").inbox.name == "Inbox"
    with pytest.raises(errors.UnauthorizedError):
        account(server, ANNA, password="wrong").inbox.refresh()


@pytest.mark.parametrize(("kind", "detail", "error"), [
    ("http_503", {}, errors.ErrorServerBusy), ("http_500_busy", {"back_off": 2000}, errors.ErrorServerBusy),
    ("inner_busy", {}, errors.ErrorServerBusy), ("http_401", {}, errors.UnauthorizedError), ("connections", {}, errors.ErrorExceededConnectionCount),
    ("cut", {"after": 700}, errors.ErrorTimeoutExpired), ("soap_fault", {"code": "ErrorMailboxStoreUnavailable"}, errors.ErrorMailboxStoreUnavailable),
])
def test_faults(server, anna, kind, detail, error):
    fill(server, 3)
    inbox = anna.inbox
    fault = server.control.fault(kind, operation="SyncFolderItems", skip=1, count=2, **detail)
    assert len(page(anna, inbox)[0]) == 3
    inbox.refresh()
    for _time in range(2):
        with pytest.raises(error) as raised:
            page(anna, inbox)
    assert kind != "http_500_busy" or raised.value.back_off == 2
    assert len(page(anna, inbox)[0]) == 3 and server.control.seen(fault) == 2


def test_troubled_items(server, anna):
    ids = fill(server, 7)
    kinds = ["ErrorItemNotFound", "ErrorMimeContentConversionFailed", "ErrorItemCorrupt", "empty", "bad base64", "delete", None]
    for item, kind in zip(ids, kinds):
        server.store.trouble(item, kind)
    path = FieldPath(field=Message.get_field_by_fieldname("mime_content"))
    assert len(page(anna, anna.inbox)[0]) == 7
    found = list(GetItem(account=anna).call(items=[ItemId(id=item) for item in ids], additional_fields=[path], shape="IdOnly"))
    assert [type(one) for one in found[:3]] == [errors.ErrorItemNotFound, errors.ErrorMimeContentConversionFailed, errors.ErrorItemCorrupt]
    assert not found[3].mime_content and found[4].mime_content != MIME and isinstance(found[5], errors.ErrorItemNotFound)
    assert b"hello" not in found[6].mime_content and b"aGVsbG8=" in found[6].mime_content
    assert len(server.store.items(ANNA, "inbox")) == 6


def test_limits(server, anna):
    server.control.limit(delay=0.3)
    begun = datetime.datetime.now()
    anna.inbox.refresh()
    assert datetime.datetime.now() - begun > datetime.timedelta(seconds=0.3)
    server.control.limit(delay=0, concurrent=0)
    with pytest.raises(errors.ErrorExceededConnectionCount):
        anna.inbox.refresh()


def test_requests_are_counted(server, anna):
    inbox = anna.inbox
    fill(server, 3)
    server.control.clear()
    page(anna, inbox)
    list(inbox.all().only("subject"))
    assert server.control.counts() == {"SyncFolderItems": 1, "FindItem": 1}
    assert server.control.requests("SyncFolderItems", ANNA) == 1 and server.control.requests("SyncFolderItems", "bo@example.test") == 0


@pytest.mark.parametrize(("version", "api"), [
    ("2007", "Exchange2007_SP1"), ("2010", "Exchange2010_SP2"), ("2013", "Exchange2013_SP1"), ("2019", "Exchange2016"),
])
def test_versions(exchange, account, version, api):
    server = exchange(version=version)
    server.store.create_mailbox(ANNA)
    for number in range(2):
        server.store.add_message(ANNA, "inbox", MIME, RECEIVED + datetime.timedelta(days=number))
    anna = account(server, ANNA)
    assert anna.version.api_version == api
    [(_kind, first), _second], _state, _last = page(anna, anna.inbox)
    oldest = server.store.items(ANNA, "inbox")[0]
    assert (first.id == oldest) == (version == "2007")
    assert [message.subject for message in anna.inbox.all()] == ["Grüße", "Grüße"]


def test_old_versions_refuse_what_came_later(exchange, account):
    server = exchange(version="2007")
    server.store.create_mailbox(ANNA)
    flags = """<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>
      <t:AdditionalProperties><t:FieldURI FieldURI="item:Flag"/></t:AdditionalProperties></m:ItemShape>
      <m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>"""
    for inner, code in (("<m:GetInboxRules/>", "ErrorInvalidRequest"), (flags, "ErrorSchemaValidation")):
        body = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"
          xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header><t:ExchangeImpersonation><t:ConnectingSID>
          <t:PrimarySmtpAddress>{ANNA}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body>{inner}</s:Body></s:Envelope>"""
        answer = requests.post(server.url, data=body, auth=(server.admin, server.password), timeout=20)
        assert answer.status_code == 500 and f">{code}<" in answer.text


@pytest.mark.parametrize("work", [
    test_folders, test_properties_of_a_message, test_sync_of_folders, test_changes_by_a_client, test_event_with_recurrence, test_occurrences_that_differ,
    test_contacts_tasks_and_notes, test_settings_of_a_mailbox, test_paging_and_filters, test_public_folders_are_walked_step_by_step,
    test_what_the_collection_asks_for_beyond_a_mailbox,
    test_sync_states_that_are_not_known, test_sync_pages_and_kinds_of_changes, test_a_moved_item_may_get_another_id, test_commit_times_follow_changes,
], ids=lambda work: work.__name__.removeprefix("test_"))
def test_all_that_is_said_is_valid(schema, wire, server, account, work):
    """The work of another test, with both sides of it held against messages.xsd."""
    work(server, account(server, ANNA))
    assert len(wire.requests) > 2 and len(wire.responses) > 2
    wrong = [f"{said.tag}: {error.reason} at {error.path}" for said in wire.requests + wire.responses for error in schema.iter_errors(said)]
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_tls_gzip_and_processes(exchange, account, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate["ca"]))
    server = exchange(certificate=certificate, processes=2, more=["--gzip"])
    server.store.create_mailbox(ANNA)
    ids = fill(server, 600)
    anna = account(server, ANNA)
    assert len(page(anna, anna.inbox)[0]) == 512
    assert {item.id for item in anna.inbox.all().only("subject")} == set(ids)
    server.stop()
    server.run()
    assert anna.inbox.all().count() == 600


def test_autodiscover(server):
    body = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://schemas.microsoft.com/exchange/2010/Autodiscover"><s:Body>
      <a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>{ANNA}</a:Mailbox></a:User></a:Users></a:Request>
      </a:GetUserSettingsRequestMessage></s:Body></s:Envelope>"""
    url = server.url.replace("/EWS/Exchange.asmx", "/autodiscover/autodiscover.svc")
    answer = requests.post(url, data=body, auth=(server.admin, server.password), timeout=20)
    assert f"<Name>ExternalEwsUrl</Name><Value>{server.url}</Value>" in answer.text
    assert requests.post(url, data=body, timeout=20).status_code == 401


def test_faults_by_command_line(server, anna):
    def ews(*arguments: str) -> str:
        command = [sys.executable, "-m", "servers.ews", *arguments, str(server.folder)]
        return subprocess.run(command, cwd=ROOT / "tests", check=True, capture_output=True, text=True, timeout=20).stdout

    ews("fault", "soap_fault", "--operation=GetFolder", "--detail", '{"code": "ErrorMailboxStoreUnavailable"}')
    with pytest.raises(errors.ErrorMailboxStoreUnavailable):
        anna.inbox.refresh()
    assert json.loads(ews("counts"))["GetFolder"] >= 1
    ews("clear")
    assert json.loads(ews("counts")) == {}
