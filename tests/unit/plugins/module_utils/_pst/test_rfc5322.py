# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages rebuilt from their properties, read again by Python's own parser."""

from __future__ import annotations

import datetime
import email
import email.policy
import struct

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._model import mime
from ansible_collections.messaging.migration.plugins.module_utils._pst import rfc5322
from ansible_collections.messaging.migration.plugins.module_utils._pst.addresses import ONE_OFF
from ansible_collections.messaging.migration.plugins.module_utils._pst.item import Attached, Item
from ansible_collections.messaging.migration.plugins.module_utils._pst.properties import Properties
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.pst_file import encoded

SENT = datetime.datetime(2020, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
AUTHOR = {0x0042: "Ann Öberg", 0x0064: "SMTP", 0x0065: "ann@example.test", 0x0039: SENT}


def made(values: dict) -> Properties:
    return Properties({key: tuple(encoded(value)) for key, value in values.items()}, {})


def attached(values: dict, content: bytes = b"", item: Item | None = None) -> Attached:
    return Attached(made({0x3705: 5 if item else 1} | values), content, item)


def rebuilt(values: dict, recipients=(), attachments=()):
    item = Item(1, made(AUTHOR | values), tuple(made(row) for row in recipients), tuple(attachments))
    body = rfc5322.rebuilt(item, "example.test")
    assert body == rfc5322.rebuilt(item, "example.test")
    assert all(len(line) <= mime.LONGEST_LINE for line in body.split(b"\r\n")) and b"\n" not in body.replace(b"\r\n", b"")
    parsed = email.message_from_bytes(body, policy=email.policy.default)
    assert [part.defects for part in parsed.walk() if part.defects] == []
    return parsed


def test_from_properties():
    found = rebuilt(
        {
            0x0037: "\x01\x04RE: Grüße " + "lang " * 40, 0x1035: "<1@example.test>", 0x1042: "<0@example.test>", 0x1039: "<a@x> <0@example.test>", 0x0017: 2,
            0x0C1A: "Secretary", 0x0C1E: "EX", 0x0C1F: "/O=ORG/CN=SEC", 0x0036: 2, 0x1000: "Hello\r\n",
            0x004F: struct.pack("<III", 1, 0, 100) + bytes(4) + ONE_OFF + struct.pack("<HH", 0, 0x8000) + "Desk\0SMTP\0desk@x.test\0".encode("utf-16-le"),
        },
        [
            {0x3001: "Bob, Jr.", 0x3002: "EX", 0x3003: "/O=ORG/CN=BOB", 0x39FE: "bob@example.test", 0x0C15: 1}, {0x3001: "Only a name", 0x0C15: 0x10000001},
            {0x3001: "'c@example.test'", 0x3002: "SMTP", 0x3003: "c@example.test", 0x0C15: 2}, {0x3001: "D", 0x3002: "SMTP", 0x3003: "d@x.test", 0x0C15: 3},
        ],
    )
    assert found["subject"].strip() == ("RE: Grüße " + "lang " * 40).strip() and found["from"] == "Ann Öberg <ann@example.test>"
    assert found["sender"] == "Secretary <IMCEAEX-_O=ORG_CN=SEC@example.test>" and found["reply-to"] == "Desk <desk@x.test>"
    assert found["to"] == '"Bob, Jr." <bob@example.test>, Only a name:;' and found["cc"] == "c@example.test" and found["bcc"] == "D <d@x.test>"
    assert found["date"].datetime == SENT and found["message-id"] == "<1@example.test>" and found["in-reply-to"] == "<0@example.test>"
    assert found["references"].split() == ["<a@x>", "<0@example.test>"] and found["importance"] == "high" and found["sensitivity"] == "Private"
    assert found.get_content() == "Hello\r\n" and found.get_content_type() == "text/plain"


def test_headers_that_came_are_kept():
    came = (
        "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from a\r\n\tby b; Mon, 3 Feb 2020 04:05:06 +0000\r\nFrom: other@x.test\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"old\"\r\nDKIM-Signature: v=1; a=b\r\nX-Note: caf\u00e9 au lait\r\n"
        "\r\nContent-Type: text/plain\r\n"
    )
    found = rebuilt({0x007D: came, 0x0037: "S", 0x1000: "x"}, [{0x3001: "B", 0x3002: "SMTP", 0x3003: "b@x.test", 0x0C15: 1}])
    assert found["received"].split() == ["from", "a", "by", "b;", "Mon,", "3", "Feb", "2020", "04:05:06", "+0000"] and found["from"] == "other@x.test"
    assert found["dkim-signature"] == "v=1; a=b" and found["x-note"] == "café au lait" and found.get_all("content-type") == ["text/plain; charset=\"us-ascii\""]
    assert found["subject"] == "S" and found["to"] == "B <b@x.test>" and found.keys().count("MIME-Version") == 1


def test_who_else_got_it_is_not_added_to_headers_that_came():
    found = rebuilt({0x007D: "To: list@x.test\r\n", 0x1000: ""}, [{0x3001: "B", 0x3002: "SMTP", 0x3003: "b@x.test", 0x0C15: 2}])
    assert found["to"] == "list@x.test" and found["cc"] is None


def test_html_with_its_pictures_and_attachments():
    html = "<p>ä <img src=\"cid:one@x\"></p>".encode("windows-1252")
    found = rebuilt(
        {0x1000: "ä", 0x1013: html, 0x3FDE: 1252}, attachments=[
            attached({0x3707: "one.png", 0x370E: "image/png", 0x3712: "one@x"}, b"\x89PNG\0" * 50), attached({0x3707: "Bericht Ä.pdf"}, b"%PDF"),
            attached({0x3704: "NOTE.EML", 0x370E: "message/rfc822"}, b"From: x\n"),
        ],
    )
    alternative, report, note = found.iter_parts()
    plain, related = alternative.iter_parts()
    shown, picture = related.iter_parts()
    assert [part.get_content_type() for part in (found, alternative, plain, related, shown)] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
    ]
    assert plain.get_content().rstrip() == "ä"
    assert shown.get_content().rstrip("\n") == html.decode("cp1252") and shown.get_content_charset() == "windows-1252"
    assert (picture["content-id"], picture.get_content(), picture.get_content_disposition()) == ("<one@x>", b"\x89PNG\0" * 50, "inline")
    assert (report.get_filename(), report.get_content_type(), report.get_content()) == ("Bericht Ä.pdf", "application/pdf", b"%PDF")
    assert (note.get_content_type(), note.get_content()) == ("application/octet-stream", b"From: x\n")


