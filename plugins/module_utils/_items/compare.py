# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Whether a server that may write an item in its own way still has all that it was given.

It may fold and order lines, spell out what is the default, name a time zone in its own way, split and join lists, and add properties of its own.
What it was given must be there with the same meaning: each component, and in it each property with its value and parameters. Nothing is said of
who wrote last (PRODID, DTSTAMP, LAST-MODIFIED, REV), which is the server's business, and of scheduling (RFC 6638, 7), which was switched off.
"""

from __future__ import annotations

import collections
import datetime
import re

from .._libraries import icalendar, vobject
from .formats import Format

WRITER = {"PRODID", "VERSION", "CALSCALE", "METHOD", "DTSTAMP", "LAST-MODIFIED", "REV"}
# Parameters that say nothing besides the value, or what it is without them (RFC 5545, 3.2; RFC 6638, 7).
SILENT = {"TZID", "VALUE", "ENCODING", "CHARSET", "SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND"}
USUAL = {("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", "NEEDS-ACTION"), ("CUTYPE", "INDIVIDUAL"), ("RSVP", "FALSE")}
USUAL_RULE = {"INTERVAL": ("1",), "WKST": ("MO",)}
TIMES = {"DTSTART", "DTEND", "DUE", "COMPLETED", "CREATED", "RECURRENCE-ID", "EXDATE", "TRIGGER"}
UID = re.compile(rb"^UID(?:;[^:\r\n]*)?:(.*(?:\r?\n[ \t].*)*)", re.MULTILINE | re.IGNORECASE)
FOLD = re.compile(rb"\r?\n[ \t]")


def as_sent(data: bytes) -> bytes:
    """With the line ends that XML takes away."""
    return re.sub(rb"\r?\n", b"\r\n", data)


def uid_of(data: bytes) -> bytes | None:
    """None for a format without UIDs."""
    found = UID.search(data)
    return FOLD.sub(b"", found[1]).strip() if found else None


def same(form: Format, sent: bytes, there: bytes) -> bool:
    """Whether `there` says all that `sent` does; other formats than iCalendar and vCard only by their bytes."""
    if as_sent(sent) == as_sent(there):
        return True
    reader = {"ics": _calendar, "vcf": _card}.get(form.name)
    if reader is None:
        return False
    try:
        return _within(reader(sent), reader(there))
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError, vobject.base.ParseError):
        # What can't be read is not what was sent.
        return False


def _within(sent: dict, there: dict) -> bool:
    """`sent` and `there`: key of a component -> its properties. No component more, since that would be another occurrence or reminder."""
    return sent.keys() == there.keys() and all(not properties - there[key] for key, properties in sent.items())


def _calendar(data: bytes) -> dict:
    found: dict = {}
    for component in icalendar.Calendar.from_ical(data).subcomponents:
        if component.name != "VTIMEZONE":
            key = component.name, _moment(component["RECURRENCE-ID"].dt) if "RECURRENCE-ID" in component else None
            found[(*key, "")] = _properties(component)
            for number, alarm in enumerate(component.subcomponents):
                found[(*key, f"{alarm.name} {number}")] = _properties(alarm)
    return found


def _properties(component) -> collections.Counter:
    found: collections.Counter = collections.Counter()
    for name, value in component.property_items(recursive=False):
        if name not in WRITER | {"BEGIN", "END"}:
            parameters = frozenset(
                (key.upper(), _text(text)) for key, text in getattr(value, "params", {}).items()
                if key.upper() not in SILENT and (key.upper(), _text(text).upper()) not in USUAL
            )
            found.update((name, one, parameters) for one in _values(name, value))
    return found


def _values(name: str, value) -> list:
    if name in TIMES:
        times = value.dts if hasattr(value, "dts") else [value]
        return [_moment(one.dt) for one in times]
    if name == "RRULE":
        parts = {key.upper(): tuple(sorted(_text(one).upper() for one in (some if isinstance(some, list) else [some]))) for key, some in value.items()}
        return [frozenset(item for item in parts.items() if USUAL_RULE.get(item[0]) != item[1])]
    if name == "CATEGORIES":
        return [str(one) for one in value.cats]
    return [_text(value)]


def _moment(when) -> str:
    """A day, a length of time, or a moment: by the clock on the wall and by that of the world, whatever its zone is called."""
    if isinstance(when, datetime.datetime) and when.tzinfo is not None:
        return f"{when.replace(tzinfo=None).isoformat()} {when.astimezone(datetime.timezone.utc).isoformat()}"
    return str(when) if isinstance(when, datetime.timedelta) else when.isoformat()


def _text(value) -> str:
    text = value.to_ical() if hasattr(value, "to_ical") else value
    return text.decode() if isinstance(text, bytes) else str(text)


def _card(data: bytes) -> dict:
    found: collections.Counter = collections.Counter()
    for line in vobject.readOne(data.decode()).lines():
        if line.name not in WRITER:
            # Names and addresses are objects without an order of their own.
            value = vars(line.value) if hasattr(line.value, "__dict__") else line.value
            found[line.name, repr(value), frozenset(one.upper() for one in line.params.get("TYPE", ()))] += 1
    return {"VCARD": found}
