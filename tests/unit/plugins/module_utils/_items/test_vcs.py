# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import datetime
import quopri

import hypothesis
import pytest

from ansible_collections.messaging.migration.plugins.module_utils._items.text import NotExpressible
from ansible_collections.messaging.migration.plugins.module_utils._items.vcs import rule, vcalendar
from ansible_collections.messaging.migration.plugins.module_utils._model import item_kinds as k
from ansible_collections.messaging.migration.tests.unit.plugins.module_utils.item_samples import DAY, HOUR, MEETING, START, TASK, THEN, words


def read(item) -> list[tuple[str, str]]:
    """Lines by name without parameters; quoted-printable goes on after a "=" at a line's end."""
    pairs = []
    data = vcalendar(item)
    assert data.startswith(b"BEGIN:VCALENDAR\r\nVERSION:1.0\r\n") and data.endswith(b"END:VCALENDAR\r\n") and data.isascii()
    for line in data.replace(b"=\r\n", b"").decode().split("\r\n")[2:-2]:
        name, value = line.split(":", 1)
        pairs.append((name.split(";")[0], quopri.decodestring(value).decode().replace("\r\n", "\n") if "QUOTED-PRINTABLE" in name else value))
    return pairs


def test_everything_of_a_meeting():
    lines = read(MEETING)
    end = lines.index(("END", "VEVENT"))
    series = lines[:end]
    assert series == [
        ("BEGIN", "VEVENT"), ("UID", "meeting-1"), ("DTSTART", "20260303T100000"), ("DTEND", "20260303T110000"), ("RRULE", "W2 TU TH 20261231T230000Z"),
        ("EXDATE", "20260317T100000;20260331T100000"), ("SUMMARY", "Jour fixe; weekly, «really»"), ("LOCATION", "Room 1\\2"),
        ("DESCRIPTION", "First line\nsecond: ümlaut"), ("CATEGORIES", "Red, dark;Work"), ("CLASS", "PRIVATE"), ("PRIORITY", "1"),
        ("DCREATED", "20260102T030405Z"), ("LAST-MODIFIED", "20260102T040405Z"), ("SEQUENCE", "3"), ("STATUS", "CONFIRMED"), ("TRANSP", "0"),
        ("ATTENDEE", "Anna 'Boss' Berg <anna@example.test>"), ("ATTENDEE", "Ben, the other <ben@example.test>"), ("ATTENDEE", "Nobody"),
        ("ATTENDEE", "room@example.test"), ("DALARM", "20260303T094500;;1;Reminder"),
    ]
    # The occurrence that differs: no part of the series, but an event of its own.
    assert dict(lines[end + 1:-1])["DTSTART"] == "20260331T090000Z" and dict(lines[end + 1:-1])["UID"] == "meeting-1-20260331T080000Z"


def test_a_single_event_is_in_utc():
    assert dict(read(k.Event("1", start=START, end=START + HOUR)))["DTSTART"] == "20260303T090000Z"


def test_a_whole_day_is_from_midnight_to_midnight():
    day = datetime.date(2026, 5, 1)
    lines = dict(read(k.Event("1", start=day, end=day + DAY, all_day=True, reminder=60)))
    assert (lines["DTSTART"], lines["DTEND"], lines["DALARM"]) == ("20260501T000000", "20260502T000000", "20260430T230000;;1;Reminder")


def test_a_task():
    lines = dict(read(TASK))
    assert (lines["DTSTART"], lines["DUE"], lines["COMPLETED"], lines["RRULE"], lines["STATUS"], lines["DALARM"]) == (
        "20260401T000000", "20260531T000000", "20260102T030405Z", "YM1 4 #3", "ACCEPTED", "20260303T090000Z;;1;Reminder",
    )


@pytest.mark.parametrize(
    ("recurrence", "text"),
    [
        (k.Recurrence("daily"), "D1 #0"),
        (k.Recurrence("daily", 3, count=5), "D3 #5"),
        (k.Recurrence("weekly", by_day=("MO", "FR")), "W1 MO FR #0"),
        (k.Recurrence("monthly", 2, by_day=("2TU",), count=10), "MP2 2+ TU #10"),
        (k.Recurrence("monthly", by_day=("FR",), by_set_position=(-1,)), "MP1 1- FR #0"),
        (k.Recurrence("monthly"), "MD1 3 #0"),
        (k.Recurrence("monthly", by_month_day=(15, -1)), "MD1 15 LD #0"),
        (k.Recurrence("monthly", by_month_day=(-2,)), "MD1 2- #0"),
        (k.Recurrence("yearly", until=THEN), "YM1 3 20260102T030405Z"),
        (k.Recurrence("yearly", by_month=(3,), by_month_day=(3,)), "YM1 3 #0"),
        (k.Recurrence("yearly", by_month=(3,), by_day=("1MO",)), "MP12 1+ MO #0"),
        (k.Recurrence("yearly", 2, by_month=(3,), by_month_day=(31,)), "MD24 31 #0"),
        (k.Recurrence("daily", until=datetime.date(2026, 4, 1)), "D1 20260401T000000"),
    ],
)
def test_rules(recurrence, text):
    assert rule(recurrence, START) == text


@pytest.mark.parametrize(
    "recurrence",
    [
        k.Recurrence("daily", by_day=("MO", "TU")),
        k.Recurrence("monthly", by_day=("MO", "TU"), by_set_position=(-1,)),
        k.Recurrence("monthly", by_day=("MO",)),
        k.Recurrence("yearly", by_month=(6,), by_day=("1MO",)),
    ],
)
def test_rules_that_it_has_no_words_for(recurrence):
    with pytest.raises(NotExpressible, match="vCalendar 1.0 has no"):
        vcalendar(dataclasses.replace(MEETING, recurrence=recurrence))


@hypothesis.given(words, words)
@hypothesis.example("", "=")
def test_what_is_written_is_read(summary, body):
    lines = dict(read(k.Event("1", summary, START, body=body)))
    assert (lines.get("SUMMARY", ""), lines.get("DESCRIPTION", "")) == (summary, body)