def test_messages_in_messages():
    deepest = Item(0, made(AUTHOR | {0x0037: "deepest", 0x1000: "c"}), (), (attached({0x3707: "c.txt"}, b"c\n"),))
    inner = Item(0, made(AUTHOR | {0x0037: "inner", 0x1000: "b"}), (), (attached({0x3001: "deepest"}, item=deepest),))
    found = rebuilt({0x0037: "outer", 0x1000: "a"}, attachments=[attached({0x3001: "inner"}, item=inner)])
    _text, part = found.iter_parts()
    assert part.get_content_type() == "message/rfc822" and part.get_filename() == "inner"
    message = part.get_content()
    assert message["subject"] == "inner"
    _text, part = message.iter_parts()
    assert part.get_content()["subject"] == "deepest" and list(part.get_content().iter_attachments())[0].get_content() == "c\n"


def test_what_is_broken_of_the_attachments_is_told_in_its_place():
    broken = Attached(made({0x3705: 1, 0x3707: "plan.pdf"}), broken="the file ends too early")
    inner = Item(0, made(AUTHOR | {0x0037: "inner", 0x1000: "b"}), (), (broken, attached({0x3707: "c.txt"}, b"c\n")))
    no_body = Item(0, made(AUTHOR | {0x0037: "no body", 0x1009: b"no compressed text"}))
    item = Item(1, made(AUTHOR | {0x0037: "outer", 0x1000: "a"}), (), (
        attached({0x3001: "inner"}, item=inner), attached({0x3001: "no body"}, item=no_body), attached({0x3707: "d.txt"}, b"d\n"),
    ))
    lost: list = []
    found = email.message_from_bytes(rfc5322.rebuilt(item, "example.test", lost), policy=email.policy.default)
    assert lost[0] == "attachment plan.pdf: the file ends too early" and lost[1].startswith("attachment no body: ") and len(lost) == 2
    _text, message, instead, last = found.iter_parts()
    assert lost[1] in instead.get_content() and last.get_content() == "d\n"
    _text, instead, last = message.get_content().iter_parts()
    assert "could not give a part of this message: attachment plan.pdf" in instead.get_content() and last.get_content() == "c\n"


