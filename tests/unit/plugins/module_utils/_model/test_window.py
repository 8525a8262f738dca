# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows against a slow but plain reckoning, minute by minute, around the changes of clocks."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.messaging.migration.plugins.module_utils._model.window import (
    DAYS, Window, closes_at, finish, is_open, next_opening, open_window,
)

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
# A week around each change of clocks; Lord Howe's is of half an hour.
CHANGES = [
    ("Europe/Berlin", datetime.datetime(2026, 3, 29, tzinfo=UTC)), ("Europe/Berlin", datetime.datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", datetime.datetime(2026, 3, 8, tzinfo=UTC)), ("America/New_York", datetime.datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime.datetime(2026, 4, 5, tzinfo=UTC)), ("Australia/Lord_Howe", datetime.datetime(2026, 10, 4, tzinfo=UTC)),
    ("Asia/Kolkata", datetime.datetime(2026, 6, 1, tzinfo=UTC)), ("UTC", datetime.datetime(2026, 1, 1, tzinfo=UTC)),
]


def window(start: str, end: str, *days: str, timezone: str = "Europe/Berlin", **figures) -> Window:
    return Window.from_options({"from": start, "to": end, "days": list(days) or None, "timezone": timezone, **figures})


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def _wall(instant: datetime.datetime, zone) -> datetime.datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def reckoned(one: Window, instant: datetime.datetime) -> bool:
    """Whether the window is open, by walking along the clock on the wall: it opens when that first shows its time (or is past it
    already, having jumped), and closes likewise."""
    zone = zoneinfo.ZoneInfo(one.timezone)
    first = _wall(instant, zone).date() - datetime.timedelta(days=2)
    for number in range(4):
        day = first + datetime.timedelta(days=number)
        if day.weekday() not in one.days:
            continue
        midnight = datetime.datetime.combine(day, datetime.time())
        end = one.end if one.end > one.start else one.end + 1440
        if _shown(midnight + one.start * MINUTE, zone) <= instant < _shown(midnight + end * MINUTE, zone):
            return True
    return False


def _shown(wall: datetime.datetime, zone) -> datetime.datetime:
    """The first minute at which the clock shows this time or a later one."""
    low = wall.replace(tzinfo=UTC) - datetime.timedelta(hours=16)
    for hour in range(40):
        if _wall(low + datetime.timedelta(hours=hour + 1), zone) >= wall:
            start = low + datetime.timedelta(hours=hour)
            return next(start + n * MINUTE for n in range(62) if _wall(start + n * MINUTE, zone) >= wall)
    raise AssertionError(wall)


@st.composite
def cases(draw):
    """A few windows of one zone, and an instant in the week around a change of its clocks."""
    timezone, change = draw(st.sampled_from(CHANGES))
    # Mostly times at which clocks are changed.
    minute = st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 90, 105, 120, 135, 150, 180, 1380]))
    windows = tuple(
        Window(tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1)))), draw(minute), draw(minute), timezone)
        for _number in range(draw(st.integers(1, 3)))
    )
    offset = draw(st.one_of(st.integers(-3 * 1440, 3 * 1440), st.integers(-1500, 1500)))
    return windows, change + offset * MINUTE


@given(cases())
def test_open_is_what_the_clock_on_the_wall_says(case):
    windows, when = case
    expected = [one for one in windows if reckoned(one, when)]
    assert open_window(windows, when) == (expected[0] if expected else None)


@given(cases())
def test_openings_and_closings_are_where_it_changes(case):
    windows, when = case
    if is_open(windows, when):
        assert next_opening(windows, when) == when
        closing = closes_at(windows, when)
        if closing is not None:
            assert closing > when and is_open(windows, closing - MINUTE) and not is_open(windows, closing)
    else:
        assert closes_at(windows, when) is None
        opening = next_opening(windows, when)
        # A window of one day whose time the clock skips does not come that week.
        if opening is not None:
            assert opening > when and is_open(windows, opening) and not is_open(windows, opening - MINUTE)
            assert not any(is_open(windows, when + (opening - when) * part / 9) for part in range(9))


@given(cases(), st.integers(0, 40_000), st.integers(0, 40_000))
def test_work_in_two_parts_ends_when_it_ends_in_one(case, first, second):
    windows, when = case
    whole = finish(windows, when, first + second)
    assert whole is None or finish(windows, finish(windows, when, first), second) == whole


