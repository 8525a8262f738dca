# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages rebuilt from what a server tells of them, read again with the parser of Python."""

from __future__ import annotations

import datetime
import email.parser
import email.policy
import re
from xml.sax.saxutils import escape, quoteattr

import exchangelib
import exchangelib.items
import lxml.etree
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._ews import rebuild
from ansible_collections.messaging.migration.plugins.module_utils._ews.common import NotReadable, Reading
from ansible_collections.messaging.migration.plugins.module_utils._model import reasons

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
OWNER = "anna@example.org"
NOON = datetime.datetime(2026, 3, 16, 12, tzinfo=datetime.timezone.utc)


def read(inner, kind=exchangelib.Message):
    return kind.from_xml(lxml.etree.fromstring(f'<{kind.ELEMENT_NAME} xmlns="{TYPES}"><ItemId Id="AA" ChangeKey="BB"/>{inner}</{kind.ELEMENT_NAME}>'), None)


def box(address, name="", routing="SMTP"):
    return f"<Mailbox><Name>{name}</Name><EmailAddress>{address}</EmailAddress><RoutingType>{routing}</RoutingType></Mailbox>"


def made(item, reading=None):
    data = rebuild.rebuilt(item, reading or Reading(owner=OWNER))
    # A server may refuse bare line ends and lines that are longer (RFC 5322, 2.1.1).
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data) and max(map(len, data.split(b"\r\n"))) <= 998
    return parsed(data)


def parsed(data):
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(data)
    assert not any(part.defects for part in message.walk())
    return message


WHOLE = f"""
<ItemClass>IPM.Note</ItemClass><Subject>Grüße &amp; more</Subject><Sensitivity>Confidential</Sensitivity>
<Body BodyType="HTML">&lt;p&gt;Grüße &lt;img src="cid:logo@x"&gt;&lt;/p&gt;</Body>
<DateTimeReceived>2026-03-16T11:00:00Z</DateTimeReceived><Importance>High</Importance><InReplyTo>&lt;before@example.org&gt;</InReplyTo>
<DateTimeSent>2026-03-16T12:00:00Z</DateTimeSent><Sender>{box("bob@example.org", "Bob")}</Sender>
<ToRecipients>{box(OWNER, "Berg, Anna")}{box("/o=Old/cn=dora", "Dora", "EX")}</ToRecipients><CcRecipients>{box("c@example.org")}</CcRecipients>
<BccRecipients>{box("secret@example.org", "Jürgen")}</BccRecipients><From>{box("chief@example.org", "Chief")}</From>
<InternetMessageId>&lt;this@example.org&gt;</InternetMessageId><References>&lt;first@example.org&gt; &lt;before@example.org&gt;</References>
<ReplyTo>{box("answers@example.org")}</ReplyTo>
"""


def whole():
    item, file = read(WHOLE), exchangelib.FileAttachment
    item.attachments = [
        file(name="logo.png", content=b"PNG", content_type="image/png", content_id="logo@x"),
        file(name="Büro.pdf", content=bytes(range(256)), content_type="application/pdf"),
    ]
    return item


def test_a_message_has_all_that_the_server_tells():
    message = made(whole())
    assert {name: str(message[name]) for name in message if not name.startswith("Content-")} == {
        "Date": "Mon, 16 Mar 2026 12:00:00 +0000", "From": "Chief <chief@example.org>", "Sender": "Bob <bob@example.org>",
        "Reply-To": "answers@example.org", "To": '"Berg, Anna" <anna@example.org>, Dora <IMCEAEX-_o=Old_cn=dora@example.org>',
        "Cc": "c@example.org", "Bcc": "Jürgen <secret@example.org>", "Subject": "Grüße & more", "Message-ID": "<this@example.org>",
        "In-Reply-To": "<before@example.org>", "References": "<first@example.org> <before@example.org>", "Importance": "high",
        "Sensitivity": "Company-Confidential", "MIME-Version": "1.0",
    }
    related, pdf = message.iter_parts()
    html, logo = related.iter_parts()
    assert html.get_content() == '<p>Grüße <img src="cid:logo@x"></p>' and html.get_content_type() == "text/html"
    assert (logo["Content-ID"], logo.get_content(), logo.get_content_disposition()) == ("<logo@x>", b"PNG", "inline")
    assert (pdf.get_filename(), pdf.get_content_type(), pdf.get_content()) == ("Büro.pdf", "application/pdf", bytes(range(256)))


def test_the_same_item_gives_the_same_bytes():
    assert rebuild.rebuilt(whole(), Reading(owner=OWNER)) == rebuild.rebuilt(whole(), Reading(owner=OWNER))