def test_a_signed_message_whose_attachment_is_broken_is_shown_as_far_as_it_goes():
    whole = Attached(made({0x3705: 1, 0x3707: "smime.p7m"}), broken="the file ends too early")
    found = rebuilt({0x001A: "IPM.Note.SMIME", 0x1000: "hello"}, attachments=[whole])
    shown, instead = found.iter_parts()
    assert shown.get_content().strip() == "hello" and "smime.p7m" in instead.get_content()


def test_a_signed_message_is_not_touched():
    signed = b"Content-Type: multipart/signed; boundary=x; protocol=\"application/pkcs7-signature\"\r\n\r\n--x\r\n\r\nhello \r\n--x--\r\n"
    item = Item(1, made(AUTHOR | {0x001A: "IPM.Note.SMIME.MultipartSigned", 0x1000: "hello"}), (), (attached({0x3707: "smime.p7m"}, signed),))
    assert rfc5322.rebuilt(item).endswith(b"MIME-Version: 1.0\r\n" + signed)


def test_an_encrypted_message():
    found = rebuilt({0x001A: "IPM.Note.SMIME"}, attachments=[attached({0x3707: "smime.p7m", 0x370E: "application/pkcs7-mime"}, b"\x30\x80")])
    assert (found.get_content_type(), found.get_content()) == ("application/pkcs7-mime", b"\x30\x80")


def test_a_link_says_where_it_led_to():
    found = rebuilt({0x1000: "x"}, attachments=[attached({0x3705: 2, 0x370D: "\\\\server\\share\\a.doc"})])
    assert "\\\\server\\share\\a.doc" in list(found.iter_parts())[1].get_content()


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ({0x1009: struct.pack("<II4sI", 0, 30, b"MELA", 0) + rb"{\rtf1\ansi only rich}"}, ("only rich", None)),
        ({0x1000: "plain", 0x1009: struct.pack("<II4sI", 0, 30, b"MELA", 0) + rb"{\rtf1\ansi only rich}"}, ("plain", None)),
        ({0x1009: struct.pack("<II4sI", 0, 99, b"MELA", 0) + rb"{\rtf1\fromhtml1{\*\htmltag <p>}hi}"}, (None, b"<p>hi")),
        ({0x1013: "<p>ä"}, (None, "<p>ä".encode())), ({0x1013: "<p>ä".encode()}, (None, "<p>ä".encode())), ({}, (None, None)),
    ],
)
def test_bodies(values, texts):
    assert rfc5322.texts(made(values))[:2] == texts


@pytest.mark.parametrize(
    "text", ["x" * 3000, "From here\r\n.\r\nend", "ä" * 900 + "\n" + "b" * 2000, "nul\0inside", "trailing \n\ttab", "\u2028 \U0001f600", ""],
)
def test_any_text_comes_back(text):
    found = rebuilt({0x1000: text})
    assert found.get_content().replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("name", ["a\r\nBcc: evil@x.test", "=?utf-8?q?x?=", '"quoted" \\ name', "語" * 80, " "])
def test_no_name_breaks_a_header(name):
    found = rebuilt({0x0042: name, 0x0037: name, 0x1000: ""}, attachments=[attached({0x3707: name}, b"x")])
    assert found["bcc"] is None and found["from"].addresses[0].addr_spec == "ann@example.test"
    # Python's parser leaves blanks between encoded words.
    assert "".join(found["from"].addresses[0].display_name.split()) == "".join(name.split())
    assert "".join((found["subject"] or "").split()) == "".join(name.split())
