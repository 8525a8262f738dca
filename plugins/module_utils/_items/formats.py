# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""The formats by name: what each makes of an item, how its resource is named, and what it has no place for."""

from __future__ import annotations

import dataclasses
import typing as t

from .._model.item_kinds import CALENDAR, CONTACT, CONTACTS, DISTRIBUTION_LIST, EVENT, NOTE, NOTES, TASK, TASKS
from .calendar_text import calendar
from .ldif import PHONES, ldif
from .text import NotExpressible, resource_name
from .vcard import vcard
from .vcs import vcalendar

# Kind of folder -> kinds of items that belong in it.
HELD = {CALENDAR: (EVENT,), CONTACTS: (CONTACT, DISTRIBUTION_LIST), TASKS: (TASK,), NOTES: (NOTE,)}


@dataclasses.dataclass(frozen=True)
class Format:
    """`write` makes the bytes of an item of one of `kinds`; fields of items in `lost` are not in them. `name` is the extension as well."""

    name: str
    content_type: str
    kinds: tuple[str, ...]
    write: t.Callable[..., bytes]
    lost: tuple[str, ...] = ()


FORMATS = {one.name: one for one in (
    Format("ics", "text/calendar; charset=utf-8", (EVENT, TASK, NOTE), calendar),
    Format("vcf", "text/vcard; charset=utf-8", (CONTACT, DISTRIBUTION_LIST), vcard, ("attachments",)),
    Format("vcs", "text/x-vcalendar; charset=utf-8", (EVENT, TASK), vcalendar, ("attachments", "owner")),
    Format("ldif", "text/x-ldif", (CONTACT, DISTRIBUTION_LIST), ldif, (
        "attachments", "photo", "ims", "office", "manager", "assistant", "spouse", "children", "profession", "middle", "prefix", "suffix", "sensitivity",
    )),
)}


def written(form: Format, item) -> bytes:
    """Raises NotExpressible with the reason."""
    if item.kind not in form.kinds:
        raise NotExpressible(f"{form.name} has no form for a {item.kind.replace('_', ' ')}")
    try:
        return form.write(item)
    except NotExpressible:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A value that no item should have concerns this item only.
        raise NotExpressible(f"{type(error).__name__}: {error}") from error


def left_out(form: Format, item) -> list[str]:
    """Fields of `item` that hold something and that the format has no place for."""
    defaults = {field.name: field.default for field in dataclasses.fields(item)}
    found = [name for name in form.lost if name in defaults and getattr(item, name) != defaults[name]]
    if form.name == "ldif" and item.kind == CONTACT:
        found += [name for name in ("emails", "addresses") if len(getattr(item, name)) > 1]
        found += ["phones"] if len({kind for kind, _number in item.phones} & PHONES.keys()) < len(item.phones) else []
    return found


def name_of(form: Format, item) -> str:
    return resource_name(item.uid, form.name)
