# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import hypothesis
import hypothesis.strategies as st
import vobject

from ansible_collections.messaging.migration.plugins.module_utils._items.vcard import vcard
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import CONTACT, TEAM, categories, lines, names, words


def read(item):
    data = vcard(item)
    assert data == vcard(item) and data.startswith(b"BEGIN:VCARD\r\nVERSION:3.0\r\n") and data.endswith(b"END:VCARD\r\n")
    return vobject.readOne(data.decode())


def values(card, name: str) -> list:
    return [line.value for line in card.contents.get(name, [])]


def test_everything_of_a_contact():
    card = read(CONTACT)
    name = card.n.value
    assert (name.prefix, name.given, name.additional, name.family, name.suffix) == ("Dr.", "Änn", "B.", "Berg; née Tal", "MSc")
    assert [card.getChildValue(one) for one in ("uid", "fn", "nickname", "sort-string", "title", "role", "note", "url", "class", "rev", "bday")] == [
        "contact-1", "Änn B. Berg", "Annie", "Berg, Änn", "Head", "Engineer", "Note;\nsecond", "https://example.test/a%2Cb%3Bc", "CONFIDENTIAL",
        "2026-01-02T03:04:05Z", "1980-02-29",
    ]
    assert [card.getChildValue(f"x-{one}") for one in ("manager", "assistant", "spouse", "anniversary")] == ["Max", "Ada", "Sam", "2005-06-07"]
    assert (values(card, "x-ms-child"), values(card, "impp"), values(card, "x-ms-imaddress")) == (
        ["Kim", "Lee"], ["sip:anna@example.test"], ["anna on ICQ"],
    )
    assert (card.org.value, card.categories.value, card.photo.value) == (["Example, Inc.", "Sales"], ["Friends, old", "Work"], CONTACT.photo)
    assert card.photo.params["TYPE"] == ["JPEG"]
    assert [(line.value, line.params["TYPE"]) for line in card.contents["tel"]] == [
        ("+49 1", ["WORK", "VOICE"]), ("+49 2", ["HOME", "VOICE"]), ("+49 3", ["CELL"]), ("+49 4", ["WORK", "FAX"]), ("5", ["HOME", "FAX"]),
        ("6", ["PAGER"]), ("7", ["VOICE", "X-ASSISTANT"]),
    ]
    assert [(line.value, line.params["TYPE"]) for line in card.contents["email"]] == [
        ("anna@example.test", ["INTERNET", "PREF"]), ("ab@example.test", ["INTERNET"]),
    ]
    assert (card.email.group, card.contents["x-ablabel"][0].group, values(card, "x-ablabel")) == ("item1", "item1", ["Anna at work"])
    home, work = (line.value for line in card.contents["adr"])
    assert (home.street, home.city, home.region, home.code, home.country) == ("Weg 1\nHinterhaus", "Köln", "NRW", "50667", "DE")
    assert (work.street, work.extended) == ("Platz 2", "R 12")


def test_an_office_without_an_address():
    card = read(k.Contact("o", "O", office="R 12"))
    assert (card.adr.value.extended, card.adr.params["TYPE"]) == ("R 12", ["WORK"])


def test_it_is_shown_by_some_name():
    shown = [read(contact).fn.value for contact in (
        k.Contact("1"), k.Contact("2", emails=(("a@b", ""),)), k.Contact("3", organization="O", emails=(("a@b", ""),)), k.Contact("4", given="G", family="F"),
    )]
    assert shown == ["-", "a@b", "O", "G F"]


def test_a_list_is_a_group():
    card = read(TEAM)
    assert (card.fn.value, card.note.value, card.categories.value) == ("Team, all", "About", ["Work"])
    assert values(card, "x-addressbookserver-kind") == ["group"]
    members = card.contents["x-addressbookserver-member"]
    assert [(line.value, line.params) for line in members] == [("mailto:anna@example.test", {"X-CN": ["Anna 'B'"]}), ("mailto:ben@example.test", {})]


@hypothesis.given(st.builds(
    k.Contact, names, names, words, words, words, words, words, words, words,
    st.lists(st.tuples(st.just("a@example.test"), lines), max_size=2).map(tuple),
    st.lists(st.tuples(st.just("work"), names), max_size=2).map(tuple),
    organization=words, department=words, title=words, body=words, categories=categories, spouse=words,
    addresses=st.lists(st.builds(k.PostalAddress, st.sampled_from(["home", "work", "other"]), words, words, words, words, words), max_size=2).map(tuple),
))
def test_what_is_written_is_read(contact):
    card = read(contact)
    assert (card.fn.value, card.uid.value) == (contact.name, contact.uid)
    name = card.n.value
    for told, given_name in (
        (name.given, contact.given), (name.additional, contact.middle), (name.family, contact.family), (name.prefix, contact.prefix),
        (name.suffix, contact.suffix),
    ):
        # The reader takes a name with a comma for several.
        assert (",".join(told) if isinstance(told, list) else told) == given_name
    for field, value in (("nickname", contact.nickname), ("sort-string", contact.file_as), ("title", contact.title), ("note", contact.body),
                         ("x-spouse", contact.spouse)):
        assert values(card, field) == ([value] if value else [])
    assert values(card, "email") == [address for address, _name in contact.emails]
    assert values(card, "tel") == [number for _kind, number in contact.phones]
    assert (card.categories.value if contact.categories else []) == list(contact.categories)
    assert [line.value.street for line in card.contents.get("adr", [])] == [address.street for address in contact.addresses]


def test_nothing_that_ends_the_card_early():
    card = read(dataclasses.replace(CONTACT, body="x\r\nEND:VCARD\r\nBEGIN:VCARD"))
    assert card.note.value == "x\nEND:VCARD\nBEGIN:VCARD"