@given(cases(), st.integers(1, 600))
def test_finish_counts_open_minutes(case, minutes):
    windows, when = case
    end = finish(windows, when, minutes * 60)
    step = datetime.timedelta(minutes=1)
    if end is not None and end - when < datetime.timedelta(days=4):
        assert sum(is_open(windows, when + n * step) for n in range(int((end - when) / step))) == minutes


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28T20:00", 7), ("2026-10-24T19:00", 9), ("2026-06-06T19:00", 8)],
)
def test_a_night_in_which_the_clock_is_changed_is_an_hour_shorter_or_longer(day, hours):
    night = (window("22:00", "06:00", "sat"),)
    opening = next_opening(night, at(day))
    assert (closes_at(night, opening) - opening) == datetime.timedelta(hours=hours)


def test_a_time_that_the_clock_skips_is_the_jump_and_one_that_it_shows_twice_the_first():
    assert next_opening((window("02:30", "06:00", "sun"),), at("2026-03-29T00:00")) == at("2026-03-29T01:00")
    assert next_opening((window("02:15", "02:45", "sun"),), at("2026-03-28T12:00")) == at("2026-04-05T00:15")
    assert next_opening((window("02:30", "06:00", "sun"),), at("2026-10-24T12:00")) == at("2026-10-25T00:30")


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_starts():
    night = (window("22:00", "06:00", "fri", timezone="UTC"),)
    assert is_open(night, at("2026-01-03T05:59")) and not is_open(night, at("2026-01-03T06:00"))
    assert not is_open(night, at("2026-01-02T05:00")) and is_open(night, at("2026-01-02T22:00"))


def test_the_first_of_windows_that_overlap_holds_and_what_touches_is_one():
    gentle, night = window("20:00", "23:00", timezone="UTC", connections=1), window("22:00", "06:00", timezone="UTC", connections=8)
    assert open_window((gentle, night), at("2026-01-01T22:30")) is gentle
    assert open_window((night, gentle), at("2026-01-01T22:30")) is night
    assert closes_at((gentle, night), at("2026-01-01T21:00")) == at("2026-01-02T06:00")
    assert closes_at((window("20:00", "22:00", timezone="UTC"), night), at("2026-01-01T21:00")) == at("2026-01-02T06:00")


def test_whole_days_never_close():
    for start, end in (("00:00", "24:00"), ("06:00", "06:00")):
        always = (window(start, end),)
        assert is_open(always, at("2026-03-29T01:30")) and closes_at(always, at("2026-03-29T01:30")) is None
        assert finish(always, at("2026-03-29T01:30"), 7e6) == at("2026-03-29T01:30") + datetime.timedelta(seconds=7e6)


def test_without_windows_it_is_always_open():
    when = at("2026-01-01T00:00")
    assert is_open((), when) and open_window((), when) is None and next_opening((), when) == when and closes_at((), when) is None
    assert finish((), when, 90) == at("2026-01-01T00:01:30")


def test_what_takes_years_has_no_date():
    assert finish((window("22:00", "22:01", "mon"),), at("2026-01-01T00:00"), 86400) is None
    assert finish((), at("2026-01-01T00:00"), 1e12) is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"days": ["monday"]}, "'monday' is no day of a window; days are mon, tue"),
        ({"from": "25:00"}, "'25:00' is no time of day for `from`"),
        ({"to": "24:01"}, "no time of day for `to`"),
        ({"from": "1320"}, "'1320' is no time of day .* in quotes, such as '22:00'"),
        ({"from": None}, "None is no time of day for `from`"),
        ({"timezone": "Europe/Atlantis"}, "'Europe/Atlantis' is no time zone that this host knows"),
        ({"timezone": "Europe"}, "no time zone"),
        ({"timezone": "../etc/passwd"}, "no time zone"),
        ({"timezone": ""}, "no time zone"),
        ({"connections": 0}, "connections of a window is 0; it can't be less than 1"),
        ({"bytes_per_second": -1}, "bytes_per_second of a window is -1"),
    ],
)
def test_what_makes_no_sense_is_said(options, text):
    with pytest.raises(ValueError, match=text):
        Window.from_options({"from": "22:00", "to": "06:00", "timezone": "UTC", **options})


def test_days_are_all_by_default_and_case_does_not_matter():
    assert window("8:00", "9:00").days == tuple(range(len(DAYS)))
    assert window("8:00", "9:00", "SUN", "Mon", "sun") == Window((0, 6), 480, 540, "Europe/Berlin")