def test_headers_as_they_came_go_first_and_those_of_the_lost_structure_not():
    names = {
        "Received": "from a\r\n\tby b", "received": "from c by d", "Content-Type": 'multipart/mixed; boundary="x"', "MIME-Version": "1.0",
        "To": "List <list@example.org>", "Subject": "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "X-Long": "word " * 400, "X-Raw": "Grüße here", "Not a name": "x",
    }
    headers = "".join(f'<InternetMessageHeader HeaderName={quoteattr(name)}>{escape(value)}</InternetMessageHeader>' for name, value in names.items())
    people = f"<ToRecipients>{box(OWNER)}</ToRecipients><BccRecipients>{box('secret@example.org')}</BccRecipients>"
    message = made(read(f"<Subject>other</Subject><InternetMessageHeaders>{headers}</InternetMessageHeaders>{people}"))
    assert message.get_all("Received") == ["from a by b", "from c by d"] and message.keys()[:2] == ["Received", "received"]
    # Who else got it is in no header of a message that came; who got a blind copy is told by nothing else.
    assert (message["To"], message["Bcc"], message["Subject"]) == ("List <list@example.org>", "secret@example.org", "Grüße")
    assert message["X-Long"].split() == ["word"] * 400 and message["X-Raw"] == "Grüße here"
    assert message.get_content_type() == "text/plain" and "Not a name" not in message


@pytest.mark.parametrize(
    ("inner", "date"),
    [("<DateTimeReceived>2026-03-16T11:00:00Z</DateTimeReceived>", "11:00:00"), ("<DateTimeCreated>2026-03-16T10:00:00Z</DateTimeCreated>", "10:00:00")],
)
def test_a_draft_with_next_to_nothing(inner, date):
    message = made(read(f'{inner}<Body BodyType="Text">a\nb\r\n.</Body>'))
    assert message["Date"] == f"Mon, 16 Mar 2026 {date} +0000" and message.get_content() == "a\r\nb\r\n." and message["From"] is None


class Broken(exchangelib.FileAttachment):
    @property
    def content(self):
        raise exchangelib.errors.ErrorCorruptData("no such stream")


def test_an_attachment_that_cannot_be_read_is_told_in_its_place_and_to_the_operator():
    item, reading = read('<Subject>s</Subject><Body BodyType="Text">body</Body>'), Reading(owner=OWNER)
    item.attachments = [Broken(name="a.doc"), exchangelib.FileAttachment(name="b.txt", content=b"b", content_type="text/plain")]
    body, text, note = made(item, reading).iter_parts()
    assert (body.get_content(), text.get_payload(decode=True)) == ("body", b"b")
    assert note.get_content() == "The source could not give a part of this message: attachment a.doc: no such stream\r\n"
    assert [(one.reason, one.detail) for one in reading.lost] == [(reasons.NO_CONTENT, "attachment a.doc: no such stream")]


def test_attached_items_are_what_they_are():
    item = read('<Subject>s</Subject><Body BodyType="Text">body</Body>')
    event = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    item.attachments = [
        exchangelib.ItemAttachment(name="Old mail", item=exchangelib.Message(mime_content=b"Subject: old\r\n\r\nold\r\n")),
        exchangelib.ItemAttachment(name="Dinner", item=exchangelib.CalendarItem(mime_content=event)),
        exchangelib.FileAttachment(name="unix.eml", content=b"Subject: x\n\nx\n", content_type="message/rfc822"),
    ]
    _body, old, dinner, unix = made(item).iter_parts()
    assert (old.get_content_type(), old.get_filename(), old.get_payload(0)["Subject"]) == ("message/rfc822", "Old mail.eml", "old")
    assert (dinner.get_content_type(), dinner.get_filename(), dinner.get_payload(decode=True)) == ("text/calendar", "Dinner", event)
    assert (unix.get_content_type(), unix.get_content()) == ("application/octet-stream", b"Subject: x\n\nx\n")


def test_a_meeting_request_keeps_its_text_and_what_is_no_mail_is_not_taken_for_it():
    inner = f'<Subject>Plan</Subject><Body BodyType="Text">When: Monday</Body><From>{box("bob@example.org", "Bob")}</From>'
    message = made(read(inner, exchangelib.items.MeetingRequest))
    assert (message["From"], message.get_content()) == ("Bob <bob@example.org>", "When: Monday")
    with pytest.raises(NotReadable, match="Contact has no properties of a message"):
        rebuild.rebuilt(read("<Subject>Bob</Subject>", exchangelib.Contact), Reading(owner=OWNER))


@pytest.mark.parametrize(
    ("data", "subject", "kind", "name"),
    [
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=de:Gr\xc3\xbc\xc3\x9fe\\, Ter\r\n min\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "Grüße, Termin",
         "text/calendar", "event.ics"),
        (b"begin:vcard\nVERSION:3.0\nFN:Bob\nEND:VCARD\n", "Bob", "text/vcard", "contact.vcf"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "", "text/calendar", "event.ics"),
    ],
)
def test_what_is_no_mail_is_carried_byte_by_byte(data, subject, kind, name):
    whole = rebuild.as_message(data, NOON, OWNER)
    message = parsed(whole)
    _text, carried = message.iter_parts()
    assert (message["Subject"], message["From"], message["Date"]) == (subject, OWNER, "Mon, 16 Mar 2026 12:00:00 +0000")
    assert (carried.get_content_type(), carried.get_filename(), carried.get_payload(decode=True)) == (kind, name, data)
    assert carried.get_content_disposition() == "attachment" and rebuild.as_message(data, NOON, OWNER) == whole


@pytest.mark.parametrize("data", [b"Subject: BEGIN:VCALENDAR\r\n\r\nBEGIN:VCALENDAR\r\n", b"\r\nBEGIN:VCALENDARS\r\n", b"x"])
def test_mail_stays_as_it_is(data):
    assert rebuild.as_message(data, NOON, OWNER) is data
