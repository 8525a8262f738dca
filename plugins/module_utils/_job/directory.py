# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What the directories of the source say about who gets mail."""

from __future__ import annotations

import collections
import dataclasses

from .._directory.registry import read
from .._directory.server import servers
from .._model.directory import EXPLAINED, Directory
from .report_file import write

# Of a long list, so many are in a module's result.
MOST_SHOWN = 20


def directories(params: dict, attributes=()) -> list[Directory]:
    """All of them, one after the other; what is wrong with one of them is told before any is read."""
    return [read(server) for server in servers(params["directories"], attributes)]


def info(params: dict) -> dict:
    """The module directory_info; see its RETURN."""
    found = directories(params, params["attributes"])
    content = {"directories": [dataclasses.asdict(directory) for directory in found], "explained": EXPLAINED}
    remarks = [{"directory": directory.name, **dataclasses.asdict(remark)} for directory in found for remark in directory.remarks]
    return {
        "changed": False,
        "directories": [_counts(directory) for directory in found],
        "remarks": dict(sorted(collections.Counter(remark["what"] for remark in remarks).items())),
        "remark_examples": remarks[:MOST_SHOWN],
        "report_path": write(params["report_path"], content),
    }


def _counts(directory: Directory) -> dict:
    people, groups = directory.people, directory.groups
    return {
        "name": directory.name,
        "people": len(people),
        "mailboxes": sum(person.has_mailbox for person in people),
        "disabled": sum(person.disabled for person in people),
        "hidden": sum(person.hidden for person in people),
        "forwards": sum(person.forward is not None for person in people),
        "groups": len(groups),
        "lists": sum(bool(group.addresses.all) for group in groups),
        "dynamic_lists": sum(bool(group.dynamic) for group in groups),
        "largest_list": max((len(group.members) for group in groups), default=0),
        "contacts": len(directory.contacts),
        "public_folders": len(directory.public_folders),
        "addresses": sum(len(entry.addresses.all) for entry in directory.entries),
        "servers": dict(sorted(collections.Counter(person.server for person in people if person.has_mailbox).items())),
        "remarks": len(directory.remarks),
    }
