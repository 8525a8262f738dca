# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""Which kind an item is, by its message class (MS-OXOMSG, MS-OXOCAL and others), and its translation into _model/item_kinds.py."""

from __future__ import annotations

from .._model import item_kinds as kinds
from .._model import reasons
from . import common
from .contacts import contact, distribution_list, lost_members
from .events import event
from .item import Item
from .recurrence import NotExpressible
from .reader import BROKEN, MESSAGE_CLASS
from .tasks import note, task

# Message class -> kind of the folder it belongs to, and its translation. All else is mail, such as meeting requests.
CLASSES = {
    "IPM.APPOINTMENT": (kinds.CALENDAR, event), "IPM.CONTACT": (kinds.CONTACTS, contact), "IPM.DISTLIST": (kinds.CONTACTS, distribution_list),
    "IPM.TASK": (kinds.TASKS, task), "IPM.STICKYNOTE": (kinds.NOTES, note),
}
FOLDERS = {"IPF.APPOINTMENT": kinds.CALENDAR, "IPF.CONTACT": kinds.CONTACTS, "IPF.TASK": kinds.TASKS, "IPF.STICKYNOTE": kinds.NOTES}


def kind_of(message_class: str) -> str | None:
    """One of item_kinds.FOLDER_KINDS; None for mail."""
    return _of(CLASSES, message_class, (None, None))[0]


def kind_of_folder(container_class: str) -> str | None:
    return _of(FOLDERS, container_class, None)


def _of(known: dict, name: str, default):
    # "IPM.Contact.Custom" is a contact, "IPM.TaskRequest" is no task.
    parts = name.upper().split(".")[:2]
    return known.get(".".join(parts), default)


def translated(item: Item, key: bytes, domain: str = ""):
    """Event, Contact, DistributionList, Task or Note; Trouble for one that is broken or that no format has room for."""
    translate = _of(CLASSES, item.properties.text(MESSAGE_CLASS), (None, None))[1]
    try:
        return translate(item, key, domain)
    except NotExpressible as error:
        return kinds.Trouble(reasons.NOT_CONVERTED, str(error))
    except BROKEN as error:
        return kinds.Trouble(reasons.NO_CONTENT, f"{type(error).__name__}: {error}")


def lost(item: Item, domain: str = "") -> list[kinds.Trouble]:
    """What of an item that was translated did not come over."""
    is_list = _of(CLASSES, item.properties.text(MESSAGE_CLASS), (None, None))[1] is distribution_list
    told = [kinds.Trouble(reasons.PART_DROPPED, words) for words in (lost_members(item, domain) if is_list else ())]
    return common.lost(item, domain) + told
