# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Items that are no mail, from exchangelib's objects to the values of _model/item_kinds.py.

FIELDS are what the reader asks for by kind, in exchangelib's names; `field_paths` makes of them what GetItem takes. All of them are in Exchange 2007
but these of 2010: the members of distribution lists, the mark of a contact's photo, and the zones of an event's start and end. 2007 has a
zone of the meeting, but exchangelib fails at the form in which it is sent. Nothing of 2013 is asked for: text is made of the HTML here.
"""

from __future__ import annotations

from .._libraries import exchangelib
from .._model import reasons
from .._model.item_kinds import CONTACT, DISTRIBUTION_LIST, EVENT, NOTE, TASK, Contact, DistributionList, Event, Note, Task, Trouble
from . import contact as contacts
from . import event as events
from . import task as tasks
from .common import NotReadable, Reading

FIELDS = {EVENT: events.FIELDS, CONTACT: contacts.FIELDS, DISTRIBUTION_LIST: contacts.LIST_FIELDS, TASK: tasks.FIELDS, NOTE: tasks.NOTE_FIELDS}
STICKY_NOTE = "IPM.StickyNote"


def field_paths(kind: str, version) -> set:
    """What a server of that version (exchangelib's) can be asked for: kinds have fields of one name that are not the same field."""
    model = {
        EVENT: exchangelib.CalendarItem, CONTACT: exchangelib.Contact, DISTRIBUTION_LIST: exchangelib.DistributionList, TASK: exchangelib.Task,
        NOTE: exchangelib.Message,
    }[kind]
    zones = ("_start_timezone", "_end_timezone") if kind == EVENT else ()
    fields = [model.get_field_by_fieldname(name) for name in (*FIELDS[kind], *zones)]
    return {exchangelib.fields.FieldPath(field=field) for field in fields if field.supports_version(version)}


def translated(item, reading: Reading) -> Event | Contact | DistributionList | Task | Note | Trouble:
    """The item as a value, or Trouble for an error that came in its place, for a kind that is not moved, and for one that can't be read.
    What only a part of the item could not be brought over is in `reading.lost` afterwards."""
    reading.lost.clear()
    if isinstance(item, Exception):
        return Trouble(reasons.NO_CONTENT, f"{type(item).__name__}: {item}")
    translation = _translation(item)
    if not translation:
        return Trouble(reasons.NOT_CONVERTED, f"an item of the class {item.item_class or type(item).__name__} in a folder without mail")
    try:
        return translation(item, reading)
    except NotReadable as error:
        return Trouble(reasons.NO_CONTENT, str(error))


def _translation(item):
    if isinstance(item, exchangelib.Message):
        return tasks.note if (item.item_class or "").startswith(STICKY_NOTE) else None
    by_class = (
        (exchangelib.CalendarItem, events.event), (exchangelib.Contact, contacts.contact),
        (exchangelib.DistributionList, contacts.distribution_list), (exchangelib.Task, tasks.task),
    )
    return next((translation for kind, translation in by_class if isinstance(item, kind)), None)
