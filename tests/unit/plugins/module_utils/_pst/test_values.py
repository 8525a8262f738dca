# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import struct
import uuid

import pytest

from ansible_collections.messaging.migration.plugins.module_utils._pst import addresses, zones
from ansible_collections.messaging.migration.plugins.module_utils._pst import properties as mapi

NEVER = zones.Change(0, 0, 0, 0, 0)


def of(values: dict, names=None, code_page: str = "cp1252") -> mapi.Properties:
    return mapi.Properties(values, names or {}, code_page)


def test_each_type():
    found = of({
        1: (0x1F, "Grüße\0".encode("utf-16-le")), 2: (0x1E, b"Gr\xfc\xdfe"), 3: (0x03, b"\xff\xff\xff\xff"), 4: (0x0B, b"\1"),
        5: (0x05, struct.pack("<d", 0.25)), 6: (0x40, bytes.fromhex("005910ad6d30cc01")), 7: (0x102, b"\0\1"),
        8: (0x101F, struct.pack("<III", 2, 12, 14) + "ab".encode("utf-16-le")), 9: (0x1102, struct.pack("<IIII", 3, 16, 17, 17) + b"xyz"),
    })
    assert found.text(1) == found.text(2) == "Grüße" and found.number(3) == -1 and found.flag(4) and found.number(5) == 0.25
    assert found.time(6) == datetime.datetime(2011, 6, 21, 23, 48, 10, tzinfo=datetime.timezone.utc) and found.data(7) == b"\0\1"
    assert found.texts(8) == ("a", "b") and found.many(9) == [b"x", b"", b"yz"]
    assert (found.text(7), found.data(1), found.number(1), found.time(3), found.texts(3)) == ("", b"", None, None, ())
    assert (found.text(99), found.flag(99)) == ("", False)


@pytest.mark.parametrize(("values", "text"), [
    ({0x3FFD: (3, struct.pack("<i", 1251))}, "Привет"), ({0x3FDE: (3, struct.pack("<i", 1251))}, "Привет"),
    ({0x3FFD: (3, struct.pack("<i", 99999))}, "Ïðèâåò"), ({}, "Ïðèâåò"),
])
def test_code_page_of_the_message_then_of_the_file(values, text):
    assert of(values | {1: (0x1E, "Привет".encode("cp1251"))}).text(1) == text


@pytest.mark.parametrize("filetime", [0, 0x0CB34557A3DD4000, 0x7FFFFFFFFFFFFFFF])
def test_never(filetime):
    assert mapi.moment(filetime) is None


def test_names():
    other = uuid.UUID("00062002-0000-0000-c000-000000000046")
    text = "Keywords".encode("utf-16-le")
    rows = ((0x820D, 3 << 1, 0), (0, 2 << 1 | 1, 7), (5, 9 << 1, 8), (1, 1 << 1, 9))
    entries = b"".join(struct.pack("<IHH", *row) for row in rows)
    found = mapi.names(other.bytes_le, entries, struct.pack("<I", len(text)) + text)
    assert found == {mapi.Named(other, 0x820D): 0x8000, mapi.Named(mapi.PUBLIC_STRINGS, "Keywords"): 0x8007, mapi.Named(mapi.MAPI, 1): 0x8009}


@pytest.mark.parametrize(
    ("kind", "address", "smtp"),
    [
        ("SMTP", "ann@example.test", "ann@example.test"), ("", "ann@example.test", "ann@example.test"), ("SMTP", "", ""),
        ("EX", "/O=ORG/OU=First Group (23)/CN=A.B", "IMCEAEX-_O=ORG_OU=First+20Group+20+2823+29_CN=A+2EB@example.test"),
        ("FAX", "Ann@+49 1", "IMCEAFAX-Ann+40+2B49+201@example.test"),
    ],
)
def test_addresses(kind, address, smtp):
    assert addresses.smtp(kind, address, "example.test") == smtp


def test_without_a_domain_an_address_of_the_directory_leads_nowhere():
    assert addresses.smtp("EX", "/O=X") == "IMCEAEX-_O=X@pst.invalid"


def test_entry_ids():
    entry = bytes(4) + addresses.ONE_OFF + struct.pack("<HH", 0, 0x8000) + "Änn\0SMTP\0ann@example.test\0".encode("utf-16-le")
    assert addresses.one_off(entry, "cp1252") == ("Änn", "ann@example.test")
    assert addresses.one_off(bytes(4) + addresses.WRAPPED + b"\0" + entry, "cp1252") == ("Änn", "ann@example.test")
    narrow = bytes(4) + addresses.ONE_OFF + struct.pack("<HH", 0, 0) + "Änn\0SMTP\0ann@example.test\0".encode("cp1252")
    assert addresses.one_off(narrow, "cp1252") == ("Änn", "ann@example.test")
    assert addresses.one_off(bytes(60), "cp1252") is None
    padded = struct.pack("<I", len(narrow)) + narrow + b"\0" * (-len(narrow) % 4)
    assert addresses.flat_list(struct.pack("<II", 2, 0) + padded + padded) == [narrow, narrow]


def test_zones_by_name_and_by_rule():
    berlin = zones.Rule(-60, 0, -60, zones.Change(10, 0, 5, 3, 0), zones.Change(3, 0, 5, 2, 0))
    assert zones.found("W. Europe Standard Time", None, 2020).key == "Europe/Berlin"
    assert zones.found("", berlin, 2020).key in ("Europe/Berlin", "Europe/Paris")
    assert zones.found("", zones.Rule(-300, 0, -60, NEVER, NEVER), 2020).key == "Asia/Tashkent"
    sydney = zones.Rule(-600, 0, -60, zones.Change(4, 0, 1, 3, 0), zones.Change(10, 0, 1, 2, 0))
    assert zones.found("", sydney, 2020).key == "Australia/Sydney"
    assert zones.found("Nowhere Standard Time", berlin._replace(bias=-77), 2020) is None and zones.found("Nowhere Standard Time", None, 2020) is None


def test_a_zone_as_it_is_kept():
    winter, summer = struct.pack("<8H", 0, 11, 0, 1, 2, 0, 0, 0), struct.pack("<8H", 0, 3, 0, 2, 2, 0, 0, 0)
    rule = struct.pack("<BBHHH14x3i", 2, 1, 0x3E, 2, 2007, 480, 0, -60) + winter + summer
    old = rule[:4] + struct.pack("<HH", 0, 2006) + rule[8:]
    name = "Pacific Standard Time"
    data = struct.pack("<BBHHH", 2, 1, 6 + 2 * len(name), 2, len(name)) + name.encode("utf-16-le") + struct.pack("<H", 2) + old + rule
    found, its_rule = zones.of_definition(data)
    assert found == name and its_rule == zones.Rule(480, 0, -60, zones.Change(11, 0, 1, 2, 0), zones.Change(3, 0, 2, 2, 0))
    assert zones.found("", its_rule, 2015).key == "America/Los_Angeles"
    structure = struct.pack("<3iH", 480, 0, -60, 0) + winter + struct.pack("<H", 0) + summer
    assert zones.of_structure(structure) == its_rule
