# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import icalendar
import pytest
import vobject

from ansible_collections.messaging.migration.plugins.module_utils._items.bundle import bundled
from ansible_collections.messaging.migration.plugins.module_utils._items.formats import FORMATS, HELD, left_out, name_of, written
from ansible_collections.messaging.migration.plugins.module_utils._items.text import NotExpressible
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import CONTACT, MEETING, NOTE, TASK, TEAM

ICS, VCF, VCS, LDIF = (FORMATS[name] for name in ("ics", "vcf", "vcs", "ldif"))


def test_every_kind_has_its_place():
    assert set(HELD) == set(k.FOLDER_KINDS) and {kind for kinds in HELD.values() for kind in kinds} == set(k.ITEM_KINDS)
    assert set(k.ITEM_KINDS) == {*ICS.kinds, *VCF.kinds}


def test_a_format_without_words_for_a_kind():
    with pytest.raises(NotExpressible, match="vcs has no form for a note"):
        written(VCS, NOTE)


def test_a_value_that_no_item_should_have_is_about_that_item():
    with pytest.raises(NotExpressible, match="KeyError: 'unheard of'"):
        written(ICS, dataclasses.replace(MEETING, busy="unheard of"))


def test_what_is_left_out_is_told():
    assert left_out(ICS, MEETING) == left_out(VCF, CONTACT) == left_out(VCF, TEAM) == []
    assert left_out(VCS, MEETING) == ["attachments"] and left_out(VCS, TASK) == ["owner"]
    assert left_out(VCF, dataclasses.replace(CONTACT, attachments=MEETING.attachments)) == ["attachments"]
    assert left_out(LDIF, CONTACT) == [
        "photo", "ims", "office", "manager", "assistant", "spouse", "children", "profession", "middle", "prefix", "suffix", "sensitivity",
        "emails", "addresses", "phones",
    ]
    assert left_out(LDIF, k.Contact("1", "N", emails=(("a@b", ""),), phones=(("work", "1"),))) == []


def test_a_name_is_of_the_uid_alone():
    assert name_of(ICS, MEETING) == name_of(ICS, dataclasses.replace(MEETING, summary="other")) != name_of(ICS, dataclasses.replace(MEETING, uid="2"))
    assert name_of(VCF, k.Contact("/../ü\ud800" * 100)).endswith(".vcf") and len(name_of(VCF, CONTACT)) == 44


def test_one_calendar_of_many():
    other = dataclasses.replace(MEETING, uid="meeting-2", overrides=())
    whole = icalendar.Calendar.from_ical(bundled(ICS, [written(ICS, MEETING), written(ICS, other), written(ICS, NOTE)]))
    assert [str(part["UID"]) for part in whole.walk() if part.name in ("VEVENT", "VJOURNAL")] == ["meeting-1", "meeting-1", "meeting-2", "note-1"]
    assert len(whole.walk("VTIMEZONE")) == 1
    assert bundled(ICS, [written(ICS, MEETING)]) == written(ICS, MEETING)


def test_a_body_that_looks_like_a_calendar():
    trap = dataclasses.replace(MEETING, overrides=(), body="x" * 63 + "\nEND:VEVENT\nBEGIN:VEVENT\n", body_html="BEGIN:VTIMEZONE\r\nEND:VEVENT\r\n")
    assert bundled(ICS, [written(ICS, trap)]) == written(ICS, trap)


def test_other_bundles():
    assert [card.uid.value for card in vobject.readComponents(bundled(VCF, [written(VCF, CONTACT), written(VCF, TEAM)]).decode())] == [
        "contact-1", "team-1",
    ]
    assert bundled(LDIF, [b"dn: 1\n", b"dn: 2\n"]) == b"dn: 1\n\ndn: 2\n"
    assert bundled(VCS, [written(VCS, MEETING), written(VCS, TASK)]).count(b"BEGIN:VCALENDAR") == 1
