# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Time zones as Outlook keeps them (MS-OXOCAL, 2.2.1.39 and 2.2.1.41), found again among those of the IANA database."""

from __future__ import annotations

import contextlib
import datetime
import functools
import struct
import typing as t
import zoneinfo

from .._libraries import MissingLibrary, exchangelib

UTC = datetime.timezone.utc
# Windows' names of the zones that are met most (CLDR, windowsZones, territory 001). exchangelib has the whole table.
WINDOWS = {
    "UTC": "Etc/UTC", "GMT Standard Time": "Europe/London", "Greenwich Standard Time": "Atlantic/Reykjavik",
    "W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest", "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw", "FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest",
    "E. Europe Standard Time": "Europe/Chisinau", "Turkey Standard Time": "Europe/Istanbul", "Israel Standard Time": "Asia/Jerusalem",
    "Russian Standard Time": "Europe/Moscow", "South Africa Standard Time": "Africa/Johannesburg", "Egypt Standard Time": "Africa/Cairo",
    "Arab Standard Time": "Asia/Riyadh", "Arabian Standard Time": "Asia/Dubai", "Iran Standard Time": "Asia/Tehran",
    "West Asia Standard Time": "Asia/Tashkent", "Pakistan Standard Time": "Asia/Karachi", "India Standard Time": "Asia/Calcutta",
    "SE Asia Standard Time": "Asia/Bangkok", "China Standard Time": "Asia/Shanghai", "Singapore Standard Time": "Asia/Singapore",
    "Taipei Standard Time": "Asia/Taipei", "Tokyo Standard Time": "Asia/Tokyo", "Korea Standard Time": "Asia/Seoul",
    "W. Australia Standard Time": "Australia/Perth", "AUS Eastern Standard Time": "Australia/Sydney",
    "E. Australia Standard Time": "Australia/Brisbane", "Cen. Australia Standard Time": "Australia/Adelaide",
    "AUS Central Standard Time": "Australia/Darwin", "New Zealand Standard Time": "Pacific/Auckland", "Newfoundland Standard Time": "America/St_Johns",
    "Atlantic Standard Time": "America/Halifax", "Eastern Standard Time": "America/New_York", "US Eastern Standard Time": "America/Indianapolis",
    "Central Standard Time": "America/Chicago", "Canada Central Standard Time": "America/Regina", "Mountain Standard Time": "America/Denver",
    "US Mountain Standard Time": "America/Phoenix", "Pacific Standard Time": "America/Los_Angeles", "Alaskan Standard Time": "America/Anchorage",
    "Hawaiian Standard Time": "Pacific/Honolulu", "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Buenos_Aires", "SA Pacific Standard Time": "America/Bogota", "Pacific SA Standard Time": "America/Santiago",
}
# Flags of a rule: the one that was in force.
IN_FORCE = 3
RULE = 66


class Change(t.NamedTuple):
    """When the clock is changed: month, day of the week from Sunday, its number in the month (5 is the last), hour and minute."""

    month: int
    weekday: int
    nth: int
    hour: int
    minute: int


class Rule(t.NamedTuple):
    """Minutes that UTC is ahead of the clock: always, and then in winter and in summer; when either begins, month 0 for never."""

    bias: int
    winter: int
    summer: int
    to_winter: Change
    to_summer: Change


def of_definition(data: bytes) -> tuple[str, Rule | None]:
    """PidLidAppointmentTimeZoneDefinition...: Windows' name, and the rule that was in force."""
    size, = struct.unpack_from("<H", data, 2)
    _reserved, length = struct.unpack_from("<HH", data, 4)
    name = data[8:8 + 2 * length].decode("utf-16-le", "replace").rstrip("\0")
    count, = struct.unpack_from("<H", data, 2 + size)
    rules = [data[4 + size + number * RULE:][:RULE] for number in range(count)]
    whole = [rule for rule in rules if len(rule) == RULE]
    current = next((rule for rule in whole if struct.unpack_from("<H", rule, 4)[0] & IN_FORCE), whole[-1] if whole else None)
    return name, _rule(current, 22, 34, 50) if current else None


def of_structure(data: bytes) -> Rule:
    """PidLidTimeZoneStruct, which has no name."""
    return _rule(data, 0, 14, 32)


def _rule(data: bytes, at: int, winter: int, summer: int) -> Rule:
    biases = struct.unpack_from("<iii", data, at)
    return Rule(*biases, *(_change(struct.unpack_from("<8H", data, place)) for place in (winter, summer)))


def _change(fields: tuple) -> Change:
    _year, month, weekday, nth, hour, minute, _second, _thousandth = fields
    return Change(month, weekday, nth, hour, minute)


@functools.lru_cache(maxsize=256)
def found(name: str, rule: Rule | None, year: int) -> zoneinfo.ZoneInfo | None:
    """The zone by its name, else the first of those known that shows the same clock all through `year`."""
    with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
        if name in WINDOWS:
            return zoneinfo.ZoneInfo(WINDOWS[name])
        if name and name in _all():
            return zoneinfo.ZoneInfo(_all()[name])
    if rule is None:
        return None
    hours, minutes = divmod(-(rule.bias + rule.winter), 60)
    fixed = [f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"] if not rule.to_winter.month and not minutes and -12 <= -hours <= 12 else []
    for key in dict.fromkeys((*WINDOWS.values(), *(_all().values()), *fixed)):
        with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
            zone = zoneinfo.ZoneInfo(key)
            if _same(zone, rule, year):
                return zone
    return None


def _all() -> dict[str, str]:
    """exchangelib is asked only where the short table does not know a zone: it takes long to load."""
    try:
        return exchangelib.winzone.MS_TIMEZONE_TO_IANA_MAP
    except MissingLibrary:
        return {}


def _same(zone: zoneinfo.ZoneInfo, rule: Rule, year: int) -> bool:
    noon = datetime.datetime(year, 1, 1, 12, tzinfo=UTC)
    days = [noon + datetime.timedelta(days=number) for number in range(365)]
    return all(day.astimezone(zone).utcoffset() == _offset(rule, day) for day in days)


def _offset(rule: Rule, when: datetime.datetime) -> datetime.timedelta:
    winter, summer = (datetime.timedelta(minutes=-(rule.bias + more)) for more in (rule.winter, rule.summer))
    if not rule.to_winter.month or not rule.to_summer.month:
        return winter
    # Either begins by the clock that it ends.
    begins = _when(rule.to_summer, when.year) - winter
    ends = _when(rule.to_winter, when.year) - summer
    now = when.replace(tzinfo=None)
    return summer if (begins <= now < ends if begins < ends else not ends <= now < begins) else winter


def _when(change: Change, year: int) -> datetime.datetime:
    first = datetime.datetime(year, change.month, 1, change.hour, change.minute)
    # datetime begins its week on Monday.
    day = first + datetime.timedelta(days=(change.weekday - 1 - first.weekday()) % 7 + 7 * (change.nth - 1))
    return day - datetime.timedelta(days=7) if day.month != change.month else day
